"""The table `starter_shapes`: what the starter code looks like, over the whole history of its repositories.

Belongs here: which files are read, and making rows of them. Comparing with the rows is for `starter`.
"""

import ast
import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

import polars as pl

from mlops_mentor.evidence.code.placeholders import as_python, has_marks, is_template, marked, neutral_texts
from mlops_mentor.evidence.code.shapes import Definition, definition_tokens, shape_value, statement_shapes
from mlops_mentor.evidence.code.sources import python_text
from mlops_mentor.evidence.code.starter import DEFINITION, LINE, STATEMENT, StarterShapes, normal_lines
from mlops_mentor.evidence.code.syntax import parse
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.starter import read_starter_paths
from mlops_mentor.schemas import STARTER_SHAPES
from mlops_mentor.storage.lake import Lake

# kind, name, version, value, times
_Row = tuple[str, str, str, str, int]

_MAX_BYTES = 256 * 2**10
# Locks are written by programs, and images have no lines.
_NO_TEXT = re.compile(r"(?i)\.(py|ipynb|lock|svg|drawio|csv|html|js|css|map)$")
# Of a repository that is no template, what somebody takes over to make it their own.
_PLAIN_TEXT = re.compile(
    r"(?i)(^readme\.md|\.(ya?ml|toml|cfg|ini|sh)|dockerfile[^/]*|makefile|requirements[^/]*\.txt|\.env[^/]*|ignore)$"
)
# As the template's hook renames what it keeps.
_VARIANT = re.compile(r"_(pip|uv|advance|simple)(?=(\.[^.]*)?$)")
_PACKAGE = re.compile(r"^src/([A-Za-z_][A-Za-z0-9_]*)/[^/]+\.py$")


def read_starter_shapes(mirrors: Iterable[Path]) -> pl.DataFrame:
    """The table `starter_shapes`, from the mirror of each starter-code repository. Pull requests do not count.

    Raises:
        RepoError: git cannot read a mirror.
    """
    rows = [row for mirror in mirrors for row in _rows(mirror)]
    frame = pl.DataFrame(rows, schema=STARTER_SHAPES.schema, orient="row")
    return frame.unique(STARTER_SHAPES.key).sort(STARTER_SHAPES.key)


def load_shapes(lake: Lake, key: str) -> StarterShapes:
    """The stored shapes, made ready once for all groups; `key` is that of the table.

    Raises:
        LakeError: they cannot be read.
    """
    # Groups are worked on side by side: the first of them prepares what the others wait for.
    with _LOADING:
        return _load(lake, key)


_LOADING = threading.Lock()


@lru_cache(maxsize=1)
def _load(lake: Lake, key: str) -> StarterShapes:
    return StarterShapes.from_frame(lake.read(STARTER_SHAPES))


def _rows(mirror: Path) -> Iterator[_Row]:
    paths = [(blob_id, path) for blob_id, path in read_starter_paths(mirror) if _is_read(path)]
    is_template_repository = any(is_template(path) for _, path in paths)
    packages = frozenset() if is_template_repository else _packages(path for _, path in paths)
    contents = dict(read_blobs(mirror, list(dict.fromkeys(blob_id for blob_id, _ in paths))))
    for blob_id, path in paths:
        content = contents[blob_id]
        if content is None or len(content) > _MAX_BYTES or b"\0" in content:
            continue
        if path.endswith(".py"):
            yield from _python_rows(content, packages)
            continue
        text = content.decode("utf-8-sig", "replace")
        if is_template(path) or is_template(text):
            names = {PurePosixPath(path).name, _VARIANT.sub("", PurePosixPath(path).name)}
            # A path whose file's own name has a placeholder is of no name that is known.
            yield from _line_rows(text, [name.lower() for name in sorted(names) if not is_template(name)], blob_id)
        elif not is_template_repository:
            yield from _line_rows(text, [f"/{path.lower()}"], blob_id)


def _is_read(path: str) -> bool:
    if path.endswith(".py"):
        return True
    return not _NO_TEXT.search(path) and (is_template(path) or _PLAIN_TEXT.search(path) is not None)


def _packages(paths: Iterable[str]) -> frozenset[str]:
    """Names that stand for the project's own package where a repository is copied as it is."""
    return frozenset(found.group(1) for found in map(_PACKAGE.match, paths) if found)


def _python_rows(content: bytes, packages: frozenset[str]) -> Iterator[_Row]:
    try:
        text = python_text(content)
    except ValueError:
        return
    for neutral in neutral_texts(text):
        try:
            tree = parse(as_python(neutral))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from _tree_rows(tree, packages)


def _tree_rows(tree: ast.Module, packages: frozenset[str]) -> Iterator[_Row]:
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            name = "" if has_marks(marked(node.name)) else node.name
            if tokens := definition_tokens(node, packages):
                yield DEFINITION, name, "", shape_value(tokens), 1
    for statement in tree.body:
        if not isinstance(statement, Definition):
            for tokens in statement_shapes(statement, packages) or ():
                yield STATEMENT, "", "", shape_value(tokens), 1


def _line_rows(text: str, names: list[str], version: str) -> Iterator[_Row]:
    # Lines of all branches: which of them were filled in does not matter to those that were.
    for line, times in normal_lines(neutral_texts(text)[0]).items():
        for name in names:
            yield LINE, name, version[:16], line, times
