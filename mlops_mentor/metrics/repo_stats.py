"""The numbers of a group: the twenty of the system before, and more of the same kind.

Belongs here: one row a group from its tables. Definitions and units stand in `schemas.metrics`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.evidence.report.tables import num_warnings
from mlops_mentor.metrics.activity import activity_matrix, num_active_days
from mlops_mentor.metrics.balance import balance_numbers
from mlops_mentor.metrics.progress import latest_progress
from mlops_mentor.metrics.readme import MAX_CHARACTERS, num_words
from mlops_mentor.metrics.reviews import review_numbers
from mlops_mentor.metrics.workflow_state import actions_passing
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import REPO_STATS

_REQUIREMENTS = (
    r"(?i)(^|/)(requirements[^/]*\.(txt|in)|requirements/[^/]+\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|environment[^/]*\.ya?ml"
    r"|pipfile(\.lock)?|(uv|poetry|pdm)\.lock|conda-lock\.ya?ml)$"
)
_CLOUD_BUILD = r"(?i)(^|/)[^/]*cloudbuild[^/]*\.(ya?ml|json)$"
_DVC = r"(^|/)(\.dvc/config|dvc\.(yaml|lock)|[^/]+\.dvc)$"
_ROOT_WORKFLOW = r"^\.github/workflows/[^/]+\.ya?ml$"
_ROOT_README = re.compile(r"^readme(\.md|\.markdown|\.rst|\.txt)?$", re.IGNORECASE)
_LINES = ("python", "test", "notebook", "docker", "workflow", "config", "docs")


@dataclass(frozen=True)
class GitHubSays:
    """What GitHub said of pull requests and workflow runs, None where it never did, and why it does not say it now."""

    pull_requests: pl.DataFrame | None
    workflow_runs: pl.DataFrame | None
    reason: str | None = None
    observed_at: datetime | None = None


def root_readme(files: pl.DataFrame) -> str | None:
    """Id of the blob that is the README at the root, Markdown preferred; None where there is none to read."""
    names = files.filter(~pl.col("path").str.contains("/"), pl.col("is_available"), pl.col("kind") != "symlink")
    found = [(not path.lower().endswith((".md", ".markdown")), path, blob_id)
             for path, blob_id in names.select("path", "blob_id").iter_rows() if _ROOT_README.match(path)]  # fmt: skip
    return min(found)[2] if found else None


def repo_stats_frame(
    group: Group,
    course: Course,
    *,
    snapshot: Mapping[str, Any],
    commits: pl.DataFrame,
    contributors: pl.DataFrame,
    contributions: pl.DataFrame,
    report_checks: pl.DataFrame,
    progress: pl.DataFrame,
    files: pl.DataFrame,
    readme: bytes | None,
    github: GitHubSays,
) -> pl.DataFrame:
    """The group's row of `repo_stats`.

    `snapshot` is its row of `repo_snapshots`, `readme` the content of the README at the root, if there is one.
    """
    snapshot_sha = snapshot["snapshot_sha"]
    on_default = commits.filter("is_on_default")
    persons = contributors.filter(pl.col("kind") == "person")
    numbers: dict[str, object] = {
        "snapshot_sha": snapshot_sha,
        "snapshot_at": _at(commits, snapshot_sha, "committed_at"),
        "num_contributors": persons.height,
        "num_commits_to_main": on_default.height,
        "average_commit_length_to_main": _mean_length(on_default),
        "latest_commit": _at(commits, snapshot_sha, "authored_at"),
        "average_commit_length": _mean_length(commits),
        "contributions_per_contributor": persons["num_commits"].sort(descending=True).to_list(),
        "total_commits": commits.height,
        "activity_matrix": activity_matrix(commits, course.project_start, course.zone),
        "num_active_days": num_active_days(commits, course.zone),
        "readme_length": num_words(readme.decode("utf-8", "replace")) if readme is not None else 0,
        "num_late_commits": snapshot["num_late_commits"],
        "num_warnings": num_warnings(report_checks),
        **balance_numbers(contributions, len(group.students)),
        **latest_progress(progress),
        **_file_numbers(files),
        **_github_numbers(github, commits, snapshot_sha),
    }
    reasons = _github_reasons(github)
    if numbers["num_warnings"] is None:
        reasons["num_warnings"] = _why_no_report(report_checks)
    if reason := _about_lines(contributions):
        reasons["lines_surviving"] = reason
    if readme is not None and len(readme) > MAX_CHARACTERS:
        reasons["readme_length"] = f"counted up to {MAX_CHARACTERS} characters"
    return _row(group, numbers, reasons | _file_reasons(files, numbers["num_files_unavailable"]))


def empty_repo_stats_frame(group: Group, reason: str) -> pl.DataFrame:
    """The row of a group whose repository was never read: nothing is known but its size."""
    numbers = [
        name
        for name in REPO_STATS.schema
        if name not in ("group_id", "group_size", "snapshot_sha", "snapshot_at", "not_available")
    ]
    return _row(group, {}, dict.fromkeys(numbers, reason))


def _row(group: Group, numbers: Mapping[str, object], reasons: Mapping[str, str]) -> pl.DataFrame:
    row = {
        **dict.fromkeys(REPO_STATS.schema),
        **numbers,
        "group_id": group.group_id,
        "group_size": len(group.students),
        "not_available": [f"{name}: {reason}" for name, reason in reasons.items()],
    }
    return pl.DataFrame([row], schema=REPO_STATS.schema)


def _file_reasons(files: pl.DataFrame, num_unavailable: object) -> dict[str, str]:
    reasons = {}
    if num_unavailable:
        reasons["repo_size"] = f"a lower bound: {num_unavailable} files are not in the mirror"
    if files["is_starter_code"].null_count():
        reasons["lines"] = "starter code is included: its repositories could not be read"
    return reasons


def _why_no_report(checks: pl.DataFrame) -> str:
    reasons = checks.filter(pl.col("check") == "found")["reason"]
    return reasons[0] if len(reasons) else "the report was not looked for"


def _about_lines(contributions: pl.DataFrame) -> str | None:
    """Why the surviving lines are not known or a lower bound; the same stands in every row of `contributions`."""
    told = contributions["not_available"].explode().drop_nulls().unique(maintain_order=True)
    return next((text.partition(": ")[2] for text in told if text.startswith("lines_surviving: ")), None)


def _github_numbers(github: GitHubSays, commits: pl.DataFrame, snapshot_sha: str | None) -> dict[str, object]:
    runs = github.workflow_runs
    numbers: dict[str, object] = {
        "actions_passing": "not_available" if runs is None else actions_passing(runs, commits, snapshot_sha)
    }
    return numbers | (review_numbers(github.pull_requests) if github.pull_requests is not None else {})


def _github_reasons(github: GitHubSays) -> dict[str, str]:
    """Why numbers from GitHub are not known, or not of now."""
    reasons = {}
    for name, said in (("num_prs", github.pull_requests), ("actions_passing", github.workflow_runs)):
        if said is None:
            reasons[name] = github.reason or "GitHub did not give it"
        elif github.reason is not None and github.observed_at is not None:
            reasons[name] = f"as of {github.observed_at:%Y-%m-%d %H:%M} UTC: {github.reason}"
    return reasons


def _file_numbers(files: pl.DataFrame) -> dict[str, object]:
    path = pl.col("path")
    is_kept = ~(pl.col("is_vendored") | pl.col("is_generated"))
    is_own = is_kept & ~pl.col("is_starter_code").fill_null(False)
    is_real = ~pl.col("kind").is_in(["symlink", "gitlink"])
    sums = files.select(
        num_docker_files=(is_kept & (pl.col("kind") == "docker")).sum(),
        num_python_files=(is_kept & is_real & path.str.to_lowercase().str.ends_with(".py")).sum(),
        num_workflow_files=(is_real & path.str.contains(_ROOT_WORKFLOW)).sum(),
        has_requirements_file=(~pl.col("is_vendored") & is_real & path.str.contains(_REQUIREMENTS)).any(),
        has_cloudbuild=(is_kept & is_real & path.str.contains(_CLOUD_BUILD)).any(),
        using_dvc=(~pl.col("is_vendored") & is_real & path.str.contains(_DVC)).any(),
        repo_size=pl.col("bytes").sum() / 1e6,
        num_files=pl.len(),
        num_files_unavailable=(~pl.col("is_available") & (pl.col("kind") != "gitlink")).sum(),
        **{f"lines_{kind}": pl.col("lines").filter(is_own & (pl.col("kind") == kind)).sum() for kind in _LINES},
    )
    return sums.row(0, named=True)


def _mean_length(commits: pl.DataFrame) -> float | None:
    return commits.select(pl.col("message").str.len_chars().mean()).item()  # type: ignore[no-any-return]


def _at(commits: pl.DataFrame, sha: str | None, column: str) -> datetime | None:
    found = commits.filter(pl.col("sha") == sha)[column] if sha else pl.Series([])
    return found.item() if len(found) else None
