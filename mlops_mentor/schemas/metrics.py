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
    version="3",
)

_EQUALITY = (
    "1 - G * n / (n - 1) over n = the larger of the roster's group size and the number of persons, where silent "
    "members count with 0, outsiders, bots and assistants do not count, and G is the Gini coefficient, the sum of "
    "|x_i - x_j| over all i and j divided by 2 n times the sum of x. 1: all did the same; 0: one did everything. "
    "Null for groups of one and where there is nothing to share."
)

BALANCE_COLUMNS = (
    count("lines_surviving", "Lines of own text files at the snapshot that persons of the group wrote (`git blame`)."),
    count("num_members_known", "Members whom a study number or `identities.csv` names as contributors for certain."),
    count(
        "num_silent_members",
        "Group size less the persons who are no outsiders, not below 0: members of whom git shows nothing.",
    ),
    Column("equality_lines", pl.Float64, f"Balance of surviving lines: {_EQUALITY}", minimum=0, maximum=1),
    Column("equality_commits", pl.Float64, f"Balance of commits without merges: {_EQUALITY}", minimum=0, maximum=1),
)


def _share(name: str, description: str) -> Column:
    return Column(name, pl.Float64, description, minimum=0, maximum=1)


PROGRESS_PARTS = ("checklist_shown", "report_answered", "tests_and_ci", "reproducibility", "balance")
_SHOWN = "1 each where it is shown, 1/2 in part, 0 where it is not; what cannot be looked at does not count"
PROGRESS_COLUMNS = (
    Column(
        "progress",
        pl.Float64,
        "Mean of the five parts with the weights of `course.yaml`, times 100; parts that are not known are left out. "
        "It informs and never grades.",
        minimum=0,
        maximum=100,
    ),
    _share("checklist_shown", f"Mean over the items of the checklist, whatever was claimed: {_SHOWN}."),
    _share("report_answered", "Answered questions of the report, as a share of its template's; 0 without a report."),
    _share(
        "tests_and_ci",
        "`tests_shown`, the mean over the checklist's items of tests, coverage, continuous integration and linting "
        f"({_SHOWN}); where GitHub tells of runs, two thirds of it and a third for workflows that pass.",
    ),
    _share(
        "reproducibility",
        f"Mean over the items of environment, dependencies, data versions, Docker and configuration ({_SHOWN}).",
    ),
    _share(
        "balance",
        "How evenly commits without merges are shared among the members up to then: the equality index of "
        "`equality_commits`.",
    ),
)
PROGRESS = Table(
    "progress",
    "How far the project had come: a row for each day (course time zone) whose end saw another commit on the default "
    "branch than the day before. On days between, the row before holds.",
    (
        GROUP_ID,
        Column("day", pl.Date, "The day; what was there before the project began stands at its first day.", True),
        Column("sha", pl.String, "The commit that stood at its end, by committer dates of first parents.", True),
        *PROGRESS_COLUMNS,
        _share("tests_shown", "See `tests_and_ci`."),
        Column("workflows_pass", pl.Boolean, "See `actions_passing`, by the runs up to then; null where none tells."),
        Column("evidence_key", pl.String, "Hash of what the shares of the files were computed with.", True),
    ),
    key=("day",),
    version="1",
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
        count("num_warnings", "Report questions that fail their length or image rule; null without a report."),
        *BALANCE_COLUMNS,
        *PROGRESS_COLUMNS,
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
    version="6",
    is_one_row=True,
)
