"""Tables from GitHub's API: one part a group, empty where the repository is elsewhere or there is no token."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, UTC, Column, Table, count

# With `ok` GitHub was asked; with these two it is not asked, and nothing is wrong.
NOT_ASKED_STATUSES = ("no_token", "not_github")
GITHUB_STATUSES = (
    "ok",
    *NOT_ASKED_STATUSES,
    "bad_token",
    "not_found",
    "no_access",
    "rate_limited",
    "timeout",
    "error",
)
PULL_REQUEST_STATES = ("open", "closed", "merged")

GITHUB_REPOS = Table(
    "github_repos",
    "What GitHub says of a group's repository, and why it could not be asked where it could not.",
    (
        GROUP_ID,
        Column("repo_url", pl.String, "The repository that the roster names.", True),
        Column("status", pl.String, "What became of the last attempt to ask.", True, values=GITHUB_STATUSES),
        Column("reason", pl.String, "Why the status is not `ok`, and what to do about it."),
        Column("full_name", pl.String, "`owner/name` as GitHub has it now: another one when it was renamed or moved."),
        Column("is_private", pl.Boolean, "Only those with access can see it."),
        Column("is_archived", pl.Boolean, "Read-only: nothing can be pushed any more."),
        Column("is_empty", pl.Boolean, "It has no commit."),
        Column("is_fork", pl.Boolean, "Made from another repository on GitHub."),
        Column("default_branch", pl.String, "Name of the default branch; null when there is none."),
        Column("created_at", UTC, "When the repository was made (UTC)."),
        Column("pushed_at", UTC, "When anybody last pushed to any branch (UTC)."),
        count("num_pull_requests", "Pull requests of whatever state."),
        Column("observed_at", UTC, "When GitHub last said something new (UTC)."),
    ),
    key=("group_id",),
    version="1",
    is_one_row=True,
)

PUSHES = Table(
    "pushes",
    "Changes of branches by the time at which GitHub received them (`GET /repos/{owner}/{repo}/activity`), kept also "
    "when GitHub forgets them.",
    (
        GROUP_ID,
        Column("push_id", pl.Int64, "GitHub's id of the activity.", True),
        Column("ref", pl.String, "The branch, as `refs/heads/name`.", True),
        Column(
            "kind",
            pl.String,
            "GitHub's `activity_type`: `push`, `force_push`, `branch_creation`, "
            "`branch_deletion`, `pr_merge`, `merge_queue_merge`.",
            True,
        ),
        Column("before", pl.String, "Commit before; zeros where the branch is new.", True),
        Column("after", pl.String, "Commit afterwards; zeros where the branch was deleted.", True),
        Column("pushed_at", UTC, "When GitHub received it (UTC): no clock of a student.", True),
        Column("actor", pl.String, "Login of who did it. Personal data: never exported."),
        Column("is_forced", pl.Boolean, "History was replaced.", True),
    ),
    key=("push_id",),
    version="1",
)

PULL_REQUESTS = Table(
    "pull_requests",
    "Every pull request on GitHub.",
    (
        GROUP_ID,
        Column("number", pl.Int64, "Its number in the repository.", True, minimum=1),
        Column("title", pl.String, "As written.", True),
        Column("state", pl.String, "`open`, `merged`, or `closed` without a merge.", True, values=PULL_REQUEST_STATES),
        Column("is_draft", pl.Boolean, "Marked as not ready.", True),
        Column("opened_at", UTC, "When (UTC).", True),
        Column("merged_at", UTC, "When (UTC); null unless merged."),
        Column("closed_at", UTC, "When it was closed or merged (UTC); null while open."),
        Column("updated_at", UTC, "When anything about it last changed (UTC).", True),
        Column("author", pl.String, "Login; null where the account is gone. Personal data: never exported."),
        Column("is_bot", pl.Boolean, "Opened by an app such as Dependabot.", True),
        Column(
            "reviewers",
            TEXT_LIST,
            "Logins of the people other than the author who reviewed, sorted; apps are "
            "left out. Personal data: never exported.",
            True,
        ),
        count("num_reviews", "Reviews submitted, by whomever.", is_required=True),
        count("num_comments", "Comments on the conversation page, those on lines not counted.", is_required=True),
        count("num_commits", "Commits.", is_required=True),
        count("num_files_changed", "Files in its diff.", is_required=True),
        count("additions", "Lines added by its diff.", is_required=True),
        count("deletions", "Lines removed by its diff.", is_required=True),
        Column("base_branch", pl.String, "The branch that it is to go into.", True),
        Column("head_sha", pl.String, "Its last commit.", True),
    ),
    key=("number",),
    version="1",
)

WORKFLOW_RUNS = Table(
    "workflow_runs",
    "Runs of GitHub Actions on the newest 1,000 commits of the default branch, those that came with merged branches "
    "included, on the last commit of each pull request, and at the snapshot: one row a run, as its latest attempt "
    "ended; kept also when GitHub forgets them.",
    (
        GROUP_ID,
        Column("run_id", pl.Int64, "GitHub's id of the run.", True),
        Column("workflow", pl.String, "Name of the workflow.", True),
        Column("event", pl.String, "What started it: `push`, `pull_request`, `schedule`, ...", True),
        Column("status", pl.String, "`completed`, or where it is on the way there, as GitHub says.", True),
        Column("conclusion", pl.String, "`success`, `failure`, `cancelled`, ...; null until completed."),
        Column("head_sha", pl.String, "The commit that it ran on.", True),
        Column("run_number", pl.Int64, "How many runs the workflow has had by then.", True, minimum=1),
        Column("created_at", UTC, "When it was started (UTC).", True),
        Column("updated_at", UTC, "When it last changed (UTC).", True),
    ),
    key=("run_id",),
    version="1",
)
