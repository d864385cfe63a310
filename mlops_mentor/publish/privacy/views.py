"""Views: a text as a reader takes it, with the place of every letter in the text as it is written.

Belongs here: undoing what hides a name from a search: escapes and emphasis of Markdown, entities, percent-encoding,
letters of other alphabets that look alike, marks that cannot be seen. What is found in a view is replaced in the text.
"""

import html
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from urllib.parse import unquote

# Letters that read as a Latin one.
ALIKE = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАЕОРСУХІЈЅКМТВНαοινκρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlkmtbhAEOPCYXIJSKMTBHaoivkptuxABEZHIKMNOPTYX",
)
_SPECIAL = re.compile(
    r"\\[!-/:-@\[-`{-~]|[*`~]+|&(?:amp;){0,3}#?\w{1,31};|(?:%(?:25){0,3}[0-9A-Fa-f]{2}){1,400}|[\s|]+|[^\x20-\x7e]"
)
_ELEMENT = re.compile(r"<[^<>]{0,200}>")
_SPECIAL_OR_ELEMENT = re.compile(f"{_SPECIAL.pattern}|{_ELEMENT.pattern}")
_SIMPLE = str.maketrans({"ø": "o", "æ": "a", "ß": "ss", "ł": "l", "đ": "d", "\u0131": "i", "œ": "o", "ð": "d"})
# An address within an address is encoded twice.
_TWICE = re.compile(r"%(?:25){1,3}(?=[0-9A-Fa-f]{2})|&(?:amp;){1,3}(?=#?\w)")


@dataclass(frozen=True)
class View:
    """`text` as it reads; `original` gives where a part of it is written."""

    text: str = field(repr=False)
    # Where each piece begins here and there, and ends there; a verbatim piece is as long there as here.
    _here: tuple[int, ...] = field(repr=False)
    _there: tuple[tuple[int, int, bool], ...] = field(repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Start and end, in the text as it is written, of `text[start:end]`, which is not empty."""
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, position: int) -> tuple[int, int]:
        piece = bisect_right(self._here, position) - 1
        start, end, is_verbatim = self._there[piece]
        if not is_verbatim:
            return start, end
        place = start + position - self._here[piece]
        return place, place + 1


def as_it_reads(text: str) -> tuple[View, ...]:
    """The text decoded, without markup; any white space, and what parts the cells of a table, is one blank.

    Where something stands between `<` and `>` there are two: as text, and as an element that is not seen.
    """
    first = _reading(text, _SPECIAL)
    return (first, _reading(text, _SPECIAL_OR_ELEMENT)) if _ELEMENT.search(text) else (first,)


def _reading(text: str, special: re.Pattern[str]) -> View:
    pieces: list[tuple[str, int, int, bool]] = []
    last = 0
    for match in special.finditer(text):
        if match.start() > last:
            pieces.append((text[last : match.start()], last, match.start(), True))
        if shown := _shown(match.group()):
            pieces.append((shown, match.start(), match.end(), False))
        last = match.end()
    pieces.append((text[last:], last, len(text), True))
    return _view(pieces)


def squeezed(view: View) -> View:
    """The letters and digits of a view alone, in small letters and without accents."""
    pieces: list[tuple[str, int, int, bool]] = []
    for match in re.finditer(r"[^\W_]+", view.text):
        for position, letter in enumerate(match.group(), start=match.start()):
            pieces.append((simple(letter), *view.original(position, position + 1), False))
    return _view(pieces)


def skeleton(word: str) -> str:
    """The word however it is written: `Søren`, `Soeren` and `Soren` are one."""
    folded = simple(word)
    for double, single in (("aa", "a"), ("oe", "o"), ("ae", "a"), ("ue", "u"), ("dj", "d"), ("ss", "s")):
        folded = folded.replace(double, single)
    return folded


def simple(word: str) -> str:
    """Small letters without accents."""
    if word.isascii():
        return word.lower()
    plain = "".join(each for each in unicodedata.normalize("NFKD", word.lower()) if unicodedata.category(each) != "Mn")
    return plain.translate(_SIMPLE)


def _view(pieces: list[tuple[str, int, int, bool]]) -> View:
    here, position = [], 0
    for shown, *_ in pieces:
        here.append(position)
        position += len(shown)
    return View("".join(piece[0] for piece in pieces), tuple(here), tuple(piece[1:] for piece in pieces))


def _shown(written: str) -> str:
    """What one special piece reads as."""
    if written[0] == "\\":
        return written[1]
    if written[0] in "*`~<":
        return ""
    if written[0] == "|" or written.isspace() or written.strip("| \t\r\n") == "":
        return " "
    if written[0] == "%":
        written = unquote(_TWICE.sub("%", written))
    elif written[0] == "&":
        written = html.unescape(_TWICE.sub("&", written))
    return "".join(_letters(char) for char in written)


def _letters(char: str) -> str:
    """Without marks and what cannot be seen; full width, ligatures and letters of other alphabets as Latin ones."""
    if char.isascii():
        return char if char.isprintable() else " " if char.isspace() else ""
    kept = (
        each
        for each in unicodedata.normalize("NFKC", char)
        if unicodedata.category(each) not in ("Mn", "Me", "Cf", "Cc", "Co", "Cn", "Cs")
    )
    return "".join(" " if each.isspace() else each for each in kept).translate(ALIKE)
