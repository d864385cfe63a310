"""The class at a glance: one table, in the roster's order.

Belongs here: its rows and columns. Numbers inform: there is no rank in it, and no order but the one a reader asks for.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from mlops_mentor.pages.charts import bar, sparkline
from mlops_mentor.pages.links import APP_LINKS, Links
from mlops_mentor.pages.numbers import (
    COUNTS,
    FLAGS,
    LAST_COMMIT,
    MISSING,
    PARTS,
    PROGRESS,
    RUNS_STATE,
    STATES,
    UNKNOWN_RUNS,
    Number,
    moment,
    why_missing,
    yes_no,
)
from mlops_mentor.pages.page import filled
from mlops_mentor.pages.published import PublishedClass, PublishedGroup

_STEPS = 10


@dataclass(frozen=True)
class Head:
    """A column's head. `kind` says how cells look and sort: `text`, `number`, `date`, `heat`, `bar`, `line`."""

    name: str
    short: str
    title: str
    kind: str = "number"
    is_more: bool = False
    table: str = "leaderboard"

    @property
    def sorts_as(self) -> str:
        """`text`, `date` or `number`."""
        return self.kind if self.kind in ("text", "date") else "number"

    @property
    def anchor(self) -> str:
        return f"def-{self.table}" if self.kind == "line" else f"def-{self.table}-{self.name}"


@dataclass(frozen=True)
class Cell:
    """A cell: `shown`, and what it sorts by (`value`, None sorts last). `why` is there where nothing is to be shown."""

    head: Head
    shown: str = MISSING
    value: Any = None
    why: str | None = None
    step: int | None = None
    drawing: Markup | None = None


_STATE = Head("state", "State", "Where the group stands", "text")
_NUMBERS = {each.name: each for each in (PROGRESS, *PARTS, *COUNTS, *FLAGS, RUNS_STATE, LAST_COMMIT)}
_LINE = Head("history", "Three weeks", "Progress day by day; sorts by what was gained", "line", table="history")


def leaderboard_html(cls: PublishedClass, links: Links = APP_LINKS) -> Markup:
    """The page's body, headed by an `<h1>`. It is made once per export."""
    return cls.kept(("leaderboard", links), lambda: _made(cls, links))


def _made(cls: PublishedClass, links: Links) -> Markup:
    heads = _heads()
    rows = [(group, [_cell(cls, group, head) for head in heads]) for group in cls.groups.values()]
    return filled(
        "leaderboard.html",
        manifest=cls.manifest,
        heads=heads,
        rows=rows,
        links=links,
        as_of=moment(cls.manifest.as_of, cls.manifest.time_zone),
        states=[(state, word) for state, word in STATES.items() if state in {group.state for group, _ in rows}],
        has_runs=any((group.numbers or {}).get("actions_passing") == "passing" for group, _ in rows),
    )


def _heads() -> list[Head]:
    first = [each for each in COUNTS if each.is_first]
    more = [each for each in (*COUNTS, *FLAGS) if not each.is_first]
    return [
        _head(PROGRESS, "bar"),
        _LINE,
        *(_head(each, "heat") for each in PARTS),
        *(_head(each) for each in first),
        _head(RUNS_STATE, "text"),
        _head(LAST_COMMIT, "date"),
        _STATE,
        *(_head(each, "text" if each in FLAGS else "number") for each in more),
    ]


def _head(number: Number, kind: str = "number") -> Head:
    return Head(number.name, number.short, number.title, kind, is_more=not number.is_first)


def _cell(cls: PublishedClass, group: PublishedGroup, head: Head) -> Cell:
    if head is _LINE:
        return _line(cls, group)
    if head is _STATE:
        return Cell(head, STATES[group.state], STATES[group.state])
    value = (group.numbers or {}).get(head.name)
    if value is None or value == UNKNOWN_RUNS:
        return Cell(head, why=why_missing(group, "leaderboard", group.numbers, head.name))
    shown = _NUMBERS[head.name].shown(value)
    step = round(value * _STEPS) if head.kind == "heat" else None
    return Cell(head, shown, _sorts_by(value), step=step, drawing=bar(value) if head.kind == "bar" else None)


def _sorts_by(value: Any) -> str | float:
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, date):
        return value.isoformat()
    return round(value, 4) if isinstance(value, float) else value


def _line(cls: PublishedClass, group: PublishedGroup) -> Cell:
    points = [(row["day"], row["progress"]) for row in group.history if row["progress"] is not None]
    if not points:
        return Cell(_LINE, why=why_missing(group, "history", group.numbers, "progress"))
    drawing = sparkline(points, cls.manifest.project_start, cls.manifest.deadline.date())
    return Cell(_LINE, "", round(points[-1][1] - points[0][1], 4), drawing=drawing)
