"""Names: where a text speaks of a known person, and what stands there instead.

Belongs here: finding people in text. A name of two words is theirs anywhere, whatever its accents and capitals. A login
is theirs where accounts stand (`@x`, `github.com/x`), and anywhere if no word looks like it. A first or last name alone
is theirs in prose and comments, and where authors are listed; not where it is a word of code or of English.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from itertools import permutations

import yaml

from mlops_mentor.evidence import private
from mlops_mentor.feedback.packs.identities import Identities, Person

OWNER = "[owner]"
_LABEL = "[member "
_MIN_ALONE, _MIN_LOGIN_ALONE = 4, 6
# Letters of names as they are folded, and how else they are written where a keyboard lacks them.
_SPELLINGS = {"å": "(?:å|aa|a)", "ø": "(?:ø|oe|o)", "æ": "(?:æ|ae|a)", "ö": "(?:ö|oe|o)", "ä": "(?:ä|ae|a)",
              "ü": "(?:ü|ue|u)", "ß": "(?:ß|ss|s)",
              "\u0131": "(?:\u0131|i)", "ł": "(?:ł|l)", "đ": "(?:đ|dj|d)"}  # fmt: skip
_HELD = frozenset("åøæöäüß")
ACCOUNT = (
    r"(?:(?<![\w.])@|github\.com[/:]|ghcr\.io/|githubusercontent\.com/|wandb\.ai/|huggingface\.co/(?:spaces/|datasets/)?|"
    r"hf\.co/|docker\.\w{2,3}/(?:r/)?|codecov\.io/gh/|gitlab\.com/|linkedin\.com/in/|kaggle\.com/|pypi\.\w{3}/user/|"
    r"/users/|/home/|shields\.io/github/[a-z/-]{1,60}/|github/|users\\{1,2}|entity[\"']?\s{0,4}[:=]\s{0,4}[\"']?)"
)
_AUTHORS = re.compile(
    r"(?i)\b(?:authors?|maintainers?|contact|owners?|copyright|written by|made by|developed by|created by|credits?|"
    r"members?|contributors?|students?|family-names|given-names|username|user|entity|team|group|name)\b|©|\(c\)"
)
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|--|/\*|\*|;)\s?(?P<said>.*)$|(?P<docstring>\"\"\"|''')")


class Names:
    """The people of a group as patterns, made once."""

    def __init__(self, identities: Identities) -> None:
        common = common_words()
        anywhere: dict[str, str] = {}
        accounts: dict[str, str] = {}
        alone: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        for person in identities.people:
            self._addresses.update(dict.fromkeys((*person.emails, *person.study_numbers), person.label))
            for pattern in _full_names(person, common):
                anywhere.setdefault(pattern, person.label)
            for login in logins_of(person):
                accounts.setdefault(re.escape(fold(login)), person.label)
                if is_odd(login, common):
                    anywhere.setdefault(re.escape(fold(login)), person.label)
            for word in single_names(person, common):
                alone.setdefault(_spelled(word), person.label)
        if identities.owner:
            accounts.setdefault(re.escape(fold(identities.owner)), OWNER)
        self._anywhere = _Group(r"(?<![a-z0-9])", anywhere, r"(?![a-z0-9])")
        self._accounts = _Group(ACCOUNT, accounts, r"(?![\w-])")
        self._alone = _Group(r"(?<![a-z0-9_./-])", alone, r"(?![a-z0-9_/(=\[-])")

    def replace_addresses(self, text: str, add: Callable[[int], None]) -> str:
        """The text with known e-mails and study numbers replaced by whose they are."""
        known = self._addresses

        def of_known(match: re.Match[str]) -> str:
            label = known.get(match.group().lower())
            add(label is not None)
            return label or match.group()

        if not known:
            return text
        return private.STUDY_NUMBER.sub(of_known, private.E_MAIL.sub(of_known, text) if "@" in text else text)

    def replace(self, text: str, *, is_document: bool, add: Callable[[int], None]) -> str:
        """The text with names replaced by whose they are; lines stay lines."""
        text = self._accounts.replace(text, fold(text), add)
        text = self._anywhere.replace(text, fold(text), add)
        folded = fold(text)
        if not self._alone.is_in(folded):
            return text
        if is_document:
            return self._alone.replace(text, folded, add, needs_capital=True)
        return self._replace_in_comments(text, add)

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where prose speaks of whom: start, end, label. Places may overlap; addresses are not sought."""
        folded = fold(text)
        yield from self._accounts.found(text, folded)
        yield from self._anywhere.found(text, folded)
        yield from self._alone.found(text, folded, needs_capital=True)

    def _replace_in_comments(self, text: str, add: Callable[[int], None]) -> str:
        lines, is_inside = text.split("\n"), False
        for i, line in enumerate(lines):
            quotes = line.count('"""') + line.count("'''")
            if is_inside or quotes:
                lines[i] = self._alone.replace(line, fold(line), add, needs_capital=True)
            elif _AUTHORS.search(line.replace(_LABEL, "")):
                lines[i] = self._alone.replace(line, fold(line), add)
            elif (comment := _COMMENT.search(line)) is not None and comment["said"] is not None:
                begin = comment.start("said")
                said = self._alone.replace(line[begin:], fold(line[begin:]), add, needs_capital=True)
                lines[i] = line[:begin] + said
            is_inside ^= quotes % 2 == 1
        return "\n".join(lines)


