"""Texts on which parsers take time without end, or the stack of the process: told before they are parsed.

Belongs here: nesting as far as single characters tell it, in one pass. What a text holds is for its parser.
"""

import re

# Far beyond what anybody writes; parsers take the square of it, or recurse as deep.
MAX_DEPTH = 200
_MAX_DOTS = 2000
_BRACKET = re.compile(r"[\[\]{}]")
_BLOCKS = " \t-?"


def check_yaml(text: str) -> None:
    """Let a text of YAML pass that is not nested too deeply, by brackets or by `- - -` and `? ? ?` in one line.

    Raises:
        ValueError: it is.
    """
    _check_brackets(text)
    for line in text.splitlines():
        marks = line[: len(line) - len(line.lstrip(_BLOCKS))]
        if marks.count("-") + marks.count("?") > MAX_DEPTH and set(line) - {"-"}:
            raise ValueError("nested too deeply")


def check_toml(text: str) -> None:
    """Let a text of TOML pass that is not nested too deeply, by brackets or by dots in one line.

    Raises:
        ValueError: it is.
    """
    _check_brackets(text)
    if any(line.count(".") > _MAX_DOTS for line in text.splitlines()):
        raise ValueError("nested too deeply")


def _check_brackets(text: str) -> None:
    """Brackets in quotes and comments count too, which closes as many as it opens in what people write."""
    depth = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
