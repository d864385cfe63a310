"""Lines of a group's file at a commit, with what stands around them: where a citation leads.

Belongs here: which files may be opened, and making lines fit to be shown. A path is looked up by git in the tree of a
commit of the group's own mirror and never in a file system. Only commits are opened that a stored table of the group
names: its snapshot, what its feedback is about, where its flags lead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl

from mlops_mentor.chain.group_work import mirror_of
from mlops_mentor.evidence.code.notebooks import read_notebook
from mlops_mentor.evidence.code.sources import Source as CodeSource
from mlops_mentor.feedback.markdown import blob_url
from mlops_mentor.repos import git
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK, FLAGS, REPO_SNAPSHOTS, SAME_CODE
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

_MAX_BYTES = 16 * 2**20
_MAX_LINES = 400
_MAX_CHARACTERS = 500
_MAX_PATH = 4096
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOOKED_AT_FOR_ZEROS = 8192


@dataclass(frozen=True)
class SourceLine:
    """A line: its number from 1, its text without control characters, cut where it is long; whether it was quoted."""

    number: int
    text: str
    is_quoted: bool
    is_cut: bool = False


@dataclass(frozen=True)
class Source:
    """Lines of a file; none with `reason` in words where there is nothing to show. `num_lines` is the whole file's."""

    path: str
    sha: str
    lines: tuple[SourceLine, ...] = ()
    num_lines: int = 0
    reason: str | None = None
    url: str | None = None


def quoted_lines(
    settings: Settings,
    group: Group,
    *,
    sha: str,
    path: str,
    start_line: int,
    end_line: int,
    context: int = 8,
    is_of_cells: bool = False,
) -> Source:
    """Lines `start_line` to `end_line` (from 1, both included) with `context` lines around them, at most 400 in all.

    Never raises for what a repository holds or a request names: what may not be opened, is missing, binary or too
    large has a `reason`. `url` leads to the file on the server's own pages, where it has such. `is_of_cells`: lines of
    a notebook are those of its code, cells one after another, as a model is shown it; rules and flags count the file's.

    Raises:
        RepoError: git cannot read the mirror.
        LakeError: a stored table cannot be read.
    """
    if not _SHA.fullmatch(sha) or sha not in _named_commits(Lake(settings.lake_dir), group.group_id):
        return Source(path, sha, reason="no table of this group names that commit")
    content = _content(mirror_of(settings.mirrors_dir, group), sha, path)
    if isinstance(content, str):
        return Source(path, sha, reason=content)
    file = CodeSource(path, "text", "", content=content)
    is_code = is_of_cells and path.endswith(".ipynb")
    # As evidence and reviewers count lines: what ends one is what editors take for it.
    lines = (read_notebook(file).code if is_code else file.text).split("\n")
    if lines and not lines[-1]:
        lines.pop()
    pages = blob_url(group.address.url, sha)
    return Source(
        path,
        sha,
        _lines(lines, start_line, end_line, context),
        len(lines),
        None if lines else "the file is empty",
        f"{pages}/{quote(path, safe='/', errors='replace')}" if pages is not None else None,
    )


def _named_commits(lake: Lake, group_id: str) -> frozenset[str]:
    """The commits that tables of the group name."""
    same_code = lake.read_or_empty(SAME_CODE).filter(pl.col("group_id") == group_id)
    named = [
        lake.read_or_empty(REPO_SNAPSHOTS, group_id)["snapshot_sha"],
        lake.read_or_empty(FEEDBACK, group_id)["snapshot_sha"],
        lake.read_or_empty(FLAGS, group_id)["sha"],
        same_code["sha"],
    ]
    return frozenset(sha for column in named for sha in column if sha)


def _content(mirror: Path, sha: str, path: str) -> bytes | str:
    """The file's bytes, or why there is nothing to show."""
    if not mirror.is_dir():
        return "the repository was never read"
    if not _is_askable(path):
        return "no file can be asked for by that name"
    asked = f"{sha}:{path}\n".encode("utf-8", "surrogateescape")
    answer = git.read(mirror, "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked)
    found = re.fullmatch(rb"([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) (\d+)\n", answer)
    if found is None:
        return "no such file is in the mirror at this commit, or it was too large to be fetched"
    if found[2] != b"blob":
        return "this is a folder or another repository, and no file"
    size = int(found[3])
    if size > _MAX_BYTES:
        return f"the file has more than {_MAX_BYTES // 2**20} MiB"
    content = next(iter(read_blobs(mirror, [found[1].decode()], [size])))[1] or b""
    is_text = content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" not in content[:_LOOKED_AT_FOR_ZEROS]
    return content if is_text else "the file is no text"


def _is_askable(path: str) -> bool:
    """Whether git takes it for a path from the root of a tree; it is asked line by line."""
    has_bytes = not any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff" for char in path)
    is_plain = not any(part in ("", ".", "..") for part in path.split("/"))
    return has_bytes and is_plain and len(path) <= _MAX_PATH and not any(char in path for char in "\n\r\x00")


def _lines(lines: Sequence[str], start_line: int, end_line: int, context: int) -> tuple[SourceLine, ...]:
    """The lines wanted, at most so many; those around where a file has fewer than were quoted."""
    start = min(max(1, start_line), max(1, len(lines)))
    end = min(max(start, end_line), len(lines))
    around = max(0, context)
    first = max(1, start - around)
    last = min(len(lines), end + around, first + _MAX_LINES - 1)
    return tuple(
        SourceLine(number, _shown(lines[number - 1]), start_line <= number <= end_line, _is_long(lines[number - 1]))
        for number in range(first, last + 1)
    )


def _is_long(line: str) -> bool:
    return len(line) > _MAX_CHARACTERS


def _shown(line: str) -> str:
    """What controls a terminal, turns the direction of writing or has no width is written out; the rest stays."""
    text = line.removesuffix("\r")[:_MAX_CHARACTERS]
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode("ascii") for char in text
    )
