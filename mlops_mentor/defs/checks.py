"""Asset checks of the tables by group, generated from their schemas and from the snapshots' status.

Belongs here: which checks there are and what they say. Each looks at every group and names those that fail, with the
reason: the page of a failed partition shows none. They are evaluated at the end of every run that worked on groups, and
not once a group: that would make Dagster's event log three times as long, and its partitioned form is a preview.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl

from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_TABLES,
    FLAGS,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    GROUPS,
    READABLE_STATUSES,
    REPO_SNAPSHOTS,
    Table,
    problems,
)
from mlops_mentor.storage.lake import Lake

FITS_SCHEMA = "fits_schema"
IS_ACCESSIBLE = "is_accessible"
IS_FRESH = "is_fresh"
NEEDS_NO_REVIEW = "needs_no_review"
NO_SERIOUS_FLAGS = "no_serious_flags"
REVIEWER_ANSWERED = "reviewer_answered"
# What they find is no failure of ours, and may be none of anybody's.
_WARNS = (IS_FRESH, NEEDS_NO_REVIEW, NO_SERIOUS_FLAGS, REVIEWER_ANSWERED)
MAX_AGE = timedelta(days=1)
_MAX_LISTED = 50

# By group that fails, why.
Failures = dict[str, str]


def _spec(table: Table, name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=table.name, description=description)


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
        _spec(FLAGS, NO_SERIOUS_FLAGS, "No group has a flag that a TA should look at today. A flag is a question."),
    ]


FEEDBACK_CHECKS = [
    *(_spec(table, FITS_SCHEMA, _schema_description(table)) for table in FEEDBACK_TABLES),
    _spec(FEEDBACK, REVIEWER_ANSWERED, "The reviewer that is asked for has answered for every group and area."),
    _spec(FEEDBACK, NEEDS_NO_REVIEW, "No feedback contradicts the evidence or rests on too little."),
]


def evaluate_checks(selected: Collection[dg.AssetCheckKey], lake: Lake) -> Iterator[dg.AssetCheckResult]:
    """Look at every group's part of every table, for the checks that are `selected`."""
    now = datetime.now(UTC)
    group_ids = lake.read(GROUPS)["group_id"].to_list()
    snapshots = lake.read_groups(REPO_SNAPSHOTS, group_ids)
    outcomes = lake.read_groups(GROUP_OUTCOMES, group_ids)
    look: dict[str, Callable[[Table], Failures]] = {
        FITS_SCHEMA: lambda table: schema_failures(lake, table, group_ids, outcomes),
        IS_ACCESSIBLE: lambda _: access_failures(snapshots),
        NO_SERIOUS_FLAGS: lambda table: flag_failures(lake.read_groups(table, group_ids)),
        IS_FRESH: lambda _: age_failures(lake, snapshots, now),
        REVIEWER_ANSWERED: lambda table: state_failures(lake.read_groups(table, group_ids), ("stand_in", "kept")),
        NEEDS_NO_REVIEW: lambda table: state_failures(lake.read_groups(table, group_ids), ("needs_review",)),
    }
    tables = {table.name: table for table in (*GROUP_TABLES, *FEEDBACK_TABLES)}
    for key in sorted(selected, key=str):
        failures = look[key.name](tables[key.asset_key.to_user_string()])
        yield _result(key, failures, len(group_ids))


def schema_failures(lake: Lake, table: Table, group_ids: list[str], outcomes: pl.DataFrame) -> Failures:
    """Groups whose part has other columns than declared, or whose last computation did not fit and was refused.

    What a part holds was validated before it was stored. Tables of one row a group are small: they are looked at again.
    """
    refused = outcomes.filter(pl.col("failed_table") == table.name, "is_invalid")
    failures: Failures = dict(refused.select("group_id", "reason").iter_rows())
    lake = lake.keeping([table])
    for group_id, is_usable in lake.usable(table, group_ids).items():
        if not is_usable and group_id not in failures:
            failures[group_id] = "stored by another version, or damaged; re-run the group"
    if table.is_one_row and problems(replace(table, is_one_row=False), lake.read_groups(table, group_ids)):
        looked_at = [group_id for group_id in group_ids if group_id not in failures and lake.has(table, group_id)]
        parts = {group_id: lake.read(table, group_id) for group_id in looked_at}
        failures |= {group_id: "; ".join(found) for group_id, part in parts.items() if (found := problems(table, part))}
    return failures


def access_failures(snapshots: pl.DataFrame) -> Failures:
    """Groups whose repository could not be read."""
    failed = snapshots.filter(~pl.col("status").is_in(READABLE_STATUSES))
    return {group_id: f"{status}: {reason}" for group_id, status, reason in failed.select(
        "group_id", "status", "reason").iter_rows()}  # fmt: skip


def age_failures(lake: Lake, snapshots: pl.DataFrame, now: datetime) -> Failures:
    """Groups whose repository was never read, or neither read nor found unchanged within `MAX_AGE`."""
    failures = {}
    for group_id, status, fetched_at in snapshots.select("group_id", "status", "fetched_at").iter_rows():
        confirmed_at = lake.confirmed_at(REPO_SNAPSHOTS, group_id) if status in READABLE_STATUSES else None
        read_at = max(filter(None, (fetched_at, confirmed_at)), default=None)
        if read_at is None:
            failures[group_id] = "never read"
        elif now - read_at > MAX_AGE:
            failures[group_id] = f"last read {read_at:%Y-%m-%d %H:%M} UTC"
    return failures


def flag_failures(flags: pl.DataFrame) -> Failures:
    """Groups with serious flags, and what these say."""
    failures: Failures = {}
    serious = flags.filter(pl.col("severity") == "serious").select("group_id", "flag", "detail")
    for group_id, flag, detail in serious.iter_rows():
        before = f"{failures[group_id]} " if group_id in failures else ""
        failures[group_id] = f"{before}{flag}: {detail}"
    return failures


def state_failures(feedback: pl.DataFrame, states: Collection[str]) -> Failures:
    """Groups with an area in one of these states, and why."""
    failures: Failures = {}
    found = feedback.filter(pl.col("state").is_in(list(states))).select("group_id", "area", "reason")
    for group_id, area, reason in found.iter_rows():
        before = f"{failures[group_id]} " if group_id in failures else ""
        failures[group_id] = f"{before}{area}: {reason}"
    return failures


def _result(key: dg.AssetCheckKey, failures: Failures, num_groups: int) -> dg.AssetCheckResult:
    records = [dg.TableRecord({"group": group_id, "reason": reason}) for group_id, reason in failures.items()]
    named = ", ".join(list(failures)[:_MAX_LISTED])
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failures,
        severity=dg.AssetCheckSeverity.WARN if key.name in _WARNS else dg.AssetCheckSeverity.ERROR,
        description=f"{len(failures)} of {num_groups} groups: {named}" if failures else f"all {num_groups} groups",
        metadata={"groups": dg.MetadataValue.table(records)} if records else {},
    )
