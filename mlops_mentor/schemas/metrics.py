"""Tables of numbers: computed from the tables read from git."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, UTC, Column, Table, count

CONTRIBUTOR_KINDS = ("person", "bot", "ai_assistant")

CONTRIBUTORS = Table(
    "contributors",
    "Who wrote the commits, identities merged: one row a person, bot or AI assistant.",
    (
        GROUP_ID,
        Column("contributor_id", pl.String, "Stable id within the group: hash of the smallest e-mail.", True),
        Column("name", pl.String, "The most used name of this contributor.", True),
        Column("kind", pl.String, "Persons are what `num_contributors` counts.", True, values=CONTRIBUTOR_KINDS),
        Column("names", TEXT_LIST, "All names, most used first.", True),
        Column("emails", TEXT_LIST, "All addresses, most used first. Personal data: never exported.", True),
        Column("merge_reasons", TEXT_LIST, "Why identities were taken for one: `rule: a = b`.", True),
        count(
            "num_commits",
            "Commits authored, merges included, on the default branch or in pull requests.",
            is_required=True,
        ),
        count("num_commits_on_default", "Of these, reachable from the snapshot.", is_required=True),
        count("num_merges", "Of `num_commits`, merges.", is_required=True),
        count(
            "num_co_authored",
            "Commits of others that name this contributor in a `Co-authored-by` trailer.",
            is_required=True,
        ),
        count(
            "lines_added", "Lines added by the commits authored, those with missing blobs left out.", is_required=True
        ),
        count(
            "lines_removed",
            "Lines removed by the commits authored, those with missing blobs left out.",
            is_required=True,
        ),
        count("num_active_days", "Calendar days (course time zone) with an authored commit.", is_required=True),
        Column("first_commit_at", UTC, "Author date of the earliest commit (UTC); null for co-authors alone."),
        Column("last_commit_at", UTC, "Author date of the latest commit (UTC); null for co-authors alone."),
    ),
    key=("contributor_id",),
    version="2",
)

REPO_STATS = Table(
    "repo_stats",
    "The numbers of a group: they inform and never grade.",
    (
        GROUP_ID,
        Column("snapshot_sha", pl.String, "The commit that these numbers describe."),
        Column("snapshot_at", UTC, "Its committer date (UTC)."),
        count("group_size", "Students in the roster's row.", is_required=True),
        count("num_contributors", "Persons who authored or co-authored a commit; bots and AI assistants not counted."),
        count("num_prs", "Pull requests on GitHub, of whatever state."),
        count("num_prs_merged", "Merged pull requests."),
        count("num_prs_open", "Open pull requests."),
        count("num_prs_reviewed", "Pull requests with a review by a person other than the author."),
        Column(
            "share_merged_prs_reviewed",
            pl.Float64,
            "Merged pull requests with a review by a person other than the author, as a share of those merged and "
            "opened by people; null where there are none.",
            minimum=0,
            maximum=1,
        ),
        count("num_reviewers", "Accounts that reviewed a pull request of somebody else."),
        count("num_commits_to_main", "Commits reachable from the snapshot, merges included (`git rev-list --count`)."),
        Column(
            "average_commit_length_to_main", pl.Float64, "Mean characters of the messages of these commits.", minimum=0
        ),
        Column("latest_commit", UTC, "Author date of the commit that counts (UTC)."),
        Column(
            "average_commit_length",
            pl.Float64,
            "Mean characters of the messages of all commits, those in pull requests included, each once.",
            minimum=0,
        ),
        Column(
            "contributions_per_contributor",
            pl.List(pl.Int64),
            "Commits authored by each person, each commit once, most first; those who only co-authored have 0.",
        ),
        count("total_commits", "Commits reachable from the snapshot or from a pull request's head, each once."),
        Column(
            "activity_matrix",
            pl.List(pl.List(pl.Int64)),
            "Commits by day and hour: days since the first commit that "
            "is not older than the project (7, 14 or 21 rows, course time zone) x 24 hours, by author date.",
        ),
        count("num_active_days", "Calendar days (course time zone) with a commit, by author date."),
        count("num_docker_files", "Dockerfiles and compose files; vendored and generated ones not counted."),
        count("num_python_files", "`*.py` files, tests included; vendored and generated ones not counted."),
        count("num_workflow_files", "`.github/workflows/*.yml|yaml` at the root of the repository."),
        Column(
            "has_requirements_file",
            pl.Boolean,
            "Dependencies are declared: requirements*.txt, pyproject.toml, "
            "setup.py/.cfg, environment.yml, Pipfile, uv.lock, poetry.lock, pdm.lock or conda-lock.yml.",
        ),
        Column("has_cloudbuild", pl.Boolean, "A `*cloudbuild*.yml|yaml|json` file, in any folder."),
        Column(
            "using_dvc",
            pl.Boolean,
            "`.dvc/config`, `dvc.yaml`, `dvc.lock` or a `*.dvc` file; `.dvcignore` alone is none.",
        ),
        Column(
            "repo_size",
            pl.Float64,
            "MB (10^6 bytes) of all tracked files at the snapshot whose size is known.",
            minimum=0,
        ),
        count(
            "readme_length", "Words of README.md at the root, as rendered: markup, links' targets and comments removed."
        ),
        Column(
            "actions_passing",
            pl.String,
            "What the newest run of each workflow and event says: at the snapshot, or where nothing ran there, at the "
            "newest earlier commit of the default branch with runs. `failing` when any of them ended otherwise than in "
            "success, `running` when any is under way; skipped and neutral ones do not count.",
            values=("passing", "failing", "running", "never_ran", "not_available"),
        ),
        count(
            "num_warnings", "Report questions that fail their length or image rule; null until the report is checked."
        ),
        count("num_late_commits", "Commits of the default branch that do not count: they came after the deadline."),
        count("num_files", "Tracked files at the snapshot."),
        count("num_files_unavailable", "Files whose content is not in the mirror: sizes and lines are lower bounds."),
        count("lines_python", "Lines of own Python files: not tests, vendored, generated or starter code."),
        count("lines_test", "Lines of own test files."),
        count("lines_notebook", "Lines of own notebooks, as JSON text."),
        count("lines_docker", "Lines of own Docker and compose files."),
        count("lines_workflow", "Lines of own workflow files."),
        count("lines_config", "Lines of own configuration files."),
        count("lines_docs", "Lines of own documentation."),
        Column("not_available", TEXT_LIST, "`column: reason` for the numbers that could not be known.", True),
    ),
    key=("group_id",),
    version="4",
    is_one_row=True,
)

FLAG_KINDS = (
    "late_commits",
    "forced_push_over_deadline",
    "history_rewritten",
    "backdated_commits",
    "branch_made_after_deadline",
)

FLAGS = Table(
    "flags",
    "What a TA should look at in how the group handed in. A flag is a question and never an answer: each has innocent "
    "causes.",
    (
        GROUP_ID,
        Column("flag", pl.String, "What was noticed.", True, values=FLAG_KINDS),
        Column("happened_at", UTC, "When it happened, as far as that is known (UTC)."),
        Column("sha", pl.String, "The commit where to look.", True),
        Column("detail", pl.String, "What was noticed, in a sentence with its numbers.", True),
    ),
    key=("flag", "sha"),
    version="1",
)
