"""Progress: how far a group's project has come, by day. It informs; the course is pass/fail.

Belongs here: the parts and their weighted mean. What a commit shows is read in `evidence.daily`; the weights are the
course's (`course.yaml`).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.course import ProgressWeights
from mlops_mentor.evidence.daily import Standing
from mlops_mentor.metrics.attribution import Attribution
from mlops_mentor.metrics.balance import equality
from mlops_mentor.metrics.workflow_state import actions_passing
from mlops_mentor.repos.days import end_of_day
from mlops_mentor.schemas.metrics import PROGRESS, PROGRESS_PARTS

_SPEAK = ("passing", "failing")


def progress_frame(
    group_id: str,
    days: Mapping[date, str],
    standings: Mapping[str, Standing],
    *,
    evidence_key: str,
    attribution: Attribution,
    runs: pl.DataFrame | None,
    group_size: int,
    zone: ZoneInfo,
    weights: ProgressWeights,
) -> pl.DataFrame:
    """The table `progress` of one group: a row for each of `days`, by what stood at its end.

    `standings` are by commit, computed with what `evidence_key` stands for. `runs` is the table `workflow_runs`; None
    where GitHub was never asked.
    """
    rows = []
    for day, sha in days.items():
        end = end_of_day(day, zone)
        standing = standings[sha]
        passing = _workflows_pass(runs, attribution, sha, end)
        parts = {
            "checklist_shown": standing.checklist_shown,
            "report_answered": standing.report_answered,
            "tests_and_ci": _tests_and_ci(standing.tests_shown, passing),
            "reproducibility": standing.reproducibility,
            "balance": _balance(attribution, end, group_size),
        }
        rows.append(
            {"group_id": group_id, "day": day, "sha": sha, "evidence_key": evidence_key, **asdict(standing), **parts,
             "workflows_pass": passing, "progress": weighted_mean(parts, weights)}
        )  # fmt: skip
    return pl.DataFrame(rows, schema=PROGRESS.schema, orient="row")


def known_standings(stored: pl.DataFrame | None, evidence_key: str) -> dict[str, Standing]:
    """By commit, what the stored table knows already, as far as it was computed with the same things."""
    if stored is None:
        return {}
    rows = stored.filter(pl.col("evidence_key") == evidence_key).select("sha", *Standing.__dataclass_fields__)
    return {sha: Standing(*values) for sha, *values in rows.iter_rows()}


def weighted_mean(parts: Mapping[str, float | None], weights: ProgressWeights) -> float | None:
    """The weighted mean of the parts that are known, times 100; None where none is."""
    known = [(part, getattr(weights, name)) for name in PROGRESS_PARTS if (part := parts[name]) is not None]
    total = sum(weight for _, weight in known)
    return 100 * sum(part * weight for part, weight in known) / total if total else None


def latest_progress(frame: pl.DataFrame) -> dict[str, Any]:
    """The last day's progress and its parts, as columns of `repo_stats`."""
    names = ["progress", *PROGRESS_PARTS]
    last = frame.sort("day").tail(1)
    return last.select(names).row(0, named=True) if last.height else dict.fromkeys(names)


def _workflows_pass(runs: pl.DataFrame | None, attribution: Attribution, sha: str, end: datetime) -> bool | None:
    if runs is None:
        return None
    until = runs.filter(pl.col("created_at") < end)
    # What was made later says nothing of that day, also where it passed on the same commit.
    commits = attribution.commits.filter(pl.col("committed_at") < end)
    state = actions_passing(until, commits, sha)
    return state == "passing" if state in _SPEAK else None


def _tests_and_ci(shown: float | None, passing: bool | None) -> float | None:
    if shown is None or passing is None:
        return shown
    return (2 * shown + passing) / 3


def _balance(attribution: Attribution, end: datetime, group_size: int) -> float | None:
    """How evenly commits without merges are shared among the persons, up to then."""
    persons = {each.contributor_id for each in attribution.contributors if attribution.kind(each) == "person"}
    until = attribution.commits.filter(
        pl.col("authored_at") < end, ~pl.col("is_merge"), pl.col("contributor_id").is_in(persons)
    )
    counts = until.group_by("contributor_id").len()["len"].to_list()
    return equality(counts, max(group_size, len(counts)))
