"""A group's checklist and report as its page shows them.

Belongs here: weeks, questions, and the words for verdicts. What to do about them is for `next_steps`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.pages.next_steps import place_of
from mlops_mentor.pages.published import PublishedGroup, Row


@dataclass(frozen=True)
class Verdict:
    """A verdict in the words of students, with a sign, so that colour is not alone. `tone` names the colour."""

    word: str
    sign: str
    tone: str


_YES = Verdict("ticked and shown", "✓", "good")
_VERDICTS = {
    "supported": _YES,
    "partly_supported": Verdict("ticked, shown in part", "◐", "part"),
    "unsupported": Verdict("ticked, nothing shows it", "!", "bad"),
    "unclaimed": Verdict("shown, not ticked", "✓", "good"),
    "unclear": Verdict("the tick is not understood", "?", "part"),
}
# Where nothing was ticked, or no box was there to tick, what is shown says it all.
_SHOWN = {
    "yes": Verdict("shown", "✓", "good"),
    "partial": Verdict("shown in part", "◐", "part"),
    "no": Verdict("not yet", "○", "open"),
    "not_checkable": Verdict("cannot be seen in files", "·", "mute"),
    "not_available": Verdict("cannot be looked at now", "·", "mute"),
}
_CHECKED = {
    "yes": Verdict("fits", "✓", "good"),
    "partial": Verdict("in part", "◐", "part"),
    "no": Verdict("to do", "!", "part"),
}
_UNKNOWN = Verdict("cannot be checked", "·", "mute")


@dataclass(frozen=True)
class Item:
    """An item of the checklist."""

    row: Row
    verdict: Verdict

    @property
    def where(self) -> str | None:
        return place_of(self.row)

    @property
    def is_settled(self) -> bool:
        return bool(self.row["shown"] == "yes")


@dataclass(frozen=True)
class Week:
    """A week's items. `num_asked` leaves out what no repository could show."""

    title: str
    items: Sequence[Item]

    @property
    def num_shown(self) -> int:
        return sum(each.row["shown"] == "yes" for each in self.items)

    @property
    def num_partial(self) -> int:
        return sum(each.row["shown"] == "partial" for each in self.items)

    @property
    def num_asked(self) -> int:
        return sum(each.row["shown"] in ("yes", "partial", "no") for each in self.items)


@dataclass(frozen=True)
class Check:
    """A check of an answer."""

    row: Row
    verdict: Verdict

    @property
    def where(self) -> str | None:
        return place_of(self.row)


@dataclass(frozen=True)
class Question:
    """A question of the report: its answer's row, and its checks. `row` is None for the report as a whole."""

    row: Row | None
    checks: Sequence[Check]

    @property
    def open_checks(self) -> list[Check]:
        return [each for each in self.checks if each.row["shown"] in ("no", "partial")]

    @property
    def num_fitting(self) -> int:
        return sum(each.row["shown"] == "yes" for each in self.checks)

    @property
    def num_checked(self) -> int:
        return sum(each.row["shown"] in ("yes", "no", "partial") for each in self.checks)


def weeks_of(group: PublishedGroup) -> list[Week]:
    """The checklist by week, what is extra last, in the list's order."""
    items: dict[int | None, list[Item]] = {}
    for row in group.evidence:
        if row["kind"] == "checklist":
            items.setdefault(row["week"], []).append(Item(row, _verdict(row)))
    order = sorted(items, key=lambda week: (week is None, week or 0))
    return [Week("Extra" if week is None else f"Week {week}", items[week]) for week in order]


def questions_of(group: PublishedGroup) -> list[Question]:
    """The report as a whole first, where anything is said of it; then its questions in the template's order."""
    checks: dict[str, list[Check]] = {}
    for row in group.evidence:
        if row["kind"] == "report_check":
            checks.setdefault(row["item"], []).append(Check(row, _CHECKED.get(row["shown"], _UNKNOWN)))
    answers = [row for row in group.evidence if row["kind"] == "report_answer"]
    answers.sort(key=lambda row: row["question"] or 0)
    found = [Question(row, checks.pop(row["item"], [])) for row in answers]
    rest = [check for several in checks.values() for check in several]
    return [Question(None, rest), *found] if rest else found


def _verdict(row: Row) -> Verdict:
    return _VERDICTS.get(row["verdict"]) or _SHOWN.get(row["shown"], _UNKNOWN)
