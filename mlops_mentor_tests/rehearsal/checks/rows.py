"""Every row of commits and files, cell by cell, against plain git.

Belongs here: reading commits and trees anew, with code of its own. Whether rows are lost or doubled is for
`repositories`.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor_tests.rehearsal.checks.repositories import part
from mlops_mentor_tests.rehearsal.world import Team, World
from mlops_mentor_tests.repos.sources import plain_git

_COMMIT = "%x01%H%x00%P%x00%an%x00%ae%x00%ai%x00%at%x00%cn%x00%ce%x00%ci%x00%ct%x00%B%x00"
# Git looks for NUL in so much of a file before it takes it for text.
_LOOKED_AT_BYTES = 8000
_TOKEN = re.compile(rb"\bghp_[A-Za-z0-9]{36}\b")
_LINK, _GITLINK = "120000", "160000"


@dataclass(frozen=True)
class Change:
    """What a commit changed, by `git log --numstat`."""

    num_files: int
    added: int
    removed: int


def check_rows(world: World, data: Path) -> Iterator[str]:
    """The commits and files of every group whose repository can be read."""
    starter = {blob for name in ("starter", "course") for blob in _blobs_of(world.repositories / f"{name}.git")}
    stored = pl.read_parquet(data / "lake" / "starter_files.parquet")["blob_id"].to_list()
    if sorted(set(stored)) != sorted(starter) or len(stored) < len(starter):
        yield f"starter_files: {len(starter - set(stored))} blobs are lost, {len(set(stored) - starter)} too many"
    for team in world.teams.values():
        snapshots = part(data / "lake", "repo_snapshots", team.group_id)
        if not team.repository.is_readable or not snapshots or snapshots[0]["snapshot_sha"] is None:
            continue
        for problem in (
            *_commits(team, data / "lake", snapshots[0]["snapshot_sha"]),
            *_files(team, data / "lake", snapshots[0]["snapshot_sha"], starter),
        ):
            yield f"group {team.group_id}: {problem}"


def _blobs_of(repository: Path) -> set[str]:
    form = "--batch-check=%(objecttype) %(objectname)"
    listed = plain_git(repository, "cat-file", "--batch-all-objects", form).decode().splitlines()
    return {line.split()[1] for line in listed if line.startswith("blob ")}


def read_commits(repository: Path, tips: list[str]) -> dict[str, tuple[dict[str, Any], Change | None]]:
    """By id, what git says of every commit reachable from `tips`; no changes where the repository lacks blobs."""
    try:
        log = plain_git(repository, "log", "--numstat", "-M", f"--format={_COMMIT}", *tips)
    except subprocess.CalledProcessError:
        log = plain_git(repository, "log", f"--format={_COMMIT}", *tips)
        has_changes = False
    else:
        has_changes = True
    found: dict[str, tuple[dict[str, Any], Change | None]] = {}
    for record in log.decode(errors="replace").split("\x01")[1:]:
        sha, parents, name, email, date, seconds, who, address, done, done_s, message, changes = record.split("\0", 11)
        lines = [line.split("\t") for line in changes.splitlines() if line.count("\t") >= 2]
        is_merge = " " in parents
        row = {
            "parents": parents.split(),
            "is_merge": is_merge,
            "author_name": name,
            "author_email": email,
            "authored_at": _moment(seconds),
            "author_offset_minutes": _offset(date),
            "committer_name": who,
            "committer_email": address,
            "committed_at": _moment(done_s),
            "committer_offset_minutes": _offset(done),
            "message": message.rstrip("\n"),
        }
        numbers = [(int(a), int(b)) for a, b, *_ in lines if a != "-"]
        change = Change(len(lines), sum(a for a, _ in numbers), sum(b for _, b in numbers))
        found[sha] = (row, change if has_changes else None)
    return found


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _offset(date: str) -> int:
    sign, hours, minutes = date[-5], date[-4:-2], date[-2:]
    return (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)


def _commits(team: Team, lake: Path, sha: str) -> Iterator[str]:
    listed = team.repository.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/pull").splitlines()
    pulls = [line.split()[0] for line in listed if line.endswith("/head")]
    known = read_commits(team.repository.path, [sha, *pulls])
    wrong: dict[str, int] = {}
    for row in part(lake, "commits", team.group_id):
        wanted, change = known.get(row["sha"], (None, None))
        if wanted is None:
            continue
        for name, value in wanted.items():
            # Other encodings are for the product's own tests.
            if row[name] != value and "\ufffd" not in f"{value}{row[name]}":
                wrong[name] = wrong.get(name, 0) + 1
        if row["lines_added"] is not None and change is not None:
            told = Change(row["num_files_changed"], row["lines_added"], row["lines_removed"])
            if told != change:
                wrong["lines"] = wrong.get("lines", 0) + 1
    for name, number in wrong.items():
        yield f"commits.{name} is wrong in {number} rows"


def _files(team: Team, lake: Path, sha: str, starter: set[str]) -> Iterator[str]:
    rows = part(lake, "files", team.group_id)
    listed = plain_git(team.repository.path, "ls-tree", "-r", "-l", "-z", "--full-tree", sha)
    entries = [line.split("\t", 1) for line in listed.decode(errors="replace").split("\0") if line]
    modes = {path: head.split() for head, path in entries}
    blobs = _blobs(team.repository.path, {row["blob_id"] for row in rows if row["mode"] != _GITLINK})
    wrong: dict[str, int] = {}
    for row in rows:
        if row["path"] not in modes:
            continue
        mode, _, blob_id, size = modes[row["path"]]
        content = blobs.get(blob_id)
        is_there = mode != _GITLINK and row["is_available"] and content is not None
        wanted: dict[str, Any] = {"mode": mode, "blob_id": blob_id}
        if is_there and content is not None:
            is_text = mode != _LINK and b"\0" not in content[:_LOOKED_AT_BYTES]
            wanted |= {"bytes": int(size), "lines": _num_lines(content) if is_text else None}
            wanted |= {"is_starter_code": blob_id in starter}
        for name, value in wanted.items():
            if row[name] != value:
                wrong[name] = wrong.get(name, 0) + 1
    for name, number in wrong.items():
        yield f"files.{name} is wrong in {number} rows"
    yield from _secrets(team, lake, {row["path"]: blobs.get(row["blob_id"], b"") for row in rows})


def _secrets(team: Team, lake: Path, contents: dict[str, bytes]) -> Iterator[str]:
    """Tokens of the form that is planted: each has its row, and each row its token."""
    wanted = {
        (path, number)
        for path, content in contents.items()
        for number, line in enumerate(content.split(b"\n"), start=1)
        if _TOKEN.search(line)
    }
    found = {
        (row["path"], row["line"])
        for row in part(lake, "committed_secrets", team.group_id)
        if row["kind"].startswith("github")
    }
    if found != wanted:
        yield f"committed_secrets: {len(wanted - found)} are lost, {len(found - wanted)} too many"


def _num_lines(content: bytes) -> int:
    return content.count(b"\n") + (bool(content) and not content.endswith(b"\n"))


def _blobs(repository: Path, ids: set[str]) -> dict[str, bytes]:
    told = plain_git(repository, "cat-file", "--batch", stdin="".join(f"{each}\n" for each in sorted(ids)).encode())
    found, place = {}, 0
    while place < len(told):
        end = told.index(b"\n", place)
        head = told[place:end].decode().split()
        place = end + 1
        if head[1] != "missing":
            found[head[0]] = told[place : place + int(head[2])]
            place += int(head[2]) + 1
    return found
