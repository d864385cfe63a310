"""The tables over all groups: every group of the roster is there, in its order, with a state and a reason."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from mlops_mentor.leaderboard.tables import group_status_frame, leaderboard_frame, leaderboard_history_frame
from mlops_mentor.schemas import (
    FLAGS,
    GITHUB_REPOS,
    GROUP_OUTCOMES,
    GROUP_STATUS,
    GROUPS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    REPO_SNAPSHOTS,
    REPO_STATS,
    Table,
    empty,
    validate,
)
from mlops_mentor.schemas.metrics import PROGRESS_PARTS

MakeFrame = Callable[..., pl.DataFrame]
NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 11, 12, tzinfo=UTC)
SHA = "a" * 40


@pytest.fixture
def state_of(make_frame: MakeFrame) -> Callable[..., dict[str, Any]]:
    """The row of `group_status` of a group with this snapshot, outcome and row of `github_repos`, if any."""

    def state(
        snapshot: dict[str, Any] | None = None,
        outcome: dict[str, Any] | None = None,
        github: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        def rows(table: Table, row: dict[str, Any] | None) -> pl.DataFrame:
            return make_frame(table, *([{"group_id": "1", **row}] if row is not None else []))

        status = group_status_frame(
            make_frame(GROUPS, {"group_id": "1"}),
            rows(REPO_SNAPSHOTS, snapshot),
            rows(GITHUB_REPOS, github),
            rows(GROUP_OUTCOMES, outcome),
        )
        return validate(GROUP_STATUS, status).row(0, named=True)

    return state


def test_a_group_that_is_well_has_no_reason(state_of: Callable[..., dict[str, Any]]) -> None:
    row = state_of({"status": "ok", "snapshot_sha": SHA, "snapshot_rule": "tip"}, {"failed_table": None})
    assert (row["state"], row["reason"], row["failed_table"]) == ("ok", None, None)
    assert (row["snapshot_sha"], row["snapshot_rule"], row["repo_status"]) == (SHA, "tip", "ok")


def test_a_group_that_was_never_worked_on_says_what_to_do(state_of: Callable[..., dict[str, Any]]) -> None:
    row = state_of()
    assert (row["state"], row["repo_status"], row["checked_at"]) == ("not_run", None, None)
    assert "Not run yet" in row["reason"]


def test_an_empty_repository_is_no_failure_and_says_why(state_of: Callable[..., dict[str, Any]]) -> None:
    row = state_of({"status": "empty", "reason": "The repository has no commits yet."}, {"failed_table": None})
    assert (row["state"], row["reason"], row["failed_table"]) == ("empty", "The repository has no commits yet.", None)


@pytest.mark.parametrize("status", ["not_found", "no_access", "timeout", "error"])
def test_a_repository_that_cannot_be_read_fails_with_its_reason(
    state_of: Callable[..., dict[str, Any]], status: str
) -> None:
    snapshot = {"status": status, "reason": "why", "snapshot_sha": SHA}
    row = state_of(snapshot, {"failed_table": "repo_snapshots", "reason": "another text"})
    assert (row["state"], row["repo_status"], row["reason"]) == ("failed", status, "why")
    assert (row["failed_table"], row["snapshot_sha"]) == ("repo_snapshots", SHA)
    assert state_of(snapshot)["state"] == "failed"


def test_a_table_that_could_not_be_computed_fails_the_group(state_of: Callable[..., dict[str, Any]]) -> None:
    row = state_of({"status": "ok", "snapshot_sha": SHA}, {"failed_table": "files", "reason": "out of memory"})
    assert (row["state"], row["failed_table"], row["reason"]) == ("failed", "files", "out of memory")
    assert row["repo_status"] == "ok"


def test_a_group_that_failed_before_its_first_snapshot_is_failed_and_not_not_run(
    state_of: Callable[..., dict[str, Any]],
) -> None:
    row = state_of(None, {"failed_table": "repo_snapshots", "reason": "disk full"})
    assert (row["state"], row["failed_table"], row["reason"]) == ("failed", "repo_snapshots", "disk full")


@pytest.mark.parametrize("table", ["github_repos", "pushes", "pull_requests", "workflow_runs"])
def test_what_github_did_not_give_leaves_the_group_incomplete(
    state_of: Callable[..., dict[str, Any]], table: str
) -> None:
    failure = {"failed_table": table, "reason": "GitHub did not answer in time"}
    row = state_of({"status": "ok", "snapshot_sha": SHA}, failure, {"status": "timeout"})
    assert (row["state"], row["failed_table"], row["reason"]) == ("incomplete", table, failure["reason"])
    assert (row["repo_status"], row["snapshot_sha"], row["github_status"]) == ("ok", SHA, "timeout")
    assert state_of({"status": "empty", "reason": "no commits"}, failure)["state"] == "incomplete"


def test_a_repository_that_git_cannot_read_is_failed_whatever_github_says(
    state_of: Callable[..., dict[str, Any]],
) -> None:
    failure = {"failed_table": "github_repos", "reason": "GitHub shows this token no repository"}
    row = state_of({"status": "not_found", "reason": "why"}, failure, {"status": "not_found"})
    assert (row["state"], row["failed_table"], row["reason"]) == ("failed", "repo_snapshots", "why")


@pytest.mark.parametrize("status", ["no_token", "not_github"])
def test_a_group_that_github_is_not_asked_for_is_well(state_of: Callable[..., dict[str, Any]], status: str) -> None:
    row = state_of({"status": "ok"}, {"failed_table": None}, {"status": status, "reason": "not asked"})
    assert (row["state"], row["reason"], row["github_status"]) == ("ok", None, status)


def test_where_a_group_stands_has_its_deadline_and_whether_it_is_archived(
    state_of: Callable[..., dict[str, Any]],
) -> None:
    row = state_of({"status": "ok", "deadline_at": LATER}, None, {"is_archived": True})
    assert (row["deadline_at"], row["is_archived"]) == (LATER, True)


def test_a_new_reading_that_works_is_not_shown_with_an_old_reason(state_of: Callable[..., dict[str, Any]]) -> None:
    assert state_of({"status": "ok"}, {"failed_table": None, "reason": None})["reason"] is None


def test_every_group_of_the_roster_is_there_in_the_roster_s_order(make_frame: MakeFrame) -> None:
    ids = ["10", "2", "B", "1"]
    groups = make_frame(GROUPS, *({"group_id": group_id, "repo_url": f"u{group_id}"} for group_id in ids))
    snapshots = make_frame(REPO_SNAPSHOTS, {"group_id": "1"}, {"group_id": "10"}, {"group_id": "gone"})
    outcomes = make_frame(GROUP_OUTCOMES, {"group_id": "1"}, {"group_id": "B", "failed_table": "repo_snapshots"})
    status = group_status_frame(groups, snapshots, empty(GITHUB_REPOS), outcomes)
    assert status["group_id"].to_list() == ids
    assert status["repo_url"].to_list() == ["u10", "u2", "uB", "u1"]
    assert status["state"].to_list() == ["ok", "not_run", "failed", "ok"]


def test_the_leaderboard_has_failed_and_not_run_groups_with_their_reasons(make_frame: MakeFrame) -> None:
    groups = make_frame(GROUPS, *({"group_id": g, "group_size": 4} for g in ("3", "1", "2")))
    status = make_frame(
        GROUP_STATUS,
        {"group_id": "1", "state": "failed", "reason": "no access", "snapshot_sha": SHA},
        {"group_id": "2", "state": "not_run", "reason": "Not run yet."},
        {"group_id": "3", "state": "ok", "snapshot_sha": SHA},
    )
    stats = make_frame(
        REPO_STATS,
        {"group_id": "1", "group_size": 9},
        {"group_id": "3", "group_size": 9, "total_commits": 7, "repo_size": 1.5},
    )
    board = validate(LEADERBOARD, leaderboard_frame(groups, status, stats, empty(FLAGS)))
    assert board["group_id"].to_list() == ["3", "1", "2"]
    assert board["state"].to_list() == ["ok", "failed", "not_run"]
    assert board["reason"].to_list() == [None, "no access", "Not run yet."]
    assert board["total_commits"].to_list() == [7, None, None]
    assert board["group_size"].to_list() == [4, 4, 4], "the roster's, not that of older numbers"


def test_the_leaderboard_has_numbers_of_all_kinds_and_counts_flags_of_groups_that_ran(
    make_frame: MakeFrame,
) -> None:
    states = {"1": "ok", "2": "incomplete", "3": "failed", "4": "failed", "5": "not_run", "6": "empty"}
    groups = make_frame(GROUPS, *({"group_id": group_id} for group_id in states))
    status = make_frame(GROUP_STATUS, *({"group_id": g, "state": state} for g, state in states.items()))
    github = {"num_prs": 5, "num_prs_merged": 4, "share_merged_prs_reviewed": 0.75, "actions_passing": "passing"}
    numbers = {**github, "progress": 61.5, **dict.fromkeys(PROGRESS_PARTS, 0.5), "num_late_commits": 2}
    stats = make_frame(REPO_STATS, {"group_id": "1", **numbers}, {"group_id": "2"})
    raised = [("2", "late_commits"), ("2", "backdated_commits"), ("3", "late_commits")]
    flags = pl.concat(make_frame(FLAGS, {"group_id": g, "flag": flag, "sha": SHA}) for g, flag in raised)
    board = validate(LEADERBOARD, leaderboard_frame(groups, status, stats, flags))
    assert board.select(*numbers).row(0, named=True) == numbers
    assert board.select("num_prs", "actions_passing").row(1) == (None, None)
    # Where a group ran there is an answer, 0 included; where it did not, what was noticed before, if anything.
    assert board["num_flags"].to_list() == [0, 2, 1, None, None, 0]


def test_tables_without_groups_are_empty() -> None:
    status = group_status_frame(empty(GROUPS), empty(REPO_SNAPSHOTS), empty(GITHUB_REPOS), empty(GROUP_OUTCOMES))
    assert validate(GROUP_STATUS, status).height == 0
    board = leaderboard_frame(empty(GROUPS), status, empty(REPO_STATS), empty(FLAGS))
    assert validate(LEADERBOARD, board).height == 0


def test_a_leaderboard_before_the_first_numbers_has_every_group(make_frame: MakeFrame) -> None:
    groups = make_frame(GROUPS, {"group_id": "1"})
    status = group_status_frame(groups, empty(REPO_SNAPSHOTS), empty(GITHUB_REPOS), empty(GROUP_OUTCOMES))
    board = validate(LEADERBOARD, leaderboard_frame(groups, status, empty(REPO_STATS), empty(FLAGS)))
    assert board.select("state", "num_flags").rows() == [("not_run", None)]


@pytest.fixture
def history(make_frame: MakeFrame) -> Callable[..., pl.DataFrame]:
    """The history after a leaderboard of these rows was shown."""

    def after(before: pl.DataFrame, *rows: dict[str, Any], now: datetime = NOW) -> pl.DataFrame:
        board = make_frame(LEADERBOARD, *({"state": "ok", "snapshot_at": NOW, **row} for row in rows))
        groups = make_frame(GROUPS, *({"group_id": row["group_id"], "repo_url": "/repo"} for row in rows))
        return validate(LEADERBOARD_HISTORY, leaderboard_history_frame(before, board, groups, now))

    return after


def test_a_snapshot_is_kept_once_and_with_the_moment_it_was_first_seen(history: Callable[..., pl.DataFrame]) -> None:
    row = {"group_id": "1", "snapshot_sha": SHA, "total_commits": 3}
    first = history(empty(LEADERBOARD_HISTORY), row)
    assert first.select("group_id", "repo_url", "snapshot_sha", "snapshot_at", "first_seen_at").rows() == [
        ("1", "/repo", SHA, NOW, NOW)
    ]
    # A newer version may count otherwise: the numbers are those of now, the moment stays.
    again = history(first, row | {"total_commits": 4}, now=LATER)
    assert again.drop("total_commits").equals(first.drop("total_commits"))
    assert again["total_commits"].to_list() == [4]


def test_old_rows_stay_when_a_group_pushes_or_leaves(history: Callable[..., pl.DataFrame]) -> None:
    both = history(
        empty(LEADERBOARD_HISTORY), {"group_id": "1", "snapshot_sha": SHA}, {"group_id": "2", "snapshot_sha": SHA}
    )
    later = history(both, {"group_id": "1", "snapshot_sha": "b" * 40}, now=LATER)
    assert later.height == 3
    assert later.head(2).equals(both)
    assert later.row(2, named=True)["first_seen_at"] == LATER


@pytest.mark.parametrize(
    "row",
    [
        {"state": "not_run", "snapshot_sha": None},
        {"state": "empty", "snapshot_sha": None},
        {"state": "failed", "snapshot_sha": SHA},
    ],
)
def test_what_shows_no_new_numbers_adds_nothing(history: Callable[..., pl.DataFrame], row: dict[str, Any]) -> None:
    assert history(empty(LEADERBOARD_HISTORY), {"group_id": "1", **row}).height == 0


def test_what_an_incomplete_group_shows_is_kept(history: Callable[..., pl.DataFrame]) -> None:
    row = {"group_id": "1", "state": "incomplete", "snapshot_sha": SHA}
    assert history(empty(LEADERBOARD_HISTORY), row).height == 1


def test_a_commit_that_two_groups_share_is_kept_for_each(history: Callable[..., pl.DataFrame]) -> None:
    rows = [{"group_id": group_id, "snapshot_sha": SHA} for group_id in ("1", "2")]
    assert history(empty(LEADERBOARD_HISTORY), *rows)["group_id"].to_list() == ["1", "2"]
