"""What a group is told and when: the table `feedback_reports`.

Belongs here: drafts and releases. How a page is written down is for `page`, whose word counts for `reviews`.

An area is released where the newest row that speaks of release says yes, and was written when or after the feedback
was. A newer draft leaves what was released as it was, until a TA releases that one too. A row that says no takes it
back, and so does taking the row away: `reviews.csv` is what holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from mlops_mentor.feedback.reviews import effective, general_comments
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.roster import Group
from mlops_mentor.schemas import FEEDBACK_REPORTS

_OVERALL = {"code": "Code quality, unit testing and CI/CD together", "report": "Exam report"}
_TO_REVIEW = ("needs_review", "stand_in", "kept")


@dataclass(frozen=True)
class _Told:
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
    rows = {row["area"]: row for row in feedback.iter_rows(named=True)}
    # A text that is kept, or that is about less than all, was written of another pack than the stored one.
    shown = {(row["area"], row["pack_id"]): row for row in packs.iter_rows(named=True)}
    before = _released_before(previous)
    # What is kept is of an earlier commit than the rest.
    sha = min(rows.values(), key=lambda row: row["state"] == "kept")["snapshot_sha"]
    whose = PageGroup(group.group_id, group.address.url, sha, general_comments(reviews, group.group_id))
    told = [
        _told(PageArea(area, rows[area.id], effective(reviews, group.group_id, area.id),
                       shown.get((area.id, rows[area.id]["pack_id"]))), whose, rubric, before.get(area.id))
        for area in rubric.areas
        if area.id in rows
    ]  # fmt: skip
    pages = [each.page for each in told]
    entries = [each.entry for each in told if each.entry is not None]
    overall = overall_scores(pages, rubric)
    row = {
        "group_id": group.group_id,
        "state": _state(told),
        "areas_released": [each.area.id for each in pages if each.is_released],
        "areas_overridden": [each.area.id for each in pages if each.word.score is not None],
        "areas_to_review": [each.area.id for each in pages if each.feedback["state"] in _TO_REVIEW],
        "overall_code": overall["code"],
        "overall_report": overall["report"],
        "reviewer": "model" if any(each.feedback["reviewer"] == "model" for each in pages) else "rules",
        "snapshot_sha": sha,
        "markdown": feedback_page(whose, pages, rubric),
        "released_markdown": _released_markdown(whose, told, rubric) if entries else None,
        "released": entries,
    }
    return pl.DataFrame([row], schema=FEEDBACK_REPORTS.schema)


def _released_before(previous: pl.DataFrame | None) -> dict[str, Mapping[str, Any]]:
    if previous is None or not previous.height:
        return {}
    return {entry["area"]: entry for entry in previous["released"][0].to_list()}


def _told(page: PageArea, group: PageGroup, rubric: Rubric, before: Mapping[str, Any] | None) -> _Told:
    word = page.word
    if not word.is_released or word.release_said_at is None:
        return _Told(page, None)
    if word.release_said_at >= page.feedback["written_at"]:
        released = _with(page, is_released=True)
        text = released_section(released, group, rubric, word.release_said_at)
        entry = {
            "area": page.area.id,
            "text": text,
            "score": page.score,
            "released_at": word.release_said_at,
        }
        return _Told(released, entry)
    return _Told(_with(page, kept=before["text"]), before) if before is not None else _Told(page, None)


def _with(page: PageArea, *, is_released: bool = False, kept: str | None = None) -> PageArea:
    return PageArea(page.area, page.feedback, page.word, page.pack, is_released, kept)


def _state(told: Sequence[_Told]) -> str:
    if all(each.page.is_released for each in told):
        return "released"
    return "changed_since_release" if any(each.page.kept is not None for each in told) else "draft"


def _released_markdown(group: PageGroup, told: Sequence[_Told], rubric: Rubric) -> str:
    """Overall scores only where every area that goes into them is released as it stands."""
    overall = {}
    for name, title in _OVERALL.items():
        parts = [each.page for each in told if each.page.area.overall == name]
        wanted = sum(area.overall == name for area in rubric.areas)
        if len(parts) == wanted and all(each.is_released for each in parts):
            overall[title] = overall_scores(parts, rubric)[name]
    sections = [str(each.entry["text"]) for each in told if each.entry is not None]
    return released_page(group, sections, overall)
