"""Repositories that lack blobs: what can be known agrees with plain git, and the rest is null."""

import subprocess
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.mirror import MirrorState
from mlops_mentor_tests.repos.plain import (
    assert_commits_agree,
    assert_files_agree,
    commits_of,
    files_of,
    plain_commits_one_by_one,
    plain_files,
)
from mlops_mentor_tests.repos.sources import MAIN, Source, clean_environment, mirrored, plain_git

BIG = b"".join(b"row %d,%d,%d\n" % (n, n * n, n**3) for n in range(200))


def history(source: Source) -> None:
    source.commit({b"README.md": b"# Title\n", b"data.csv": BIG})
    source.commit({b"train.py": b"1\n2\n3\n"})
    source.commit({b"data.csv": BIG + b"more\n", b"train.py": b"1\n2\n"})
    side = source.commit({b"big2.txt": BIG[::-1]}, ref="refs/heads/side", parents=[source.sha()])
    source.commit({b"big2.txt": BIG[::-1], b"train.py": b"1\n"}, parents=[source.sha(), side])
    source.commit({b"big2.txt": None, b"train.py": b"1\n2\n3\n4\n"})
    source.commit({b"model.py": b"x\n"})
    source.commit({b"pull.py": b"x\n" * 9, b"data.csv": BIG[:500]}, ref="refs/pull/1/head", parents=[source.sha()])


def delete_blob(source: Source, revision: str) -> str:
    blob_id = source.sha(revision)
    (source.path / "objects" / blob_id[:2] / blob_id[2:]).unlink()
    return blob_id


def assert_agrees_without_blobs(state: MirrorState, mirror: Path) -> pl.DataFrame:
    """Asked of the mirror, which has no promisor, so that plain git cannot fetch what is missing."""
    table = commits_of(state, mirror)
    tip = state.refs.heads[state.refs.default_ref or ""]
    assert_commits_agree(table, plain_commits_one_by_one(mirror, tip, state.refs.pull_request_shas))
    assert_files_agree(files_of(state, mirror), plain_files(mirror, tip))
    return table


@pytest.mark.parametrize(
    ("revision", "num_null"),
    [
        ("main:data.csv", 1 + 1),
        ("main:README.md", 1),
        ("main~2:big2.txt", 1 + 1),
        ("main:train.py", 1),
        ("main:model.py", 1),
    ],
)
def test_lines_are_null_exactly_where_plain_git_fails(
    source: Source, mirror: Path, revision: str, num_null: int
) -> None:
    history(source)
    delete_blob(source, revision)
    table = assert_agrees_without_blobs(mirrored(source, mirror), mirror)
    assert table["lines_added"].null_count() == num_null


def test_with_many_blobs_missing_the_others_are_counted(source: Source, mirror: Path) -> None:
    names = [b"%d.txt" % number for number in range(90)]
    source.commit({name: b"content of %s\n" % name for name in names})
    for name in names[:80]:
        source.commit({name: b"once more %s\n" % name})
    source.commit({b"kept.py": b"1\n"})
    for name in names[:80]:
        delete_blob(source, f"main:{name.decode()}")
    table = assert_agrees_without_blobs(mirrored(source, mirror), mirror)
    assert table["lines_added"].null_count() == 80


def test_nothing_is_null_where_only_unreachable_blobs_are_missing(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"})
    source.commit({b"a": b"lost\n"}, ref="refs/heads/lost")
    delete_blob(source, "refs/heads/lost:a")
    source.git("update-ref", "-d", "refs/heads/lost")
    table = assert_agrees_without_blobs(mirrored(source, mirror), mirror)
    assert table["lines_added"].null_count() == 0


def test_missing_blobs_of_files_are_not_available(source: Source, mirror: Path) -> None:
    history(source)
    blob_id = delete_blob(source, "main:data.csv")
    state = mirrored(source, mirror)
    row = read_files(mirror, "1", state.refs.heads[MAIN], pl.Series([blob_id])).row(
        by_predicate=pl.col("path") == "data.csv", named=True
    )
    # Starter code is known by its id, whether its content is there or not.
    assert row["blob_id"] == blob_id
    assert (row["bytes"], row["lines"], row["is_available"], row["is_starter_code"]) == (None, None, False, True)


def partial_clone(source: Source, target: Path) -> Path:
    source.git("config", "uploadpack.allowFilter", "true")
    source.git("config", "uploadpack.allowAnySHA1InWant", "true")
    command = ["git", "clone", "--quiet", "--bare", "--filter=blob:limit=1k", source.path.as_uri(), str(target)]
    subprocess.run(command, check=True, env=clean_environment())
    return target


def test_a_partial_clone_agrees_and_is_left_as_it_was(source: Source, mirror: Path, tmp_path: Path) -> None:
    history(source)
    clone = partial_clone(source, tmp_path / "partial.git")
    before = sorted(path.name for path in clone.rglob("*") if path.is_file())
    table = assert_agrees_without_blobs(mirrored(clone, mirror), mirror)
    assert table["lines_added"].null_count() == 4
    assert sorted(path.name for path in clone.rglob("*") if path.is_file()) == before, "something was fetched into it"


def test_a_partial_clone_is_followed_when_it_gets_new_commits(source: Source, mirror: Path, tmp_path: Path) -> None:
    history(source)
    clone = partial_clone(source, tmp_path / "partial.git")
    mirrored(clone, mirror)
    source.commit({b"new.py": b"1\n2\n", b"data.csv": BIG * 2})
    source.commit({b"newer.py": b"1\n"})
    plain_git(clone, "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*")
    before = sorted(path.name for path in clone.rglob("*") if path.is_file())
    state = mirrored(clone, mirror)
    assert state.refs.heads[MAIN] == source.sha()
    table = assert_agrees_without_blobs(state, mirror)
    assert table["lines_added"].to_list()[:2] == [1, None]
    assert sorted(path.name for path in clone.rglob("*") if path.is_file()) == before, "something was fetched into it"


def test_an_exact_rename_of_a_missing_blob_is_one_file(source: Source, mirror: Path) -> None:
    source.commit({b"a.txt": BIG, b"b.txt": b"1\n"})
    source.commit({b"a.txt": None, b"moved.txt": BIG, b"b.txt": b"2\n"})
    delete_blob(source, "main:moved.txt")
    assert_agrees_without_blobs(mirrored(source, mirror), mirror)


def test_paths_that_look_like_a_diff_do_not_count_as_files(source: Source, mirror: Path) -> None:
    source.commit({b":100644 100644 " + b"a" * 40: b"1\n", b"big": BIG})
    delete_blob(source, "main:big")
    assert_agrees_without_blobs(mirrored(source, mirror), mirror)
