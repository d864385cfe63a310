"""Unit tests as checks ask about them: each test function, what it names, and whether it asserts anything.

Belongs here: reading them from test files. What a test is about is for the checks.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mlops_mentor.evidence.code.python_file import Definition, PythonFile
from mlops_mentor.evidence.code.syntax import is_collected

_RAISES = frozenset({"raises", "warns", "deprecated_call", "fail", "expect"})
_SET_UP = frozenset({"setUp", "setUpClass", "setup_method", "setup_class", "setup", "asyncSetUp"})
_SKIPPED = ("pytest.mark.skip", "unittest.skip")
_MAX_STEPS = 4
_MAX_REACHED = 60


@dataclass(frozen=True)
class UnitTest:
    """A test function. `name` has its class; `uses` are the full names of what it calls or names, its fixtures too.

    `is_collected`: pytest finds it by the name of its file. `is_skipped`: it is always skipped.
    """

    file: PythonFile
    name: str
    line: int
    asserts: bool
    is_skipped: bool
    is_collected: bool
    uses: frozenset[str]

    @property
    def is_real(self) -> bool:
        """It runs, and something can make it fail that somebody wrote down."""
        return self.asserts and not self.is_skipped and self.is_collected


def read_tests(files: Iterable[PythonFile]) -> list[UnitTest]:
    """All tests, by path and line."""
    files = list(files)
    shared: dict[str, tuple[PythonFile, Definition]] = {}
    for file in files:
        if PurePosixPath(file.path).name == "conftest.py":
            shared |= {each.name: (file, each) for each in file.functions}
    aliases = {file.path: _aliases(file) for file in files}
    return [test for file in files for test in _tests(file, shared, aliases)]


def _tests(
    file: PythonFile,
    shared: Mapping[str, tuple[PythonFile, Definition]],
    aliases: Mapping[str, Mapping[str, str]],
) -> Iterator[UnitTest]:
    by_name: dict[str, list[Definition]] = {}
    for each in file.definitions:
        by_name.setdefault(each.name.rpartition(".")[2], []).append(each)
    cases = {each.name: each for each in file.classes if _is_case(each)}
    for each in file.functions:
        around, _, name = each.name.rpartition(".")
        if not name.startswith("test") or (around and around not in cases):
            continue
        if any(decorator.endswith("fixture") for decorator in each.decorators):
            continue
        of_class = [cases[around]] if around else []
        set_up = [other for other in file.functions if of_class and _is_set_up(other, around)]
        reached = _reached(file, [each, *set_up], by_name, shared)
        is_skipped = any(name.startswith(_SKIPPED) and not name.endswith(("skipif", "skipIf", "skipUnless"))
                         for part in [each, *of_class] for name in part.decorators)  # fmt: skip
        helpers = [part for where, part in reached if where is file]
        asserts = any(_asserts(part.node) for part in helpers)
        uses = frozenset(name for where, part in reached for name in _names(where, part, aliases[where.path]))
        uses |= {call.name for call in file.calls if around and call.scope == around}
        yield UnitTest(file, each.name, each.line, asserts, is_skipped, is_collected(file.path), uses)


def _is_case(each: Definition) -> bool:
    return each.name.startswith("Test") or any(base.endswith("TestCase") for base in each.bases)


def _is_set_up(each: Definition, around: str) -> bool:
    prefix, _, name = each.name.rpartition(".")
    return prefix == around and name in _SET_UP


def _reached(
    file: PythonFile,
    start: Sequence[Definition],
    by_name: Mapping[str, Sequence[Definition]],
    shared: Mapping[str, tuple[PythonFile, Definition]],
) -> list[tuple[PythonFile, Definition]]:
    """The functions themselves, helpers and fixtures of their file that they name, and fixtures of conftest."""
    found = [(file, each) for each in start]
    seen = {each.name for each in start}
    waiting = list(start)
    for _ in range(_MAX_STEPS):
        names = dict.fromkeys(name for each in waiting for name in _plain_names(each.node))
        waiting = []
        for name in names:
            for each in by_name.get(name, ()):
                if each.name not in seen and not name.startswith("test") and len(found) < _MAX_REACHED:
                    seen.add(each.name)
                    waiting.append(each)
                    found.append((file, each))
            if name in shared and name not in by_name and name not in seen and len(found) < _MAX_REACHED:
                seen.add(name)
                found.append(shared[name])
                waiting.append(shared[name][1])
    return found


def _plain_names(node: ast.AST) -> Iterator[str]:
    """Names, attributes, parameters and texts (`usefixtures("client")`) in a function."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.arg):
            yield each.arg
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isidentifier():
            yield each.value


def _names(file: PythonFile, part: Definition, aliases: Mapping[str, str]) -> Iterator[str]:
    for each in ast.walk(part.node):
        if isinstance(each, ast.Name) and each.id in aliases:
            yield aliases[each.id]
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and _is_dotted(each.value[:200]):
            # What is patched: `patch("project.data.load")`.
            yield each.value[:200]
    inside = f"{part.name}."
    for call in file.calls:
        if call.scope == part.name or call.scope.startswith(inside):
            yield call.name


def _is_dotted(text: str) -> bool:
    return "." in text and all(word.isidentifier() for word in text.split("."))


def _aliases(file: PythonFile) -> dict[str, str]:
    """Names that imports bind in a file, and their full names."""
    bound: dict[str, str] = {}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            bound |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            dot = "." if node.module else ""
            bound |= {alias.asname or alias.name: f"{prefix}{dot}{alias.name}" for alias in node.names}
    return bound


def _asserts(node: ast.AST) -> bool:
    return any(_is_assertion(each) for each in ast.walk(node))


def _is_assertion(node: ast.AST) -> bool:
    """Something that can fail: not `assert True`, nor a comparison of constants."""
    if isinstance(node, ast.Assert):
        return any(isinstance(each, ast.Name | ast.Call | ast.Attribute) for each in ast.walk(node.test))
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return str(name) in _RAISES or str(name).startswith("assert")
