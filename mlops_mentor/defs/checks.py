"""Asset checks of the tables by group, generated from their schemas and from the snapshots' status.

Belongs here: which checks there are and what they say of a group. A failing check names the group and the reason: the
page of a failed partition does not.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from mlops_mentor.defs.group_work import ChainResult, Finished
from mlops_mentor.defs.partitions import group_partitions
from mlops_mentor.freshness import GROUP_TABLES
from mlops_mentor.schemas import REPO_SNAPSHOTS, Table

FITS_SCHEMA = "fits_schema"
IS_ACCESSIBLE = "is_accessible"
IS_FRESH = "is_fresh"
MAX_AGE = timedelta(days=1)


def group_check_specs(tables: Sequence[Table]) -> list[dg.AssetCheckSpec]:
    """The checks of the tables by group."""
    specs = [_spec(table, FITS_SCHEMA, _schema_description(table)) for table in tables]
    if REPO_SNAPSHOTS in tables:
        specs += [
            _spec(REPO_SNAPSHOTS, IS_ACCESSIBLE, "The repository could be read: status `ok` or `empty`."),
            _spec(REPO_SNAPSHOTS, IS_FRESH, f"The repository was read within the last {MAX_AGE.days * 24} hours."),
        ]
    return specs


def evaluate_checks(context: dg.AssetExecutionContext, result: ChainResult) -> Iterator[dg.AssetCheckEvaluation]:
    """The checks of one group, for those tables that the run selected."""
    selected = context.selected_asset_check_keys
    for part in result.finished:
        # What does not fit is never stored, so what is stored has passed; see the end for what was refused.
        yield from _evaluation(selected, part.table, FITS_SCHEMA, result.group_id, None)
        if part.table is REPO_SNAPSHOTS:
            yield from _evaluation(selected, part.table, IS_ACCESSIBLE, result.group_id, None)
            yield from _evaluation(selected, part.table, IS_FRESH, result.group_id, _age_problem(part))
    if result.failed_table == REPO_SNAPSHOTS.name:
        yield from _evaluation(selected, REPO_SNAPSHOTS, IS_ACCESSIBLE, result.group_id, result.reason)
    elif result.is_invalid:
        table = next(table for table in GROUP_TABLES if table.name == result.failed_table)
        yield from _evaluation(selected, table, FITS_SCHEMA, result.group_id, result.reason)


def _evaluation(
    selected: set[dg.AssetCheckKey], table: Table, name: str, group_id: str, problem: str | None
) -> Iterator[dg.AssetCheckEvaluation]:
    key = dg.AssetKey(table.name)
    if dg.AssetCheckKey(key, name) not in selected:
        return
    yield dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=name,
        passed=problem is None,
        partition=group_id,
        metadata={"group": group_id, "reason": problem} if problem else {},
        severity=dg.AssetCheckSeverity.WARN if name == IS_FRESH else dg.AssetCheckSeverity.ERROR,
        description=f"Group {group_id}: {problem}" if problem else None,
    )


def _age_problem(part: Finished) -> str | None:
    fetched_at = part.frame["fetched_at"].item()
    age = datetime.now(UTC) - fetched_at
    return f"last read {fetched_at:%Y-%m-%d %H:%M} UTC" if age > MAX_AGE else None


def _spec(table: Table, name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=table.name, description=description, partitions_def=group_partitions)


def _schema_description(table: Table) -> str:
    rows = "exactly one row a group, " if table.is_one_row else ""
    return f"Declared columns and types, {rows}required values present, keys unique, numbers and names in their bounds."
