"""A snapshot's own files, read and parsed once: what is left without starter code, tools' output, agents' files.

Belongs here: what counts as the group's own, limits of what is read, and reading it. Questions are for `project`.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import polars as pl

from mlops_mentor.evidence.code.declared import Declared, read_declared
from mlops_mentor.evidence.code.documents import Document, read_document
from mlops_mentor.evidence.code.locks import READABLE_LOCK, Lock, Needs, needs_of, read_lock
from mlops_mentor.evidence.code.notebooks import read_notebook
from mlops_mentor.evidence.code.python_file import PythonFile, read_python_file
from mlops_mentor.evidence.code.sources import DEPENDENCY_PATH, Limits, Source, python_text
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.code.syntax import Parse, parse
from mlops_mentor.evidence.report.templates import course
from mlops_mentor.repos.blobs import ReadBlobs

_Parsed = TypeVar("_Parsed")

_KIB, _MIB = 2**10, 2**20
# What is read of a project, by the kind of file: what people write by hand is far below.
_LIMITS: Mapping[str, Limits] = {
    "python": Limits(3000, 4 * _MIB, 256 * _KIB),
    "notebook": Limits(100, 24 * _MIB, 8 * _MIB),
    "structured": Limits(600, 4 * _MIB, 256 * _KIB),
    "text": Limits(1500, 8 * _MIB, 512 * _KIB),
}
_STRUCTURED = r"\.(ya?ml|toml|json|json5|ini|cfg|dvc)$|(^|/)(pipfile|\.dvc/config|\.flake8|\.coveragerc)$"
# Among files of data, what a tool printed and somebody kept.
_TOLD = r"(^|/)[^/]{0,60}coverage[^/]{0,60}\.(txt|log)$"
_TEXT_KINDS = ["docker", "docs", "code", "config"]
_CODE_KINDS = ["python", "test", "workflow", "docker"]
_CODE = r"(?i)(\.(py|ya?ml|toml|sh|dockerfile)|(^|/)dockerfile)$"
_NO_TEXT = r"\.(pdf|docx?|pptx?|odt|svg)$"
_UNREAD = ["symlink", "gitlink", "lfs_pointer"]
# Lock files are what tools wrote, and still say what a package brings with it.
_LOCKS = Limits(8, 8 * _MIB, 4 * _MIB)
# Starter code that works for a group although nothing in it is changed.
_AT_WORK = r"^\.github/workflows/[^/]+\.ya?ml$|(^|/)\.pre-commit-config\.ya?ml$"
# The course's own script that checks the report, wherever it was put, and the page that it makes of the report.
_REPORT_TOOL = r"(^|/)reports?/report\.py$|(^|/)report\.html$"
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class TextFile:
    """A text that is neither Python nor a notebook, by its lines."""

    path: str
    blob_id: str
    kind: str
    lines: tuple[str, ...]


@dataclass
class OwnFiles:
    """`files` is the group's table; `read` gives blobs as `partial(read_blobs, mirror)` does.

    `report_path` is left out of everything. `cache` may be shared between snapshots of one repository: what a blob says
    is kept there by kind, path and id. `parsed` gives the trees of Python. What `read` raises is raised, and nothing
    else is.
    """

    files: pl.DataFrame
    read: ReadBlobs
    shapes: StarterShapes = field(default_factory=StarterShapes.none)
    report_path: str | None = None
    cache: dict[tuple[str, str, str], object] = field(default_factory=dict)
    parsed: Parse = parse

    @cached_property
    def kept(self) -> pl.DataFrame:
        """Rows of `files` that may show anything, with `is_own`: neither starter code nor unchanged since."""
        lowered = pl.col("path").str.to_lowercase()
        is_report = pl.col("path") == self.report_path if self.report_path else pl.lit(False)
        return self.files.filter(
            ~pl.col("is_vendored"),
            ~pl.col("is_generated"),
            ~lowered.str.contains(course().agent_files),
            ~lowered.str.contains(_REPORT_TOOL),
            ~is_report,
        ).with_columns(is_own=~pl.col("is_starter_code").fill_null(False))

    @cached_property
    def paths(self) -> list[str]:
        """Paths of the group's own files, as git orders them; those whose content cannot be read among them."""
        starters = {text.path for text in self.starter_texts}
        return [path for path in self.kept.filter("is_own")["path"] if path not in starters]

    @cached_property
    def unread(self) -> list[str]:
        """Own code that could not be read: it is not in the mirror, or kept by Git LFS."""
        is_pointer = (pl.col("kind") == "lfs_pointer") & pl.col("path").str.contains(_CODE)
        is_missing = ~pl.col("is_available") & pl.col("kind").is_in(_CODE_KINDS)
        return self.kept.filter("is_own", is_missing | is_pointer)["path"].to_list()

    @cached_property
    def all_python(self) -> tuple[PythonFile, ...]:
        """Own Python files, tests included, by path; definitions of the starter code are left out of them."""
        return tuple(self._python(source) for source in self._sources["python"])

    @cached_property
    def notebooks(self) -> tuple[PythonFile, ...]:
        """Code of own notebooks, cells one after another; lines are those of that code."""
        return tuple(file for source in self._sources["notebook"] if (file := self._notebook(source)))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Own YAML, TOML, JSON and INI files, workflows among them, by path."""
        starters = {text.path for text in self.starter_texts}
        return tuple(self._document(source) for source in self._sources["structured"] if source.path not in starters)

    @cached_property
    def starter_documents(self) -> tuple[Document, ...]:
        """Workflows and hooks as they were handed out, by path: no work of the group, but its code may go through."""
        texts = {text.path: text for text in self.starter_texts}
        rendered = [source for source in self._sources["structured"] if source.path in texts]
        found = [each for each in [*self._sources["at_work"], *rendered] if re.search(_AT_WORK, each.path.lower())]
        return tuple(self._document(source) for source in sorted(found, key=lambda each: each.path))

    @cached_property
    def declared(self) -> Declared:
        """What the repository declares as needed, starter code's declarations included."""
        self._sources  # noqa: B018 - reads them too
        return read_declared(_as_sources(self._dependency_rows, self._contents))

    @cached_property
    def locked(self) -> Needs:
        """What comes with which package, by the lock files; starter code's among them."""
        is_lock = pl.col("path").str.contains(READABLE_LOCK.pattern) & pl.col("is_available")
        rows = _within(self.files.filter(is_lock, ~pl.col("is_vendored"), ~pl.col("kind").is_in(_UNREAD)), _LOCKS)
        ids = rows.unique("blob_id", maintain_order=True)
        contents = dict(self.read(ids["blob_id"].to_list(), ids["bytes"].to_list())) if rows.height else {}
        return needs_of([self._lock(source) for source in _as_sources(rows, contents)])

    @cached_property
    def texts(self) -> tuple[TextFile, ...]:
        """Own texts that are neither Python nor notebooks: documentation, scripts, Docker files, pages, settings."""
        return tuple(text for text in self._all_texts if text not in self.starter_texts)

    @cached_property
    def starter_texts(self) -> frozenset[TextFile]:
        """Texts that the template made, with nothing of the group's own in them."""
        is_starter = self.shapes.is_starter_text
        return frozenset(text for text in self._all_texts if is_starter(text.path, "\n".join(text.lines)))

    @cached_property
    def _sources(self) -> Mapping[str, list[Source]]:
        """By kind of reading, what is read, within its limits; all of it in one go."""
        lowered, kind = pl.col("path").str.to_lowercase(), pl.col("kind")
        readable = self.kept.filter("is_own", "is_available", ~kind.is_in(_UNREAD))
        is_python = kind.is_in(["python", "test"])
        is_structured = lowered.str.contains(_STRUCTURED) & ~is_python
        is_told = (kind == "data") & lowered.str.contains(_TOLD)
        is_text = (kind.is_in([*_TEXT_KINDS, "workflow", "other"]) | is_told) & (pl.col("lines") > 0) & ~is_structured
        wanted = {
            "python": is_python,
            "notebook": kind == "notebook",
            "structured": is_structured,
            "text": is_text & ~lowered.str.contains(_NO_TEXT),
        }
        chosen = {name: _within(readable.filter(which), _LIMITS[name]) for name, which in wanted.items()}
        handed_out = self.kept.filter(~pl.col("is_own"), "is_available", lowered.str.contains(_AT_WORK))
        chosen["at_work"] = _within(handed_out.filter(~kind.is_in(_UNREAD)), _LIMITS["structured"])
        rows = pl.concat([*chosen.values(), self._dependency_rows]).unique("blob_id", maintain_order=True)
        contents = dict(self.read(rows["blob_id"].to_list(), rows["bytes"].to_list()))
        self._contents: Mapping[str, bytes | None] = contents
        return {name: _as_sources(frame, contents) for name, frame in chosen.items()}

    @cached_property
    def _dependency_rows(self) -> pl.DataFrame:
        is_wanted = pl.col("path").str.contains(DEPENDENCY_PATH.pattern) & pl.col("is_available")
        return _within(self.kept.filter(is_wanted, ~pl.col("kind").is_in(_UNREAD)), Limits(200, 8 * _MIB, _MIB))

    def _python(self, source: Source) -> PythonFile:
        return self._cached("python", source, lambda: _read_python(source, self.shapes, self.parsed))

    def _notebook(self, source: Source) -> PythonFile | None:
        return self._cached("notebook", source, lambda: _read_notebook(source, self.parsed))

    def _lock(self, source: Source) -> Lock:
        return self._cached("lock", source, lambda: read_lock(source))

    def _document(self, source: Source) -> Document:
        return self._cached("document", source, lambda: read_document(source.path, source.blob_id, source.text))

    def _cached(self, kind: str, source: Source, make: Callable[[], _Parsed]) -> _Parsed:
        key = (kind, source.path, source.blob_id)
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]  # type: ignore[return-value]  # the kind tells the type

    @cached_property
    def _all_texts(self) -> tuple[TextFile, ...]:
        sources = [*self._sources["text"], *self._sources["structured"]]
        found = [TextFile(each.path, each.blob_id, each.kind, tuple(each.text.split("\n"))) for each in sources]
        return tuple(sorted(found, key=lambda each: each.path))


