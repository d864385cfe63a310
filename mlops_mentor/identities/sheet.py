"""A TA's word on who is who into `identities.csv`.

Belongs here: that the new word counts and no other is lost. Writing sheets is for `sheets.writing`, what rows mean for
`identities.mapping`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor.identities.rules import (
    ALIASES,
    EVERY_GROUP,
    HEADER,
    IdentityRule,
    check_member,
    identity_rule,
    load_identity_map,
)
from mlops_mentor.sheets.reading import group_id_in, unguarded
from mlops_mentor.sheets.writing import Sheet, change_sheet

# The name by which each column is found, and what a new one is called.
_COLUMNS = {name.replace("_", " "): name for name in HEADER.split(",")}


@dataclass(frozen=True)
class NewIdentity:
    """An identity of a group as it stands in the commits, and who it is: what the column `member` says."""

    group_id: str
    name: str
    email: str
    member: str


def append_identity(file: Path, lock_file: Path, row: NewIdentity, *, students: Mapping[str, Sequence[str]]) -> None:
    """Write the row so that it counts: in place of one about the same identity of the group, else as a new one.

    `students` are the study numbers of each group of the roster. A file that is not there is made.

    Raises:
        ValueError: the row would not be usable; the text says why and what to do (no full stop ends it).
        ConfigError: the file cannot be read or written, or another program holds the lock.
    """
    known = {group_id.casefold(): group_id for group_id in students}.get(group_id_in(row.group_id).casefold())
    if known is None:
        raise ValueError("its group_id stands nowhere in the roster. Write it as the roster does")
    rule = identity_rule(row.name, row.email, row.member)
    check_member(rule, students[known], is_of_one_group=True)
    cells = {"group id": known, "name": row.name, "email": row.email, "member": row.member}
    new = {name: " ".join(text.split()).encode("utf-8", "replace").decode() for name, text in cells.items()}

    def change(sheet: Sheet, there: Path | None) -> Sheet | None:
        if there is not None:
            # For what it says of a header that cannot be used.
            load_identity_map(there, students=students)
        wider = sheet.with_columns(_COLUMNS)
        for place, group_id in _about_the_same(wider, rule):
            if group_id == known.casefold():
                return wider.changed({"member": new["member"]}, place)
            if group_id == EVERY_GROUP:
                # Of two that are as narrow the first counts, and what is said of this group is to.
                return wider.inserted(new, place)
        return wider.appended([new])

    change_sheet(file, lock_file, HEADER, ALIASES, change)


def _about_the_same(sheet: Sheet, rule: IdentityRule) -> list[tuple[int, str]]:
    """(place, group as it is compared) of the rows about that name and address, in their order."""
    places = [sheet.names.index(name) for name in _COLUMNS]
    found = []
    for place, record in enumerate(sheet.records[1:], start=1):
        group, name, email, _ = [unguarded(record.cells[each]) if each < len(record.cells) else "" for each in places]
        try:
            # Whatever it says of them: a row that a TA has begun is filled in.
            other = identity_rule(name, email, "outsider")
        except ValueError:
            continue
        if (other.name, other.email) == (rule.name, rule.email):
            found.append((place, group_id_in(group).casefold()))
    return found
