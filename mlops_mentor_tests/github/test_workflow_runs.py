"""Runs of GitHub Actions: along the default branch, at single commits, and what is kept of them."""

import asyncio
from typing import Any

import polars as pl
import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import CheckedCommit
from mlops_mentor.github.graphql import GraphQLError
from mlops_mentor.github.workflow_runs import (
    MAX_PAGES,
    CommitsWithRuns,
    fetch_runs_at,
    fetch_workflow_runs,
    workflow_runs_frame,
)
from mlops_mentor.schemas import WORKFLOW_RUNS, validate
from mlops_mentor_tests.github.graphql import AT, FakeClient, FakeRepo, commit, sha, suite

NAME = "class/group-1"
# More than GraphQL's 32 bits hold.
LARGE = 17_351_002_394


def fetch(client: FakeClient, names: list[str]) -> dict[str, CommitsWithRuns | GitHubError]:
    async def opened() -> dict[str, CommitsWithRuns | GitHubError]:
        async with client:
            return {name: found async for name, found in fetch_workflow_runs(client, names)}

    return asyncio.run(opened())


def fetch_at(client: FakeClient, number: int) -> CommitsWithRuns | GitHubError:
    async def opened() -> CommitsWithRuns | GitHubError:
        async with client:
            return await fetch_runs_at(client, NAME, sha(number))

    return asyncio.run(opened())


def found_at(*commits: dict[str, Any]) -> CommitsWithRuns:
    found = fetch(FakeClient([FakeRepo(NAME, history=list(commits))]), [NAME])[NAME]
    assert not isinstance(found, GitHubError)
    return found


def table(found: CommitsWithRuns, known: pl.DataFrame | None = None) -> pl.DataFrame:
    return validate(WORKFLOW_RUNS, workflow_runs_frame("1", found, known))


def run(run_id: int, **more: Any) -> dict[str, Any]:
    """A suite whose run has other values than usual."""
    made = suite(run_id)
    return made | {"workflowRun": made["workflowRun"] | more}


def test_a_run_is_known_by_its_address_as_its_id_is_null() -> None:
    repo = FakeRepo(NAME, history=[commit(1, suite(LARGE, repo=NAME))])
    assert repo.history[0]["checkSuites"][0]["workflowRun"]["databaseId"] is None
    assert table(found_at(*repo.history))["run_id"].to_list() == [LARGE]


@pytest.mark.parametrize("url", ["/actions/runs/7", "https://git.uni.example/a/b/actions/runs/7/attempts/2"])
def test_an_address_of_a_run_may_have_more(url: str) -> None:
    assert table(found_at(commit(1, run(7, url=url))))["run_id"].to_list() == [7]


def test_a_run_without_an_id_is_an_error_of_its_repository() -> None:
    repos = [FakeRepo(NAME, history=[commit(1, run(7, url="https://github.com/x"))]), FakeRepo("class/group-2")]
    found = fetch(FakeClient(repos), [NAME, "class/group-2"])
    assert isinstance(found[NAME], GitHubError)
    assert isinstance(found["class/group-2"], CommitsWithRuns)


def test_a_row_says_what_github_says() -> None:
    row = run(
        7, event="pull_request", runNumber=3, createdAt=AT, updatedAt="2027-01-05T12:03:00Z", workflow={"name": "CI"}
    ) | {"conclusion": "TIMED_OUT"}  # fmt: skip
    [found] = table(found_at(commit(5, row))).to_dicts()
    assert found["created_at"].isoformat() == "2027-01-05T12:00:00+00:00"
    assert found["updated_at"].isoformat() == "2027-01-05T12:03:00+00:00"
    del found["created_at"], found["updated_at"]
    assert found == {
        "group_id": "1", "run_id": 7, "workflow": "CI", "event": "pull_request", "status": "completed",
        "conclusion": "timed_out", "head_sha": sha(5), "run_number": 3,
    }  # fmt: skip


def test_suites_of_other_apps_are_no_runs() -> None:
    frame = table(found_at(commit(1, suite(None, status="QUEUED", conclusion=None), suite(7), suite(None))))
    assert frame["run_id"].to_list() == [7]


def test_a_run_under_way_has_no_conclusion() -> None:
    [row] = table(found_at(commit(1, suite(7, status="IN_PROGRESS", conclusion=None)))).to_dicts()
    assert (row["status"], row["conclusion"]) == ("in_progress", None)


def test_the_whole_history_of_each_repository_is_read() -> None:
    sizes = {f"class/group-{n}": 30 * n for n in range(8)}
    repos = [
        FakeRepo(name, history=[commit(1_000 * size + i, suite(1_000 * size + i + 1)) for i in range(size)])
        for name, size in sizes.items()
    ]
    found = fetch(FakeClient(repos), list(sizes))
    for repo in repos:
        commits = found[repo.name]
        assert isinstance(commits, CommitsWithRuns)
        assert [each.oid for each in commits.commits] == [each["oid"] for each in repo.history]
        assert table(commits).height == len(repo.history)


SUITES = ("defaultBranchRef", "target", "history", "nodes", 0, "checkSuites")
RUNS = f"/repos/{NAME}/actions/runs"


