"""The lake: every table as Parquet, each group's part a file of its own, replaced atomically.

Belongs here: where a table's parts lie, how they are written, read and found unchanged. Nothing else in the project
reads or writes Parquet. A process killed at any moment leaves every part whole: parts are written beside their place
under a name that begins with a dot, and moved there in one step. The key of a part's inputs stands in its metadata, so
that whoever would compute it again from the same inputs can see that it is there.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import polars as pl

from mlops_mentor.errors import LakeError
from mlops_mentor.schemas import Table, empty, validate
from mlops_mentor.storage.lake_files import (
    Kept,
    LakePath,
    content_of,
    dated,
    local_files,
    remove_file,
    replace_file,
    source_of,
    sources_of,
    touch_file,
)
from mlops_mentor.storage.whole_files import sweep_temporary

_INPUT_KEY = "mlops_mentor.input_key"


@dataclass(frozen=True)
class Lake:
    """The tables under `root`: `<root>/<table>/<group>.parquet`, or `<root>/<table>.parquet` for whole tables."""

    root: LakePath
    # What was read of these tables, for `keeping`; it is the same lake.
    _kept: Kept = field(default_factory=dict, repr=False, compare=False)
    _kept_tables: Collection[str] = field(default=(), repr=False, compare=False)

    def keeping(self, tables: Iterable[Table]) -> "Lake":
        """The same lake, which asks an object store for each part of these tables once, and knows what it has written.

        For as long as what others write need not be seen: while the lock is held under which alone they are written,
        or for one look at how things stand.
        """
        return replace(self, _kept={}, _kept_tables=frozenset(table.name for table in tables))

    def _kept_of(self, table: Table) -> Kept | None:
        return self._kept if table.name in self._kept_tables else None

    def path(self, table: Table, group_id: str | None = None) -> LakePath:
        """Where the table, or the group's part of it, is stored."""
        if table.is_by_group != (group_id is not None):
            raise LakeError(f"table {table.name} is {'by group' if table.is_by_group else 'one for all groups'}")
        if group_id is None:
            return self.root / f"{table.name}.parquet"
        return self.root / table.name / f"{quote(group_id, safe=' ')}.parquet"

    def has(self, table: Table, group_id: str | None = None) -> bool:
        return sources_of([self.path(table, group_id)], self._kept_of(table)) != [None]

    def _source(self, table: Table, group_id: str | None) -> Path | BytesIO:
        return source_of(self.path(table, group_id), self._kept_of(table))

    def has_current(self, table: Table, group_id: str) -> bool:
        """Whether the group has a readable part with the columns of the table (an older version's may differ)."""
        try:
            return _has_columns(self._source(table, group_id), table)
        except OSError:
            return False

    def input_key(self, table: Table, group_id: str | None = None) -> str | None:
        """The key of the inputs from which the stored part was computed; None where there is no (readable) part."""
        try:
            return pl.read_parquet_metadata(self._source(table, group_id)).get(_INPUT_KEY)
        except (OSError, pl.exceptions.PolarsError):
            return None

    def write(
        self, table: Table, frame: pl.DataFrame, group_id: str | None = None, *, input_key: str = ""
    ) -> pl.DataFrame:
        """Replace the table, or the group's part of it, and return the frame as stored.

        Raises:
            SchemaError: the frame does not fit the table; what was there before stays.
        """
        frame = validate(table, frame)
        content = BytesIO()
        frame.write_parquet(content, compression="lz4", metadata={_INPUT_KEY: input_key})
        replace_file(self.path(table, group_id), content.getvalue(), self._kept_of(table))
        return frame

    def remove(self, table: Table, group_id: str | None = None) -> None:
        """Delete the table, or the group's part of it, as if it had never been written."""
        remove_file(self.path(table, group_id), self._kept_of(table))

    def read(self, table: Table, group_id: str | None = None) -> pl.DataFrame:
        """The table, or the group's part of it.

        Raises:
            LakeError: it is not there, or was written with another schema.
        """
        frame = self._read_any_version(table, group_id)
        if frame is None:
            of_group = f" of group {group_id}" if group_id is not None else ""
            raise LakeError(f"table {table.name}{of_group} is not there yet. Materialize {table.name} first.")
        if frame.schema != table.schema:
            path = self.path(table, group_id)
            raise LakeError(f"{path}: was written by another version. Materialize {table.name} again.")
        return frame

    def _read_any_version(self, table: Table, group_id: str | None = None) -> pl.DataFrame | None:
        path = self.path(table, group_id)
        try:
            return pl.read_parquet(content_of(self._source(table, group_id)))
        except FileNotFoundError:
            return None
        except pl.exceptions.PolarsError as error:
            raise LakeError(
                f"{path}: cannot be read ({error}). Delete it and materialize {table.name} again."
            ) from None

    def confirm(self, table: Table, group_id: str) -> None:
        """Note that the group's part still holds, without writing it: whoever writes it meanwhile loses nothing."""
        touch_file(self.path(table, group_id))

    def confirmed_at(self, table: Table, group_id: str | None = None) -> datetime | None:
        """When the table, or the group's part of it, was stored or last confirmed (UTC); None where there is none."""
        return dated(self.path(table, group_id))

    def read_or_empty(self, table: Table, group_id: str | None = None) -> pl.DataFrame:
        """The table, or the group's part of it, or no rows when it was never written; columns that an older version
        lacked are null.

        Raises:
            LakeError: it is there but cannot be read: taking it for empty would lose what it holds.
        """
        stored = self._read_any_version(table, group_id)
        if stored is None:
            return empty(table)
        shared = [name for name, dtype in stored.schema.items() if table.schema.get(name) == dtype]
        return pl.concat([empty(table), stored.select(shared)], how="diagonal").select(table.schema.names())

    def read_groups(self, table: Table, group_ids: Iterable[str]) -> pl.DataFrame:
        """The parts of `group_ids` in one frame, in their order; groups without a usable part are left out."""
        found = sources_of([self.path(table, group_id) for group_id in group_ids], self._kept_of(table))
        sources = [source for source in map(_content_or_none, found) if source is not None]
        try:
            together = pl.read_parquet(sources) if sources else empty(table)  # type: ignore[arg-type]
        except pl.exceptions.PolarsError:
            together = pl.DataFrame()
        if together.schema == table.schema:
            return together
        parts = [_read_or_none(source) for source in sources]
        return pl.concat([empty(table), *(part for part in parts if part is not None and part.schema == table.schema)])

    def usable(self, table: Table, group_ids: Iterable[str]) -> dict[str, bool]:
        """Of the groups that have a part, whether it is readable and has the columns of the table."""
        ids = list(group_ids)
        found = sources_of([self.path(table, group_id) for group_id in ids], self._kept_of(table))
        return {key: _has_columns(source, table) for key, source in zip(ids, found, strict=True) if source is not None}

    def files(self, table: Table, group_ids: Iterable[str], folder: Path) -> list[Path]:
        """Usable parts of the table as plain files, for readers that know no object store: links or copies in `folder`.

        Of a table for all groups its one file, if it is there.
        """
        if not table.is_by_group:
            return local_files([self.path(table)], folder)
        found = local_files([self.path(table, group_id) for group_id in group_ids], folder)
        return [file for file in found if _has_columns(file, table)]

    def sweep(self) -> int:
        """Delete what killed processes left behind longer than an hour ago; the number of files deleted."""
        return sweep_temporary(self.root.rglob(".*.tmp")) if isinstance(self.root, Path) else 0


def _has_columns(source: Path | BytesIO, table: Table) -> bool:
    try:
        return pl.read_parquet_schema(source) == table.schema
    except (OSError, pl.exceptions.PolarsError):
        return False


def _content_or_none(source: Path | BytesIO | None) -> BytesIO | None:
    try:
        return None if source is None else content_of(source)
    except FileNotFoundError:
        # Anything else is raised: the gate must not take a group whose part cannot be read for one without people.
        return None


def _read_or_none(source: BytesIO) -> pl.DataFrame | None:
    try:
        return pl.read_parquet(content_of(source))
    except (OSError, pl.exceptions.PolarsError):
        return None
