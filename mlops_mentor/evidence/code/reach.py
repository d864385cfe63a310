"""What a function of a project leads to: the functions of the group's own that it names, and those that they name.

Belongs here: following names through own code, a few steps deep. Nothing is run; a method is followed by its name.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mlops_mentor.evidence.code.python_file import Call, Definition, PythonFile

_MAX_STEPS = 4
_MAX_REACHED = 120
# Names that say nothing of whose they are.
_COMMON = frozenset({"get", "run", "post", "put", "read", "write", "close", "load", "open", "main", "items", "update"})

Index = Mapping[str, Sequence[tuple[PythonFile, Definition]]]


def index(files: Iterable[PythonFile]) -> Index:
    """Definitions by their last name."""
    found: dict[str, list[tuple[PythonFile, Definition]]] = {}
    for file in files:
        for each in file.definitions:
            found.setdefault(each.name.rpartition(".")[2], []).append((file, each))
    return found


def reached(file: PythonFile, start: Definition, known: Index) -> Iterator[tuple[PythonFile, Definition]]:
    """The function itself, then what it names, nearest first."""
    seen = {(file.path, start.name)}
    waiting = [(file, start)]
    yield file, start
    for _ in range(_MAX_STEPS):
        following = []
        for where, each in waiting:
            for name, is_plain in _names(each.node):
                for target in known.get(name, ()):
                    key = (target[0].path, target[1].name)
                    is_near = is_plain and (target[0] is where or _imports(where, name))
                    if (
                        key in seen
                        or len(seen) >= _MAX_REACHED
                        or not (is_near or (not is_plain and _is_telling(name)))
                    ):
                        continue
                    seen.add(key)
                    following.append(target)
                    yield target
        waiting = following


def calls_of(file: PythonFile, part: Definition) -> list[Call]:
    """Calls in a function or class, what is inside of it included."""
    inside = f"{part.name}."
    return [call for call in file.calls if call.scope == part.name or call.scope.startswith(inside)]


def _is_telling(name: str) -> bool:
    return name not in _COMMON and len(name) > 3 and not name.startswith("__")


def _imports(file: PythonFile, name: str) -> bool:
    return any(each.name.rpartition(".")[2] in (name, "*") for each in file.imports)


def _names(node: ast.AST) -> list[tuple[str, bool]]:
    """Names and attributes that a function holds, each once; whether it is a plain name."""
    found: dict[tuple[str, bool], None] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found[each.id, True] = None
        elif isinstance(each, ast.Attribute):
            found[each.attr, False] = None
    return list(found)
