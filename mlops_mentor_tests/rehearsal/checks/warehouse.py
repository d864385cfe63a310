"""What repeats other tables: the warehouse, the leaderboard, the state of groups. Every cell is the same as there.

Belongs here: comparing tables with one another. Whether their sources are right, other checks have said.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from mlops_mentor.schemas import TABLES
from mlops_mentor_tests.rehearsal.checks.repositories import part
from mlops_mentor_tests.rehearsal.world import World


def check_repeated(world: World, data: Path) -> Iterator[str]:
    """Leaderboard, its history, group_status."""
    lake = data / "lake"
    board = pl.read_parquet(lake / "leaderboard.parquet").rows(named=True)
    yield from _leaderboard(world, lake, board)
    yield from _history(world, lake, board)
    yield from _status(world, lake, board)


def check_warehouse(world: World, data: Path) -> Iterator[str]:
    """Every table of the warehouse, against the lake's files, by DuckDB's own reader."""
    with duckdb.connect(str(data / "mentor.duckdb"), read_only=True) as connection:
        for table in TABLES:
            names = [f"{table.name}/{group_id}" for group_id in world.teams] if table.is_by_group else [table.name]
            files = [str(file) for name in names if (file := data / "lake" / f"{name}.parquet").exists()]
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            copy = f'select {columns} from "{table.name}"'
            source = f"select {columns} from read_parquet({files})" if files else f"{copy} limit 0"
            lost, many = (
                connection.execute(f"select count(*) from ({one} except all {other})").fetchall()[0][0]
                for one, other in ((source, copy), (copy, source))
            )
            if lost or many:
                yield f"{table.name}: {lost} rows of the lake are not in the warehouse, {many} only there"


def _leaderboard(world: World, lake: Path, board: list[dict[str, Any]]) -> Iterator[str]:
    raised = Counter(row["group_id"] for row in pl.read_parquet(lake / "same_code.parquet").iter_rows(named=True))
    for row in board:
        stats = part(lake, "repo_stats", row["group_id"])
        team = world.teams.get(row["group_id"])
        for name in sorted(row.keys() & stats[0].keys() - {"group_size"}) if stats else ():
            if row[name] != stats[0][name]:
                yield f"leaderboard.{name} of {row['group_id']} is {row[name]}, in repo_stats {stats[0][name]}"
        if team is not None and row["group_size"] != len(team.members):
            yield f"leaderboard.group_size of {row['group_id']} is {row['group_size']}"
        num_flags = raised[row["group_id"]] + len(part(lake, "flags", row["group_id"]))
        if row["num_flags"] is not None and row["num_flags"] != num_flags:
            yield f"leaderboard.num_flags of {row['group_id']} is {row['num_flags']} in place of {num_flags}"


def _history(world: World, lake: Path, board: list[dict[str, Any]]) -> Iterator[str]:
    shown = {(row["group_id"], row["snapshot_sha"]): row for row in board}
    for row in pl.read_parquet(lake / "leaderboard_history.parquet").iter_rows(named=True):
        key = (row["group_id"], row["snapshot_sha"])
        now = shown.get(key)
        for name in sorted(row.keys() & (now or {}).keys()):
            if now is not None and now["state"] != "failed" and row[name] != now[name]:
                yield f"leaderboard_history.{name} of {key} is {row[name]}, in the leaderboard {now[name]}"
        team = world.teams.get(row["group_id"])
        if team is not None and team.repository.is_readable and key[1] not in _stood(team.repository):
            yield f"leaderboard_history has {key}, where the branch never stood"


def _stood(repository: Any) -> set[str]:
    tips = [push.sha for push in repository.pushes]
    return set(repository.git("rev-list", "--first-parent", *tips).split()) if tips else set()


def _status(world: World, lake: Path, board: list[dict[str, Any]]) -> Iterator[str]:
    states = {row["group_id"]: (row["state"], row["reason"]) for row in board}
    for row in pl.read_parquet(lake / "group_status.parquet").iter_rows(named=True):
        group_id = row["group_id"]
        if (row["state"], row["reason"]) != states.get(group_id):
            yield f"group_status says {row['state']} of {group_id}, the leaderboard {states.get(group_id)}"
        snapshots, team = part(lake, "repo_snapshots", group_id), world.teams.get(group_id)
        names = ("snapshot_sha", "snapshot_rule", "deadline_at", "renamed_to", "fetched_at", "repo_url")
        for name in names if snapshots else ():
            if row[name] != snapshots[0][name]:
                yield f"group_status.{name} of {group_id} is {row[name]}, in repo_snapshots {snapshots[0][name]}"
        if team is not None and row["repo_url"] != team.repository.address:
            yield f"group_status.repo_url of {group_id} is {row['repo_url']}"
        outcomes = part(lake, "group_outcomes", group_id)
        if row["state"] == "ok" and [each["failed_table"] for each in outcomes] != [None]:
            yield f"group {group_id} is ok, and group_outcomes has {outcomes}"
