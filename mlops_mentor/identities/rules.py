"""Rules of identities: `identities.csv` -> what TAs say of names and addresses.

Belongs here: what the rows mean, and which identity one is about. The spreadsheet's file is read in `sheets`, what rows
make of contributors is for `identities.mapping`. The file holds personal data: it stays in the data directory, and no
message quotes a cell.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_mentor.errors import ConfigError
from mlops_mentor.identities.merging import Identity, name_key, parse_co_author
from mlops_mentor.sheets.reading import RowProblem, column_names, group_id_in, optional_rows, unguarded

HEADER = "group_id,name,email,member"
_COLUMNS = ("group id", "name", "email", "member")
_NEEDED = ("group id", "member")
ALIASES = {"e-mail": "email", "group nb": "group id"}
EVERY_GROUP = "*"
# Every further star multiplies the ways in which a long name can be tried.
_MAX_STARS = 3
STUDY_NUMBER = re.compile(r"^s\d{6}$")
# What stands in `member` for who is none.
_KINDS = {"bot": "bot", "ai assistant": "ai_assistant", "ai_assistant": "ai_assistant", "outsider": "outsider"}


@dataclass(frozen=True)
class IdentityRule:
    """A row: whoever has this name and this address (casefolded patterns, None for any) is `member`.

    Exactly one of `member` (a label), `kind` (`bot`, `ai_assistant`, `outsider`) and `same_as` (an identity; an empty
    name stands for any) is there.
    """

    name: str | None
    email: str | None
    member: str | None = None
    kind: str | None = None
    same_as: Identity | None = None

    def fits(self, identity: Identity) -> bool:
        """Whether the row is about this identity."""
        return _fits(self.name, identity.name) and _fits(self.email, identity.email)

    @property
    def breadth(self) -> tuple[int, int]:
        """How much it leaves open: of the rows that fit, the narrowest counts."""
        cells = [cell for cell in (self.name, self.email) if cell is not None]
        return sum("*" in cell for cell in cells), -len(cells)


@dataclass(frozen=True)
class IdentityMap:
    """The rows by group, in the order in which they are tried, and what is wrong with others."""

    rules: Mapping[str, tuple[IdentityRule, ...]] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()

    def of(self, group_id: str) -> tuple[IdentityRule, ...]:
        """The rows of a group."""
        return self.rules.get(group_id, ())

    def key(self, group_id: str) -> str:
        """A hash over the rows of a group: changes whenever one of them does."""
        return hashlib.sha256(repr(self.of(group_id)).encode("utf-8", "replace")).hexdigest()[:32]


def load_identity_map(file: Path, *, students: Mapping[str, Sequence[str]]) -> IdentityMap:
    """Read the map as a spreadsheet writes it; a file that is not there means none.

    `students` are the study numbers of each group of the roster.

    Raises:
        ConfigError: the file cannot be read, or has no usable header.
    """
    found: dict[str, list[IdentityRule]] = {}
    problems: list[RowProblem] = []
    seen: dict[tuple[str, str | None, str | None], int] = {}
    names = {group_id.casefold(): group_id for group_id in students}
    for row, (group_cell, name_cell, email_cell, member_cell) in optional_rows(file, "identities", HEADER, _header):
        known = names.get(group_id_in(unguarded(group_cell)).casefold())
        try:
            group_ids = list(students) if group_cell.strip() == EVERY_GROUP else [_group(group_cell, known)]
            rule = identity_rule(unguarded(name_cell), unguarded(email_cell), unguarded(member_cell))
            check_member(rule, [] if known is None else students[known], is_of_one_group=known is not None)
            first = seen.setdefault((known or EVERY_GROUP, rule.name, rule.email), row)
            if first != row:
                raise ValueError(f"it is about the same identity as row {first}, which counts. Delete one of the two")
            for group_id in group_ids:
                found.setdefault(group_id, []).append(rule)
        except ValueError as error:
            problems.append(RowProblem(file, row, str(error), known))
    ordered = {group_id: tuple(sorted(rules, key=lambda rule: rule.breadth)) for group_id, rules in found.items()}
    return IdentityMap(ordered, tuple(problems))


def folded(text: str) -> str:
    """A name or an address as it is compared: case, breaks and ways of writing an accent do not count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _fits(pattern: str | None, text: str) -> bool:
    if pattern is None:
        return True
    if "*" not in pattern:
        return pattern == folded(text)
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), folded(text), re.DOTALL) is not None


def _group(cell: str, known: str | None) -> str:
    if not cell.strip():
        raise ValueError(f"the group is missing. Fill in group_id, or {EVERY_GROUP} for every group")
    if known is None:
        raise ValueError("its group_id stands nowhere in the roster. Write it as the roster does, or delete the row")
    return known


def identity_rule(name_cell: str, email_cell: str, member_cell: str) -> IdentityRule:
    """What a row says, whatever group it is about.

    Raises:
        ValueError: it cannot be used; the text says why and what to do (no full stop ends it).
    """
    name, email, member = folded(name_cell) or None, folded(email_cell) or None, " ".join(member_cell.split())
    if name is None and email is None:
        raise ValueError("name and email are both missing. Fill in at least one, as it stands in the commits")
    for cell in (name, email):
        if cell is not None and cell.count("*") > _MAX_STARS:
            raise ValueError(f"a pattern has more than {_MAX_STARS} stars. Write more of the name or address")
    if not ((name or "") + (email or "")).replace("*", "").replace("@", ""):
        raise ValueError("it fits everybody. Write at least a part of a name or address")
    if not member:
        raise ValueError("member is missing. Write a study number, a name, bot, ai_assistant or outsider")
    if kind := _KINDS.get(member.casefold()):
        return IdentityRule(name, email, kind=kind)
    if "@" in member:
        same_as = parse_co_author(member) if "<" in member else Identity("", member)
        return IdentityRule(name, email, same_as=same_as)
    if not name_key(member):
        raise ValueError("member has no letter or digit. Write a study number, a name, bot, ai_assistant or outsider")
    return IdentityRule(name, email, member=member.casefold() if STUDY_NUMBER.match(member.casefold()) else member)


def check_member(rule: IdentityRule, students: Sequence[str], *, is_of_one_group: bool) -> None:
    """Refuse a row that names a member whom the group cannot have; `students` are its study numbers.

    Raises:
        ValueError: the text says why and what to do (no full stop ends it).
    """
    if rule.member is None:
        return
    if not is_of_one_group:
        raise ValueError("nobody is a member of every group. Write bot, ai_assistant or outsider, or name the group")
    if STUDY_NUMBER.match(rule.member) and rule.member not in [student.strip().casefold() for student in students]:
        raise ValueError("its study number is none of this group's in the roster. Correct it there or here")


def _header(file: Path, cells: Sequence[str]) -> list[int | None]:
    names = [ALIASES.get(name, name) for name in column_names(cells)]
    missing = [name for name in _NEEDED if name not in names]
    if "name" not in names and "email" not in names:
        missing.append("name or email")
    if missing:
        raise ConfigError(
            f"{file}: the header lacks {' and '.join(name.replace(' id', '_id') for name in missing)}. "
            f"The first row must be: {HEADER}."
        )
    return [names.index(name) if name in names else None for name in _COLUMNS]
