"""Runs: each group's failure is its own, is told, and is mended alone."""

from collections.abc import Callable, Iterable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlops_mentor.changes import changed_groups
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.launch import launcher
from mlops_mentor.errors import LakeError
from mlops_mentor.freshness import GROUP_TABLES, Inputs, starter_key
from mlops_mentor.lake import Lake
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.roster import groups_from_frame
from mlops_mentor.schemas import COMMITS, FILES, GROUPS, LEADERBOARD, LEADERBOARD_HISTORY, REPO_STATS, Table
from mlops_mentor_tests.defs.classroom import Classroom, latest_by_partition
from mlops_mentor_tests.repos.sources import BEGIN

MakeRoom = Callable[..., Classroom]
NAMES = [table.name for table in GROUP_TABLES]


def materialized(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def statuses(instance: dg.DagsterInstance, asset: str, group_ids: Iterable[str]) -> dict[str, str]:
    from mlops_mentor.defs.partitions import group_partitions

    found = instance.get_status_by_partition(dg.AssetKey(asset), list(group_ids), group_partitions)
    return {group_id: status.value if status else "missing" for group_id, status in (found or {}).items()}


def failing(instance: dg.DagsterInstance, asset: str, name: str) -> dict[str, str]:
    """Why groups fail a check, by group, as its last evaluation says."""
    for run in instance.get_runs():
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
            said = entry.get_dagster_event().asset_check_evaluation_data
            if (said.asset_key.to_user_string(), said.check_name) == (asset, name):
                records = said.metadata["groups"].value.records if "groups" in said.metadata else []
                assert said.passed is (not records)
                assert all(record.data["group"] in (said.description or "") for record in records)
                return {record.data["group"]: record.data["reason"] for record in records}
    raise AssertionError(f"{name} of {asset} was never evaluated")


def changed(room: Classroom) -> list[str]:
    lake = room.lake
    inputs = Inputs(room.settings.the_course, starter_key(lake), BEGIN)
    groups = groups_from_frame(lake.read(GROUPS))
    found = changed_groups(groups, lake, inputs, cwd=room.data, workers=2, timeout_s=30)
    return [group.group_id for group in found]


def test_a_missing_repository_fails_alone_and_is_repaired_alone(make_room: MakeRoom) -> None:
    room = make_room(["1", "2", "4"], missing=["3"])
    room.write_roster(["1", "2", "3", "4"])
    room.refresh(["1", "2", "3", "4"])
    with open_instance(room.settings) as instance:
        for name in NAMES:
            assert materialized(instance, name) == {"1", "2", "4"}, name
        shown = statuses(instance, "repo_snapshots", "1234")
        assert shown == {"1": "MATERIALIZED", "2": "MATERIALIZED", "3": "FAILED", "4": "MATERIALIZED"}
        reason = f"{room.repository('3')} does not exist. Correct the roster, or put the repository there."
        assert failing(instance, "repo_snapshots", "is_accessible") == {"3": f"not_found: {reason}"}
        assert failing(instance, "repo_snapshots", "is_fresh") == {"3": "never read"}
        assert failing(instance, "commits", "fits_schema") == {}
    assert {group_id: row["state"] for group_id, row in room.status().items()} == {
        "1": "ok",
        "2": "ok",
        "3": "failed",
        "4": "ok",
    }
    assert "does not exist" in room.status()["3"]["reason"]
    assert room.status()["3"]["failed_table"] == "repo_snapshots"
    # Every group of the roster is on the board, in its order, and what is not known is null.
    board = room.lake.read(LEADERBOARD)
    assert board["group_id"].to_list() == ["1", "2", "3", "4"]
    assert board["total_commits"].to_list() == [3, 3, None, 3]

    room.make_group("3")
    assert changed(room) == ["3"]
    room.refresh(changed(room))
    with open_instance(room.settings) as instance:
        assert statuses(instance, "repo_snapshots", "1234")["3"] == "MATERIALIZED"
        assert failing(instance, "repo_snapshots", "is_accessible") == {}
        of_three = [
            record
            for record in instance.get_runs()
            if "3" in (record.tags.get("dagster/asset_partition_range_start") or "")
        ]
        assert len(of_three) == 1, "others were run again"
    assert {row["state"] for row in room.status().values()} == {"ok"}
    assert changed(room) == []


def test_what_is_unchanged_is_reported_unchanged_and_not_computed_again(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(["1", "2"])
    room.refresh(["1", "2"])
    stored = {name: room.lake.path(COMMITS, name).stat().st_ino for name in ("1", "2")}
    history = room.lake.read(LEADERBOARD_HISTORY)
    room.make_group("2", num_commits=1)
    room.refresh(["1", "2"])
    with open_instance(room.settings) as instance:
        for name in NAMES:
            unchanged = {g: latest_by_partition(instance, name, g).metadata["unchanged"].value for g in ("1", "2")}  # type: ignore[union-attr]
            assert unchanged == {"1": True, "2": False}, name
    assert room.lake.path(COMMITS, "1").stat().st_ino == stored["1"]
    assert room.lake.path(COMMITS, "2").stat().st_ino != stored["2"]
    # What the board has shown stays, and only the new snapshot is added.
    now = room.lake.read(LEADERBOARD_HISTORY)
    assert now.head(2).equals(history)
    assert now["group_id"].to_list() == ["1", "2", "2"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (LakeError("table commits: sha: 1 values are missing"), "table commits: sha: 1 values are missing"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_a_group_whose_computation_raises_does_not_stop_the_others(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    room = make_room(["1", "2", "3"])
    room.refresh(["1", "2", "3"])
    for group_id in "123":
        room.make_group(group_id, num_commits=1)
    from mlops_mentor.repos.commits import read_commits

    def raising(mirror: Path, group_id: str, *rest: object) -> pl.DataFrame:
        if group_id == "2":
            raise error
        return read_commits(mirror, group_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("mlops_mentor.defs.assets.repos.read_commits", raising)
    room.refresh(["1", "2", "3"])
    with open_instance(room.settings) as instance:
        assert statuses(instance, "commits", "123") == {"1": "MATERIALIZED", "2": "FAILED", "3": "MATERIALIZED"}
        assert statuses(instance, "repo_stats", "13") == {"1": "MATERIALIZED", "3": "MATERIALIZED"}
        does_not_fit = {"2": told} if isinstance(error, LakeError) else {}
        assert failing(instance, "commits", "fits_schema") == does_not_fit
    row = room.status()["2"]
    assert (row["state"], row["failed_table"], row["reason"]) == ("failed", "commits", told)
    # The parts that were good before are still there.
    assert room.lake.read(COMMITS, "2").height == 3
    assert room.lake.read(COMMITS, "1").height == 4
    assert changed(room) == ["2"]
    monkeypatch.undo()
    room.refresh(["2"])
    assert room.status()["2"]["state"] == "ok"
    assert room.lake.read(COMMITS, "2").height == 4


def test_a_frame_that_does_not_fit_is_refused_and_the_check_names_group_and_column(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(["1", "2"])
    from mlops_mentor.repos.files import read_files

    def spoiled(mirror: Path, group_id: str, *rest: object) -> pl.DataFrame:
        frame = read_files(mirror, group_id, *rest)  # type: ignore[arg-type]
        return frame.with_columns(bytes=pl.lit(-1, pl.Int64)) if group_id == "1" else frame

    monkeypatch.setattr("mlops_mentor.defs.assets.repos.read_files", spoiled)
    room.refresh(["1", "2"])
    assert not room.lake.has(FILES, "1")
    assert room.lake.has(REPO_STATS, "1"), "every group has its row of numbers"
    with open_instance(room.settings) as instance:
        assert failing(instance, "files", "fits_schema") == {"1": "table files: bytes: below 0"}
        assert statuses(instance, "files", "12") == {"1": "FAILED", "2": "MATERIALIZED"}


def test_a_lake_that_cannot_be_written_for_one_group_does_not_stop_the_others(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(["1", "2", "3"])
    write = Lake.write

    def full(self: Lake, table: Table, frame: pl.DataFrame, group_id: str | None = None, **rest: str) -> pl.DataFrame:
        if (table, group_id) == (COMMITS, "2"):
            raise OSError(28, "No space left on device")
        return write(self, table, frame, group_id, **rest)

    monkeypatch.setattr(Lake, "write", full)
    room.refresh(["1", "2", "3"])
    assert {group_id: row["state"] for group_id, row in room.status().items()} == {"1": "ok", "2": "failed", "3": "ok"}
    assert "No space left" in room.status()["2"]["reason"]


def test_a_group_that_left_the_roster_goes_and_its_partition_with_it(make_room: MakeRoom) -> None:
    room = make_room(["1", "2", "3"])
    room.refresh(["1", "2", "3"])
    room.write_roster(["1", "3"])
    room.refresh(["1", "3"])
    with open_instance(room.settings) as instance:
        assert instance.get_dynamic_partitions("group") == ["1", "3"]
    assert list(room.status()) == ["1", "3"]
    found = query(room.settings.warehouse_file, "select distinct group_id from commits order by 1").rows
    assert found == [("1",), ("3",)]


def test_a_partition_that_is_no_group_fails_with_a_remedy_and_the_others_are_done(make_room: MakeRoom) -> None:
    room = make_room(["1", "2"])
    with launcher(room.settings) as started:
        started.run_roster()
        with open_instance(room.settings) as instance:
            instance.add_dynamic_partitions("group", ["ghost"])
            started.run_groups({"1", "2", "ghost"})
            assert materialized(instance, "repo_stats") == {"1", "2"}
            assert statuses(instance, "repo_snapshots", ["ghost"]) == {"ghost": "FAILED"}
            errors = [entry.get_dagster_event().step_failure_data for run in instance.get_runs()
                      for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)]  # fmt: skip
    told = "group ghost is not in the roster any more. Materialize `groups`."
    assert [told in str(failure.user_failure_data.description) for failure in errors] == [True]


def test_an_empty_repository_is_no_failure(make_room: MakeRoom) -> None:
    room = make_room(["1"])
    room.make_group("2", num_commits=0)
    room.write_roster(["1", "2"])
    room.refresh(["1", "2"])
    assert room.status()["2"]["state"] == "empty"
    assert room.status()["2"]["reason"] == "The repository has no commits yet."
    with open_instance(room.settings) as instance:
        assert materialized(instance, "repo_stats") == {"1", "2"}
