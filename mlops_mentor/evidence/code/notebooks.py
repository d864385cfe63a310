"""Notebooks: how much code is in them, and what was committed beside the code.

Belongs here: reading `.ipynb` as the JSON that it is. Their code is never run, and not linted.
"""

import json
from dataclasses import dataclass
from typing import Any

from mlops_mentor.evidence.code.sources import Source

_MAGIC = ("%", "!", "?")


@dataclass(frozen=True)
class Notebook:
    """One notebook: lines of code that are not blank, code cells with outputs; `error` where it is broken."""

    path: str
    code_lines: int = 0
    num_cells_with_outputs: int = 0
    code: str = ""
    error: str | None = None


def read_notebook(source: Source) -> Notebook:
    """Never raises, whatever the file holds. Magic lines are no Python and left out of `code`."""
    try:
        content = json.loads(source.text)
    except (ValueError, RecursionError, MemoryError):
        return Notebook(source.path, error="is not JSON")
    cells = _cells(content)
    if cells is None:
        return Notebook(source.path, error="has no cells")
    code_cells = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    texts = [_source(cell) for cell in code_cells]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    is_cell_magic = [text.lstrip().startswith("%%") for text in texts]
    code = "\n".join(
        "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(_MAGIC))
        for text, is_magic in zip(texts, is_cell_magic, strict=True)
        if not is_magic
    )
    num_outputs = sum(isinstance(cell.get("outputs"), list) and bool(cell["outputs"]) for cell in code_cells)
    return Notebook(source.path, len(lines), num_outputs, code)


def _cells(content: Any) -> list[Any] | None:
    if not isinstance(content, dict):
        return None
    cells = content.get("cells")
    if isinstance(cells, list):
        return cells
    # Format 3 and older.
    sheets = content.get("worksheets")
    if not isinstance(sheets, list):
        return None
    return [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
