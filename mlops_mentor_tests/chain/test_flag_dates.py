"""Flags and the time of day: a group is worked on again when a flag is due, and at no midnight besides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mlops_mentor.chain.freshness import input_key, is_current, num_due
from mlops_mentor.chain.inputs import Inputs
from mlops_mentor.course import Course
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FLAG_DATES, FLAGS, GROUP_OUTCOMES
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.stored import ALL_TABLES, ELSEWHERE, MakeFrame, store

BEFORE = datetime(2027, 1, 5, tzinfo=UTC)
DUE = datetime(2027, 1, 14, 23, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MakeGroup = Callable[..., Group]


@pytest.fixture
def inputs(course: Course) -> Inputs:
    return Inputs(course, "starter", BEFORE)


@pytest.fixture
def group(lake: Lake, make_group: MakeGroup, inputs: Inputs, make_frame: MakeFrame) -> Group:
    """A group that is stored, with two flags that time will raise."""
    group = make_group()
    store(lake, group, inputs, ELSEWHERE, make_frame)
    key = lake.input_key(FLAG_DATES, "1") or ""
    rows = [{"group_id": "1", "flag": flag, "from_at": at}
            for flag, at in (("no_commits", DUE), ("report_not_started", DUE + 3 * DAY))]  # fmt: skip
    lake.write(FLAG_DATES, make_frame(FLAG_DATES, *rows), "1", input_key=key)
    for table in (FLAGS, GROUP_OUTCOMES):
        wanted = input_key(lake, table, group, ELSEWHERE.content_id, inputs)
        lake.write(table, lake.read(table, "1"), "1", input_key=wanted)
    return group


def is_still_current(lake: Lake, group: Group, inputs: Inputs, now: datetime) -> bool:
    return is_current(lake, group, ELSEWHERE.seen, ELSEWHERE.refs_id, replace(inputs, now=now))


def test_a_midnight_alone_changes_nothing_and_a_flag_that_is_due_does(lake: Lake, group: Group, inputs: Inputs) -> None:
    nights = pl.datetime_range(BEFORE, DUE - SECOND, "1d", eager=True).to_list()
    assert all(is_still_current(lake, group, inputs, night) for night in nights)
    assert is_still_current(lake, group, inputs, DUE - SECOND)
    assert not is_still_current(lake, group, inputs, DUE)


def test_only_flags_and_what_reads_them_are_computed_anew(lake: Lake, group: Group, inputs: Inputs) -> None:
    later = replace(inputs, now=DUE)
    stored = {table.name: lake.input_key(table, "1") for table in ALL_TABLES}
    computed = [table for table in ALL_TABLES if table.name not in ELSEWHERE_KEYS]
    changed = [table.name for table in computed
               if input_key(lake, table, group, ELSEWHERE.content_id, later) != stored[table.name]]  # fmt: skip
    assert changed == ["flags"]
    lake.write(FLAGS, lake.read(FLAGS, "1"), "1", input_key=input_key(lake, FLAGS, group, "content", later))
    assert input_key(lake, GROUP_OUTCOMES, group, "content", later) != stored["group_outcomes"]


ELSEWHERE_KEYS = {"github_repos", "pushes", "repo_snapshots", "pull_requests", "workflow_runs"}


def test_each_moment_counts_once_and_for_ever(lake: Lake, group: Group) -> None:
    moments = (BEFORE, DUE, DUE + DAY, DUE + 3 * DAY, DUE + 900 * DAY)
    assert [num_due(lake, group, now) for now in moments] == ["0", "1", "1", "2", "2"]


def test_a_damaged_part_counts_as_none(lake: Lake, group: Group) -> None:
    lake.path(FLAG_DATES, "1").write_bytes(b"damaged")
    assert num_due(lake, group, DUE) is None
