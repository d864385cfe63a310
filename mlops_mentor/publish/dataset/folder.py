"""The folder of an export: Parquet files, the card, the manifest.

Belongs here: writing it so that whoever reads it meanwhile meets a whole export. Tables lie in files whose names hold a
hash of their content, so that a file is never changed. They are written first, then the card, then the manifest; files
of older exports go last. Whoever has read a manifest (or a card), old or new, finds the very files that it names, or
finds one gone and reads again. A process killed in between leaves files that nobody names, which the next one removes.
"""

import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mlops_mentor.publish.dataset.card import card_text
from mlops_mentor.publish.dataset.facts import Facts, manifest_of, published_files
from mlops_mentor.publish.manifest import MANIFEST
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.storage.whole_files import replace_whole

CARD = "README.md"
_OURS = re.compile(r"all-[0-9a-f]{8}\.parquet")
_TEMPORARY = re.compile(r"\.(all-[0-9a-f]{8}\.parquet|README\.md|export\.json)\.\d+\.[0-9a-f]{8}\.tmp")


@dataclass(frozen=True)
class Written:
    """An export in its folder: `files` relative to it, sorted; whether any of them is another; bytes of all."""

    files: tuple[str, ...]
    changed: bool
    num_bytes: int


def write_folder(
    folder: Path, frames: Mapping[str, pl.DataFrame], facts: Facts, *, move: Callable[[Path, Path], object] = os.replace
) -> Written:
    """Write the export of `frames`, by the names of `PUBLISHED`, into `folder`; one writer at a time.

    A table without rows has no file and stands in no config. The same frames and facts give the same bytes. Files that
    are not of an export stay. `move` puts a file into its place in one step.

    Raises:
        OSError: the folder cannot be written; what was there before stays readable.
        KeyError: a published table is missing in `frames`.
    """
    contents = {published.name: _parquet(frames[published.name]) for published in PUBLISHED}
    names = {
        name: f"{name}/all-{hashlib.sha256(content).hexdigest()[:8]}.parquet" if content is not None else None
        for name, content in contents.items()
    }
    manifest = manifest_of(facts, published_files(frames, names, facts.course))
    publish = facts.course.publish
    card = card_text(
        manifest,
        fewest_persons=publish.fewest_persons,
        show_repositories=publish.show_repositories,
        has_aliases=publish.groups == "alias",
    )
    # In this order.
    files = {name: content for table, name in names.items() if name and (content := contents[table]) is not None}
    files |= {CARD: card.encode(), MANIFEST: f"{manifest.model_dump_json(indent=2)}\n".encode()}
    has_changed = [_put(folder / name, content, move) for name, content in files.items()]
    _remove_stale(folder, kept=files)
    return Written(tuple(sorted(files)), any(has_changed), sum(map(len, files.values())))


def _parquet(frame: pl.DataFrame) -> bytes | None:
    if not frame.height:
        return None
    content = io.BytesIO()
    frame.write_parquet(content, compression="zstd")
    return content.getvalue()


def _put(file: Path, content: bytes, move: Callable[[Path, Path], object]) -> bool:
    """Have `content` in `file`; False where it is there already. Names tell of content, but disks fail."""
    try:
        if file.read_bytes() == content:
            return False
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(file, content, move=move)
    return True


def _remove_stale(folder: Path, kept: Mapping[str, bytes]) -> None:
    for file in list(_stale(folder, kept)):
        file.unlink(missing_ok=True)


def _stale(folder: Path, kept: Mapping[str, bytes]) -> Iterator[Path]:
    """What older exports and killed processes left: files of tables that nobody names, and temporaries."""
    yield from (file for file in folder.iterdir() if _TEMPORARY.fullmatch(file.name))
    for published in PUBLISHED:
        config = folder / published.name
        for file in config.iterdir() if config.is_dir() else ():
            is_old = _OURS.fullmatch(file.name) and f"{published.name}/{file.name}" not in kept
            if is_old or _TEMPORARY.fullmatch(file.name):
                yield file
