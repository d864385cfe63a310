"""What is pushed: the files of an exported folder, read into memory as they belong together.

Belongs here: reading the folder while a new export may replace it. Only what the manifest names, the manifest and the
card are ever read.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.manifest import MANIFEST, Manifest

CARD = "README.md"
# Files of ours, of this export or an earlier one: `<config>/all-<hash>.parquet`.
TABLE_FILE = re.compile(r"[A-Za-z][\w-]{0,63}/all-[0-9a-f]{6,64}\.parquet")
_MAX_BYTES = 500_000_000
_TRIES = 20
_PAUSE_S = 0.25


@dataclass(frozen=True)
class Content:
    """An export: its files by path, in the manifest's order after manifest and card."""

    files: Mapping[str, bytes]

    def is_stale(self, path: str) -> bool:
        """Whether a path is of a table of ours that this export no longer has."""
        return path not in self.files and TABLE_FILE.fullmatch(path) is not None


def read_content(folder: Path, *, sleep: Callable[[float], None] = time.sleep) -> Content:
    """All files of the export in the folder, of one and the same export.

    Raises:
        PublishError: there is no export, it names what is no table's file, or it is larger than a dataset of ours.
    """
    for _ in range(_TRIES):
        content = _read_once(folder)
        if content is not None:
            return content
        sleep(_PAUSE_S)
    raise PublishError(f"{folder}: the export has no peace, or files of it are missing. Export again, then push.")


def _read_once(folder: Path) -> Content | None:
    """None where files are missing or the export was replaced meanwhile."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise PublishError(f"{folder}: there is no export. Export first, then push.") from None
    except OSError as error:
        raise PublishError(f"{folder / MANIFEST}: cannot be read ({error.strerror}).") from None
    names = _names(folder, manifest)
    files = {MANIFEST: manifest}
    left = _MAX_BYTES
    for name in names:
        try:
            left -= (folder / name).stat().st_size
            if left < 0:
                raise PublishError(f"{folder}: the export is larger than {_MAX_BYTES // 10**6} MB; nothing is pushed.")
            files[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(f"{folder / name}: cannot be read ({error.strerror}).") from None
    is_whole = _is_still(folder, manifest) and _is_of(files[CARD], names)
    return Content(files) if is_whole else None


def _names(folder: Path, manifest: bytes) -> list[str]:
    try:
        tables = Manifest.model_validate_json(manifest).tables.values()
    except ValidationError:
        raise PublishError(f"{folder / MANIFEST}: is no manifest of an export. Export again, then push.") from None
    names = [table.file for table in tables if table.file is not None]
    for name in names:
        # Nothing else of this machine may get out, whatever a manifest says.
        if not TABLE_FILE.fullmatch(name) or (folder / name).is_symlink() or (folder / name).parent.is_symlink():
            raise PublishError(f"{folder / MANIFEST}: names {name!r}, which is no table's file. Export again.")
    return [CARD, *names]


def _is_of(card: bytes, names: list[str]) -> bool:
    """The card has no hash in its name: one that speaks of other tables is of an export that is being written."""
    return set(TABLE_FILE.findall(card.decode("utf-8", "replace"))) <= set(names)


def _is_still(folder: Path, manifest: bytes) -> bool:
    try:
        return (folder / MANIFEST).read_bytes() == manifest
    except OSError:
        return False
