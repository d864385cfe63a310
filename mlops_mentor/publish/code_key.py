"""The code by which an export is made, as a key: whoever changes the gate need not remember to say so.

Belongs here: which files count. What else an export depends on is for `class_export`.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
# Tables, gate, card and manifest, and what the gate takes from other folders: names, redaction, disguises of texts.
# The Hub's side is left out: it changes no export.
_PLACES = ("publish/*.*", "publish/dataset/*.*", "publish/privacy/*.*", "publish/tables/*.*", "schemas/published.py",
           "feedback/packs/*.*", "evidence/*.*")  # fmt: skip


def code_files(package: Path = _PACKAGE) -> Iterator[Path]:
    """The files, sorted: Python, and what it reads."""
    found = {file for place in _PLACES for file in package.glob(place) if file.is_file() and file.suffix != ".pyc"}
    return iter(sorted(found))


@cache
def code_key(package: Path = _PACKAGE) -> str:
    """A hash over their names and contents."""
    digest = hashlib.sha256()
    for file in code_files(package):
        digest.update(f"{file.relative_to(package).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
