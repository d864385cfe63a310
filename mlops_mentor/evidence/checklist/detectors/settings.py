"""Values that reach a call: written there, named there, or read from a configuration.

Belongs here: what an argument's value may be, as far as the repository tells. Nothing is run.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from mlops_mentor.evidence.code.documents import Document, Entry
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.finding import Location

_CONFIG = (".yaml", ".yml", ".toml", ".json")
# One name has no more values; each is held against the choices of all configurations.
_MAX_VALUES = 50
_MAX_TEXT = 200


@dataclass(frozen=True)
class Value:
    """What an argument may be, as text, and where that is written. `is_chosen`: not one of several to choose from."""

    text: str
    place: Location
    is_chosen: bool = True

    @property
    def number(self) -> float | None:
        """It as a number; of a list how long it is."""
        if self.text.startswith("["):
            return float(self.text.count(",") + 1) if len(self.text) > 2 else 0.0
        try:
            return float(self.text)
        except ValueError:
            return None


def values_of(project: Project, file: PythonFile, node: ast.expr) -> list[Value]:
    """The values that an expression may have: its own, those of its name in the file, those of configurations."""
    written = list(_literals(node))
    if written:
        return [Value(text, project.at(file, node.lineno)) for text in written]
    name = _last_name(node)
    return [*_named(project, file, name), *configured(project, name)] if name else []


def spread_values(project: Project, file: PythonFile, name: str) -> list[Value]:
    """The values that a keyword may have which is not written in a call: `DataLoader(data, **options)`."""
    found = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found += [Value(text, project.at(file, key.lineno)) for key, value in pairs
                      if isinstance(key, ast.Constant) and key.value == name for text in _literals(value)]  # fmt: skip
    return found


def _literals(node: ast.expr) -> Iterator[str]:
    """What is written out; of `a if x else b` both."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant):
            yield str(node.value)[:_MAX_TEXT]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            yield f"-{node.operand.value!r}"[:_MAX_TEXT]
        elif isinstance(node, ast.List | ast.Tuple):
            yield f"[{', '.join('?' for _ in node.elts)}]"[:_MAX_TEXT]
        elif isinstance(node, ast.IfExp):
            waiting += [node.orelse, node.body]
        elif isinstance(node, ast.Call):
            # `os.cpu_count()`, `DDPStrategy(...)`: the name tells.
            yield f"{_last_name(node.func)}()"


def _last_name(node: ast.AST) -> str:
    """`num_workers` of `cfg.data.num_workers`, `cfg["num_workers"]`, `cfg.get("num_workers")` and of the name alone."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.id if isinstance(node, ast.Name) else ""


def _named(project: Project, file: PythonFile, name: str) -> list[Value]:
    """Values that the name is given in the file: by assignment, as a default, as a keyword."""
    key = ("named", file.path, file.blob_id)
    if key not in project.own.cache:
        found: dict[str, list[tuple[str, int]]] = {}
        for given, node in _given(file.tree):
            found.setdefault(given, []).extend((text, node.lineno) for text in _literals(node))
        project.own.cache[key] = found
    known = cast("dict[str, list[tuple[str, int]]]", project.own.cache[key])
    return [Value(text, project.at(file, line)) for text, line in known.get(name, ())[:_MAX_VALUES]]


def _given(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names, and what each is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((_last_name(target), node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield _last_name(node.target), node.value
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _defaults(node.args)
        elif isinstance(node, ast.Call):
            defaults = [each.value for each in node.keywords if each.arg == "default"]
            yield from ((_option(argument), value) for argument in node.args for value in defaults)


def _option(node: ast.expr) -> str:
    """`num_workers` of `--num-workers`; empty for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.lstrip("-").replace("-", "_")
    return ""


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield argument.arg, default
    for argument, optional in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if optional is not None:
            yield argument.arg, optional


def configured(project: Project, name: str, about: str = "") -> list[Value]:
    """Values of configurations under that key, the chosen ones first; `about`: what path and keys speak of."""
    documents = [each for each in project.own.documents
                 if each.path.lower().endswith(_CONFIG) and not each.path.startswith(".")]  # fmt: skip
    found = [(document, entry) for document in documents for entry in document.entries
             if _is_called(entry, name) and about in f"{document.path} {entry.dotted}".lower()]  # fmt: skip
    values = [Value(entry.value, project.at(document, entry.line), is_chosen(project, document))
              for document, entry in found[:_MAX_VALUES]]  # fmt: skip
    return sorted(values, key=lambda value: not value.is_chosen)


def _is_called(entry: Entry, name: str) -> bool:
    """Its key is the name; sweeps and schemas have the value one step below."""
    return entry.key[-1:] == (name,) or (entry.key[-2:-1] == (name,) and entry.key[-1] in ("value", "default"))


def is_chosen(project: Project, document: Document) -> bool:
    """Not one of the alternatives of a Hydra group: whatever stands in no group, or is named by `defaults`."""
    folder, _, name = document.path.rpartition("/")
    group, stem = folder.rpartition("/")[2], name.rpartition(".")[0]
    defaults = [(each.path, entry) for each in project.own.documents for entry in each.entries
                if entry.key[:1] == ("defaults",)]  # fmt: skip
    # What a member of the group builds on says nothing of what is chosen.
    of_others = [entry for path, entry in defaults if path.rpartition("/")[0] != folder]
    choices = [entry for entry in of_others if _group(entry) == group]
    return not choices or any(_choice(entry) == stem for entry in choices)


def _group(entry: Entry) -> str:
    """`model` of `- model: resnet`, `- override /model: resnet` and `- model/resnet`."""
    key = entry.key[-1]
    named = key if not key.isdigit() else entry.value.rpartition("/")[0]
    return named.removeprefix("override ").strip().rpartition("/")[2].split("@")[0]


def _choice(entry: Entry) -> str:
    return entry.value.rpartition("/")[2].removesuffix(".yaml")
