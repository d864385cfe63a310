"""A whole Space as a folder: the app, what it needs of this package, and its card.

Belongs here: what is copied and how the Space is described. What the app imports is found by reading its modules, so
that nothing of the pipeline gets there.
"""

import ast
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import mlops_mentor
from mlops_mentor.app.content import TITLE

_ROOT = Path(mlops_mentor.__file__).parent
_PACKAGE = _ROOT.name
_START = "mlops_mentor.app.serve_space"
# Folders beside a module that hold what it reads.
_DATA = ("assets", "templates")
# The ranges of pyproject.toml.
REQUIREMENTS = (
    "gradio>=6.0,<7",
    "huggingface-hub>=2.0,<3",
    "jinja2>=3.1",
    "markdown-it-py>=3.0",
    "markupsafe>=2.1",
    "polars>=1.30",
    "pydantic>=2.10",
    "starlette>=0.50",
    "uvicorn>=0.35",
)
_APP = '''"""The class at a glance, from a dataset of the Hub. Written by `mlops-mentor`; change it there."""

from mlops_mentor.app.serve_space import serve_space

if __name__ == "__main__":
    serve_space({dataset})
'''
_CARD = """---
title: {title}
sdk: gradio
sdk_version: {gradio}
python_version: "3.11"
app_file: app.py
pinned: false
datasets:
- {dataset}
---

# {heading}

Numbers and released feedback of a course's groups, from the dataset `{dataset}`. Numbers inform; they never grade.

A private dataset needs the secret `HF_TOKEN` of this Space (Settings, Variables and secrets): a fine-grained token
that may read that dataset and nothing else. Keep the Space as private as the dataset. A new export is shown within
minutes, without a restart. Written by `mlops-mentor`.
"""


def write_space(directory: Path, *, dataset: str) -> list[Path]:
    """Write a Space that shows the export in `dataset` (`owner/name`); its files, relative, sorted.

    Files of the same names are replaced, others are left alone.

    Raises:
        OSError: a file cannot be written.
    """
    files = {path.relative_to(_ROOT.parent): path.read_bytes() for path in _copied()}
    files[Path("app.py")] = _APP.format(dataset=json.dumps(dataset)).encode()
    files[Path("requirements.txt")] = "".join(f"{line}\n" for line in REQUIREMENTS).encode()
    card = _CARD.format(title=json.dumps(TITLE), heading=TITLE, dataset=dataset, gradio=version("gradio"))
    files[Path("README.md")] = card.encode()
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return sorted(files)


def modules_needed() -> dict[str, Path]:
    """The modules of this package that the app imports, by name, those that they import with them."""
    found: dict[str, Path] = {}
    waiting = [_START]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if name in found or file is None:
            continue
        found[name] = file
        # Importing a module imports the packages that it is in.
        waiting += [name.rpartition(".")[0], *(each for each in imports(file) if each.split(".")[0] == _PACKAGE)]
    return found


def imports(file: Path) -> Iterator[str]:
    """Names that a file imports anywhere in it; of `from a import b` both `a` and `a.b`, which may be a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file_of(name: str) -> Path | None:
    """A module's file; None where there is no such module, as for a class that is imported.

    By path: asking the import system would import packages, and Gradio with them.
    """
    place = _ROOT.parent.joinpath(*name.split("."))
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in candidates if name and file.is_file()), None)


def _copied() -> Iterator[Path]:
    needed = set(modules_needed().values())
    yield from needed
    for folder in sorted({file.parent for file in needed}):
        for data in _DATA:
            yield from (path for path in (folder / data).rglob("*") if path.is_file())
