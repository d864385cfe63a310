"""Flags that time alone raises: from when on each holds, whatever time it is now, and never after the deadline."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.course import Course, FlagThresholds
from mlops_mentor.metrics.flags import Facts, flag_dates_frame, flags_frame
from mlops_mentor.schemas import (
    COMMITS,
    FLAG_DATES,
    FLAGS,
    PUSHES,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
    empty,
    validate,
)

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
SNAPSHOT = {
    "snapshot_sha": "a" * 40, "tip_sha": "a" * 40, "deadline_at": DEADLINE, "default_branch": "main",
    "num_late_commits": 0, "last_late_at": None, "rewritten_at": None, "rewritten_from": None,
}  # fmt: skip
MakeFrame = Callable[..., pl.DataFrame]
# Noon in Copenhagen on Monday 11 January 2027.
MONDAY = datetime(2027, 1, 11, 11, tzinfo=UTC)


def raised(facts: Facts, course: Course, now: datetime) -> list[str]:
    return validate(FLAGS, flags_frame("1", facts, course, now))["flag"].to_list()


def dates(facts: Facts, course: Course) -> dict[str, datetime]:
    frame = validate(FLAG_DATES, flag_dates_frame("1", facts, course))
    return dict(frame.select("flag", "from_at").iter_rows())


def commits_at(make_commits: MakeFrame, *moments: datetime, **more: Any) -> pl.DataFrame:
    return make_commits(*({"authored_at": at, "committed_at": at, **more} for at in moments))


# --- no commits


def test_silence_is_a_flag_from_the_midnight_after_the_third_whole_day(course: Course, make_commits: MakeFrame) -> None:
    facts = Facts(SNAPSHOT, commits_at(make_commits, MONDAY))
    from_at = datetime(2027, 1, 14, 23, tzinfo=UTC)  # the midnight that begins Friday in Copenhagen
    assert dates(facts, course) == {"no_commits": from_at}
    assert raised(facts, course, from_at - SECOND) == []
    assert raised(facts, course, from_at) == ["no_commits"]


def test_a_weekend_is_no_silence(course: Course, make_commits: MakeFrame) -> None:
    friday = MONDAY + 4 * DAY
    assert dates(Facts(SNAPSHOT, commits_at(make_commits, friday)), course) == {
        "no_commits": datetime(2027, 1, 20, 23, tzinfo=UTC)
    }


def test_a_push_breaks_the_silence_where_it_is_known(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    commits = commits_at(make_commits, MONDAY)
    push = {"push_id": 1, "ref": "refs/heads/x", "pushed_at": MONDAY + DAY, "actor": "ada"}
    assert dates(Facts(SNAPSHOT, commits, pushes=make_frame(PUSHES, push)), course) == {
        "no_commits": datetime(2027, 1, 15, 23, tzinfo=UTC)
    }
    by_bot = make_frame(PUSHES, push | {"actor": "dependabot[bot]"})
    assert dates(Facts(SNAPSHOT, commits, pushes=by_bot), course) == dates(Facts(SNAPSHOT, commits), course)


def test_a_bot_does_not_break_the_silence(course: Course, make_commits: MakeFrame) -> None:
    ada, bot = {"author_name": "Ada"}, {"author_name": "dependabot[bot]", "author_email": "bot@users.example"}
    at = [{"authored_at": moment, "committed_at": moment} for moment in (MONDAY, MONDAY + DAY)]
    facts = Facts(SNAPSHOT, make_commits(at[0] | ada, at[1] | bot))
    assert dates(facts, course) == dates(Facts(SNAPSHOT, commits_at(make_commits, MONDAY)), course)


def test_a_group_that_never_began_is_silent_from_the_start(course: Course) -> None:
    facts = Facts(SNAPSHOT | {"snapshot_sha": None}, empty(COMMITS))
    from_at = datetime(2027, 1, 8, 23, tzinfo=UTC)
    frame = flags_frame("1", facts, course, from_at)
    assert frame.select("flag", "sha", "happened_at").row(0) == ("no_commits", "0" * 40, from_at)
    assert "by the end of 2027-01-08" in frame["detail"].item()


def test_commits_of_before_the_project_and_after_the_deadline_break_no_silence(
    course: Course, make_commits: MakeFrame
) -> None:
    facts = Facts(SNAPSHOT, commits_at(make_commits, MONDAY - 300 * DAY, DEADLINE + SECOND))
    assert dates(facts, course) == {"no_commits": datetime(2027, 1, 8, 23, tzinfo=UTC)}


def test_who_is_done_shortly_before_the_deadline_is_not_silent(course: Course, make_commits: MakeFrame) -> None:
    assert dates(Facts(SNAPSHOT, commits_at(make_commits, datetime(2027, 1, 19, 9, tzinfo=UTC))), course) == {}


# --- the report


def answers(make_frame: MakeFrame, number: int, of: int = 31) -> pl.DataFrame:
    rows = [{"group_id": "1", "question": i + 1, "is_answered": i < number, "path": "r.md"} for i in range(of)]
    return make_frame(REPORT_ANSWERS, *rows)


@pytest.mark.parametrize(("number", "is_flag"), [(0, True), (2, True), (3, False), (31, False)])
def test_a_report_of_few_answers_is_a_flag_four_days_before_the_deadline(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame, number: int, is_flag: bool
) -> None:
    busy = commits_at(make_commits, DEADLINE - HOUR)
    facts = Facts(SNAPSHOT, busy, report_answers=answers(make_frame, number))
    from_at = DEADLINE - 4 * DAY
    assert raised(facts, course, from_at - SECOND) == []
    assert raised(facts, course, from_at) == raised(facts, course, DEADLINE + 90 * DAY)
    assert raised(facts, course, from_at) == ["report_not_started"] * is_flag


def test_a_report_that_is_not_there_is_a_flag_and_one_that_cannot_be_read_is_none(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    busy, none = commits_at(make_commits, DEADLINE - HOUR), empty(REPORT_ANSWERS)
    for outcome, expected in {"no": 1, "not_available": 0, "error": 0}.items():
        checks = make_frame(REPORT_CHECKS, {"check": "found", "outcome": outcome})
        facts = Facts(SNAPSHOT, busy, report_answers=none, report_checks=checks)
        assert raised(facts, course, DEADLINE) == ["report_not_started"] * expected
    assert raised(Facts(SNAPSHOT, busy), course, DEADLINE) == [], "nobody looked"


# --- workflows


def runs(make_frame: MakeFrame, *said: tuple[str, datetime], workflow: str = "tests", **more: Any) -> pl.DataFrame:
    rows = [
        {"group_id": "1", "run_id": number, "workflow": workflow, "event": "push", "status": "completed",
         "conclusion": conclusion, "head_sha": f"{0:040x}", "created_at": at, **more}
        for number, (conclusion, at) in enumerate(said, start=1)
    ]  # fmt: skip
    return make_frame(WORKFLOW_RUNS, *rows)


def test_a_workflow_that_is_red_for_two_days_is_a_flag(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    busy = commits_at(make_commits, DEADLINE - HOUR)
    feed = runs(make_frame, ("failure", MONDAY - DAY), ("success", MONDAY), ("failure", MONDAY + HOUR),
                ("cancelled", MONDAY + 2 * HOUR), ("timed_out", MONDAY + DAY))  # fmt: skip
    facts = Facts(SNAPSHOT, busy, workflow_runs=feed)
    assert dates(facts, course) == {"ci_failing": MONDAY + HOUR + 2 * DAY}
    assert raised(facts, course, MONDAY + HOUR + 2 * DAY) == ["ci_failing"]
    assert raised(facts, course, MONDAY + HOUR + 2 * DAY - SECOND) == []


def test_green_again_pull_requests_other_commits_and_late_runs_are_no_flag(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    busy = commits_at(make_commits, DEADLINE - HOUR)
    for feed in (
        runs(make_frame, ("failure", MONDAY), ("success", MONDAY + DAY)),
        runs(make_frame, ("failure", MONDAY), event="pull_request"),
        runs(make_frame, ("failure", MONDAY), head_sha="f" * 40),
        runs(make_frame, ("failure", DEADLINE - DAY)),
        runs(make_frame, ("failure", DEADLINE + DAY)),
        empty(WORKFLOW_RUNS),
    ):
        assert dates(Facts(SNAPSHOT, busy, workflow_runs=feed), course) == {}


def test_a_workflow_that_was_removed_says_nothing_any_more(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    busy = commits_at(make_commits, MONDAY, DEADLINE - HOUR)
    old = runs(make_frame, ("failure", MONDAY), workflow="old")
    new = runs(make_frame, ("success", MONDAY + DAY), head_sha=f"{1:040x}", run_id=9)
    assert dates(Facts(SNAPSHOT, busy, workflow_runs=pl.concat([old, new])), course) == {}


def test_two_red_workflows_are_one_flag_that_says_two(
    course: Course, make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    busy = commits_at(make_commits, DEADLINE - HOUR)
    feed = pl.concat([
        runs(make_frame, ("failure", MONDAY)), runs(make_frame, ("failure", MONDAY + HOUR), workflow="docs", run_id=2)
    ])  # fmt: skip
    facts = Facts(SNAPSHOT, busy, workflow_runs=feed)
    said = [flags_frame("1", facts, course, MONDAY + 2 * DAY + more)["detail"].item() for more in (SECOND, HOUR)]
    assert said[0].startswith("1 workflow of")
    assert said[1].startswith("2 workflows of")
    assert flag_dates_frame("1", facts, course).height == 2


# --- dates around the deadline, midnight and the change of clocks

_ZONES = ["Europe/Copenhagen", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]
_MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2019, 12, 31), timezones=st.just(UTC))


@settings(max_examples=80, deadline=None)
@given(zone=st.sampled_from(_ZONES), last=_MOMENTS, lasts=st.integers(0, 60), now=_MOMENTS, days=st.integers(1, 9))
def test_whenever_it_is_the_flags_are_those_whose_dates_have_passed(
    zone: str, last: datetime, lasts: int, now: datetime, days: int
) -> None:
    start = date(2018, 10, 20)
    local_deadline = datetime.combine(start, datetime.min.time()) + timedelta(days=lasts, hours=12)
    course = Course(
        course="x", term="x", time_zone=zone, project_start=start, deadline=local_deadline,
        flags=FlagThresholds(no_commits_days=days, first_commit_days=days, report_days=days),
    )  # fmt: skip
    commit = {"sha": "a" * 40, "author_name": "Ada", "author_email": "a@x", "authored_at": last, "committed_at": last}
    row = dict.fromkeys(COMMITS.schema) | commit | {"is_on_default": True, "is_merge": False}
    facts = Facts(
        SNAPSHOT | {"deadline_at": course.deadline_utc},
        pl.DataFrame([row], schema=COMMITS.schema),
        report_answers=empty(REPORT_ANSWERS),
    )
    due = dates(facts, course)
    assert all(at <= course.deadline_utc for at in due.values())
    assert set(raised(facts, course, now)) == {flag for flag, at in due.items() if at <= now}
    # After the deadline nothing changes any more.
    after = [flags_frame("1", facts, course, course.deadline_utc + more * DAY) for more in (0, 1, 900)]
    assert after[0].equals(after[1]) and after[0].equals(after[2])
    if "no_commits" in due:
        local = due["no_commits"].astimezone(ZoneInfo(zone))
        # Where clocks skip midnight, the day begins at one.
        assert (local.hour, local.minute) in ((0, 0), (1, 0), (23, 0))
        whole = (local.date() - max(last.astimezone(ZoneInfo(zone)).date() + DAY, start)).days
        if last <= course.deadline_utc:
            assert whole >= days
