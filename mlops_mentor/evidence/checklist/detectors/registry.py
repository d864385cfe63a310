"""The register of detectors, by the name that `items.yaml` calls them.

Belongs here: what a detector gets and gives. Each detector stands in the module of its subject.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """What a repository shows of an item: the outcome, why, how strong, and where."""

    outcome: str
    reason: str
    strength: str | None = None
    places: tuple[Location, ...] = ()


Detector = Callable[[Project, Options], Shown]
DETECTORS: dict[str, Detector] = {}


def detector(name: str) -> Callable[[Detector], Detector]:
    """Register a detector under a name."""

    def register(function: Detector) -> Detector:
        if name in DETECTORS:
            raise ValueError(f"two detectors are called {name}")
        DETECTORS[name] = function
        return function

    return register


def yes(reason: str, strength: str, *places: Location | Iterable[Location]) -> Shown:
    """It is shown: `strength` is `present`, `wired` or `executed`."""
    return Shown("yes", reason, strength, _flat(places))


def partial(reason: str, strength: str, *places: Location | Iterable[Location]) -> Shown:
    """A part of it is shown; the reason says what is missing."""
    return Shown("partial", reason, strength, _flat(places))


def no(reason: str, *places: Location | Iterable[Location]) -> Shown:
    """It was looked for and is not there; places of what looks like it and is not."""
    return Shown("no", reason, None, _flat(places))


def not_checkable(reason: str, *places: Location | Iterable[Location]) -> Shown:
    """No repository could show it; places of what hints at it."""
    return Shown("not_checkable", reason, None, _flat(places))


def not_available(reason: str) -> Shown:
    """It could be shown, and cannot be looked at now."""
    return Shown("not_available", reason)


def _flat(places: Iterable[Location | Iterable[Location]]) -> tuple[Location, ...]:
    """In the order given, each once, one place a line; those without a line last within what they were given with."""
    found: dict[Location, None] = {}
    for place in places:
        found |= dict.fromkeys([place] if isinstance(place, Location) else place)
    return tuple(found)
