"""Lookup: everybody of a class in one search, however many they are.

Belongs here: names, accounts, addresses and study numbers of all groups as keys, and where a text has one. A text may
name somebody of another group. First or last names alone are not sought here: over a class they are words like others.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import permutations
from typing import TypeVar

from mlops_mentor.evidence import private
from mlops_mentor.feedback.packs.identities import Person
from mlops_mentor.feedback.packs.names import (
    ACCOUNT,
    common_words,
    fold,
    is_odd,
    logins_of,
    name_words,
    single_names,
)
from mlops_mentor.publish.privacy.accounts import word_accounts
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.places import (
    PERSON,
    PERSON_LABEL,
    REPOSITORY,
    REPOSITORY_LABEL,
    TEACHER,
    TEACHER_LABEL,
    Place,
)
from mlops_mentor.publish.privacy.views import View, simple, skeleton, squeezed

TOKEN = re.compile(r"[^\W\d_]+|\d+")
_HOSTS = r"(?:github|gitlab|bitbucket|huggingface|hf|wandb|kaggle|linkedin|ghcr|docker|codecov)\.\w{2,3}/"
_ACCOUNT = re.compile(
    rf"(?:{ACCOUNT}|{_HOSTS}(?:in/|u/|r/|gh/|users/|spaces/|datasets/)?)(?P<login>[a-z0-9][\w-]{{0,63}})"
)
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
# `@app.post(` and `@cache` of code are no accounts.
_IS_CODE = re.compile(r"\.\w|\(")
# Between two words of a name may stand the initials of others.
_BETWEEN_NAMES = re.compile(r"[\W_]{0,16}(?:[^\W\d_][\W_]{1,8}){0,3}")
_DIGIT_FOLLOWS = re.compile(r"\.\d")
_BETWEEN_PARTS = re.compile(r"[._-]{0,2}")
_MAX_WORDS = 5
_MIN_GLUED, _MIN_SQUEEZED, _MIN_ALONE = 6, 9, 3
_GRAM = 4
Key = TypeVar("Key", bound=Hashable)
# Files of ours whose words stand in everybody's texts.
_OURS = (
    ("mlops_mentor.feedback", "rubric.yaml"),
    ("mlops_mentor.feedback.rules", "rules.yaml"),
    ("mlops_mentor.evidence.checklist", "items.yaml"),
)


@dataclass
class _Known:
    """Who is meant by a key: what stands there instead, for whom it is a member."""

    label: str
    kind: str
    labels: dict[str, str] = field(default_factory=dict)
    # Whether nothing may stand directly before or behind it.
    is_whole: bool = True


class Lookup:
    """The keys of a class, made once."""

    def __init__(self, known: KnownPeople) -> None:
        self._common = common_words()
        self._ours = self._common | our_words()
        # Sequences of words, with what may part them; words on their own; what is found without any borders.
        self._names: dict[tuple[str, ...], _Known] = {}
        self._parts: dict[tuple[str, ...], _Known] = {}
        self._squeezed: dict[str, _Known] = {}
        self._accounts: dict[str, _Known] = {}
        self._addresses: dict[str, _Known] = {}
        self._alone: dict[str, _Known] = {}
        self._groups_of: dict[str, set[str]] = defaultdict(set)
        for name in known.teachers:
            self._add_teacher(name)
        for someone in known.everyone:
            self._add_person(someone.person, someone.group)
        for repository in known.repositories:
            if repository.is_distinctive:
                self._add_parts(repository.name, _Known(REPOSITORY_LABEL, REPOSITORY, is_whole=False))
            for owner in repository.owners:
                self._add_login(owner, _Known(REPOSITORY_LABEL, REPOSITORY), None)
                if repository.group is not None:
                    self._note(repository.group, owner)
        # By its first word, how many words a sequence has at most.
        self._longest: dict[str, int] = {}
        for words in (*self._names, *self._parts):
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))
        self._grams: dict[str, list[str]] = defaultdict(list)
        for key in self._squeezed:
            self._grams[key[:_GRAM]].append(key)

    def concerned(self, view: View) -> frozenset[str]:
        """Groups of whom the text has a word of somebody's name: no other has to be looked at closely."""
        words = {skeleton(match.group()) for match in TOKEN.finditer(view.text)}
        return frozenset().union(*(self._groups_of[word] for word in words if word in self._groups_of))

    def found(self, view: View) -> Iterator[Place]:
        """Where the text has a key; places are those of the original text and may overlap."""
        for start, end, known in (*self._sequences(view.text), *self._marked(view.text)):
            yield Place(*view.original(start, end), known.label, known.kind, known.labels)
        bare = squeezed(view)
        for start, end, known in self._without_borders(bare.text):
            yield Place(*bare.original(start, end), known.label, known.kind, known.labels)

    def _sequences(self, text: str) -> Iterator[tuple[int, int, _Known]]:
        tokens = [(match.start(), match.end(), skeleton(match.group())) for match in TOKEN.finditer(text)]
        for start, end, word in tokens:
            if word in self._alone and text[start].isupper():
                yield start, end, self._alone[word]
        yield from self._longest_of(tokens, text)
        without_initials = [token for token in tokens if token[1] - token[0] > 1 or token[2].isdecimal()]
        if len(without_initials) < len(tokens):
            yield from self._longest_of(without_initials, text)

    def _longest_of(self, tokens: list[tuple[int, int, str]], text: str) -> Iterator[tuple[int, int, _Known]]:
        """Of what begins at each token, the longest that is a key."""
        for i, (start, _, word) in enumerate(tokens):
            for length in range(min(self._longest.get(word, 0), len(tokens) - i), 0, -1):
                key = tuple(token[2] for token in tokens[i : i + length])
                gaps = [text[tokens[j][1] : tokens[j + 1][0]] for j in range(i, i + length - 1)]
                stop = tokens[i + length - 1][1]
                known = self._of_sequence(key, gaps, text[max(0, start - 1) : start], text[stop : stop + 2])
                if known is not None:
                    yield start, stop, known
                    break

    def _of_sequence(self, key: tuple[str, ...], gaps: list[str], before: str, after: str) -> _Known | None:
        if key in self._names and all(_BETWEEN_NAMES.fullmatch(gap) for gap in gaps):
            return self._names[key]
        known = self._parts.get(key)
        if known is None or (known.is_whole and (before.isalnum() or after[:1].isalnum())):
            return None
        # Digits of a fraction are nobody's number.
        if key[-1].isdecimal() and ((len(key) == 1 and before == ".") or _DIGIT_FOLLOWS.match(after)):
            return None
        return known if all(_BETWEEN_PARTS.fullmatch(gap) for gap in gaps) else None

    def _marked(self, text: str) -> Iterator[tuple[int, int, _Known]]:
        for match in _ACCOUNT.finditer(fold(text)):
            known = self._accounts.get(match["login"].strip("-_"))
            is_code = match.group().startswith("@") and _IS_CODE.match(text, match.end())
            if known is not None and not is_code:
                yield *match.span("login"), known
        for match in _ADDRESS.finditer(text) if "@" in text else ():
            address = match.group().casefold()
            # In the name of a file an ending follows.
            while address not in self._addresses and "." in address.partition("@")[2]:
                address = address.rpartition(".")[0]
            if address in self._addresses:
                yield match.start(), match.start() + len(address), self._addresses[address]

    def _without_borders(self, text: str) -> Iterator[tuple[int, int, _Known]]:
        for i in range(len(text) - _GRAM + 1):
            for key in self._grams.get(text[i : i + _GRAM], ()):
                if text.startswith(key, i):
                    yield i, i + len(key), self._squeezed[key]

    def _add_person(self, person: Person, group: str | None) -> None:
        label = person.label if group is not None and person.label else None

        def known() -> _Known:
            return _Known(PERSON_LABEL, PERSON, {group: label} if group is not None and label is not None else {})

        for name in person.names:
            self._add_name(name, known(), group)
        for login in logins_of(person):
            self._add_login(login, known(), group)
        for login in word_accounts(person, self._ours):
            self._add_parts(login, replace(known(), is_whole=False))
        for word in single_names(person, self._common):
            if group is not None:
                self._note(group, word)
        for email in person.emails:
            _add(self._addresses, email.casefold(), known())
        for number in person.study_numbers:
            _add(self._names, tuple(TOKEN.findall(number.lower())), known())
            if number[1:].isdecimal() and not number.endswith("00"):
                _add(self._parts, (number[1:],), known())

    def _add_name(self, name: str, known: _Known, group: str | None) -> None:
        words = name_words(name)
        if group is not None:
            self._note(group, *words)
        if len(words) < 2 or all(fold(word) in self._ours for word in words):
            return
        folded = [skeleton(word) for word in words]
        pairs = [
            (first, second)
            for first, second in permutations(range(min(len(words), _MAX_WORDS)), 2)
            if len(words[first] + words[second]) >= 7 and not {fold(words[first]), fold(words[second])} <= self._ours
        ]
        for key in [tuple(folded[:_MAX_WORDS]), *((folded[i], folded[j]) for i, j in pairs)]:
            glued = skeleton("".join(key))
            _add(self._names, key, known)
            if len(glued) >= _MIN_GLUED:
                _add(self._names, (glued,), known)
                if group is not None:
                    self._groups_of[glued].add(group)
        for i, j in pairs:
            for glued in {simple(words[i] + words[j]), folded[i] + folded[j]}:
                if len(glued) >= _MIN_SQUEEZED:
                    _add(self._squeezed, glued, known)

    def _add_login(self, login: str, known: _Known, group: str | None) -> None:
        if group is not None:
            self._note(group, login)
        if len(login) > 2 and fold(login) not in self._ours:
            _add(self._accounts, fold(login), known)
        if is_odd(login, self._ours):
            self._add_parts(login, known)

    def _add_parts(self, name: str, known: _Known) -> None:
        key = tuple(skeleton(part) for part in TOKEN.findall(name))
        if key:
            _add(self._parts, key, known)

    def _add_teacher(self, name: str) -> None:
        known = _Known(TEACHER_LABEL, TEACHER)
        self._add_name(name, known, None)
        is_address = private.E_MAIL.fullmatch(name) is not None
        person = Person("", (name,) if not is_address else (), (name.lower(),) if is_address else ())
        for login in logins_of(person):
            self._add_login(login, known, None)
        for email in person.emails:
            _add(self._addresses, email, known)
        for word in name_words(name):
            if len(word) >= _MIN_ALONE and fold(word) not in self._ours and not is_address:
                _add(self._alone, skeleton(word), known)

    def _note(self, group: str, *words: str) -> None:
        for word in words:
            for token in TOKEN.findall(word):
                self._groups_of[skeleton(token)].add(group)


@cache
def our_words() -> frozenset[str]:
    """Words of our own texts: a student who is called `Exam Report` shall not change the texts of the class."""
    texts = (files(package).joinpath(name).read_text("utf-8") for package, name in _OURS)
    return frozenset(word for text in texts for word in re.findall(r"[a-z]{2,}", text.lower()))


def _add(index: dict[Key, _Known], key: Key, known: _Known) -> None:
    """Who is the first under a key stays; each group has its own label."""
    there = index.setdefault(key, known)
    if there is not known:
        labels = {**known.labels, **there.labels}
        index[key] = _Known(there.label, there.kind, labels, there.is_whole and known.is_whole)
