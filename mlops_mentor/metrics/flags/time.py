"""Flags that the passing of time alone raises: silence, a report not begun, workflows that stay red.

Belongs here: from which moment on each holds. All follow from what is stored, none from what time it is now; none is
later than the group's deadline, and nothing that came after it counts.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.course import Course, utc_from_local
from mlops_mentor.identities.merging import Identity, kind_of
from mlops_mentor.metrics.flags.facts import Facts, Flag, minutes, number_of

_DAY = timedelta(days=1)
_FAILED = ("failure", "timed_out", "startup_failure")
# What is not about what was pushed to the default branch.
_OTHER_EVENTS = ("pull_request", "pull_request_target", "issue_comment", "issues", "dynamic")
_COULD_NOT_LOOK = ("not_available", "error")


def timed_flags(facts: Facts, course: Course) -> list[Flag]:
    """Flags with the moment `at` from which they hold, earliest first; of one kind the latest due one is right."""
    found = [*_no_commits(facts, course), *_report_not_started(facts, course), *_ci_failing(facts, course)]
    moments = [(flag.at, flag) for flag in found if flag.at is not None and flag.at <= facts.deadline]
    return [flag for _, flag in sorted(moments, key=lambda each: each[0])]


def _no_commits(facts: Facts, course: Course) -> Iterator[Flag]:
    last, day = _last_activity(facts), course.project_start
    needed = course.flags.first_commit_days
    if last is not None and (last_day := last.astimezone(course.zone).date()) >= course.project_start:
        needed, day = course.flags.no_commits_days, last_day + _DAY
    end = facts.deadline.astimezone(course.zone).date()
    num_quiet = 0
    while num_quiet < needed:
        if day >= end:
            return
        num_quiet += is_project_day(day)
        day += _DAY
    from_at = _midnight(day, course.zone)
    since = "is known" if last is None else f"came since {minutes(last)}"
    detail = (
        f"No commit and no push {since}; by the end of {day - _DAY} "
        f"{number_of(needed, 'whole project day')} (Monday to Friday) had passed."
    )
    yield Flag("no_commits", from_at, facts.sha, detail)


def is_project_day(day: date) -> bool:
    """Mondays to Fridays: nobody has to work at a weekend."""
    return day.weekday() < 5


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return utc_from_local(datetime.combine(day, time.min), zone)


def _last_activity(facts: Facts) -> datetime | None:
    """The last commit by its own dates, or push by GitHub's, of a person, up to the deadline."""
    names = facts.commits.select("author_name", "author_email").unique().iter_rows()
    bots = [(name, email) for name, email in names if kind_of(Identity(name, email)) == "bot"]
    is_bot = pl.struct("author_name", "author_email").is_in(
        [{"author_name": name, "author_email": email} for name, email in bots]
    )
    of_people = facts.commits.filter(~is_bot) if bots else facts.commits
    moments = [of_people["authored_at"], of_people["committed_at"]]
    if facts.pushes is not None:
        moments.append(facts.pushes.filter(~pl.col("actor").fill_null("").str.ends_with("[bot]"))["pushed_at"])
    newest = [series.filter(series <= facts.deadline).max() for series in moments]
    return max((last for last in newest if isinstance(last, datetime)), default=None)


def _report_not_started(facts: Facts, course: Course) -> Iterator[Flag]:
    answers, days = facts.report_answers, course.flags.report_days
    if answers is None or _could_not_look(facts.report_checks):
        return
    num_answered = int(answers["is_answered"].sum())
    if num_answered >= course.flags.report_answers:
        return
    local = facts.deadline.astimezone(course.zone).replace(tzinfo=None)
    try:
        from_at = utc_from_local(local - days * _DAY, course.zone)
    except OverflowError:
        return
    seen = f"{num_answered} of {answers.height} questions answered" if answers.height else "no report found"
    detail = (
        f"{_capital(seen)} in what counts. This is asked from {number_of(days, 'day')} before the deadline of "
        f"{minutes(facts.deadline)} on."
    )
    path = answers["path"][0] if answers.height else None
    yield Flag("report_not_started", from_at, facts.sha, detail, path)


def _could_not_look(checks: pl.DataFrame | None) -> bool:
    if checks is None:
        return False
    found = checks.filter(pl.col("check") == "found")["outcome"].to_list()
    return any(outcome in _COULD_NOT_LOOK for outcome in found)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ci_failing(facts: Facts, course: Course) -> Iterator[Flag]:
    days = timedelta(days=course.flags.ci_failing_days)
    failing = sorted(_failing_since(facts), key=lambda run: (run["created_at"], run["run_id"]))
    for number, run in enumerate(failing, start=1):
        first = failing[0]
        detail = (
            f"{number_of(number, 'workflow')} of the default branch ended otherwise than in success each time since "
            f"{minutes(first['created_at'])}: for {number_of(course.flags.ci_failing_days, 'day')} and more."
        )
        yield Flag("ci_failing", run["created_at"] + days, first["head_sha"], detail)


def _failing_since(facts: Facts) -> Iterator[dict[str, Any]]:
    """Of each workflow that fails where the newest commit with runs stands, the first run of which it failed."""
    if facts.workflow_runs is None:
        return
    spoken = facts.workflow_runs.filter(
        pl.col("conclusion").is_in(["success", *_FAILED]),
        ~pl.col("event").is_in(_OTHER_EVENTS),
        pl.col("created_at") <= facts.deadline,
    )
    on_default = facts.commits.filter("is_on_default")["sha"]
    runs = spoken.filter(pl.col("head_sha").is_in(on_default.implode())).sort("created_at", "run_id")
    if runs.is_empty():
        return
    # A workflow that was removed since says nothing any more: only those of the newest commit count.
    newest = runs["head_sha"][-1]
    for _, of_workflow in runs.group_by("workflow", "event", maintain_order=True):
        if newest not in of_workflow["head_sha"] or of_workflow["conclusion"][-1] == "success":
            continue
        num_red = (of_workflow["conclusion"].reverse() != "success").cum_prod().sum()
        yield of_workflow.row(of_workflow.height - int(num_red), named=True)


def utc_midnight_of(day: date, course: Course) -> datetime:
    """The moment at which a day begins where the course is."""
    return _midnight(day, course.zone).astimezone(UTC)
