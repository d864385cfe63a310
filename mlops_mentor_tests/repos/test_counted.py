"""Snapshots that counted: kept in the mirror whatever happens to branches, to the mirror and to its source."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mlops_mentor.errors import GitError, RepoError
from mlops_mentor.repos.counted import Counted, all_counted, counted, note_counted
from mlops_mentor.repos.mirror import Limits, update_mirror
from mlops_mentor.repos.refs import mirror_refs
from mlops_mentor_tests.repos.servers import git_server
from mlops_mentor_tests.repos.sources import BEGIN, Source, mirrored, plain_git

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
PUSH, DATE = "deadline_push_time", "deadline_commit_date"
NAME = f"refs/counted/20270122T110000Z/{PUSH}"
SMALL_BLOBS = Limits(git_timeout_s=60, max_blob_bytes=1000)
BIG = b"".join(b"row %d\n" % number for number in range(500))


@pytest.fixture
def lost(source: Source, mirror: Path) -> str:
    """A commit that counted, with one before it; the source has dropped both for good."""
    source.commit({b"a": b"1\n"})
    sha = source.commit({b"deep/b": b"2\n"})
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, sha)
    source.commit({b"else": b"1\n"}, parents=[])
    source.git("gc", "--quiet", "--prune=now")
    return sha


def assert_kept(mirror: Path, sha: str) -> None:
    assert counted(mirror, DEADLINE)[PUSH].sha == sha
    assert plain_git(mirror, "ls-tree", "-r", "--name-only", sha) == b"a\ndeep/b\n"
    assert plain_git(mirror, "rev-list", "--count", "--objects", sha) == b"7\n"
    plain_git(mirror, "fsck", "--connectivity-only")


def inode(mirror: Path) -> int:
    return mirror.stat().st_ino


def test_what_is_noted_is_read_by_rule_with_its_date(source: Source, mirror: Path) -> None:
    first, second = source.commit(), source.commit()
    mirrored(source, mirror)
    assert counted(mirror, DEADLINE) == {}
    note_counted(mirror, DEADLINE, PUSH, first)
    note_counted(mirror, DEADLINE, DATE, second)
    dates = [int((BEGIN + timedelta(hours=hours)).timestamp()) for hours in (1, 2)]
    assert counted(mirror, DEADLINE) == {PUSH: Counted(first, dates[0]), DATE: Counted(second, dates[1])}


def test_each_deadline_has_its_own_whatever_the_zone_it_is_told_in(source: Source, mirror: Path) -> None:
    first, second = source.commit(), source.commit()
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, first)
    note_counted(mirror, DEADLINE + timedelta(days=1), PUSH, second)
    assert counted(mirror, DEADLINE.astimezone(timezone(timedelta(hours=1))))[PUSH].sha == first
    assert counted(mirror, DEADLINE + timedelta(days=1))[PUSH].sha == second
    assert all_counted(mirror) == {NAME: first, NAME.replace("0122", "0123"): second}


def test_nothing_is_overwritten_by_accident(source: Source, mirror: Path) -> None:
    first, second = source.commit(), source.commit()
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, first)
    with pytest.raises(GitError):
        note_counted(mirror, DEADLINE, PUSH, second)
    with pytest.raises(GitError):
        note_counted(mirror, DEADLINE, PUSH, second, instead_of=second)
    note_counted(mirror, DEADLINE, PUSH, second, instead_of=first)
    assert counted(mirror, DEADLINE)[PUSH].sha == second


def test_a_commit_that_is_not_there_cannot_be_noted(source: Source, mirror: Path) -> None:
    source.commit()
    mirrored(source, mirror)
    with pytest.raises(GitError):
        note_counted(mirror, DEADLINE, PUSH, "ab" * 20)


def test_what_counted_is_no_head(source: Source, mirror: Path) -> None:
    sha = source.commit()
    before = mirrored(source, mirror).refs
    note_counted(mirror, DEADLINE, PUSH, sha)
    assert mirror_refs(mirror) == before
    assert mirrored(source, mirror).refs.refs_id == before.refs_id


def test_it_outlives_a_forced_push_a_fetch_and_pruning(source: Source, mirror: Path, lost: str) -> None:
    mirrored(source, mirror)
    plain_git(mirror, "gc", "--quiet", "--prune=now")
    assert_kept(mirror, lost)
    source.commit()
    mirrored(source, mirror)
    assert_kept(mirror, lost)


@pytest.mark.parametrize("damage", ["HEAD", "config", "packed-refs"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_it_is_carried_into_a_mirror_made_anew(
    source: Source, mirror: Path, lost: str, damage: str, is_packed: bool
) -> None:
    if is_packed and damage != "packed-refs":
        plain_git(mirror, "gc", "--quiet", "--prune=now")
    before = inode(mirror)
    (mirror / damage).write_bytes(b"\0garbage\n")
    mirrored(source, mirror)
    assert inode(mirror) != before
    assert_kept(mirror, lost)
    assert [path.name for path in mirror.parent.iterdir() if path.suffix != ".lock"] == [mirror.name]


def test_it_is_carried_over_where_its_blobs_were_never_there(source: Source, mirror: Path, tmp_path: Path) -> None:
    source.commit({b"a": b"1\n", b"big": BIG})
    blob = source.sha("main:big")
    (source.path / "objects" / blob[:2] / blob[2:]).unlink()
    sha = source.sha()
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, sha)
    shutil.rmtree(source.path)
    Source(source.path).commit({b"else": b"1\n"})
    (mirror / "HEAD").write_bytes(b"\0")
    mirrored(source, mirror)
    assert counted(mirror, DEADLINE)[PUSH].sha == sha
    assert plain_git(mirror, "cat-file", "-p", f"{sha}:a") == b"1\n"


def test_it_is_carried_over_with_ids_of_sha_256(make_source: Callable[..., Source], mirror: Path) -> None:
    source = make_source(object_format="sha256")
    sha = source.commit({b"a": b"1\n"})
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, sha)
    source.commit({b"b": b"1\n"}, parents=[])
    source.git("gc", "--quiet", "--prune=now")
    (mirror / "HEAD").write_bytes(b"\0")
    mirrored(source, mirror)
    assert counted(mirror, DEADLINE)[PUSH].sha == sha
    plain_git(mirror, "fsck", "--connectivity-only")


def test_it_is_fetched_once_more_where_the_old_mirror_lost_it(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"})
    sha = source.commit({b"deep/b": b"2\n"})
    mirrored(source, mirror)
    note_counted(mirror, DEADLINE, PUSH, sha)
    source.commit({b"else": b"1\n"}, parents=[])
    shutil.rmtree(mirror / "objects")
    mirrored(source, mirror)
    assert_kept(mirror, sha)


def test_what_cannot_be_carried_over_keeps_the_old_mirror_and_is_told(source: Source, mirror: Path, lost: str) -> None:
    before = inode(mirror)
    shutil.rmtree(mirror / "objects")
    for _ in range(2):
        with pytest.raises(RepoError, match=rf"is damaged, and {lost} in it, which counted .* Mend it") as caught:
            mirrored(source, mirror)
        assert caught.value.status == "error"
        assert inode(mirror) == before
        assert all_counted(mirror) == {NAME: lost}


def test_a_student_cannot_bring_one_along(source: Source, mirror: Path) -> None:
    sha = source.commit()
    source.git("update-ref", NAME, sha)
    source.git("update-ref", "refs/counted/x", sha)
    mirrored(source, mirror)
    assert all_counted(mirror) == {}
    source.commit()
    source.git("update-ref", NAME, source.sha())
    mirrored(source, mirror)
    assert all_counted(mirror) == {}


@pytest.mark.loopback
def test_it_is_carried_over_between_filtered_mirrors(mirror: Path, tmp_path: Path) -> None:
    hosted = Source(tmp_path / "hosted" / "project.git")
    sha = hosted.commit({b"a": b"1\n", b"data.csv": BIG})
    with git_server(tmp_path / "hosted") as server:
        address = server.address("/project.git")
        update_mirror(address, mirror, SMALL_BLOBS)
        note_counted(mirror, DEADLINE, PUSH, sha)
        hosted.commit({b"b": b"1\n"}, parents=[])
        hosted.git("gc", "--quiet", "--prune=now")
        (mirror / "HEAD").write_bytes(b"\0")
        update_mirror(address, mirror, SMALL_BLOBS)
        assert counted(mirror, DEADLINE)[PUSH].sha == sha
        assert plain_git(mirror, "cat-file", "-p", f"{sha}:a") == b"1\n"
        config = plain_git(mirror, "config", "--local", "--list").decode().split()
        assert {line.partition(".")[0] for line in config} == {"core"}
        # And it is followed from there.
        hosted.commit({b"c": b"1\n"})
        assert update_mirror(address, mirror, SMALL_BLOBS).refs.heads["refs/heads/main"] == hosted.sha()
