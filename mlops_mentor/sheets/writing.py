"""Writing sheets that people keep in a spreadsheet: cells are added, and whatever else stands in the file stays.

Belongs here: the file's own encoding, delimiter and line ends; one writer at a time; all or nothing. What the columns
mean belongs to `feedback.review_sheet`, `identities.sheet` and `publish.names`; reading is for `sheets`.

The file is replaced in one step by one written beside it, so that a process killed at any moment leaves the old one
whole. Writers of ours take turns; where somebody else has saved the file meanwhile, what was saved is read and the
change is made again. A program that has the file open knows nothing of that: its next save still wins.
"""

import codecs
import contextlib
import csv
import glob
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from mlops_mentor.errors import ConfigError
from mlops_mentor.sheets.reading import column_names, delimiter_of, guarded
from mlops_mentor.storage.whole_files import sweep_temporary

_LOCK_S = 30.0
_MAX_TRIES = 20
# How old a file is that ends within a line, or is empty, before it is taken for what it should be.
_SETTLED_S = 1.0
_LOOK_EVERY_S = 0.02
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8"))
_CODE_PAGE = "cp1252"


@dataclass(frozen=True)
class Record:
    """A row that is not blank: its cells, and where in the text it begins and ends (its line end included)."""

    cells: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """The text of a sheet with its rows, and what it becomes by a change: a sheet too, with all else as it was.

    `aliases` are other names of columns (as they are compared) by which files may call them. `meant` are the rows that
    the text should have after a change; None where there was none.
    """

    text: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    meant: tuple[tuple[str, ...], ...] | None = None

    @cached_property
    def delimiter(self) -> str:
        return delimiter_of(self.text)

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The rows, the header first.

        Raises:
            csv.Error: it is no CSV.
        """
        return tuple(_records(self.text, self.delimiter))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header's names, as they are compared."""
        return tuple(self.aliases.get(name, name) for name in column_names(self.records[0].cells))

    @property
    def is_as_meant(self) -> bool:
        """Whether the text reads as it should: behind a quotation mark left open all the rest is one cell."""
        return self.meant is None or self.meant == tuple(record.cells for record in self.records)

    def with_columns(self, wanted: Mapping[str, str]) -> "Sheet":
        """With these columns in the header (compared name -> as it is written) where they are not there yet.

        They come after the longest row: what stands in a row behind the last column would else become theirs.
        """
        missing = [written for name, written in wanted.items() if name not in self.names]
        if not missing:
            return self
        header, *others = self._rows
        cells = (*[""] * (max(map(len, self._rows)) - len(header)), *missing)
        record = self.records[0]
        at = record.start + len(self.text[record.start : record.end].rstrip("\r\n"))
        added = self.delimiter + self.delimiter.join(cells)
        return self._with(self.text[:at] + added + self.text[at:], ((*header, *cells), *others))

    def appended(self, rows: Sequence[Mapping[str, str]]) -> "Sheet":
        """With these rows (compared name -> text) at its end."""
        begin = "" if self.text.endswith(("\n", "\r")) else self._line_end
        new = [self._cells({}, row) for row in rows]
        return self._with(self.text + begin + "".join(map(self._line, new)), (*self._rows, *new))

    def inserted(self, row: Mapping[str, str], place: int) -> "Sheet":
        """With the row at that place among the rows; the header is at 0."""
        cells, at = self._cells({}, row), self.records[place].start
        text = self.text[:at] + self._line(cells) + self.text[at:]
        return self._with(text, (*self._rows[:place], cells, *self._rows[place:]))

    def changed(self, row: Mapping[str, str], place: int) -> "Sheet":
        """With these cells in the row at that place; what it has in other columns stays."""
        record = self.records[place]
        cells = self._cells(dict(enumerate(record.cells)), row)
        text = self.text[: record.start] + self._line(cells) + self.text[record.end :]
        return self._with(text, (*self._rows[:place], cells, *self._rows[place + 1 :]))

    def _with(self, text: str, meant: tuple[tuple[str, ...], ...]) -> "Sheet":
        return Sheet(text, self.aliases, meant)

    @property
    def _rows(self) -> tuple[tuple[str, ...], ...]:
        return self.meant if self.meant is not None else tuple(record.cells for record in self.records)

    def _cells(self, before: Mapping[int, str], row: Mapping[str, str]) -> tuple[str, ...]:
        # Of two columns of one name the first counts, as in reading.
        places = {**before, **{self.names.index(name): guarded(text) for name, text in row.items()}}
        return tuple(places.get(place, "") for place in range(max(places) + 1))

    def _line(self, cells: Sequence[str]) -> str:
        # Without quotes a blank at a cell's beginning is lost.
        is_plain = all(cell == cell.strip() for cell in cells)
        quoting: Literal[0, 1] = csv.QUOTE_MINIMAL if is_plain else csv.QUOTE_ALL
        written = io.StringIO()
        csv.writer(written, delimiter=self.delimiter, quoting=quoting, lineterminator="\r\n").writerow(cells)
        # The writer puts quotes around breaks of lines only where its own rows end with one.
        return written.getvalue().removesuffix("\r\n") + self._line_end

    @cached_property
    def _line_end(self) -> str:
        header = self.records[0]
        return "\r\n" if self.text[header.start : header.end].endswith("\r\n") else "\n"


