"""Progress by day in a group's chain: what stood at the end of a day is looked at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import ProgressWeights
from mlops_mentor.evidence.daily import Standing, standings
from mlops_mentor.github.access import NOT_ON_GITHUB
from mlops_mentor.repos.files import read_files_at
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import PROGRESS, REPO_STATS, STARTER_FILES, STARTER_SHAPES, empty
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.chains import COURSE, Chain, OnGitHub, checked, recomputed
from mlops_mentor_tests.repos.sources import BEGIN, Source

MakeFrame = Callable[..., pl.DataFrame]
DAY = timedelta(days=1)
WORKFLOW = b"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"
TEST = b"from birds.model import Model\n\n\ndef test_model():\n    model = Model()\n    assert model(2) == 4\n"


class Looks:
    """By run, which commits were looked at, and the files of which were listed besides those of the snapshot."""

    def __init__(self) -> None:
        self.standings: list[str] = []
        self.listed: list[str] = []

    def look(self, files: Mapping[str, pl.DataFrame], *rest: Any) -> Iterator[tuple[str, Standing]]:
        self.standings += files
        return standings(files, *rest)

    def list_files(self, mirror: Path, group_id: str, shas: list[str], starter: Any) -> dict[str, pl.DataFrame]:
        self.listed += shas
        return read_files_at(mirror, group_id, shas, starter)

    def forget(self) -> None:
        self.standings.clear()
        self.listed.clear()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    looks = Looks()
    # What the chain computes is fixed in its assets.
    monkeypatch.setattr("mlops_mentor.defs.assets.metrics.standings", looks.look)
    monkeypatch.setattr("mlops_mentor.defs.assets.metrics.read_files_at", looks.list_files)
    return looks


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Two commits on the first day, one on each of the next two."""
    source = Source(tmp_path / "sources" / "1")
    source.commit({b"README.md": b"# Birds\n"})
    source.commit({b"src/birds/model.py": b"class Model:\n    def __call__(self, x):\n        return 2 * x\n"})
    source.commit({b"tests/test_model.py": TEST}, at=BEGIN + DAY)
    source.commit({b".github/workflows/tests.yaml": WORKFLOW}, at=BEGIN + 2 * DAY)
    return source


@pytest.fixture
def chain(tmp_path: Path, source: Source) -> Chain:
    return Chain(tmp_path, Group("1", source.address, ("s000001", "s000002"), 2))


def shas(source: Source) -> list[str]:
    """Of the commits that stood at the end of a day, oldest first."""
    return source.git("rev-list", "--reverse", "main").decode().split()[1:]


def progress(lake: Lake) -> pl.DataFrame:
    return lake.read(PROGRESS, "1")


def test_each_day_is_looked_at_once_and_the_last_is_what_the_numbers_show(
    chain: Chain, source: Source, looks: Looks
) -> None:
    assert chain.run().failed_table is None
    assert looks.standings == shas(source)
    assert looks.listed == shas(source)[:-1], "the files of the snapshot are listed already"
    frame = progress(chain.lake)
    assert frame["day"].to_list() == [date(2027, 1, day) for day in (5, 6, 7)]
    assert frame["sha"].to_list() == shas(source)
    tested = frame["tests_shown"].to_list()
    assert tested[0] < tested[1] < tested[2]
    row = chain.row(REPO_STATS)
    assert (row["progress"], row["tests_and_ci"]) == (frame["progress"][-1], frame["tests_and_ci"][-1])
    looks.forget()
    assert recomputed(chain.run()) == []
    assert (looks.standings, looks.listed) == ([], [])


def test_a_new_commit_has_its_own_day_looked_at_and_no_other(chain: Chain, source: Source, looks: Looks) -> None:
    chain.run()
    before = progress(chain.lake)
    looks.forget()
    new = source.commit({b"Dockerfile": b"FROM python:3.12\n"}, at=BEGIN + 3 * DAY)
    assert "progress" in recomputed(chain.run())
    assert (looks.standings, looks.listed) == ([new], [])
    after = progress(chain.lake)
    assert after.head(3).equals(before)
    assert after["sha"].to_list() == [*before["sha"], new]


def test_another_commit_on_the_last_day_replaces_it(chain: Chain, source: Source, looks: Looks) -> None:
    chain.run()
    looks.forget()
    new = source.commit({b"Dockerfile": b"FROM python:3.12\n"}, at=BEGIN + 2 * DAY + timedelta(hours=1))
    chain.run()
    assert (looks.standings, looks.listed) == ([new], [])
    assert progress(chain.lake)["sha"].to_list() == [*shas(source)[:2], new]


