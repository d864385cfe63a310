"""Mirrors of repositories in folders: cloned once, then followed, whatever happens to them in between."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_mentor.errors import RepoError
from mlops_mentor.repos.mirror import Limits, MirrorState, _replace, fetch_commit, update_mirror
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.roster.addresses import Address
from mlops_mentor_tests.repos.servers import git_server
from mlops_mentor_tests.repos.sources import MAIN, Source, mirrored, plain_git

ROUND = Limits(git_timeout_s=60)


def heads(repository: Path) -> dict[str, str]:
    lines = plain_git(repository, "for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
    return dict(line.split() for line in lines)


def assert_same_heads(state: MirrorState, mirror: Path, source: Path) -> None:
    assert state.refs.heads == heads(mirror) == heads(source)
    plain_git(mirror, "fsck", "--connectivity-only")


def inode(mirror: Path) -> int:
    """Another one when the mirror was made anew."""
    return mirror.stat().st_ino


@pytest.fixture
def followed(source: Source, mirror: Path) -> Source:
    """A source with a mirror that is up to date."""
    source.commit({b"a": b"1\n"})
    source.commit({b"b": b"1\n"}, ref="refs/heads/side")
    source.commit({b"c": b"1\n"}, ref="refs/pull/7/head")
    source.git("tag", "v1", "main")
    mirrored(source, mirror)
    return source


def test_a_clone_has_branches_tags_and_pull_requests(followed: Source, mirror: Path) -> None:
    state = mirrored(followed, mirror)
    assert_same_heads(state, mirror, followed.path)
    assert (state.refs.default_ref, state.refs.num_heads, state.refs.num_pull_request_heads) == (MAIN, 3, 1)
    assert state.num_bytes == sum(path.lstat().st_size for path in mirror.rglob("*") if not path.is_dir())


def test_a_mirror_names_no_remote_hook_or_promisor(followed: Source, mirror: Path) -> None:
    config = plain_git(mirror, "config", "--local", "--list").decode().split()
    assert config == ["core.repositoryformatversion=0", "core.bare=true"]
    assert not list(mirror.glob("hooks/*"))


def test_new_commits_are_fetched_into_the_same_mirror(followed: Source, mirror: Path) -> None:
    before = inode(mirror)
    followed.commit({b"a": b"2\n"})
    followed.commit({b"d": b"1\n"}, ref="refs/pull/8/head")
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)
    assert inode(mirror) == before


def test_an_unchanged_repository_costs_no_fetch(
    followed: Source, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_fetch(*_: object) -> None:
        raise AssertionError("fetched")

    monkeypatch.setattr("mlops_mentor.repos.mirror._fetch", no_fetch)
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)
    followed.commit({b"a": b"2\n"})
    with pytest.raises(AssertionError, match="fetched"):
        mirrored(followed, mirror)


def test_a_forced_push_is_followed(followed: Source, mirror: Path) -> None:
    followed.commit({b"else": b"1\n"}, parents=[])
    followed.commit({b"else": b"2\n"}, parents=[], ref="refs/pull/7/head")
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def test_a_deleted_branch_and_a_branch_in_its_place_are_followed(followed: Source, mirror: Path) -> None:
    followed.git("update-ref", "-d", "refs/heads/side")
    followed.git("tag", "-d", "v1")
    followed.commit({b"b": b"1\n"}, ref="refs/heads/side/inner")
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def test_a_moved_tag_is_followed(followed: Source, mirror: Path) -> None:
    followed.git("tag", "--force", "--annotate", "--message=x", "v1", "refs/heads/side")
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def test_another_default_branch_is_followed(followed: Source, mirror: Path) -> None:
    before = mirrored(followed, mirror).refs
    followed.git("symbolic-ref", "HEAD", "refs/heads/side")
    after = mirrored(followed, mirror).refs
    assert (before.default_ref, after.default_ref) == (MAIN, "refs/heads/side")
    assert before.refs_id != after.refs_id
    assert before.heads == after.heads


def test_a_default_branch_that_is_gone_falls_back_to_main(followed: Source, mirror: Path) -> None:
    followed.git("symbolic-ref", "HEAD", "refs/heads/never-pushed")
    assert mirrored(followed, mirror).refs.default_ref == MAIN


def test_a_working_copy_is_read_without_its_uncommitted_files(followed: Source, mirror: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy", tmp_path / "mirrors" / "2.git"
    plain_git(tmp_path, "clone", "--quiet", str(followed.path), str(copy))
    (copy / "uncommitted").write_text("x")
    plain_git(copy, "add", ".")
    mirrored(copy, other)
    (copy / "a").write_text("changed")
    plain_git(copy, "commit", "--quiet", "-m", "Change", "a")
    assert mirrored(copy, other).refs.heads[MAIN] == plain_git(copy, "rev-parse", "HEAD").decode().strip()
    status = plain_git(copy, "status", "--porcelain").decode()
    assert status == "A  uncommitted\n", "the working copy was touched"


def test_an_empty_repository_has_no_heads_and_fills_later(source: Source, mirror: Path) -> None:
    state = mirrored(source, mirror)
    assert (state.refs.heads, state.refs.default_ref) == ({}, None)
    source.commit({b"a": b"1\n"})
    assert_same_heads(mirrored(source, mirror), mirror, source.path)


def refs_ids(source: Path, mirror: Path) -> tuple[str, str]:
    """What a refresh compares: the id of the remote's heads and the mirror's."""
    state = mirrored(source, mirror)
    remote, _ = remote_refs(Address(str(source), "file"), cwd=mirror.parent, timeout_s=30)
    return remote.refs_id, state.refs.refs_id


def test_an_empty_repository_counts_as_unchanged(source: Source, mirror: Path) -> None:
    remote, own = refs_ids(source.path, mirror)
    assert remote == own


def test_a_working_copy_with_a_detached_head_counts_as_unchanged(
    followed: Source, mirror: Path, tmp_path: Path
) -> None:
    followed.git("update-ref", "--no-deref", "HEAD", followed.sha())
    mirrored(followed, mirror)
    followed.commit({b"a": b"2\n"})
    remote, own = refs_ids(followed.path, mirror)
    assert remote == own


@pytest.mark.parametrize("character", ["\u2028", "\x85", "ø", "\U0001f680"])
def test_a_branch_with_an_odd_name_is_read(followed: Source, mirror: Path, character: str) -> None:
    followed.commit({b"x": b"1\n"}, ref=f"refs/heads/a{character}b")
    state = mirrored(followed, mirror)
    assert f"refs/heads/a{character}b" in state.refs.heads
    remote, _ = remote_refs(followed.address, cwd=mirror.parent, timeout_s=30)
    assert remote.heads == state.refs.heads


def test_a_missing_path_is_not_found_and_keeps_the_mirror(followed: Source, mirror: Path) -> None:
    followed.path.rename(followed.path.with_name("moved"))
    with pytest.raises(RepoError, match=r"does not exist\. Correct the roster") as caught:
        mirrored(followed, mirror)
    assert caught.value.status == "not_found"
    assert MAIN in heads(mirror)


@pytest.mark.parametrize("has_mirror", [True, False])
def test_a_folder_without_a_repository_is_not_found(
    followed: Source, mirror: Path, tmp_path: Path, has_mirror: bool
) -> None:
    if not has_mirror:
        shutil.rmtree(mirror)
    shutil.rmtree(followed.path)
    followed.path.mkdir()
    with pytest.raises(RepoError) as caught:
        mirrored(followed, mirror)
    assert caught.value.status == "not_found"
    assert mirror.exists() is has_mirror
    left = [path for path in mirror.parent.iterdir() if path.suffix != ".lock"]
    assert left == [mirror] * has_mirror, "something was left behind"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_repository_is_no_access(followed: Source, mirror: Path) -> None:
    followed.path.chmod(0)
    try:
        with pytest.raises(RepoError) as caught:
            mirrored(followed, mirror)
    finally:
        followed.path.chmod(stat.S_IRWXU)
    assert caught.value.status == "no_access"


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "shallow.lock"])
def test_a_lock_that_a_killed_process_left_heals(followed: Source, mirror: Path, lock: str) -> None:
    (mirror / lock).touch()
    followed.git("update-ref", "-d", "refs/heads/side")
    followed.commit({b"a": b"2\n"})
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)
    followed.commit({b"a": b"3\n"})
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


@pytest.mark.parametrize("damage", ["objects", "HEAD", "packed-refs", "config"])
def test_a_damaged_mirror_heals_when_there_are_new_commits(followed: Source, mirror: Path, damage: str) -> None:
    path = mirror / damage
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.write_bytes(b"\0garbage\n")
    followed.commit({b"a": b"2\n"})
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def test_leftovers_of_a_killed_clone_do_not_disturb(followed: Source, mirror: Path) -> None:
    leftover = mirror.with_name(f".{mirror.name}.4711.abcd.tmp")
    shutil.copytree(mirror, leftover)
    shutil.rmtree(mirror)
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def killed_between_renames(mirror: Path, token: str) -> Path:
    old = mirror.with_name(f".{mirror.name}.4711.{token}.tmp.old")
    mirror.rename(old)
    return old


def left_beside(mirror: Path) -> list[Path]:
    return [path for path in mirror.parent.iterdir() if path.suffix != ".lock"]


def test_the_last_good_copy_survives_a_kill_between_two_renames(followed: Source, mirror: Path) -> None:
    before = heads(mirror)
    older = mirror.with_name(f".{mirror.name}.4710.abcd.tmp.old")
    shutil.copytree(mirror, older)
    (older / "packed-refs").unlink(missing_ok=True)
    os.utime(older, (0, 0))
    killed_between_renames(mirror, "0123")
    mirror.with_name(f".{mirror.name}.4711.0123.tmp").mkdir()
    shutil.rmtree(followed.path)
    with pytest.raises(RepoError) as caught:
        mirrored(followed, mirror)
    assert caught.value.status == "not_found"
    assert heads(mirror) == before
    assert left_beside(mirror) == [mirror]


def test_an_old_copy_does_not_replace_a_mirror_that_is_there(followed: Source, mirror: Path) -> None:
    shutil.copytree(mirror, mirror.with_name(f".{mirror.name}.4711.abcd.tmp.old"))
    before = inode(mirror)
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)
    assert inode(mirror) == before
    assert left_beside(mirror) == [mirror]


def test_a_replacement_that_cannot_be_put_in_place_keeps_the_mirror(
    followed: Source, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def no_rename(path: Path, target: Path) -> Path:
        if path.suffix == ".tmp":
            raise OSError("the disk is full")
        return rename(path, target)

    before = heads(mirror)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", no_rename)
        with pytest.raises(OSError, match="the disk is full"):
            _replace(mirror, lambda fresh: fresh.mkdir())
    assert heads(mirror) == before
    assert left_beside(mirror) == [mirror]


def slow_packs(tmp_path: Path) -> None:
    """Make git send packs in dribs, through the user's own configuration, which counts for transfers."""
    hook = tmp_path / "slow"
    hook.write_text('#!/bin/sh\n"$@" | { head -c 300000; sleep 3; cat; }\n')
    hook.chmod(0o755)
    (Path.home() / ".gitconfig").write_text(f"[uploadpack]\n\tpackObjectsHook = {hook}\n[fetch]\n\tunpackLimit = 1\n")


