"""Code that the course handed out and a group has not changed, or only by what a template asks for.

Belongs here: telling it apart by the shapes of the starter code. Whole files are told apart by their blobs before.
"""

import ast
import copy
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

import polars as pl

from mlops_mentor.evidence.code.placeholders import fits, has_marks
from mlops_mentor.evidence.code.shapes import (
    Definition,
    definition_tokens,
    digest,
    is_of_pattern,
    pattern_tokens,
    statement_shapes,
)

DEFINITION, STATEMENT, LINE = "definition", "statement", "line"

# A file is of the template when it has so much of it, or so much of it is the template's. Else it has the name alone.
_MIN_SHARE_OF_TEMPLATE = 0.4
_MIN_SHARE_OF_FILE = 0.3
# Letters and digits of a line that tells where it comes from: not `}`, not `steps:`.
_MIN_TELLING = 7
# What follows so many lines, or is so long, was not handed out.
_MAX_LINES = 60_000
_MAX_LINE = 4000
# Of the versions that a template's file had, those are compared line by line that share most with a text.
_MAX_VERSIONS = 4
_MAX_DEPTH = 20
# Shorter methods are written so by everybody: an empty `__init__`, an optimizer in one line.
_MIN_METHOD_TOKENS = 75

_Pattern = tuple[str, ...]


@dataclass(frozen=True)
class _Version:
    """A template's file as it was at one time: its lines, and those with placeholders by how often they occur."""

    lines: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, int], ...] = ()

    @cached_property
    def telling(self) -> frozenset[str]:
        return frozenset(filter(_is_telling, self.lines))

    def own(self, lines: list[str]) -> list[int]:
        """Numbers of the lines that are not of this version; each placeholder is filled in as often as it occurs."""
        left = Counter(dict(self.patterns))
        found = []
        for number, line in enumerate(lines, start=1):
            if not line or line in self.lines:
                continue
            pattern = next((each for each, _ in self.patterns if left[each] and fits(each, line)), None)
            if pattern is None:
                found.append(number)
            else:
                left[pattern] -= 1
        return found


