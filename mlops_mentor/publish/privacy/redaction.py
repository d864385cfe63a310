"""Redaction: a text as others than its group may read it.

Belongs here: what is replaced, and by what. The same person is the same `[member A]` as in the group's feedback packs,
whoever belongs to another group is `[person]`. Whether anything was overlooked is for `inspection` to see, which knows
nothing of this.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mlops_mentor.feedback.packs.names import Names, common_words, single_names
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.links import Links, images, whole_addresses
from mlops_mentor.publish.privacy.lookup import TOKEN, Lookup
from mlops_mentor.publish.privacy.places import MEMBER, PERSON_LABEL, REPOSITORY, SECRET, SECRET_LABEL, Place, replaced
from mlops_mentor.publish.privacy.shapes import shapes
from mlops_mentor.publish.privacy.views import View, as_it_reads, skeleton

_A_PATH = re.compile(r"(?<![\w/.:-])[\w.+@-]{0,200}(?:/[\w.+@-]{1,200}){1,40}")

_CAPITAL = re.compile(r"(?<![\w./-])[^\W\d_]{3,64}(?![\w/(=\[-])")


@dataclass(frozen=True)
class Redacted:
    """The text without what must not be read, and how often something of a kind was replaced."""

    text: str = field(repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Seen:
    """What is the same for every group: how the text reads, what stands in it, whose names it may have."""

    views: tuple[View, ...]
    places: tuple[Place, ...]
    protected: tuple[tuple[int, int], ...]
    concerned: frozenset[str]


class Redaction:
    """Redacts texts of a class. A text that several groups have is looked at once.

    `secrets` are values that a scanner saw, by text. Unless `show_addresses`, nothing leads to a repository.
    """

    def __init__(
        self, known: KnownPeople, *, show_addresses: bool, secrets: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self._known = known
        self._lookup = Lookup(known)
        shown = [each for each in known.repositories if each.is_shown] if show_addresses else []
        self._shown = Links(replace(known, repositories=tuple(shown), commits=frozenset()))
        hidden = tuple(each for each in known.repositories if each not in shown)
        self._hidden = Links(
            replace(known, repositories=hidden, commits=frozenset() if show_addresses else known.commits)
        )
        self._show_addresses = show_addresses
        self._secrets = secrets or {}
        self._names: dict[str, Names] = {}
        self._single: dict[str, dict[str, str]] = {}
        self._seen: dict[str, _Seen] = {}
        self._done: dict[tuple[str, str, bool], Redacted] = {}

    def redact(self, group: str, text: str, *, is_path: bool = False) -> Redacted:
        """The text of the group of this public name."""
        seen = self._seen.get(text)
        if seen is None:
            seen = self._seen[text] = self._look(text)
        if not seen.places and group not in seen.concerned:
            return Redacted(text)
        key = (group, text, is_path)
        if key not in self._done:
            self._done[key] = self._redact(group, text, seen, is_path=is_path)
        return self._done[key]

    def _look(self, text: str) -> _Seen:
        views = as_it_reads(text)
        places = [*shapes(text), *images(text), *self._known_secrets(text)]
        protected: list[tuple[int, int]] = []
        for view in views:
            places += self._lookup.found(view)
            if view.text != text:
                places += [_back(place, view) for place in shapes(view.text)]
            if self._show_addresses:
                protected += self._shown.protected(view)
        if self._show_addresses:
            places = [place for place in places if place.kind != REPOSITORY]
        for view in views:
            places += self._hidden.found(text, view)
        concerned = frozenset().union(*map(self._lookup.concerned, views))
        return _Seen(views, tuple(places), tuple(protected), concerned)

    def _redact(self, group: str, text: str, seen: _Seen, *, is_path: bool) -> Redacted:
        places = [place.of(group) for place in seen.places]
        if group in seen.concerned:
            for view in seen.views:
                places += self._people(group, text, view, is_path=is_path)
        if not self._show_addresses:
            places += [whole for view in seen.views for whole in whole_addresses(view, places)]
        kept = [
            place
            for place in places
            if not any(start < place.end and place.start < end for start, end in seen.protected)
        ]
        counts: Counter[str] = Counter()
        return Redacted(replaced(text, kept, counts), counts)

    def _people(self, group: str, text: str, view: View, *, is_path: bool) -> Iterator[Place]:
        names = self._names_of(group)
        for start, end, label in names.found(view.text):
            yield Place(*view.original(start, end), label, MEMBER)
        if view.text != text:
            yield from (Place(start, end, label, MEMBER) for start, end, label in names.found(text))
        single = self._single_of(group)
        spans = [(0, len(view.text))] if is_path else self._alone_in(view.text)
        for begin, stop in spans:
            for match in TOKEN.finditer(view.text, begin, stop):
                if (of_token := single.get(skeleton(match.group()))) is not None:
                    yield Place(*view.original(*match.span()), of_token, MEMBER)

    @staticmethod
    def _alone_in(text: str) -> list[tuple[int, int]]:
        """Where a first or last name alone is somebody's: in paths, and with a capital where prose is."""
        paths = [match.span() for match in _A_PATH.finditer(text)]
        return paths + [match.span() for match in _CAPITAL.finditer(text) if match.group()[0].isupper()]

    def _names_of(self, group: str) -> Names:
        if group not in self._names:
            self._names[group] = Names(self._known.identities[group])
        return self._names[group]

    def _single_of(self, group: str) -> dict[str, str]:
        """First and last names alone, which in a path are somebody's."""
        if group not in self._single:
            common = common_words()
            self._single[group] = {
                skeleton(word): someone.person.label or PERSON_LABEL
                for someone in reversed(self._known.everyone)
                if someone.group == group
                for word in single_names(someone.person, common)
            }
        return self._single[group]

    def _known_secrets(self, text: str) -> Iterator[Place]:
        for value in self._secrets.get(text, ()):
            start = text.find(value)
            while start >= 0:
                yield Place(start, start + len(value), SECRET_LABEL, SECRET)
                start = text.find(value, start + len(value))


def _back(place: Place, view: View) -> Place:
    return Place(*view.original(place.start, place.end), place.label, place.kind)
