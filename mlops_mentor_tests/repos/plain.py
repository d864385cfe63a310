"""The tables `commits` and `files` as plain git commands give them, and comparing the package's with them."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.repos.commits import read_commits
from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.mirror import MirrorState
from mlops_mentor_tests.repos.sources import plain_git

_SHA = re.compile(rb"[0-9a-f]{40,64}")
_LINKS = ("120000", "160000")
_LFS = b"version https://git-lfs.github.com/spec/"

Row = dict[str, Any]


def commits_of(state: MirrorState, mirror: Path) -> pl.DataFrame:
    """The package's table, of the tip."""
    ref = state.refs.default_ref
    return read_commits(mirror, "1", state.refs.heads[ref] if ref else None, state.refs.pull_request_shas)


def files_of(state: MirrorState, mirror: Path) -> pl.DataFrame:
    """The package's table, of the tip."""
    ref = state.refs.default_ref
    return read_files(mirror, "1", state.refs.heads[ref] if ref else None, None)


def plain_commits(repository: Path, tip: str, others: Sequence[str]) -> dict[str, Row]:
    """By id, what git says of every commit that `tip` and `others` reach."""
    stats = _numstat(plain_git(repository, "log", "--numstat", "--format=%H", tip, *others))
    on_default = set(plain_git(repository, "rev-list", tip).decode().split())
    return {
        sha: {
            "is_on_default": sha in on_default,
            "num_files_changed": len(numbers),
            "lines_added": sum(added for added, _ in numbers),
            "lines_removed": sum(removed for _, removed in numbers),
            "co_authors": co_authors(repository, sha),
        }
        for sha, numbers in stats.items()
    }


def plain_commits_one_by_one(repository: Path, tip: str, others: Sequence[str]) -> dict[str, Row]:
    """As `plain_commits`, a process a commit: lines are None where that process fails for want of a blob."""
    on_default = set(plain_git(repository, "rev-list", tip).decode().split())
    found: dict[str, Row] = {}
    for sha in plain_git(repository, "rev-list", tip, *others).decode().split():
        row: Row = {"is_on_default": sha in on_default, "co_authors": co_authors(repository, sha)}
        try:
            numbers = _numstat(plain_git(repository, "log", "-1", "--numstat", "--format=%H", sha))[sha]
            row |= {"num_files_changed": len(numbers), "lines_added": sum(n for n, _ in numbers)}
            row |= {"lines_removed": sum(n for _, n in numbers)}
        except subprocess.CalledProcessError:
            # Exact renames need no blob.
            raw = plain_git(repository, "log", "-1", "--raw", "-M100%", "--format=", sha)
            row |= {"num_files_changed": len(raw.splitlines()), "lines_added": None, "lines_removed": None}
        found[sha] = row
    return found


def co_authors(repository: Path, sha: str) -> list[str]:
    """Values of the trailers, unfolded by the definition of a trailer's continuation."""
    form = "--format=%(trailers:key=Co-authored-by,valueonly)"
    text = plain_git(repository, "log", "-1", form, sha).decode("utf-8", "replace")
    return [value.strip() for value in re.sub(r"\n[ \t]+", " ", text).split("\n") if value.strip()]


def plain_files(repository: Path, tip: str) -> dict[bytes, Row]:
    """By path, what git says of every tracked file."""
    found: dict[bytes, Row] = {}
    for entry in plain_git(repository, "ls-tree", "-r", "-l", "-z", tip).split(b"\0")[:-1]:
        facts, _, path = entry.partition(b"\t")
        mode, _, blob_id, size = facts.decode().split()
        found[path] = {"mode": mode, "blob_id": blob_id, "bytes": int(size) if size.isdigit() else None, "lines": None}
        if mode not in _LINKS and size.isdigit():
            found[path]["lines"] = _num_lines(plain_git(repository, "cat-file", "blob", blob_id))
    return found


def assert_commits_agree(table: pl.DataFrame, expected: dict[str, Row]) -> None:
    columns = ["sha", "is_on_default", "num_files_changed", "lines_added", "lines_removed", "co_authors"]
    found = {row.pop("sha"): row for row in table.select(columns).iter_rows(named=True)}
    assert len(found) == table.height, "a commit stands in the table twice"
    assert found == expected


def assert_files_agree(table: pl.DataFrame, expected: dict[bytes, Row]) -> None:
    columns = ["path", "mode", "blob_id", "bytes", "lines"]
    found = sorted(table.select(columns).iter_rows(named=True), key=lambda row: row["path"])
    shown = [{"path": path.decode("utf-8", "backslashreplace")} | row for path, row in expected.items()]
    assert found == sorted(shown, key=lambda row: row["path"])


def assert_agrees_with_plain_git(state: MirrorState, mirror: Path, source: Path) -> None:
    """Every number of both tables of a whole mirror is what plain git says of its source."""
    ref = state.refs.default_ref
    assert ref is not None
    tip = plain_git(source, "rev-parse", ref).decode().strip()
    pulls = plain_git(source, "for-each-ref", "--format=%(objectname)", "refs/pull/*/head").decode().split()
    commits = commits_of(state, mirror)
    assert_commits_agree(commits, plain_commits(source, tip, pulls))
    assert commits["is_on_default"].sum() == int(plain_git(source, "rev-list", "--count", tip))
    assert_files_agree(files_of(state, mirror), plain_files(source, tip))


def _numstat(output: bytes) -> dict[str, list[tuple[int, int]]]:
    """By commit, (added, removed) of each file; git quotes paths, so that each file is one line."""
    found: dict[str, list[tuple[int, int]]] = {}
    for line in output.split(b"\n"):
        if _SHA.fullmatch(line):
            numbers = found.setdefault(line.decode(), [])
        elif line:
            added, removed = line.split(b"\t")[:2]
            numbers.append((0, 0) if added == b"-" else (int(added), int(removed)))
    return found


def _num_lines(content: bytes) -> int | None:
    if content.startswith(_LFS):
        return None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16").encode()
    # What git calls binary has a NUL at its beginning.
    return None if b"\0" in content[:8000] else len(re.findall(rb"[^\n]*\n|[^\n]+$", content))
