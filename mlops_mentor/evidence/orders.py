"""Orders: sentences in a text that tell a reviewing program or an assistant what to answer.

Belongs here: what such a sentence looks like, as words near each other. Agents' files that describe how to work on the
code hold none: "you are an expert" and "never skip tests" are no orders about a review.
"""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

# Found at once in any text; what stands around them is looked at only then.
_MAY_HOLD = ("instruction", "prompt", "mark", "grade", "score", "points", "review", "rubric", "guideline")
_OVERRIDES = frozenset(["ignore", "disregard", "forget", "override", "bypass"])
_VERB = re.compile(rf"\b(?:{'|'.join(sorted(_OVERRIDES))}|give|award|assign|grant|grade|rate|score|mark)\b")
_WORD = re.compile(r"[a-z0-9]{1,40}")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff]")

_RULES = frozenset(["instruction", "instructions", "prompt", "prompts", "rubric", "guidelines", "directives"])
# Whoever reads is told to drop what they were told; `all` and `the` also stand in instructions for installing.
_FORMER = frozenset(["previous", "prior", "preceding", "earlier", "your", "system"])
_ANY = frozenset(["all", "any", "the", "these", "above", "other", "every"])
_HIGHEST = frozenset(["full", "maximum", "max", "top", "perfect", "highest", "best", "100", "12"])
_MARKS = frozenset(["mark", "marks", "score", "scores", "points", "grade", "grades", "credit", "rating"])
_MACHINES = frozenset(["ai", "llm", "llms", "gpt", "chatgpt", "claude", "gemini", "copilot", "automated", "automatic"])
_REVIEWERS = frozenset(
    ["reviewer", "reviewers", "grader", "graders", "examiner", "examiners", "evaluator", "evaluators", "assessor",
     "marker", "markers", "judge", "judges"]
)  # fmt: skip
_REACH_OF_VERB, _REACH = 120, 200
_MAX_ORDERS = 20
# Of one text; a text of nothing but such verbs is looked at no further.
_MAX_VERBS = 20_000


def orders(text: str) -> Iterator[int]:
    """Offsets into `text` of at most so many such sentences, those in comments that a page does not show included."""
    lowered = text.lower()
    # Lower case is longer than upper for a few letters of Turkish: then offsets are only about right.
    if not any(word in lowered for word in _MAY_HOLD):
        return
    num_found, last = 0, -_REACH
    for match in islice(_VERB.finditer(lowered), _MAX_VERBS):
        if match.start() < last + _REACH:
            continue
        if _is_order(lowered, match.start(), match.end()):
            last = match.start()
            yield min(last, max(0, len(text) - 1))
            num_found += 1
            if num_found == _MAX_ORDERS:
                return


def _is_order(lowered: str, start: int, end: int) -> bool:
    after = _words(lowered[end : end + _REACH_OF_VERB])
    if lowered[start:end] in _OVERRIDES:
        for at, word in enumerate(after[:6]):
            if word in _RULES:
                between = set(after[:at])
                is_former = bool(between & _FORMER)
                return is_former or (bool(between & _ANY) and _is_to_a_machine(lowered, start, end))
        return False
    near = after[:8]
    is_highest = any(first in _HIGHEST and second in _MARKS for first, second in pairwise(near))
    return is_highest and _is_to_a_machine(lowered, start, end)


def _is_to_a_machine(lowered: str, start: int, end: int) -> bool:
    """Whether a reviewing program is spoken of nearby: `AI reviewers`, `the grader, an LLM`."""
    around = _words(lowered[max(0, start - _REACH) : end + _REACH])
    has_machine = not _MACHINES.isdisjoint(around) or any(pair == ("language", "model") for pair in pairwise(around))
    return has_machine and not _REVIEWERS.isdisjoint(around)


def _words(text: str) -> list[str]:
    return _WORD.findall(text if text.isascii() else _INVISIBLE.sub("", text))
