"""A run that ended at an unlucky moment: the next one finds what was left undone, also where no repository changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_mentor.cli.run import run_class
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.partitions import NAME
from mlops_mentor.leaderboard.warehouse import publish_warehouse, query
from mlops_mentor.schemas import GROUP_OUTCOMES
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom

Run = Callable[[], str]


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    return make_classroom(tmp_path / "class", ["1", "2"])


@pytest.fixture
def run(room: Classroom, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the class once more and return what it printed."""

    def run() -> str:
        run_class(room.settings, only=[], accept_shorter=False)
        return capsys.readouterr().out

    run()
    return run


def test_after_a_whole_run_there_is_nothing_to_do(run: Run) -> None:
    assert "nothing changed in 2 groups" in run()


def test_a_group_whose_outcome_was_never_noted_is_worked_on(room: Classroom, run: Run) -> None:
    room.lake.path(GROUP_OUTCOMES, "2").unlink()
    assert "1 of 2 groups worked on" in run()
    assert query(room.settings.warehouse_file, "select group_id from group_outcomes order by 1").rows == [
        ("1",),
        ("2",),
    ]


def test_groups_that_were_never_published_are_published(room: Classroom, run: Run) -> None:
    publish_warehouse(room.lake, room.settings.warehouse_file, ["1"], "of an earlier state")
    run()
    assert query(room.settings.warehouse_file, "select count(*) from repo_stats").rows == [(2,)]
    assert "nothing changed" in run()


def test_groups_that_dagster_was_never_told_of_are_worked_on(room: Classroom, run: Run) -> None:
    with open_instance(room.settings) as instance:
        instance.delete_dynamic_partition(NAME, "2")
    room.make_group("2", num_commits=1)
    assert "1 of 2 groups worked on" in run()
