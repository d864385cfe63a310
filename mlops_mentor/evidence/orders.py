"""Orders: sentences in a text that tell a reviewing program or an assistant what to answer.

Belongs here: what such a sentence looks like, as families of words (`orders.yaml`) near each other, in any reading that
`disguises` gives. Agents' files that describe how to work on the code hold none: "you are an expert" and "never skip
tests" are no orders about a review. Prompts of projects about language models that judge answers hold none either.

An order is certain where it says what is to be answered and to whom. What is less than certain is not shown to a
reviewer, and raises no flag: a project that defends itself against such sentences has to quote them.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from mlops_mentor.evidence.disguises import folded, other_readings
from mlops_mentor.evidence.order_clues import (
    AROUND,
    Seen,
    decided,
    has_own_work,
    is_about_answers,
    is_addressed,
    is_defended,
    is_given_to_own_work,
    is_greeted,
    is_to_a_machine,
    tops,
)
from mlops_mentor.evidence.order_pleas import PLEAS
from mlops_mentor.evidence.order_signs import weighed
from mlops_mentor.evidence.order_words import Words, anchors

# An order is looked for where, within so many characters, something says to whom it speaks and what it is about.
_REACH = 350
# Parts of words of an order, one of which a path that is one has; or letters that may stand for others.
LIKELY_PATH = (
    r"(?i)review|grad|assist|instru[ck]|prompt|scor|mark|point|ignor|forget|disregard|punkt|note|karakter|bewert|bedom"
    r"|examin|judge|lenien|prais|flawless|credit|calific|anweis|consign|[^\x00-\x7f]|[i1][gq]n[o0]r"
)
_LIKELY_PATH = re.compile(LIKELY_PATH)
# A path has few words; case tells them apart.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|[_./-]")


@dataclass(frozen=True)
class Order:
    """The lines (from 1, both included) that hold one, and whether it is certain."""

    first_line: int
    last_line: int
    is_certain: bool


def find_orders(text: str) -> list[Order]:
    """The orders in a text by line, the certain ones first where lines are the same."""
    return find_orders_in([text])[0]


def find_orders_in(texts: Sequence[str]) -> list[list[Order]]:
    """The orders in each of the texts: many at once take less time."""
    # Halves of characters are in no table.
    texts = [text if text.isascii() else text.encode("utf-8", "replace").decode() for text in texts]
    plain = [folded(text) for text in texts]
    readings = [*enumerate(plain), *other_readings(texts, plain)]
    found: list[set[Order]] = [set() for _ in texts]
    contents = pl.Series([reading for _, reading in readings], dtype=pl.String)
    whom = contents.str.find_many(list(anchors("whom")), overlapping=True).to_list()
    # What speaks to nobody is not asked what it is about.
    speaking = [reading if to_whom else "" for (_, reading), to_whom in zip(readings, whom, strict=True)]
    what = pl.Series(speaking, dtype=pl.String).str.find_many(list(anchors("what")), overlapping=True).to_list()
    for number, ((i, reading), to_whom, about) in enumerate(zip(readings, whom, what, strict=True)):
        seen: list[Order] = []
        for begin, end in _windows(reading, to_whom, about):
            seen += _orders_of(Words(reading, begin, end, is_run_together=number >= len(texts)))
        # Nobody hides by accident what the text as it stands does not say.
        found[i].update(
            seen
            if number < len(texts)
            else [replace(order, is_certain=True) for order in seen if not _is_in(order, found[i])]
        )
    return [sorted(each, key=lambda order: (order.first_line, order.last_line, not order.is_certain)) for each in found]


def _is_in(order: Order, known: Iterable[Order]) -> bool:
    return any(each.first_line <= order.last_line and order.first_line <= each.last_line for each in known)


def order_in_path(path: str) -> Order | None:
    """The first order in the words of a path, the certain ones first."""
    return orders_in_paths([path])[0]


def orders_in_paths(paths: Sequence[str]) -> list[Order | None]:
    """The first order in the words of each of the paths."""
    return orders_of([], paths)[1]


def orders_of(texts: Sequence[str], paths: Sequence[str]) -> tuple[list[list[Order]], list[Order | None]]:
    """The orders in texts and in paths at once, which takes less time."""
    likely = [path for path in dict.fromkeys(paths) if _LIKELY_PATH.search(path)]
    if not texts and not likely:
        return [], [None] * len(paths)
    orders = find_orders_in([*texts, *(" ".join(_HUMP.split(path)) for path in likely)])
    found = {
        path: min(each, key=lambda order: not order.is_certain, default=None)
        for path, each in zip(likely, orders[len(texts) :], strict=True)
    }
    return orders[: len(texts)], [found.get(path) for path in paths]


def _windows(text: str, whom: Sequence[int], what: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Parts of the text to look at, each from a blank or another sign to another."""
    begin = end = -1
    for at in whom:
        i = bisect_left(what, at - _REACH)
        if i == len(what) or what[i] > at + _REACH:
            continue
        if at - _REACH > end:
            if end >= 0:
                yield _whole_words(text, begin, end)
            begin = max(0, at - _REACH)
        end = at + _REACH
    if end >= 0:
        yield _whole_words(text, begin, end)


