"""What was found of a group that bears on an area: what a TA reads beside the draft.

Belongs here: choosing rows of the stored tables. They are the same that the reviewer was told of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from mlops_mentor.feedback.packs.facts import ITEMS, numbers_of
from mlops_mentor.feedback.packs.findings import run_sentences
from mlops_mentor.feedback.rubric import Area
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITTED_SECRETS,
    LINT_HITS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
    Table,
)
from mlops_mentor.storage.lake import Lake

_AUTOMATION = "ci_cd"
_DIFFERING = ("unsupported", "partly_supported", "unclaimed")
_SEVERITIES = {"error": 0, "warning": 1}
_MAX_HITS = 50

Row = Mapping[str, Any]


@dataclass(frozen=True)
class AreaEvidence:
    """What was found that bears on an area, as rows of the tables of that name (dicts by column).

    `facts` are sentences of ours with numbers; `checklist` the items that the reviewer was told of, for the report
    those on which claim and repository differ; `answers` rows of `report_answers` without the text; `lint_hits` the
    worst 50.
    """

    facts: tuple[str, ...] = ()
    checklist: tuple[Row, ...] = ()
    report_checks: tuple[Row, ...] = ()
    answers: tuple[Row, ...] = ()
    lint_hits: tuple[Row, ...] = ()
    secrets: tuple[Row, ...] = ()


@dataclass(frozen=True)
class DeskEvidence:
    """The stored evidence of one group; a table that was never written has no rows."""

    lake: Lake
    group_id: str

    def of(self, area: Area) -> AreaEvidence:
        """What bears on the area.

        Raises:
            LakeError: a table is there and cannot be read.
        """
        if any(criterion.topics for criterion in area.criteria):
            return self._of_report()
        items = ITEMS.get(area.id, ITEMS["code_quality"])
        quality = self._part(CODE_QUALITY)
        facts = numbers_of(area.id, quality.row(0, named=True)) if quality.height else []
        checklist = _rows(self._checklist.filter(pl.col("item").is_in(items)))
        if area.id != _AUTOMATION:
            return AreaEvidence(tuple(facts), checklist)
        rank = pl.col("severity").replace_strict(_SEVERITIES, default=2, return_dtype=pl.Int64)
        hits = self._part(LINT_HITS).sort(rank, "path", "line", nulls_last=True).head(_MAX_HITS)
        runs = self._part(WORKFLOW_RUNS) if self.lake.has(WORKFLOW_RUNS, self.group_id) else None
        facts += run_sentences(runs)
        secrets = self._part(COMMITTED_SECRETS).sort("path", "line")
        return AreaEvidence(tuple(facts), checklist, lint_hits=_rows(hits), secrets=_rows(secrets))

    def _of_report(self) -> AreaEvidence:
        return AreaEvidence(
            checklist=_rows(self._checklist.filter(pl.col("verdict").is_in(_DIFFERING))),
            report_checks=_rows(self._part(REPORT_CHECKS)),
            answers=_rows(self._part(REPORT_ANSWERS).drop("text")),
        )

    @cached_property
    def _checklist(self) -> pl.DataFrame:
        return self._part(CHECKLIST)

    def _part(self, table: Table) -> pl.DataFrame:
        return self.lake.read_or_empty(table, self.group_id)


def _rows(frame: pl.DataFrame) -> tuple[Row, ...]:
    return tuple(frame.drop("group_id").iter_rows(named=True))