def test_more_than_the_allowed_size_is_an_error_with_a_remedy_and_keeps_the_mirror(
    followed: Source, mirror: Path, tmp_path: Path
) -> None:
    before = heads(mirror)
    followed.commit({b"big": os.urandom(600_000)})
    slow_packs(tmp_path)
    with pytest.raises(RepoError, match="MENTOR_MAX_REPO_MB") as caught:
        mirrored(followed, mirror, Limits(git_timeout_s=60, max_repo_bytes=200_000))
    assert caught.value.status == "error"
    assert heads(mirror) == before
    (Path.home() / ".gitconfig").unlink()
    assert_same_heads(mirrored(followed, mirror), mirror, followed.path)


def test_the_size_limit_holds_for_a_clone_that_takes_no_time(source: Source, mirror: Path) -> None:
    source.commit({b"big": os.urandom(600_000)})
    with pytest.raises(RepoError, match="MENTOR_MAX_REPO_MB"):
        mirrored(source, mirror, Limits(max_repo_bytes=200_000))


def test_a_fetch_that_takes_too_long_is_a_timeout_and_keeps_the_mirror(
    followed: Source, mirror: Path, tmp_path: Path
) -> None:
    before = heads(mirror)
    followed.commit({b"big": os.urandom(600_000)})
    slow_packs(tmp_path)
    with pytest.raises(RepoError) as caught:
        mirrored(followed, mirror, Limits(git_timeout_s=1))
    assert caught.value.status == "timeout"
    assert heads(mirror) == before


