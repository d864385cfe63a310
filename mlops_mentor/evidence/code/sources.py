"""Which files of a snapshot are looked at, and their contents, within limits.

Belongs here: choosing by path and kind, reading, decoding, writing texts to a private directory under names of ours.
"""

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import polars as pl

from mlops_mentor.repos.blobs import ReadBlobs

_MIB = 2**20
DEPENDENCY_PATH = re.compile(
    r"(?i)(^|/)([^/]*requirements[^/]*\.(txt|in)|requirements/[^/]+\.(txt|in)|pyproject\.toml|setup\.(cfg|py)|pipfile"
    r"|environment[^/]*\.ya?ml|conda[^/]*\.ya?ml)$"
)
LOCK_PATH = re.compile(
    r"(?i)(^|/)((uv|poetry|pdm|pixi)\.lock|pipfile\.lock|(conda-lock|[^/]*\.conda-lock)\.ya?ml|pylock(\.[^/]+)?\.toml)$"
)
_COMPOSE = re.compile(r"(?i)compose[^/]*\.ya?ml$")
_LOCK_LIKE = r"(?i)(^|/)([^/]*\.lock|package-lock\.json|pnpm-lock\.yaml|go\.sum)$"
_UNREAD_KINDS = ["symlink", "gitlink", "lfs_pointer"]


@dataclass(frozen=True)
class Source:
    """A file that is looked at: where it is, what it is for, whether the course handed it out."""

    path: str
    kind: str
    blob_id: str
    is_starter: bool = False
    content: bytes = b""

    @property
    def text(self) -> str:
        """The content as text; UTF-16 with a mark is understood, other bytes are replaced."""
        if self.content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.content.decode("utf-16", "replace")
        return self.content.decode("utf-8-sig", "replace")


@dataclass(frozen=True)
class Limits:
    """What is looked at of one kind: files and bytes altogether, bytes of one file."""

    files: int
    total_bytes: int
    file_bytes: int


LIMITS: Mapping[str, Limits] = {
    "python": Limits(3000, 4 * _MIB, _MIB),
    "notebook": Limits(200, 48 * _MIB, 16 * _MIB),
    "docker": Limits(100, 4 * _MIB, _MIB // 4),
    "workflow": Limits(100, 4 * _MIB, _MIB // 4),
    "dependencies": Limits(200, 8 * _MIB, _MIB),
    "text": Limits(3000, 16 * _MIB, 2 * _MIB),
}


@dataclass(frozen=True)
class Sources:
    """What was read of one kind, by path, and why some of it was not; `skipped` names the files."""

    found: tuple[Source, ...] = ()
    skipped: tuple[str, ...] = ()
    reasons: tuple[str, ...] = field(default=())

    @property
    def own(self) -> tuple[Source, ...]:
        return tuple(source for source in self.found if not source.is_starter)


def read_sources(files: pl.DataFrame, kind: str, read: ReadBlobs, limits: Limits | None = None) -> Sources:
    """The files of one of the kinds of `LIMITS`, smallest path first."""
    limits = limits or LIMITS[kind]
    chosen = _chosen(files, kind)
    available = chosen.filter(pl.col("is_available"))
    is_small = pl.col("bytes") <= limits.file_bytes
    fitting = available.filter(is_small).filter(pl.col("bytes").cum_sum() <= limits.total_bytes).head(limits.files)
    by_id = dict(zip(fitting["blob_id"], fitting["bytes"], strict=True))
    contents = {blob_id: content for blob_id, content in read(list(by_id), list(by_id.values())) if content is not None}
    rows = fitting.select("path", "kind", "blob_id", "is_starter").iter_rows()
    found = [
        Source(path, of_kind, blob_id, is_starter, contents[blob_id])
        for path, of_kind, blob_id, is_starter in rows
        if blob_id in contents
    ]
    read_paths = {source.path for source in found}
    skipped = tuple(path for path in chosen["path"] if path not in read_paths)
    missing = chosen.height - available.height + fitting.height - len(found)
    beyond = available.height - fitting.height
    reasons = [f"{missing} {kind} files are not in the mirror"] if missing else []
    reasons += [f"{beyond} {kind} files are beyond the limits of size"] if beyond else []
    return Sources(tuple(found), skipped, tuple(reasons))


def _chosen(files: pl.DataFrame, kind: str) -> pl.DataFrame:
    path, of_kind = pl.col("path"), pl.col("kind")
    is_kept = ~pl.col("is_vendored") & ~pl.col("is_generated") & ~of_kind.is_in(_UNREAD_KINDS)
    is_own = ~pl.col("is_starter")
    wanted = {
        "python": is_kept & (of_kind.is_in(["python", "test"])),
        "notebook": is_kept & is_own & (of_kind == "notebook"),
        "docker": is_kept & is_own & (of_kind == "docker") & ~path.str.contains(_COMPOSE.pattern),
        "workflow": is_kept & is_own & path.str.contains(r"^\.github/workflows/[^/]+\.ya?ml$"),
        "dependencies": is_kept & path.str.contains(DEPENDENCY_PATH.pattern),
        # What tools wrote too: a run's configuration holds what the run was given.
        "text": ~pl.col("is_vendored")
        & is_own
        & ~of_kind.is_in([*_UNREAD_KINDS, "image", "model"])
        & (pl.col("lines") > 0)
        & ~path.str.contains(_LOCK_LIKE),
    }
    marked = files.with_columns(is_starter=pl.col("is_starter_code").fill_null(False))
    # What people wrote comes first where not all can be read.
    order = ["is_generated", of_kind == "data", "path"] if kind == "text" else ["path"]
    return marked.filter(wanted[kind]).sort(order)


def python_text(content: bytes) -> str:
    """The text that Python would read.

    Raises:
        ValueError: Python could not read it either; the text says why.
    """
    if b"\0" in content:
        raise ValueError("holds null bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise ValueError("is not in the encoding that it declares, or not in UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_texts(directory: Path, texts: Iterable[tuple[str, str | bytes]], suffix: str | None = None) -> dict[str, str]:
    """Write each (path, text) into `directory`; which file of ours is which path.

    Names are numbers, because a path from a repository may be anything; of the suffix letters and digits stay.
    """
    directory.mkdir(parents=True)
    names = {}
    for number, (path, text) in enumerate(texts):
        name = f"{number:05}" + (_suffix(path) if suffix is None else suffix)
        content = text.encode("utf-8", "replace") if isinstance(text, str) else text
        (directory / name).write_bytes(content)
        names[name] = path
    return names


def _suffix(path: str) -> str:
    found = re.fullmatch(r"\.[A-Za-z0-9]{1,10}", PurePosixPath(path).suffix)
    return found.group().lower() if found else ".txt"
