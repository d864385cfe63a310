"""One Python file as checks ask about it: what it imports, calls, defines and says, by full names.

Belongs here: resolving names within the file. `from torch import nn as n` makes `n.Linear` the call
`torch.nn.Linear`; after `app = FastAPI()` the decorator `app.get` is `fastapi.FastAPI().get`. Nothing is run.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Nodes that may hold a name, a call or a text.
_SPEAKING = (
    ast.stmt, ast.expr, ast.excepthandler, ast.comprehension, ast.arguments, ast.arg, ast.keyword, ast.withitem,
    ast.match_case, ast.pattern,
)  # fmt: skip
_MAX_STRING = 2000
_MAX_PARTS = 12
_MAX_CALLS = 8
_MAX_NAME = 300


@dataclass(frozen=True)
class Imported:
    """A name that is imported: its full name (`torch.nn`; `.data` where it is relative) and the line."""

    name: str
    line: int


@dataclass(frozen=True)
class Call:
    """A call, or a decorator without parentheses: the full name of what is called, as far as the file tells it.

    What is not known stands as `?`: `load()().fit` is `load()().fit`, `(a + b).fit` is `?.fit`. `scope` is the function
    around it (`Trainer.step`), empty at the top.
    """

    name: str
    line: int
    node: ast.AST
    scope: str = ""

    @property
    def last(self) -> str:
        """The name after the last dot."""
        return self.name.rpartition(".")[2]

    def keyword(self, name: str) -> ast.expr | None:
        """What is given for a keyword."""
        keywords = self.node.keywords if isinstance(self.node, ast.Call) else []
        return next((each.value for each in keywords if each.arg == name), None)

    @property
    def strings(self) -> list[str]:
        """Texts among the arguments."""
        if not isinstance(self.node, ast.Call):
            return []
        values = [*self.node.args, *(each.value for each in self.node.keywords)]
        return [each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str)]


@dataclass(frozen=True)
class Definition:
    """A function or class: its name with those around it, the full names of decorators and bases."""

    name: str
    line: int
    is_class: bool
    decorators: tuple[str, ...]
    bases: tuple[str, ...]
    node: _Function | ast.ClassDef


@dataclass(frozen=True)
class Text:
    """A text in the code, docstrings not among them; of f-strings the fixed parts."""

    value: str
    line: int


@dataclass(frozen=True)
class PythonFile:
    """What one file holds, starter code left out. `lines` are those of the file, for showing."""

    path: str
    blob_id: str
    is_test: bool
    lines: tuple[str, ...]
    tree: ast.Module
    imports: tuple[Imported, ...] = ()
    calls: tuple[Call, ...] = ()
    definitions: tuple[Definition, ...] = ()
    texts: tuple[Text, ...] = ()
    error: str | None = None

    @property
    def is_notebook(self) -> bool:
        return self.path.endswith(".ipynb")

    @property
    def functions(self) -> list[Definition]:
        return [each for each in self.definitions if not each.is_class]

    @property
    def classes(self) -> list[Definition]:
        return [each for each in self.definitions if each.is_class]


@dataclass
class _Names:
    """What names stand for in a file."""

    known: dict[str, str] = field(default_factory=dict)

    def of(self, node: ast.AST, depth: int = 0) -> str:
        """The full name; what lies behind many calls in a row is `?`."""
        parts: list[str] = []
        while len(parts) < _MAX_PARTS:
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                dotted = _plain(node)
                if dotted in self.known:
                    return ".".join([self.known[dotted], *reversed(parts[:-1])])
                node = node.value
            elif isinstance(node, ast.Call):
                inner = self.of(node.func, depth + 1) if depth < _MAX_CALLS else "?"
                return ".".join([f"{inner}()", *reversed(parts)])
            elif isinstance(node, ast.Await | ast.Subscript):
                node = node.value
            elif isinstance(node, ast.Name):
                return ".".join([self.known.get(node.id, node.id), *reversed(parts)])
            else:
                break
        return ".".join(["?", *reversed(parts)])


def _plain(node: ast.Attribute) -> str:
    """`self.logger` and the like; empty for what is longer."""
    return f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""


def read_python_file(path: str, blob_id: str, text: str, tree: ast.Module, *, is_test: bool) -> PythonFile:
    """What a tree holds. Never raises: where the nesting is too deep, `error` says so and the rest is empty."""
    lines = tuple(text.split("\n"))
    calls, definitions, texts = [], [], []
    try:
        nodes = list(_nodes(tree))
        names = _names([node for node, _ in nodes])
        for node, scope in nodes:
            if isinstance(node, ast.Call):
                calls.append(Call(names.of(node.func)[:_MAX_NAME], node.lineno, node, scope))
            elif isinstance(node, _DEFINITIONS):
                definitions.append(_definition(node, scope, names))
                plain = [each for each in node.decorator_list if not isinstance(each, ast.Call)]
                calls += [Call(names.of(each)[:_MAX_NAME], each.lineno, each, scope) for each in plain]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(Text(node.value[:_MAX_STRING], node.lineno))
    except RecursionError:
        return PythonFile(path, blob_id, is_test, lines, ast.Module([], []), error="is nested too deeply")
    imports = tuple(_imports(node for node, _ in nodes))
    by_line = sorted(calls, key=lambda call: call.line)
    ordered = sorted(definitions, key=lambda each: each.line)
    found = sorted(texts, key=lambda each: each.line)
    return PythonFile(path, blob_id, is_test, lines, tree, imports, tuple(by_line), tuple(ordered), tuple(found))


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every node that says something, docstrings left out, with the names of the definitions around it."""
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, scope = stack.pop()
        yield node, scope
        docstring = None
        if isinstance(node, _DEFINITIONS):
            scope = f"{scope}.{node.name}" if scope else node.name
            docstring = _docstring(node)
        elif isinstance(node, ast.Module):
            docstring = _docstring(node)
        # What `ast.iter_child_nodes` does, at a third of its cost: half of all nodes are contexts and operators.
        for name in reversed(node._fields):
            value = getattr(node, name, None)
            if isinstance(value, list):
                stack += [(child, scope) for child in reversed(value)
                          if isinstance(child, _SPEAKING) and child is not docstring]  # fmt: skip
            elif isinstance(value, _SPEAKING):
                stack.append((value, scope))


