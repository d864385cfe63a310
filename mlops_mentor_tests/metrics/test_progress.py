from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.course import ProgressWeights
from mlops_mentor.evidence.daily import Standing
from mlops_mentor.metrics.attribution import attribute
from mlops_mentor.metrics.progress import known_standings, latest_progress, progress_frame, weighted_mean
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import PROGRESS, WORKFLOW_RUNS, validate
from mlops_mentor.schemas.metrics import PROGRESS_PARTS

MakeFrame = Callable[..., pl.DataFrame]
ZONE = ZoneInfo("Europe/Copenhagen")
BO = {"author_name": "Bo Holm", "author_email": "bo@uni.example"}
FULL, HALF = Standing(1.0, 1.0, 1.0, 1.0), Standing(0.5, 0.5, 0.5, 0.5)
FIRST, SECOND = f"{0:040x}", f"{1:040x}"
DAYS = {date(2027, 1, 5): FIRST, date(2027, 1, 6): SECOND}


def progress(group: Group, commits: pl.DataFrame, **more: Any) -> pl.DataFrame:
    given: dict[str, Any] = {
        "evidence_key": "key",
        "attribution": attribute(group, commits, {}, (), None),
        "runs": None,
        "group_size": 2,
        "zone": ZONE,
        "weights": ProgressWeights(),
    }
    standings = more.pop("standings", {FIRST: HALF, SECOND: FULL})
    return validate(PROGRESS, progress_frame("1", DAYS, standings, **(given | more)))


@pytest.fixture
def commits(make_commits: MakeFrame) -> pl.DataFrame:
    """Ada on the first day, Bo on the second."""
    next_day = datetime(2027, 1, 6, 12, tzinfo=UTC)
    return make_commits({}, {**BO, "authored_at": next_day, "committed_at": next_day})


def test_each_day_has_the_parts_of_what_stood_then(make_group: Callable[..., Group], commits: pl.DataFrame) -> None:
    first, second = progress(make_group(), commits).rows(named=True)
    assert [first[name] for name in PROGRESS_PARTS] == [0.5, 0.5, 0.5, 0.5, 0]
    assert [second[name] for name in PROGRESS_PARTS] == [1, 1, 1, 1, 1]
    assert (first["progress"], second["progress"]) == (45, 100)


def test_runs_count_from_the_day_on_which_they_were_made(
    make_group: Callable[..., Group], commits: pl.DataFrame, make_frame: MakeFrame
) -> None:
    run = {"group_id": "1", "workflow": "tests", "event": "push", "branch": "main", "status": "completed"}
    runs = make_frame(
        WORKFLOW_RUNS,
        {
            **run,
            "run_id": 1,
            "head_sha": FIRST,
            "conclusion": "failure",
            "created_at": datetime(2027, 1, 5, 13, tzinfo=UTC),
        },
        {
            **run,
            "run_id": 2,
            "head_sha": FIRST,
            "conclusion": "success",
            "created_at": datetime(2027, 1, 6, 1, tzinfo=UTC),
        },
    )
    frame = progress(make_group(), commits, runs=runs)
    assert frame["workflows_pass"].to_list() == [False, True]
    assert frame["tests_and_ci"].to_list() == [pytest.approx(1 / 3), 1]


def test_where_nothing_ran_the_runs_say_nothing(make_group: Callable[..., Group], commits: pl.DataFrame) -> None:
    frame = progress(make_group(), commits, runs=WORKFLOW_RUNS.schema.to_frame())
    assert frame["workflows_pass"].to_list() == [None, None]
    assert frame["tests_and_ci"].to_list() == [0.5, 1]


def test_parts_that_are_not_known_are_left_out(make_group: Callable[..., Group], commits: pl.DataFrame) -> None:
    unknown = Standing(None, 1.0, None, None)
    frame = progress(make_group(), commits, standings={FIRST: unknown, SECOND: unknown}, group_size=1)
    assert frame["progress"].to_list() == [100, 100]


def test_weights_are_the_course_s(make_group: Callable[..., Group], commits: pl.DataFrame) -> None:
    only = ProgressWeights(checklist_shown=0, report_answered=0, tests_and_ci=0, reproducibility=0, balance=3)
    assert progress(make_group(), commits, weights=only)["progress"].to_list() == [0, 100]


def test_no_weight_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="all weights are 0"):
        ProgressWeights(checklist_shown=0, report_answered=0, tests_and_ci=0, reproducibility=0, balance=0)


def test_what_was_computed_with_the_same_things_is_known(
    make_group: Callable[..., Group], commits: pl.DataFrame
) -> None:
    stored = progress(make_group(), commits)
    assert known_standings(stored, "key") == {FIRST: HALF, SECOND: FULL}
    assert known_standings(stored, "another key") == {}
    assert known_standings(None, "key") == {}


def test_the_last_day_is_what_the_leaderboard_shows(make_group: Callable[..., Group], commits: pl.DataFrame) -> None:
    stored = progress(make_group(), commits)
    assert latest_progress(stored) == {"progress": 100, **dict.fromkeys(PROGRESS_PARTS, 1)}
    assert set(latest_progress(stored.clear()).values()) == {None}


parts = st.fixed_dictionaries({name: st.none() | st.floats(0, 1) for name in PROGRESS_PARTS})


@given(parts=parts)
def test_progress_lies_between_the_least_and_the_largest_part(parts: dict[str, float | None]) -> None:
    known = [part for part in parts.values() if part is not None]
    found = weighted_mean(parts, ProgressWeights())
    if found is None:
        assert not known
    else:
        assert 100 * min(known) - 1e-9 <= found <= 100 * max(known) + 1e-9
