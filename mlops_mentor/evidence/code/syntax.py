"""Python by its syntax tree: functions, their hints, docstrings and lengths, tests and assertions, imports.

Belongs here: what one file says. Nothing is compiled further than to a tree, and nothing is run.
"""

import ast
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from mlops_mentor.evidence.code.sources import Source, python_text

_Function = ast.FunctionDef | ast.AsyncFunctionDef
# What may hold a statement.
_HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)
_RAISES = ("raises", "warns", "deprecated_call")
# What the parser warns of is a student's affair; the filters are global, so one thread parses at a time.
_PARSING = threading.Lock()

# `parse`, or what keeps its trees.
Parse = Callable[[str], ast.Module]


@dataclass(frozen=True)
class Function:
    """One function or method that was defined, nested ones included."""

    name: str
    line: int
    length: int
    is_typed: bool
    is_documented: bool
    is_nested: bool


@dataclass(frozen=True)
class Import:
    """A module that is imported by its full name; `is_optional` where the code copes without it."""

    module: str
    line: int
    is_optional: bool = False


@dataclass(frozen=True)
class Module:
    """What one Python file holds. `error` says why it cannot be read as Python; then there is nothing else."""

    source: Source
    is_test: bool
    lines: int = 0
    code_lines: int = 0
    error: str | None = None
    error_line: int | None = None
    text: str = ""
    is_documented: bool | None = None
    functions: tuple[Function, ...] = ()
    num_classes: int = 0
    num_documented_classes: int = 0
    imports: tuple[Import, ...] = ()
    num_tests: int = 0
    num_test_classes: int = 0
    num_parametrized_tests: int = 0
    num_assertions: int = 0
    tests_without_assertion: tuple[tuple[str, int], ...] = ()


def read_module(source: Source, parsed: Parse | None = None) -> Module:
    """Never raises, whatever the file holds."""
    is_test = source.kind == "test"
    try:
        text = python_text(source.content)
    except ValueError as error:
        return Module(source, is_test, lines=source.content.count(b"\n"), error=str(error))
    lines = text.splitlines()
    code_lines = sum(1 for line in lines if line.strip())
    module = Module(source, is_test, lines=len(lines), code_lines=code_lines, text=text)
    try:
        tree = (parsed or parse)(text)
    except SyntaxError as error:
        return replace(module, error=error.msg, error_line=error.lineno)
    except (ValueError, RecursionError, MemoryError) as error:
        return replace(module, error=f"cannot be parsed: {type(error).__name__}")
    return _of_tree(module, tree)


def parse(text: str) -> ast.Module:
    """The tree of a text that nobody vouches for.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it has none.
    """
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _of_tree(module: Module, tree: ast.Module) -> Module:
    functions, classes = [], []
    for node, is_nested in _definitions(tree):
        if isinstance(node, ast.ClassDef):
            classes.append(node)
        else:
            functions.append(_function(node, is_nested))
    tests = list(_tests(tree)) if module.is_test and is_collected(module.source.path) else []
    without = tuple((node.name, node.lineno) for node in tests if not _num_assertions(node))
    return replace(
        module,
        is_documented=(ast.get_docstring(tree, clean=False) is not None) if tree.body else None,
        functions=tuple(functions),
        num_classes=len(classes),
        num_documented_classes=sum(ast.get_docstring(node, clean=False) is not None for node in classes),
        imports=imports_of(tree),
        num_tests=len(tests),
        num_test_classes=sum(_is_test_class(node) for node in classes) if tests else 0,
        num_parametrized_tests=sum(_is_parametrized(node) for node in tests),
        num_assertions=_num_assertions(tree) if module.is_test else 0,
        tests_without_assertion=without,
    )


def is_collected(path: str) -> bool:
    """Whether pytest would look for tests in a file of this name, as it is set up unless told otherwise."""
    name = PurePosixPath(path).name
    return name.startswith("test_") or name.endswith("_test.py")


def _definitions(tree: ast.Module) -> Iterator[tuple[_Function | ast.ClassDef, bool]]:
    """Functions and classes, and whether a function is around them. Without recursion: depth is a stranger's choice."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, is_nested = stack.pop()
        if isinstance(node, _Function | ast.ClassDef):
            yield node, is_nested
        is_inside = is_nested or isinstance(node, _Function | ast.Lambda)
        stack += [(child, is_inside) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]


def _function(node: _Function, is_nested: bool) -> Function:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    is_documented = ast.get_docstring(node, clean=False) is not None
    return Function(node.name, node.lineno, length, _is_typed(node), is_documented, is_nested)


def _is_typed(node: _Function) -> bool:
    """All parameters but `self` and `cls`, and what is returned; of `__init__` that is None whatever it says."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if positional and positional[0].arg in ("self", "cls", "mcs"):
        positional = positional[1:]
    others = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    all_arguments = [*positional, *arguments.kwonlyargs, *others]
    has_return = node.returns is not None or (node.name == "__init__" and bool(all_arguments))
    return has_return and all(argument.annotation for argument in all_arguments)


def _tests(tree: ast.Module) -> Iterator[_Function]:
    """Functions that pytest would collect: at the top, in `Test...` classes, in subclasses of a TestCase."""
    stack: list[ast.stmt] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, _Function) and node.name.startswith("test"):
            yield node
        elif isinstance(node, ast.ClassDef) and _is_test_class(node):
            stack += node.body


def _is_test_class(node: ast.ClassDef) -> bool:
    bases = [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]
    return node.name.startswith("Test") or any(str(base).endswith("TestCase") for base in bases)


def _is_parametrized(node: _Function) -> bool:
    return any(
        isinstance(part, ast.Attribute) and part.attr == "parametrize"
        for decorator in node.decorator_list
        for part in ast.walk(decorator)
    )


def _num_assertions(tree: ast.AST) -> int:
    """`assert`, methods of unittest and mocks and numpy's (`assert...`), `pytest.raises` and the like."""
    return sum(isinstance(node, ast.Assert) or _is_assertion_call(node) for node in ast.walk(tree))


def _is_assertion_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return str(name) in _RAISES or str(name).startswith("assert")


def imports_of(tree: ast.Module) -> tuple[Import, ...]:
    """What a tree imports by absolute names, in no particular order."""
    return tuple(_imports(tree))


def _imports(tree: ast.Module) -> Iterator[Import]:
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, is_optional = stack.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, is_optional)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from google.cloud import storage` is of google-cloud-storage.
            for alias in node.names:
                yield Import(f"{node.module}.{alias.name}", node.lineno, is_optional)
        if isinstance(node, ast.Try) and any(_catches_import(handler) for handler in node.handlers):
            stack += [(child, True) for child in (*node.body, *node.handlers)]
            stack += [(child, is_optional) for child in (*node.orelse, *node.finalbody)]
            continue
        for name in node._fields:
            # Imports are statements, and statements stand in lists.
            value = getattr(node, name, None)
            if isinstance(value, list):
                stack += [(child, is_optional) for child in value if isinstance(child, _HOLDERS)]


def _catches_import(handler: ast.ExceptHandler) -> bool:
    names = {getattr(node, "id", "") for node in ast.walk(handler.type)} if handler.type else {"Exception"}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
