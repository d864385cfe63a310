"""Python cut at declarations: what is shown of a file where not all of it has room.

Belongs here: parts of a file by its syntax tree, and choosing among them. Code of the course in it is no part.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.code.python_file import PythonFile

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Imports, constants, the lines that start a script: shown before any function in full.
_FEW_LINES = 15

# Bytes that a line takes, by its number.
Cost = Callable[[int], int]


@dataclass(frozen=True)
class Part:
    """A declaration, or statements between declarations: numbers of its lines, and of those that stand for it."""

    whole: range
    brief: tuple[int, ...] = ()
    statements: tuple[range, ...] = ()

    @property
    def is_plain(self) -> bool:
        return not self.brief


def parts_of(file: PythonFile) -> list[Part]:
    """The file's own parts, in its order."""
    return list(_parts(file.tree.body, 1, file.lines))


def signature_lines(file: PythonFile) -> list[int]:
    """Signatures of all declarations, each with the first line of its docstring."""
    return sorted({number for part in parts_of(file) for number in part.brief})


def own_lines(parts: Iterable[Part], file: PythonFile, num_lines: int) -> list[int]:
    """All lines but those of declarations that the course handed out, which are in none of its parts."""
    covered = {number for part in parts for number in part.whole}
    is_between = [not line.strip() or line.startswith("#") for line in file.lines[:num_lines]]
    return [number for number in range(1, num_lines + 1) if number in covered or is_between[number - 1]]


def cut(parts: Sequence[Part], room: int, cost: Cost, *, in_order: bool = False) -> list[int]:
    """Numbers of the lines that are shown within `room` bytes: signatures first, then what is large in full.

    `in_order`: what comes first in full, in place of what is large.
    """
    chosen: set[int] = set()
    for part in parts:
        room -= _add(chosen, part.brief, room, cost)
    waiting = parts if in_order else sorted(parts, key=_order)
    skipped = []
    for part in waiting:
        used = _add(chosen, part.whole, room, cost)
        room -= used
        if not used and not chosen.issuperset(part.whole):
            skipped.append(part)
    if skipped:
        _add_beginning(chosen, skipped[0], room, cost)
    return sorted(chosen)


def _order(part: Part) -> tuple[bool, int, int]:
    is_small = part.is_plain and len(part.whole) <= _FEW_LINES
    return not is_small, 0 if is_small else -len(part.whole), part.whole.start


def _add(chosen: set[int], numbers: Iterable[int], room: int, cost: Cost) -> int:
    """Bytes of the numbers that are new, all of them or, where there is no room for all, none."""
    new = [number for number in numbers if number not in chosen]
    needed = sum(map(cost, new))
    if needed > room:
        return 0
    chosen.update(new)
    return needed


def _add_beginning(chosen: set[int], part: Part, room: int, cost: Cost) -> None:
    """As many whole statements from the part's beginning as there is room for; lines where not even one fits."""
    num_before = len(chosen)
    for statement in part.statements:
        used = _add(chosen, statement, room, cost)
        if not used and not chosen.issuperset(statement):
            break
        room -= used
    if len(chosen) > num_before:
        return
    for number in part.whole:
        if number not in chosen and not _add(chosen, [number], room, cost):
            break
        room -= cost(number)


def _parts(body: Sequence[ast.stmt], begin: int, lines: Sequence[str]) -> Iterator[Part]:
    """Parts of a block that begins in line `begin`; comments above a statement are part of it."""
    plain: list[range] = []
    last = begin - 1
    for statement in body:
        span = _span(statement, last, lines)
        last = max(last, span.stop - 1)
        if not isinstance(statement, _DEFINITIONS):
            plain.append(span)
            continue
        if plain:
            yield _plain_part(plain)
            plain = []
        yield from (
            _of_class(statement, span, lines)
            if isinstance(statement, ast.ClassDef)
            else [Part(span, _brief(statement, span, lines), tuple(_statements(statement.body, lines)))]
        )
    if plain:
        yield _plain_part(plain)


def _plain_part(spans: Sequence[range]) -> Part:
    return Part(range(spans[0].start, spans[-1].stop), (), tuple(spans))


def _of_class(node: ast.ClassDef, span: range, lines: Sequence[str]) -> Iterator[Part]:
    """The head of the class as a part of its own, then what is in it."""
    head = _brief(node, span, lines)
    begin = _first_line(node.body[0]) if node.body else span.stop
    yield Part(range(span.start, max(begin, head[-1] + 1)), head)
    yield from _parts(node.body, max(begin, span.start + 1), lines)


def _brief(node: _Function | ast.ClassDef, span: range, lines: Sequence[str]) -> tuple[int, ...]:
    """The signature, and the first line of the docstring."""
    first = node.body[0]
    end = max(node.lineno, _first_line(first) - 1)
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if is_docstring and isinstance(first.value.value, str):  # type: ignore[attr-defined]
        end = first.lineno
        if not lines[end - 1].strip().strip("rR\"'") and end < (first.end_lineno or end):
            end += 1
    begin = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return tuple(range(begin, min(end + 1, span.stop)))


def _statements(body: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[range]:
    last = 0
    for statement in body:
        span = _span(statement, last or _first_line(statement) - 1, lines)
        last = span.stop - 1
        yield span


def _span(statement: ast.stmt, last: int, lines: Sequence[str]) -> range:
    """Lines of a statement with its decorators and the comments right above it, after line `last`."""
    begin = _first_line(statement)
    while begin - 1 > last and lines[begin - 2].lstrip().startswith("#"):
        begin -= 1
    return range(begin, (statement.end_lineno or statement.lineno) + 1)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])
