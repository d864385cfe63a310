"""Files of the lake, on a file system or in an object store: replacing one in a step, reading it, dating it.

Belongs here: what differs between the two. A file system replaces a file by renaming another one; an object store
does so when an upload is complete. What the files say, and how they are called, is for `lake`.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from upath import UPath

from mlops_mentor.storage.whole_files import replace_whole

LakePath = Path | UPath
# What was read from an object store, by path; None where there was nothing.
Kept = MutableMapping[str, bytes | None]


def lake_path(place: str) -> LakePath:
    """The directory, or the address of an object store such as `s3://bucket/lake`."""
    if "://" not in place:
        return Path(place).expanduser().resolve()
    # Without a cache: what others write must be seen at once.
    return UPath(place, use_listings_cache=False)


def source_of(path: LakePath, kept: Kept | None = None) -> Path | BytesIO:
    """What Polars reads the file's schema and keys from, and `content_of` its rows.

    Raises:
        FileNotFoundError: it is in an object store, and is not there.
    """
    if isinstance(path, Path):
        return path
    (source,) = sources_of([path], kept)
    if source is None:
        raise FileNotFoundError(str(path))
    return source


def sources_of(paths: Sequence[LakePath], kept: Kept | None = None) -> list[Path | BytesIO | None]:
    """What Polars reads each file from, None where it is not there; objects at the same time, a request each.

    Objects that are in `kept` are not asked for, and what is asked for is put there. A file system keeps what was read
    by itself.
    """
    held: Kept = {} if kept is None else kept
    far = [path for path in paths if not isinstance(path, Path) and path.path not in held]
    if far:
        # From the first byte on: for whole objects s3fs asks for their size first, which is a request more.
        for name, content in far[0].fs.cat([path.path for path in far], on_error="return", start=0).items():
            if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
                raise content
            held[name] = None if isinstance(content, Exception) else content
    return [_source(path, held) for path in paths]


def _source(path: LakePath, held: Kept) -> Path | BytesIO | None:
    if isinstance(path, Path):
        return path if path.is_file() else None
    content = held[path.path]
    return None if content is None else BytesIO(content)


def content_of(source: Path | BytesIO) -> BytesIO:
    """All that the file holds at one moment.

    Polars opens a file that it is given by name more than once: of one that is replaced meanwhile it would read the
    index of the old and the rows of the new.

    Raises:
        FileNotFoundError: it is not there any more.
    """
    if isinstance(source, Path):
        return BytesIO(source.read_bytes())
    source.seek(0)
    return source


def local_files(paths: Sequence[LakePath], folder: Path) -> list[Path]:
    """Those of the files that are there, for readers of plain files alone, in `folder` under names of their own.

    So that nobody replaces them while they are read: DuckDB, too, opens a file more than once.
    """
    found = []
    for number, source in enumerate(sources_of(paths)):
        own = folder / f"{number}.parquet"
        if isinstance(source, BytesIO):
            own.write_bytes(source.getbuffer())
            found.append(own)
        elif source is not None:
            with contextlib.suppress(FileNotFoundError):
                _link_or_copy(source, own)
                found.append(own)
    return found


def _link_or_copy(file: Path, other: Path) -> None:
    try:
        other.hardlink_to(file)
    except OSError:
        # Another file system, one without links, or a file that was replaced at this moment: Linux then says that it is
        # not there, though its successor is.
        shutil.copyfile(file, other)


def replace_file(path: LakePath, content: bytes, kept: Kept | None = None) -> None:
    """Put `content` there in one step: whoever reads meanwhile sees the old or the new, never half."""
    if not isinstance(path, Path):
        path.fs.pipe_file(path.path, content)
        if kept is not None:
            kept[path.path] = content
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(path, content)


def remove_file(path: LakePath, kept: Kept | None = None) -> None:
    """Delete the file, if it is there."""
    path.unlink(missing_ok=True)
    if kept is not None and not isinstance(path, Path):
        kept[path.path] = None


def touch_file(path: LakePath) -> None:
    """Date the file to now, without writing it; nothing where it is not there."""
    with contextlib.suppress(FileNotFoundError):
        if isinstance(path, Path):
            os.utime(path)
        else:
            # A copy onto itself, which the store makes, and refuses where nothing about it is new.
            path.fs.setxattr(path.path, confirmed=secrets.token_hex(4))


def dated(path: LakePath) -> datetime | None:
    """When the file was replaced or touched (UTC); None where it is not there."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
