"""Small files that are replaced whole: readers find the old one or the new one, and a kill leaves either.

Belongs here: files of ours that are written from memory. Tables are for `lake`, sheets that people edit for
`sheet_writing`.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def replace_whole(file: Path, content: bytes, *, move: Callable[[Path, Path], object] = os.replace) -> None:
    """Have `content` in `file`, whose folder is there; what a killed process left begins with a dot and ends in `.tmp`.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(content)
        move(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
