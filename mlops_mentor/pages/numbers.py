"""The numbers that pages show: what each is called, how it is written, and why one is missing.

Belongs here: names and formats by column. Definitions are in the manifest, in the words of the schemas.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlops_mentor.pages.published import PublishedGroup, Row

MISSING = "\N{EN DASH}"
STATES = {
    "ok": "in order",
    "empty": "no commit yet",
    "incomplete": "incomplete",
    "failed": "could not be read",
    "not_run": "not yet looked at",
    "withheld": "withheld",
}
RUNS = {
    "passing": "passing",
    "failing": "failing",
    "running": "running",
    "never_ran": "never ran",
}
UNKNOWN_RUNS = "not_available"


@dataclass(frozen=True)
class Number:
    """A column as pages show it. `short` heads a column of a table, `title` a row; `shown` writes a value.

    `is_first`: shown without asking for more columns. `is_compared`: beside the class's quartiles.
    """

    name: str
    short: str
    title: str
    shown: Callable[[Any], str]
    is_first: bool = False
    is_compared: bool = True


def whole(value: float) -> str:
    """12345 as 12 345, with blanks that do not break: what a comma means depends on the reader."""
    return f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def decimal(value: float) -> str:
    return whole(value) if abs(value) >= 100 else f"{value:.1f}"


def yes_no(value: bool) -> str:
    return "yes" if value else "no"


def day(value: date) -> str:
    return f"{value.day} {value:%b}"


PARTS = (
    Number("checklist_shown", "Checklist", "Checklist shown", percent, True),
    Number("report_answered", "Report", "Report answered", percent, True),
    Number("tests_and_ci", "Tests, CI", "Tests and CI", percent, True),
    Number("reproducibility", "Reprod.", "Reproducibility", percent, True),
    Number("balance", "Balance", "Balance of commits", percent, True),
)
PROGRESS = Number("progress", "Progress", "Progress", whole, True)
COUNTS = (
    Number("num_commits_to_main", "Commits", "Commits on main", whole, True),
    Number("num_active_days", "Days active", "Days with a commit", whole, True),
    Number("num_prs_merged", "PRs merged", "Pull requests merged", whole, True),
    Number("lines_test", "Lines of tests", "Lines of tests", whole, True),
    Number("group_size", "Members", "Members", whole, is_compared=False),
    Number("num_contributors", "Contributors", "Persons who committed", whole, is_compared=False),
    Number("total_commits", "All commits", "Commits, pull requests included", whole),
    Number("num_prs", "PRs", "Pull requests", whole),
    Number("share_merged_prs_reviewed", "PRs reviewed", "Merged pull requests reviewed", percent),
    Number("lines_python", "Lines of Python", "Lines of Python", whole),
    Number("num_python_files", "Python files", "Python files", whole),
    Number("num_docker_files", "Docker files", "Docker files", whole),
    Number("num_workflow_files", "Workflows", "Workflow files", whole),
    Number("num_warnings", "Report warnings", "Report questions with a warning", whole),
    Number("readme_length", "README words", "Words of the README", whole),
    Number("average_commit_length_to_main", "Message length", "Characters a commit message", whole),
    Number("repo_size", "Size, MB", "Size in MB", decimal),
)
FLAGS = (
    Number("has_requirements_file", "Dependencies", "Dependencies declared", yes_no, is_compared=False),
    Number("using_dvc", "DVC", "Data under DVC", yes_no, is_compared=False),
    Number("has_cloudbuild", "Cloud Build", "Cloud Build configured", yes_no, is_compared=False),
)
RUNS_STATE = Number(
    "actions_passing", "CI", "Workflow runs", lambda runs: RUNS.get(runs, runs), True, is_compared=False
)
LAST_COMMIT = Number("last_commit_on", "Last commit", "Last commit", day, True, is_compared=False)
STATISTICS = (
    Number("num_prs_open", "PRs open", "Pull requests open", whole),
    Number("num_prs_reviewed", "PRs with a review", "Pull requests with a review", whole),
    Number("num_files", "Files", "Files", whole),
    Number("lines_notebook", "Lines of notebooks", "Lines of notebooks", whole),
    Number("lines_docker", "Lines of Docker", "Lines of Docker files", whole),
    Number("lines_workflow", "Lines of workflows", "Lines of workflow files", whole),
    Number("lines_config", "Lines of configuration", "Lines of configuration", whole),
    Number("lines_docs", "Lines of documentation", "Lines of documentation", whole),
)
_SHOWN = (PROGRESS, *PARTS, *COUNTS, *FLAGS, RUNS_STATE, LAST_COMMIT, *STATISTICS)
_TITLES = {each.name: each.title for each in _SHOWN} | {"group": "Group", "state": "State"}


def title_of(column: str) -> str:
    """What a column is called in a sentence; its own name if pages do not show it."""
    return _TITLES.get(column, column)


def why_missing(group: PublishedGroup, table: str, row: Row | None, column: str) -> str:
    """Why a number is not there, in words that follow a dash."""
    if table in group.withheld_tables:
        return "withheld to protect persons"
    if row is not None and column in (row.get("withheld") or ()):
        return "withheld: it would single out a person"
    if group.state in ("empty", "failed", "not_run"):
        return f"not known: {STATES[group.state]}"
    return "not known"


def moment(value: datetime | None, time_zone: str) -> str | None:
    """A moment in the course's time zone; in UTC where this machine does not know the zone."""
    if value is None:
        return None
    try:
        local = value.astimezone(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = value.astimezone(UTC)
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"
