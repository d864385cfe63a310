"""Tables over all groups: what the lecturer reads."""

import polars as pl

from mlops_mentor.schemas.metrics import PROGRESS_COLUMNS
from mlops_mentor.schemas.table import GROUP_ID, UTC, Column, Table, count

STATES = ("ok", "empty", "incomplete", "failed", "not_run")

_ACTIVITY = (
    count("num_contributors", "Persons who committed, identities merged."),
    count("num_commits_to_main", "Commits reachable from the snapshot."),
    count("total_commits", "Commits reachable from the snapshot or from a pull request's head."),
    count("num_active_days", "Calendar days (course time zone) with a commit, by author date."),
    count("num_python_files", "Own and starter `*.py` files."),
    count("num_docker_files", "Dockerfiles and compose files."),
    count("num_workflow_files", "Workflow files of GitHub Actions."),
    count("lines_python", "Lines of own Python files."),
    count("lines_test", "Lines of own test files."),
    Column("repo_size", pl.Float64, "MB (10^6 bytes) of all tracked files whose size is known.", minimum=0),
)

LEADERBOARD = Table(
    "leaderboard",
    "The class at a glance: every group of the roster, in its order. Numbers inform; they never grade or rank.",
    (
        GROUP_ID,
        Column(
            "state",
            pl.String,
            "`ok`, `empty` (no commit yet), `incomplete` (GitHub did not give all: see reason), `failed` (see reason) "
            "or `not_run`.",
            True,
            values=STATES,
        ),
        Column("reason", pl.String, "Why the state is not `ok`."),
        count("group_size", "Students in the roster's row.", is_required=True),
        *_ACTIVITY,
        Column("average_commit_length_to_main", pl.Float64, "Mean characters of the messages on main.", minimum=0),
        count("readme_length", "Words of the README."),
        Column("has_requirements_file", pl.Boolean, "Dependencies are declared."),
        Column("using_dvc", pl.Boolean, "Data are under DVC."),
        Column("has_cloudbuild", pl.Boolean, "A Cloud Build configuration exists."),
        count("num_prs", "Pull requests on GitHub; null while not available."),
        count("num_prs_merged", "Merged pull requests."),
        Column(
            "share_merged_prs_reviewed",
            pl.Float64,
            "Share of the merged ones that a person other than the author reviewed.",
            minimum=0,
            maximum=1,
        ),
        Column("actions_passing", pl.String, "State of the workflow runs at the snapshot."),
        *PROGRESS_COLUMNS,
        count("num_late_commits", "Commits of the default branch that came after the deadline and do not count."),
        count("num_flags", "Things that a TA should look at: rows of `flags` and of `same_code`."),
        count("num_serious_flags", "Of these, `serious`: to be looked at today."),
        count("num_warnings", "Report questions that fail their rule; null until the report is checked."),
        Column("latest_commit", UTC, "Author date of the commit that counts (UTC)."),
        Column("snapshot_sha", pl.String, "The commit that the numbers describe."),
        Column("snapshot_at", UTC, "Its committer date (UTC)."),
    ),
    key=("group_id",),
    version="3",
    is_by_group=False,
)

LEADERBOARD_HISTORY = Table(
    "leaderboard_history",
    "One row a group and snapshot commit, kept for good, so that progress can be drawn.",
    (
        GROUP_ID,
        Column("repo_url", pl.String, "The repository that the roster named."),
        Column("snapshot_sha", pl.String, "The commit that counted.", True),
        Column("snapshot_at", UTC, "Its committer date (UTC)."),
        Column("first_seen_at", UTC, "When the leaderboard first showed it (UTC).", True),
        *_ACTIVITY,
    ),
    key=("group_id", "snapshot_sha"),
    version="2",
    is_by_group=False,
)

GROUP_OUTCOMES = Table(
    "group_outcomes",
    "What became of the group's tables when they were last computed.",
    (
        GROUP_ID,
        Column("failed_table", pl.String, "The first table that could not be computed; null when all could."),
        Column("reason", pl.String, "Why not, and what to do about it."),
        Column("is_invalid", pl.Boolean, "What was computed did not fit its table and was refused."),
        Column("finished_at", UTC, "When (UTC).", True),
    ),
    key=("group_id",),
    version="2",
    is_one_row=True,
)

GROUP_STATUS = Table(
    "group_status",
    "What became of every group of the roster in the last run: where it stands, why, and how fresh it is.",
    (
        GROUP_ID,
        Column("repo_url", pl.String, "The repository that the roster names.", True),
        Column("state", pl.String, "`ok`, `empty`, `incomplete`, `failed` or `not_run`.", True, values=STATES),
        Column(
            "repo_status", pl.String, "What became of the last attempt to read the repository; null before the first."
        ),
        Column("failed_table", pl.String, "The first table that could not be computed."),
        Column("reason", pl.String, "Why the state is not `ok`, and what to do about it."),
        Column(
            "snapshot_sha", pl.String, "The commit that the group's numbers describe, also when a later attempt failed."
        ),
        Column("snapshot_rule", pl.String, "How that commit was chosen."),
        Column("deadline_at", UTC, "The group's deadline, extensions included (UTC)."),
        Column("github_status", pl.String, "What became of the last attempt to ask GitHub."),
        Column("is_archived", pl.Boolean, "GitHub holds the repository read-only."),
        Column("renamed_to", pl.String, "Where the server redirected us."),
        Column("fetched_at", UTC, "When the repository was last read with success (UTC)."),
        Column("checked_at", UTC, "When it was last asked (UTC)."),
    ),
    key=("group_id",),
    version="2",
    is_by_group=False,
)
