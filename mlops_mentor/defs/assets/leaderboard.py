"""Assets over all groups: `group_status`, `leaderboard`, `leaderboard_history`, `same_code`,
`warehouse`.

They refresh once a wave: when groups have been worked on and none is being worked on any more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl
from filelock import FileLock

from mlops_mentor.chain.freshness import class_inputs_key, class_key
from mlops_mentor.defs.automation import ONCE_A_WAVE
from mlops_mentor.defs.group_step import OWNER
from mlops_mentor.defs.metadata import asset_metadata, table_metadata, tables_metadata
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.leaderboard.tables import group_status_frame, leaderboard_frame, leaderboard_history_frame
from mlops_mentor.leaderboard.warehouse import publish_warehouse
from mlops_mentor.metrics.earlier_years import read_earlier_years
from mlops_mentor.metrics.same_code import ClassContent, same_code_frame
from mlops_mentor.repos.starter import read_starter_commits, starter_addresses, starter_mirror
from mlops_mentor.schemas import (
    COMMITS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    GROUP_OUTCOMES,
    GROUP_STATUS,
    GROUPS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    REPO_SNAPSHOTS,
    REPO_STATS,
    SAME_CODE,
    TABLES,
    Table,
)
from mlops_mentor.storage.lake import Lake

_MAX_PREVIEW = 200
_SHOWN = [
    "group_id", "state", "group_size", "progress", "checklist_shown", "report_answered", "tests_and_ci",
    "reproducibility", "balance", "num_contributors", "num_commits_to_main", "total_commits", "num_active_days",
    "num_prs", "share_merged_prs_reviewed", "actions_passing", "lines_python", "lines_test", "num_docker_files",
    "num_workflow_files", "readme_length", "latest_commit", "num_late_commits", "num_flags",
    "num_serious_flags", "reason",
]  # fmt: skip


HAS_EVERY_GROUP = "has_every_group"
_SAME_CODE_SPEC = dg.AssetCheckSpec(
    "no_serious_flags",
    asset=SAME_CODE.name,
    description="No group has commits, or a large share of its code, of another group or an earlier year. A question.",
)


def _whole_table_asset(table: Table, deps: list[str], checks: Sequence[dg.AssetCheckSpec] = ()) -> Any:
    return dg.asset(
        name=table.name,
        deps=deps,
        description=table.description,
        metadata=asset_metadata(table),
        group_name="leaderboard",
        code_version=table.version,
        owners=[OWNER],
        kinds={"polars"},
        automation_condition=ONCE_A_WAVE,
        check_specs=checks,
    )


def _every_group_spec(table: Table) -> dg.AssetCheckSpec:
    description = "Every group of the roster is in, once, also those that failed."
    return dg.AssetCheckSpec(HAS_EVERY_GROUP, asset=table.name, description=description)


def _every_group_check(frame: pl.DataFrame, group_ids: list[str]) -> dg.AssetCheckResult:
    found = frame["group_id"].to_list()
    absent = [group_id for group_id in group_ids if group_id not in found]
    return dg.AssetCheckResult(
        check_name=HAS_EVERY_GROUP, passed=sorted(found) == sorted(group_ids), metadata={"absent": ", ".join(absent)}
    )


@_whole_table_asset(
    GROUP_STATUS, ["groups", "github_repos", "repo_snapshots", "repo_stats"], [_every_group_spec(GROUP_STATUS)]
)
def group_status(mentor: Mentor) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class alone
    """Where every group stands, and why."""
    lake = mentor.lake()
    groups, ids = _groups(lake)
    status = group_status_frame(
        groups,
        lake.read_groups(REPO_SNAPSHOTS, ids),
        lake.read_groups(GITHUB_REPOS, ids),
        lake.read_groups(GROUP_OUTCOMES, ids),
    )
    lake.write(GROUP_STATUS, status)
    failed = status.filter(pl.col("state") != "ok")
    return dg.MaterializeResult(
        check_results=[_every_group_check(status, ids)],
        metadata={
            "dagster/row_count": status.height,
            "num_ok": int((status["state"] == "ok").sum()),
            "to_look_at": table_metadata(failed, ["group_id", "state", "reason"], max_rows=_MAX_PREVIEW),
        },
    )


@_whole_table_asset(SAME_CODE, ["groups", "starter_files", "files", "commits"], [_SAME_CODE_SPEC])
def same_code(mentor: Mentor) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class alone
    """Who has files or commits of another group, or of an earlier year: ids are compared, and nothing else."""
    lake, settings = mentor.lake(), mentor.settings()
    _, ids = _groups(lake)
    course = settings.the_course
    addresses = starter_addresses(course.starter_code, settings.course_file)
    mirrors = [starter_mirror(settings.mirrors_dir, address) for address in addresses]
    content = ClassContent(
        ids,
        lake.read_groups(FILES, ids),
        lake.read_groups(COMMITS, ids),
        read_starter_commits(mirror for mirror in mirrors if mirror.exists()),
    )
    frame = same_code_frame(content, read_earlier_years(settings.earlier_years_dir), course.flags)
    lake.write(SAME_CODE, frame)
    serious = frame.filter(pl.col("severity") == "serious")
    shown = table_metadata(frame, ["group_id", "severity", "detail", "path"], max_rows=_MAX_PREVIEW)
    check = dg.AssetCheckResult(
        check_name=_SAME_CODE_SPEC.name,
        passed=serious.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"groups": table_metadata(serious, ["group_id", "detail"], max_rows=_MAX_PREVIEW)},
    )
    return dg.MaterializeResult(
        check_results=[check], metadata={"dagster/row_count": frame.height, "to_look_at": shown}
    )


@_whole_table_asset(
    LEADERBOARD, ["groups", "group_status", "repo_stats", "flags", "same_code"], [_every_group_spec(LEADERBOARD)]
)
def leaderboard(mentor: Mentor) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class alone
    """The class at a glance, in the roster's order."""
    lake = mentor.lake()
    groups, ids = _groups(lake)
    frame = leaderboard_frame(
        groups,
        lake.read(GROUP_STATUS),
        lake.read_groups(REPO_STATS, ids),
        lake.read_groups(FLAGS, ids),
        lake.read_or_empty(SAME_CODE),
    )
    lake.write(LEADERBOARD, frame)
    return dg.MaterializeResult(
        check_results=[_every_group_check(frame, ids)],
        metadata={
            "dagster/row_count": frame.height,
            "leaderboard": table_metadata(frame, _SHOWN, max_rows=_MAX_PREVIEW),
        },
    )


