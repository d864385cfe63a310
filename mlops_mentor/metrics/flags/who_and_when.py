"""Flags about who did the work and when: a silent member, one who did nearly all, all at the end.

Belongs here: these three. They say how many and how much, never who.
"""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.metrics.flags.facts import Facts, Flag, number_of, percent
from mlops_mentor.metrics.flags.time import utc_midnight_of


def who_and_when_flags(facts: Facts, course: Course) -> Iterator[Flag]:
    """Nothing where there are too few commits to say anything, and nothing of groups of one."""
    yield from _of_members(facts, course)
    yield from _at_the_end(facts, course)


def _of_members(facts: Facts, course: Course) -> Iterator[Flag]:
    limits = course.flags
    if facts.contributions is None or facts.group_size < 2:
        return
    persons = facts.contributions.filter(pl.col("kind") == "person")
    num_commits = int((persons["num_commits"] - persons["num_merges"]).sum())
    if num_commits < limits.min_commits:
        return
    lines, commits = pl.col("share_lines_surviving"), pl.col("share_commits").fill_null(0)
    does_nearly_all = (commits >= limits.nearly_all_share) & (lines.fill_null(1) >= limits.nearly_all_share)
    for share, share_of_lines in persons.filter(does_nearly_all).select(commits, lines).iter_rows():
        of_lines = f" and {percent(share_of_lines)} of the lines that are there" if share_of_lines is not None else ""
        detail = (
            f"One of {facts.group_size} members has {percent(share)} of {number_of(num_commits, 'commit')}{of_lines}."
        )
        yield Flag("one_member_does_nearly_all", None, facts.sha, detail)
    does_something = (
        (commits > limits.silent_share)
        | (lines.fill_null(0) > limits.silent_share)
        | (pl.col("num_prs_reviewed").fill_null(0) > 0)
        | (pl.col("num_co_authored") > 0)
    )
    num_silent = facts.group_size - persons.filter(does_something).height
    if num_silent > 0:
        detail = (
            f"Of {num_silent} of {facts.group_size} members git shows nothing, or no more than "
            f"{percent(limits.silent_share)} of {number_of(num_commits, 'commit')} and of the lines that are there."
        )
        yield Flag("member_silent", None, facts.sha, detail)


def _at_the_end(facts: Facts, course: Course) -> Iterator[Flag]:
    limits, deadline = course.flags, facts.deadline
    begin = utc_midnight_of(course.project_start, course)
    at = pl.col("authored_at")
    counted = facts.commits.filter(~pl.col("is_merge"), at.is_between(begin, deadline))
    last_days = counted.filter(at > deadline - timedelta(days=limits.end_days))
    if counted.height < limits.min_commits or last_days.height < limits.end_share * counted.height:
        return
    detail = (
        f"{last_days.height} of {number_of(counted.height, 'commit')} ({percent(last_days.height / counted.height)}) "
        f"are dated within the last {number_of(limits.end_days, 'day')} before the deadline."
    )
    yield Flag("work_at_the_end", None, facts.sha, detail)
