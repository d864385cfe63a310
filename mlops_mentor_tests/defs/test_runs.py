"""Runs: each group's failure is its own, is told, and is mended alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlops_mentor.chain.changes import changed_groups
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.launch import launcher
from mlops_mentor.defs.partitions import group_partitions
from mlops_mentor.errors import SchemaError
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.repos.commits import read_commits
from mlops_mentor.repos.files import read_files
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import (
    COMMITS,
    FILES,
    GITHUB_TABLES,
    GROUP_TABLES,
    GROUPS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    REPO_STATS,
    Table,
)
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom

MakeRoom = Callable[..., Classroom]
ON_GITHUB = [table.name for table in GITHUB_TABLES]
FROM_GIT = [table.name for table in GROUP_TABLES if table not in GITHUB_TABLES]


def materialized(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def statuses(instance: dg.DagsterInstance, asset: str, group_ids: Iterable[str]) -> dict[str, str]:
    found = instance.get_status_by_partition(dg.AssetKey(asset), list(group_ids), group_partitions)
    return {group_id: status.value if status else "missing" for group_id, status in (found or {}).items()}


def failing(instance: dg.DagsterInstance, asset: str, name: str) -> dict[str, str]:
    """Why groups fail a check, by group, as its last evaluation says."""
    for run in instance.get_runs():
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
            said = entry.get_dagster_event().asset_check_evaluation_data
            if (said.asset_key.to_user_string(), said.check_name) == (asset, name):
                shown = said.metadata.get("groups")
                records = shown.records if isinstance(shown, dg.TableMetadataValue) else []
                failures = {str(record.data["group"]): str(record.data["reason"]) for record in records}
                assert said.passed is (not failures)
                assert all(group_id in (said.description or "") for group_id in failures)
                return failures
    raise AssertionError(f"{name} of {asset} was never evaluated")


def changed(room: Classroom) -> list[str]:
    groups = groups_from_frame(room.lake.read(GROUPS))
    return [group.group_id for group in changed_groups(room.settings, groups)]


def is_unchanged(instance: dg.DagsterInstance, asset: str, group_id: str) -> object:
    """What the last materialization of a group's part says."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[group_id])
    found = instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
    return found.metadata["unchanged"].value if found else None


@dataclass(frozen=True)
class Troubled:
    """A class after a run in which groups failed in every way, and one that is well before and after them."""

    room: Classroom
    well: tuple[str, ...] = ("1", "9")


