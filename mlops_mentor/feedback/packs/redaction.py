"""Redaction: secrets and personal data are replaced before anything leaves the machine.

Belongs here: what is replaced by what in a file's lines. One replacement never joins or splits lines, and the same
person is the same `[member A]` in all files of a group. Shapes are those of `evidence.private`, names of `identities`.
Words that people are called by and that code uses too stay where they are code.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from mlops_mentor.evidence import private
from mlops_mentor.feedback.packs.identities import Identities
from mlops_mentor.feedback.packs.names import Names

SECRET = "[secret]"  # noqa: S105
_DOCUMENT = re.compile(
    r"(?i)\.(?:md|markdown|rst|txt|cff|bib|tex|html?)$|(?:^|/)(?:codeowners|licen[cs]e|authors|readme)$"
)
_SETTINGS = re.compile(
    r"(?i)(?:^|/)(?:[^/]*\.env[^/]*|dockerfile[^/]*|[^/]*\.(?:ya?ml|toml|ini|cfg|conf|sh|properties|netrc))$"
)
PLACEHOLDER = re.compile(
    r"(?i)^(?:none|null|true|false|str|string|required|optional|changeme|(?:your|my|the|some|insert|enter|add|put)[_-]?.*"
    r"|x{3,}.*|\*+|\.{3,}|<.*>?|.*(?:example|placeholder|dummy|_here).*|test|token|secret|password|/.*|.*\.(?:json|ya?ml|txt|env|pem|key)|[a-z]+(?:[-_][a-z]+)+|[a-z]+[._][a-z._]+)$"
)
_QUOTED = re.compile(r"(['\"])(?P<value>[^'\"\s]{6,4096})\1")
_AFTER_SIGN = re.compile(r"[:=][ \t]{0,8}(?P<value>[^\s'\"]{6,4096})")
_DENSE = re.compile(r"(?=[^\s'\"]{0,4096}\d)[^\s'\"(){}\[\],;]{12,4096}")
# A key of this many lines has no end.
_MAX_KEY_LINES = 200


@dataclass(frozen=True)
class Redacted:
    """The lines, as many as came in, how often something was replaced, and on which lines (from 1)."""

    lines: tuple[str, ...]
    num_replaced: int
    replaced: frozenset[int]


def secret_places(committed_secrets: pl.DataFrame) -> dict[str, frozenset[int]]:
    """By path, the lines of the table `committed_secrets` that surely or likely hold one."""
    places: dict[str, set[int]] = {}
    for path, line in committed_secrets.filter(pl.col("confidence") != "low").select("path", "line").iter_rows():
        places.setdefault(path, set()).add(line)
    return {path: frozenset(lines) for path, lines in places.items()}


@dataclass(frozen=True)
class Redactor:
    """Replaces secrets at known places and by their looks, the people of `identities`, and other personal data."""

    identities: Identities = field(default_factory=Identities)
    secret_lines: Mapping[str, Collection[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", Names(self.identities))

    def redact(self, path: str, lines: Sequence[str]) -> Redacted:
        """The lines of the file at `path` without secrets and personal data."""
        if not lines:
            return Redacted((), 0, frozenset())
        before = [line.replace("\n", " ") for line in lines]
        counter = _Counter()
        kept = self._without_known_secrets(path, before, counter)
        text = _without_secrets("\n".join(kept), bool(_SETTINGS.search(path)), counter)
        names: Names = self._names  # type: ignore[attr-defined]
        text = _without_data(names.replace_addresses(text, counter.add), counter)
        after = names.replace(text, is_document=bool(_DOCUMENT.search(path)), add=counter.add).split("\n")
        changed = frozenset(i for i, (old, new) in enumerate(zip(before, after, strict=True), start=1) if old != new)
        return Redacted(tuple(after), counter.number, changed)

    def redact_path(self, path: str) -> str:
        """The path as it may be shown: study numbers and people's names replaced."""
        counter = _Counter()
        names: Names = self._names  # type: ignore[attr-defined]
        text = _without_data(names.replace_addresses(path, counter.add), counter)
        return "/".join(names.replace(part, is_document=False, add=counter.add) for part in text.split("/"))

    def _without_known_secrets(self, path: str, lines: Sequence[str], counter: "_Counter") -> list[str]:
        kept = _without_key_blocks(lines, counter)
        for number in sorted(self.secret_lines.get(path, ())):
            if number <= len(kept) and kept[number - 1] != SECRET:
                kept[number - 1] = _without_value(kept[number - 1])
                counter.add()
        return kept


