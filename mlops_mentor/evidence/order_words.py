"""Order words: a text as numbered words, and where those of each family of `orders.yaml` are.

Belongs here: looking up. Which families make an order together is for `orders`.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import yaml

_WORD = re.compile(r"[a-z0-9]{1,40}")
# Long words are taken apart where they hold one of these.
_STEMS = ("ignor", "instruc", "prompt", "score", "grade", "marks", "review", "points")
_LONG = 15
_MAX_LINES = 12
_ROLE = re.compile(
    r"<\|[a-z_]{2,20}\|>|\[/?inst\]|<</?sys>>|^[\W_]{0,12}(?:system|assistant|developer)[ \t]{0,4}:|"
    r"###[ \t]{0,4}(?:instruction|system|response)"
    r"|</?(?:system|assistant|instructions?|file|submission|document|untrusted)>",
    re.MULTILINE,
)


class Words:
    """The words of a reading by number, and where those of each family are."""

    def __init__(self, text: str, begin: int, end: int, *, is_run_together: bool = False) -> None:
        self.text, self._begin, self._end, self._is_run_together = text, begin, end, is_run_together
        found = _WORD.findall(text, begin, end)
        self.words = [part for word in found for part in _parts(word)] if is_run_together else found
        self._at: dict[str, list[int]] = {name: [] for name in _families()[0]}
        known = _families()[1]
        for i, word in enumerate(self.words):
            names = known.get(word)
            if names is not None:
                for name in names:
                    self._at[name].append(i)

    def all(self, family: str, begin: int = 0, end: int | None = None) -> Sequence[int]:
        at = self._at[family]
        return at[bisect_left(at, begin) : None if end is None else bisect_left(at, end)] if begin or end else at

    def next(self, family: str, begin: int, end: int) -> int | None:
        """The first word of the family from `begin` up to `end`, the end left out."""
        at = self._at[family]
        i = bisect_left(at, begin)
        return at[i] if i < len(at) and at[i] < end else None

    def last(self, family: str, begin: int, end: int) -> int | None:
        at = self._at[family]
        i = bisect_left(at, end) - 1
        return at[i] if i >= 0 and at[i] >= begin else None

    def count(self, family: str, begin: int, end: int) -> int:
        at = self._at[family]
        return bisect_left(at, end) - bisect_left(at, begin)

    def among(self, family: str, begin: int, end: int) -> set[str]:
        at = self._at[family]
        return {self.words[i] for i in at[bisect_left(at, begin) : bisect_left(at, end)]}

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """Numbers of the lines on which the first and the last of these words stand."""
        start, stop = self._starts[first], self._starts[last]
        number = self.text.count("\n", 0, start) + 1
        return number, number + min(self.text.count("\n", start, stop), _MAX_LINES)

    def is_quoted(self, at: int) -> bool:
        """Whether the word is the first between quotation marks."""
        start = self._starts[at]
        return start > 0 and self.text[start - 1] in "\"'`"

    @cached_property
    def roles(self) -> Sequence[int]:
        """Numbers of the words at markers that pretend that somebody else speaks."""
        offsets = [match.start() for match in _ROLE.finditer(self.text, self._begin, self._end)]
        return [min(bisect_left(self._starts, offset), len(self.words) - 1) for offset in offsets] if self.words else []

    @cached_property
    def _starts(self) -> Sequence[int]:
        starts: list[int] = []
        for match in _WORD.finditer(self.text, self._begin, self._end):
            starts += [match.start()] * (len(_parts(match.group())) if self._is_run_together else 1)
        return starts


@cache
def _long_words() -> re.Pattern[str]:
    parts = sorted((word for word in _families()[1] if len(word) > 2), key=len, reverse=True)
    return re.compile("|".join(parts))


def _parts(word: str) -> Sequence[str]:
    """A long word that is several run together, as its parts that say something; else the word."""
    if len(word) <= _LONG or not any(stem in word for stem in _STEMS):
        return (word,)
    parts = _long_words().findall(word)
    return parts if len(parts) > 2 else (word,)


@cache
def _families() -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    content = _content()
    of_word: dict[str, tuple[str, ...]] = {}
    for name, words in content["families"].items():
        for word in str(words).split():
            # Where numbers were read as letters, `l` was read as `i`.
            for spelled in {word, word.replace("l", "i")}:
                of_word[spelled] = tuple(dict.fromkeys((*of_word.get(spelled, ()), name)))
    return frozenset(content["families"]), of_word


@cache
def phrases() -> Sequence[tuple[str, str]]:
    """What stands for what, the longest first."""
    return sorted(_content()["phrases"].items(), key=lambda item: -len(item[0]))


@cache
def anchors(name: str) -> Sequence[str]:
    """Parts of a text that `orders.yaml` lists under that name."""
    return tuple(dict.fromkeys(part for part in _content()["anchors"][name].replace(" ;", ";").split(";") if part))


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(files("mlops_mentor.evidence").joinpath("orders.yaml").read_text("utf-8"))
    return content
