"""A group's drafts beside the evidence, as a TA reads them before releasing.

Belongs here: one group's page of the desk, as values. Writing what a TA says is for `saying`, lines of files for
`source`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.desk.evidence import AreaEvidence, DeskEvidence
from mlops_mentor.desk.standing import AreaStanding, Standing, the_class
from mlops_mentor.desk.today import Flag, flags_of
from mlops_mentor.feedback.judgement import Citation, Remark
from mlops_mentor.feedback.reports import feedback_reports_frame
from mlops_mentor.feedback.reviews import Comment, Text, Word, general_comments
from mlops_mentor.feedback.rubric import Area
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, REPO_SNAPSHOTS, REVIEW_PACKS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class Draft:
    """What the reviewer wrote of an area: the row of `feedback`, its remarks with citations.

    `criteria` are (title, score) pairs; `criterion` of a remark is the rubric's id: `DeskArea.titles` has its title.
    """

    state: str
    reason: str | None
    reviewer: str
    model: str | None
    score: int | None
    criteria: tuple[tuple[str, int], ...]
    summary: str
    strengths: tuple[Remark, ...]
    improvements: tuple[Remark, ...]
    confidence: int | None
    second_model: str | None
    second_score: int | None
    num_remarks_dropped: int
    dropped: tuple[str, ...]
    snapshot_sha: str
    written_at: datetime


@dataclass(frozen=True)
class Said:
    """A row of `reviews.csv` that concerns an area, or (area None) all of the group. An empty `text` takes one back."""

    row: int
    area: str | None
    score: int | None
    comment: str | None
    text: str | None
    is_released: bool | None
    reviewer: str
    reviewed_at: datetime


@dataclass(frozen=True)
class DeskArea:
    """One area of a group.

    `standing`: `draft`, `released` as it stands, or `changed`: the group reads an earlier version, `kept` (Markdown).
    `text` is the TA's own that stands in place of the draft; `stale_text` one that was about an earlier draft and
    counts no more. `score` is what counts: the TA's, else the reviewer's. `history`: newest first. `seen` changes
    with the draft and with every TA's word on the area: it comes back with a TA's form.
    """

    area: Area
    draft: Draft
    standing: Standing
    score: int | None
    word: Word
    text: Text | None
    stale_text: Text | None
    kept: str | None
    is_passing: bool
    history: tuple[Said, ...]
    evidence: AreaEvidence
    seen: str

    @property
    def is_read(self) -> bool:
        """Whether the group reads a text about this draft: then a score or a comment needs no release of its own."""
        said_at = self.word.release_said_at if self.word.is_released else None
        return said_at is not None and said_at >= self.draft.written_at

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of the area's criteria by id."""
        return {criterion.id: criterion.title for criterion in self.area.criteria}


@dataclass(frozen=True)
class GroupDesk:
    """All that a TA is shown of a group. `page` and `released_page` are Markdown, as of this moment.

    `areas` in the rubric's order, those with feedback alone; `comments` those that are about no area; `problems` its
    rows of `reviews.csv` that cannot be used.
    """

    group: Group
    snapshot_sha: str | None
    areas: tuple[DeskArea, ...] = ()
    flags: tuple[Flag, ...] = ()
    comments: tuple[Comment, ...] = ()
    page: str | None = None
    released_page: str | None = None
    problems: tuple[str, ...] = ()

    def area(self, area_id: str) -> DeskArea:
        """The area of that id.

        Raises:
            KeyError: there is none with feedback.
        """
        for each in self.areas:
            if each.area.id == area_id:
                return each
        raise KeyError(area_id)


@dataclass(frozen=True)
class Passing:
    """An area that can be released as it stands; `seen` as in `DeskArea`."""

    group_id: str
    area_id: str
    seen: str


def group_desk(lake: Lake, settings: Settings, group_id: str) -> GroupDesk:
    """What a TA is shown of a group, at this moment.

    Raises:
        KeyError: the roster has no such group.
        ConfigError: course, rubric or `reviews.csv` cannot be used.
        LakeError: a stored table cannot be read.
    """
    known = the_class(lake, settings)
    group, said = known.group(group_id), known.said_of(group_id)
    feedback, packs = lake.read_or_empty(FEEDBACK, group_id), lake.read_or_empty(REVIEW_PACKS, group_id)
    previous = lake.read_or_empty(FEEDBACK_REPORTS, group_id)
    snapshot = lake.read_or_empty(REPO_SNAPSHOTS, group_id)
    desk = GroupDesk(
        group,
        snapshot["snapshot_sha"][0] if snapshot.height else None,
        flags=flags_of(lake, [group_id]),
        comments=general_comments(said, group_id),
        problems=tuple(str(each) for each in known.reviews.problems if each.group_id == group_id),
    )
    if feedback.is_empty():
        return desk
    report = feedback_reports_frame(group, feedback, packs, said, known.rubric, previous).row(0, named=True)
    evidence = DeskEvidence(lake, group_id)
    areas = tuple(_area(each, said, evidence) for each in known.areas(group, feedback, packs, previous))
    return replace(desk, areas=areas, page=report["markdown"], released_page=report["released_markdown"])


def passing(lake: Lake, settings: Settings) -> list[Passing]:
    """Areas that can be released unread: the reviewer answered, nothing asks for a look, no TA holds it back.

    In the roster's and the rubric's order. An area on which a TA has written a text that is not released, or which a
    TA has taken back, is left to TAs.

    Raises:
        ConfigError: course, rubric or `reviews.csv` cannot be used.
    """
    standings = the_class(lake, settings).standings()
    return [
        Passing(group_id, each.area_id, each.seen)
        for group_id, areas in standings.items()
        for each in areas
        if each.is_passing
    ]


def _area(each: AreaStanding, said: pl.DataFrame, evidence: DeskEvidence) -> DeskArea:
    page = each.told.page
    return DeskArea(
        area=page.area,
        draft=_draft(each.row, page.area),
        standing=each.standing,
        score=page.score,
        word=page.word,
        text=page.text,
        stale_text=each.stale_text,
        kept=page.kept,
        is_passing=each.is_passing,
        history=_history(said, page.area.id),
        evidence=evidence.of(page.area),
        seen=each.seen,
    )


def _draft(row: Mapping[str, Any], area: Area) -> Draft:
    titles = {criterion.id: criterion.title for criterion in area.criteria}
    given = {each.name: row[each.name] for each in fields(Draft)}
    given |= {
        "criteria": tuple(
            (titles.get(each["criterion"], each["criterion"]), each["score"]) for each in row["criteria"]
        ),
        "strengths": tuple(map(_remark, row["strengths"])),
        "improvements": tuple(map(_remark, row["improvements"])),
        "dropped": tuple(row["dropped"]),
    }
    return Draft(**given)


def _remark(row: Mapping[str, Any]) -> Remark:
    return Remark(**{**row, "citations": tuple(Citation(**each) for each in row["citations"])})


def _history(said: pl.DataFrame, area_id: str) -> tuple[Said, ...]:
    rows = said.filter(pl.col("area").is_null() | (pl.col("area") == area_id))
    newest_first = rows.sort("reviewed_at", "row", descending=True)
    return tuple(Said(**row) for row in newest_first.drop("group_id").iter_rows(named=True))
