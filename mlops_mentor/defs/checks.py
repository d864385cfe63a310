"""Asset checks of the tables by group, generated from their schemas and from the snapshots' status.

Belongs here: which checks there are and what they say. Each looks at every group and names those that fail, with the
reason: the page of a failed partition shows none. They run once a wave of groups, because a check a group would make
Dagster's event log three times as long and its partitioned form is a preview.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl

from mlops_mentor.defs.automation import ONCE_A_WAVE
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.freshness import GROUP_TABLES
from mlops_mentor.lake import Lake
from mlops_mentor.schemas import GROUP_OUTCOMES, GROUPS, REPO_SNAPSHOTS, Table, problems

FITS_SCHEMA = "fits_schema"
IS_ACCESSIBLE = "is_accessible"
IS_FRESH = "is_fresh"
MAX_AGE = timedelta(days=1)
_MAX_LISTED = 50

# By group that fails, why.
Failures = dict[str, str]


def _spec(table: Table, name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=table.name, description=description, automation_condition=ONCE_A_WAVE)


def _schema_description(table: Table) -> str:
    rows = "exactly one row a group, " if table.is_one_row else ""
    return f"Declared columns and types, {rows}required values present, keys unique, numbers and names in their bounds."


def group_check_specs() -> list[dg.AssetCheckSpec]:
    """The checks of the tables by group."""
    readable = "Every repository could be read: status `ok` or `empty`."
    fresh = f"Every repository was read within the last {MAX_AGE.days * 24} hours."
    return [
        *(_spec(table, FITS_SCHEMA, _schema_description(table)) for table in GROUP_TABLES),
        _spec(REPO_SNAPSHOTS, IS_ACCESSIBLE, readable),
        _spec(REPO_SNAPSHOTS, IS_FRESH, fresh),
    ]


@dg.multi_asset_check(name="group_checks", specs=group_check_specs(), can_subset=True)
def group_checks(context: dg.AssetCheckExecutionContext, mentor: Mentor) -> Iterator[dg.AssetCheckResult]:
    """Look at every group's part of every table."""
    lake, now = mentor.lake(), datetime.now(UTC)
    group_ids = lake.read(GROUPS)["group_id"].to_list()
    snapshots = lake.read_groups(REPO_SNAPSHOTS, group_ids)
    outcomes = lake.read_groups(GROUP_OUTCOMES, group_ids)
    look: dict[str, Callable[[Table], Failures]] = {
        FITS_SCHEMA: lambda table: schema_failures(lake, table, group_ids, outcomes),
        IS_ACCESSIBLE: lambda _: access_failures(snapshots),
        IS_FRESH: lambda _: age_failures(snapshots, now),
    }
    tables = {table.name: table for table in GROUP_TABLES}
    for key in sorted(context.selected_asset_check_keys, key=str):
        failures = look[key.name](tables[key.asset_key.to_user_string()])
        yield _result(key, failures, len(group_ids))


def schema_failures(lake: Lake, table: Table, group_ids: list[str], outcomes: pl.DataFrame) -> Failures:
    """Groups whose part has other columns than declared, or whose last computation did not fit and was refused.

    What a part holds was validated before it was stored. Tables of one row a group are small: they are looked at again.
    """
    refused = outcomes.filter(pl.col("failed_table") == table.name, pl.col("reason").str.starts_with("table "))
    failures: Failures = dict(refused.select("group_id", "reason").iter_rows())
    for group_id in group_ids:
        if not lake.has(table, group_id) or group_id in failures:
            continue
        if not lake.has_current(table, group_id):
            failures[group_id] = "stored by another version; re-run the group"
        elif table.is_one_row and (found := problems(table, lake.read(table, group_id))):
            failures[group_id] = "; ".join(found)
    return failures


def access_failures(snapshots: pl.DataFrame) -> Failures:
    """Groups whose repository could not be read."""
    failed = snapshots.filter(~pl.col("status").is_in(["ok", "empty"]))
    return {group_id: f"{status}: {reason}" for group_id, status, reason in failed.select(
        "group_id", "status", "reason").iter_rows()}  # fmt: skip


def age_failures(snapshots: pl.DataFrame, now: datetime) -> Failures:
    """Groups whose repository was never read, or not within `MAX_AGE`."""
    failures = {}
    for group_id, fetched_at in snapshots.select("group_id", "fetched_at").iter_rows():
        if fetched_at is None:
            failures[group_id] = "never read"
        elif now - fetched_at > MAX_AGE:
            failures[group_id] = f"last read {fetched_at:%Y-%m-%d %H:%M} UTC"
    return failures


def _result(key: dg.AssetCheckKey, failures: Failures, num_groups: int) -> dg.AssetCheckResult:
    records = [dg.TableRecord({"group": group_id, "reason": reason}) for group_id, reason in failures.items()]
    named = ", ".join(list(failures)[:_MAX_LISTED])
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failures,
        severity=dg.AssetCheckSeverity.WARN if key.name == IS_FRESH else dg.AssetCheckSeverity.ERROR,
        description=f"{len(failures)} of {num_groups} groups: {named}" if failures else f"all {num_groups} groups",
        metadata={"groups": dg.MetadataValue.table(records)} if records else {},
    )