@dataclass(frozen=True)
class StarterShapes:
    """The shapes of the table `starter_shapes`, ready to be compared with."""

    digests: frozenset[tuple[str, str, str]] = frozenset()
    patterns: Mapping[tuple[str, str, int], tuple[_Pattern, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    versions: Mapping[str, tuple[_Version, ...]] = field(default_factory=dict)

    @classmethod
    def none(cls) -> "StarterShapes":
        """No shapes: the starter code is not known, and all that was written counts as own."""
        return cls()

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> "StarterShapes":
        """The shapes of the table `starter_shapes`."""
        digests = set()
        patterns: defaultdict[tuple[str, str, int], list[_Pattern]] = defaultdict(list)
        lines: defaultdict[str, defaultdict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
        for kind, name, version, value, times in frame.select("kind", "name", "version", "value", "times").iter_rows():
            if kind == LINE:
                lines[name][version].append((value, times))
            elif has_marks(value):
                tokens = pattern_tokens(value)
                patterns[kind, name, len(tokens)].append(tokens)
            else:
                digests.add((kind, name, value))
        return cls(
            frozenset(digests),
            {key: tuple(each) for key, each in patterns.items()},
            frozenset(frame.filter(pl.col("kind") == DEFINITION)["name"]),
            {name: tuple(map(_version, by_version.values())) for name, by_version in lines.items()},
        )

    def is_starter_definition(self, node: Definition) -> bool:
        """Whether a function, method or class was handed out as it stands, but for formatting and docstrings.

        A short method says nothing alone: it was handed out when its class was.
        """
        if node.name not in self.names and "" not in self.names:
            return False
        tokens = definition_tokens(node)
        if tokens is None or (_is_method(node) and len(tokens) < _MIN_METHOD_TOKENS):
            return False
        return self._is_known(DEFINITION, node.name, tokens) or self._is_known(DEFINITION, "", tokens)

    def without_starter(self, tree: ast.Module) -> ast.Module:
        """The tree without definitions that were handed out; places stay, and `tree` itself is not changed.

        Methods of classes that have own ones go too. Where nothing but statements of the starter code is left, the
        body is empty.
        """
        if not self.names:
            return tree
        body = self._own(tree.body, 0)
        if not any(map(self._is_own_statement, body)):
            body = []
        return ast.Module(body=body, type_ignores=tree.type_ignores)

    def own_lines(self, path: str, text: str) -> list[int]:
        """Numbers (from 1) of the lines that are neither blank nor of the template's file of that name.

        Of a file that has little more than the name in common with any version of the template's, all lines are own.
        """
        lines = [_normal(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        looked_at = lines[:_MAX_LINES]
        best = self._best(path, looked_at)
        if best is None:
            return [number for number, line in enumerate(lines, start=1) if line]
        return best + [number for number, line in enumerate(lines, start=1) if number > _MAX_LINES and line]

    def is_starter_text(self, path: str, text: str) -> bool:
        """Whether no line of a text is the group's own; a blank text is nobody's."""
        return not self.own_lines(path, text)

    def _best(self, path: str, lines: list[str]) -> list[int] | None:
        """The own lines by the version of which a text has most; None where it is of none."""
        lowered = path.lower()
        versions = [*self.versions.get(PurePosixPath(lowered).name, ()), *self.versions.get(f"/{lowered}", ())]
        distinct = set(lines)
        versions.sort(key=lambda version: len(version.lines & distinct), reverse=True)
        telling = set(filter(_is_telling, distinct))
        found = []
        for version in versions[:_MAX_VERSIONS]:
            own = version.own(lines)
            if not own or _is_derived(version, telling):
                found.append(own)
        return min(found, key=len) if found else None

    def _own(self, body: list[ast.stmt], depth: int) -> list[ast.stmt]:
        if depth > _MAX_DEPTH:
            return body
        found = []
        for statement in body:
            if isinstance(statement, Definition):
                if self.is_starter_definition(statement):
                    continue
                found.append(self._own_parts(statement, depth) if isinstance(statement, ast.ClassDef) else statement)
            elif isinstance(statement, ast.If | ast.Try | ast.With):
                found.append(self._own_parts(statement, depth))
            else:
                found.append(statement)
        return found

    def _own_parts(self, node: ast.stmt, depth: int) -> ast.stmt:
        """A statement with blocks, without what was handed out in them; what would be empty says `pass`."""
        replaced = copy.copy(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not block:
                continue
            own = self._own(block, depth + 1)
            if not own and name == "body":
                own = [ast.copy_location(ast.Pass(), block[0])]
            setattr(replaced, name, own)
        return replaced

    def _is_own_statement(self, statement: ast.stmt) -> bool:
        if isinstance(statement, Definition):
            return True
        shapes = statement_shapes(statement)
        return shapes is None or not all(self._is_known(STATEMENT, "", shape) for shape in shapes)

    def _is_known(self, kind: str, name: str, tokens: _Pattern) -> bool:
        if (kind, name, digest(tokens)) in self.digests:
            return True
        return any(is_of_pattern(each, tokens) for each in self.patterns.get((kind, name, len(tokens)), ()))


def normal_lines(text: str) -> Counter[str]:
    """Lines of a template's file as they are compared, and how often each occurs."""
    return Counter(line for line in map(_normal, text.splitlines()) if line)


def _version(lines: list[tuple[str, int]]) -> _Version:
    # Those that fit little first: a line of nothing but a description fits all.
    patterns = sorted((each for each in lines if has_marks(each[0])), key=lambda each: (-len(each[0]), each))
    return _Version(frozenset(line for line, _ in lines if not has_marks(line)), tuple(patterns))


def _normal(line: str) -> str:
    return " ".join(line.split()) if len(line) <= _MAX_LINE else line[:_MAX_LINE].strip() or "(long)"


def _is_telling(line: str) -> bool:
    return sum(map(str.isalnum, line)) >= _MIN_TELLING


def _is_method(node: Definition) -> bool:
    if isinstance(node, ast.ClassDef):
        return False
    arguments = [*node.args.posonlyargs, *node.args.args]
    return bool(arguments) and arguments[0].arg in ("self", "cls")


def _is_derived(version: _Version, telling: set[str]) -> bool:
    shared = len(version.telling & telling)
    of_template = shared / len(version.telling) if version.telling else 0.0
    of_file = shared / len(telling) if telling else 0.0
    return of_template >= _MIN_SHARE_OF_TEMPLATE or of_file >= _MIN_SHARE_OF_FILE