@_whole_table_asset(LEADERBOARD_HISTORY, ["groups", "leaderboard"])
def leaderboard_history(mentor: Mentor) -> dg.MaterializeResult[Any]:
    """What the leaderboard has shown: one row a group and snapshot commit."""
    lake = mentor.lake()
    groups, _ = _groups(lake)
    # Two runs at once would each add to what they read, and one addition would be lost.
    with _class_lock(mentor):
        history = lake.read_or_empty(LEADERBOARD_HISTORY)
        frame = leaderboard_history_frame(history, lake.read(LEADERBOARD), groups, datetime.now(UTC))
        lake.write(LEADERBOARD_HISTORY, frame)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": frame.height, "num_added": frame.height - history.height}
    )


@dg.asset(
    # All that is published but the roster, which others bring up to date; outcomes are no asset.
    deps=[table.name for table in TABLES if table not in (GROUPS, GROUP_OUTCOMES)],
    group_name="leaderboard",
    metadata=tables_metadata(TABLES),
    owners=[OWNER],
    kinds={"duckdb"},
    automation_condition=ONCE_A_WAVE,
)
def warehouse(mentor: Mentor) -> dg.MaterializeResult[Any]:
    """Every table in one DuckDB file, `mentor.duckdb`, with views and comments; replaced in one step."""
    lake, file = mentor.lake(), mentor.settings().warehouse_file
    _, ids = _groups(lake)
    # The newer of two must be published last.
    with _class_lock(mentor):
        # The key is taken before the tables are read: what changes meanwhile must not count as published.
        counts = publish_warehouse(lake, file, ids, class_key(lake, class_inputs_key(mentor.settings())))
    rows = pl.DataFrame({"table": list(counts), "num_rows": list(counts.values())})
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(file)),
            "mb": round(file.stat().st_size / 1e6, 1),
            "tables": table_metadata(rows, rows.columns, max_rows=len(rows)),
        }
    )


def _groups(lake: Lake) -> tuple[pl.DataFrame, list[str]]:
    groups = lake.read(GROUPS)
    return groups, groups["group_id"].to_list()


def _class_lock(mentor: Mentor) -> FileLock:
    locks_dir = mentor.settings().locks_dir
    locks_dir.mkdir(parents=True, exist_ok=True)
    return FileLock(locks_dir / "class.lock", timeout=600)
