"""Commits of a mirror: every one that the snapshot or a pull request reaches, once.

Belongs here: reading them with their line counts, also where blobs are missing. Who their authors are belongs to
`identities`.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from mlops_mentor.repos import git
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.snapshot import utc_from_epoch
from mlops_mentor.schemas import COMMITS, empty

# Each commit begins with a mark, then come its fields, separated by NUL, which none of them can contain, then its diff.
# The mark is drawn anew in every process: nobody can write it into a message or a path.
_MARK = secrets.token_hex(16).encode()
_SEPARATOR = secrets.token_hex(16)
_CO_AUTHORS = f"%(trailers:key=Co-authored-by,valueonly,unfold,separator={_SEPARATOR})"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", _CO_AUTHORS, "%B")
_LOG = (
    "--date=raw", f"--format={_MARK.decode()}" + "%x00".join(_FIELDS) + "%x00",
    "--no-ext-diff", "--no-textconv", "--no-color", "--diff-algorithm=default",
)  # fmt: skip
_BINARY_BY_NAME = ("-c", f"core.attributesFile={Path(__file__).with_name('binary.gitattributes')}")
_STAT = re.compile(rb"(\d+) (file|insertion|deletion)s?\b")
_MISSING = re.compile(rb"^\?[0-9a-f]{40,64}$", re.MULTILINE)
_ATTRIBUTES = re.compile(rb"^([0-9a-f]{40,64}) (?:[^\n]*/)?\.gitattributes$", re.MULTILINE)
_BINARY_SUFFIXES = (b".png\n", b".jpg\n", b".jpeg\n", b".PNG\n", b".JPG\n", b".bmp\n", b".tif\n", b".npy\n", b".wav\n")
_MANY_BINARIES = 1000
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
    objects = git.read(mirror, "rev-list", "--objects", "--missing=print", "--stdin", stdin=stdin)
    options = _diff_options(mirror, objects)
    # A look for the bytes first: the list has 100,000 lines for some, and a missing object for few.
    missing = {line[1:] for line in _MISSING.findall(objects)} if b"\n?" in objects else set()
    if not missing:
        printed = git.read(mirror, *options, "log", "--shortstat", *_LOG, "--stdin", "--", stdin=stdin)
        return [_counted(record) for record in _records(printed)]
    walked = [_counted(record) for record in _records(git.read(mirror, "log", *_LOG, "--stdin", "--", stdin=stdin))]
    lacking = _lacking(mirror, walked, missing)
    whole = b"\n".join(commit.sha for commit in walked if commit.sha not in lacking)
    # git gives up at a diff that needs a missing blob, so these commits are left out by name.
    arguments = ("log", "--shortstat", *_LOG, "--no-walk=unsorted", "--stdin", "--")
    printed = git.read(mirror, *options, *arguments, stdin=whole) if whole else b""
    counted = {record[0][0]: _counted(record) for record in _records(printed)}
    return [counted.get(commit.sha) or replace(lacking[commit.sha], fields=commit.fields) for commit in walked]


def _diff_options(mirror: Path, objects: bytes) -> tuple[str, ...]:
    """Where there are many images and the like, their names say that they are binary, which spares reading them.

    Not where a .gitattributes ever put files under LFS: the pointers in their places are text to git.
    """
    if sum(objects.count(suffix) for suffix in _BINARY_SUFFIXES) < _MANY_BINARIES:
        return ()
    has_attributes = b".gitattributes\n" in objects
    attributes = [blob_id.decode() for blob_id in _ATTRIBUTES.findall(objects)] if has_attributes else []
    has_lfs = any(content is None or b"filter=lfs" in content for _, content in read_blobs(mirror, attributes))
    return () if has_lfs else _BINARY_BY_NAME


def _lacking(mirror: Path, commits: Sequence[_Commit], missing: set[bytes]) -> dict[bytes, _Commit]:
    """By id, those of `commits` whose diff needs a missing blob: the number of files, no lines."""
    raw = git.read(
        mirror, "log", "-z", f"--format={_MARK.decode()}%H", "--raw", "--no-abbrev", "--find-renames=100%",
        "--no-walk=unsorted", "--stdin", "--", stdin=b"\n".join(commit.sha for commit in commits),
    )  # fmt: skip
    found = {}
    for diff in (raw + b"\0").split(_MARK)[1:]:
        # A look at the bytes first: most diffs name no missing blob, and some have 100,000 entries.
        if not _may_name(diff, missing):
            continue
        sha, heads = _raw_entries(diff)
        if any(blob in missing for head in heads for blob in head[2:4]):
            found[sha] = _Commit((sha,), len(heads), added=None, removed=None)
    return found


def _may_name(diff: bytes, ids: set[bytes]) -> bool:
    if len(ids) <= _FEW_IDS:
        return any(blob in diff for blob in ids)
    return not ids.isdisjoint(_HEX_ID.findall(diff))


def _raw_entries(diff: bytes) -> tuple[bytes, list[list[bytes]]]:
    """(id, heads) of a --raw -z diff; a head is `:mode mode id id status`, and one path or two follow it."""
    sha, *tokens = diff.split(b"\0")
    heads = []
    waiting = iter(tokens)
    for token in waiting:
        head = token.lstrip(b"\n")
        if head.startswith(b":"):
            heads.append(head.split(b" "))
            next(waiting)
            if heads[-1][4][:1] in (b"R", b"C"):
                next(waiting)
    return sha, heads


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
                message.rstrip("\n"), [value.strip() for value in co_authors.split(_SEPARATOR) if value.strip()],
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
