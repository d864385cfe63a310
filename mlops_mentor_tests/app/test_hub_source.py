"""The published class from a dataset of the Hub, with a Hub that is made up."""

import logging
import shutil
import threading
import time
from pathlib import Path

import pytest

from mlops_mentor.app.hub_source import HubSource
from mlops_mentor.errors import PublishError
from mlops_mentor_tests.pages.exports import Made, write_export


class FakeHub:
    """A dataset that is a folder; `fails` makes either call raise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commit = "a" * 40
        self.fails: set[str] = set()
        self.downloads: list[Path] = []

    def head(self, dataset: str) -> str:
        assert dataset == "uni/class"
        self._may_fail("head")
        return self.commit

    def download(self, dataset: str, commit: str, folder: Path) -> None:
        self.downloads.append(folder)
        self._may_fail("download")
        assert commit == self.commit
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)

    def _may_fail(self, call: str) -> None:
        if call in self.fails:
            raise RuntimeError("the Hub is away")


@pytest.fixture
def hub(tmp_path: Path) -> FakeHub:
    return FakeHub(write_export(tmp_path / "dataset", Made(num_groups=3)))


def test_the_class_is_that_of_the_dataset_and_nothing_stays_on_the_disk(hub: FakeHub) -> None:
    source = HubSource("uni/class", hub=hub)
    with pytest.raises(PublishError, match="uni/class"):
        source.current()
    assert source.refresh()
    assert list(source.current().groups) == ["1", "2", "3"]
    assert [folder.exists() for folder in hub.downloads] == [False]


def test_a_dataset_without_a_new_commit_is_not_fetched_again(hub: FakeHub) -> None:
    source = HubSource("uni/class", hub=hub)
    assert source.refresh() and source.refresh()
    assert len(hub.downloads) == 1


def test_a_new_commit_is_shown(hub: FakeHub) -> None:
    source = HubSource("uni/class", hub=hub)
    source.refresh()
    write_export(hub.folder, Made(num_groups=4))
    hub.commit = "b" * 40
    assert source.refresh()
    assert len(source.current().groups) == 4


@pytest.mark.parametrize("call", ["head", "download"])
def test_an_error_keeps_the_last_good_class_and_is_made_up_for(
    hub: FakeHub, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = HubSource("uni/class", hub=hub)
    source.refresh()
    write_export(hub.folder, Made(num_groups=4))
    hub.commit, hub.fails = "b" * 40, {call}
    with caplog.at_level(logging.WARNING):
        assert not source.refresh()
    assert "the Hub is away" in caplog.text
    assert len(source.current().groups) == 3
    hub.fails = set()
    assert source.refresh()
    assert len(source.current().groups) == 4


def test_half_an_export_is_not_shown(hub: FakeHub) -> None:
    source = HubSource("uni/class", hub=hub)
    source.refresh()
    for file in (hub.folder / "leaderboard").iterdir():
        file.write_bytes(b"no table")
    hub.commit = "b" * 40
    assert not source.refresh()
    assert len(source.current().groups) == 3


def test_it_goes_on_looking_until_it_is_stopped(hub: FakeHub) -> None:
    hub.fails = {"head"}
    source, stop = HubSource("uni/class", hub=hub), threading.Event()
    looking = threading.Thread(target=source.refresh_for_ever, args=(0.01, stop))
    looking.start()
    hub.fails = set()
    deadline = time.monotonic() + 10
    while source._class is None and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    looking.join(5)
    assert not looking.is_alive()
    assert len(source.current().groups) == 3
