import logging
import os
import random
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import constants
from huggingface_hub.utils.tqdm import are_progress_bars_disabled

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.push import Pushed, push_folder
from mlops_mentor.publish.hub.target import HubTarget
from mlops_mentor_tests.publish.hub.exports import REPO, Clock, target_at, write_export
from mlops_mentor_tests.publish.hub.fake_hub import READER, WRITER, FakeHub

pytestmark = pytest.mark.loopback

CHANGES = ("POST", "PUT", "DELETE")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_export(tmp_path / "export")
    return tmp_path / "export"


def push(
    folder: Path, target: HubTarget, clock: Clock | None = None, *, tag: str = "run-1", **patience: float
) -> Pushed:
    """A push that takes no real time to wait."""
    clock = clock or Clock()
    return push_folder(
        folder,
        target,
        tag=tag,
        lock=folder.parent / "locks" / "push",
        patience=clock.patience(**patience),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("is_lfs", [False, True], ids=["in git", "beside git"])
def test_the_dataset_is_made_private_and_holds_the_export_in_one_commit_with_a_tag(folder: Path, is_lfs: bool) -> None:
    with FakeHub(is_lfs=is_lfs) as hub:
        pushed = push(folder, target_at(hub))
        dataset = hub.datasets[REPO]
        assert dataset.is_private
        assert dataset.files() == {str(path.relative_to(folder)): path.read_bytes() for path in _files(folder)}
        assert len(dataset.history()) == 2
        assert dataset.tags == {"run-1": pushed.commit}
        assert pushed == Pushed(dataset.branches["main"], True, 5, 1, f"{hub.endpoint}/datasets/{REPO}", "run-1")


@pytest.mark.parametrize("is_lfs", [False, True], ids=["in git", "beside git"])
def test_what_is_pushed_again_makes_no_commit(folder: Path, is_lfs: bool) -> None:
    with FakeHub(is_lfs=is_lfs) as hub:
        push(folder, target_at(hub))
        hub.log.clear()
        pushed = push(folder, target_at(hub), tag="run-2")
        assert (pushed.commit, pushed.was_changed, pushed.tag) == (None, False, None)
        assert not [line for line in hub.log if line.startswith(CHANGES)]
        assert list(hub.datasets[REPO].tags) == ["run-1"]


@pytest.mark.parametrize("is_lfs", [False, True], ids=["in git", "beside git"])
def test_a_changed_export_is_one_commit_without_the_old_tables_and_with_the_files_of_others(
    folder: Path, is_lfs: bool
) -> None:
    with FakeHub(is_lfs=is_lfs) as hub:
        push(folder, target_at(hub))
        dataset = hub.datasets[REPO]
        dataset.add(
            dataset.at("main").files | {"notes/mine.md": b"of the lecturer"}, "by hand", dataset.branches["main"]
        )
        wanted = write_export(folder, "second")
        push(folder, target_at(hub), tag="run-2")
        assert dataset.files() == wanted | {"notes/mine.md": b"of the lecturer"}
        assert len(dataset.history()) == 4
        assert dataset.tags["run-2"] == dataset.branches["main"]


@pytest.mark.parametrize(("is_lfs", "num_runs"), [(False, 30), (True, 8)], ids=["in git", "beside git"])
def test_pushes_at_a_tenth_of_faults_all_end_whole_with_one_commit_each(
    folder: Path, is_lfs: bool, num_runs: int
) -> None:
    with FakeHub(is_lfs=is_lfs) as hub:
        num_attempts = 0
        for number in range(num_runs):
            wanted = write_export(folder, f"export {number}")
            hub.rate, hub.random = 0.1, random.Random(number)
            num_attempts += push(folder, target_at(hub), tag=f"run-{number}").num_attempts
            hub.rate = 0.0
            dataset = hub.datasets[REPO]
            assert dataset.files() == wanted
            assert len(dataset.history()) == number + 2
            assert dataset.tags[f"run-{number}"] == dataset.branches["main"]
        assert num_attempts > 1.4 * num_runs


def test_a_public_dataset_is_refused_and_nothing_is_written(folder: Path) -> None:
    with FakeHub() as hub:
        dataset = hub.make(REPO, is_private=False)
        with pytest.raises(PublishError, match=r"dtu/course is public.*MENTOR_HF_PUBLIC.*Nothing was pushed"):
            push(folder, target_at(hub))
        assert hub.log == [f"GET /api/datasets/{REPO}"]
        assert dataset.files() == {}


def test_a_dataset_that_becomes_public_while_files_go_up_gets_no_commit(folder: Path) -> None:
    with FakeHub() as hub:

        def open_it(line: str) -> None:
            if "preupload" in line:
                hub.datasets[REPO].is_private = False

        hub.before = open_it
        with pytest.raises(PublishError, match="is public"):
            push(folder, target_at(hub))
        assert hub.datasets[REPO].files() == {}


def test_a_dataset_that_becomes_public_with_the_commit_is_told_of(folder: Path) -> None:
    with FakeHub() as hub:

        def open_it(line: str) -> None:
            if "/commit/" in line:
                hub.datasets[REPO].is_private = False

        hub.before = open_it
        with pytest.raises(PublishError, match=r"is public.*commit [0-9a-f]{8} is seen by everybody"):
            push(folder, target_at(hub))


def test_allowed_public_a_missing_dataset_is_made_so_and_a_private_one_stays_private(folder: Path) -> None:
    with FakeHub() as hub:
        push(folder, target_at(hub, is_public=True))
        assert not hub.datasets[REPO].is_private
        hub.make("dtu/closed")
        push(folder, target_at(hub, repo="dtu/closed", is_public=True))
        assert hub.datasets["dtu/closed"].is_private


@pytest.mark.parametrize("kind", ["cut", "502", "504"])
def test_a_commit_whose_reply_is_lost_is_done_and_not_made_twice(folder: Path, kind: str) -> None:
    with FakeHub() as hub:
        hub.fault("POST .*/commit/", kind, when="after")
        pushed = push(folder, target_at(hub))
        dataset = hub.datasets[REPO]
        assert (pushed.was_changed, pushed.commit, pushed.num_attempts) == (True, dataset.branches["main"], 2)
        assert len(dataset.history()) == 2
        assert dataset.tags == {"run-1": pushed.commit}


@pytest.mark.parametrize(
    "pattern", ["POST .*/create", "POST .*/tag/", "GET .*/refs", "GET .*/revision/", "POST .*/preupload"]
)
def test_any_lost_reply_does_no_harm(folder: Path, pattern: str) -> None:
    with FakeHub() as hub:
        hub.fault(pattern, "cut", when="after")
        push(folder, target_at(hub))
        dataset = hub.datasets[REPO]
        assert len(dataset.history()) == 2
        assert dataset.tags == {"run-1": dataset.branches["main"]}


def test_another_writer_in_between_is_a_conflict_after_which_everything_is_looked_at_again(folder: Path) -> None:
    with FakeHub() as hub:
        dataset, is_first = hub.make(REPO), [True]

        def write_too(line: str) -> None:
            if "/commit/" in line and is_first.pop():
                is_first.append(False)
                dataset.add(
                    {"feedback/all-0123456789.parquet": b"of another machine"}, "theirs", dataset.branches["main"]
                )

        hub.before = write_too
        pushed = push(folder, target_at(hub))
        assert pushed.num_attempts == 2
        assert [commit.title for commit in dataset.history()] == ["Export of 5 files", "theirs", "initial commit"]
        assert "feedback/all-0123456789.parquet" not in dataset.files()


def test_who_makes_the_dataset_at_the_same_time_is_no_failure(folder: Path) -> None:
    with FakeHub() as hub:

        def make_too(line: str) -> None:
            if line.endswith("/create"):
                hub.make(REPO)

        hub.before = make_too
        assert push(folder, target_at(hub)).num_attempts == 1


def test_a_push_that_ended_between_commit_and_tag_gets_its_tag_with_the_next(folder: Path) -> None:
    with FakeHub() as hub:
        hub.fault("POST .*/tag/", "500", times=99)
        with pytest.raises(PublishError, match="status 500"):
            push(folder, target_at(hub), max_failures=3)
        assert hub.datasets[REPO].files()
    with FakeHub() as again:
        again.datasets = hub.datasets
        pushed = push(folder, target_at(again), tag="run-2")
        assert (pushed.was_changed, pushed.tag) == (False, "run-2")
        assert len(again.datasets[REPO].history()) == 2


def test_a_tag_of_another_commit_is_not_moved(folder: Path) -> None:
    with FakeHub() as hub:
        first = push(folder, target_at(hub)).commit
        write_export(folder, "second")
        second = push(folder, target_at(hub)).commit
        assert second is not None
        assert hub.datasets[REPO].tags == {"run-1": first, f"run-1-{second[:12]}": second}


def test_pauses_grow_and_the_hub_is_given_the_time_it_asks_for(folder: Path) -> None:
    clock = Clock()
    with FakeHub() as hub:
        hub.fault(f"GET .*{REPO}", "503", times=3)
        hub.fault("POST .*/preupload", "429", Retry_After="42")
        push(folder, target_at(hub), clock)
    assert [round(pause) for pause in clock.pauses[-1:]] == [42]
    assert clock.pauses[0] < clock.pauses[1] < clock.pauses[2] < 2.1


def test_a_hub_that_asks_for_more_time_than_there_is_ends_the_push(folder: Path) -> None:
    clock = Clock()
    with FakeHub() as hub:
        hub.fault("GET", "429", Retry_After="3600")
        with pytest.raises(PublishError, match=r"status 429.*Do it again later"):
            push(folder, target_at(hub), clock)
        assert (clock.pauses, len(hub.log)) == ([], 1)


def test_a_hub_that_never_answers_ends_the_push_after_a_while(folder: Path) -> None:
    clock = Clock()
    with FakeHub() as hub:
        hub.fault("", "cut", times=999)
        with pytest.raises(PublishError, match=r"did not answer.*10 minutes"):
            push(folder, target_at(hub), clock)
        assert len(hub.log) < 60
        assert sum(clock.pauses) <= 600


def test_what_is_no_hub_is_told_of(folder: Path) -> None:
    with FakeHub() as hub:
        hub.answer = lambda request: b"<html>Sign in to the network</html>"  # type: ignore[method-assign]
        with pytest.raises(PublishError, match="does not answer as a Hub does"):
            push(folder, target_at(hub), max_failures=3)


@pytest.mark.parametrize(
    ("repo", "token", "remedy"),
    [
        (REPO, "hf_unknownMadeUp789", r"does not know the token in HF_TOKEN.*Set a valid one"),
        (REPO, READER, r"may not write to dtu/course.*Give it the right"),
        ("elsewhere/course", WRITER, r"may not write to elsewhere/course.*correct MENTOR_HF_REPO"),
    ],
)
def test_what_cannot_succeed_is_said_at_once_with_its_remedy(folder: Path, repo: str, token: str, remedy: str) -> None:
    clock = Clock()
    with FakeHub() as hub:
        if token == READER:
            hub.make(REPO)
        with pytest.raises(PublishError, match=remedy):
            push(folder, target_at(hub, repo=repo, token=token), clock)
    assert clock.pauses == []


def test_a_dataset_that_leaves_files_out_is_told_of(folder: Path) -> None:
    with FakeHub() as hub:
        hub.make(REPO).add({".gitignore": b"parquet"}, "by hand")
        with pytest.raises(PublishError, match=r"left out leaderboard/all-.*\.gitignore"):
            push(folder, target_at(hub))


def test_the_token_is_in_no_text(
    folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeHub() as hub:
        target = target_at(hub)
        hub.rate = 0.3
        said = [repr(target), str(target), repr(push(folder, target))]
        hub.rate = 0.0
        hub.fault("GET", "400")
        with pytest.raises(PublishError) as error:
            push(folder, target)
    texts = "\n".join([*said, str(error.value), repr(error.value), caplog.text, *capfd.readouterr()])
    assert "Trying again" in texts
    assert WRITER not in texts


def test_neither_token_nor_address_that_the_hub_says_back_is_repeated(folder: Path) -> None:
    with FakeHub() as hub:
        said = f"{WRITER} is too large for https://store.example/x?signature=abc."
        hub.fault("POST .*/preupload", "413", X_Error_Message=said)
        with pytest.raises(PublishError) as error:
            push(folder, target_at(hub))
    assert "status 413: *** is too large for ..." in str(error.value)
    assert "signature" not in str(error.value)


def test_a_commit_that_not_all_of_the_hub_has_yet_is_waited_for(folder: Path) -> None:
    with FakeHub() as hub:
        hub.fault("GET .*/revision/", "404", X_Error_Code="RevisionNotFound")
        pushed = push(folder, target_at(hub))
        assert (pushed.was_changed, len(hub.datasets[REPO].history())) == (True, 2)


def test_one_push_of_a_machine_waits_for_another(folder: Path) -> None:
    lock = folder.parent / "locks" / "push"
    lock.parent.mkdir()
    with FakeHub() as hub:
        with FileLock(lock), pytest.raises(PublishError, match="Another push is under way"):
            push(folder, target_at(hub), max_s=0.1)
        assert hub.log == []
        push(folder, target_at(hub))


def test_a_client_that_is_told_to_stay_offline_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with FakeHub() as hub:
        with pytest.raises(PublishError, match=r"HF_HUB_OFFLINE is set.*Unset it"):
            push(folder, target_at(hub))
        assert hub.log == []


def test_surroundings_are_as_before_and_a_token_of_the_machine_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ofTheMachine")
    with FakeHub() as hub:
        before = (constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET, are_progress_bars_disabled())
        environment = dict(os.environ)
        push(folder, target_at(hub))
        after = (constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET, are_progress_bars_disabled())
        assert (after, dict(os.environ)) == (before, environment)
        assert not [line for line in hub.log if "telemetry" in line or "harnesses" in line]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