class _Group:
    """Patterns of names with the label of each, between what has to stand around them."""

    def __init__(self, head: str, labels: dict[str, str], tail: str) -> None:
        # Longer ones first: who has a middle name is replaced whole.
        ordered = sorted(labels, key=lambda pattern: (-len(pattern), pattern))
        self._labels = [labels[pattern] for pattern in ordered]
        parts = "|".join(f"({pattern})" for pattern in ordered)
        self._pattern = re.compile(f"{head}(?:{parts}){tail}") if ordered else None

    def is_in(self, folded: str) -> bool:
        return self._pattern is not None and self._pattern.search(folded) is not None

    def replace(self, text: str, folded: str, add: Callable[[int], None], *, needs_capital: bool = False) -> str:
        """`text` with the names replaced that `folded`, which is as long, has."""
        if self._pattern is None:
            return text
        parts, last = [], 0
        for start, end, label in self.found(text, folded, needs_capital=needs_capital):
            parts += [text[last:start], label]
            last = end
            add(1)
        return "".join([*parts, text[last:]]) if parts else text

    def found(self, text: str, folded: str, *, needs_capital: bool = False) -> Iterator[tuple[int, int, str]]:
        """Where the names stand: start, end, label."""
        for match in self._pattern.finditer(folded) if self._pattern is not None else ():
            which = match.lastindex or 1
            start, end = match.span(which)
            if not needs_capital or text[start].isupper():
                yield start, end, self._labels[which - 1]


def fold(text: str) -> str:
    """Small letters without accents, as many as before; a few letters stay, for which others are written."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


class _Folded(dict[int, str]):
    """The folded letter of each letter that was asked for."""

    def __missing__(self, code: int) -> str:
        small = chr(code).lower()[0]
        self[code] = folded = small if small in _HELD else unicodedata.normalize("NFD", small)[0]
        return folded


_FOLDED = _Folded()


def _spelled(word: str) -> str:
    """A pattern for the folded word, however it is written where letters are lacking."""
    return "".join(_SPELLINGS.get(letter) or re.escape(letter) for letter in fold(word))


def name_words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", re.sub(r"\([^)]*\)|<[^>]*>", " ", name))


def _full_names(person: Person, common: frozenset[str]) -> Iterable[str]:
    """Patterns of the whole name, and of any two of its words that are not both common."""
    for name in person.names:
        words = name_words(name)
        if len(words) < 2 or all(fold(word) in common for word in words):
            continue
        yield r"[\s._-]{1,2}".join(map(_spelled, words)).replace(r"\s", " ")
        for first, second in permutations(words[:5], 2):
            if len(first) + len(second) >= 7 and not {fold(first), fold(second)} <= common:
                yield f"{_spelled(first)}(?:[ ._-]{{0,2}}|, ){_spelled(second)}"


def logins_of(person: Person) -> Iterable[str]:
    """Accounts, and names and local parts of addresses that may be accounts elsewhere."""
    yield from person.logins
    yield from (name for name in person.names if re.fullmatch(r"[\w.-]{3,39}", name))
    for email in person.emails:
        local = email.partition("@")[0].partition("+")[0]
        if len(local) >= _MIN_ALONE and local not in private.NO_NAMES:
            yield local


def is_odd(login: str, common: frozenset[str]) -> bool:
    """Whether the login is no word: it has digits, joints or capitals within, or is long."""
    bare = re.sub(r"[\d._-]", "", fold(login))
    if len(login) < _MIN_LOGIN_ALONE or bare in common or private.STUDY_NUMBER.fullmatch(login):
        return False
    return bool(re.search(r"\d|[._-]|[a-z][A-Z]", login)) or len(bare) >= 9


def single_names(person: Person, common: frozenset[str]) -> Iterable[str]:
    for name in person.names:
        for word in name_words(name):
            if len(word) >= _MIN_ALONE and fold(word) not in common:
                yield word
    for login in person.logins:
        if len(login) >= _MIN_ALONE and fold(login) not in common:
            yield login


def common_words() -> frozenset[str]:
    """Words of code and of English that people are called by, too."""
    text = files("mlops_mentor.feedback.packs").joinpath("common_words.yaml").read_text("utf-8")
    return frozenset(word for words in yaml.safe_load(text).values() for word in str(words).split())
