"""Files of a snapshot: what is tracked, what each file is for, how long it is. Nothing is ever checked out.

Belongs here: listing the tree, reading blobs for their lines. The patterns that tell kinds apart are data
(`file_kinds.yaml`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from mlops_mentor.repos import git
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.schemas import FILES, empty

_ENTRY = r"(?s)^(?P<mode>\d+) \w+ (?P<blob_id>[0-9a-f]+) +(?P<bytes>-|BAD|\d+)\t(?P<path>.*)$"
_LFS_POINTER = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_LFS_POINTER_MAX_BYTES = 1024
# Three lines with a SHA-256 and a size of up to 12 digits.
_LFS_POINTER_USUAL_BYTES = (125, 140)
_SYMLINK, _GITLINK = "120000", "160000"
# git's own rule (buffer_is_binary): a NUL among the first 8000 bytes.
_HEAD_BYTES = 8000
_FEW_BINARIES = 1000
_SMALL_BYTES = 64 * 2**10
# So much content is held at a time; a single larger blob is held alone.
_BATCH_BYTES = 32 * 2**20


def read_files(mirror: Path, group_id: str, snapshot_sha: str | None, starter_blobs: pl.Series | None) -> pl.DataFrame:
    """The table `files` of one group, by path as git orders them.

    `lines` is null where there are none to count (binary content, links, pointers), and where the blob is missing or
    larger than what is read.
    `starter_blobs` are the ids of the starter code's blobs; None when they are not known.

    Raises:
        RepoError: git cannot read the mirror.
    """
    if snapshot_sha is None:
        return empty(FILES)
    return read_files_at(mirror, group_id, [snapshot_sha], starter_blobs)[snapshot_sha]


def read_files_at(
    mirror: Path, group_id: str, shas: Sequence[str], starter_blobs: pl.Series | None
) -> dict[str, pl.DataFrame]:
    """The same of several commits, by their ids; what they have in common is read once.

    Raises:
        RepoError: git cannot read the mirror.
    """
    trees = {sha: _read_tree(mirror, sha) for sha in dict.fromkeys(shas)}
    if not trees:
        return {}
    contents = _read_contents(mirror, pl.concat(trees.values()).unique(["path", "blob_id"], maintain_order=True))
    return {sha: _frame(group_id, tree, contents, starter_blobs) for sha, tree in trees.items()}


def _frame(group_id: str, tree: pl.DataFrame, contents: pl.DataFrame, starter_blobs: pl.Series | None) -> pl.DataFrame:
    frame = tree.join(contents, on="blob_id", how="left", maintain_order="left")
    is_link = pl.col("mode").is_in([_SYMLINK, _GITLINK])
    is_pointer = pl.col("is_lfs_pointer").fill_null(False) & ~is_link
    return frame.select(
        group_id=pl.lit(group_id),
        path="path",
        bytes="bytes",
        kind=pl.when(is_pointer).then(pl.lit("lfs_pointer")).otherwise(pl.col("kind")),
        lines=pl.when(is_link | is_pointer).then(None).otherwise(pl.col("lines")),
        blob_id="blob_id",
        mode="mode",
        is_available=pl.col("is_available"),
        is_vendored="is_vendored",
        is_generated=pl.col("is_generated") | (pl.col("has_generated_marker").fill_null(False) & ~is_link),
        is_starter_code=_is_starter_code(starter_blobs),
    )


def _is_starter_code(starter_blobs: pl.Series | None) -> pl.Expr:
    if starter_blobs is None:
        return pl.lit(None, pl.Boolean)
    return pl.col("blob_id").is_in(starter_blobs.implode())


def _read_tree(mirror: Path, snapshot_sha: str) -> pl.DataFrame:
    listed = git.read(mirror, "ls-tree", "-r", "-z", "-l", "--full-tree", snapshot_sha)
    # Paths are bytes to git; what is not UTF-8 is shown as \xNN, as `git ls-tree` without -z would in octal.
    entries = pl.Series("entry", listed.decode("utf-8", "backslashreplace").split("\0")[:-1], dtype=pl.String)
    kinds = _kinds()
    lowered = pl.col("path").str.to_lowercase()
    mode = pl.col("mode")
    kind = pl.when(mode == _SYMLINK).then(pl.lit("symlink")).when(mode == _GITLINK).then(pl.lit("gitlink"))
    for name, pattern in kinds.kinds:
        kind = kind.when(lowered.str.contains(pattern)).then(pl.lit(name))
    return (
        entries.str.extract_groups(_ENTRY)
        .struct.unnest()
        .with_columns(pl.col("bytes").cast(pl.Int64, strict=False))
        .with_columns(
            kind=kind.otherwise(pl.lit("other")),
            is_available=pl.col("bytes").is_not_null() & (mode != _GITLINK),
            is_vendored=lowered.str.contains(kinds.vendored),
            is_generated=lowered.str.contains(kinds.generated),
            is_binary_by_name=lowered.str.contains(kinds.binary),
        )
    )


def _read_contents(mirror: Path, tree: pl.DataFrame) -> pl.DataFrame:
    """What blobs hold, by `blob_id`: lines, whether they are LFS pointers, whether a generator signed them.

    Only blobs that were read have a row, and none larger than `blobs.MAX_READ_BYTES` is.
    """
    lfs_paths = _lfs_paths(mirror, tree)
    is_content = pl.col("is_available") & ~pl.col("mode").is_in([_SYMLINK, _GITLINK])
    is_small = pl.col("bytes") <= _LFS_POINTER_MAX_BYTES
    # LFS itself keeps these: 75,000 pointers that need no reading. Others are told by their content.
    is_pointer = (
        pl.col("is_binary_by_name")
        & pl.col("bytes").is_between(*_LFS_POINTER_USUAL_BYTES)
        & (pl.lit(False) if lfs_paths is None else pl.col("path").str.contains(lfs_paths))
    )
    # A broken download is a small text with an image's name; thousands of images are not read to find one.
    is_by_name = pl.col("is_binary_by_name")
    is_few = (is_by_name & is_content).sum() <= _FEW_BINARIES
    is_pointer_size = pl.lit(lfs_paths is not None) & is_small
    is_wanted = ~is_by_name | is_pointer_size | (is_few & (pl.col("bytes") <= _SMALL_BYTES))
    blobs = tree.filter(is_content).with_columns(is_lfs_pointer=is_pointer).unique("blob_id", maintain_order=True)
    pointers = blobs.filter("is_lfs_pointer").select(
        "blob_id", lines=pl.lit(None, pl.Int64), is_lfs_pointer="is_lfs_pointer", has_generated_marker=pl.lit(False)
    )
    wanted = blobs.filter(~pl.col("is_lfs_pointer"), is_wanted)
    marker = _kinds().generated_marker
    rows = []
    for batch in _batches(wanted["blob_id"].to_list(), wanted["bytes"].to_list()):
        for blob_id, content in read_blobs(mirror, list(batch), list(batch.values())):
            if content is not None:
                is_lfs_pointer = len(content) <= _LFS_POINTER_MAX_BYTES and content.startswith(_LFS_POINTER)
                rows.append((blob_id, count_lines(content), is_lfs_pointer, bool(marker.search(content[:1024]))))
    return pl.concat([pointers, pl.DataFrame(rows, schema=pointers.schema, orient="row")])


def _lfs_paths(mirror: Path, tree: pl.DataFrame) -> str | None:
    """A pattern of the paths that .gitattributes at the root puts under LFS (`*.png`, `images/**`).

    It may match nothing, where other patterns or other such files decide; None where there is no .gitattributes.
    """
    attributes = tree.filter(pl.col("path").str.ends_with(".gitattributes") & pl.col("is_available"))
    if attributes.is_empty():
        return None
    root = attributes.filter(pl.col("path") == ".gitattributes")["blob_id"].to_list()
    text = "".join((content or b"").decode("utf-8", "replace") for _, content in read_blobs(mirror, root))
    patterns = [line.split()[0] for line in text.splitlines() if re.search(r"\sfilter=lfs(\s|$)", line)]
    suffixes = [re.escape(pattern[1:]) + "$" for pattern in patterns if re.fullmatch(r"\*(\.[\w-]+)+", pattern)]
    folders = ["^" + re.escape(pattern[:-2]) for pattern in patterns if re.fullmatch(r"[\w./-]+/\*\*", pattern)]
    return "|".join([*suffixes, *folders]) or r"^\b$"


def _batches(blob_ids: list[str], sizes: list[int]) -> Iterator[dict[str, int]]:
    """Sizes by id, so many at a time as may be held together."""
    batch: dict[str, int] = {}
    total = 0
    for blob_id, size in zip(blob_ids, sizes, strict=True):
        if batch and total + size > _BATCH_BYTES:
            yield batch
            batch, total = {}, 0
        batch[blob_id] = size
        total += size
    yield batch


def count_lines(content: bytes) -> int | None:
    """Lines of text, a last one without line break included; None for binary content. UTF-16 with a BOM is text."""
    if b"\0" in content[:_HEAD_BYTES]:
        if content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            return None
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)


@dataclass(frozen=True)
class _Kinds:
    """The patterns of `file_kinds.yaml`."""

    kinds: tuple[tuple[str, str], ...]
    vendored: str
    generated: str
    generated_marker: re.Pattern[bytes]
    binary: str


def is_vendored_or_generated(path: str) -> bool:
    """Whether a path alone says that others or a tool wrote the file."""
    lowered, kinds = path.lower(), _kinds()
    return bool(re.search(kinds.vendored, lowered) or re.search(kinds.generated, lowered))


@cache
def _kinds() -> _Kinds:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("file_kinds.yaml").read_text(encoding="utf-8"))
    return _Kinds(
        kinds=tuple((name, pattern) for name, pattern in content["kinds"]),
        vendored=content["vendored"],
        generated=content["generated"],
        generated_marker=re.compile(content["generated_marker"].encode()),
        binary=content["binary"],
    )
