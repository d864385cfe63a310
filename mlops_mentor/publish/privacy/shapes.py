"""Shapes: secrets and personal data by their looks, whoever they belong to.

Belongs here: where they stand in a text. What they look like is for `evidence.private`.
"""

import re
from collections.abc import Callable, Iterator

from mlops_mentor.evidence import private
from mlops_mentor.feedback.packs.redaction import PLACEHOLDER
from mlops_mentor.publish.privacy.places import LABEL, SECRET, SECRET_LABEL, Place

E_MAIL, STUDY_NUMBER, CPR, PHONE, HOME = "e-mail", "study number", "personal number", "phone number", "home directory"
# A study number in which Markdown's escapes and emphasis have left their marks.
_SPLIT_STUDY_NUMBER = re.compile(r"(?<![A-Za-z0-9])[sS](?:_{0,3}\d){6}(?![0-9])(?!\.\d)")
_CODE_SPAN = re.compile(r"`([^`\n]{8,1000})`")
_A_SETTING = re.compile(r"(?i)passw|secret|token|key")


def shapes(text: str) -> Iterator[Place]:
    """Everything in the text that looks like a secret or personal data. Places may overlap."""
    yield from _keys(text)
    yield from _secrets(text)
    yield from _settings(text)
    if "@" in text:
        yield from _places(private.E_MAIL, text, "[e-mail]", E_MAIL, lambda each: not private.NO_ONES.search(each[0]))
    yield from _places(_SPLIT_STUDY_NUMBER, text, "[study number]", STUDY_NUMBER)
    yield from _places(private.CPR, text, "[personal number]", CPR)
    yield from _places(private.PHONE, text, "[phone number]", PHONE)
    for match in private.SPOKEN_PHONE.finditer(text):
        yield Place(match.end("head"), match.end(), "[phone number]", PHONE)
    for match in private.HOME.finditer(text):
        if match["name"].lower() not in private.NO_NAMES and match["name"][0] not in "[.":
            yield Place(*match.span("name"), "[name]", HOME)


def _keys(text: str) -> Iterator[Place]:
    """Private keys, from where they begin to where they end; one without an end has all that follows."""
    end = 0
    for begins in private.KEY_BEGINS.finditer(text):
        if begins.start() < end:
            continue
        ends = private.KEY_ENDS.search(text, begins.end())
        end = ends.end() if ends is not None else len(text)
        yield Place(begins.start(), end, SECRET_LABEL, SECRET)


def _secrets(text: str) -> Iterator[Place]:
    if any(part in text for part in private.TOKEN_PARTS):
        yield from _places(private.TOKEN, text, SECRET_LABEL, SECRET)
    if "://" in text:
        for match in private.URL_LOGIN.finditer(text):
            yield Place(*match.span("login"), SECRET_LABEL, SECRET)
    for match in private.ASSIGNED.finditer(text):
        if not _says_nothing(match["value"]):
            yield Place(*match.span("value"), SECRET_LABEL, SECRET)
    # Whoever pins an action writes the commit behind an `@`; of other commits the class's own are known.
    yield from _places(private.HEX_KEY, text, SECRET_LABEL, SECRET)


def _says_nothing(value: str) -> bool:
    """Whether it is a word that stands for a secret, or a label that has replaced one."""
    return PLACEHOLDER.match(value) is not None or len(LABEL.sub("", value)) < 3


def _settings(text: str) -> Iterator[Place]:
    """Lines, and quoted lines, that give a secret a value without quotes."""
    if _A_SETTING.search(text) is None:
        return
    spans = [(0, text), *((match.start(1), match[1]) for match in _CODE_SPAN.finditer(text))]
    for start, part in spans:
        for match in private.SETTING.finditer(part):
            # `Secrets: described` is prose.
            is_value = "=" in match.group() or re.search(r"\d", match["value"])
            if is_value and not _says_nothing(match["value"]):
                yield Place(start + match.start("value"), start + match.end("value"), SECRET_LABEL, SECRET)


def _places(
    pattern: re.Pattern[str], text: str, label: str, kind: str, is_one: Callable[[re.Match[str]], object] | None = None
) -> Iterator[Place]:
    for match in pattern.finditer(text):
        if is_one is None or is_one(match):
            yield Place(match.start(), match.end(), label, kind)
