"""What a table is: columns with meaning, type, unit and bounds; empty frames; validation.

Belongs here: the mechanism. The tables themselves are declared beside it, one module a stage of the data flow.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from mlops_mentor.errors import SchemaError

UTC = pl.Datetime("us", "UTC")
TEXT_LIST = pl.List(pl.String)


@dataclass(frozen=True)
class Column:
    """One column: its definition in words (with unit and source), its type, and what its values may be."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    description: str
    is_required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `key` names the columns whose values occur once; `is_by_group` tells whether each group has a part of its own;
    `is_one_row` that this part has exactly one row.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    version: str
    is_by_group: bool = True
    is_one_row: bool = False

    @cached_property
    def schema(self) -> pl.Schema:
        """Names and types, in their order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})


def count(name: str, description: str, *, is_required: bool = False) -> Column:
    """A column of whole numbers that are never negative."""
    return Column(name, pl.Int64, description, is_required=is_required, minimum=0)


GROUP_ID = Column("group_id", pl.String, "The group, as the roster calls it.", is_required=True)


def empty(table: Table) -> pl.DataFrame:
    """A frame of the table's schema without rows."""
    return pl.DataFrame(schema=table.schema)


def problems(table: Table, frame: pl.DataFrame) -> list[str]:
    """What is wrong with `frame` as (a group's part of) `table`, in words; empty when nothing is."""
    if frame.schema != table.schema:
        return _schema_problems(table, frame)
    found = []
    for column in table.columns:
        found += _column_problems(column, frame[column.name])
    if table.key and frame.height and frame.select(table.key).is_duplicated().any():
        found.append(f"{', '.join(table.key)}: values occur more than once")
    if table.is_one_row and frame.height != 1:
        found.append(f"{frame.height} rows where exactly one belongs")
    return found


def validate(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` itself.

    Raises:
        SchemaError: it does not fit the table; the text names every column that does not.
    """
    if found := problems(table, frame):
        raise SchemaError(f"table {table.name}: " + "; ".join(found))
    return frame


def _schema_problems(table: Table, frame: pl.DataFrame) -> list[str]:
    found = [f"{name}: column is missing" for name in table.schema if name not in frame.schema]
    found += [f"{name}: column is not declared" for name in frame.schema if name not in table.schema]
    found += [
        f"{name}: type is {frame.schema[name]} where {dtype} is declared"
        for name, dtype in table.schema.items()
        if name in frame.schema and frame.schema[name] != dtype
    ]
    return found or ["columns are in another order"]


def _column_problems(column: Column, values: pl.Series) -> list[str]:
    found = []
    if column.is_required and values.null_count():
        found.append(f"{column.name}: {values.null_count()} values are missing")
    if column.minimum is not None and (values < column.minimum).any():
        found.append(f"{column.name}: below {column.minimum:g}")
    if column.maximum is not None and (values > column.maximum).any():
        found.append(f"{column.name}: above {column.maximum:g}")
    if column.values and not set(values.unique().drop_nulls()) <= set(column.values):
        found.append(f"{column.name}: not one of {', '.join(column.values)}")
    return found
