"""Syntax trees that several checks of one group look at: parsed once.

Belongs here: keeping them, within a limit. Parsing is `syntax`'s.
"""

import ast

from mlops_mentor.evidence.code.syntax import parse

# Of text; a tree takes about fifty times as much, and several groups are worked on at a time.
_MAX_KEPT_CHARACTERS = 2**20


class KeptTrees:
    """Parses as `syntax.parse` does, each text once as long as there is room. Nobody changes a tree."""

    def __init__(self) -> None:
        self._trees: dict[str, ast.Module] = {}
        self._characters = 0

    def __call__(self, text: str) -> ast.Module:
        """The tree of a text.

        Raises:
            SyntaxError, ValueError, RecursionError, MemoryError: it has none.
        """
        if text in self._trees:
            return self._trees[text]
        tree = parse(text)
        if self._characters + len(text) <= _MAX_KEPT_CHARACTERS:
            self._characters += len(text)
            self._trees[text] = tree
        return tree
