"""What was found of a group before anybody judges: its tables, as packs, rules and contradictions ask of them.

Belongs here: reading them. What follows from it is for the callers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITTED_SECRETS,
    FILES,
    HOSTILE_CONTENT,
    LINT_HITS,
    PULL_REQUESTS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
)


@dataclass(frozen=True)
class GroupEvidence:
    """A group's parts of the tables of that name; `workflow_runs` and `pull_requests` None where GitHub never said.

    `stats` and `quality` have one row at most: none for a group without a commit.
    """

    group_id: str
    snapshot_sha: str
    group_size: int
    files: pl.DataFrame
    code_quality: pl.DataFrame
    lint_hits: pl.DataFrame
    committed_secrets: pl.DataFrame
    hostile_content: pl.DataFrame
    report_answers: pl.DataFrame
    report_checks: pl.DataFrame
    checklist: pl.DataFrame
    repo_stats: pl.DataFrame
    workflow_runs: pl.DataFrame | None = None
    pull_requests: pl.DataFrame | None = None

    @cached_property
    def quality(self) -> Mapping[str, Any]:
        """The row of `code_quality`; every value None where there is none."""
        return _row(self.code_quality)

    @cached_property
    def stats(self) -> Mapping[str, Any]:
        """The row of `repo_stats`; every value None where there is none."""
        return _row(self.repo_stats)

    @cached_property
    def items(self) -> Mapping[str, Mapping[str, Any]]:
        """Rows of `checklist` by item."""
        return {row["item"]: row for row in self.checklist.iter_rows(named=True)}


def group_evidence(work: GroupWork) -> GroupEvidence:
    """What is stored of the group at its snapshot.

    Raises:
        LakeError: one of the tables is not there yet.
        RepoError: the repository was never read.
    """
    return GroupEvidence(
        group_id=work.group.group_id,
        snapshot_sha=work.snapshot_sha or "",
        group_size=len(work.group.students),
        files=work.read(FILES),
        code_quality=work.read(CODE_QUALITY),
        lint_hits=work.read(LINT_HITS),
        committed_secrets=work.read(COMMITTED_SECRETS),
        hostile_content=work.read(HOSTILE_CONTENT),
        report_answers=work.read(REPORT_ANSWERS),
        report_checks=work.read(REPORT_CHECKS),
        checklist=work.read(CHECKLIST),
        repo_stats=work.read(REPO_STATS),
        workflow_runs=work.said_by_github(WORKFLOW_RUNS),
        pull_requests=work.said_by_github(PULL_REQUESTS),
    )


def _row(frame: pl.DataFrame) -> Mapping[str, Any]:
    return frame.row(0, named=True) if frame.height else dict.fromkeys(frame.columns)
