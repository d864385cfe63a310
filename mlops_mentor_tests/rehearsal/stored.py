"""What the product has stored at the moment, as its files say: who is behind, which runs have not ended.

Belongs here: reading the lake's files and Dagster's database, for the driver and the checks.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor_tests.rehearsal.repository import now
from mlops_mentor_tests.rehearsal.world import World

UNFINISHED = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING", "MANAGED")


def stored_snapshot(data: Path, group_id: str) -> dict[str, Any] | None:
    """The group's row of `repo_snapshots`."""
    file = data / "lake" / "repo_snapshots" / f"{group_id}.parquet"
    try:
        return dict(pl.read_parquet(file).row(0, named=True))
    except (OSError, pl.exceptions.PolarsError):
        return None


def stale_groups(world: World, data: Path) -> list[str]:
    """Groups whose repository can be read and of which another tip, or the time before the deadline, is stored."""
    found = []
    for team in world.teams.values():
        if not team.repository.is_readable:
            continue
        snapshot = stored_snapshot(data, team.group_id)
        is_over = now() > world.deadline_of(team)
        is_old = snapshot is not None and (
            snapshot["tip_sha"] != team.repository.tip
            or (is_over and team.repository.tip is not None and snapshot["snapshot_rule"] == "tip")
        )
        if snapshot is None or is_old:
            found.append(team.group_id)
    return found


def unfinished_runs(data: Path) -> list[tuple[str, str]]:
    """(id, status) of Dagster's runs that have not ended."""
    return [(run_id, status) for run_id, status in runs(data) if status in UNFINISHED]


def runs(data: Path) -> list[tuple[str, str]]:
    """(id, status) of all of Dagster's runs."""
    file = data / "dagster" / "history" / "runs.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        return [(str(a), str(b)) for a, b in connection.execute("select run_id, status from runs")]
