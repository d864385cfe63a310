"""The map of identities: `identities.csv` -> who a name or an address is, whatever the automatic merging says.

Belongs here: what the rows mean, and what they make of merged contributors. The spreadsheet's file is read in `sheets`;
the automatic merging belongs to `repos.identities`. The file holds personal data: it stays in the data directory, and
no message quotes a cell.
"""

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_mentor.errors import ConfigError
from mlops_mentor.repos.identities import Contributor, Identity, name_key, parse_co_author
from mlops_mentor.sheets import RowProblem, column_names, group_id_in, optional_rows, unguarded

HEADER = "group_id,name,email,member"
_COLUMNS = ("group id", "name", "email", "member")
_NEEDED = ("group id", "member")
ALIASES = {"e-mail": "email", "group nb": "group id"}
EVERY_GROUP = "*"
# Every further star multiplies the ways in which a long name can be tried.
_MAX_STARS = 3
_STUDY_NUMBER = re.compile(r"^s\d{6}$")
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


@dataclass(frozen=True)
class Member:
    """Who a contributor is: a study number or another label, and what says so."""

    label: str
    source: str


@dataclass(frozen=True)
class MappedContributors:
    """Contributors as the map has them; by id, the members among them, and the ids of who is no member."""

    contributors: tuple[Contributor, ...]
    members: Mapping[str, Member]
    outsiders: frozenset[str]


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


def apply_identity_map(
    contributors: Iterable[Contributor],
    rules: Sequence[IdentityRule],
    *,
    students: Sequence[str] = (),
    counts: Mapping[Identity, int],
) -> MappedContributors:
    """The contributors again, as the map has them, most used first by `counts`.

    An identity that a row is about belongs to whom the row names, whatever it was merged with. The others of its
    contributor go with it, unless rows (or study numbers of `students`) send them to different ones: then those that
    no row is about stay together as a contributor of their own. Without rows, study numbers alone tell members.
    """
    automatic = sorted(contributors, key=lambda each: each.contributor_id)
    owners = {identity: each for each in automatic for identity in each.identities}
    targets = _Targets(rules, students, list(owners))
    explicit = {identity: targets.by_row(identity, each.contributor_id) for identity, each in owners.items()}
    aims = {identity: _first(explicit[identity], targets.implied(identity)) for identity in owners}
    sets = _joined(automatic, aims)
    components: dict[Hashable, list[Identity]] = {}
    for identity in owners:
        components.setdefault(sets.root(identity), []).append(identity)
    roots = {sets.root(node): node for node in aims.values() if isinstance(node, _Label | _Kind)}
    found, members, outsiders = [], {}, set()
    for root, identities in components.items():
        by_use = tuple(sorted(identities, key=lambda identity: (-counts.get(identity, 0), identity)))
        target = roots.get(root)
        by_rows = [identity for identity in by_use if explicit[identity] is not None]
        contributor = _contributor(by_use, [owners[i] for i in by_use], target, by_rows)
        found.append(contributor)
        if isinstance(target, _Label):
            source = "identities.csv" if by_rows else "study number"
            members[contributor.contributor_id] = Member(target.text, source)
        if isinstance(target, _Kind) and target.kind == "outsider":
            outsiders.add(contributor.contributor_id)
    ordered = sorted(found, key=lambda each: (-sum(counts.get(i, 0) for i in each.identities), each.contributor_id))
    return MappedContributors(tuple(ordered), members, frozenset(outsiders))


@dataclass(frozen=True)
class _Label:
    """A member, by what the label is compared with; `text` is how it is shown."""

    key: str
    text: str = field(compare=False)


@dataclass(frozen=True)
class _Kind:
    """Being no member: of one automatic contributor, because two bots are not one."""

    contributor_id: str
    kind: str


@dataclass(frozen=True)
class _Unseen:
    """An identity that a row names and that the repository does not have."""

    identity: Identity


class _Targets:
    """Where identities belong by the rows, and by what their names and addresses say for certain."""

    def __init__(self, rules: Sequence[IdentityRule], students: Sequence[str], identities: Sequence[Identity]) -> None:
        self._rules = rules
        self._identities = sorted(identities)
        labels = [student.strip().casefold() for student in students]
        labels += [rule.member for rule in rules if rule.member is not None]
        self._labels: dict[str, _Label] = {}
        for label in labels:
            self._labels.setdefault(name_key(label), _Label(name_key(label), label))

    def by_row(self, identity: Identity, contributor_id: str) -> Hashable | None:
        """What the first row that fits says; None where none does."""
        rule = next((rule for rule in self._rules if rule.fits(identity)), None)
        if rule is None:
            return None
        if rule.kind is not None:
            return _Kind(contributor_id, rule.kind)
        if rule.member is not None:
            return self._labels[name_key(rule.member)]
        wanted = rule.same_as or identity
        same = (i for i in self._identities if i != identity and _is_same(i, wanted))
        return next(same, None) or _Unseen(wanted)

    def implied(self, identity: Identity) -> Hashable | None:
        """The member whose study number or label this identity bears."""
        email = identity.email.strip().casefold().partition("@")[0]
        for text in (email if _STUDY_NUMBER.match(email) else "", name_key(identity.name)):
            if text and text in self._labels:
                return self._labels[text]
        return None


