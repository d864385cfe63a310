"""Order signs: many small signs that together make an order, none of which says much alone.

Belongs here: what each weighs, and how much is enough. The weights were set with the texts of public projects and of
tests at hand; sentences that speak of reviews weigh less than those that ask for something.
"""

from collections.abc import Iterator

from mlops_mentor.evidence.order_clues import FROM, Seen, has_own_work, is_about_answers
from mlops_mentor.evidence.order_words import Words

# What each sign weighs where none of the rules above holds, within so many words of what is asked for.
_WEIGHTS = {"weighed_machine": 1.5, "speaks_to": 1.5, "grades": 0.7, "give": 0.8, "say": 0.7,
            "greeting": 0.7, "polite": 0.7, "you": 0.5, "bound": 0.5,
            "staff": 1, "said": 1, "earlier": 0.3, "wanted": 0.7, "us": 0.5}  # fmt: skip
_WINDOW, _ENOUGH, _LIKELY = 12, 5.15, 4.7


def weighed(words: Words) -> Seen:
    """Many signs together, none of which says much alone."""
    for first, last, goal in _goals(words):
        begin, end = max(0, first - _WINDOW), last + _WINDOW
        weight = goal + sum(value for family, value in _WEIGHTS.items() if words.next(family, begin, end) is not None)
        weight += 1.5 if has_own_work(words, begin, end) else 0
        weight += 1.5 if _ends_rules(words, begin, end) else 0
        is_asked = any(words.next(family, begin, end) is not None for family in _ASKING)
        is_spoken_to = any(words.next(family, begin, end) is not None for family in _SPOKEN_TO)
        if weight >= _LIKELY and is_asked and is_spoken_to and not is_about_answers(words, last):
            yield first, last, weight >= _ENOUGH


_ASKING = ("give", "say", "greeting", "polite", "you", "bound", "staff", "wanted", "ends_rules")
_SPOKEN_TO = ("weighed_machine", "speaks_to", "staff", "self", "ends_rules")


def _goals(words: Words) -> Iterator[tuple[int, int, float]]:
    """What may be asked for, and what it weighs."""
    for at in words.all("number"):
        same = words.words[at] in words.words[at + 1 : at + 4]
        # A part of a version, a date or a heading's number.
        if any(word.isdigit() and word != words.words[at] for word in words.words[max(0, at - 1) : at + 2]):
            continue
        is_mark = words.last("academic", at - 6, at) is not None
        near = is_mark or any(words.last(family, at - 3, at) is not None for family in ("wanted", "number_giver"))
        if (same or (near and words.words[at] != "100")) and not (at and words.words[at - 1] in FROM):
            yield at, at, 2.0 if same and near else 1.6
    for family, alone in (("highest", 0.0), ("praise", 1.5), ("lenient", 2.0)):
        for at in words.all(family):
            is_mark = words.next("academic", at - 4, at + 5) is not None
            if is_mark or alone:
                yield at, at, 2.0 if is_mark else alone
    for at in words.all("not"):
        verb = words.next("criticise", at + 1, at + 4)
        flaw = words.next("flaw", verb + 1, verb + 6) if verb is not None else None
        if flaw is not None:
            yield at, flaw, 2.0


def _ends_rules(words: Words, begin: int, end: int) -> bool:
    ends = words.next("ends_rules", begin, end)
    if (
        ends is not None
        and (words.next("task", ends - 5, ends + 6) or words.next("grades", ends - 3, ends + 4)) is not None
    ):
        return True
    task = words.next("task", begin, end)
    return task is not None and words.next("beginning", task - 2, task) is not None