def test_what_a_stopped_fetch_left_does_not_count_for_good(followed: Source, mirror: Path, tmp_path: Path) -> None:
    followed.commit({b"big": os.urandom(600_000)})
    slow_packs(tmp_path)
    with pytest.raises(RepoError):
        mirrored(followed, mirror, Limits(git_timeout_s=1))
    assert not list(mirror.glob("objects/pack/tmp_*"))


def test_two_repositories_one_after_the_other_at_one_place_become_the_second(
    make_source: Callable[..., Source], mirror: Path
) -> None:
    first, second = make_source("first"), make_source("second")
    first.commit({b"a": b"1\n"})
    second.commit({b"b": b"1\n"}, ref="refs/heads/other")
    second.git("symbolic-ref", "HEAD", "refs/heads/other")
    mirrored(first, mirror)
    state = update_mirror(second.address, mirror, ROUND)
    assert_same_heads(state, mirror, second.path)
    assert state.refs.default_ref == "refs/heads/other"


def test_a_commit_that_no_head_names_is_fetched_by_its_id_with_its_history(
    followed: Source, mirror: Path, tmp_path: Path
) -> None:
    first = followed.commit({b"x": b"1\n"}, ref="refs/heads/gone")
    second = followed.commit({b"x": b"2\n"}, ref="refs/heads/gone")
    followed.git("update-ref", "-d", "refs/heads/gone")
    before = heads(mirror)
    assert fetch_commit(followed.address, mirror, second, ROUND)
    assert plain_git(mirror, "rev-list", second).decode().split()[:2] == [second, first]
    assert plain_git(mirror, "cat-file", "-p", f"{second}:x") == b"2\n"
    assert heads(mirror) == before, "something names it"
    assert not (mirror / "FETCH_HEAD").exists()


