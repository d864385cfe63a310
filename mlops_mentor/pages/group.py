"""A group's page: what it can do next, what its repository shows, and where it stands beside the class's spread.

Belongs here: what the page says. Other groups are never named in it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from mlops_mentor.pages.charts import activity_words, bar, box_strip, curve, curve_words, heat_map
from mlops_mentor.pages.evidence import questions_of, weeks_of
from mlops_mentor.pages.links import APP_LINKS, Links
from mlops_mentor.pages.next_steps import NUM_SHOWN, next_steps
from mlops_mentor.pages.numbers import (
    COUNTS,
    LAST_COMMIT,
    MISSING,
    PARTS,
    PROGRESS,
    RUNS_STATE,
    STATES,
    STATISTICS,
    UNKNOWN_RUNS,
    Number,
    day,
    moment,
    percent,
    title_of,
    why_missing,
)
from mlops_mentor.pages.page import filled
from mlops_mentor.pages.published import PublishedClass, PublishedGroup
from mlops_mentor.pages.spread import Spread

_HEADING = re.compile(r"\A\s*#{1,6} [^\n]*\n?")
_TOPS = {PROGRESS.name: 100.0} | {part.name: 1.0 for part in PARTS} | {"share_merged_prs_reviewed": 1.0}
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True)
class Fact:
    """A number with its name: `why` is there where it is missing, `note` says of what it is."""

    title: str
    shown: str = MISSING
    why: str | None = None
    note: str = ""
    anchor: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class Compared:
    """A row of the comparison: the own number beside the class's quartiles, `stands` in words."""

    fact: Fact
    quartiles: Sequence[str]
    strip: Markup | None
    stands: str


def group_html(cls: PublishedClass, name: str, links: Links = APP_LINKS) -> Markup:
    """The page's body of a group by its public name, headed by an `<h1>`; of no group, a page that says so."""
    if (group := cls.groups.get(name)) is None:
        # Not kept: anybody can make up names.
        return filled("no_group.html", manifest=cls.manifest, name=name, links=links)
    return cls.kept(("group", name, links), lambda: _made(cls, group, links))


def _made(cls: PublishedClass, group: PublishedGroup, links: Links) -> Markup:
    steps, questions = next_steps(group), questions_of(group)
    return filled(
        "group.html",
        manifest=cls.manifest,
        group=group,
        links=links,
        state=STATES[group.state],
        address=_address(group),
        facts=_facts(group),
        steps=steps[:NUM_SHOWN],
        more_steps=steps[NUM_SHOWN:],
        parts=_parts(cls, group),
        progress=_progress(cls, group),
        activity=_activity(group),
        activity_why=why_missing(group, "statistics", group.statistics, "activity"),
        weeks=weeks_of(group),
        questions=questions,
        num_answered=sum(each.row is not None and each.row["shown"] == "yes" for each in questions),
        num_questions=sum(each.row is not None for each in questions),
        areas=_areas(group),
        compared=_compared(cls, group),
        withheld=_withheld(group),
        as_of=moment(cls.manifest.as_of, cls.manifest.time_zone),
    )


def _address(group: PublishedGroup) -> str | None:
    """Only a plain https address becomes a link."""
    address = (group.numbers or {}).get("repo_url")
    return address if address and _ADDRESS.fullmatch(address) else None


def _fact(group: PublishedGroup, number: Number, table: str = "leaderboard", note: str = "") -> Fact:
    row = group.numbers if table == "leaderboard" else group.statistics
    value = (row or {}).get(number.name)
    if value == UNKNOWN_RUNS:
        value = None
    anchor = f"def-{table}-{number.name}"
    if value is None:
        return Fact(number.title, why=why_missing(group, table, row, number.name), anchor=anchor)
    return Fact(number.title, number.shown(value), note=note, anchor=anchor)


def _facts(group: PublishedGroup) -> list[Fact]:
    """The header's few numbers."""
    of_name = {each.name: each for each in COUNTS}
    facts = [_fact(group, PROGRESS, note="of 100")]
    facts += [_fact(group, of_name[name]) for name in ("num_commits_to_main", "num_active_days", "num_prs_merged")]
    return [*facts, _fact(group, RUNS_STATE), _fact(group, LAST_COMMIT)]


def _parts(cls: PublishedClass, group: PublishedGroup) -> list[Fact]:
    """The parts of the progress measure, each with a bar and its weight."""
    weights, total = cls.manifest.parts, sum(cls.manifest.parts.values())
    found = []
    for number in PARTS:
        fact = _fact(group, number, note=f"weight {percent(weights.get(number.name, 0) / total)}" if total else "")
        value = (group.numbers or {}).get(number.name)
        drawing = bar(100 * value) if value is not None else None
        found.append(Fact(fact.title, fact.shown, fact.why, fact.note, fact.anchor, drawing))
    return found


def _progress(cls: PublishedClass, group: PublishedGroup) -> dict[str, Any]:
    points = [(row["day"], row["progress"]) for row in group.history if row["progress"] is not None]
    manifest = cls.manifest
    return {
        "drawing": curve(points, cls.band, manifest.project_start, manifest.deadline.date()) if points else None,
        "words": curve_words(points, cls.band),
        "has_band": bool(cls.band),
        "why": why_missing(group, "history", group.numbers, "progress"),
    }


def _activity(group: PublishedGroup) -> dict[str, Any] | None:
    row = group.statistics or {}
    activity, first = row.get("activity"), row.get("activity_from")
    if not activity or first is None:
        return None
    days = [(first + timedelta(days=number), sum(hours)) for number, hours in enumerate(activity)]
    return {
        "drawing": heat_map(activity, first),
        "words": activity_words(activity, first),
        "days": [(f"{each:%A} {day(each)}", commits) for each, commits in days],
    }


def _areas(group: PublishedGroup) -> list[dict[str, Any]]:
    """Released feedback; the text's own first heading is the title, which stands above it already."""
    return [
        {**row, "text": _HEADING.sub("", row["text"], count=1), "day": day(row["released_at"])}
        for row in sorted(group.feedback, key=lambda row: row["place"])
    ]


def _compared(cls: PublishedClass, group: PublishedGroup) -> list[Compared]:
    numbers = [(each, "leaderboard") for each in (PROGRESS, *PARTS, *COUNTS) if each.is_compared]
    numbers += [(each, "statistics") for each in STATISTICS]
    return [
        _row(group, number, table, cls.spreads[number.name]) for number, table in numbers if number.name in cls.spreads
    ]


def _row(group: PublishedGroup, number: Number, table: str, spread: Spread) -> Compared:
    value = ((group.numbers if table == "leaderboard" else group.statistics) or {}).get(number.name)
    quartiles = [number.shown(each) for each in (spread.lower, spread.median, spread.upper)]
    strip = box_strip(value, spread, _TOPS.get(number.name))
    return Compared(_fact(group, number, table), quartiles, strip, _stands(value, spread))


def _stands(value: float | None, spread: Spread) -> str:
    if value is None:
        return ""
    if value < spread.lower:
        return "below the middle half"
    return "above the middle half" if value > spread.upper else "within the middle half"


def _withheld(group: PublishedGroup) -> list[str]:
    notes = [f"The table “{table}”: something in it could have named a person." for table in group.withheld_tables]
    columns = sorted({name for row in (group.numbers, group.statistics) if row for name in row["withheld"]})
    if columns:
        named = ", ".join(title_of(column) for column in columns)
        notes.append(f"{named}: too few persons stand behind these numbers.")
    return notes
