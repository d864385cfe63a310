"""The numbers of a group, against what the schema says they are."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import Course
from mlops_mentor.metrics.contributors import contributors_frame
from mlops_mentor.metrics.repo_stats import GitHubSays, empty_repo_stats_frame, repo_stats_frame, root_readme
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    CONTRIBUTIONS,
    PROGRESS,
    PULL_REQUESTS,
    REPO_SNAPSHOTS,
    REPO_STATS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
    empty,
    validate,
)

MakeFrame = Callable[..., pl.DataFrame]
Stats = Callable[..., dict[str, Any]]
NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
NOTHING_ON_GITHUB = GitHubSays(empty(PULL_REQUESTS), empty(WORKFLOW_RUNS), None, NOON)


@pytest.fixture
def stats(
    make_group: Callable[..., Group],
    course: Course,
    make_commits: MakeFrame,
    make_files: MakeFrame,
    make_frame: MakeFrame,
) -> Stats:
    """`stats(commits=..., files=..., ...)`: the row of these, empty ones unless given."""

    def compute(  # noqa: PLR0917
        commits: pl.DataFrame | None = None,
        files: pl.DataFrame | None = None,
        sha: str | None = None,
        readme: bytes | None = None,
        github: GitHubSays | None = None,
        contributions: pl.DataFrame | None = None,
        report_checks: pl.DataFrame | None = None,
        progress: pl.DataFrame | None = None,
    ) -> dict[str, Any]:
        commits = make_commits() if commits is None else commits
        files = make_files() if files is None else files
        group = make_group(students=3)
        contributors = contributors_frame(group, commits, {}, course.zone)
        snapshot = make_frame(REPO_SNAPSHOTS, {"snapshot_sha": sha, "num_late_commits": 0}).row(0, named=True)
        frame = repo_stats_frame(
            group,
            course,
            snapshot=snapshot,
            commits=commits,
            contributors=contributors,
            contributions=empty(CONTRIBUTIONS) if contributions is None else contributions,
            report_checks=empty(REPORT_CHECKS) if report_checks is None else report_checks,
            progress=empty(PROGRESS) if progress is None else progress,
            files=files,
            readme=readme,
            github=github or NOTHING_ON_GITHUB,
        )
        return validate(REPO_STATS, frame).row(0, named=True)

    return compute


def _file(path: str, kind: str = "other", **more: Any) -> dict[str, Any]:
    return {"path": path, "kind": kind, **more}


def test_an_empty_repository_has_a_row_of_zeros(stats: Stats) -> None:
    row = stats()
    assert (row["group_id"], row["group_size"]) == ("1", 3)
    others = ("num_warnings", "num_silent_members")
    zeros = [name for name in row if name.startswith(("num_", "lines_")) and name not in others]
    assert {name: row[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert (row["num_silent_members"], row["equality_lines"], row["equality_commits"]) == (3, None, None)
    assert (row["total_commits"], row["readme_length"], row["repo_size"]) == (0, 0, 0.0)
    assert (row["has_requirements_file"], row["has_cloudbuild"], row["using_dvc"]) == (False, False, False)
    assert (row["average_commit_length"], row["average_commit_length_to_main"], row["latest_commit"]) == (
        None,
        None,
        None,
    )
    assert (row["contributions_per_contributor"], row["activity_matrix"]) == ([], [])


def test_commits_on_main_and_all_commits_are_told_apart(stats: Stats, make_commits: MakeFrame) -> None:
    row = stats(make_commits({"message": "four"}, {"message": "sixsix"}, {"message": "æø", "is_on_default": False}))
    assert (row["num_commits_to_main"], row["total_commits"]) == (2, 3)
    assert row["average_commit_length_to_main"] == 5.0
    assert row["average_commit_length"] == 4.0


def test_commits_in_pull_requests_alone_leave_the_mean_on_main_unknown(stats: Stats, make_commits: MakeFrame) -> None:
    row = stats(make_commits({"is_on_default": False}))
    assert (row["num_commits_to_main"], row["average_commit_length_to_main"]) == (0, None)


def test_persons_are_counted_and_assistants_and_bots_are_not(stats: Stats, make_commits: MakeFrame) -> None:
    row = stats(
        make_commits(
            {"co_authors": ["Claude <noreply@anthropic.com>", "Cy Berg <cy@uni.example>"]},
            {},
            {"author_name": "Bo Holm", "author_email": "bo@uni.example"},
            {"author_name": "dependabot[bot]", "author_email": "d@x.example"},
        )
    )
    assert row["num_contributors"] == 3
    assert row["contributions_per_contributor"] == [2, 1, 0]
    assert row["total_commits"] == 4


def test_the_latest_commit_is_the_one_that_counts(stats: Stats, make_commits: MakeFrame) -> None:
    moment = datetime(2027, 1, 6, 8, tzinfo=UTC)
    commits = make_commits({"sha": "a" * 40, "authored_at": moment}, {"sha": "b" * 40})
    assert stats(commits, sha="a" * 40)["latest_commit"] == moment
    assert stats(commits, sha="c" * 40)["latest_commit"] is None
    assert stats(commits)["latest_commit"] is None


def test_python_files_are_those_that_end_in_py(stats: Stats, make_files: MakeFrame) -> None:
    files = make_files(
        _file("a.py", "python"),
        _file("tests/test_a.py", "test"),
        _file("B.PY", "python"),
        _file("starter.py", "python", is_starter_code=True),
        "a.pyc", ".pytest.ini", "a.py.txt", "a.ipynb", "py", "a.pyi",
        _file("link.py", "symlink"),
        _file("sub.py", "gitlink", is_available=False),
        _file(".venv/lib/a.py", "python", is_vendored=True),
        _file("build/lib/a.py", "python", is_generated=True),
    )  # fmt: skip
    assert stats(files=files)["num_python_files"] == 4


@pytest.mark.parametrize(
    ("column", "path", "expected"),
    [
        ("has_cloudbuild", "cloudbuild.yaml", True),
        ("has_cloudbuild", "cloudbuild.yml", True),
        ("has_cloudbuild", "cloudbuild.json", True),
        ("has_cloudbuild", "ci/train-cloudbuild_gpu.yaml", True),
        ("has_cloudbuild", "cloudbuild/readme.md", False),
        ("has_cloudbuild", "cloudbuild/steps.yaml", False),
        ("has_cloudbuild", "cloudbuild.yaml.txt", False),
        ("using_dvc", ".dvc/config", True),
        ("using_dvc", "dvc.yaml", True),
        ("using_dvc", "sub/dvc.lock", True),
        ("using_dvc", "data.dvc", True),
        ("using_dvc", "data/raw.csv.dvc", True),
        ("using_dvc", ".dvcignore", False),
        ("using_dvc", ".dvc/.gitignore", False),
        ("using_dvc", "my-dvc.yaml", False),
        ("using_dvc", "docs/dvc.md", False),
        ("has_requirements_file", "requirements.txt", True),
        ("has_requirements_file", "requirements_dev.txt", True),
        ("has_requirements_file", "pyproject.toml", True),
        ("has_requirements_file", "setup.py", True),
        ("has_requirements_file", "setup.cfg", True),
        ("has_requirements_file", "environment.yml", True),
        ("has_requirements_file", "Pipfile", True),
        ("has_requirements_file", "uv.lock", True),
        ("has_requirements_file", "poetry.lock", True),
        ("has_requirements_file", "pdm.lock", True),
        ("has_requirements_file", "conda-lock.yml", True),
        ("has_requirements_file", "backend/requirements.txt", True),
        ("has_requirements_file", "requirements.md", False),
        ("has_requirements_file", "my_setup.py", False),
        ("has_requirements_file", "yarn.lock", False),
    ],
)
def test_what_a_repository_has_is_told_by_paths(
    stats: Stats, make_files: MakeFrame, column: str, path: str, expected: bool
) -> None:
    assert stats(files=make_files("main.txt", path))[column] is expected
    assert stats(files=make_files(_file(path, is_vendored=True)))[column] is False
    assert stats(files=make_files(_file(path, "symlink")))[column] is False


@pytest.mark.parametrize("path", ["uv.lock", "conda-lock.yml", "dvc.lock"])
def test_a_lock_file_counts_although_a_tool_wrote_it(stats: Stats, make_files: MakeFrame, path: str) -> None:
    row = stats(files=make_files(_file(path, is_generated=True)))
    assert row["has_requirements_file"] or row["using_dvc"]


def test_workflows_count_at_the_root_alone(stats: Stats, make_files: MakeFrame) -> None:
    files = make_files(
        ".github/workflows/a.yml", ".github/workflows/b.yaml", "sub/.github/workflows/c.yml",
        ".github/workflows/sub/d.yml", ".github/dependabot.yml", ".github/workflows/readme.md",
        _file(".github/workflows/link.yml", "symlink"),
    )  # fmt: skip
    assert stats(files=files)["num_workflow_files"] == 2


def test_docker_files_are_told_by_kind_and_vendored_ones_are_none(stats: Stats, make_files: MakeFrame) -> None:
    files = make_files(
        _file("Dockerfile", "docker"), _file("compose.yaml", "docker", is_starter_code=True),
        _file("readme.md", "docs"),
        _file("node_modules/x/Dockerfile", "docker", is_vendored=True),
        _file("out/Dockerfile", "docker", is_generated=True),
    )  # fmt: skip
    assert stats(files=files)["num_docker_files"] == 2


def test_lines_are_those_of_own_files(stats: Stats, make_files: MakeFrame) -> None:
    files = make_files(
        _file("a.py", "python", lines=10),
        _file("b.py", "python", lines=None),
        _file("unknown.py", "python", lines=5, is_starter_code=None),
        _file("starter.py", "python", lines=100, is_starter_code=True),
        _file(".venv/c.py", "python", lines=1000, is_vendored=True),
        _file("gen.py", "python", lines=10000, is_generated=True),
        _file("tests/test_a.py", "test", lines=3),
        _file("a.ipynb", "notebook", lines=7),
    )
    row = stats(files=files)
    assert (row["lines_python"], row["lines_test"], row["lines_notebook"], row["lines_docs"]) == (15, 3, 7, 0)
    assert any(reason.startswith("lines: starter code is included") for reason in row["not_available"])


def test_the_size_is_that_of_all_tracked_files(stats: Stats, make_files: MakeFrame) -> None:
    files = make_files(
        _file("a.bin", bytes=1_500_000), _file("v/b.bin", bytes=500_000, is_vendored=True),
        _file("c.bin", bytes=None, is_available=False), _file("sub", "gitlink", bytes=None, is_available=False),
    )  # fmt: skip
    row = stats(files=files)
    assert row["repo_size"] == 2.0
    assert (row["num_files"], row["num_files_unavailable"]) == (4, 1)
    assert any(reason.startswith("repo_size: a lower bound: ") for reason in row["not_available"])


def test_a_submodule_is_no_file_that_is_missing(stats: Stats, make_files: MakeFrame) -> None:
    row = stats(files=make_files(_file("a", bytes=1), _file("sub", "gitlink", bytes=None, is_available=False)))
    assert row["num_files_unavailable"] == 0
    assert not any(reason.startswith("repo_size: ") for reason in row["not_available"])


def _not_available(row: dict[str, Any]) -> dict[str, str]:
    return dict(reason.split(": ", 1) for reason in row["not_available"])


def test_what_github_was_never_asked_is_unknown_with_the_reason(stats: Stats) -> None:
    row = stats(github=GitHubSays(None, None, "no token"))
    unknown = [name for name in row if name.startswith("num_prs")] + ["share_merged_prs_reviewed", "num_reviewers"]
    assert {name: row[name] for name in unknown} == dict.fromkeys(unknown)
    assert row["actions_passing"] == "not_available"
    assert _not_available(row) == {
        "num_prs": "no token",
        "actions_passing": "no token",
        "num_warnings": "the report was not looked for",
    }


def test_a_table_of_github_that_is_not_there_yet_says_so(stats: Stats, make_frame: MakeFrame) -> None:
    row = stats(github=GitHubSays(None, empty(WORKFLOW_RUNS), None, NOON))
    assert (row["num_prs"], row["actions_passing"]) == (None, "never_ran")
    assert _not_available(row).keys() == {"num_prs", "num_warnings"}
    assert _not_available(row)["num_prs"] == "GitHub did not give it"
    row = stats(github=GitHubSays(make_frame(PULL_REQUESTS, {}), None, None, NOON))
    assert (row["num_prs"], row["actions_passing"]) == (1, "not_available")


def test_what_github_said_before_says_of_when_it_is(stats: Stats, make_frame: MakeFrame) -> None:
    said = GitHubSays(make_frame(PULL_REQUESTS, {"state": "merged"}), empty(WORKFLOW_RUNS), "no token", NOON)
    row = stats(github=said)
    assert (row["num_prs"], row["num_prs_merged"], row["actions_passing"]) == (1, 1, "never_ran")
    told = _not_available(row)
    assert told["num_prs"] == told["actions_passing"] == "as of 2027-01-05 12:00 UTC: no token"


def test_warnings_of_the_report_are_counted_by_question(stats: Stats, make_frame: MakeFrame) -> None:
    found = {"check": "found", "outcome": "yes", "reason": "30 of 31 questions answered."}
    long = {"question": 4, "check": "length", "outcome": "no", "reason": "too long"}
    row = stats(report_checks=make_frame(REPORT_CHECKS, found, long, long | {"check": "image_count"}))
    assert (row["num_warnings"], _not_available(row)) == (1, {})


def test_without_a_report_warnings_are_unknown_for_the_reason_of_the_check(stats: Stats, make_frame: MakeFrame) -> None:
    absent = {"check": "found", "outcome": "no", "reason": "no file looks like the report"}
    row = stats(report_checks=make_frame(REPORT_CHECKS, absent))
    assert (row["num_warnings"], _not_available(row)["num_warnings"]) == (None, "no file looks like the report")


def test_lines_that_blame_could_not_see_are_unknown_with_its_reason(stats: Stats, make_frame: MakeFrame) -> None:
    person = {"kind": "person", "num_commits": 1, "not_available": ["lines_surviving: no file: not reached"]}
    row = stats(contributions=make_frame(CONTRIBUTIONS, person))
    assert (row["lines_surviving"], row["equality_lines"]) == (None, None)
    assert _not_available(row)["lines_surviving"] == "no file: not reached"
    row = stats(
        contributions=make_frame(
            CONTRIBUTIONS, *(person | {"contributor_id": f"{n}", "lines_surviving": n} for n in (3, 1))
        )
    )
    assert (row["lines_surviving"], row["num_silent_members"]) == (4, 1)
    assert "lines_surviving" in _not_available(row), "a lower bound says so"


def test_what_github_says_now_needs_no_reason(stats: Stats) -> None:
    assert _not_available(stats()).keys() == {"num_warnings"}
    assert (stats()["num_prs"], stats()["actions_passing"]) == (0, "never_ran")


def test_the_readme_s_words_are_counted_whatever_its_bytes(stats: Stats) -> None:
    assert stats(readme=b"# Two words\n")["readme_length"] == 2
    assert stats(readme=b"caf\xe9 \xff\xfe ok")["readme_length"] >= 2
    assert stats(readme=b"")["readme_length"] == 0


def test_a_readme_that_was_cut_says_so(stats: Stats) -> None:
    row = stats(readme=b"word " * 100_000)
    assert any(reason.startswith("readme_length: ") for reason in row["not_available"])


def test_a_repository_that_was_never_read_has_a_row_that_says_why(make_group: Callable[..., Group]) -> None:
    row = validate(REPO_STATS, empty_repo_stats_frame(make_group("7"), "no access")).row(0, named=True)
    assert (row["group_id"], row["group_size"], row["num_contributors"], row["total_commits"]) == ("7", 2, None, None)
    assert "num_contributors: no access" in row["not_available"]
    assert len(row["not_available"]) == len(REPO_STATS.columns) - 5


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README.md"], "README.md"),
        (["readme.MD", "a.md"], "readme.MD"),
        (["README", "README.rst", "README.md"], "README.md"),
        (["README.rst", "docs/README.md"], "README.rst"),
        (["docs/README.md", "README.md.bak", "READMEs"], None),
        ([], None),
    ],
)
def test_the_readme_is_the_one_at_the_root_markdown_first(
    make_files: MakeFrame, paths: list[str], expected: str | None
) -> None:
    assert root_readme(make_files(*(_file(path, blob_id=path) for path in paths))) == expected


def test_a_readme_that_cannot_be_read_is_none(make_files: MakeFrame) -> None:
    files = make_files(_file("README.md", is_available=False), _file("readme.rst", "symlink"))
    assert root_readme(files) is None
