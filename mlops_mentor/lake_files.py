"""Files of the lake, on a file system or in an object store: replacing one in a step, reading it, dating it.

Belongs here: what differs between the two. A file system replaces a file by renaming another one; an object store
does so when an upload is complete. What the files say, and how they are called, is for `lake`.
"""

import contextlib
import os
import secrets
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from upath import UPath

from mlops_mentor.whole_files import replace_whole

LakePath = Path | UPath


def lake_path(place: str) -> LakePath:
    """The directory, or the address of an object store such as `s3://bucket/lake`."""
    if "://" not in place:
        return Path(place).expanduser().resolve()
    # Without a cache: what others write must be seen at once.
    return UPath(place, use_listings_cache=False)


def source_of(path: LakePath) -> Path | BytesIO:
    """What Polars reads the file from.

    Raises:
        FileNotFoundError: it is in an object store, and is not there.
    """
    # One request; opening it as a file would take two.
    return path if isinstance(path, Path) else BytesIO(path.fs.cat_file(path.path))


def replace_file(path: LakePath, content: bytes) -> None:
    """Put `content` there in one step: whoever reads meanwhile sees the old or the new, never half."""
    if not isinstance(path, Path):
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(path, content)


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
