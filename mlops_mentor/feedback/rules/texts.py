"""Texts of the rules with facts filled in.

Belongs here: `{num_tests|test}` -> `13 tests`. What is said is for `rules.yaml`.

`{fact}` is its number, `{fact|%}` a percentage, `{fact|word}` the number with the word in its right form,
`{fact.names}` a list of its names, `{fact.reason}` and `{fact.remedy}` what the evidence says of an item.
"""

import re
from collections.abc import Mapping, Sequence

from mlops_mentor.feedback.rules.facts import Fact

_BLANK = re.compile(r"\{(?P<fact>[\w-]+(?:\.[\w-]+){0,3})(?:\|(?P<form>%|[a-z -]+))?\}")
_WORDS = ("names", "reason", "remedy")
_MAX_NAMES = 4


class UnknownFactError(LookupError):
    """A text asks for what is not known of the group: it is not said."""


def fill(text: str, facts: Mapping[str, Fact]) -> str:
    """The text with its blanks filled in.

    Raises:
        UnknownFactError: one of its facts is not known.
    """
    return _BLANK.sub(lambda match: _filled(match["fact"], match["form"], facts), text)


def fact_names(text: str) -> frozenset[str]:
    """The facts that a text asks for."""
    return frozenset(_split(match["fact"])[0] for match in _BLANK.finditer(text))


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; of many the first four, and how many more."""
    if len(names) > _MAX_NAMES + 1:
        return f"{', '.join(names[:_MAX_NAMES])} and {len(names) - _MAX_NAMES} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _split(name: str) -> tuple[str, str | None]:
    fact, _, last = name.rpartition(".")
    return (fact, last) if fact and last in _WORDS else (name, None)


def _filled(name: str, form: str | None, facts: Mapping[str, Fact]) -> str:
    name, part = _split(name)
    fact = facts.get(name)
    if fact is None:
        raise UnknownFactError(name)
    if part == "names":
        return listed(fact.names)
    if part is not None:
        return (fact.reason if part == "reason" else fact.remedy).rstrip(".")
    if fact.value is None:
        raise UnknownFactError(name)
    return _number(fact.value, form)


def _number(value: float, form: str | None) -> str:
    if form == "%":
        return f"{100 * value:.0f} %"
    number = f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.1f}"
    if form is None:
        return number
    return f"{number} {form}" if value == 1 else f"{number} {_plural(form)}"


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if re.search(r"[^aeiou]y$", word) else f"{word}s"