def _within(rows: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """The rows that may be read: what is nearest to the root first."""
    depth = pl.col("path").str.count_matches("/")
    return (
        rows.select("path", "kind", "blob_id", "bytes")
        .filter(pl.col("bytes") <= limits.file_bytes)
        .sort(depth, "path")
        .filter(pl.col("bytes").cum_sum() <= limits.total_bytes)
        .head(limits.files)
        .sort("path")
    )


def _as_sources(rows: pl.DataFrame, contents: Mapping[str, bytes | None]) -> list[Source]:
    listed = rows.select("path", "kind", "blob_id").iter_rows()
    return [Source(path, kind, blob_id, content=content) for path, kind, blob_id in listed
            if (content := contents.get(blob_id)) is not None]  # fmt: skip


def _read_python(source: Source, shapes: StarterShapes, parsed: Parse) -> PythonFile:
    is_test = source.kind == "test"
    try:
        text = python_text(source.content)
        tree = parsed(text)
    except _PARSE_ERRORS as error:
        reason = f"cannot be read as Python: {type(error).__name__}"
        lines = tuple(source.text.split("\n"))
        return PythonFile(source.path, source.blob_id, is_test, lines, ast.Module([], []), error=reason)
    return read_python_file(source.path, source.blob_id, text, shapes.without_starter(tree), is_test=is_test)


def _read_notebook(source: Source, parsed: Parse) -> PythonFile | None:
    """Its code as one text; cells that are no Python are left out one by one."""
    notebook = read_notebook(source)
    if notebook.error or not notebook.code or len(notebook.code) > _LIMITS["python"].file_bytes:
        return None
    try:
        tree = parsed(notebook.code)
    except _PARSE_ERRORS:
        return None
    return read_python_file(source.path, source.blob_id, notebook.code, tree, is_test=False)
