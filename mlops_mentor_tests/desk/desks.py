"""A data directory with groups, feedback and flags as a desk finds them: tables alone, no repository is read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.feedback.reports import feedback_reports_frame
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_REPORTS,
    FLAGS,
    GROUPS,
    REVIEW_PACKS,
    SAME_CODE,
    Table,
    empty,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.feedback.classes import COURSE
from mlops_mentor_tests.feedback.rows import SHA, feedback_rows

# The sheet is read by the clock of the machine, which refuses what is said in the future.
WRITTEN_AT = datetime(2026, 1, 25, 10, tzinfo=UTC)
NOW = WRITTEN_AT + timedelta(days=1)
AREAS = ("code_quality", "unit_testing", "ci_cd", "report")


@dataclass(frozen=True)
class Data:
    """A class of groups 1, 2 and 10 (in that order), none with feedback at first."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "course.yaml").write_text(COURSE)
        groups = [self.group(group_id, place) for place, group_id in enumerate(("1", "2", "10"))]
        self.lake.write(GROUPS, groups_frame(groups))

    def group(self, group_id: str, place: int = 0) -> Group:
        address = Address(f"https://github.com/class/group-{group_id}", "https")
        return Group(group_id, address, (f"s{place:05}1", f"s{place:05}2"), place + 2)

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.folder, course=self.folder / "course.yaml")

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_dir)

    @property
    def sheet(self) -> str:
        return self.settings.reviews_file.read_text()

    def draft(self, group_id: str, *rows: dict[str, Any]) -> None:
        """Store feedback of a group: an area for each row (code quality where it names none)."""
        own = {"group_id": group_id, "written_at": WRITTEN_AT}
        self.lake.write(FEEDBACK, feedback_rows(*(own | row for row in rows)), group_id)

    def report(self, group_id: str, reviews: pl.DataFrame) -> None:
        """Store the group's page as a run would make it."""
        feedback = self.lake.read(FEEDBACK, group_id)
        previous = self.lake.read_or_empty(FEEDBACK_REPORTS, group_id)
        group, packs = self.group(group_id), empty(REVIEW_PACKS)
        frame = feedback_reports_frame(group, feedback, packs, reviews, load_rubric(), previous)
        self.lake.write(FEEDBACK_REPORTS, frame, group_id)

    def flag(self, group_id: str, *flags: tuple[str, str]) -> None:
        """Store flags of a group: (severity, flag) of each."""
        rows = [
            {"group_id": group_id, "severity": severity, "flag": flag, "sha": SHA, "detail": "Because."}
            for severity, flag in flags
        ]
        self.rows(FLAGS, *rows, group_id=group_id)

    def share(self, group_id: str, other: str) -> None:
        """Store that two groups share code."""
        row = {"group_id": group_id, "year": "now", "other_group": other, "flag": "same_code", "severity": "serious",
               "num_files": 1, "num_lines": 9, "num_commits": 0, "detail": "The same."}  # fmt: skip
        self.rows(SAME_CODE, row)

    def rows(self, table: Table, *rows: dict[str, Any], group_id: str | None = None) -> None:
        """Store rows; what they leave out is null, and an empty list where a list is required."""
        lists: dict[str, Any] = {
            each.name: [] for each in table.columns if each.is_required and isinstance(each.dtype, pl.List)
        }
        filled = [dict.fromkeys(table.schema) | lists | {"group_id": group_id} | row for row in rows]
        self.lake.write(table, pl.DataFrame(filled, schema=table.schema), group_id)
