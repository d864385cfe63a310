"""The roster: `group_info.csv` -> groups, and which groups come and go.

Belongs here: what the rows mean, and the decision what a new roster changes. The spreadsheet's file is read in
`sheets`, addresses of repositories in `addresses`; the partitions that follow from the groups belong to `defs`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mlops_mentor.errors import RosterError
from mlops_mentor.roster.addresses import Address, AddressError, parse_address, without_login
from mlops_mentor.schemas import GROUPS
from mlops_mentor.sheets.reading import RowProblem, SheetError, column_names, group_id_in, sheet_rows

_GROUP_ID = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$")
_HEADER = "group_nb,student 1,student 2,student 3,student 4,student 5,github_repo"
# A roster may lose this share of its groups (and always one) without being asked whether it is meant.
_SHARE_THAT_MAY_GO = 0.2


@dataclass(frozen=True)
class Group:
    """A row of the roster: the group, its repository, the study numbers of its members, the line in the file."""

    group_id: str
    address: Address
    students: tuple[str, ...]
    row: int


@dataclass(frozen=True)
class Roster:
    """What a roster file says: its good rows in their order, and what is wrong with the others."""

    groups: tuple[Group, ...]
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True)
class RosterChange:
    """What becomes of the groups: those that stand afterwards, who came, who went, who was kept against the roster."""

    groups: tuple[Group, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def load_roster(file: Path) -> Roster:
    """Read the roster as a spreadsheet writes it: BOM, `;` or tabs, stray spaces, blank rows.

    Raises:
        RosterError: the file cannot be read, has no usable header, or no usable row.
    """
    groups: list[Group] = []
    problems: list[RowProblem] = []
    header: _Header | None = None
    seen: dict[str, int] = {}
    for row, cells in _rows(file):
        if header is None:
            header = _Header.parse(file, cells)
            continue
        parsed = header.group(file, row, cells, seen)
        if isinstance(parsed, Group):
            seen[parsed.group_id.casefold()] = row
            groups.append(parsed)
        else:
            problems.append(parsed)
    if not groups:
        reason = str(problems[0]) if problems else "it has no rows."
        raise RosterError(f"{file}: no group can be read. {reason} Nothing was changed.")
    return Roster(tuple(groups), tuple(problems))


@dataclass(frozen=True)
class _Header:
    """Which cell holds what."""

    group_cell: int
    repo_cell: int
    student_cells: tuple[int, ...]

    @classmethod
    def parse(cls, file: Path, cells: Sequence[str]) -> "_Header":
        names = column_names(cells)
        missing = [name for name in ("group nb", "github repo") if name not in names]
        if missing:
            raise RosterError(
                f"{file}: the header lacks {' and '.join(name.replace(' ', '_') for name in missing)}. "
                f"The first row must be: {_HEADER}. Nothing was changed."
            )
        students = tuple(i for i, name in enumerate(names) if name.startswith("student"))
        return cls(names.index("group nb"), names.index("github repo"), students)

    def group(self, file: Path, row: int, cells: Sequence[str], seen: dict[str, int]) -> "Group | RowProblem":
        cell = dict(enumerate(value.strip() for value in cells))
        group_id = group_id_in(cell.get(self.group_cell, ""))
        if not group_id:
            return RowProblem(file, row, "the group's number is missing. Fill in group_nb, or delete the row")
        if not _GROUP_ID.match(group_id):
            return RowProblem(
                file,
                row,
                f"group_nb {without_login(group_id)!r} cannot be used. Write letters, digits, spaces, '.', '_' and "
                "'-', 64 at most, a letter or digit first and last",
            )
        if group_id.casefold() in seen:
            first = seen[group_id.casefold()]
            return RowProblem(
                file, row, f"group {group_id} stands in row {first} already, which counts. Delete one of the two", None
            )
        try:
            address = parse_address(cell.get(self.repo_cell, ""), base=file.parent)
        except AddressError as error:
            return RowProblem(file, row, f"group {group_id}: {error}", group_id)
        students = tuple(cell[i] for i in self.student_cells if cell.get(i))
        return Group(group_id, address, students, row)


def roster_change(known: Sequence[Group], roster: Roster, *, accept_shorter: bool = False) -> RosterChange:
    """What `roster` makes of the groups known before.

    A group whose row has become unusable stays as it was. When more than a fifth of the groups (and more than one)
    would go, none goes unless `accept_shorter`: half a spreadsheet is a likelier cause than half a class leaving.
    Names that differ in case alone are one group, as within a roster; it is called what the new roster calls it.
    """
    names = {group.group_id.casefold() for group in roster.groups}
    known_names = {group.group_id.casefold() for group in known}
    broken = {problem.group_id.casefold() for problem in roster.problems if problem.group_id is not None}
    absent = [group for group in known if group.group_id.casefold() not in names]
    unasked = [group for group in absent if group.group_id.casefold() not in broken]
    is_too_much = len(unasked) > max(1.0, _SHARE_THAT_MAY_GO * len(known)) and not accept_shorter
    kept = absent if is_too_much else [group for group in absent if group.group_id.casefold() in broken]
    kept_ids = {group.group_id for group in kept}
    return RosterChange(
        groups=(*roster.groups, *kept),
        added=_ids(group for group in roster.groups if group.group_id.casefold() not in known_names),
        removed=_ids(group for group in absent if group.group_id not in kept_ids),
        kept=_ids(kept),
    )


def groups_frame(groups: Iterable[Group]) -> pl.DataFrame:
    """The table `groups`."""
    rows = [
        {
            "group_id": group.group_id,
            "repo_url": group.address.url,
            "transport": group.address.transport,
            "students": list(group.students),
            "group_size": len(group.students),
            "roster_row": group.row,
        }
        for group in groups
    ]
    return pl.DataFrame(rows, schema=GROUPS.schema)


def groups_from_frame(frame: pl.DataFrame) -> tuple[Group, ...]:
    """The groups of the table `groups`, in its order."""
    return tuple(
        Group(row["group_id"], Address(row["repo_url"], row["transport"]), tuple(row["students"]), row["roster_row"])
        for row in frame.iter_rows(named=True)
    )


def _ids(groups: Iterable[Group]) -> tuple[str, ...]:
    return tuple(group.group_id for group in groups)


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from sheet_rows(file)
    except OSError as error:
        raise RosterError(
            f"{file}: the roster cannot be read ({error.strerror}). Set MENTOR_ROSTER or --roster. Nothing was changed."
        ) from None
    except SheetError as error:
        raise RosterError(f"{error}. Nothing was changed.") from None
