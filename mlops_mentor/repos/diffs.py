"""Diffs: what each commit did to which file.

Belongs here: asking git, and telling files of the group's own from others, those that are gone too. Who wrote what
stands at the snapshot is for `blame`.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from mlops_mentor.errors import GitError
from mlops_mentor.repos import git
from mlops_mentor.repos.blame import OWN_KINDS

_CHANGES = {
    "sha": pl.String, "path": pl.String, "blob_id": pl.String, "lines_added": pl.Int64, "lines_removed": pl.Int64,
}  # fmt: skip
_MARK = secrets.token_hex(16).encode()
_NUMBERS = re.compile(rb"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
# Otherwise git would read each of thousands of images to find it binary; no image's lines are counted here.
# Nobody's area, and of some groups nearly all of the history.
_PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "wav")
_NO_PICTURES = (".", *(f":(exclude,icase)*.{suffix}" for suffix in _PICTURES))
_BINARY_BY_NAME = ("-c", f"core.attributesFile={Path(__file__).with_name('binary.gitattributes')}")


def read_changes(
    mirror: Path, commits: pl.DataFrame, files: pl.DataFrame, starter_blobs: pl.Series | None = None
) -> pl.DataFrame:
    """What the commits of the table `commits` did to files: `sha, path, blob_id, kind, is_own, lines_...`.

    Merges have no rows; vendored and generated files and images neither. `is_own` are texts that the group wrote; lines
    are null for binary content and in commits whose diff needs a missing blob. A rename is one row, under its new path.

    Raises:
        RepoError: git cannot read the mirror.
    """
    single = commits.filter(~pl.col("is_merge"))
    whole = single.filter(pl.col("lines_added").is_not_null())["sha"].to_list()
    lacking = single.filter(pl.col("lines_added").is_null())["sha"].to_list()
    rows = [*_diffs(mirror, whole, "--numstat"), *_diffs(mirror, lacking, "--find-renames=100%")]
    changes = pl.DataFrame(rows, schema=_CHANGES, orient="row")
    lowered, patterns = pl.col("path").str.to_lowercase(), _patterns()
    kinds = [pl.when(lowered.str.contains(pattern)).then(pl.lit(name)) for name, pattern in patterns["kinds"]]
    signed = files.filter(pl.col("is_generated"))["path"]
    is_starter = pl.lit(False) if starter_blobs is None else pl.col("blob_id").is_in(starter_blobs.implode())
    is_picture = lowered.str.contains(rf"\.({'|'.join(_PICTURES)})$")
    is_kept = ~(is_picture | lowered.str.contains(patterns["vendored"]) | lowered.str.contains(patterns["generated"]))
    return changes.filter(is_kept & ~pl.col("path").is_in(signed.implode())).with_columns(
        kind=pl.coalesce(*kinds, pl.lit("other")),
    ).with_columns(is_own=pl.col("kind").is_in(OWN_KINDS) & ~is_starter)  # fmt: skip


def _diffs(mirror: Path, shas: Sequence[str], option: str) -> Iterator[tuple[str, str, str, int | None, int | None]]:
    """(commit, path, blob, added, removed) of each file in the diffs of these commits."""
    if not shas:
        return
    arguments = (
        *_BINARY_BY_NAME, "log", "-z", f"--format={_MARK.decode()}%H", "--raw", option, "--no-abbrev", "--no-ext-diff",
        "--no-textconv", "--no-color", "--diff-algorithm=default", "--no-walk=unsorted", "--stdin", "--",
    )  # fmt: skip
    stdin = "\n".join(shas).encode()
    try:
        printed = git.read(mirror, *arguments, *_NO_PICTURES, stdin=stdin)
    except GitError:
        # A missing blob that was but renamed from a picture's name: without the picture its lines have to be read.
        printed = git.read(mirror, *arguments, stdin=stdin)
    for chunk in printed.split(_MARK)[1:]:
        sha, *tokens = chunk.split(b"\0")
        yield from _diff(sha.decode(), tokens)


def _diff(sha: str, tokens: Sequence[bytes]) -> Iterator[tuple[str, str, str, int | None, int | None]]:
    """One commit's: `:<modes> <ids> <status>`, path(s) of each file first, then `<added> <removed> <path>` of each."""
    blobs: dict[bytes, str] = {}
    numbers: dict[bytes, tuple[int | None, int | None]] = {}
    waiting = iter(tokens)
    for token in waiting:
        head = token.lstrip(b"\n")
        if head.startswith(b":"):
            fields = head.split(b" ")
            path = next(waiting)
            if fields[4][:1] in (b"R", b"C"):
                path = next(waiting)
            blobs[path] = fields[3].decode()
        elif match := _NUMBERS.match(head):
            path = match[3]
            if not path:
                next(waiting)
                path = next(waiting)
            numbers[path] = (_number(match[1]), _number(match[2]))
    for path, blob_id in blobs.items():
        yield sha, path.decode("utf-8", "backslashreplace"), blob_id, *numbers.get(path, (None, None))


def _number(text: bytes) -> int | None:
    return None if text == b"-" else int(text)


@cache
def _patterns() -> dict[str, Any]:
    """`file_kinds.yaml`: here paths that are gone are told apart too, which no table holds."""
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("file_kinds.yaml").read_text(encoding="utf-8"))
    return content