@dataclass
class _Counter:
    number: int = 0

    def add(self, number: int = 1) -> None:
        self.number += number


def _without_key_blocks(lines: Sequence[str], counter: _Counter) -> list[str]:
    """Each line of a private key, from where it begins to where it ends."""
    kept, left = [], 0
    for line in lines:
        begins = private.KEY_BEGINS.search(line)
        if begins is None and not left:
            kept.append(line)
            continue
        ends = private.KEY_ENDS.search(line, begins.end() if begins else 0)
        if begins is not None:
            counter.add()
            tail = line[ends.end() :] if ends else ""
            kept.append(line[: begins.start()] + SECRET + tail)
        else:
            kept.append(SECRET)
        left = 0 if ends else (_MAX_KEY_LINES if begins is not None else left - 1)
    return kept


def _without_value(line: str) -> str:
    """The line without what a scanner saw on it: what is quoted, or follows a sign, or is long; else all of it."""
    for pattern in (_QUOTED, _AFTER_SIGN, _DENSE):
        changed = pattern.sub(_keep_around, line)
        if changed != line:
            # What looks like a second value goes as well.
            return _DENSE.sub(SECRET, changed)
    return SECRET


def _keep_around(match: re.Match[str]) -> str:
    if "value" not in match.re.groupindex:
        return SECRET
    whole, start = match.group(), match.start()
    return whole[: match.start("value") - start] + SECRET + whole[match.end("value") - start :]


def _without_secrets(text: str, is_settings: bool, counter: _Counter) -> str:
    if any(part in text for part in private.TOKEN_PARTS):
        text = _sub(private.TOKEN, lambda _: SECRET, text, counter)
    if "://" in text:
        text = _sub(private.URL_LOGIN, lambda match: f"{match['head']}{SECRET}@", text, counter)
    folded = text.lower()
    # Not all that `(?i)` takes for a letter is one in small letters.
    may_assign = not text.isascii() or any(part in folded for part in private.SECRET_PARTS)
    if may_assign:
        text = _sub(private.ASSIGNED, _unless_placeholder, text, counter)
    if is_settings and may_assign:
        text = _sub(private.SETTING, _unless_placeholder, text, counter)

    def of_key(match: re.Match[str]) -> str:
        begin = text.rfind("\n", 0, match.start()) + 1
        return SECRET if private.SPEAKS_OF_KEYS.search(text, begin, match.start()) else match.group()

    return _sub(private.HEX_KEY, of_key, text, counter)


def _unless_placeholder(match: re.Match[str]) -> str:
    return match.group() if PLACEHOLDER.match(match["value"]) else _keep_around(match)


def _without_data(text: str, counter: _Counter) -> str:
    if "@" in text:
        text = _sub(
            private.E_MAIL, lambda each: _unless(private.NO_ONES.search(each[0]), each, "[e-mail]"), text, counter
        )
    text = _sub(private.STUDY_NUMBER, lambda _: "[study number]", text, counter)
    text = _sub(private.CPR, lambda _: "[personal number]", text, counter)
    text = _sub(private.PHONE, lambda _: "[phone number]", text, counter)
    text = _sub(private.SPOKEN_PHONE, lambda each: f"{each['head']}[phone number]", text, counter)
    return _sub(private.HOME, _of_home, text, counter)


def _of_home(match: re.Match[str]) -> str:
    return _unless(
        match["name"].lower() in private.NO_NAMES or match["name"][0] in "[.", match, f"{match['head']}[name]"
    )


def _unless(is_kept: object, match: re.Match[str], replacement: str) -> str:
    return match.group() if is_kept else replacement


def _sub(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str, counter: _Counter) -> str:
    def counted(match: re.Match[str]) -> str:
        new = replace(match)
        counter.add(new != match.group())
        return new

    return pattern.sub(counted, text)


def is_document(path: str) -> bool:
    """Whether people write it for people, from its name."""
    return _DOCUMENT.search(posixpath.basename(path)) is not None