# The sheet, and the file as it is at that moment (None where there is none yet) -> the sheet as it should be, or None.
Change = Callable[[Sheet, Path | None], Sheet | None]


def change_sheet(file: Path, lock_file: Path, header: str, aliases: Mapping[str, str], change: Change) -> bool:
    """Make a change while no other writer of ours is at it, and tell whether there was one to make.

    A file that is not there, or empty, is taken for one with the `header` alone; `aliases` as in `Sheet`. `change` may
    be asked several times; what it raises leaves the file as it is.

    Raises:
        ConfigError: the file cannot be read or written, is no CSV, or another writer holds the lock.
    """
    file = file.resolve()
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_file, timeout=_LOCK_S):
            sweep_temporary(file.parent.glob(f".{glob.escape(file.name)}.*.tmp"))
            return _change(file, header, aliases, change)
    except Timeout:
        raise ConfigError(
            f"{file}: another process has been writing it for {_LOCK_S:.0f} s. Try again, and look for one that hangs."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be written ({error.strerror}). Nothing was changed. Look at its permissions and at the "
            "room on the disk."
        ) from None


def _change(file: Path, header: str, aliases: Mapping[str, str], change: Change) -> bool:
    for _ in range(_MAX_TRIES):
        found = _settled(file)
        content = found if found is not None and found.strip() else f"{header}\n".encode()
        try:
            stored = _Stored.of(content)
            before = Sheet(stored.text, aliases)
            after = change(before, file if content is found else None) if before.records else None
            is_as_meant = after is None or after.is_as_meant
        except UnicodeDecodeError:
            raise ConfigError(f"{file}: is cut off within a character. Save it again as CSV.") from None
        except csv.Error as error:
            raise ConfigError(f"{file}: is no CSV ({error}). Look for a quotation mark left open.") from None
        if after is None:
            return False
        if not is_as_meant:
            raise ConfigError(
                f"{file}: a quotation mark is left open in its last row, so that whatever is added would become part "
                "of it. Close it."
            )
        if _replace(file, found, stored.bytes_of(after.text)):
            return True
    raise ConfigError(f"{file}: another program keeps saving it. Close it there, and try again.")


def _settled(file: Path) -> bytes | None:
    """The content once it is whole: programs empty a file before they fill it, and what is put in its place then
    is all that is left.
    """
    while True:
        content = _content(file)
        if content is None or content.rstrip(b"\x00").endswith((b"\n", b"\r")):
            return content
        with contextlib.suppress(FileNotFoundError):
            if not 0 <= time.time() - file.stat().st_mtime < _SETTLED_S:
                return content
        time.sleep(_LOOK_EVERY_S)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _replace(file: Path, expected: bytes | None, content: bytes) -> bool:
    """Put the content in the file's place, and tell whether: not where the file is no longer what was expected."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        if expected is not None:
            _as_before(file, temporary)
        if _content(file) != expected:
            return False
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return True


def _as_before(file: Path, temporary: Path) -> None:
    """Give the new file the permissions of the old one, and its owners as far as we may."""
    known = file.stat()
    with contextlib.suppress(PermissionError):
        os.chown(temporary, known.st_uid, known.st_gid)
    temporary.chmod(known.st_mode & 0o7777)


def _records(text: str, delimiter: str) -> Iterator[Record]:
    num_read = 0

    def lines() -> Iterator[str]:
        nonlocal num_read
        for line in io.StringIO(text, newline=""):
            num_read += len(line)
            yield line

    start = 0
    for cells in csv.reader(lines(), delimiter=delimiter, skipinitialspace=True):
        if any(cell.strip() for cell in cells):
            yield Record(tuple(cells), start, num_read)
        start = num_read


@dataclass(frozen=True)
class _Stored:
    """A text as the bytes of a file: the mark at their beginning, and the encoding."""

    text: str
    bom: bytes
    encoding: str

    @classmethod
    def of(cls, content: bytes) -> "_Stored":
        """As `sheets` reads it, but so that bytes of no meaning come back as they were.

        Raises:
            UnicodeDecodeError: it says of itself that it is UTF-16, and is not.
        """
        bom, encoding = next(((bom, name) for bom, name in _BOMS if content.startswith(bom)), (b"", "utf-8"))
        try:
            return cls(content[len(bom) :].decode(encoding), bom, encoding)
        except UnicodeDecodeError:
            if encoding != "utf-8":
                raise
            return cls(content.decode(_CODE_PAGE, "surrogateescape"), b"", _CODE_PAGE)

    def bytes_of(self, text: str) -> bytes:
        """Another text as the bytes of the same file."""
        if self.encoding != _CODE_PAGE:
            return self.bom + text.encode(self.encoding)
        try:
            return text.encode(_CODE_PAGE, "surrogateescape")
        except UnicodeEncodeError:
            # The code page has no such character. With the mark, spreadsheets read UTF-8 as what it is.
            readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return codecs.BOM_UTF8 + readable.encode()
