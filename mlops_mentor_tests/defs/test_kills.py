"""A run that is killed at any moment loses nothing, stores nothing by half, and the next run completes it.

`MENTOR_TEST_KILLS` says how many times (3); `MENTOR_TEST_SEED` changes the moments.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mlops_mentor.defs.instance import open_instance
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom
from mlops_mentor_tests.defs.programs import finish, start

pytestmark = pytest.mark.slow

# Read when the file is: tests themselves see no MENTOR_* of the surroundings.
NUM_KILLS = int(os.environ.get("MENTOR_TEST_KILLS", "3"))
SEED = int(os.environ.get("MENTOR_TEST_SEED", "1"))
KILLS_A_ROUND = 3
GROUPS = ["1", "2", "3", "4", "5"]


@dataclass(frozen=True)
class Undisturbed:
    """The class, the tables that a run gives which nobody disturbs, and when it begins and ends to work (seconds)."""

    room: Classroom
    tables: dict[str, list[dict[str, Any]]]
    begins: float
    ends: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    room = make_classroom(tmp_path_factory.mktemp("kills"), GROUPS, missing=["6"])
    began = time.monotonic()
    process = start(room)
    while not room.settings.mirrors_dir.exists() and process.poll() is None:
        time.sleep(0.01)
    begins = time.monotonic() - began
    finish([process])
    return Undisturbed(room, room.warehouse_tables(), begins, time.monotonic() - began)


def killed(room: Classroom, data: Path, after: float) -> bool:
    """Run, kill after so many seconds; whether it was still running then."""
    process = start(room, data=data)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode < 0


def rounds() -> Iterator[tuple[int, int]]:
    """(number, kills) of each round: a data directory of its own, killed some times before it may finish."""
    for first in range(0, NUM_KILLS, KILLS_A_ROUND):
        yield first // KILLS_A_ROUND, min(KILLS_A_ROUND, NUM_KILLS - first)


@pytest.fixture(scope="module", params=rounds(), ids=lambda each: f"round-{each[0]}")
def survived(
    request: pytest.FixtureRequest, undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory
) -> Classroom:
    """A class whose runs were killed before the last one, which was not."""
    number, num_kills = request.param
    moments = random.Random(SEED * 1000 + number)
    room = Classroom(undisturbed.room.folder)
    data = tmp_path_factory.mktemp("data")
    hits = 0
    for kill in range(num_kills):
        # The first of a round early, so that there is work left for the next.
        span = (undisturbed.ends - undisturbed.begins) * (0.6 if kill == 0 else 1.0)
        after = undisturbed.begins + moments.random() * span
        is_hit = killed(room, data, after)
        while not (hits or is_hit) and after > 1:
            # The machine has less to do than when it was measured: once more from nothing, and earlier.
            data, after = tmp_path_factory.mktemp("data"), after * 0.7
            is_hit = killed(room, data, after)
        hits += is_hit
    assert hits > 0, "every run ended before it was killed"
    finish([start(room, data=data)])
    return _Elsewhere(room.folder, data)


@dataclass
class _Elsewhere(Classroom):
    """A class with its data in another place."""

    place: Path = Path()

    @property
    def data(self) -> Path:
        return self.place


def test_after_kills_a_run_gives_the_tables_of_an_undisturbed_one(
    survived: Classroom, undisturbed: Undisturbed
) -> None:
    found = survived.warehouse_tables()
    assert found.keys() == undisturbed.tables.keys()
    for name, expected in undisturbed.tables.items():
        assert found[name] == expected, name
    assert len(undisturbed.tables["commits"]) == 3 * len(GROUPS), "there was nothing to lose"


def test_after_kills_the_mirrors_are_whole(survived: Classroom, undisturbed: Undisturbed) -> None:
    for mirror in survived.settings.mirrors_dir.glob("*.git"):
        subprocess.run(["git", f"--git-dir={mirror}", "fsck", "--full"], check=True, capture_output=True)
    names = {path.name for path in undisturbed.room.settings.mirrors_dir.glob("*.git")}
    assert {path.name for path in survived.settings.mirrors_dir.glob("*.git")} == names


def test_after_kills_no_run_counts_as_under_way(survived: Classroom) -> None:
    under_way = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]
    with open_instance(survived.settings) as instance:
        assert instance.get_runs(dg.RunsFilter(statuses=under_way)) == []
