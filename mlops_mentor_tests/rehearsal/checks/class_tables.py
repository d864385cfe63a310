"""Tables over all groups, and the warehouse: a row a group of the roster, unique keys, and nothing forgotten.

Belongs here: what can be told from the roster's file, the Parquet files and what readers have been shown.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from mlops_mentor.schemas import LEADERBOARD_HISTORY, TABLES
from mlops_mentor_tests.rehearsal.world import World


def check_class(world: World, data: Path, shown: set[tuple[str, str]]) -> Iterator[str]:
    """Leaderboard, history, keys, left-over parts, and the warehouse's rows."""
    lake = data / "lake"
    roster = [row["group_nb"] for row in csv.DictReader(world.roster.read_text().splitlines())]
    board = pl.read_parquet(lake / "leaderboard.parquet")
    if board["group_id"].to_list() != roster:
        yield f"the leaderboard has {board['group_id'].to_list()} in place of {roster}"
    for row in board.iter_rows(named=True):
        team = world.teams.get(row["group_id"])
        wanted = None if team is None else ("ok", "empty") if team.repository.is_readable else ("failed",)
        if wanted is not None and row["state"] not in wanted:
            yield f"group {row['group_id']} is {row['state']} ({row['reason']}) in place of {wanted}"
    history = set(pl.read_parquet(lake / "leaderboard_history.parquet").select("group_id", "snapshot_sha").rows())
    if lost := shown - history:
        yield f"the history lost {len(lost)} of {len(shown)} that were shown: {sorted(lost)[:3]}"
    yield from _keys(lake, set(roster))
    yield from _warehouse(data, lake, roster)


def _keys(lake: Path, roster: set[str]) -> Iterator[str]:
    for table in TABLES:
        if table.is_by_group:
            # Parts of groups that have left stay, should they come back; nothing is made of them.
            files = sorted((lake / table.name).glob("[!.]*.parquet"))
        else:
            files = [lake / f"{table.name}.parquet"]
        for file in files:
            if not file.exists():
                yield f"{file.name} is missing"
                continue
            frame = pl.read_parquet(file)
            if frame.select(list(table.key)).is_duplicated().any():
                yield f"{table.name}/{file.name}: rows with the same key"
            is_of_all = not table.is_by_group and table is not LEADERBOARD_HISTORY and "group_id" in frame.columns
            if is_of_all and (extra := set(frame["group_id"]) - roster):
                yield f"{table.name} has rows of groups that are not in the roster: {sorted(extra)}"
            if table.is_by_group and frame.height and set(frame["group_id"]) != {file.stem}:
                yield f"{table.name}/{file.name} has rows of {sorted(set(frame['group_id']))}"


def _warehouse(data: Path, lake: Path, roster: list[str]) -> Iterator[str]:
    with duckdb.connect(str(data / "mentor.duckdb"), read_only=True) as connection:
        for table in TABLES:
            if table.is_by_group:
                parts = [lake / table.name / f"{group_id}.parquet" for group_id in roster]
                wanted = sum(pl.read_parquet(file).height for file in parts if file.exists())
            else:
                wanted = pl.read_parquet(lake / f"{table.name}.parquet").height
            (found,) = connection.execute(f'select count(*) from "{table.name}"').fetchone() or (None,)
            if found != wanted:
                yield f"the warehouse has {found} rows of {table.name}, the lake {wanted}"
