"""What a group is told and when: the table `feedback_reports`.

Belongs here: drafts and releases. How a page is written down is for `page`, whose word counts for `reviews`.

An area is released where the newest row that speaks of release says yes, and was written when or after the feedback
was. A newer draft leaves what was released as it was, until a TA releases that one too. A row that says no takes it
back, and so does taking the row away: `reviews.csv` is what holds.

A TA's own text stands in place of the draft that was there when it was said. It is released as drafts are: by a row
that was written when or after it was. Said after the release, it is a draft, and the group reads what it had; said
before the draft was written, it is about another one and stands for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.feedback.page import (
    PageArea,
    PageGroup,
    feedback_page,
    overall_scores,
    released_page,
    released_section,
)
from mlops_mentor.feedback.reviews import Text, effective, general_comments
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK_REPORTS

_OVERALL = {"code": "Code quality, unit testing and CI/CD together", "report": "Exam report"}
TO_REVIEW = ("needs_review", "stand_in", "kept")


@dataclass(frozen=True)
class Told:
    """An area with what the group is told of it: an entry of the column `released`, or None."""

    page: PageArea
    entry: Mapping[str, Any] | None


def feedback_reports_frame(
    group: Group,
    feedback: pl.DataFrame,
    packs: pl.DataFrame,
    reviews: pl.DataFrame,
    rubric: Rubric,
    previous: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The group's part of `feedback_reports`: one row.

    `feedback` and `packs` are its parts of `feedback` and `review_packs`, `reviews` the whole table, `previous` the
    part that is stored, from which comes what was released of earlier drafts. Areas without feedback are left out.

    Raises:
        ValueError: `feedback` has no row.
    """
    if not feedback.height:
        raise ValueError(f"group {group.group_id}: no feedback to report")
    told = told_areas(group, feedback, packs, reviews, rubric, previous)
    whose = _whose(group, feedback, reviews)
    pages = [each.page for each in told]
    entries = [each.entry for each in told if each.entry is not None]
    overall = overall_scores(pages, rubric)
    row = {
        "group_id": group.group_id,
        "state": _state(told),
        "areas_released": [each.area.id for each in pages if each.is_released],
        "areas_overridden": [each.area.id for each in pages if each.word.score is not None],
        "areas_to_review": [each.area.id for each in pages if each.feedback["state"] in TO_REVIEW],
        "overall_code": overall["code"],
        "overall_report": overall["report"],
        "reviewer": "model" if any(each.feedback["reviewer"] == "model" for each in pages) else "rules",
        "snapshot_sha": whose.snapshot_sha,
        "markdown": feedback_page(whose, pages, rubric),
        "released_markdown": _released_markdown(whose, told, rubric) if entries else None,
        "released": entries,
    }
    return pl.DataFrame([row], schema=FEEDBACK_REPORTS.schema)


def told_areas(
    group: Group,
    feedback: pl.DataFrame,
    packs: pl.DataFrame,
    reviews: pl.DataFrame,
    rubric: Rubric,
    previous: pl.DataFrame | None = None,
) -> list[Told]:
    """The areas that have feedback, in the rubric's order, and what the group is told of each: as in a report."""
    rows = {row["area"]: row for row in feedback.iter_rows(named=True)}
    # A text that is kept, or that is about less than all, was written of another pack than the stored one.
    shown = {(row["area"], row["pack_id"]): row for row in packs.iter_rows(named=True)}
    before = _released_before(previous)
    whose = _whose(group, feedback, reviews)
    return [
        _told(PageArea(area, rows[area.id], effective(reviews, group.group_id, area.id),
                       shown.get((area.id, rows[area.id]["pack_id"]))), whose, rubric, before.get(area.id))
        for area in rubric.areas
        if area.id in rows
    ]  # fmt: skip


def _whose(group: Group, feedback: pl.DataFrame, reviews: pl.DataFrame) -> PageGroup:
    # What is kept is of an earlier commit than the rest.
    rows = feedback.select("state", "snapshot_sha").iter_rows()
    sha = min(rows, key=lambda row: row[0] == "kept", default=("", ""))[1]
    return PageGroup(group.group_id, group.address.url, sha, general_comments(reviews, group.group_id))


def _released_before(previous: pl.DataFrame | None) -> dict[str, Mapping[str, Any]]:
    if previous is None or not previous.height:
        return {}
    return {entry["area"]: entry for entry in previous["released"][0].to_list()}


def _told(page: PageArea, group: PageGroup, rubric: Rubric, before: Mapping[str, Any] | None) -> Told:
    word, written_at = page.word, page.feedback["written_at"]
    now = replace(page, text=_standing(word.text, written_at))
    if not word.is_released or word.release_said_at is None:
        return Told(now, None)
    if word.release_said_at < written_at:
        return Told(replace(now, kept=str(before["text"])), before) if before is not None else Told(now, None)
    released = replace(page, text=_standing(word.released_text, written_at), is_released=True)
    text = released_section(released, group, rubric, word.release_said_at)
    entry = {"area": page.area.id, "text": text, "score": page.score, "released_at": word.release_said_at}
    return Told(released if now.text == released.text else replace(now, kept=text), entry)


def _standing(text: Text | None, written_at: datetime) -> Text | None:
    return text if text is not None and text.is_about(written_at) else None


def _state(told: Sequence[Told]) -> str:
    if all(each.page.is_released for each in told):
        return "released"
    return "changed_since_release" if any(each.page.kept is not None for each in told) else "draft"


def _released_markdown(group: PageGroup, told: Sequence[Told], rubric: Rubric) -> str:
    """Overall scores only where every area that goes into them is released as it stands."""
    overall = {}
    for name, title in _OVERALL.items():
        parts = [each.page for each in told if each.page.area.overall == name]
        wanted = sum(area.overall == name for area in rubric.areas)
        if len(parts) == wanted and all(each.is_released for each in parts):
            overall[title] = overall_scores(parts, rubric)[name]
    sections = [str(each.entry["text"]) for each in told if each.entry is not None]
    return released_page(group, sections, overall)
