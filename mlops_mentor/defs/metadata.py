"""What the UI shows of a table: columns, rows, the activity as a picture. Groups' parts are for `part_metadata`.

Belongs here: turning tables into Dagster metadata. Texts of students are data in tables and never Markdown of ours:
what stands in Markdown is escaped. Markdown under 1,000 characters is shown in place, so previews stay short.
"""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl
from PIL import Image

from mlops_mentor.schemas import Table

_MAX_CELL = 48
# From no commit (pale) to the busiest hour (dark): readable in both themes of the UI and by the colour-blind.
_SHADES = ((235, 237, 240), (253, 216, 146), (247, 158, 82), (214, 86, 52), (131, 30, 30))
_PIXELS_AN_HOUR = 8


def asset_metadata(table: Table) -> Mapping[str, Any]:
    """The definition of a table: its columns with types, meanings and constraints."""
    columns = [
        dg.TableColumn(
            column.name,
            _type_name(column.dtype),
            column.description,
            dg.TableColumnConstraints(nullable=not column.is_required, unique=(column.name,) == table.key),
        )
        for column in table.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns), "dagster/table_name": table.name}


def tables_metadata(tables: Iterable[Table]) -> Mapping[str, Any]:
    """The definition of what holds several tables, such as the warehouse: these, in the place of columns."""
    columns = [dg.TableColumn(table.name, "table", table.description) for table in tables]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def table_metadata(
    frame: pl.DataFrame, columns: Sequence[str], *, max_rows: int, max_cell: int = _MAX_CELL
) -> dg.TableMetadataValue:
    """The first rows of some columns, as a table of the UI; texts are cut after `max_cell` characters."""
    shown = frame.select(columns).head(max_rows)
    records = [
        dg.TableRecord({name: cell(value, max_cell) for name, value in row.items()})
        for row in shown.iter_rows(named=True)
    ]
    schema = dg.TableSchema(columns=[dg.TableColumn(name, _type_name(shown.schema[name])) for name in columns])
    return dg.MetadataValue.table(records, schema)


def activity_picture(matrix: Sequence[Sequence[int]]) -> dg.MarkdownMetadataValue:
    """Days (downwards) x 24 hours (to the right), the darker the more commits; a PNG of a few hundred bytes."""
    highest = max((max(row) for row in matrix), default=0)
    if highest == 0:
        return dg.MetadataValue.md("No commits.")
    image = Image.new("P", (len(matrix[0]), len(matrix)))
    image.putpalette([channel for shade in _SHADES for channel in shade])
    steps = len(_SHADES) - 1
    image.putdata([0 if count == 0 else 1 + (count - 1) * steps // highest for row in matrix for count in row])
    drawn = image.resize((image.width * _PIXELS_AN_HOUR, image.height * _PIXELS_AN_HOUR), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", optimize=True, bits=4)
    return png_metadata(buffer.getvalue(), f"{len(matrix)} days x 24 hours")


def png_metadata(png: bytes, title: str) -> dg.MarkdownMetadataValue:
    """A small picture; `title` is a text of ours."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})")


def cell(value: Any, max_cell: int = _MAX_CELL) -> str:
    """A value as a cell of a table shows it, in one line."""
    if value is None:
        return ""
    text = (
        f"{value:,.1f}"
        if isinstance(value, float)
        else f"{value:%Y-%m-%d %H:%M}"
        if hasattr(value, "strftime")
        else str(value)
    )
    text = " ".join(text.split())
    return text if len(text) <= max_cell else text[: max_cell - 1] + "…"


def _type_name(dtype: Any) -> str:
    return str(dtype() if isinstance(dtype, type) else dtype).lower()