def rest_run(run_id: int, number: int, conclusion: str | None = "success") -> dict[str, Any]:
    return {
        "id": run_id, "html_url": f"https://github.com/{NAME}/actions/runs/{run_id}", "name": "Tests",
        "head_sha": sha(number), "event": "push", "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion, "run_number": 3, "created_at": AT, "updated_at": AT,
    }  # fmt: skip


def test_where_a_token_may_not_see_check_suites_rest_has_the_newest_runs() -> None:
    client = FakeClient([FakeRepo(NAME)], errors={NAME: GraphQLError(type="FORBIDDEN", path=SUITES)})
    client.answers[RUNS] = {"total_count": 2, "workflow_runs": [rest_run(LARGE, 1), rest_run(8, 1, None)]}
    found = fetch(client, [NAME])[NAME]
    assert isinstance(found, CommitsWithRuns)
    assert found.shas == {sha(1)}
    rows = table(found).sort("run_id")
    assert rows["run_id"].to_list() == [8, LARGE]
    assert rows["conclusion"].to_list() == [None, "success"]
    assert rows["status"].to_list() == ["in_progress", "completed"]
    assert client.paths == [RUNS]


def test_of_a_busy_repository_rest_is_asked_for_three_pages() -> None:
    client = FakeClient([FakeRepo(NAME)], errors={NAME: GraphQLError(type="FORBIDDEN", path=SUITES)})
    client.answers[RUNS] = {"workflow_runs": [rest_run(number + 1, number) for number in range(100)]}
    fetch(client, [NAME])
    assert client.paths == [RUNS] * 3


def test_a_token_that_may_see_no_runs_at_all_is_told_so() -> None:
    client = FakeClient([FakeRepo(NAME)], errors={NAME: GraphQLError(type="FORBIDDEN", path=SUITES)})
    found = fetch(client, [NAME])[NAME]
    assert isinstance(found, GitHubError)
    assert found.status == "no_access"


def test_runs_at_a_lost_commit_are_had_from_rest_too() -> None:
    client = FakeClient([FakeRepo(NAME)], errors={NAME: GraphQLError(type="FORBIDDEN", path=("object",))})
    client.answers[RUNS] = {"workflow_runs": [rest_run(5, 9)]}
    found = fetch_at(client, 9)
    assert isinstance(found, CommitsWithRuns)
    assert found.shas == {sha(9)}


def test_of_an_old_repository_the_newest_commits_are_enough() -> None:
    client = FakeClient([FakeRepo(NAME, history=[commit(i) for i in range(50 * MAX_PAGES + 70)])])
    found = fetch(client, [NAME])[NAME]
    assert isinstance(found, CommitsWithRuns)
    assert [each.oid for each in found.commits] == [sha(i) for i in range(50 * MAX_PAGES)]
    assert len(client.asked) == MAX_PAGES


def test_an_empty_repository_has_no_runs() -> None:
    found = fetch(FakeClient([FakeRepo(NAME, {}, history=[])]), [NAME])[NAME]
    assert found == CommitsWithRuns()
    assert table(found).is_empty()


# --- a commit that no branch has


def test_runs_at_a_commit_that_no_branch_has() -> None:
    client = FakeClient([FakeRepo(NAME, lost=[commit(9, suite(7))])])
    found = fetch_at(client, 9)
    assert isinstance(found, CommitsWithRuns)
    assert found.shas == {sha(9)}
    assert table(found)["run_id"].to_list() == [7]


def test_a_commit_that_github_has_forgotten_has_none() -> None:
    assert fetch_at(FakeClient([FakeRepo(NAME)]), 9) == CommitsWithRuns()


def test_why_the_runs_at_a_commit_are_not_to_be_had_is_told() -> None:
    found = fetch_at(FakeClient([FakeRepo(NAME)], errors={NAME: GraphQLError(type="FORBIDDEN", path=("object",))}), 1)
    assert isinstance(found, GitHubError)
    assert found.status == "no_access"


# --- what is kept


def test_what_github_forgets_is_kept() -> None:
    known = table(found_at(commit(2, suite(8)), commit(1, suite(7))))
    assert table(found_at(commit(2)), known).equals(known)
    assert table(found_at(commit(3, suite(9))), known)["run_id"].to_list() == [7, 8, 9]


def test_the_newer_state_of_a_run_wins() -> None:
    known = table(found_at(commit(1, suite(7, status="IN_PROGRESS", conclusion=None), suite(8))))
    frame = table(found_at(commit(1, suite(7, conclusion="FAILURE"))), known)
    assert dict(frame.select("run_id", "conclusion").iter_rows()) == {7: "failure", 8: "success"}


def test_a_commit_that_is_found_twice_has_its_runs_once() -> None:
    found = found_at(commit(1, suite(7)))
    twice = CommitsWithRuns([*found.commits, *found.commits])
    assert table(twice).height == 1


def test_runs_stand_by_the_time_they_were_started() -> None:
    later = run(3, createdAt="2027-01-05T13:00:00Z")
    assert table(found_at(commit(2, later), commit(1, suite(9), suite(5))))["run_id"].to_list() == [5, 9, 3]


def test_a_commit_without_suites_is_a_commit() -> None:
    bare = CheckedCommit.model_validate({"oid": sha(1), "checkSuites": None})
    assert table(CommitsWithRuns([bare])).is_empty()
