"""Freshness: each input changes the keys of the tables that depend on it, and of no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlops_mentor import freshness
from mlops_mentor.course import Course
from mlops_mentor.freshness import GROUP_TABLES, Inputs, input_keys, is_current, snapshot_key, starter_key
from mlops_mentor.lake import Lake
from mlops_mentor.roster import Group
from mlops_mentor.schemas import GROUP_OUTCOMES, REPO_STATS, STARTER_FILES, Table

ALL = {"repo_snapshots", "commits", "files", "contributors", "repo_stats", "group_outcomes"}
BEFORE = datetime(2027, 1, 10, tzinfo=UTC)
AFTER = datetime(2027, 2, 10, tzinfo=UTC)
MakeGroup = Callable[..., Group]
MakeFrame = Callable[..., pl.DataFrame]


@pytest.fixture
def inputs(course: Course) -> Inputs:
    return Inputs(course, "starter", BEFORE)


def _keys(group: Group, inputs: Inputs, refs_id: str = "refs") -> dict[str, str]:
    return dict(input_keys(group, snapshot_key(group, refs_id, inputs), inputs))


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def _with_course(inputs: Inputs, **changes: Any) -> Inputs:
    return replace(inputs, course=inputs.course.model_copy(update=changes))


def test_the_same_inputs_give_the_same_keys_and_every_table_has_its_own(make_group: MakeGroup, inputs: Inputs) -> None:
    keys = _keys(make_group(), inputs)
    assert keys == _keys(make_group(), inputs)
    assert set(keys) == ALL == {table.name for table in (*GROUP_TABLES, GROUP_OUTCOMES)}
    assert len(set(keys.values())) == len(keys)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"time_zone": "Europe/London", "deadline": datetime(2027, 1, 22, 11)},
            {"contributors", "repo_stats", "group_outcomes"},
        ),
        ({"project_start": date(2027, 1, 5)}, {"repo_stats", "group_outcomes"}),
        ({"deadline": datetime(2027, 1, 22, 13)}, ALL),
        ({"deadline": datetime(2027, 1, 22, 11, tzinfo=UTC)}, set()),
        ({"course": "another name", "term": "another term", "starter_code": ("a",)}, set()),
    ],
)
def test_a_change_of_the_course_concerns_what_depends_on_it(
    make_group: MakeGroup, inputs: Inputs, changes: dict[str, Any], expected: set[str]
) -> None:
    group = make_group()
    assert _changed(_keys(group, inputs), _keys(group, _with_course(inputs, **changes))) == expected


def test_new_starter_code_concerns_files_and_what_follows(make_group: MakeGroup, inputs: Inputs) -> None:
    group = make_group()
    for key in ("other", None, ""):
        after = _keys(group, replace(inputs, starter_key=key))
        assert _changed(_keys(group, inputs), after) == {"files", "contributors", "repo_stats", "group_outcomes"}
    assert _keys(group, replace(inputs, starter_key=None)) != _keys(group, replace(inputs, starter_key=""))


def test_a_push_concerns_everything(make_group: MakeGroup, inputs: Inputs) -> None:
    assert _changed(_keys(make_group(), inputs), _keys(make_group(), inputs, "other refs")) == ALL


def test_another_repository_concerns_everything(make_group: MakeGroup, inputs: Inputs) -> None:
    moved = make_group(url="https://github.com/class/moved")
    assert _changed(_keys(make_group(), inputs), _keys(moved, inputs)) == ALL


def test_another_size_of_the_group_concerns_its_numbers(make_group: MakeGroup, inputs: Inputs) -> None:
    assert _changed(_keys(make_group(students=2), inputs), _keys(make_group(students=3), inputs)) == {
        "repo_stats",
        "group_outcomes",
    }


def test_another_row_of_the_roster_concerns_nothing(make_group: MakeGroup, inputs: Inputs) -> None:
    assert _keys(make_group(row=2), inputs) == _keys(make_group(row=9), inputs)


def test_the_moment_matters_only_when_it_passes_the_deadline(make_group: MakeGroup, inputs: Inputs) -> None:
    group, deadline = make_group(), inputs.course.deadline_utc
    before = _keys(group, inputs)
    assert _keys(group, replace(inputs, now=deadline)) == before
    passed = _keys(group, replace(inputs, now=deadline + timedelta(microseconds=1)))
    assert _changed(before, passed) == ALL
    assert _keys(group, replace(inputs, now=AFTER)) == passed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("REPO_SNAPSHOTS", ALL),
        ("COMMITS", {"commits", "contributors", "repo_stats", "group_outcomes"}),
        ("FILES", {"files", "contributors", "repo_stats", "group_outcomes"}),
        ("CONTRIBUTORS", {"contributors", "repo_stats", "group_outcomes"}),
        ("REPO_STATS", {"repo_stats", "group_outcomes"}),
    ],
)
def test_a_new_version_concerns_its_table_and_those_after_it(
    make_group: MakeGroup, inputs: Inputs, monkeypatch: pytest.MonkeyPatch, name: str, expected: set[str]
) -> None:
    before = _keys(make_group(), inputs)
    table: Table = getattr(freshness, name)
    # A version is a constant of the code: there is no other way to hand another one in.
    monkeypatch.setattr(freshness, name, replace(table, version="next"))
    assert _changed(before, _keys(make_group(), inputs)) == expected


def _store(lake: Lake, group: Group, keys: dict[str, str], make_frame: MakeFrame) -> None:
    for table in (*GROUP_TABLES, GROUP_OUTCOMES):
        lake.write(table, make_frame(table, {"group_id": group.group_id}), group.group_id, input_key=keys[table.name])


def test_a_group_is_current_once_all_its_tables_are(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, make_frame: MakeFrame
) -> None:
    group = make_group()
    assert not is_current(lake, group, "refs", inputs)
    _store(lake, group, _keys(group, inputs), make_frame)
    assert is_current(lake, group, "refs", inputs)
    assert not is_current(lake, group, "other refs", inputs)
    assert not is_current(lake, group, "refs", replace(inputs, now=AFTER))


def test_a_part_that_failed_is_never_current(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, make_frame: MakeFrame
) -> None:
    group = make_group()
    _store(lake, group, _keys(group, inputs), make_frame)
    lake.write(REPO_STATS, make_frame(REPO_STATS, {}), group.group_id)
    assert not is_current(lake, group, "refs", inputs)


def test_the_key_of_the_starter_code_is_that_of_the_stored_table(lake: Lake, make_frame: MakeFrame) -> None:
    assert starter_key(lake) is None
    lake.write(STARTER_FILES, make_frame(STARTER_FILES, {}), input_key="1:refs")
    assert starter_key(lake) == "1:refs"