def spoil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Group 2: a stored table does not fit; 3: a bug; 4: what is computed does not fit; 5: the disk is full."""

    def commits(mirror: Path, group_id: str, *rest: Any) -> pl.DataFrame:
        if group_id == "2":
            raise SchemaError("table commits: sha: 1 values are missing")
        if group_id == "3":
            raise ZeroDivisionError("division by zero")
        return read_commits(mirror, group_id, *rest)

    def files(mirror: Path, group_id: str, *rest: Any) -> pl.DataFrame:
        frame = read_files(mirror, group_id, *rest)
        return frame.with_columns(bytes=pl.lit(-1, pl.Int64)) if group_id == "4" else frame

    def full(self: Lake, table: Table, frame: pl.DataFrame, group_id: str | None = None, **rest: str) -> pl.DataFrame:
        if (table, group_id) == (COMMITS, "5"):
            raise OSError(28, "No space left on device")
        return write(self, table, frame, group_id, **rest)

    write = Lake.write
    monkeypatch.setattr("mlops_mentor.defs.assets.repos.read_commits", commits)
    monkeypatch.setattr("mlops_mentor.defs.assets.repos.read_files", files)
    monkeypatch.setattr(Lake, "write", full)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """Group 6 has no repository, 7 an empty one; `ghost` is a partition without a group."""
    room = make_classroom(tmp_path_factory.mktemp("class"), ["1", "2", "3", "4", "5", "9"])
    room.make_group("7", num_commits=0)
    room.write_roster(["1", "2", "3", "4", "5", "6", "7", "9"])
    with pytest.MonkeyPatch.context() as monkeypatch, launcher(room.settings) as started:
        spoil(monkeypatch)
        started.run_roster()
        with open_instance(room.settings) as instance:
            instance.add_dynamic_partitions("group", ["ghost"])
        started.run_groups({"1", "2", "3", "4", "5", "6", "7", "9", "ghost"})
        started.run_class()
    return Troubled(room)


def test_failed_groups_show_as_failed_and_the_others_as_materialized(troubled: Troubled) -> None:
    with open_instance(troubled.room.settings) as instance:
        shown = statuses(instance, "commits", ["1", "2", "3", "4", "5", "7", "9"])
        assert {group_id for group_id, status in shown.items() if status == "FAILED"} == {"2", "3", "5"}
        assert materialized(instance, "commits") == {"1", "4", "7", "9"}
        assert materialized(instance, "files") == {"1", "7", "9"}
        assert materialized(instance, "repo_stats") == {"1", "7", "9"}
        assert statuses(instance, "repo_snapshots", ["1", "2", "6", "ghost"]) == {
            "1": "MATERIALIZED", "2": "MATERIALIZED", "6": "FAILED", "ghost": "FAILED",
        }  # fmt: skip


def test_the_state_of_every_group_has_table_and_reason(troubled: Troubled) -> None:
    missing = f"{troubled.room.repository('6')} does not exist. Correct the roster, or put the repository there."
    found = {
        group_id: (row["state"], row["failed_table"], row["reason"]) for group_id, row in troubled.room.status().items()
    }
    assert found == {
        "1": ("ok", None, None),
        "2": ("failed", "commits", "table commits: sha: 1 values are missing"),
        "3": ("failed", "commits", "ZeroDivisionError: division by zero"),
        "4": ("failed", "files", "table files: bytes: below 0"),
        "5": ("failed", "commits", "OSError: [Errno 28] No space left on device"),
        "6": ("failed", "repo_snapshots", missing),
        "7": ("empty", None, "The repository has no commits yet."),
        "9": ("ok", None, None),
    }


def test_a_failing_check_names_the_groups_and_why(troubled: Troubled) -> None:
    with open_instance(troubled.room.settings) as instance:
        accessible = failing(instance, "repo_snapshots", "is_accessible")
        assert list(accessible) == ["6"]
        assert accessible["6"].startswith("not_found: ")
        assert failing(instance, "repo_snapshots", "is_fresh") == {"6": "never read"}
        assert failing(instance, "commits", "fits_schema") == {"2": "table commits: sha: 1 values are missing"}
        assert failing(instance, "files", "fits_schema") == {"4": "table files: bytes: below 0"}
        assert failing(instance, "repo_stats", "fits_schema") == {}


def test_the_failed_run_names_every_group_that_failed(troubled: Troubled) -> None:
    with open_instance(troubled.room.settings) as instance:
        failures = [entry.get_dagster_event().step_failure_data for run in instance.get_runs()
                    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)]  # fmt: skip
    (failure,) = failures
    assert failure.user_failure_data is not None
    told = failure.user_failure_data.description or ""
    assert told.startswith("6 of 9 groups failed; the others are done.")
    assert [group_id for group_id in ("2", "3", "4", "5", "6", "ghost") if f"- group {group_id}, " not in told] == []
    assert "group ghost is not in the roster any more. Materialize `groups`." in told


def test_what_does_not_fit_is_not_stored_and_every_group_is_on_the_board(troubled: Troubled) -> None:
    lake = troubled.room.lake
    assert not lake.has(FILES, "4")
    assert all(lake.has(REPO_STATS, group_id) for group_id in "12345679")
    board = lake.read(LEADERBOARD)
    assert board["group_id"].to_list() == ["1", "2", "3", "4", "5", "6", "7", "9"]
    assert board["total_commits"].to_list() == [3, None, None, None, None, None, 0, 3]


def test_only_what_failed_is_worked_on_again_and_what_changed(make_room: MakeRoom) -> None:
    room = make_room(["1", "2", "4"])
    room.write_roster(["1", "2", "3", "4"])
    room.refresh(["1", "2", "3", "4"])
    assert changed(room) == ["3"]
    stored = {name: room.lake.path(COMMITS, name).stat().st_ino for name in ("1", "2")}
    history = room.lake.read(LEADERBOARD_HISTORY)
    room.make_group("3")
    room.make_group("2", num_commits=1)
    assert changed(room) == ["2", "3"]
    # Group 1 is asked for all the same, as `--group` does.
    room.refresh(["1", *changed(room)])
    with open_instance(room.settings) as instance:
        assert statuses(instance, "repo_snapshots", "1234") == dict.fromkeys("1234", "MATERIALIZED")
        for name in FROM_GIT:
            assert {g: is_unchanged(instance, name, g) for g in "123"} == {"1": True, "2": False, "3": False}, name
        for name in ON_GITHUB:
            # They are elsewhere, whatever is pushed there.
            assert [is_unchanged(instance, name, g) for g in "12"] == [True, True], name
        assert failing(instance, "repo_snapshots", "is_accessible") == {}
        first = "dagster/asset_partition_range_start"
        asked = [run.tags[first] for run in instance.get_runs() if first in run.tags]
        assert asked == ["1", "1"], "a run a contiguous stretch of partitions"
    assert room.lake.path(COMMITS, "1").stat().st_ino == stored["1"]
    assert room.lake.path(COMMITS, "2").stat().st_ino != stored["2"]
    # What the board has shown stays, and only new snapshots are added.
    now = room.lake.read(LEADERBOARD_HISTORY)
    assert now.head(3).equals(history)
    assert now["group_id"].to_list() == ["1", "2", "4", "2", "3"]
    assert {row["state"] for row in room.status().values()} == {"ok"}
    assert changed(room) == []


def test_a_failure_keeps_what_was_good_before(make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room(["1", "2", "3"])
    room.refresh(["1", "2", "3"])
    before = room.lake.read(COMMITS, "2")
    room.make_group("1", num_commits=1)
    room.make_group("2", num_commits=1)
    # And group 3 leaves.
    room.write_roster(["1", "2"])
    with monkeypatch.context() as patched:
        spoil(patched)
        room.refresh(["1", "2"])
    assert room.lake.read(COMMITS, "2").equals(before)
    assert room.lake.read(COMMITS, "1").height == 4
    assert {group_id: row["state"] for group_id, row in room.status().items()} == {"1": "ok", "2": "failed"}
    assert changed(room) == ["2"]
    with open_instance(room.settings) as instance:
        assert instance.get_dynamic_partitions("group") == ["1", "2"]
    found = query(room.settings.warehouse_file, "select group_id, count(*) from commits group by all order by 1").rows
    assert found == [("1", 4), ("2", 3)]
