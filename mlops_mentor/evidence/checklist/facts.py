"""What the checklist knows of a group beside its files, from the group's other tables and its mirror.

Belongs here: gathering it. What is dear (history, branches) is read when a detector asks for it, and once.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import polars as pl

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.report.figures import figures
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.evidence.report.targets import Tree
from mlops_mentor.repos.past import past_texts
from mlops_mentor.repos.unmerged import Unmerged, unmerged_branches


def group_facts(
    mirror: Path,
    snapshot_sha: str | None,
    files: pl.DataFrame,
    report: Report | NoReport,
    *,
    branches: tuple[str, ...] | None = None,
    group_size: int | None = None,
    starter_blobs: Collection[str] | None = None,
    tables: Mapping[str, pl.DataFrame | None] | None = None,
) -> Facts:
    """The facts of a group at its snapshot.

    `tables` are the group's parts by name, of those that are known: `contributors`, `contributions`, `commits`,
    `code_quality`, `workflow_runs`, `pull_requests`. What is not there is not known: workflow runs and pull requests
    belong there only where GitHub was asked.

    `past_texts` and `unmerged` run git when they are called first.

    Raises:
        RepoError: by `past_texts` and `unmerged`, where git cannot read the mirror.
    """
    known = tables or {}
    contributors, contributions, commits = (known.get(name) for name in ("contributors", "contributions", "commits"))
    starters = None if starter_blobs is None else frozenset(starter_blobs)

    @cache
    def former() -> tuple[tuple[str, str, str], ...]:
        is_not_past = frozenset(files["blob_id"]) | (starters or frozenset())
        return tuple(past_texts(mirror, snapshot_sha, is_not_past)) if snapshot_sha else ()

    @cache
    def unmerged() -> tuple[Unmerged, ...]:
        return unmerged_branches(mirror, snapshot_sha) if snapshot_sha else ()

    return Facts(
        group_size=group_size,
        num_people=None if contributors is None else _people(contributors).height,
        num_commits=None if commits is None else int(commits["is_on_default"].sum()),
        snapshot_sha=snapshot_sha,
        branches=branches,
        workflow_runs=known.get("workflow_runs"),
        pull_requests=known.get("pull_requests"),
        report_images=figures(report, Tree(files), starters),
        areas_of_people=None if contributions is None else _num_areas(_people(contributions)),
        style_per_1000_lines=_value(known.get("code_quality"), "style_per_1000_lines"),
        unmerged=unmerged,
        past_texts=former,
    )


def _people(contributors: pl.DataFrame) -> pl.DataFrame:
    """Persons who are no outsiders."""
    return contributors.filter(pl.col("kind") == "person")


def _num_areas(people: pl.DataFrame) -> tuple[int, ...]:
    return tuple(sorted(people["areas"].list.len(), reverse=True))


def _value(frame: pl.DataFrame | None, column: str) -> float | None:
    """The value of a table of one row; None where there is no row."""
    return frame[column].item() if frame is not None and frame.height == 1 else None
