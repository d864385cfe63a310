"""The shape of a piece of Python: what its syntax tree says, whatever it looks like.

Belongs here: the tokens of a tree, the same in every version of Python that can parse it. Docstrings, comments and
`pass` say nothing; names, hints and decorators do.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from mlops_mentor.evidence.code.placeholders import NAME, fits, has_marks, marked

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# Nothing that was handed out is longer; who writes more than that is a machine, or means harm.
MAX_TOKENS = 60_000
_SEPARATOR = "\x1f"
_SILENT_FIELDS = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
_BLOCKS = frozenset({"body", "orelse", "finalbody"})


def definition_tokens(node: Definition, packages: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
    """The shape of a function or class; None where it is too long to be looked at.

    `packages` are names of a project's own package: imports from it are marked as of any name.
    """
    return _tokens(node, packages)


def statement_shapes(statement: ast.stmt, packages: frozenset[str] = frozenset()) -> list[tuple[str, ...]] | None:
    """The shapes of a statement that defines nothing, each imported name being one of its own."""
    if _says_nothing(statement):
        return []
    parts: list[ast.stmt] = [statement]
    if isinstance(statement, ast.Import):
        parts = [ast.Import(names=[alias]) for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom):
        module, level = statement.module, statement.level
        parts = [ast.ImportFrom(module=module, names=[alias], level=level) for alias in statement.names]
    shapes = [_tokens(part, packages) for part in parts]
    return None if None in shapes else [shape for shape in shapes if shape is not None]


def shape_value(tokens: Sequence[str]) -> str:
    """A shape as it is stored: a digest, or the tokens themselves where some of them stand for more than themselves."""
    text = _SEPARATOR.join(tokens)
    if has_marks(text):
        return text.encode("utf-8", "replace").decode()
    return digest(tokens)


def digest(tokens: Sequence[str]) -> str:
    """The same for the same tokens, whichever version of Python."""
    return hashlib.sha256(_SEPARATOR.join(tokens).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def pattern_tokens(value: str) -> tuple[str, ...]:
    """The tokens of a stored shape that has marks."""
    return tuple(value.split(_SEPARATOR))


def is_of_pattern(pattern: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether tokens are what those of a template may have become."""
    return len(pattern) == len(tokens) and all(map(fits, pattern, tokens))


def _tokens(root: ast.AST, packages: frozenset[str]) -> tuple[str, ...] | None:
    """Without recursion: depth is a stranger's choice."""
    found: list[str] = []
    stack: list[ast.AST | str] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            found.append(node)
        else:
            stack += reversed(list(_parts(node, packages)))
        if len(found) > MAX_TOKENS:
            return None
    return tuple(found)


def _parts(node: ast.AST, packages: frozenset[str]) -> Iterator[ast.AST | str]:
    yield f"({type(node).__name__}"
    if isinstance(node, ast.Constant):
        yield _constant(node.value)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + _module(node.module or "", packages, is_relative=node.level > 0)
        yield from node.names
    elif isinstance(node, ast.alias):
        # Where an alias stands, its name may be a module's; names from a module are not those of packages.
        yield _module(node.name, packages)
        yield f"as {marked(node.asname)}" if node.asname else ""
    else:
        for name, value in ast.iter_fields(node):
            # What is left out says what its default says, and that differs between versions.
            if name in _SILENT_FIELDS or value is None or value == []:
                continue
            yield from _field(node, name, value)
    yield ")"


def _field(node: ast.AST, name: str, value: object) -> Iterator[ast.AST | str]:
    yield f"{name}="
    if not isinstance(value, list):
        yield value if isinstance(value, ast.AST) else _clean(str(value))
        return
    yield "["
    if isinstance(node, ast.JoinedStr):
        yield from _joined(value)
    else:
        for each in value:
            if isinstance(each, ast.stmt) and name in _BLOCKS and _says_nothing(each):
                continue
            # Keys of `{**other}` are none.
            yield each if isinstance(each, ast.AST) else _clean(str(each))
    yield "]"


def _joined(values: list[ast.expr]) -> Iterator[ast.AST | str]:
    """Parts of an f-string; where its texts are divided differs between versions."""
    for is_text, parts in groupby(values, key=_is_text):
        if not is_text:
            yield from parts
        elif text := "".join(str(part.value) for part in parts if isinstance(part, ast.Constant)):
            yield _constant(text)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return isinstance(node.value.value, str) or node.value.value is ...
    return isinstance(node, ast.Pass)


def _constant(value: object) -> str:
    if isinstance(value, str):
        return f"str {_clean(value)}"
    # The decimal digits of a huge number take long, or are refused.
    text = hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
    return f"{type(value).__name__} {_clean(text)}"


def _module(name: str, packages: frozenset[str], *, is_relative: bool = False) -> str:
    root, dot, rest = name.partition(".")
    return f"{NAME}{dot}{rest}" if root in packages and not is_relative else _clean(name)


def _clean(token: str) -> str:
    return marked(token.replace(_SEPARATOR, " "))
