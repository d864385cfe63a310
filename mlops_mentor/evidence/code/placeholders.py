"""Placeholders of a cookiecutter template, and what may stand in their place once it was filled in.

Belongs here: neutral texts of a template, and matching a text with them in linear time. A mark is one character of the
private use area, so that a neutral text is a text like any other and can be stored as one.
"""

import re
from collections.abc import Iterator

NAME, VERSION, ANYTHING = "\ue000", "\ue001", "\ue002"
# What stands for them while Python is parsed: identifiers that nobody has.
_IDENTIFIERS = {NAME: "cookiecutter_name_", VERSION: "cookiecutter_version_", ANYTHING: "cookiecutter_anything_"}
# What no student fills in at greater length. The name of a package may be left out: `from .data` is `from it.data`.
_FITS = {
    NAME: re.compile(r"[\w.\- ]{0,100}"),
    VERSION: re.compile(r"[\w.*]{1,20}"),
    ANYTHING: re.compile(r"[^\n]{0,2000}"),
}
_MARKS = re.compile(f"[{NAME}{VERSION}{ANYTHING}]")
_PLACEHOLDER = re.compile(r"\{\{[^{}]{0,200}cookiecutter[^{}]{0,200}\}\}")
_IS_NAME = re.compile(r"(project|repo|module|package)(_slug|_name|_structure)?\b(?!_)")
_TAG = re.compile(r"\{%[-+]?\s{0,20}([a-z]{0,20})[^{}]{0,200}?%\}")
_PRINTING = frozenset({"now", "include", "random_ascii_string"})
_COMMENT = re.compile(r"\{#[^{}#]{0,400}#\}")


def is_template(text: str) -> bool:
    """Whether a path or a content has a placeholder."""
    return _PLACEHOLDER.search(text) is not None


def has_marks(text: str) -> bool:
    """Whether a neutral text stands for more than itself."""
    return _MARKS.search(text) is not None


def neutral_texts(text: str) -> list[str]:
    """A template's text with marks for its placeholders: with all branches of its conditions, and with one alone."""
    marked = _PLACEHOLDER.sub(_mark, _COMMENT.sub("", _MARKS.sub("", text)))
    found = [_TAG.sub(_printed, marked)]
    if "{%" in marked:
        found += ["".join(_branch(marked, number)) for number in (0, 1)]
    return list(dict.fromkeys(found))


def as_python(neutral: str) -> str:
    """A neutral text with identifiers for its marks, so that it can be parsed."""
    return _MARKS.sub(lambda found: _IDENTIFIERS[found.group()], neutral)


def marked(token: str) -> str:
    """A name or text of what was parsed, with its marks again."""
    if "cookiecutter_" in token:
        for mark, identifier in _IDENTIFIERS.items():
            token = token.replace(identifier, mark)
    return token


def fits(pattern: str, text: str) -> bool:
    """Whether `text` is what a neutral text may have become."""
    pieces, marks = _MARKS.split(pattern), _MARKS.findall(pattern)
    if not marks:
        return pattern == text
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return False
    start, end = len(pieces[0]), len(text) - len(pieces[-1])
    for mark, piece in zip(marks, [*pieces[1:-1], None], strict=True):
        # Leftmost, without going back: what is filled in does not hold what follows it.
        stop = end if piece is None else text.find(piece, start + (mark == VERSION), end)
        if stop < start or not _FITS[mark].fullmatch(text, start, stop):
            return False
        start = stop + len(piece or "")
    return True


def _mark(found: re.Match[str]) -> str:
    text = found.group()
    if "tojson" in text:
        return ANYTHING
    if "version" in text:
        return VERSION
    return NAME if _IS_NAME.search(text) else ANYTHING


def _printed(found: re.Match[str]) -> str:
    return ANYTHING if found.group(1) in _PRINTING else ""


def _branch(text: str, number: int) -> Iterator[str]:
    """The parts outside conditions, and of each condition the branch of that number, or its last."""
    counts, position = _branch_counts(text), 0
    stack: list[tuple[int, int]] = []
    num_conditions = 0
    for found in _TAG.finditer(text):
        if all(current == min(number, last) for current, last in stack):
            yield text[position : found.start()] + _printed(found)
        position, tag = found.end(), found.group(1)
        if tag == "if":
            stack.append((0, counts[num_conditions]))
            num_conditions += 1
        elif tag in ("elif", "else") and stack:
            stack[-1] = (stack[-1][0] + 1, stack[-1][1])
        elif tag == "endif" and stack:
            stack.pop()
    yield text[position:]


def _branch_counts(text: str) -> list[int]:
    """By condition, in the order in which they begin, the number of its last branch."""
    counts: list[int] = []
    stack: list[int] = []
    for found in _TAG.finditer(text):
        tag = found.group(1)
        if tag == "if":
            stack.append(len(counts))
            counts.append(0)
        elif tag in ("elif", "else") and stack:
            counts[stack[-1]] += 1
        elif tag == "endif" and stack:
            stack.pop()
    return counts
