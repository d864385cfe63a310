"""A group's project as checks ask about it: its own code, workflows, commands, documents and texts, each with places.

Belongs here: the questions that many checks ask. What counts as the group's own is for `own_files`, what an answer
means for the checks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

import polars as pl

from mlops_mentor.evidence.code import commands as shell
from mlops_mentor.evidence.code.commands import Command
from mlops_mentor.evidence.code.documents import Document, Entry
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.code.own_files import OwnFiles, TextFile
from mlops_mentor.evidence.code.pipelines import Pipeline, read_pipelines
from mlops_mentor.evidence.code.python_file import Call, Definition, PythonFile
from mlops_mentor.evidence.code.unit_tests import UnitTest, read_tests
from mlops_mentor.evidence.code.workflow import Step, Workflow, local_actions, read_workflow
from mlops_mentor.evidence.finding import Location, location

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
# So many are looked through one by one in less time than a query takes to start.
_FEW_FILES = 2000


@dataclass
class Project:
    """A snapshot's own content, with what is known beside it. Places come in the order of paths and lines."""

    own: OwnFiles
    facts: Facts = field(default_factory=Facts)
    _used: dict[str, bool] = field(default_factory=dict, init=False, repr=False)
    _own_lines: dict[str, frozenset[int] | None] = field(default_factory=dict, init=False, repr=False)
    _lists: dict[str, tuple[pl.DataFrame, list[tuple[str, str]]]] = field(default_factory=dict, init=False, repr=False)

    def paths(self, pattern: str, *, own: bool = True, tool_output: bool = False) -> list[Location]:
        """Files whose path contains a pattern (regular expression, case ignored).

        Not `own`: starter code counts. `tool_output`: files that tools wrote count (lock files, runs, reports).
        """
        wanted = re.compile(pattern, re.IGNORECASE)
        rows, listed = self._listed("all" if tool_output else "own" if own else "kept")
        starters = self._starter_paths if own else ()
        if rows.height > _FEW_FILES:
            # Repositories have 75,000 files: most are ruled out here, where the pattern is one that polars knows.
            maybe = pl.col("path").str.contains(f"(?i){pattern}", strict=False).fill_null(True)
            listed = rows.filter(maybe).rows()
        return [Location(path, None, None, blob_id) for path, blob_id in listed
                if wanted.search(path) and path not in starters]  # fmt: skip

    def _listed(self, which: str) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
        """Path and blob id of `all` files, of those that are `kept` or of the `own`; as rows too where they are few."""
        if which not in self._lists:
            rows = self.own.files.filter(~pl.col("is_vendored")) if which == "all" else self.own.kept
            rows = (rows.filter("is_own") if which == "own" else rows).select("path", "blob_id")
            self._lists[which] = rows, rows.rows() if rows.height <= _FEW_FILES else []
        return self._lists[which]

    @cached_property
    def _starter_paths(self) -> frozenset[str]:
        return frozenset(text.path for text in self.own.starter_texts)

    @cached_property
    def python(self) -> tuple[PythonFile, ...]:
        """Own Python that is no test."""
        return tuple(file for file in self.own.all_python if not file.is_test)

    @cached_property
    def tests(self) -> tuple[PythonFile, ...]:
        """Own tests."""
        return tuple(file for file in self.own.all_python if file.is_test)

    @cached_property
    def has_code(self) -> bool:
        """Whether any Python is the group's own: more than the template with its blanks filled in."""
        return any(file.tree.body for file in self.own.all_python)

    @cached_property
    def broken(self) -> dict[str, str]:
        """Own Python and documents that cannot be read, and why."""
        python = {file.path: file.error for file in self.own.all_python if file.error}
        return python | {document.path: document.error for document in self.own.documents if document.error}

    def imports(self, pattern: str, files: Iterable[PythonFile] | None = None) -> list[Location]:
        """Imports whose full name matches a pattern as a whole or up to a dot: `wandb` matches `wandb.sdk` too."""
        wanted = re.compile(rf"(?:{pattern})(?:\..*)?")
        return [self.at(file, each.line) for file in self._given(files) for each in file.imports
                if wanted.fullmatch(each.name)]  # fmt: skip

    def calls(self, pattern: str, files: Iterable[PythonFile] | None = None) -> list[tuple[PythonFile, Call]]:
        """Calls and decorators whose full name matches a pattern as a whole."""
        wanted = re.compile(pattern)
        return [(file, call) for file in self._given(files) for call in file.calls if wanted.fullmatch(call.name)]

    def called(self, pattern: str, files: Iterable[PythonFile] | None = None) -> list[Location]:
        """Where there are such calls."""
        return [self.at(file, call.line) for file, call in self.calls(pattern, files)]

    def definitions(
        self, pattern: str, files: Iterable[PythonFile] | None = None
    ) -> list[tuple[PythonFile, Definition]]:
        """Functions and classes whose last name matches a pattern as a whole."""
        wanted = re.compile(pattern)
        return [(file, each) for file in self._given(files) for each in file.definitions
                if wanted.fullmatch(each.name.rpartition(".")[2])]  # fmt: skip

    def subclasses(
        self, pattern: str, files: Iterable[PythonFile] | None = None
    ) -> list[tuple[PythonFile, Definition]]:
        """Classes with a base whose full name matches a pattern as a whole."""
        wanted = re.compile(pattern)
        return [(file, each) for file in self._given(files) for each in file.classes
                if any(map(wanted.fullmatch, each.bases))]  # fmt: skip

    def strings(self, pattern: str, files: Iterable[PythonFile] | None = None) -> list[Location]:
        """Texts in the code that contain a pattern; docstrings are none."""
        wanted = re.compile(pattern)
        return [self.at(file, text.line) for file in self._given(files) for text in file.texts
                if wanted.search(text.value)]  # fmt: skip

    def at(self, file: PythonFile | TextFile | Document | Workflow, line: int | None) -> Location:
        """A place in a file, with its line fit to be shown."""
        if isinstance(file, Workflow):
            file = file.document
        found = location(file.path, file.lines, line, file.blob_id)
        # A line of a notebook's code is not the file's line.
        return replace(found, line=None) if file.path.endswith(".ipynb") else found

    def is_used(self, file: PythonFile) -> bool:
        """Something else of the group uses it: imports it, names it in a command, or it can be started itself."""
        if file.path not in self._used:
            self._used[file.path] = self._is_used(file)
        return self._used[file.path]

    def _is_used(self, file: PythonFile) -> bool:
        pure = PurePosixPath(file.path)
        parts = [*pure.parts[:-1], pure.stem] if pure.stem != "__init__" else list(pure.parts[:-1])
        tails = [".".join(parts[start:]) for start in range(len(parts))]
        if any(self._importers.get(name, frozenset()) - {file.path} for name in tails):
            return True
        names = "|".join(map(re.escape, (pure.name, ".".join(parts[-2:]))))
        # `data.py` is not started where `make_data.py` is.
        is_started = re.search(rf"(?<![\w.-])(?:{names})(?![\w-])", self._command_text) is not None
        return is_started or any(text.value == "__main__" for text in file.texts)

    @cached_property
    def unit_tests(self) -> tuple[UnitTest, ...]:
        """Every test function of the group's own tests, by path and line."""
        return tuple(read_tests(self.tests))

    def imported(self, file: PythonFile) -> list[PythonFile]:
        """Own Python that a file imports, itself left out; by names as written, so that equal names count alike."""
        names = [each.name.lstrip(".") for each in file.imports]
        wanted = {*names, *(name.rpartition(".")[0] for name in names)} - {""}
        found = {path for name in wanted for path in self._by_module.get(name, ())} - {file.path}
        return [each for each in self.own.all_python if each.path in found]

    def entries(self, key: str, value: str = "", path: str = "") -> list[tuple[Document, Entry]]:
        """Entries of documents by patterns: the key as one text (`model.optimizer.lr`), the value, the file's path."""
        of_key, of_value = re.compile(key), re.compile(value)
        of_path = re.compile(path, re.IGNORECASE)
        documents = [document for document in self.own.documents if of_path.search(document.path)]
        return [(document, entry) for document in documents for entry in document.entries
                if of_key.search(entry.dotted) and of_value.search(entry.value)]  # fmt: skip

    def own_entries(self, key: str, value: str = "", path: str = "") -> list[tuple[Document, Entry]]:
        """Those of such entries that stand in lines of the group's own: not of the template's file of that name."""
        found = self.entries(key, value, path)
        own = {document.path: set(self.own.shapes.own_lines(document.path, "\n".join(document.lines)))
               for document, _ in found}  # fmt: skip
        return [
            (document, entry) for document, entry in found if entry.line is None or entry.line in own[document.path]
        ]

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """Own workflows, those that are broken among them (`document.error`)."""
        found = [each for each in self.own.documents if _WORKFLOW.fullmatch(each.path)]
        return tuple(read_workflow(each, self._actions) for each in found)

    @cached_property
    def _actions(self) -> Mapping[str, tuple[Step, ...]]:
        return local_actions(self.own.documents)

    @cached_property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Workflows with what they run, those of the starter code among them (`is_starter`), by path."""
        starter = [each for each in self.own.starter_documents if _WORKFLOW.fullmatch(each.path)]
        starter_workflows = [read_workflow(each, self._actions) for each in starter]
        return tuple(read_pipelines(self.workflows, starter_workflows, self.commands, self.facts.workflow_runs))

    @cached_property
    def misplaced_workflows(self) -> tuple[Workflow, ...]:
        """Own workflows in a folder of a folder, where GitHub does not look for them."""
        found = [each for each in self.own.documents if re.search(r"/\.github/workflows/[^/]+\.ya?ml$", each.path)]
        return tuple(map(read_workflow, found))

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Every command that is written somewhere, what prose tells people to type included (`docs`)."""
        return tuple(shell.all_commands(self.own.texts, self.own.documents, self.workflows, self.python))

    def run(self, pattern: str, *origins: str) -> list[Location]:
        """Commands that contain a pattern, of these origins; without any, of all but `docs`."""
        wanted = re.compile(pattern)
        found = [each for each in self.commands if each.origin in origins or (not origins and each.origin != "docs")]
        return [self.of_command(each) for each in found if wanted.search(each.text)]

    @cached_property
    def ci_commands(self) -> tuple[Command, ...]:
        """What workflows run that start by themselves on code, with what these call (`make test`)."""
        started = shell.workflow_commands(each for each in self.workflows if each.is_on_code)
        others = [each for each in self.commands if each.origin != "workflow"]
        return tuple(shell.with_called([*started, *others], "workflow"))

    def of_step(self, workflow: Workflow, step: Step, *key: str) -> Location:
        """The place of a step, or of a key of it, in the workflow or in the local action that holds it."""
        return self.at(step.document(workflow), step.line_of(workflow, *key) if key else step.line)

    def of_command(self, command: Command) -> Location:
        """The place of a command."""
        return location(command.path, self._lines.get(command.path, ()), command.line, command.blob_id)

    def grep(self, pattern: str, path: str = "", kinds: Sequence[str] = ()) -> list[Location]:
        """Lines of own texts that contain a pattern, in files whose path contains another; one place a file."""
        wanted, of_path = re.compile(pattern), re.compile(path, re.IGNORECASE)
        found = []
        for text in self.own.texts:
            if of_path.search(text.path) and (not kinds or text.kind in kinds):
                lines = enumerate(text.lines, start=1)
                if line := next((number for number, each in lines if wanted.search(each[:2000])), None):
                    found.append(self.at(text, line))
        return found

    def is_own(self, place: Location) -> bool:
        """Whether the line of a place is the group's own: no line of a text that the template has too."""
        if place.path not in self._own_lines:
            text = next((text for text in self.own.texts if text.path == place.path), None)
            self._own_lines[place.path] = frozenset(self.own_lines(text)) if text else None
        own = self._own_lines[place.path]
        return own is None or place.line is None or place.line in own

    def own_lines(self, text: TextFile) -> list[int]:
        """Line numbers of a text that the group wrote: neither blank nor the template's."""
        return self.own.shapes.own_lines(text.path, "\n".join(text.lines))

    def in_the_past(self, pattern: str) -> list[Location]:
        """Former versions of own files that contained a pattern: path and blob id of the first that is found."""
        if self.facts.past_texts is None:
            return []
        wanted = re.compile(pattern)
        for path, blob_id, text in self.facts.past_texts():
            lines = text.split("\n")
            for number, line in enumerate(lines, start=1):
                if wanted.search(line[:2000]):
                    return [location(path, lines, number, blob_id)]
        return []

    @cached_property
    def _command_text(self) -> str:
        return "\n".join(command.text for command in self.commands)

    @cached_property
    def _lines(self) -> Mapping[str, Sequence[str]]:
        lines: dict[str, Sequence[str]] = {file.path: file.lines for file in self.own.texts}
        lines |= {file.path: file.lines for file in self.own.all_python}
        return lines | {each.path: each.lines for each in (*self.own.documents, *self.own.starter_documents)}

    def _given(self, files: Iterable[PythonFile] | None) -> Iterable[PythonFile]:
        return self.own.all_python if files is None else files

    @cached_property
    def _by_module(self) -> Mapping[str, list[str]]:
        """Paths of own files by each name by which one may import them."""
        found: dict[str, list[str]] = {}
        for file in self.own.all_python:
            parts = file.path.removesuffix("/__init__.py").removesuffix(".py").split("/")
            for start in range(len(parts)):
                found.setdefault(".".join(parts[start:]), []).append(file.path)
        return found

    @cached_property
    def _importers(self) -> Mapping[str, frozenset[str]]:
        """Which own files import a module, by its full name; what is imported from it counts for it."""
        found: dict[str, set[str]] = {}
        for file in self.own.all_python:
            for each in file.imports:
                name = each.name.lstrip(".")
                for module in (name, name.rpartition(".")[0]):
                    found.setdefault(module, set()).add(file.path)
        return {name: frozenset(paths) for name, paths in found.items() if name}
