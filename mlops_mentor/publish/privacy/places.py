"""Places: where in a text something stands that is replaced, and by what.

Belongs here: what a place is, and replacing several that overlap.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MEMBER, PERSON, TEACHER = "member", "person", "teaching assistant"
REPOSITORY, COMMIT, LINK, IMAGE = "repository", "commit", "link", "image"
SECRET = "secret"  # noqa: S105
PERSON_LABEL, TEACHER_LABEL = "[person]", "[teaching assistant]"
REPOSITORY_LABEL, COMMIT_LABEL, SECRET_LABEL = "[repository]", "[commit]", "[secret]"
# What stands in place of something: ours, or of the feedback packs.
LABEL = re.compile(r"\[[a-z][a-z-]{0,20}(?: [a-zA-Z]{1,20}){0,2}\]")
# Of what is as long: the first of these.
_RANKS = (MEMBER, TEACHER, PERSON, COMMIT, SECRET, REPOSITORY)
_PAIRED = "*`~"


@dataclass(frozen=True)
class Place:
    """`text[start:end]` is replaced by `label`; `labels` are those of groups (public names) that have one of their own.

    `kind` is what is counted; empty for what belongs to a place that is counted elsewhere.
    """

    start: int
    end: int
    label: str
    kind: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def of(self, group: str) -> "Place":
        """The same as the group reads it."""
        label = self.labels.get(group)
        return Place(self.start, self.end, label, MEMBER) if label is not None else self


def replaced(text: str, places: Iterable[Place], counts: Counter[str]) -> str:
    """The text with all places replaced, and their kinds added to `counts`.

    Places that overlap are one, with the label of the longest: nothing of any is left.
    """
    parts, last = [], 0
    for place in _merged(places):
        start, end = _with_markup(text, place, last)
        parts += [text[last:start], place.label]
        last = end
        if place.kind:
            counts[place.kind] += 1
    return "".join([*parts, text[last:]]) if parts else text


def _merged(places: Iterable[Place]) -> list[Place]:
    merged: list[Place] = []
    for place in sorted(places, key=lambda each: (each.start, -each.end, _rank(each), each.label)):
        if not merged or place.start >= merged[-1].end:
            merged.append(place)
            continue
        before = merged[-1]
        best = min(before, place, key=lambda each: (each.start - each.end, _rank(each), each.start, each.label))
        merged[-1] = Place(before.start, max(before.end, place.end), best.label, best.kind)
    return merged


def _rank(place: Place) -> int:
    return _RANKS.index(place.kind) if place.kind in _RANKS else len(_RANKS)


def _with_markup(text: str, place: Place, last: int) -> tuple[int, int]:
    """The place with the other half of an emphasis of which one half is in it."""
    start, end = place.start, place.end
    if not place.label:
        return start, end
    for mark in _PAIRED:
        if text.count(mark, start, end) % 2 == 0 and f"{mark}{mark}" not in text[start:end]:
            continue
        while end < len(text) and text[end] == mark:
            end += 1
        if end == place.end:
            while start > last and text[start - 1] == mark:
                start -= 1
    return start, end
