"""What a group claims: the boxes of its report, each matched to the item that its text names.

Belongs here: matching texts and reading marks. What the repository shows is for the detectors, and what a claim is
worth beside it for `verdicts`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache

from mlops_mentor.evidence.checklist.boxes import Box, boxes_in
from mlops_mentor.evidence.checklist.items import Checklist, checklist
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.evidence.report.templates import words_of

# So alike are two texts of one item; measured on reports of five years (with every item's text edited by hand besides).
_LEAST_RATIO = 0.72
# So much more than the next item: some differ in a word or two.
_LEAST_MARGIN = 0.06
# Comparing costs: so many texts that are no item's own are compared. No report has as many boxes.
_MOST_COMPARED = 150
_MODULE = re.compile(r"\(?\bM[0-9]{1,2}(?:[ +/,&]{1,3}M[0-9]{1,2}){0,3}\b\)?", re.IGNORECASE)
_AROUND = " \t\xa0\u200b\ufe0f*`"
_EXACT, _BEGINS, _ALIKE = 0, 1, 2


@dataclass(frozen=True)
class Claim:
    """What the box of one item says, where it stands (line from 1), and what stands in it.

    `claimed` is `missing` where the report has no box for it, `unknown` where its mark means neither, or where two
    boxes say different things (`is_disputed`). `line` of a missing one is where the item stands without a box, if it
    does.
    """

    claimed: str
    line: int | None = None
    mark: str | None = None
    is_disputed: bool = False


@dataclass(frozen=True)
class Claims:
    """The claims by item, every item of the checklist being there.

    `path` is the report, None without one. `asked` are the items that the group's list has, none where it has no list.
    `unmatched` are boxes whose texts are no item's, now or before. `unread` says why a report could not be read.
    """

    of: Mapping[str, Claim]
    path: str | None = None
    asked: frozenset[str] = frozenset()
    num_boxes: int = 0
    unmatched: tuple[Box, ...] = field(default=(), repr=False)
    unread: str | None = None


def read_claims(report: Report | NoReport) -> Claims:
    """What the report claims of every item. A report that cannot be read claims nothing that is known."""
    items = checklist().items
    if isinstance(report, NoReport):
        is_unread = report.outcome != "no"
        claim = Claim("unknown" if is_unread else "missing")
        return Claims({item.id: claim for item in items}, report.path, unread=report.reason if is_unread else None)
    return claims_in(report.lines, report.path, report.content.template.version)


def claims_in(lines: Sequence[str], path: str, version: str) -> Claims:
    """The claims in a report's lines, whose template is of that version."""
    matched: dict[str, list[tuple[int, Box]]] = {}
    bare: dict[str, int] = {}
    unmatched: list[Box] = []
    found = boxes_in(lines)
    boxes = [box for box in found if box.mark is not None]
    for box, (item_id, rank) in zip(boxes, _matches([box.text for box in boxes]), strict=True):
        if item_id:
            matched.setdefault(item_id, []).append((rank, box))
        elif rank != _EXACT and _is_mark(box):
            unmatched.append(box)
    for box in found:
        item_id = _texts().named(_own_words(box.text))[0] if box.mark is None else None
        if item_id:
            bare.setdefault(item_id, box.line)
    claims = {
        item.id: _claim(matched[item.id]) if item.id in matched else Claim("missing", bare.get(item.id))
        for item in checklist().items
    }
    asked = checklist().asked(version) if matched or bare else frozenset()
    return Claims(claims, path, asked | matched.keys(), len(boxes), tuple(unmatched))


def _claim(boxes: Sequence[tuple[int, Box]]) -> Claim:
    """What the boxes say whose texts fit best: one answer, or none that is known."""
    best = min(rank for rank, _ in boxes)
    own = [box for rank, box in boxes if rank == best]
    said = {_meaning(box.mark or "") for box in own}
    is_disputed = len(said) > 1
    return Claim("unknown" if is_disputed else said.pop(), own[0].line, (own[0].mark or "").strip(), is_disputed)


