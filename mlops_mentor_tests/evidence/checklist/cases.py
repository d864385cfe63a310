"""Cases for the tests of detectors: what a project holds, and what it is to show."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown


@dataclass(frozen=True)
class Case:
    """`place` is the first one (`path` or `path:line`); None where it does not matter."""

    item: str
    contents: Mapping[str, str]
    outcome: str
    place: str | None = None
    strength: str | None = None
    facts: Facts = Facts(branches=("main",))  # noqa: RUF009 - frozen


def check(case: Case) -> None:
    """The project shows what the case says, with the place where one is named."""
    finding = shown(case.item, case.contents, case.facts)
    places = [str(place) for place in finding.locations]
    assert finding.outcome == case.outcome, (finding.reason, places)
    if case.place is not None:
        assert places[:1] == [case.place], (finding.reason, places)
    if case.strength is not None:
        assert finding.strength == case.strength, finding.reason
