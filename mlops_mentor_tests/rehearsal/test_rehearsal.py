"""A small class lives through three weeks in half a minute; the check agrees, and would not if anything were wrong.

Without the UI, which takes longer to start than all of it: `make rehearsal` has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor_tests.rehearsal.checks.class_tables import check_class
from mlops_mentor_tests.rehearsal.checks.exported import check_export, check_leaks
from mlops_mentor_tests.rehearsal.checks.repositories import check_repositories
from mlops_mentor_tests.rehearsal.rehearsal import Plan, Report, rehearse
from mlops_mentor_tests.rehearsal.world import World

pytestmark = [pytest.mark.slow, pytest.mark.loopback, pytest.mark.xdist_group("rehearsal")]


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that is over."""

    world: World
    report: Report

    @property
    def data(self) -> Path:
        return self.world.folder / "data"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    plan = Plan(tmp_path_factory.mktemp("rehearsal"), num_groups=6, minutes=0.3, is_compared=False, has_ui=False)
    worlds: list[World] = []
    said: list[str] = []
    report = rehearse(plan, said.append, worlds.append)
    return Rehearsed(worlds[0], report)


def test_a_class_lives_through_three_weeks_and_nothing_is_wrong(rehearsed: Rehearsed) -> None:
    assert rehearsed.report.problems == []


def test_there_was_something_to_get_wrong(rehearsed: Rehearsed) -> None:
    events = rehearsed.report.figures["events"]
    assert isinstance(events, dict)
    assert events["push"] > 10
    assert events["cli run"] >= 2
    assert rehearsed.report.figures["requests to the model"]
    assert rehearsed.world.planted


@pytest.fixture
def part(rehearsed: Rehearsed) -> Iterator[Path]:
    """A group's part of `commits`, put back afterwards."""
    lake = rehearsed.data / "lake"
    file = next(file for file in sorted((lake / "commits").glob("*.parquet")) if pl.read_parquet(file).height > 1)
    before = file.read_bytes()
    yield file
    file.write_bytes(before)


def test_the_check_finds_a_commit_that_was_lost_and_one_that_is_doubled(rehearsed: Rehearsed, part: Path) -> None:
    frame = pl.read_parquet(part)
    frame.head(frame.height - 1).write_parquet(part)
    assert any("1 are lost" in problem for problem in check_repositories(rehearsed.world, rehearsed.data))
    pl.concat([frame, frame.head(1)]).write_parquet(part)
    assert any("1 doubled" in problem for problem in check_repositories(rehearsed.world, rehearsed.data))
    assert any("same key" in problem for problem in check_class(rehearsed.world, rehearsed.data, set()))


def test_the_check_finds_a_snapshot_that_the_history_forgot(rehearsed: Rehearsed) -> None:
    shown = {("1", "0" * 40)}
    assert any("history lost 1 of 1" in problem for problem in check_class(rehearsed.world, rehearsed.data, shown))


def test_the_check_finds_a_name_in_a_page_and_a_number_that_is_not_the_lakes(rehearsed: Rehearsed) -> None:
    page = next((rehearsed.data / "site" / "group").glob("*.html"))
    before = page.read_text()
    page.write_text(before + sorted(rehearsed.world.planted)[0].upper())
    assert any("planted" in problem for problem in check_leaks(rehearsed.world, rehearsed.data, set()))
    page.write_text(before)
    board = rehearsed.data / "lake" / "leaderboard.parquet"
    stored = board.read_bytes()
    pl.read_parquet(board).with_columns(pl.col("lines_python") + 1).write_parquet(board)
    assert any("exported lines_python" in problem for problem in check_export(rehearsed.world, rehearsed.data))
    board.write_bytes(stored)
