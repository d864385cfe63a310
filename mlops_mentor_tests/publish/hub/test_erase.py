import random
from pathlib import Path

import pytest

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.erase import Erased, erase_from_hub
from mlops_mentor.publish.hub.push import push_folder
from mlops_mentor_tests.publish.hub.exports import REPO, Clock, target_at, write_export
from mlops_mentor_tests.publish.hub.fake_hub import Dataset, FakeHub

pytestmark = pytest.mark.loopback

# What only exports say that have group 2 in them.
ERASED = b"1 2"


def push(folder: Path, hub: FakeHub, tag: str) -> None:
    push_folder(folder, target_at(hub), tag=tag, lock=folder.parent / "push", patience=Clock().patience())


def erase(folder: Path, hub: FakeHub, *, may_make_anew: bool = False, max_failures: int = 60) -> Erased:
    return erase_from_hub(
        folder,
        target_at(hub),
        tag="erased",
        lock=folder.parent / "push",
        may_make_anew=may_make_anew,
        patience=Clock().patience(max_failures=max_failures),
    )


def pushed_twice(folder: Path, hub: FakeHub) -> dict[str, bytes]:
    """Two exports with group 2, then one without it, which is not pushed yet; its files."""
    for number in (1, 2):
        write_export(folder, f"export {number}")
        push(folder, hub, f"run-{number}")
    dataset = hub.datasets[REPO]
    dataset.branches["side"] = dataset.history()[1].sha
    return write_export(folder, "export 3", groups=["1"])


def everything(dataset: Dataset) -> bytes:
    """All bytes that somebody could get at."""
    return b"".join(
        [*(b"".join(commit.files.values()) for commit in dataset.commits.values()), *dataset.stored.values()]
    )


@pytest.mark.parametrize("is_lfs", [False, True], ids=["in git", "beside git"])
def test_after_erasing_there_is_one_commit_and_nothing_else(tmp_path: Path, is_lfs: bool) -> None:
    with FakeHub(is_lfs=is_lfs) as hub:
        wanted = pushed_twice(tmp_path / "export", hub)
        dataset = hub.datasets[REPO]
        assert ERASED in everything(dataset)
        erased = erase(tmp_path / "export", hub)
        assert dataset.files() == wanted
        assert ERASED not in everything(dataset)
        assert list(dataset.commits) == [dataset.branches["main"]] == [erased.commit]
        assert (dataset.tags, list(dataset.branches)) == ({"erased": erased.commit}, ["main"])
        assert erased.is_complete
        assert (erased.num_old_commits, erased.num_refs_deleted, erased.num_stored_files_deleted) == (4, 3, 6 * is_lfs)
        assert any("downloaded" in each for each in erased.not_verified)
        assert dataset.is_private


def test_forty_pushes_are_erased_at_a_tenth_of_faults(tmp_path: Path) -> None:
    with FakeHub() as hub:
        pushed_twice(tmp_path / "export", hub)
        dataset = hub.datasets[REPO]
        for number in range(40):
            dataset.tags[f"day-{number}"] = dataset.add({"old": b"%d" % number}, "x", dataset.branches["main"])
        hub.rate, hub.random = 0.1, random.Random(7)
        erased = erase(tmp_path / "export", hub)
        assert erased.is_complete
        assert (erased.num_old_commits, erased.num_refs_deleted) == (44, 43)
        assert list(dataset.commits) == [erased.commit]


@pytest.mark.parametrize("seed", range(3))
def test_erasing_at_a_tenth_of_faults_ends_as_well(tmp_path: Path, seed: int) -> None:
    with FakeHub(is_lfs=True) as hub:
        wanted = pushed_twice(tmp_path / "export", hub)
        hub.rate, hub.random = 0.1, random.Random(seed)
        erased = erase(tmp_path / "export", hub)
        dataset = hub.datasets[REPO]
        assert dataset.files() == wanted
        assert ERASED not in everything(dataset)
        assert erased.is_complete


def test_old_commits_that_the_hub_still_hands_out_are_told_of_and_remembered(tmp_path: Path) -> None:
    with FakeHub(keeps_old=True) as hub:
        pushed_twice(tmp_path / "export", hub)
        first = erase(tmp_path / "export", hub)
        assert not first.is_complete
        assert "2 of 4 old commits can still be read" in first.still_reachable[0]
        again = erase(tmp_path / "export", hub)
        assert not again.is_complete
        dataset = hub.datasets[REPO]
        # The Hub sweeps at last.
        dataset.commits = {dataset.branches["main"]: dataset.at("main")}
        assert erase(tmp_path / "export", hub).is_complete
        assert not list(tmp_path.glob("*erasing*"))


def test_with_leave_the_dataset_is_made_anew_where_old_commits_stay(tmp_path: Path) -> None:
    with FakeHub(keeps_old=True) as hub:
        wanted = pushed_twice(tmp_path / "export", hub)
        old = set(hub.datasets[REPO].commits)
        erased = erase(tmp_path / "export", hub, may_make_anew=True)
        dataset = hub.datasets[REPO]
        assert erased.was_made_anew
        assert erased.is_complete
        assert dataset.files() == wanted
        assert dataset.is_private
        assert not {sha for sha in old if ERASED in b"".join(hub_files(dataset, sha))}
        assert dataset.tags == {"erased": dataset.branches["main"]}


def hub_files(dataset: Dataset, sha: str) -> list[bytes]:
    return list(dataset.commits[sha].files.values()) if sha in dataset.commits else []


def test_what_was_interrupted_is_taken_up_again(tmp_path: Path) -> None:
    with FakeHub(keeps_old=True) as hub:
        pushed_twice(tmp_path / "export", hub)
        hub.fault("GET .*/lfs-files", "500", times=3)
        with pytest.raises(PublishError, match="status 500"):
            erase(tmp_path / "export", hub, max_failures=3)
        assert len(hub.datasets[REPO].history()) == 1
        # History is cut, so that the Hub itself no longer names what it still hands out.
        assert not erase(tmp_path / "export", hub).is_complete


def test_a_public_dataset_is_not_pushed_to_by_erasing_either(tmp_path: Path) -> None:
    with FakeHub() as hub:
        pushed_twice(tmp_path / "export", hub)
        hub.datasets[REPO].is_private = False
        with pytest.raises(PublishError, match="is public"):
            erase(tmp_path / "export", hub)


def test_where_nothing_was_pushed_nothing_is_made(tmp_path: Path) -> None:
    write_export(tmp_path / "export")
    with FakeHub() as hub:
        assert erase(tmp_path / "export", hub) == Erased(None)
        assert hub.datasets == {}
