"""Commits of a mirror: every one that the snapshot or a pull request reaches, once.

Belongs here: reading them with their line counts, also where blobs are missing. Who their authors are belongs to
`identities`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from mlops_mentor.repos import git
from mlops_mentor.repos.snapshot import utc_from_epoch
from mlops_mentor.schemas import COMMITS, validate

# Each commit is a run of fields, each ended by NUL, the first marked by a record separator; then its --numstat or
# --raw entries. No field can contain NUL, and no entry begins with the mark.
_MARK = b"\x1e"
_CO_AUTHORS = "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", _CO_AUTHORS, "%B")
_LOG = (
    "-z", "--date=raw", "--format=%x1e" + "%x00".join(_FIELDS),
    "--no-ext-diff", "--no-textconv", "--no-color", "--diff-algorithm=default",
)  # fmt: skip
_BINARY_BY_NAME = ("-c", f"core.attributesFile={Path(__file__).with_name('binary.gitattributes')}")
# What stands for no file, and a gitlink, whose id is a commit of another repository.
_NO_BLOB_MODES = (b"000000", b"160000")
_OFFSET = re.compile(r"^([+-])(\d+)(\d\d)$")
_MAX_OFFSET_MINUTES = 24 * 60


@dataclass(frozen=True)
class _Commit:
    """A commit as git prints it; counts are None where they could not be made."""

    fields: tuple[bytes, ...]
    num_files: int = 0
    added: int | None = 0
    removed: int | None = 0

    @property
    def sha(self) -> bytes:
        return self.fields[0]


def read_commits(mirror: Path, group_id: str, snapshot_sha: str | None, pull_request_shas: Sequence[str]) -> pl.DataFrame:
    """The table `commits` of one group, newest first as `git log` walks.

    Counts are those of `git log --numstat` with git's defaults (renames found, merges without a diff).

    Raises:
        RepoError: git cannot read the mirror.
    """
    tips = [sha for sha in (snapshot_sha, *pull_request_shas) if sha]
    if not tips:
        return validate(COMMITS, pl.DataFrame(schema=COMMITS.schema))
    commits = _read_all(mirror, tips)
    on_default = _reachable(snapshot_sha, {c.sha: c.fields[1].split() for c in commits}) if snapshot_sha else set()
    return validate(COMMITS, _frame(group_id, commits, on_default))


def _read_all(mirror: Path, tips: Sequence[str]) -> list[_Commit]:
    """The commits that `tips` reach, counted.

    Images and the like are binary by their names, but only where no `.gitattributes` was ever committed: with one, LFS
    may have put pointers there, which are text to git.
    """
    stdin = "\n".join(tips).encode()
    has_attributes = git.read_until_failure(mirror, "cat-file", "-e", f"{tips[0]}:.gitattributes").exit_code == 0
    options = () if has_attributes else _BINARY_BY_NAME
    result = git.read_until_failure(mirror, *options, "log", "--numstat", *_LOG, "--stdin", "--", stdin=stdin)
    if options and b".gitattributes" in result.stdout:
        options = ()
        result = git.read_until_failure(mirror, "log", "--numstat", *_LOG, "--stdin", "--", stdin=stdin)
    if result.exit_code == 0:
        return [_counted(record) for record in _records(result.stdout)]
    # A blob is missing, and git gives up there. What it printed counts, but for the last commit, which may be cut.
    counted = {commit.sha: commit for commit in [_counted(record) for record in _records(result.stdout)[:-1]]}
    walked = git.read(mirror, "log", *_LOG, "--stdin", "--", stdin=stdin)
    commits = [_counted(record) for record in _records(walked)]
    rest = [commit.sha for commit in commits if commit.sha not in counted]
    counted |= _count_with_missing_blobs(mirror, rest, options)
    return [counted[commit.sha] for commit in commits]


def _count_with_missing_blobs(mirror: Path, shas: Sequence[bytes], options: Sequence[str]) -> dict[bytes, _Commit]:
    """The commits `shas` by id: counted where all blobs of the diff are there, else with the number of files alone."""
    listed = git.read(
        mirror, "log", "--raw", "--no-abbrev", "--no-renames", *_LOG, "--no-walk=unsorted", "--stdin", "--",
        stdin=b"\n".join(shas),
    )  # fmt: skip
    commits, blobs_of = {}, {}
    for fields, entries in _records(listed):
        commits[fields[0]] = _Commit(fields, num_files=len(entries) // 2, added=None, removed=None)
        blobs_of[fields[0]] = _blobs(entries)
    missing = missing_objects(mirror, set().union(*blobs_of.values()))
    whole = [sha for sha, blobs in blobs_of.items() if missing.isdisjoint(blobs)]
    if whole:
        counted = git.read(
            mirror, *options, "log", "--numstat", *_LOG, "--no-walk=unsorted", "--stdin", "--", stdin=b"\n".join(whole)
        )
        commits |= {record[0][0]: _counted(record) for record in _records(counted)}
    return commits


def missing_objects(mirror: Path, ids: set[bytes]) -> set[bytes]:
    """Those of `ids` that the mirror does not have."""
    if not ids:
        return set()
    checked = git.read(mirror, "cat-file", "--batch-check=%(objectname)", "--buffer", stdin=b"\n".join(ids) + b"\n")
    return {line.split(b" ")[0] for line in checked.splitlines() if line.endswith(b" missing")}


def _records(output: bytes) -> list[tuple[tuple[bytes, ...], list[bytes]]]:
    """(fields, diff entries) of each commit that git printed, whole as far as its fields go."""
    chunks = [chunk.split(b"\0") for chunk in (b"\0" + output).split(b"\0" + _MARK)[1:]]
    return [(tuple(parts[: len(_FIELDS)]), parts[len(_FIELDS) :]) for parts in chunks if len(parts) >= len(_FIELDS)]


def _counted(record: tuple[tuple[bytes, ...], list[bytes]]) -> _Commit:
    """Sum up --numstat entries: `added TAB removed TAB path`, for a rename with an empty path and two paths after it."""
    fields, entries = record
    if entries:
        entries[0] = entries[0].removeprefix(b"\n")
    num_files = added = removed = 0
    waiting = iter(entries)
    for entry in waiting:
        if not entry:
            continue
        plus, minus, path = entry.split(b"\t", 2)
        num_files += 1
        if plus != b"-":  # binary content has no lines
            added += int(plus)
            removed += int(minus)
        if not path:
            next(waiting), next(waiting)
    return _Commit(fields, num_files, added, removed)


def _blobs(entries: list[bytes]) -> set[bytes]:
    """The blobs that --raw entries name: `:mode mode id id status` and a path in turn (there are no renames)."""
    if entries:
        entries[0] = entries[0].removeprefix(b"\n")
    heads = [head[1:].split(b" ") for head in entries[0::2] if head]
    old = {blob for mode, _, blob, _, _ in heads if mode not in _NO_BLOB_MODES}
    return old | {blob for _, mode, _, blob, _ in heads if mode not in _NO_BLOB_MODES}


def _reachable(snapshot_sha: str, parents: dict[bytes, list[bytes]]) -> set[bytes]:
    seen: set[bytes] = set()
    waiting = [snapshot_sha.encode()]
    while waiting:
        sha = waiting.pop()
        if sha not in seen:
            seen.add(sha)
            waiting += parents.get(sha, [])
    return seen


def _frame(group_id: str, commits: Sequence[_Commit], on_default: set[bytes]) -> pl.DataFrame:
    rows = []
    for commit in commits:
        texts = [field.decode("utf-8", "replace") for field in commit.fields]
        sha, parents, author, author_email, authored, committer, committer_email, committed, co_authors, message = texts
        authored_at, author_offset = _moment(authored)
        committed_at, committer_offset = _moment(committed)
        rows.append(
            (
                group_id, sha, parents.split(), commit.sha in on_default, len(parents.split()) > 1,
                author, author_email, authored_at, author_offset,
                committer, committer_email, committed_at, committer_offset,
                message.rstrip("\n"), [value.strip() for value in co_authors.split("\x1f") if value.strip()],
                commit.num_files, commit.added, commit.removed,
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema=COMMITS.schema, orient="row")


def _moment(raw: str) -> tuple[datetime | None, int | None]:
    """`1700000000 +0100` -> (UTC, 60); None for what is no date, or no offset that a clock can have."""
    seconds, _, zone = raw.partition(" ")
    moment = utc_from_epoch(int(seconds)) if re.fullmatch(r"-?\d+", seconds) else None
    match = _OFFSET.match(zone)
    if match is None:
        return moment, None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > _MAX_OFFSET_MINUTES:
        return moment, None
    return moment, -minutes if match[1] == "-" else minutes
