"""The manifest: what an exported folder holds, in `export.json`.

Belongs here: its model, which the export writes and the pages read. A Space has the export and nothing else, so that
everything which a page says besides the tables stands here. The files' names hold a hash of their content: whoever has
read a manifest reads the very export that it describes, or finds a file gone and reads the manifest again.
"""

from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

MANIFEST = "export.json"
FORMAT = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PublishedFile(_Model):
    """A table: its file relative to the folder (None for a table without rows), rows, and definitions by column."""

    file: str | None
    num_rows: int
    description: str
    columns: dict[str, str]


class Manifest(_Model):
    """An export. `as_of` is when something in it last changed (UTC); `groups` are public names, in the roster's order.

    `withheld` has, by group, tables of which the gate let nothing out. `parts` are the parts of the progress measure
    with their weights; `most` is the highest score on the rubric's scale.
    """

    format: int = FORMAT
    course: str
    term: str
    time_zone: str
    project_start: date
    deadline: datetime
    as_of: datetime | None
    contact: str
    retention: str
    licence: str
    groups: tuple[str, ...]
    withheld: dict[str, tuple[str, ...]] = {}
    parts: dict[str, float]
    most: int
    tables: dict[str, PublishedFile]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an exported folder.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is not one (pydantic's own error).
    """
    return Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
