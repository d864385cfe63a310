"""Small files that are replaced whole: readers find the old one or the new one, and a kill leaves either.

Belongs here: files of ours that are written from memory, and what killed processes left of them. Tables are for `lake`,
sheets that people edit for `sheets.writing`.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# What only its owner may read.
PRIVATE = 0o600
_ORDINARY = 0o666
_TEMPORARY_MAX_AGE_S = 3600.0


def replace_whole(
    file: Path, content: bytes, *, mode: int = _ORDINARY, move: Callable[[Path, Path], object] = os.replace
) -> None:
    """Have `content` in `file`, whose folder is there; what a killed process left begins with a dot and ends in `.tmp`.

    `mode` as of `open`: less the process's umask.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    with written_beside(file, content, mode=mode) as temporary:
        move(temporary, file)


@contextlib.contextmanager
def written_beside(file: Path, content: bytes, *, mode: int = _ORDINARY) -> Iterator[Path]:
    """The content in a file of its own beside `file`, to be moved or linked there; what is left of it is deleted."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
            opened.write(content)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sweep_temporary(paths: Iterable[Path]) -> int:
    """Delete those of `paths` that are older than an hour; their number. Others may be renamed at this very moment."""
    num_swept = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _TEMPORARY_MAX_AGE_S:
                path.unlink()
                num_swept += 1
    return num_swept
