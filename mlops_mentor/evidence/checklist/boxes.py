"""Boxes of a report, as they occur: `* [x] text` and what becomes of it in the hands of groups and their editors.

Belongs here: finding boxes and the text beside them. Which item a text is, and what a mark means, is for `claims`.

Every line is looked at a bounded number of times, and patterns see a line's head only: the time grows with the length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.report.comments import without_comments
from mlops_mentor.evidence.report.text import MAX_HEAD

# An item is wrapped over so many lines.
_MAX_LINES = 4
_INDENT = r"[ \t>|]{0,40}(?:<(?:li|p|label|div)\b[^<>]{0,80}>[ \t]{0,4}){0,2}"
_BULLET = r"(?:[*+•‣·\-\u2013\u2014][ \t]{0,8}|[0-9]{1,3}[.)][ \t]{1,8}|[a-z][.)][ \t]{1,8})"
_ITEM = re.compile(rf"{_INDENT}{_BULLET}")
# What brackets hold is a mark unless it is a link, a footnote or a word.
_BRACKETS = re.compile(
    r"[*_~`]{0,3}\\?\[(?P<mark>[^\[\]\\]{0,12})\\?\][*_~`]{0,3}(?![(\[])(?!:[ \t]{0,9}<?https?:)", re.I
)
_CHECKBOX = re.compile(r"<input\b(?P<attributes>[^<>]{0,200})>", re.IGNORECASE)
_CHECKED = re.compile(r"\bchecked\b", re.IGNORECASE)
_GLYPH = re.compile(r"[*_~]{0,3}(?P<mark>[☐☑☒🗹🗷🗵🗸✅✓✔❌❎✗✘⬜⬛🔲🔳])\ufe0f?")
_NEW_BLOCK = re.compile(
    r"[ \t>]{0,12}(?:#{1,6}[ \t]|`{3}|~{3}|-{3,}[ \t]*$|\|)|[ \t>]{0,40}</(?:li|p|ul|ol|label|div)>"
)
_TAG = re.compile(r"</?[a-z][^<>]{0,80}>", re.IGNORECASE)


@dataclass(frozen=True)
class Box:
    """A box: its line (from 1), what stands in it, and its text in one line; `mark` is None for an item without box."""

    line: int
    mark: str | None
    text: str


def boxes_in(lines: Sequence[str]) -> list[Box]:
    """Every box of a report, and every item of its lists, in their order; none of those in comments."""
    heads = [line[:MAX_HEAD] for _, line in without_comments(list(enumerate(lines)))]
    starts = [_start(head) for head in heads]
    found = []
    for number, start in enumerate(starts):
        if start:
            mark, text = start
            found.append(Box(number + 1, mark, _TAG.sub(" ", " ".join([text, *_rest(heads, starts, number + 1)]))))
    return found


def _start(head: str) -> tuple[str | None, str] | None:
    """(mark, text) where an item begins in this line."""
    indent = re.match(_INDENT, head)
    position = indent.end() if indent else 0
    item = _ITEM.match(head)
    for begin in (item.end(), position) if item else (position,):
        if match := _BRACKETS.match(head, begin) or _GLYPH.match(head, begin):
            return match["mark"], head[match.end() :]
        match = _CHECKBOX.match(head, begin)
        if match and "checkbox" in match["attributes"].casefold():
            return "x" if _CHECKED.search(match["attributes"]) else "", head[match.end() :]
    return (None, head[item.end() :]) if item and item[0].endswith((" ", "\t")) else None


def _rest(heads: Sequence[str], starts: Sequence[object], number: int) -> list[str]:
    """The lines onto which an item's text is wrapped."""
    rest = []
    last = number + _MAX_LINES - 1
    for head, start in zip(heads[number:last], starts[number:last], strict=True):
        if start or not head.strip(" \t>") or _NEW_BLOCK.match(head):
            break
        rest.append(head.lstrip(" \t>"))
    return rest