def _docstring(node: ast.AST) -> ast.AST | None:
    body = node.body if isinstance(node, _Function | ast.ClassDef | ast.Module) else []
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[0]
    return None


def _definition(node: _Function | ast.ClassDef, scope: str, names: _Names) -> Definition:
    decorators = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    return Definition(
        f"{scope}.{node.name}" if scope else node.name,
        node.lineno,
        isinstance(node, ast.ClassDef),
        tuple(map(names.of, decorators)),
        tuple(map(names.of, bases)),
        node,
    )


def _imports(nodes: Iterable[ast.AST]) -> Iterator[Imported]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Imported(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            dot = "." if node.module else ""
            yield from (Imported(f"{prefix}{dot}{alias.name}", node.lineno) for alias in node.names)


def _names(nodes: Sequence[ast.AST]) -> _Names:
    """Imports first, then what is made by a call and given a name; of several makings the first counts."""
    known: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            # `import a.b` binds `a`.
            known |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            dot = "." if node.module else ""
            known |= {alias.asname or alias.name: f"{prefix}{dot}{alias.name}" for alias in node.names}
    names = _Names(known)
    made: dict[str, str] = {}
    for target, value in _assignments(nodes):
        name = _target_name(target)
        if name and name not in known and isinstance(value, ast.Call):
            made.setdefault(name, f"{names.of(value.func)}()")
    return _Names(_joined(known, made))


def _target_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return _plain(node) if isinstance(node, ast.Attribute) else ""


def _joined(known: Mapping[str, str], made: Mapping[str, str]) -> dict[str, str]:
    """`made` may stand on what was made before: one step is enough, names are not chased in circles."""
    once = {}
    for name, value in made.items():
        head, dot, rest = value.partition(".")
        base = made.get(head) if head != name else None
        once[name] = f"{base}{dot}{rest}" if base and dot and len(base) < _MAX_STRING else value
    return {**once, **known}


def _assignments(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield target, node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    yield item.optional_vars, item.context_expr
