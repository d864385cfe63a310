"""Blame: which commit wrote the lines that stand in the snapshot.

Belongs here: asking git, within limits. Who the authors are, and what is made of the numbers, belongs to `metrics`.
Nothing is checked out. `git blame` knows one file a process; many short ones side by side take less time than replaying
the whole history, and say what plain git says.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from mlops_mentor.errors import RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.squashes import squashed_pull_requests

# In the order in which files are looked at where the limits do not allow all. Notebooks are JSON, whose lines a tool
# writes anew at every run; `other` is of nobody knows what kind; of the rest nothing is a text that a person writes.
OWN_KINDS = ("python", "test", "workflow", "docker", "config", "code", "docs")
_SURVIVING = {"path": pl.String, "kind": pl.String, "sha": pl.String, "lines": pl.Int64}
# The first that git can finish: copies are looked for in other files, and there a blob may be missing.
_WAYS = (("-w", "-M", "-C"), ("-w", "-M"), ("-w",))
_ENTRY = re.compile(rb"([0-9a-f]{40,64}) \d+ \d+ (\d+)$")
_NO_PATH = re.compile(r"no such path")
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
# Written by programs when they are this long: exports, dashboards, label files.
_EXPORTS = r"(?i)\.(json5?|html?|xml|css|ya?ml|lock)$"
_MAX_EXPORT_LINES = 1000
_NOT_IN_TIME = "not reached in time"


@dataclass(frozen=True)
class BlameLimits:
    """How much of one group is looked at: files, their bytes together, lines of a file, seconds; processes at once."""

    max_files: int = 2000
    max_bytes: int = 32 * 2**20
    max_file_lines: int = 5000
    timeout_s: float = 60.0
    num_processes: int = 2


@dataclass(frozen=True)
class Surviving:
    """Lines at the snapshot by the commit that wrote them: `path, kind, sha, lines`, and what of it is not there.

    `num_starter_lines` stood in the starter code already and are in no row; `left_out` says in words which files were
    not looked at, `without_copies` that in some no lines copied from other files were looked for.
    `squashed` are `squashed_pull_requests`.
    """

    frame: pl.DataFrame
    num_files: int = 0
    num_starter_lines: int = 0
    left_out: tuple[str, ...] = ()
    without_copies: str | None = None
    squashed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_available(self) -> bool:
        """Whether any file was looked at, or there was none to look at."""
        return self.num_files > 0 or not self.left_out


@dataclass(frozen=True)
class _Blamed:
    """(commit, path there, lines) of one file; None with the reason where it was not looked at."""

    parts: tuple[tuple[str, bytes, int], ...] | None
    reason: str | None = None
    is_without_copies: bool = False


def own_files(files: pl.DataFrame) -> pl.DataFrame:
    """Of the table `files`, the texts that the group wrote: not starter, vendored, generated, data, notebooks."""
    return files.filter(
        pl.col("kind").is_in(OWN_KINDS),
        ~pl.col("is_vendored"),
        ~pl.col("is_generated"),
        ~pl.col("is_starter_code").fill_null(False),
        pl.col("is_available") & (pl.col("lines") > 0),
    )


def read_surviving(
    mirror: Path,
    snapshot_sha: str | None,
    files: pl.DataFrame,
    commits: pl.DataFrame,
    starter_blobs: pl.Series | None = None,
    limits: BlameLimits = BlameLimits(),
) -> Surviving:
    """Who last wrote the lines of the group's own files (`own_files` of the table `files`), as `git blame -w -M -C`.

    A commit that squashes a pull request is taken for the merge that it stands for, so that the lines belong to those
    who wrote them there. A file that cannot be looked at is left out with the reason, and never fails the others.

    Raises:
        RepoError: git cannot read the mirror at all.
    """
    if snapshot_sha is None:
        return Surviving(pl.DataFrame(schema=_SURVIVING))
    chosen, reasons = _chosen(own_files(files), limits)
    squashed = squashed_pull_requests(mirror, commits)
    parents = dict(commits.select("sha", pl.col("parents").list.first()).iter_rows())
    grafts = "".join(f"{sha} {parents[sha]} {head}\n" for sha, head in sorted(squashed.items())).encode()
    end = time.monotonic() + limits.timeout_s
    with ThreadPoolExecutor(limits.num_processes) as pool:
        blamed = list(pool.map(lambda path: _blame(mirror, snapshot_sha, path, grafts, end), chosen["path"].to_list()))
    reasons.update(result.reason for result in blamed if result.reason is not None)
    starter = _starter_origins(mirror, blamed, starter_blobs)
    rows: Counter[tuple[str, str, str]] = Counter()
    num_starter_lines = 0
    for path, kind, result in zip(chosen["path"], chosen["kind"], blamed, strict=True):
        for sha, origin, lines in result.parts or ():
            if (sha, origin) in starter:
                num_starter_lines += lines
            else:
                rows[path, kind, sha] += lines
    frame = pl.DataFrame([(*key, rows[key]) for key in sorted(rows)], schema=_SURVIVING, orient="row")
    num_files = sum(result.parts is not None for result in blamed)
    left_out = tuple(f"{reason}: {_files(number)}" for reason, number in sorted(reasons.items()))
    num_without = sum(result.is_without_copies for result in blamed)
    without = f"a blob is missing that git would look for copies in: {_files(num_without)}" if num_without else None
    return Surviving(frame, num_files, num_starter_lines, left_out, without, squashed)


def _chosen(own: pl.DataFrame, limits: BlameLimits) -> tuple[pl.DataFrame, Counter[str]]:
    """The files to look at, in the order of `OWN_KINDS` and their paths, and how many are left out for which reason."""
    is_export = pl.col("path").str.contains(_EXPORTS) & (pl.col("lines") > _MAX_EXPORT_LINES)
    is_long = (pl.col("lines") > limits.max_file_lines) | is_export
    order = pl.col("kind").cast(pl.Enum(OWN_KINDS))
    short = own.filter(~is_long).sort(order, "path", maintain_order=True)
    is_within = (pl.int_range(pl.len()) < limits.max_files) & (pl.col("bytes").cum_sum() <= limits.max_bytes)
    chosen = short.filter(is_within)
    reasons: Counter[str] = Counter()
    if num_long := own.height - short.height:
        reasons["longer than what people write"] = num_long
    if num_beyond := short.height - chosen.height:
        reasons["beyond the limits of a group"] = num_beyond
    return chosen, reasons


def _blame(mirror: Path, snapshot_sha: str, path: str, grafts: bytes, end: float) -> _Blamed:
    """The first of `_WAYS` that git can go."""
    # Paths that are no UTF-8 are shown as \\xNN, which a path may also hold as it stands.
    as_bytes = _BYTE.sub(lambda match: bytes([int(match[1], 16)]), path.encode("utf-8", "surrogateescape"))
    names = [path, *([name] if (name := as_bytes.decode("utf-8", "surrogateescape")) != path else [])]
    # Parents other than those that the commits name: nothing is written for it.
    graft, stdin = (("-S", "/dev/stdin"), grafts) if grafts else ((), None)
    for number, way in enumerate(_WAYS):
        for name in names:
            remaining = end - time.monotonic()
            if remaining <= 0:
                return _Blamed(None, _NOT_IN_TIME)
            arguments = ("--incremental", "--no-textconv", *way, *graft, snapshot_sha, "--", name)
            try:
                result = git.read_until_failure(mirror, "blame", *arguments, stdin=stdin, timeout_s=remaining)
            except RepoError as error:
                if error.status != "timeout":
                    raise
                return _Blamed(None, _NOT_IN_TIME)
            if result.exit_code == 0:
                return _Blamed(tuple(_parts(result.stdout)), is_without_copies=number > 0)
            if not _NO_PATH.search(result.stderr):
                break
    return _Blamed(None, "a blob of their history is missing")


def _parts(output: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Entries as `--incremental` prints them: `<sha> <line there> <line here> <lines>`, headers, `filename <path>`."""
    sha, lines = "", 0
    for line in output.split(b"\n"):
        if match := _ENTRY.match(line):
            sha, lines = match[1].decode(), int(match[2])
        elif line.startswith(b"filename "):
            yield sha, _unquoted(line.removeprefix(b"filename ")), lines


def _unquoted(name: bytes) -> bytes:
    """A path as git prints it: in quotes, with escapes, where it has odd characters."""
    if not (name.startswith(b'"') and name.endswith(b'"') and len(name) > 1):
        return name
    return _ESCAPE.sub(
        lambda match: bytes([int(match[1], 8)]) if len(match[1]) == 3 else _ESCAPES.get(match[1], match[1]), name[1:-1]
    )


def _starter_origins(
    mirror: Path, blamed: Sequence[_Blamed], starter_blobs: pl.Series | None
) -> set[tuple[str, bytes]]:
    """Of the commits and paths that lines come from, those whose content there is a blob of the starter code."""
    origins = sorted({(sha, path) for result in blamed for sha, path, _ in result.parts or () if b"\n" not in path})
    if starter_blobs is None or not origins:
        return set()
    asked = b"".join(sha.encode() + b":" + path + b"\n" for sha, path in origins)
    answers = git.read(mirror, "cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).split(b"\n")
    starter = set(starter_blobs)
    return {origin for origin, blob_id in zip(origins, answers, strict=False) if blob_id.decode("latin-1") in starter}


def _files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
