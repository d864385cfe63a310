"""What a group can do next, the most urgent first.

Belongs here: which steps there are and their order. Their words come from the evidence and the released feedback.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mlops_mentor.pages.published import PublishedGroup, Row
from mlops_mentor.pages.texts import inline, ticked

NUM_SHOWN = 8
_ADVICE = re.compile(r"^[ \t>]*\*Next step:\*[ \t]*(.+)$", re.MULTILINE)
_CLAIM, _FIRST_WEEK, _REPORT, _LATER_WEEK, _NOT_ASKED, _FEEDBACK = range(6)
_EXTRA_WEEK = 1_000


@dataclass(frozen=True)
class Step:
    """One thing to do. `source` says where it comes from, `why` what was seen, `where` is `path:line`."""

    source: str
    title: str
    text: Markup
    why: str | None = None
    where: str | None = None
    is_claim: bool = False


def next_steps(group: PublishedGroup) -> list[Step]:
    """Claims that nothing shows; then what is open in the earliest week, in the report, in later weeks; then feedback.

    Items that the group's own list does not have come late: its list is of another year.
    """
    items = [row for row in group.evidence if row["kind"] == "checklist" and row["remedy"]]
    asked_weeks = [_week(row) for row in items if row["verdict"] not in ("unsupported", "not_asked")]
    earliest = min(asked_weeks, default=0)
    has_list = any(row["verdict"] not in ("not_asked", None) for row in group.evidence if row["kind"] == "checklist")
    ranked = [(_rank(row, earliest, has_list), _of_item(row)) for row in items]
    ranked += [((_REPORT, 0), _of_check(row, _titles(group))) for row in group.evidence if _is_open_check(row)]
    ranked += [((_FEEDBACK, row["place"]), step) for row in group.feedback for step in _of_feedback(row)]
    return [step for _, step in sorted(ranked, key=lambda each: each[0])]


def _week(row: Row) -> int:
    return row["week"] if row["week"] is not None else _EXTRA_WEEK


def _rank(row: Row, earliest: int, has_list: bool) -> tuple[int, int]:
    week = _week(row)
    if row["verdict"] == "unsupported":
        return _CLAIM, week
    if row["verdict"] == "not_asked" and has_list:
        return _NOT_ASKED, week
    return (_FIRST_WEEK if week == earliest else _LATER_WEEK), week


def _of_item(row: Row) -> Step:
    source = f"Week {row['week']}" if row["week"] is not None else "Extra"
    return Step(
        f"{source} · {row['item']}",
        row["title"],
        ticked(row["remedy"]),
        row["reason"],
        place_of(row),
        is_claim=row["verdict"] == "unsupported",
    )


def _is_open_check(row: Row) -> bool:
    return row["kind"] == "report_check" and bool(row["remedy"]) and row["shown"] in ("no", "partial")


def _titles(group: PublishedGroup) -> dict[str, Any]:
    return {row["item"]: row["title"] for row in group.evidence if row["kind"] == "report_answer"}


def _of_check(row: Row, titles: dict[str, Any]) -> Step:
    source = "Report" if row["question"] is None else f"Report · question {row['question']}"
    title = "The report as a whole" if row["question"] is None else str(titles.get(row["item"], row["title"]))
    return Step(source, title, ticked(row["remedy"]), row["reason"], place_of(row))


def _of_feedback(row: Row) -> Iterator[Step]:
    for advice in _ADVICE.findall(row["text"]):
        yield Step("Feedback", row["title"], inline(advice))


def place_of(row: Row) -> str | None:
    """`path:line` of a row of evidence."""
    if not row["path"]:
        return None
    return row["path"] if row["line"] is None else f"{row['path']}:{row['line']}"
