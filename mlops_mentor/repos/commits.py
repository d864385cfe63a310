"""Commits of a mirror: every one that the snapshot or a pull request reaches, once.

Belongs here: reading them with their line counts, also where blobs are missing. Who their authors are belongs to
`identities`.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from mlops_mentor.repos import git
from mlops_mentor.repos.snapshot import utc_from_epoch
from mlops_mentor.schemas import COMMITS, empty

# Each commit begins with a mark, then come its fields, separated by NUL, which none of them can contain, then its diff.
# The mark is drawn anew in every process: nobody can write it into a message or a path.
_MARK = secrets.token_hex(16).encode()
_CO_AUTHORS = "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", _CO_AUTHORS, "%B")
_LOG = (
    "--date=raw", f"--format={_MARK.decode()}" + "%x00".join(_FIELDS) + "%x00",
    "--no-ext-diff", "--no-textconv", "--no-color", "--diff-algorithm=default",
)  # fmt: skip
_BINARY_BY_NAME = ("-c", f"core.attributesFile={Path(__file__).with_name('binary.gitattributes')}")
_STAT = re.compile(rb"(\d+) (file|insertion|deletion)s?\b")
_RAW_ENTRY = re.compile(rb"(?:\0|^)\n?:\d{6} \d{6} ")
_HEX_ID = re.compile(rb"(?<= )[0-9a-f]{40,64}(?= )")
_FEW_IDS = 64
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


def read_commits(
    mirror: Path, group_id: str, snapshot_sha: str | None, pull_request_shas: Sequence[str]
) -> pl.DataFrame:
    """The table `commits` of one group, newest first as `git log` walks.

    Counts are the sums of `git log --numstat` with git's defaults (renames found, merges without a diff).

    Raises:
        RepoError: git cannot read the mirror.
    """
    tips = [sha for sha in (snapshot_sha, *pull_request_shas) if sha]
    if not tips:
        return empty(COMMITS)
    commits = _read_all(mirror, tips)
    on_default = _reachable(snapshot_sha, {c.sha: c.fields[1].split() for c in commits}) if snapshot_sha else set()
    return _frame(group_id, commits, on_default)


def _read_all(mirror: Path, tips: Sequence[str]) -> list[_Commit]:
    """The commits that `tips` reach, counted."""
    stdin = "\n".join(tips).encode()
    options = _diff_options(mirror, tips)
    result = git.read_until_failure(mirror, *options, "log", "--shortstat", *_LOG, "--stdin", "--", stdin=stdin)
    if result.exit_code == 0:
        return [_counted(record) for record in _records(result.stdout)]
    # A blob is missing, and git gives up there. What it printed counts, but for the last commit, which may be cut.
    counted = {commit.sha: commit for commit in [_counted(record) for record in _records(result.stdout)[:-1]]}
    walked = [_counted(record) for record in _records(git.read(mirror, "log", *_LOG, "--stdin", "--", stdin=stdin))]
    rest = [commit for commit in walked if commit.sha not in counted]
    counted |= _count_around_missing_blobs(mirror, tips, rest, options)
    return [counted[commit.sha] for commit in walked]


def _diff_options(mirror: Path, tips: Sequence[str]) -> tuple[str, ...]:
    """Images and the like are binary by their names, but only where no .gitattributes was ever committed: with one,
    LFS may have put pointers there, which are text to git."""
    touched = git.read(mirror, "rev-list", "--max-count=1", *tips, "--", ".gitattributes")
    return () if touched else _BINARY_BY_NAME


def _count_around_missing_blobs(
    mirror: Path, tips: Sequence[str], commits: Sequence[_Commit], options: Sequence[str]
) -> dict[bytes, _Commit]:
    """`commits` by id: counted where all blobs of the diff are there, else with the number of files alone."""
    objects = git.read(
        mirror, "rev-list", "--objects", "--no-object-names", "--missing=print", "--filter=object:type=blob",
        "--filter-provided-objects", "--stdin", stdin="\n".join(tips).encode(),
    )  # fmt: skip
    missing = {line[1:] for line in objects.split() if line.startswith(b"?")}
    shas = b"\n".join(commit.sha for commit in commits)
    raw = git.read(
        mirror, "log", "-z", f"--format={_MARK.decode()}%H", "--raw", "--no-abbrev", "--no-renames",
        "--no-walk=unsorted", "--stdin", "--", stdin=shas,
    )  # fmt: skip
    diffs = {diff[: diff.index(b"\0")]: diff for diff in (raw + b"\0").split(_MARK)[1:]}
    lacking = {sha for sha, diff in diffs.items() if _names_any(diff, missing)}
    whole = b"\n".join(commit.sha for commit in commits if commit.sha not in lacking)
    counted = git.read(
        mirror, *options, "log", "--shortstat", *_LOG, "--no-walk=unsorted", "--stdin", "--", stdin=whole
    ) if whole else b""  # fmt: skip
    found = {record[0][0]: _counted(record) for record in _records(counted)}
    for commit in commits:
        if commit.sha in lacking:
            num_files = len(_RAW_ENTRY.findall(diffs[commit.sha]))
            found[commit.sha] = _Commit(commit.fields, num_files, added=None, removed=None)
    return found


def _names_any(diff: bytes, ids: set[bytes]) -> bool:
    """Whether a --raw diff names one of `ids`: a look for few ids, a comparison of sets for many."""
    if len(ids) <= _FEW_IDS:
        return any(blob in diff for blob in ids)
    return not ids.isdisjoint(_HEX_ID.findall(diff))


def _records(output: bytes) -> list[tuple[tuple[bytes, ...], bytes]]:
    """(fields, diff) of each commit that git printed, whole as far as its fields go."""
    chunks = [chunk.split(b"\0", len(_FIELDS)) for chunk in output.split(_MARK)[1:]]
    return [(tuple(parts[:-1]), parts[-1]) for parts in chunks if len(parts) == len(_FIELDS) + 1]


def _counted(record: tuple[tuple[bytes, ...], bytes]) -> _Commit:
    """` 3 files changed, 10 insertions(+), 2 deletions(-)`; what is 0 is left out, and the line for an empty diff."""
    fields, stat = record
    numbers = {word: int(number) for number, word in _STAT.findall(stat)}
    return _Commit(fields, numbers.get(b"file", 0), numbers.get(b"insertion", 0), numbers.get(b"deletion", 0))


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
