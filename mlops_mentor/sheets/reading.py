"""Sheets: the rows of a file that people keep in a spreadsheet and save as CSV.

Belongs here: reading whatever spreadsheets write, and cells that they leave alone. Writing is for `sheets.writing`;
what the columns mean belongs to `roster`, `extensions` and `identities.mapping`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor.errors import ConfigError

# A cell that begins so is computed; apostrophes before it are `guarded`'s, or would be taken for them.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class SheetError(ValueError):
    """A file that is no CSV; the text names the file and the row and says what to look for.

    It is put into the sentences of others: no full stop ends it.
    """


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be used: which, why, and what to do (`message`, sentences of which the last has no full stop).

    `group_id` is there where the row names a group for certain.
    """

    file: Path
    row: int
    message: str
    group_id: str | None = None

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.message}."


def sheet_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers, the header among them: BOM, `;` or tabs, UTF-16, code pages.

    A quoted cell may span lines: a row's number is the line on which it begins.

    Raises:
        OSError: the file cannot be read.
        SheetError: it is no CSV from some row on; those before have been given.
    """
    text = _text(file)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), skipinitialspace=True)
    row = 1
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield row, cells
            row = rows.line_num + 1
    except csv.Error as error:
        raise SheetError(f"{file}, row {row}: is no CSV ({error}). Look for a quotation mark left open") from None


def optional_rows(
    file: Path, name: str, header: str, places_of: Callable[[Path, Sequence[str]], Sequence[int | None]]
) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header of a sheet that need not exist: number and the wanted cells, empty where there is none.

    `name` is what course.yaml calls it, `header` the first row as it should be. `places_of` says where in the header
    the wanted columns stand, None for one that is not there, and raises where they cannot be told.

    Raises:
        ConfigError: the file cannot be read, is no CSV, or is empty.
    """
    places: Sequence[int | None] | None = None
    try:
        for row, cells in sheet_rows(file):
            if places is None:
                places = places_of(file, cells)
                continue
            yield row, [cells[place] if place is not None and place < len(cells) else "" for place in places]
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"{file}: the {name} cannot be read ({error.strerror}). Correct `{name}` in course.yaml."
        ) from None
    except SheetError as error:
        raise ConfigError(f"{error}.") from None
    if places is None:
        raise ConfigError(f"{file}: is empty. The first row must be: {header}. Delete the file if there are none.")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: behind an apostrophe where it would.

    A spreadsheet that computes `- well done` writes an error in its place; one that computes `=...` may do worse.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def column_names(header: Sequence[str]) -> list[str]:
    """The header's cells as they are compared: `Group_NB ` is `group nb`."""
    return [re.sub(r"[\s_]+", " ", cell).strip().casefold() for cell in header]


def group_id_in(cell: str) -> str:
    """What a cell calls a group: spreadsheets turn 17 into 17.0 once a cell of the column is empty."""
    return re.sub(r"^(\d+)\.0+$", r"\1", cell.strip())


def delimiter_of(text: str) -> str:
    """What parts the cells of a sheet: whichever its first row has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _text(file: Path) -> str:
    content = file.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Danish spreadsheet saves as plain CSV.
        return content.decode("cp1252", "replace")
