"""Finding a quote in a file: what of a text counts, where the quote stands, and whether it says enough to be one.

Belongs here: text against text. Which file a citation means, and what becomes of it, is for `citations`.

Blanks do not count at all, so that indentation, line breaks that were joined and runs of blanks do no harm; nor do
characters that nobody sees, and typographic quotation marks and dashes are plain ones. Every other character counts,
upper and lower case too. All of it takes time in proportion to the lengths of file and quote.
"""

import re
import textwrap
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

# Fewer say nothing of where a quote is from: `return None` stands in any file.
_LEAST_CHARACTERS = 12
_LEAST_TOKENS = 2
# Short, but a whole line, and it stands once in the file or where it was said to: `import dvc`.
_LEAST_OF_A_LINE = 6
MAX_QUOTE = 300

# What models make of characters, and what nobody sees.
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u2032"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u2033"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    ord("\u2026"): "...",
    **dict.fromkeys(map(ord, "\u00ad\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"), None),
}
_TOKEN = re.compile(r"\w+")
_RUN = re.compile(r"\S+")
# What stands for a secret, for personal data or for a line that was withheld: `[secret]`, `[member A]`.
# Tables of TOML and lists of YAML have dots, digits and commas.
_REPLACED = re.compile(r"\[[a-z][A-Za-z :-]{1,60}\]")
# Line numbers as a pack shows them, and as other programs do.
_LINE_NUMBER = re.compile(r"^[ \t]*\d{1,7}(?:[ \t]?[|:\u2502]|\t)", re.MULTILINE)
_JOINED_NUMBER = re.compile(r"(?:^|(?<=\s))\d{1,7}[ ]?\|(?=\s|$)")
_FENCE = re.compile(r"^[ \t]*```[\w+-]{0,20}[ \t]*$", re.MULTILINE)
_WRAPPING = "`\"'\u201c\u201d\u2018\u2019 \t\r\n"
_ELLIPSES = ("...", "\u2026")


@dataclass(frozen=True)
class Place:
    """Where a quote stands (lines from 1, both included), and the file's own text there, at most 300 characters.

    `is_distinctive`: it says enough to be a quote of this place, and is not merely what was replaced.
    """

    start_line: int
    end_line: int
    text: str
    is_distinctive: bool


@dataclass(frozen=True)
class FlatFile:
    """A file's lines, made ready to look for quotes in."""

    lines: Sequence[str]

    @cached_property
    def _flat_lines(self) -> list[str]:
        return [_flat(line) for line in self.lines]

    @cached_property
    def _text(self) -> str:
        return "".join(self._flat_lines)

    @cached_property
    def _backwards(self) -> str:
        # Python looks for the last occurrence in quadratic time, and for the first in linear.
        return self._text[::-1]

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for line in self._flat_lines:
            starts.append(at)
            at += len(line)
        return starts

    def find(self, quote: str, first_line: int, last_line: int) -> Place | None:
        """Where the quote stands, nearest to the lines named; None where it does not.

        Line numbers copied from a pack, a fence or quotation marks around it, and `...` at its ends are no part of it;
        it is first looked for as it is.
        """
        short: Place | None = None
        seen: set[str] = set()
        for reading in _readings(quote):
            needle = "".join(_flat(line) for line in reading.split("\n"))
            if needle and self.lines and needle not in seen:
                seen.add(needle)
                at = self._nearest(needle, first_line, last_line)
                place = self._place(at, needle, first_line) if at is not None else None
                if place is not None and place.is_distinctive:
                    return place
                short = short or place
        return short

    def _nearest(self, needle: str, first_line: int, last_line: int) -> int | None:
        first_line = min(max(first_line, 1), len(self.lines))
        at = self._starts[first_line - 1]
        after = self._text.find(needle, at)
        if after >= 0 and self._line_of(after) <= last_line:
            return after
        backwards = self._backwards.find(needle[::-1], max(0, len(self._text) - at - len(needle) + 1))
        before = len(self._text) - backwards - len(needle) if backwards >= 0 else -1
        found = [each for each in (after, before) if each >= 0]
        return min(found, key=lambda each: abs(self._line_of(each) - first_line), default=None)

    def _line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def _place(self, at: int, needle: str, named: int) -> Place:
        end = at + len(needle) - 1
        first, last = self._line_of(at), self._line_of(end)
        quoted = self._quoted(first, at - self._starts[first - 1], last, end - self._starts[last - 1])
        whole = textwrap.dedent("\n".join(line.rstrip() for line in self.lines[first - 1 : last])).strip("\n")
        text = whole.strip() if first == last else whole
        is_whole = self._flat_lines[first - 1] == needle
        is_sure = is_whole and (first == named or self._flat_lines.count(needle) == 1)
        is_distinctive = _is_distinctive(quoted, _LEAST_OF_A_LINE if is_sure else _LEAST_CHARACTERS)
        return Place(first, last, (text if len(text) <= MAX_QUOTE else quoted)[:MAX_QUOTE], is_distinctive)

    def _quoted(self, first: int, start: int, last: int, end: int) -> str:
        """The text from one place (line, character of the flat line) to another, as the file has it."""
        lines = [unicodedata.normalize("NFC", line) for line in self.lines[first - 1 : last]]
        lines[-1] = lines[-1][: _column(lines[-1], end) + 1]
        lines[0] = lines[0][_column(lines[0], start) :]
        return "\n".join(lines)


def _flat(line: str) -> str:
    if not line.isascii():
        line = unicodedata.normalize("NFC", line).translate(_PLAIN)
    return "".join(line.split())


def _column(line: str, offset: int) -> int:
    """Where in a line (NFC) the character stands that is the `offset`-th of its flat form."""
    num_before = 0
    for run in _RUN.finditer(line):
        flat = _flat(run[0])
        if num_before + len(flat) > offset:
            return run.start() + _column_of_run(run[0], flat, offset - num_before)
        num_before += len(flat)
    return len(line)


def _column_of_run(run: str, flat: str, offset: int) -> int:
    if len(flat) == len(run) and run.isascii():
        return offset
    num_seen = 0
    for column, character in enumerate(run):
        num_seen += len(_flat(character))
        if num_seen > offset:
            return column
    return len(run)


def _readings(quote: str) -> Iterator[str]:
    """The quote as it is, and without what models put around a quote."""
    bare = _bare(quote)
    for text in (quote, bare):
        yield text
        yield _LINE_NUMBER.sub("", text)
        yield _JOINED_NUMBER.sub("", text)
    yield _bare(_LINE_NUMBER.sub("", bare))


def _bare(quote: str) -> str:
    text = _FENCE.sub("", quote).strip(_WRAPPING)
    for mark in _ELLIPSES:
        text = text.removeprefix(mark).removesuffix(mark)
    return text.strip(_WRAPPING)


def _is_distinctive(text: str, least: int) -> bool:
    rest = _REPLACED.sub(" ", text)
    return len(_flat(rest)) >= least and len(_TOKEN.findall(rest)) >= _LEAST_TOKENS
