"""Public names of groups: what the class sees a group called, and which groups it does not see at all.

Belongs here: `aliases.csv`, and `unpublished.csv`, to which an erasure appends. The spreadsheets' files are read in
`sheets`. Both are strict where other sheets name their bad rows and go on: a row that is misread would show a group
under the wrong name, or one that asked to be left out. Rows of groups that are in no roster stop nothing: there is
nothing of them to show. No message quotes a cell.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlops_mentor.errors import ConfigError
from mlops_mentor.roster.roster import Group
from mlops_mentor.settings import Settings
from mlops_mentor.sheets.reading import RowProblem, column_names, group_id_in, optional_rows
from mlops_mentor.sheets.writing import Sheet, change_sheet

_ALIASES = "group_id,alias"
_UNPUBLISHED = "group_id,since"
_MAX_ALIAS = 40
# They would part a path, or look like a tag of HTML to whoever puts a name into a page.
_REFUSED = "/\\<>"
_NO_GROUP = "the group is missing. Fill in group_id, or delete the row"
_LEFT_ALREADY = (
    "its group_id stands nowhere in the roster, so that it leaves nobody out. Write it as the roster does, unless the "
    "group has left the course"
)


def load_public_names(settings: Settings, groups: Sequence[Group]) -> dict[str, str]:
    """By group_id the public name, in the order of `groups`; those that are left out are absent.

    Raises:
        ConfigError: the course or a sheet cannot be used, or a group has no alias where `groups: alias`.
    """
    ids = [group.group_id for group in groups]
    left_out = load_left_out(settings.unpublished_file, ids).groups
    shown = [group_id for group_id in ids if group_id not in left_out]
    if settings.the_course.publish.groups == "number":
        return {group_id: group_id for group_id in shown}
    aliases = load_aliases(settings.aliases_file, ids)
    if lacking := [group_id for group_id in shown if group_id not in aliases]:
        raise ConfigError(
            f"{settings.aliases_file}: no alias for group {', '.join(lacking)}. Add a row for each of them, or write "
            "`groups: number` under `publish` in course.yaml."
        )
    return {group_id: aliases[group_id] for group_id in shown}


@dataclass(frozen=True)
class LeftOut:
    """Groups of which nothing is published, and rows of groups that are in no roster: they leave nobody out."""

    groups: frozenset[str] = frozenset()
    problems: tuple[RowProblem, ...] = ()


def load_left_out(file: Path, group_ids: Collection[str]) -> LeftOut:
    """Those of `group_ids` of which nothing is published; a file that is not there means none.

    A group that has left the course stays in the file, which must not keep the class from its numbers.

    Raises:
        ConfigError: the file cannot be used, or a row names no group: who wrote it wanted one to be left out.
    """
    names = {group_id.casefold(): group_id for group_id in group_ids}
    found, problems = set(), []
    for row, (cell, _) in optional_rows(file, "unpublished", _UNPUBLISHED, _unpublished_header):
        if not cell.strip():
            raise ConfigError(f"{RowProblem(file, row, _NO_GROUP)} Until then nothing is published.")
        group_id = names.get(group_id_in(cell).casefold())
        if group_id is None:
            problems.append(RowProblem(file, row, _LEFT_ALREADY))
        else:
            found.add(group_id)
    return LeftOut(frozenset(found), tuple(problems))


def load_aliases(file: Path, group_ids: Collection[str]) -> dict[str, str]:
    """By group_id its alias; rows of groups that are in no roster any more do not count.

    Raises:
        ConfigError: the file or a row cannot be used.
    """
    names = {group_id.casefold(): group_id for group_id in group_ids}
    aliases: dict[str, str] = {}
    first_rows: dict[str, int] = {}
    for row, (group_cell, alias_cell) in optional_rows(file, "aliases", _ALIASES, _aliases_header):
        group_id = names.get(group_id_in(group_cell).casefold())
        if group_cell.strip() and group_id is None:
            continue
        try:
            known = _group(group_cell, names)
            if known in aliases:
                raise ValueError(f"group {known} has an alias already. Delete one of the two rows")
            aliases[known] = _alias(alias_cell, known, names, first_rows)
        except ValueError as error:
            raise ConfigError(
                f"{RowProblem(file, row, str(error), group_id)} Until then nothing is published."
            ) from None
        first_rows[_folded(aliases[known])] = row
    return aliases


def leave_out(file: Path, lock_file: Path, group_id: str, now: datetime) -> bool:
    """Add the group to `unpublished.csv`, keeping what is in it; False when it stands there already.

    Raises:
        ConfigError: the file is there and cannot be used, or cannot be written.
    """

    def change(sheet: Sheet, there: Path | None) -> Sheet | None:
        if there is not None:
            _unpublished_header(there, sheet.records[0].cells)
        place = sheet.names.index("group id")
        rows = [record.cells for record in sheet.records[1:]]
        if group_id.casefold() in {group_id_in(cells[place]).casefold() for cells in rows if place < len(cells)}:
            return None
        since = now.isoformat(timespec="seconds")
        return sheet.with_columns({"since": "since"}).appended([{"group id": group_id, "since": since}])

    file.parent.mkdir(parents=True, exist_ok=True)
    return change_sheet(file, lock_file, _UNPUBLISHED, {}, change)


def _group(cell: str, names: Mapping[str, str]) -> str:
    if not cell.strip():
        raise ValueError(_NO_GROUP)
    group_id = names.get(group_id_in(cell).casefold())
    if group_id is None:
        raise ValueError("its group_id stands nowhere in the roster. Write it as the roster does, or delete the row")
    return group_id


def _alias(cell: str, group_id: str, names: Mapping[str, str], first_rows: Mapping[str, int]) -> str:
    """The alias, if the group may have it; `names` are the groups', `first_rows` those of aliases, both folded."""
    alias = cell.strip()
    if not 1 <= len(alias) <= _MAX_ALIAS:
        raise ValueError(f"the alias of group {group_id} has {len(alias)} characters. Write 1 to {_MAX_ALIAS}")
    if not alias.isprintable() or any(char in alias for char in _REFUSED) or not alias.strip("."):
        raise ValueError(
            f"the alias of group {group_id} cannot be used. Write letters, digits and signs other than {_REFUSED}"
        )
    if names.get(_folded(alias), group_id) != group_id:
        raise ValueError(f"the alias of group {group_id} is the number of another group. Choose another")
    if (first := first_rows.get(_folded(alias))) is not None:
        raise ValueError(f"the alias of group {group_id} stands in row {first} already. Choose another")
    return alias


def _folded(name: str) -> str:
    """What two names share that look alike: case, and the form in which a letter is written."""
    return unicodedata.normalize("NFKC", name).casefold()


def _aliases_header(file: Path, cells: Sequence[str]) -> tuple[int, int]:
    names = column_names(cells)
    _need(file, names, ("group id", "alias"), _ALIASES)
    return names.index("group id"), names.index("alias")


def _unpublished_header(file: Path, cells: Sequence[str]) -> tuple[int, int | None]:
    names = column_names(cells)
    _need(file, names, ("group id",), _UNPUBLISHED)
    return names.index("group id"), names.index("since") if "since" in names else None


def _need(file: Path, names: Sequence[str], needed: Sequence[str], header: str) -> None:
    missing = [name.replace(" ", "_") for name in needed if name not in names]
    if missing:
        raise ConfigError(f"{file}: the header lacks {' and '.join(missing)}. The first row must be: {header}.")