def _whole_words(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin > 0 and text[begin - 1].isalnum() and end - begin < 3 * _REACH:
        begin -= 1
    return begin, min(end, len(text))


def _orders_of(words: Words) -> Iterator[Order]:
    spans: dict[tuple[int, int], bool] = {}
    for rule in _RULES:
        for first, last, is_certain in rule(words):
            spans[first, last] = spans.get((first, last), False) or is_certain
    for (first, last), is_certain in spans.items():
        yield Order(*words.lines(first, last), is_certain)


def _overrides(words: Words) -> Seen:
    """Whoever reads is told to drop what they were told; `all` and `the` also stand in instructions for installing."""
    for at in words.all("override"):
        if words.next("not", at - 3, at) is not None:
            continue
        rules = words.next("rules", at + 1, at + 8)
        everything = words.next("everything", at + 1, at + 4)
        if rules is not None:
            former = words.next("former", at + 1, rules)
            is_any = words.next("any", at + 1, rules) is not None or words.next("rules", at + 1, at + 2) is not None
            is_mild = words.next("mild_override", at, at + 1) is not None
            if former is not None and not is_mild:
                yield at, rules, _is_about_a_mark(words, at) or not (words.is_quoted(at) or is_defended(words, at))
            elif (former is not None or is_any) and _is_about_a_mark(words, at):
                yield at, rules, True
            continue
        before = None if everything is None else words.next("before", everything, everything + 8)
        if before is not None and _is_about_a_mark(words, at):
            yield at, before, True


def _top_scores(words: Words) -> Seen:
    """The highest mark, asked for, or said to be decided."""
    for first, last, is_named in tops(words):
        begin = max(0, first - 12)
        give = words.last("give", begin, first + 1)
        is_polite = words.next("polite", begin, last + 8) is not None
        is_wanted = is_polite or words.next("get", begin, last + 8) is not None
        own = has_own_work(words, begin, last + 10)
        is_direct = words.last("direct_give", max(0, first - 7), first + 1) is not None
        is_asked = give is not None or is_wanted
        is_to_machine = (is_direct or own or is_wanted) and is_to_a_machine(words, first)
        if is_asked and (is_to_machine or is_greeted(words, first)):
            # What something should be is said of scores of all kinds.
            is_request = give is not None or is_polite or is_greeted(words, first)
            is_certain = own or (is_request and not is_about_answers(words, last))
            yield min(first, give if give is not None else first), last, is_certain
        elif is_named and (said_at := decided(words, first, last)) is not None:
            yield min(first, said_at), max(last, said_at), True
        elif is_named and own and is_given_to_own_work(words, begin, last):
            yield begin if give is None else give, last, True


def _silences(words: Words) -> Seen:
    """What is not to be said: weaknesses, points to deduct."""
    for at in words.all("not"):
        verb = words.next("criticise", at + 1, at + 4)
        if verb is None:
            continue
        is_penalty = words.next("penalise", verb, verb + 1) is not None
        flaw = words.next("flaw", verb + 1, verb + 8)
        if (flaw is not None or is_penalty) and is_addressed(words, at):
            yield at, flaw if flaw is not None else verb, True
        elif is_penalty and flaw is not None and has_own_work(words, at, flaw + 8):
            yield at, flaw, True


def _favours(words: Words) -> Seen:
    """Leniency, praise, a pass: asked of a reviewer."""
    for family in ("lenient", "praise", "approve"):
        for at in words.all(family):
            is_said = family == "lenient" or words.last("say", max(0, at - 9), at) is not None
            own = has_own_work(
                words, at + 1 if family == "approve" else max(0, at - 12), at + (4 if family == "approve" else 12)
            )
            is_asked = own if family == "approve" else is_said
            if is_asked and (is_greeted(words, at) or (own and is_to_a_machine(words, at))):
                yield at, at, not is_about_answers(words, at)


def _answers(words: Words) -> Seen:
    """What poses as an answer that has been given: the fields of one, with a score."""
    for at in words.all("number"):
        mark = words.last("marks", max(0, at - 4), at)
        if mark is None:
            continue
        begin, end = max(0, mark - 25), at + 40
        fields = words.among("field", begin, end)
        if len(fields & {"strengths", "improvements", "weaknesses", "confidence", "summary"}) >= 2:
            yield mark, at, len(fields) >= 3 or "strengths" in fields


def _roles(words: Words) -> Seen:
    """A marker that lets somebody else speak, and then a mark or what is to be forgotten."""
    for at in words.roles:
        top = next(((first, last) for first, last, is_named in tops(words, at, at + 40) if is_named), None)
        rules = words.next("override", at, at + 15)
        if rules is not None and words.next("rules", rules, rules + 8) is not None:
            yield at, rules, _is_about_a_mark(words, rules)
        if top is not None and words.next("give", at, top[1]) is not None:
            is_plain = words.next("highest", top[0], top[0] + 1) is not None or has_own_work(words, at, top[1] + 8)
            yield at, top[1], is_plain and not is_about_answers(words, top[1])


def _is_about_a_mark(words: Words, at: int) -> bool:
    """Whether whoever is told to forget something is a reviewer, or told what to answer, too."""
    begin, end = max(0, at - AROUND), at + AROUND
    is_mark = next((True for _, _, is_named in tops(words, begin, end) if is_named), False)
    is_approval = words.next("approve", at, end) is not None and not is_defended(words, at)
    return is_mark or is_approval or words.next("direct_give", at, end) is not None or is_addressed(words, at)


_RULES: Sequence[Callable[[Words], Seen]] = (
    _overrides,
    _top_scores,
    _silences,
    _favours,
    _answers,
    _roles,
    weighed,
    *PLEAS,
)
