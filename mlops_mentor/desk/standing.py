"""Where each area of a group stands: the draft, the TAs' words on it, and what the group has.

Belongs here: what the desk's pages share, read live. Stored tables say what was drafted and released, `reviews.csv`
itself what TAs say, because the table `reviews` may be behind what another TA has just said.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.feedback.reports import Told, told_areas
from mlops_mentor.feedback.reviews import Reviews, Text
from mlops_mentor.feedback.rubric import Rubric, load_rubric
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, GROUPS, REVIEW_PACKS, empty
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

Standing = Literal["draft", "changed", "released"]
# What a TA is shown of a draft. What it cost may change without a word of it changing.
_SHOWN = ("state", "reason", "reviewer", "model", "score", "criteria", "summary", "strengths", "improvements",
          "confidence", "second_model", "second_score", "snapshot_sha", "written_at")  # fmt: skip


@dataclass(frozen=True)
class AreaStanding:
    """An area that has feedback; `seen` changes with the draft and with every TA's word on it."""

    told: Told
    seen: str

    @property
    def area_id(self) -> str:
        return self.told.page.area.id

    @property
    def row(self) -> Mapping[str, Any]:
        """The row of `feedback`."""
        return self.told.page.feedback

    @property
    def standing(self) -> Standing:
        """As in `DeskArea`."""
        page = self.told.page
        return "released" if page.is_released else "changed" if page.kept is not None else "draft"

    @property
    def stale_text(self) -> Text | None:
        """A TA's text that was about an earlier draft."""
        page = self.told.page
        return page.word.text if page.text is None else None

    @property
    def is_passing(self) -> bool:
        """Whether it can be released unread: nothing asks for a look, and no TA holds it back or is at it."""
        page = self.told.page
        is_held = page.word.is_released is False or page.text is not None or page.word.text is not None
        return self.row["state"] == "reviewed" and not page.is_released and not is_held


@dataclass(frozen=True)
class TheClass:
    """The roster's groups, the rubric, and the TAs' words as they are at this moment."""

    lake: Lake
    groups: tuple[Group, ...]
    rubric: Rubric
    reviews: Reviews

    @cached_property
    def reviews_by_group(self) -> Mapping[str, pl.DataFrame]:
        """Usable rows by group; groups of which nothing is said are left out."""
        return _by_group(self.reviews.frame)

    def group(self, group_id: str) -> Group:
        """The group of that id.

        Raises:
            KeyError: the roster has none.
        """
        for each in self.groups:
            if each.group_id == group_id:
                return each
        raise KeyError(group_id)

    def said_of(self, group_id: str) -> pl.DataFrame:
        """The usable rows about a group."""
        said = self.reviews_by_group.get(group_id)
        return said if said is not None else self.reviews.frame.clear()

    def standings(self) -> Mapping[str, tuple[AreaStanding, ...]]:
        """Areas by group, in the roster's and the rubric's order; groups without feedback have none."""
        group_ids = [each.group_id for each in self.groups]
        feedback = _by_group(self.lake.read_groups(FEEDBACK, group_ids))
        reports = _by_group(self.lake.read_groups(FEEDBACK_REPORTS, group_ids))
        return {
            each.group_id: self.areas(each, feedback[each.group_id], previous=reports.get(each.group_id))
            if each.group_id in feedback
            else ()
            for each in self.groups
        }

    def areas(
        self,
        group: Group,
        feedback: pl.DataFrame,
        packs: pl.DataFrame | None = None,
        previous: pl.DataFrame | None = None,
    ) -> tuple[AreaStanding, ...]:
        """The areas of one group, given its parts of `feedback`, `review_packs` and `feedback_reports`."""
        said = self.said_of(group.group_id)
        told = told_areas(group, feedback, empty(REVIEW_PACKS) if packs is None else packs, said, self.rubric, previous)
        return tuple(AreaStanding(each, seen_token(each.page.feedback, said)) for each in told)


def the_class(lake: Lake, settings: Settings) -> TheClass:
    """The class at this moment.

    Raises:
        ConfigError: course, rubric or `reviews.csv` cannot be used.
        LakeError: the table `groups` cannot be read.
    """
    groups = groups_from_frame(lake.read_or_empty(GROUPS))
    said = reviews_of(settings, [group.group_id for group in groups])
    return TheClass(lake, groups, load_rubric(settings.rubric_file), said)


def seen_token(row: Mapping[str, Any], reviews: pl.DataFrame) -> str:
    """A hash over what a TA is shown of an area: the row of `feedback`, and what the rows of `reviews` say of it.

    A comment on the group as a whole says nothing of an area, and where a row stands in the file says nothing at all.
    """
    speaks = pl.col("score").is_not_null() | pl.col("is_released").is_not_null()
    is_about = (pl.col("area") == row["area"]) | (pl.col("area").is_null() & speaks)
    is_wanted = (pl.col("group_id") == row["group_id"]) & is_about.fill_null(False)
    said = reviews.filter(is_wanted) if reviews.height else reviews
    words = said.sort("reviewed_at", "row").drop("row").rows() if said.height else []
    text = repr(([(name, row[name]) for name in _SHOWN], words))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _by_group(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(key[0]): part for key, part in frame.partition_by("group_id", as_dict=True).items()}
