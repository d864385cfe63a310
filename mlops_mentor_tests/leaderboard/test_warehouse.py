"""The warehouse: complete, described, replaced in one step, and read-only for whoever asks."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path, PosixPath
from typing import Any

import polars as pl
import pytest

from mlops_mentor.errors import MentorError, WarehouseError
from mlops_mentor.leaderboard.warehouse import Result, publish_warehouse, query
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    FLAGS,
    GROUP_STATUS,
    GROUPS,
    PROGRESS,
    PULL_REQUESTS,
    SAME_CODE,
    TABLES,
    WORKFLOW_RUNS,
)
from mlops_mentor.storage.lake import Lake

MakeFrame = Callable[..., pl.DataFrame]
VIEWS = {"groups_to_look_at", "flags_to_look_at", "flags_today", "claims_without_evidence", "evidence_without_claim",
         "workflow_runs_at_snapshot", "workflow_success_per_week", "reviews_among_members", "contribution_shares",
         "commits_per_day", "own_files", "largest_files", "progress_by_day", "progress_in_class",
         "feedback_to_review", "feedback_scores", "llm_spending"}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "mentor.duckdb"


@pytest.fixture
def published(lake: Lake, file: Path, make_frame: MakeFrame) -> Path:
    """A warehouse in which every table has a row of group 1."""
    for table in TABLES:
        lake.write(table, make_frame(table, {"group_id": "1"} if "group_id" in table.schema else {}),
                   "1" if table.is_by_group else None)  # fmt: skip
    publish_warehouse(lake, file, ["1"])
    return file


def test_every_table_and_view_is_there(published: Path) -> None:
    tables = query(published, "select table_name from duckdb_tables()")
    views = query(published, "select view_name from duckdb_views() where not internal")
    assert {name for (name,) in tables.rows} == {table.name for table in TABLES} | {"publication"}
    assert {name for (name,) in views.rows} == VIEWS


def test_every_table_and_column_has_its_description(published: Path) -> None:
    tables = query(published, "select table_name, comment from duckdb_tables() where table_name <> 'publication'").rows
    assert set(tables) == {(table.name, table.description) for table in TABLES}
    columns = query(
        published,
        "select table_name, column_name, comment from duckdb_columns() "
        "where table_name in (select table_name from duckdb_tables() where table_name <> 'publication') "
        "order by table_name, column_index",
    )
    declared = [(table.name, column.name, column.description) for table in TABLES for column in table.columns]
    assert columns.rows == sorted(declared, key=lambda row: row[0])


def test_every_view_is_described_and_answers(published: Path) -> None:
    found = query(published, "select view_name, comment from duckdb_views() where not internal").rows
    assert all(comment and comment.endswith(".") for _, comment in found)
    for name, _ in found:
        query(published, f"select * from {name}")


def test_every_value_comes_back_as_it_was_stored(published: Path, lake: Lake) -> None:
    for table in TABLES:
        stored = lake.read(table, "1" if table.is_by_group else None)
        assert query(published, f'select * from "{table.name}"') == Result(tuple(stored.columns), stored.rows())


def test_the_counts_are_those_of_the_tables(lake: Lake, file: Path, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}, {}), "1")
    lake.write(COMMITS, make_commits({"group_id": "2"}), "2")
    counts = publish_warehouse(lake, file, ["2", "1", "3"])
    assert set(counts) == {table.name for table in TABLES}
    assert counts["commits"] == 3
    assert sum(counts.values()) == 3


def test_groups_that_left_and_parts_of_other_versions_are_not_in_it(
    lake: Lake, file: Path, make_commits: MakeFrame
) -> None:
    for group_id in ("1", "2", "3"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    old = str(lake.path(COMMITS, "2"))
    pl.read_parquet(old).drop("message").write_parquet(old)
    publish_warehouse(lake, file, ["1", "2"])
    assert query(file, "select group_id from commits").rows == [("1",)]


def test_group_ids_that_are_patterns_are_taken_literally(lake: Lake, file: Path, make_commits: MakeFrame) -> None:
    for group_id in ("a", "b", "[ab]*"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    publish_warehouse(lake, file, ["[ab]*"])
    assert query(file, "select group_id from commits").rows == [("[ab]*",)]


def test_a_new_warehouse_replaces_the_old_and_leaves_nothing_beside_it(published: Path, lake: Lake) -> None:
    publish_warehouse(lake, published, [])
    assert query(published, "select count(*) from commits").rows == [(0,)]
    assert list(published.parent.iterdir()) == [published]


def test_a_warehouse_that_cannot_be_built_leaves_the_old_one(published: Path, lake: Lake) -> None:
    lake.path(GROUPS).write_bytes(b"damaged")
    with pytest.raises(Exception, match="groups"):
        publish_warehouse(lake, published, ["1"])
    assert query(published, "select count(*) from groups").rows == [(1,)]
    assert list(published.parent.iterdir()) == [published]


def test_a_warehouse_that_cannot_be_built_says_what_to_do(published: Path, lake: Lake) -> None:
    lake.path(GROUPS).write_bytes(b"damaged")
    with pytest.raises(MentorError, match=r"groups\.parquet"):
        publish_warehouse(lake, published, ["1"])


class _NeverGone(PosixPath):
    """A path whose file may be replaced, but not removed."""

    def unlink(self, missing_ok: bool = False) -> None:
        assert self.name.startswith("."), f"{self.name} was removed"
        super().unlink(missing_ok)


def test_the_file_is_replaced_in_one_step(published: Path, lake: Lake) -> None:
    before = published.read_bytes()
    with published.open("rb") as reader:
        publish_warehouse(lake, _NeverGone(published), [])
        assert reader.read() == before, "what a reader has open stays as it was"
    assert published.read_bytes() != before


def test_readers_never_meet_a_writer(published: Path, lake: Lake) -> None:
    is_over = threading.Event()
    failures: list[str] = []
    counts: list[int] = []

    def read() -> None:
        while not is_over.is_set():
            try:
                counts.extend(count for (count,) in query(published, "select count(*) from group_status").rows)
            except WarehouseError as error:
                failures.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(2):
        publish_warehouse(lake, published, ["1"])
    is_over.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert counts
    assert set(counts) == {1}


@pytest.mark.parametrize(
    "sql",
    [
        "select * from nowhere",
        "selec 1",
        "select 1 +",
        "delete from commits",
        "create table more as select 1",
        "update groups set repo_url = 'x'",
        "drop view own_files",
    ],
)
def test_what_cannot_be_answered_is_an_error_and_changes_nothing(published: Path, sql: str) -> None:
    before = published.read_bytes()
    with pytest.raises(WarehouseError):
        query(published, sql)
    assert published.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{file}')",
        "select * from read_text('{file}')",
        "select * from '{file}'",
        "select * from glob('/etc/*')",
        "copy (select 1) to '{target}'",
        "attach '{target}' as other",
        "export database '{target}'",
        "set enable_external_access = true",
        "set enable_external_access = true; select * from read_text('{file}')",
        "install httpfs",
        "load '{file}'",
    ],
)
def test_no_other_file_can_be_read_or_written(published: Path, tmp_path: Path, sql: str) -> None:
    secret, target = tmp_path / "secret.csv", tmp_path / "target"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(WarehouseError):
        query(published, sql.format(file=secret, target=target))
    assert not target.exists()


def test_a_warehouse_that_was_never_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"mentor\.duckdb is not there yet\. Run `mlops-mentor run`"):
        query(tmp_path / "mentor.duckdb", "select 1")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_warehouse_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mentor.duckdb").write_bytes(os.urandom(4096))
    with pytest.raises(WarehouseError):
        query(tmp_path / "mentor.duckdb", "select 1")


def test_parameters_are_values_and_never_sql(published: Path) -> None:
    assert query(published, "select ? as x", ["'; drop table groups; --"]).rows == [("'; drop table groups; --",)]


def test_a_view_counts_own_files_alone(lake: Lake, file: Path, make_files: MakeFrame) -> None:
    lake.write(
        FILES,
        make_files(
            {"path": "a.py", "kind": "python", "lines": 3, "bytes": 30},
            {"path": "b.py", "kind": "python", "lines": 4, "bytes": 40, "is_starter_code": None},
            {"path": "c.py", "kind": "python", "lines": 5, "is_starter_code": True},
            {"path": "d.py", "kind": "python", "lines": 6, "is_vendored": True},
            {"path": "e.py", "kind": "python", "lines": 7, "is_generated": True},
        ),
        "1",
    )
    publish_warehouse(lake, file, ["1"])
    assert query(file, "select * from own_files").rows == [("1", "python", 2, 7, 70)]


def test_the_largest_files_are_the_group_s_own(lake: Lake, file: Path, make_files: MakeFrame) -> None:
    lake.write(FILES, make_files({"path": "a", "bytes": 1}, {"path": "b", "bytes": 2, "is_starter_code": True}), "1")
    publish_warehouse(lake, file, ["1"])
    assert query(file, "select path from largest_files").rows == [("a",)]


def test_shares_are_of_persons_and_survive_a_group_without_commits(
    lake: Lake, file: Path, make_frame: MakeFrame
) -> None:
    people = [
        {"contributor_id": "1", "name": "Ada", "num_commits": 3},
        {"contributor_id": "2", "name": "Bo", "num_commits": 1},
        {"contributor_id": "3", "name": "Claude", "num_commits": 6, "kind": "ai_assistant"},
    ]
    lake.write(CONTRIBUTORS, make_frame(CONTRIBUTORS, *({"group_id": "1", **row} for row in people)), "1")
    idle = {"group_id": "2", "contributor_id": "4", "name": "Cy", "num_commits": 0}
    lake.write(CONTRIBUTORS, make_frame(CONTRIBUTORS, idle), "2")
    publish_warehouse(lake, file, ["1", "2"])
    shares = query(file, "select name, share_of_commits from contribution_shares").rows
    assert shares == [("Ada", 0.75), ("Bo", 0.25), ("Cy", None)]


def test_groups_to_look_at_are_those_that_are_not_well(lake: Lake, file: Path, make_frame: MakeFrame) -> None:
    states = {"1": "ok", "2": "failed", "3": "not_run", "4": "empty", "5": "incomplete"}
    lake.write(GROUP_STATUS, make_frame(GROUP_STATUS, *({"group_id": g, "state": s} for g, s in states.items())))
    publish_warehouse(lake, file, [])
    found = {row[0] for row in query(file, "select * from groups_to_look_at").rows}
    assert found >= {"2", "3", "5"}
    assert "1" not in found


def test_flags_to_look_at_are_shown_newest_first_with_the_rule(lake: Lake, file: Path, make_frame: MakeFrame) -> None:
    moments = [None, datetime(2027, 1, 23, tzinfo=UTC), datetime(2027, 1, 24, tzinfo=UTC)]
    rows = [{"group_id": "1", "flag": "late_commits", "sha": f"{n}", "happened_at": at} for n, at in enumerate(moments)]
    lake.write(FLAGS, make_frame(FLAGS, *rows), "1")
    lake.write(GROUP_STATUS, make_frame(GROUP_STATUS, {"group_id": "1", "snapshot_rule": "deadline_push_time"}))
    publish_warehouse(lake, file, ["1"])
    shown = query(file, "select sha, snapshot_rule from flags_to_look_at").rows
    assert shown == [(sha, "deadline_push_time") for sha in ("2", "1", "0")]


def test_workflow_runs_at_the_snapshot_are_told_from_others(lake: Lake, file: Path, make_frame: MakeFrame) -> None:
    runs = make_frame(WORKFLOW_RUNS, *({"group_id": "1", "run_id": n, "head_sha": s} for n, s in ((1, "a"), (2, "b"))))
    lake.write(WORKFLOW_RUNS, runs, "1")
    lake.write(GROUP_STATUS, make_frame(GROUP_STATUS, {"group_id": "1", "snapshot_sha": "b"}))
    publish_warehouse(lake, file, ["1"])
    assert query(file, "select run_id from workflow_runs_at_snapshot").rows == [(2,)]


def test_success_per_week_is_of_runs_that_ended_in_yes_or_no(lake: Lake, file: Path, make_frame: MakeFrame) -> None:
    sunday, monday = datetime(2027, 1, 10, 23, 59, tzinfo=UTC), datetime(2027, 1, 11, tzinfo=UTC)
    ended = [(sunday, "success"), (monday, "success"), (monday, "failure"), (monday, "skipped"), (monday, "neutral"),
             (monday, None), (monday, "cancelled")]  # fmt: skip
    rows = [{"group_id": "1", "run_id": n, "created_at": at, "conclusion": c} for n, (at, c) in enumerate(ended)]
    lake.write(WORKFLOW_RUNS, make_frame(WORKFLOW_RUNS, *rows), "1")
    publish_warehouse(lake, file, ["1"])
    assert query(file, "select * from workflow_success_per_week").rows == [
        ("1", date(2027, 1, 4), 1, 1.0),
        ("1", date(2027, 1, 11), 3, 0.333),
    ]


def test_who_reviews_whom_is_counted_and_bots_pull_requests_are_not(
    lake: Lake, file: Path, make_frame: MakeFrame
) -> None:
    pulls: list[dict[str, Any]] = [
        {"author": "ada", "reviewers": ["bo", "cy"]},
        {"author": "ada", "reviewers": ["bo"]},
        {"author": "bo", "reviewers": []},
        {"author": "dependabot[bot]", "is_bot": True, "reviewers": ["ada"]},
    ]
    rows = [{"group_id": "1", "number": number, **pull} for number, pull in enumerate(pulls, start=1)]
    lake.write(PULL_REQUESTS, make_frame(PULL_REQUESTS, *rows), "1")
    publish_warehouse(lake, file, ["1"])
    assert query(file, "select * from reviews_among_members").rows == [("1", "ada", "bo", 2), ("1", "ada", "cy", 1)]


def test_flags_today_are_weightiest_first_and_have_code_that_others_have_too(
    lake: Lake, file: Path, make_frame: MakeFrame
) -> None:
    raised = (("odd_path", "info"), ("late_commits", "notice"), ("secrets", "serious"))
    rows = [
        {"group_id": "1", "flag": flag, "severity": severity, "path": "a.py", "line": 3} for flag, severity in raised
    ]
    lake.write(FLAGS, make_frame(FLAGS, *rows), "1")
    same = {"group_id": "2", "other_group": "3", "flag": "same_code", "severity": "serious"}
    lake.write(SAME_CODE, make_frame(SAME_CODE, same))
    publish_warehouse(lake, file, ["1", "2"])
    assert query(file, "select group_id, flag, line from flags_today").rows == [
        ("1", "secrets", 3), ("2", "same_code", None), ("1", "late_commits", 3), ("1", "odd_path", 3)
    ]  # fmt: skip


def test_progress_holds_until_the_next_commit_and_stands_beside_the_class_that_had_begun(
    lake: Lake, file: Path, make_frame: MakeFrame
) -> None:
    days = {"1": {5: 20.0, 7: 60.0}, "2": {6: 40.0}}
    for group_id, of_group in days.items():
        rows = [{"group_id": group_id, "day": date(2027, 1, day), "progress": at} for day, at in of_group.items()]
        lake.write(PROGRESS, make_frame(PROGRESS, *rows), group_id)
    publish_warehouse(lake, file, ["1", "2"])
    shown = query(file, "select group_id, day(day), progress from progress_by_day").rows
    assert shown == [("1", 5, 20), ("1", 6, 20), ("1", 7, 60), ("2", 6, 40), ("2", 7, 40)]
    columns = "day(day), progress, class_lower_quartile, class_median, class_upper_quartile, num_groups"
    assert query(file, f"select {columns} from progress_in_class where group_id = '1'").rows == [
        (5, 20, 20, 20, 20, 1),
        (6, 20, 25, 30, 35, 2),
        (7, 60, 45, 50, 55, 2),
    ]