def _meaning(mark: str) -> str:
    marks = checklist().marks
    inner = mark.strip(_AROUND).casefold()
    if not inner and mark.strip():
        return "unknown"
    return "yes" if inner in marks.yes else "no" if inner in marks.no else "unknown"


def _is_mark(box: Box) -> bool:
    """Not a reference such as [12], nor a word in brackets."""
    mark = (box.mark or "").strip()
    return _meaning(mark) != "unknown" or not any(char.isalnum() for char in mark)


@dataclass(frozen=True)
class _Texts:
    """The wordings: by their words the item's id, None for those that no item continues; and as texts to compare."""

    by_words: Mapping[tuple[str, ...], str | None]
    lengths: tuple[int, ...]
    compared: tuple[tuple[str | None, str], ...]

    def named(self, words: tuple[str, ...]) -> tuple[str | None, int]:
        """(item, rank) of the wording that is, or begins, these words; rank `_ALIKE` where there is none."""
        if words in self.by_words:
            return self.by_words[words], _EXACT
        for length in self.lengths:
            if words[:length] in self.by_words:
                return self.by_words[words[:length]], _BEGINS
        return None, _ALIKE


@cache
def _texts() -> _Texts:
    return _texts_of(checklist())


def _texts_of(the_checklist: Checklist) -> _Texts:
    by_words: dict[tuple[str, ...], str | None] = {}
    for item in the_checklist.items:
        by_words |= {words_of(text): item.id for text in item.texts}
    by_words |= {words_of(text): None for text in the_checklist.retired}
    lengths = tuple(sorted({len(words) for words in by_words}, reverse=True))
    return _Texts(by_words, lengths, tuple((item_id, " ".join(words)) for words, item_id in by_words.items()))


def _own_words(text: str) -> tuple[str, ...]:
    """The words of a box without the module; what a group wrote behind it is a remark."""
    head = _MODULE.split(text, maxsplit=1)[0]
    return words_of(head) or words_of(text)


def _matches(texts: Iterable[str]) -> list[tuple[str | None, int]]:
    """(item, rank) of each text; a text of an earlier list that no item continues has neither, at rank `_EXACT`."""
    known: dict[tuple[str, ...], tuple[str | None, int]] = {}
    num_compared = 0
    found = []
    for text in texts:
        words = _own_words(text)
        if words not in known:
            item_id, rank = _texts().named(words)
            if rank == _ALIKE and num_compared < _MOST_COMPARED:
                num_compared += 1
                item_id, rank = _most_alike(" ".join(words))
            known[words] = (item_id, rank if item_id else (_EXACT if rank != _ALIKE else _ALIKE))
        found.append(known[words])
    return found


def _most_alike(text: str) -> tuple[str | None, int]:
    """The item whose wording is nearest, if it is near and no other's is nearly as near; a retired one as any other."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(text)
    best: dict[str | None, tuple[float, str]] = {}
    for item_id, wording in _texts().compared:
        matcher.set_seq1(wording)
        least = max(best.get(item_id, (0.0, ""))[0], _LEAST_RATIO - _LEAST_MARGIN)
        if matcher.real_quick_ratio() > least and matcher.quick_ratio() > least and matcher.ratio() > least:
            best[item_id] = (matcher.ratio(), wording)
    ranked = sorted(
        ((ratio, item_id, wording) for item_id, (ratio, wording) in best.items()), key=lambda each: -each[0]
    )
    if not ranked or ranked[0][0] < _LEAST_RATIO:
        return None, _ALIKE
    ratio, nearest, wording = ranked[0]
    if (len(ranked) > 1 and ratio - ranked[1][0] < _LEAST_MARGIN) or _is_common(text, nearest, wording):
        return None, _ALIKE
    return nearest, _ALIKE if nearest else _EXACT


def _is_common(text: str, item_id: str | None, wording: str) -> bool:
    """Whether all that a text has of an item's wording is in another item's too: "Write unit tests related to"."""
    shared = set(text.split()) & set(wording.split())
    return any(other != item_id and shared <= set(words.split()) for other, words in _texts().compared)
