"""Whether workflows pass: the newest run of each workflow and event speaks, at the commit that counts."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlops_mentor.metrics.workflow_state import actions_passing
from mlops_mentor.schemas import WORKFLOW_RUNS

MakeFrame = Callable[..., pl.DataFrame]
State = Callable[..., str]
NOON = datetime(2027, 1, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD, MIDDLE, SNAPSHOT, PULL_REQUEST, LATE = (letter * 40 for letter in "abcde")


@pytest.fixture
def state(make_frame: MakeFrame, make_commits: MakeFrame) -> State:
    """`state({...}, ...)`: with these runs, each an hour after the one before, at the snapshot unless they say else.

    Commits are OLD, MIDDLE and SNAPSHOT on the default branch, and that of a pull request.
    """

    def found(*runs: Mapping[str, Any], snapshot_sha: str | None = SNAPSHOT) -> str:
        commits = make_commits(
            {"sha": OLD}, {"sha": MIDDLE}, {"sha": SNAPSHOT}, {"sha": PULL_REQUEST, "is_on_default": False}
        )
        rows = [
            {"group_id": "1", "run_id": number, "head_sha": SNAPSHOT, "workflow": "Tests", "event": "push",
             "status": "completed", "created_at": NOON + number * HOUR} | dict(run)
            for number, run in enumerate(runs)
        ]  # fmt: skip
        return actions_passing(make_frame(WORKFLOW_RUNS, *rows), commits, snapshot_sha)

    return found


def test_without_any_run_they_never_ran(state: State) -> None:
    assert state() == "never_ran"
    assert state(snapshot_sha=None) == "never_ran"


def test_success_is_passing(state: State) -> None:
    assert state({"conclusion": "success"}) == "passing"
    assert state({"conclusion": "success"}, {"conclusion": "success", "workflow": "Lint"}) == "passing"


@pytest.mark.parametrize(
    "conclusion", ["failure", "cancelled", "timed_out", "action_required", "startup_failure", "stale"]
)
def test_whatever_ended_otherwise_is_failing(state: State, conclusion: str) -> None:
    assert state({"conclusion": conclusion}) == "failing"
    assert state({"conclusion": "success", "workflow": "Lint"}, {"conclusion": conclusion}) == "failing"
    assert state({"conclusion": conclusion, "event": "schedule"}, {"conclusion": "success"}) == "failing"


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting"])
def test_what_is_under_way_is_running_unless_another_failed(state: State, status: str) -> None:
    under_way = {"status": status, "conclusion": None}
    assert state(under_way) == "running"
    assert state({"conclusion": "success", "workflow": "Lint"}, under_way) == "running"
    assert state({"conclusion": "failure", "workflow": "Lint"}, under_way) == "failing"


def test_of_a_workflow_the_newest_run_speaks_whatever_its_place_in_the_table(state: State) -> None:
    first, again = {"conclusion": "failure", "created_at": NOON}, {"conclusion": "success", "created_at": NOON + HOUR}
    assert state(first, again) == "passing"
    assert state(again, first) == "passing"
    assert state({"conclusion": "success"}, {"conclusion": "failure"}) == "failing"
    assert state({"conclusion": "success"}, {"conclusion": None}) == "running", "it was started once more"


def test_of_two_that_were_started_at_once_the_later_id_speaks(state: State) -> None:
    at = {"created_at": NOON}
    runs = [{"run_id": 8, "conclusion": "success", **at}, {"run_id": 5, "conclusion": "failure", **at}]
    assert state(*runs) == state(*reversed(runs)) == "passing"


def test_events_of_one_workflow_speak_for_themselves(state: State) -> None:
    failed, passed = {"conclusion": "failure", "event": "push"}, {"conclusion": "success", "event": "pull_request"}
    assert state(failed, passed) == "failing"


@pytest.mark.parametrize("conclusion", ["skipped", "neutral"])
def test_what_says_neither_yes_nor_no_does_not_count(state: State, conclusion: str) -> None:
    nothing = {"conclusion": conclusion}
    assert state(nothing) == "never_ran"
    assert state({"conclusion": "failure"}, nothing) == "failing"
    assert state({"conclusion": "success"}, nothing) == "passing"
    assert state({"conclusion": "failure", "head_sha": MIDDLE}, nothing) == "failing", (
        "nothing was said at the snapshot"
    )


def test_the_snapshot_speaks_and_no_earlier_commit(state: State) -> None:
    earlier = {"conclusion": "failure", "head_sha": MIDDLE, "created_at": NOON + 99 * HOUR}
    assert state(earlier, {"conclusion": "success"}) == "passing"


def test_where_nothing_ran_at_the_snapshot_the_newest_earlier_commit_with_runs_speaks(state: State) -> None:
    old, middle = {"conclusion": "failure", "head_sha": OLD}, {"conclusion": "success", "head_sha": MIDDLE}
    assert state(old, middle) == state(middle, old) == "passing"
    assert state(old) == "failing"


def test_commits_that_were_made_at_once_are_told_apart(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    # As a rebase makes them; the table has them newest first, as git lists them.
    commits = make_commits(*({"sha": sha, "committed_at": NOON} for sha in (SNAPSHOT, MIDDLE, OLD)))
    ended = {MIDDLE: "success", OLD: "failure"}
    rows = [{"run_id": n, "head_sha": sha, "conclusion": said} for n, (sha, said) in enumerate(ended.items())]
    assert actions_passing(make_frame(WORKFLOW_RUNS, *rows), commits, SNAPSHOT) == "passing"


def test_a_commit_without_a_date_speaks_last(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    commits = make_commits({"sha": OLD, "committed_at": None}, {"sha": MIDDLE}, {"sha": SNAPSHOT})
    old = {"run_id": 1, "head_sha": OLD, "conclusion": "failure"}
    middle = {"run_id": 2, "head_sha": MIDDLE, "conclusion": "success"}
    assert actions_passing(make_frame(WORKFLOW_RUNS, old, middle), commits, SNAPSHOT) == "passing"
    assert actions_passing(make_frame(WORKFLOW_RUNS, old), commits, SNAPSHOT) == "failing"


@pytest.mark.parametrize("sha", [PULL_REQUEST, LATE], ids=["a pull request's", "after the deadline"])
def test_runs_elsewhere_than_on_what_counts_say_nothing(state: State, sha: str) -> None:
    elsewhere = {"conclusion": "failure", "head_sha": sha, "created_at": NOON + 99 * HOUR}
    assert state(elsewhere) == "never_ran"
    assert state({"conclusion": "success", "head_sha": OLD}, elsewhere) == "passing"