@pytest.mark.parametrize("sha", ["ab" * 20, "main", "--upload-pack=touch x", "abcdef", ""])
def test_a_commit_that_the_source_lacks_or_that_is_no_id_is_not_fetched(
    followed: Source, mirror: Path, sha: str
) -> None:
    before = heads(mirror)
    assert not fetch_commit(followed.address, mirror, sha, ROUND)
    assert heads(mirror) == before


def test_a_commit_of_a_repository_that_is_gone_is_a_failure_with_a_status(followed: Source, mirror: Path) -> None:
    shutil.rmtree(followed.path)
    with pytest.raises(RepoError) as caught:
        fetch_commit(followed.address, mirror, "ab" * 20, ROUND)
    assert caught.value.status == "not_found"


@pytest.mark.loopback
def test_a_commit_fetched_from_a_server_by_its_id_comes_without_big_blobs(mirror: Path, tmp_path: Path) -> None:
    hosted = Source(tmp_path / "hosted" / "project.git")
    hosted.commit({b"a": b"1\n"})
    limits = Limits(git_timeout_s=60, max_blob_bytes=1000)
    with git_server(tmp_path / "hosted") as server:
        address = server.address("/project.git")
        update_mirror(address, mirror, limits)
        sha = hosted.commit({b"b": b"1\n", b"big": b"x" * 5000}, ref="refs/heads/gone")
        hosted.git("update-ref", "-d", "refs/heads/gone")
        assert fetch_commit(address, mirror, sha, limits)
        assert not fetch_commit(address, mirror, "ab" * 20, limits)
    assert plain_git(mirror, "cat-file", "-p", f"{sha}:b") == b"1\n"
    assert plain_git(mirror, "rev-list", "--objects", "--missing=print", sha).count(b"?") == 1
    config = plain_git(mirror, "config", "--local", "--list").decode().split()
    assert {line.partition(".")[0] for line in config} == {"core"}


def test_the_tip_that_a_forced_push_dropped_stays_readable(followed: Source, mirror: Path) -> None:
    before = followed.sha()
    followed.commit({b"else": b"1\n"}, parents=[])
    mirrored(followed, mirror)
    assert plain_git(mirror, "merge-base", "--all", before, before).decode().strip() == before
