"""The lake: every table as Parquet, each group's part a file of its own, replaced atomically.

Belongs here: where a table's parts lie, how they are written, read and found unchanged. Nothing else in the project
reads or writes Parquet. A process killed at any moment leaves every part whole: parts are written beside their place
under a name that begins with a dot, and moved there in one step. The key of a part's inputs stands in its metadata, so
that whoever would compute it again from the same inputs can see that it is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import polars as pl

from mlops_mentor.errors import LakeError
from mlops_mentor.lake_files import LakePath, dated, replace_file, source_of, touch_file
from mlops_mentor.schemas import Table, empty, validate
from mlops_mentor.whole_files import sweep_temporary

_INPUT_KEY = "mlops_mentor.input_key"


@dataclass(frozen=True)
class Lake:
    """The tables under `root`: `<root>/<table>/<group>.parquet`, or `<root>/<table>.parquet` for whole tables."""

    root: LakePath

    def path(self, table: Table, group_id: str | None = None) -> LakePath:
        """Where the table, or the group's part of it, is stored."""
        if table.is_by_group != (group_id is not None):
            raise LakeError(f"table {table.name} is {'by group' if table.is_by_group else 'one for all groups'}")
        if group_id is None:
            return self.root / f"{table.name}.parquet"
        return self.root / table.name / f"{quote(group_id, safe=' ')}.parquet"

    def has(self, table: Table, group_id: str | None = None) -> bool:
        return self.path(table, group_id).is_file()

    def has_current(self, table: Table, group_id: str) -> bool:
        """Whether the group has a readable part with the columns of the table (an older version's may differ)."""
        try:
            return pl.read_parquet_schema(source_of(self.path(table, group_id))) == table.schema
        except (OSError, pl.exceptions.PolarsError):
            return False

    def input_key(self, table: Table, group_id: str | None = None) -> str | None:
        """The key of the inputs from which the stored part was computed; None where there is no (readable) part."""
        try:
            return pl.read_parquet_metadata(source_of(self.path(table, group_id))).get(_INPUT_KEY)
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
        replace_file(self.path(table, group_id), content.getvalue())
        return frame

    def remove(self, table: Table, group_id: str | None = None) -> None:
        """Delete the table, or the group's part of it, as if it had never been written."""
        self.path(table, group_id).unlink(missing_ok=True)

    def read(self, table: Table, group_id: str | None = None) -> pl.DataFrame:
        """The table, or the group's part of it.

        Raises:
            LakeError: it is not there, or was written with another schema.
        """
        frame = self._read_any_version(table, group_id)
        if frame.schema != table.schema:
            path = self.path(table, group_id)
            raise LakeError(f"{path}: was written by another version. Materialize {table.name} again.")
        return frame

    def _read_any_version(self, table: Table, group_id: str | None = None) -> pl.DataFrame:
        path = self.path(table, group_id)
        try:
            return pl.read_parquet(source_of(path), glob=False)
        except FileNotFoundError:
            of_group = f" of group {group_id}" if group_id is not None else ""
            raise LakeError(f"table {table.name}{of_group} is not there yet. Materialize {table.name} first.") from None
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
        if not self.has(table, group_id):
            return empty(table)
        stored = self._read_any_version(table, group_id)
        shared = [name for name, dtype in stored.schema.items() if table.schema.get(name) == dtype]
        return pl.concat([empty(table), stored.select(shared)], how="diagonal").select(table.schema.names())

    def read_groups(self, table: Table, group_ids: Iterable[str]) -> pl.DataFrame:
        """The parts of `group_ids` in one frame, in their order; groups without a usable part are left out."""
        paths = [path for path in (self.path(table, group_id) for group_id in group_ids) if path.is_file()]
        try:
            together = pl.read_parquet([*map(source_of, paths)], glob=False) if paths else empty(table)  # type: ignore[arg-type]
        except pl.exceptions.PolarsError:
            together = pl.DataFrame()
        if together.schema == table.schema:
            return together
        parts = [_read_or_none(path) for path in paths]
        return pl.concat([empty(table), *(part for part in parts if part is not None and part.schema == table.schema)])

    def sweep(self) -> int:
        """Delete what killed processes left behind longer than an hour ago; the number of files deleted."""
        return sweep_temporary(self.root.rglob(".*.tmp")) if isinstance(self.root, Path) else 0


def _read_or_none(path: LakePath) -> pl.DataFrame | None:
    try:
        return pl.read_parquet(source_of(path), glob=False)
    except (OSError, pl.exceptions.PolarsError):
        return None