def test_a_branch_that_was_reset_has_nothing_looked_at_again(chain: Chain, source: Source, looks: Looks) -> None:
    chain.run()
    looks.forget()
    source.git("update-ref", "refs/heads/main", shas(source)[1])
    chain.run()
    assert (looks.standings, looks.listed) == ([], [])
    assert progress(chain.lake).height == 2


def test_other_weights_have_the_sums_made_again_and_nothing_looked_at(chain: Chain, looks: Looks) -> None:
    chain.run()
    before = progress(chain.lake)
    looks.forget()
    weights = ProgressWeights(checklist_shown=0, report_answered=0, tests_and_ci=5, reproducibility=0, balance=0)
    result = chain.run(course=COURSE.model_copy(update={"progress": weights}))
    assert recomputed(result) == ["progress", "repo_stats"]
    assert (looks.standings, looks.listed) == ([], [])
    after = progress(chain.lake)
    assert after.drop("progress").equals(before.drop("progress"))
    assert after["progress"].to_list() == pytest.approx([100 * part for part in after["tests_and_ci"]])
    assert chain.row(REPO_STATS)["progress"] == after["progress"][-1]


def test_who_is_who_changes_the_balance_and_has_nothing_looked_at(chain: Chain, looks: Looks) -> None:
    chain.run()
    looks.forget()
    chain.group = replace(chain.group, students=("s000001",))
    assert "progress" in recomputed(chain.run())
    assert (looks.standings, looks.listed) == ([], [])
    assert progress(chain.lake)["balance"].to_list() == [None] * 3


def test_other_starter_code_has_every_day_looked_at_again(
    chain: Chain, source: Source, looks: Looks, make_frame: MakeFrame
) -> None:
    chain.run()
    looks.forget()
    test_blob = source.git("rev-parse", "main:tests/test_model.py").decode().strip()
    chain.lake.write(STARTER_FILES, make_frame(STARTER_FILES, {"blob_id": test_blob}), input_key="starter")
    before = progress(chain.lake)
    assert "progress" in recomputed(chain.run(starter_key="starter"))
    assert looks.standings == shas(source)
    first, second, _ = progress(chain.lake)["tests_shown"].to_list()
    assert (first, second) == (before["tests_shown"][0], first), "tests that were handed out show nothing"


def test_other_shapes_of_the_starter_code_have_every_day_looked_at_again(
    chain: Chain, source: Source, looks: Looks
) -> None:
    chain.run()
    looks.forget()
    chain.lake.write(STARTER_SHAPES, empty(STARTER_SHAPES), input_key="shapes")
    result = chain.run(starter_shapes_key="shapes")
    assert recomputed(result) == ["checklist", "flags", "progress", "repo_stats"]
    assert looks.standings == shas(source)


def test_another_list_of_items_has_every_day_looked_at_again(
    chain: Chain, source: Source, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.run()
    looks.forget()
    # The list is a file of the package.
    monkeypatch.setattr("mlops_mentor.chain.freshness.checklist_key", lambda: "next year's")
    assert recomputed(chain.run()) == ["checklist", "flags", "progress", "repo_stats"]
    assert looks.standings == shas(source)


def test_runs_that_are_seen_when_it_is_asked_again_count(chain: Chain, source: Source, looks: Looks) -> None:
    """A look sees that nothing changed, and GitHub tells of another end all the same."""
    tip = source.sha()
    github = OnGitHub(source, runs=[checked(tip, conclusion="FAILURE")])
    chain.run(github)
    assert progress(chain.lake)["workflows_pass"][-1] is False
    looks.forget()
    chain.run(replace(github, runs=[checked(tip)]), ask_again=True)
    assert progress(chain.lake)["workflows_pass"][-1] is True
    assert chain.row(REPO_STATS)["tests_and_ci"] == progress(chain.lake)["tests_and_ci"][-1]
    assert looks.standings == [], "the files are as they were"


def test_an_empty_repository_has_no_day(tmp_path: Path) -> None:
    bare = Source(tmp_path / "sources" / "empty")
    chain = Chain(tmp_path, Group("1", bare.address, ("s000001", "s000002"), 2))
    assert chain.run(NOT_ON_GITHUB).failed_table is None
    assert progress(chain.lake).is_empty()
    assert chain.row(REPO_STATS)["progress"] is None
