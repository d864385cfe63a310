"""What the UI shows of a table: its columns, a preview, counts, the activity as a picture.

Belongs here: turning tables into Dagster metadata. Texts of students are data in tables and never Markdown of ours:
what stands in Markdown is escaped. Markdown under 1,000 characters is shown in place, so previews stay short.
"""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl
from PIL import Image

from mlops_mentor.group_work import Finished
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    TABLES,
    WORKFLOW_RUNS,
    Table,
)

_PREVIEW_ROWS = 5
_MAX_CELL = 48
_MAX_SENTENCE = 300
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


def warehouse_metadata() -> Mapping[str, Any]:
    """The definition of the warehouse: the tables that are in it, in the place of columns."""
    tables = [dg.TableColumn(table.name, "table", table.description) for table in TABLES]
    return {"dagster/column_schema": dg.TableSchema(columns=tables)}


def part_metadata(part: Finished) -> Mapping[str, Any]:
    """A group's part of a table, as a lecturer would look at it."""
    metadata: dict[str, Any] = {"dagster/partition_row_count": part.frame.height, "unchanged": part.is_unchanged}
    if describe := _DESCRIBED.get(part.table.name):
        metadata |= describe(part.frame)
    return metadata


def table_metadata(
    frame: pl.DataFrame, columns: Sequence[str], *, max_rows: int, max_cell: int = _MAX_CELL
) -> dg.TableMetadataValue:
    """The first rows of some columns, as a table of the UI; texts are cut after `max_cell` characters."""
    shown = frame.select(columns).head(max_rows)
    records = [
        dg.TableRecord({name: _cell(value, max_cell) for name, value in row.items()})
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
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![{len(matrix)} days x 24 hours](data:image/png;base64,{encoded})")


def _snapshot(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    shown = ("status", "reason", "default_branch", "snapshot_sha", "snapshot_rule", "rule_reason", "num_late_commits",
             "rewritten_from", "renamed_to")  # fmt: skip
    metadata: dict[str, Any] = {name: row[name] for name in shown if row[name] is not None}
    for name in ("snapshot_at", "deadline_at", "last_late_at", "rewritten_at"):
        if row[name] is not None:
            metadata[name] = dg.MetadataValue.timestamp(row[name])
    if row["repo_url"].startswith("https://"):
        metadata["repository"] = dg.MetadataValue.url(row["repo_url"])
    return metadata | {"mirror_mb": round((row["mirror_bytes"] or 0) / 1e6, 1)}


def _github_repo(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    shown = ("status", "reason", "full_name", "is_private", "is_archived", "is_empty", "is_fork", "num_pull_requests")
    return {name: row[name] for name in shown if row[name] is not None}


def _pushes(frame: pl.DataFrame) -> dict[str, Any]:
    newest = frame.sort("pushed_at", descending=True)
    return {
        "num_forced": int(frame["is_forced"].sum()),
        "newest": table_metadata(newest, ["pushed_at", "ref", "kind", "after"], max_rows=_PREVIEW_ROWS),
    }


def _pull_requests(frame: pl.DataFrame) -> dict[str, Any]:
    newest = frame.sort("number", descending=True)
    by_state = frame["state"].value_counts(sort=True)
    return {
        **{f"num_{state}": num for state, num in by_state.iter_rows()},
        "num_reviewed": int((frame["reviewers"].list.len() > 0).sum()),
        "newest": table_metadata(newest, ["number", "title", "state", "num_reviews"], max_rows=_PREVIEW_ROWS),
    }


def _workflow_runs(frame: pl.DataFrame) -> dict[str, Any]:
    by_result = frame.group_by("workflow", pl.coalesce("conclusion", "status").alias("result")).agg(num_runs=pl.len())
    ordered = by_result.sort("workflow", "num_runs", descending=[False, True])
    return {"by_workflow": table_metadata(ordered, ordered.columns, max_rows=4 * _PREVIEW_ROWS)}


def _flags(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["flag", "happened_at", "detail"]
    shown = table_metadata(frame, columns, max_rows=len(frame), max_cell=_MAX_SENTENCE)
    return {"to_look_at": shown} if len(frame) else {}


def _commits(frame: pl.DataFrame) -> dict[str, Any]:
    return {
        "num_on_default": int(frame["is_on_default"].sum()),
        "num_merges": int(frame["is_merge"].sum()),
        "lines_added": int(frame["lines_added"].sum()),
        "preview": table_metadata(
            frame, ["authored_at", "author_name", "message", "lines_added"], max_rows=_PREVIEW_ROWS
        ),
    }


def _contributors(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["name", "kind", "num_commits", "num_co_authored", "lines_added", "num_active_days"]
    return {
        "num_persons": int((frame["kind"] == "person").sum()),
        "preview": table_metadata(frame, columns, max_rows=2 * _PREVIEW_ROWS),
    }


def _files(frame: pl.DataFrame) -> dict[str, Any]:
    by_kind = frame.group_by("kind").agg(
        num_files=pl.len(), mb=(pl.col("bytes").sum() / 1e6).round(2), lines=pl.col("lines").sum()
    )
    ordered = by_kind.sort("num_files", descending=True)
    return {
        "num_unavailable": int(frame["is_available"].not_().sum()),
        "by_kind": table_metadata(ordered, ordered.columns, max_rows=len(ordered)),
    }


def _repo_stats(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    numbers = {
        name: value for name, value in row.items() if name not in ("activity_matrix", "group_id", "not_available")
    }
    table = pl.DataFrame(
        {"number": list(numbers), "value": [_cell(value) for value in numbers.values()]},
        schema_overrides={"value": pl.String},
    )
    return {
        "activity": activity_picture(row["activity_matrix"] or []),
        "numbers": table_metadata(table, ["number", "value"], max_rows=len(numbers)),
    }


_DESCRIBED: Mapping[str, Callable[[pl.DataFrame], dict[str, Any]]] = {
    GITHUB_REPOS.name: _github_repo,
    PUSHES.name: _pushes,
    REPO_SNAPSHOTS.name: _snapshot,
    PULL_REQUESTS.name: _pull_requests,
    WORKFLOW_RUNS.name: _workflow_runs,
    FLAGS.name: _flags,
    COMMITS.name: _commits,
    CONTRIBUTORS.name: _contributors,
    FILES.name: _files,
    REPO_STATS.name: _repo_stats,
}


def _cell(value: Any, max_cell: int = _MAX_CELL) -> str:
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
