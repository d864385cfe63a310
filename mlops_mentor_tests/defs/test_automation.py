"""The sensor that refreshes the class: it evaluates its conditions where something has happened, and only there."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.automation import ONCE_A_WAVE, WaveSensor
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.settings import Settings


@dg.asset
def numbers() -> None: ...


@dg.asset(deps=[numbers], automation_condition=ONCE_A_WAVE)
def board() -> None: ...


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """The sensor on an instance, with its cursor kept from tick to tick as the daemon does."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.clock = instance, Clock()
        self.cursor: str | None = None
        self.sensor = WaveSensor("watch", target=dg.AssetSelection.assets("board"), clock=self.clock)
        self.definitions = dg.Definitions(assets=[numbers, board], sensors=[self.sensor])

    def tick(self) -> tuple[list[list[str]], str | None]:
        """The assets of each run that is asked for, and why there is none."""
        repository = self.definitions.get_repository_def()
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, repository_def=repository)
        data = self.sensor.evaluate_tick(context)
        self.cursor = data.cursor
        asked = [[key.to_user_string() for key in each.asset_selection or ()] for each in data.run_requests or ()]
        return asked, data.skip_message

    def run(self, *assets: dg.AssetsDefinition) -> None:
        dg.materialize([*assets], instance=self.instance)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "course.yaml").touch()
    with open_instance(Settings(data_dir=tmp_path / "data")) as instance:
        yield Watched(instance)


def is_skipped_unseen(watched: Watched) -> bool:
    asked, reason = watched.tick()
    return not asked and "Nothing has happened" in (reason or "")


def test_what_was_worked_on_is_followed_by_one_refresh(watched: Watched) -> None:
    watched.tick()
    watched.run(numbers)
    assert watched.tick()[0] == [["board"]]
    watched.run(numbers, board)
    assert watched.tick()[0] == []


def test_where_nothing_has_happened_nothing_is_evaluated(watched: Watched) -> None:
    assert not is_skipped_unseen(watched)
    assert is_skipped_unseen(watched)
    watched.run(numbers)
    assert not is_skipped_unseen(watched)
    assert is_skipped_unseen(watched)


def test_the_cursor_stays_where_nothing_is_evaluated(watched: Watched) -> None:
    watched.tick()
    before = watched.cursor
    assert before
    watched.tick()
    assert watched.cursor == before


def test_a_run_that_fails_counts_as_something(watched: Watched) -> None:
    watched.tick()

    @dg.asset(name="numbers")
    def failing() -> None:
        raise ValueError

    dg.materialize([failing], instance=watched.instance, raise_on_error=False)
    assert not is_skipped_unseen(watched)


def test_what_was_asked_for_and_lost_is_asked_for_again_within_minutes(watched: Watched) -> None:
    watched.tick()
    watched.run(numbers)
    before = watched.cursor
    assert watched.tick()[0] == [["board"]]
    watched.cursor = before  # the daemon was killed before it kept anything
    assert is_skipped_unseen(watched)
    watched.clock.now += 301
    assert watched.tick()[0] == [["board"]]