class _Sets:
    """Disjoint sets of whatever can be hashed."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def root(self, node: Hashable) -> Hashable:
        self._parent.setdefault(node, node)
        while self._parent[node] != node:
            node = self._parent[node]
        return node

    def join(self, first: Hashable, second: Hashable) -> bool:
        """Whether they were apart."""
        root, other = self.root(first), self.root(second)
        self._parent[other] = root
        return root != other


def _joined(automatic: Sequence[Contributor], aims: Mapping[Identity, Hashable | None]) -> _Sets:
    """The identities joined with where they belong: each has one aim, so that no two members become one."""
    sets = _Sets()
    for identity, aim in aims.items():
        if aim is not None:
            sets.join(aim, identity)
    waiting = list(automatic)
    is_changed = True
    # Until nothing changes: what one contributor's rows say may decide where those of another belong.
    while is_changed:
        is_changed, undecided = False, []
        for each in waiting:
            mapped = [identity for identity in each.identities if aims[identity] is not None]
            if len({sets.root(identity) for identity in mapped}) > 1:
                undecided.append(each)
                continue
            changes = [sets.join((mapped or each.identities)[0], identity) for identity in each.identities]
            is_changed |= any(changes)
        waiting = undecided
    for each in waiting:
        left = [identity for identity in each.identities if aims[identity] is None]
        for identity in left:
            sets.join(left[0], identity)
    return sets


def _first(aim: Hashable | None, other: Hashable | None) -> Hashable | None:
    return aim if aim is not None else other


def _contributor(
    identities: tuple[Identity, ...], owners: Sequence[Contributor], target: object, by_rows: Sequence[Identity]
) -> Contributor:
    kinds = [owner.kind for owner in owners]
    if isinstance(target, _Kind):
        kind = "person" if target.kind == "outsider" else target.kind
    else:
        kind = "person" if isinstance(target, _Label) or "person" in kinds else kinds[0]
    first = owners[0]
    if set(first.identities) == set(identities):
        reasons = first.merge_reasons
        contributor_id = first.contributor_id
    else:
        known = {f"{i.name} <{i.email}>" for i in identities}
        # Reasons name two identities; those about somebody who is elsewhere now explain nothing.
        held = {reason for owner in owners for reason in owner.merge_reasons if _is_about(reason, known)}
        reasons = tuple(reason for reason in sorted(held))
        # As `repos.identities` does it.
        smallest = min(f"{identity.email.casefold()}|{name_key(identity.name)}" for identity in identities)
        contributor_id = hashlib.sha256(smallest.encode("utf-8", "replace")).hexdigest()[:12]
    mapped = tuple(f"identities.csv: {identity.name} <{identity.email}>" for identity in by_rows)
    return Contributor(contributor_id, kind, identities, mapped + reasons)


def _is_about(reason: str, known: set[str]) -> bool:
    first, _, second = reason.partition("): ")[2].partition(" = ")
    return first in known and second in known


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _fits(pattern: str | None, text: str) -> bool:
    if pattern is None:
        return True
    if "*" not in pattern:
        return pattern == _folded(text)
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), _folded(text), re.DOTALL) is not None


def _is_same(identity: Identity, wanted: Identity) -> bool:
    return _folded(identity.email) == _folded(wanted.email) and (
        not wanted.name or _folded(identity.name) == _folded(wanted.name)
    )


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
    name, email, member = _folded(name_cell) or None, _folded(email_cell) or None, " ".join(member_cell.split())
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
    return IdentityRule(name, email, member=member.casefold() if _STUDY_NUMBER.match(member.casefold()) else member)


def check_member(rule: IdentityRule, students: Sequence[str], *, is_of_one_group: bool) -> None:
    """Refuse a row that names a member whom the group cannot have; `students` are its study numbers.

    Raises:
        ValueError: the text says why and what to do (no full stop ends it).
    """
    if rule.member is None:
        return
    if not is_of_one_group:
        raise ValueError("nobody is a member of every group. Write bot, ai_assistant or outsider, or name the group")
    if _STUDY_NUMBER.match(rule.member) and rule.member not in [student.strip().casefold() for student in students]:
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
