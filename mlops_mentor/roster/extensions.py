"""Extensions: `extensions.csv` -> the groups whose deadline is later than the course's.

Belongs here: what the rows mean. The spreadsheet's file is read in `sheets`. Its column `reason` is for people: it may
say who is ill, so it is never read, and no message quotes a cell, which may be one that slipped over from there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mlops_mentor.course import utc_from_local, with_time_of_day
from mlops_mentor.errors import ConfigError
from mlops_mentor.sheets.reading import RowProblem, column_names, group_id_in, optional_rows

_HEADER = "group_id,until,reason"
_EXAMPLE = "2027-01-25T12:00:00"


@dataclass(frozen=True)
class Extensions:
    """Deadlines (UTC) of groups that have one of their own, by group, and what is wrong with other rows."""

    until: Mapping[str, datetime]
    problems: tuple[RowProblem, ...] = ()


def load_extensions(file: Path, *, zone: ZoneInfo, deadline: datetime, group_ids: Collection[str]) -> Extensions:
    """Read the extensions as a spreadsheet writes them; a file that is not there means none.

    `deadline` is the course's, in UTC; times without an offset are in `zone`; `group_ids` are the roster's.

    Raises:
        ConfigError: the file cannot be read, or has no usable header.
    """
    until: dict[str, datetime] = {}
    problems: list[RowProblem] = []
    first_rows: dict[str, int] = {}
    names = {group_id.casefold(): group_id for group_id in group_ids}
    for row, (group_cell, until_cell) in optional_rows(file, "extensions", _HEADER, _header):
        try:
            group_id = _group(group_cell, names, first_rows)
            until[group_id] = _moment(until_cell, zone, deadline)
            first_rows[group_id] = row
        except ValueError as error:
            known = names.get(group_id_in(group_cell).casefold())
            problems.append(RowProblem(file, row, str(error), known))
    return Extensions(until, tuple(problems))


def _group(cell: str, names: Mapping[str, str], first_rows: Mapping[str, int]) -> str:
    """The group as the roster calls it; `names` are by what they are compared with, `first_rows` those seen before."""
    if not cell.strip():
        raise ValueError("the group is missing. Fill in group_id, or delete the row")
    group_id = names.get(group_id_in(cell).casefold())
    if group_id is None:
        raise ValueError("its group_id stands nowhere in the roster. Write it as the roster does, or delete the row")
    if group_id in first_rows:
        raise ValueError(
            f"group {group_id} stands in row {first_rows[group_id]} already, which counts. Delete one of the two"
        )
    return group_id


def _moment(cell: str, zone: ZoneInfo, deadline: datetime) -> datetime:
    cell = cell.strip()
    if not cell:
        raise ValueError(f"until is missing. Write a date and a time such as {_EXAMPLE}, or delete the row")
    try:
        with_time_of_day(cell)
    except ValueError as error:
        raise ValueError(f"until {error}") from None
    try:
        moment = utc_from_local(datetime.fromisoformat(cell), zone)
    except (ValueError, OverflowError):
        raise ValueError(f"until is no date and time. Write it as {_EXAMPLE}") from None
    if moment < deadline:
        raise ValueError(
            f"until is before the course's deadline of {deadline:%Y-%m-%d %H:%M} UTC. Write a later time: an extension "
            "cannot shorten"
        )
    return moment


def _header(file: Path, cells: Sequence[str]) -> tuple[int, int]:
    names = column_names(cells)
    missing = [name for name in ("group id", "until") if name not in names]
    if missing:
        raise ConfigError(
            f"{file}: the header lacks {' and '.join(name.replace(' ', '_') for name in missing)}. "
            f"The first row must be: {_HEADER}."
        )
    return names.index("group id"), names.index("until")
