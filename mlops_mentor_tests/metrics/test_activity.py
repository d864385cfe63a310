"""Activity by day and hour, in the course's own time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from mlops_mentor.metrics.activity import activity_matrix, first_day, num_active_days

MakeFrame = Callable[..., pl.DataFrame]
ZONE = ZoneInfo("Europe/Copenhagen")
START = date(2027, 1, 4)


def _at(year: int, month: int, day: int, hour: int, minute: int = 0) -> dict[str, Any]:
    return {"authored_at": datetime(year, month, day, hour, minute, tzinfo=UTC)}


def test_a_commit_counts_in_its_hour_of_its_day(make_commits: MakeFrame) -> None:
    commits = make_commits(_at(2027, 1, 5, 12), _at(2027, 1, 5, 12, 59), _at(2027, 1, 7, 8))
    matrix = activity_matrix(commits, START, ZONE)
    assert [len(row) for row in matrix] == [24] * 7
    assert {(day, hour): n for day, row in enumerate(matrix) for hour, n in enumerate(row) if n} == {
        (0, 13): 2,
        (2, 9): 1,
    }


def test_days_and_hours_are_the_course_s(make_commits: MakeFrame) -> None:
    commits = make_commits(_at(2027, 1, 5, 12), _at(2027, 1, 5, 23, 30))
    matrix = activity_matrix(commits, START, ZONE)
    assert (matrix[0][13], matrix[1][0]) == (1, 1)


@pytest.mark.parametrize(("days_later", "rows"), [(0, 7), (6, 7), (7, 14), (13, 14), (14, 21), (20, 21)])
def test_the_matrix_has_whole_weeks(make_commits: MakeFrame, days_later: int, rows: int) -> None:
    commits = make_commits(
        _at(2027, 1, 5, 12), {"authored_at": datetime(2027, 1, 5, 12, tzinfo=UTC) + timedelta(days_later)}
    )
    matrix = activity_matrix(commits, START, ZONE)
    assert len(matrix) == rows
    assert sum(map(sum, matrix)) == 2
    assert matrix[days_later][13] > 0


def test_what_is_older_or_three_weeks_newer_is_not_shown(make_commits: MakeFrame) -> None:
    commits = make_commits(_at(2024, 3, 1, 12), _at(2027, 1, 5, 12), _at(2027, 1, 26, 12))
    matrix = activity_matrix(commits, START, ZONE)
    assert len(matrix) == 7
    assert sum(map(sum, matrix)) == 1


def test_when_every_commit_is_older_than_the_project_the_first_is_day_0(make_commits: MakeFrame) -> None:
    commits = make_commits(_at(2026, 12, 3, 12), _at(2026, 12, 1, 12))
    assert first_day(commits, START, ZONE) == date(2026, 12, 1)
    assert activity_matrix(commits, START, ZONE)[2][13] == 1


def test_a_commit_of_the_first_local_day_is_in_the_project(make_commits: MakeFrame) -> None:
    assert first_day(make_commits(_at(2027, 1, 3, 23, 30)), START, ZONE) == START


@pytest.mark.parametrize("rows", [[], [{"authored_at": None}]])
def test_without_a_dated_commit_there_is_nothing(make_commits: MakeFrame, rows: list[dict[str, Any]]) -> None:
    commits = make_commits(*rows)
    assert activity_matrix(commits, START, ZONE) == []
    assert first_day(commits, START, ZONE) is None
    assert num_active_days(commits, ZONE) == 0


def test_active_days_are_counted_in_the_course_s_time(make_commits: MakeFrame) -> None:
    commits = make_commits(
        _at(2027, 1, 5, 22, 59), _at(2027, 1, 5, 23, 1), _at(2027, 1, 6, 22, 59), {"authored_at": None}
    )
    assert num_active_days(commits, ZONE) == 2
    assert num_active_days(commits, ZoneInfo("UTC")) == 2
    assert num_active_days(commits.head(2), ZoneInfo("UTC")) == 1


def test_the_hour_that_a_clock_repeats_in_autumn_counts_both_times(make_commits: MakeFrame) -> None:
    commits = make_commits(_at(2027, 10, 31, 0, 30), _at(2027, 10, 31, 1, 30))
    assert activity_matrix(commits, START, ZONE)[0][2] == 2
