"""The warehouse: one DuckDB file with every table, built from the lake and published in one step.

Belongs here: building, publishing and querying it. One process may hold a DuckDB file for writing and then nobody else
can open it at all, so the published file is never written: a new one is built beside it and put in its place. Readers
open it read-only, for one query each, and so never meet a writer.
"""

import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb  # noqa: TID251 - the one place that knows DuckDB
import polars as pl

from mlops_mentor.errors import WarehouseError
from mlops_mentor.schemas import TABLES, Table
from mlops_mentor.storage.lake import Lake
from mlops_mentor.storage.whole_files import sweep_temporary

_SQL_TYPES = {
    "String": "varchar",
    "Int64": "bigint",
    "Int32": "integer",
    "Float64": "double",
    "Boolean": "boolean",
    "Date": "date",
}
_VIEW = re.compile(r"((?:^--[^\n]*\n)+)(create view (\w+) as\n.*?;)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Result:
    """Names of the columns and the rows of a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def publish_warehouse(lake: Lake, file: Path, group_ids: Sequence[str], input_key: str = "") -> dict[str, int]:
    """Build `file` anew from the lake and put it in place; the number of rows by table.

    Tables by group hold the parts of `group_ids`. Tables that do not exist yet are empty. `input_key` is kept in it,
    for `published_key`.

    Raises:
        WarehouseError: a table of the lake cannot be read; what was published before stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        sweep_temporary(file.parent.glob(f".{file.name}.*.tmp*"))
        with duckdb.connect(str(fresh)) as connection:
            connection.begin()
            counts = {table.name: _load(connection, lake, table, group_ids) for table in TABLES}
            _create_views(connection)
            _note_publication(connection, input_key)
            connection.commit()
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(fresh.name + ".wal").unlink(missing_ok=True)
    return counts


def published_key(file: Path) -> str | None:
    """The key of the inputs from which the file was published; None where there is no (readable) one."""
    try:
        return str(query(file, "select input_key from publication").rows[0][0])
    except WarehouseError:
        return None


def query(file: Path, sql: str, parameters: Sequence[object] = ()) -> Result:
    """Answer one query on the published warehouse, read-only, without access to other files.

    Raises:
        WarehouseError: nothing was published yet, or the query is wrong; DuckDB's own words are in the text.
    """
    if not file.exists():
        raise WarehouseError(f"{file} is not there yet. Run `mlops-mentor run`, or materialize `warehouse`.")
    try:
        with duckdb.connect(str(file), read_only=True, config={"enable_external_access": "false"}) as connection:
            cursor = connection.execute(sql, parameters) if parameters else connection.execute(sql)
            columns = tuple(column[0] for column in cursor.description or ())
            return Result(columns, cursor.fetchall())
    except duckdb.Error as error:
        raise WarehouseError(str(error)) from None


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, group_ids: Iterable[str]) -> int:
    columns = ", ".join(f'"{name}" {_sql_type(dtype)}' for name, dtype in table.schema.items())
    connection.execute(f'create table "{table.name}" ({columns})')
    # Plain files of its own: for an object store DuckDB would fetch an extension, and ask for each file six times.
    with TemporaryDirectory() as folder:
        _insert(connection, lake, table, lake.files(table, group_ids, Path(folder)))
    connection.execute(f"comment on table \"{table.name}\" is '{_quoted(table.description)}'")
    for column in table.columns:
        connection.execute(f'comment on column "{table.name}"."{column.name}" is \'{_quoted(column.description)}\'')
    return len(connection.table(table.name))


def _insert(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, files: Sequence[Path]) -> None:
    if files:
        # By position: a part of another version would be refused rather than put into the wrong columns.
        names = ", ".join(f'"{name}"' for name in table.schema)
        insert = f'insert into "{table.name}" select {names} from read_parquet(?)'  # noqa: S608 - names of our schema
        try:
            connection.execute(insert, [[str(file) for file in files]])
        except duckdb.Error as error:
            place = lake.root / table.name if table.is_by_group else lake.path(table)
            raise WarehouseError(
                f"{place}: cannot be loaded. Materialize {table.name} again. DuckDB says: {error}"
            ) from None


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    text = Path(__file__).with_name("views.sql").read_text(encoding="utf-8")
    for comment, statement, name in _VIEW.findall(text):
        connection.execute(statement)
        description = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
        connection.execute(f"comment on view {name} is '{_quoted(description)}'")


def _note_publication(connection: duckdb.DuckDBPyConnection, input_key: str) -> None:
    connection.execute("create table publication as select now() as published_at, ? as input_key", [input_key])
    connection.execute("comment on table publication is 'When this file was published, and from what.'")
    connection.execute("comment on column publication.published_at is 'When (UTC).'")
    connection.execute("comment on column publication.input_key is 'Changes with the groups and what they consist of.'")


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _sql_type(dtype: Any) -> str:
    if isinstance(dtype, pl.List):
        return f"{_sql_type(dtype.inner)}[]"
    if isinstance(dtype, pl.Datetime):
        return "timestamptz"
    if isinstance(dtype, pl.Struct):
        fields = ", ".join(f'"{field.name}" {_sql_type(field.dtype)}' for field in dtype.fields)
        return f"struct({fields})"
    return _SQL_TYPES[str(dtype)]
