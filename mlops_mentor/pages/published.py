"""The published class: what an exported folder holds, read once per export.

Belongs here: reading, checking and keeping it. A writer may put a new export in its place at any time: files are named
by their content and the manifest is written last, so that whoever finds a file gone reads the manifest again.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
from markupsafe import Markup

from mlops_mentor.errors import MentorError, PublishError
from mlops_mentor.pages.spread import Day, Spread, band, spreads
from mlops_mentor.publish.manifest import MANIFEST, Manifest
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.schemas.table import Table, empty, validate

_log = logging.getLogger(__name__)
_ATTEMPTS = 5
_PAUSE_S = 0.05
# A new export that cannot be read is looked at again, but not by every viewer.
_RETRY_S = 2.0
# Marks that turn the direction of writing, have no width or control a terminal.
_INVISIBLE = r"[\p{Cf}\p{Zl}\p{Zp}\p{Cc}&&[^\n\t]]"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PublishedGroup:
    """One group's rows. `numbers` is its row of the leaderboard, None where the gate let none out; `place` from 0."""

    name: str
    place: int
    numbers: Row | None = None
    statistics: Row | None = None
    history: Sequence[Row] = ()
    evidence: Sequence[Row] = ()
    feedback: Sequence[Row] = ()
    withheld_tables: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """As the leaderboard says; `withheld` where the gate let out none of its row."""
        if self.numbers is not None:
            return str(self.numbers["state"])
        return "withheld" if "leaderboard" in self.withheld_tables else "not_run"


@dataclass(frozen=True)
class PublishedClass:
    """An export in memory: `groups` by public name in the roster's order, spreads by column, the band by day.

    Rendered pages are kept with it and go when it goes.
    """

    manifest: Manifest
    groups: Mapping[str, PublishedGroup]
    spreads: Mapping[str, Spread]
    band: Sequence[Day]
    _kept: dict[Hashable, Markup] = field(default_factory=dict, repr=False, compare=False)

    def kept(self, key: Hashable, make: Callable[[], Markup]) -> Markup:
        """What `make` gave when it was first asked for under this key. Two threads may both make it: it is the same."""
        if (found := self._kept.get(key)) is None:
            found = self._kept.setdefault(key, make())
        return found


class PublishedFolder:
    """An exported folder that is read again whenever its manifest changes. Any number of threads may ask.

    `prepare` is called with each new export before anybody else is given it: pages that it renders are there then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prepare: Callable[[PublishedClass], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.folder = folder
        self._prepare, self._clock, self._pause = prepare, clock, pause
        self._lock = threading.Lock()
        self._class: PublishedClass | None = None
        self._stat: tuple[int, int, int] | None = None
        self._content: bytes | None = None
        self._failed: tuple[tuple[int, int, int] | None, float] | None = None

    def current(self) -> PublishedClass:
        """The newest export that could be read whole.

        While a new one cannot be read, the last good one is given; while another thread reads it, too.

        Raises:
            PublishError: there never was one; the text says what to do.
        """
        stat = _stat_of(self.folder / MANIFEST)
        if self._class is not None and (stat == self._stat or self._has_just_failed(stat)):
            return self._class
        if self._class is not None and self._lock.locked():
            # Somebody else is reading it: nobody waits who can be served.
            return self._class
        with self._lock:
            return self._refreshed()

    def _refreshed(self) -> PublishedClass:
        stat = _stat_of(self.folder / MANIFEST)
        if self._class is not None and stat == self._stat:
            return self._class
        try:
            found, content = self._read()
        except PublishError as error:
            if self._class is None:
                raise
            self._failed = (stat, self._clock())
            _log.warning("The last good export is served on: %s", error)
            return self._class
        if found is not self._class:
            self._prepare(found)
        self._class, self._content, self._stat, self._failed = found, content, stat, None
        return found

    def _has_just_failed(self, stat: tuple[int, int, int] | None) -> bool:
        return self._failed is not None and self._failed[0] == stat and self._clock() - self._failed[1] < _RETRY_S

    def _read(self) -> tuple[PublishedClass, bytes]:
        """The class, and the manifest's bytes; read again when a file has gone because a newer export was written."""
        for attempt in range(_ATTEMPTS):
            try:
                content = (self.folder / MANIFEST).read_bytes()
                if self._class is not None and content == self._content:
                    return self._class, content
                return read_class(self.folder, Manifest.model_validate_json(content)), content
            except FileNotFoundError as error:
                if attempt + 1 == _ATTEMPTS or not (self.folder / MANIFEST).is_file():
                    raise _missing(self.folder, error) from None
            except (OSError, ValueError, pl.exceptions.PolarsError, MentorError) as error:
                if attempt + 1 == _ATTEMPTS:
                    raise PublishError(
                        f"{self.folder}: the export cannot be read ({_short(error)}). "
                        "Write it again: `mlops-mentor run`."
                    ) from None
            self._pause(_PAUSE_S)
        raise AssertionError("unreachable")


def read_class(folder: Path, manifest: Manifest) -> PublishedClass:
    """The class that a manifest describes.

    Raises:
        FileNotFoundError: a file has gone: a newer export was written.
        OSError, ValueError, PolarsError, SchemaError: a file is no table, or not of its schema.
    """
    frames = {each.name: _frame(folder, manifest, each.table) for each in PUBLISHED}
    names = {_visible(name): name for name in manifest.groups}
    leaderboard, history = frames["leaderboard"], frames["history"]
    rows = {name: _by_group(frame) for name, frame in frames.items()}
    groups = {
        shown: PublishedGroup(
            shown,
            place,
            numbers=next(iter(rows["leaderboard"].get(shown, ())), None),
            statistics=next(iter(rows["statistics"].get(shown, ())), None),
            history=rows["history"].get(shown, ()),
            evidence=rows["evidence"].get(shown, ()),
            feedback=rows["feedback"].get(shown, ()),
            withheld_tables=manifest.withheld.get(name, ()),
        )
        for place, (shown, name) in enumerate(names.items())
    }
    return PublishedClass(manifest, groups, spreads(leaderboard, frames["statistics"]), band(history))


def _frame(folder: Path, manifest: Manifest, table: Table) -> pl.DataFrame:
    """A table with its declared columns: what else a newer version put there is left alone."""
    file = manifest.tables.get(table.name)
    if file is None:
        raise PublishError(f"table {table.name} is missing")
    if file.file is None:
        return empty(table)
    path = PurePosixPath(file.file)
    if path.is_absolute() or ".." in path.parts:
        raise PublishError(f"table {table.name}: {file.file!r} is no file of the folder")
    # Read at once and not mapped: the file may go while we look at it.
    frame = pl.read_parquet((folder / path).read_bytes())
    if missing := [name for name in table.schema if name not in frame.columns]:
        raise PublishError(f"table {table.name}: columns are missing: {', '.join(missing)}")
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())
    return validate(table, frame).with_columns(pl.col(pl.String).str.replace_all(_INVISIBLE, " "))


def _by_group(frame: pl.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["group"], []).append(row)
    return found


def _visible(text: str) -> str:
    shown: str = pl.Series([text]).str.replace_all(_INVISIBLE, " ")[0]
    return shown


def _stat_of(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _missing(folder: Path, error: FileNotFoundError) -> PublishError:
    if (folder / MANIFEST).is_file():
        name = Path(error.filename).name if error.filename else "a file"
        return PublishError(f"{folder}: {name} of the export is missing. Write it again: `mlops-mentor run`.")
    return PublishError(f"{folder}: there is no export yet (no {MANIFEST}). Write one first: `mlops-mentor run`.")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
