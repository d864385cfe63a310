"""Pull requests: all pages of many repositories, and the table made of them."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import PullRequest
from mlops_mentor.github.graphql import GraphQLError
from mlops_mentor.github.pull_requests import BATCH_SIZE, fetch_pull_requests, pull_requests_frame
from mlops_mentor.schemas import PULL_REQUESTS, validate
from mlops_mentor_tests.github.graphql import ADA, AT, DEPENDABOT, FakeClient, FakeRepo, commit, pull, sha, suite

BOB = {"__typename": "User", "login": "bob"}
NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


def fetch(client: FakeClient, names: list[str]) -> dict[str, list[PullRequest] | GitHubError]:
    async def opened() -> dict[str, list[PullRequest] | GitHubError]:
        async with client:
            return {name: found async for name, found in fetch_pull_requests(client, names)}

    return asyncio.run(opened())


def rows(*pulls: dict[str, Any]) -> list[dict[str, Any]]:
    """The table of one repository with these pull requests."""
    found = fetch(FakeClient([FakeRepo("class/group-1", pulls=list(pulls))]), ["class/group-1"])["class/group-1"]
    assert not isinstance(found, GitHubError)
    return validate(PULL_REQUESTS, pull_requests_frame("1", found)).to_dicts()


def test_all_pages_of_every_repository_are_read() -> None:
    sizes = {f"class/group-{n}": 24 * n for n in range(12)}
    repos = [FakeRepo(name, pulls=[pull(n) for n in range(1, size + 1)]) for name, size in sizes.items()]
    client = FakeClient(repos)
    found = fetch(client, list(sizes))
    assert {name: [each.number for each in pulls] for name, pulls in found.items() if isinstance(pulls, list)} == {
        name: list(range(1, size + 1)) for name, size in sizes.items()
    }
    assert max(len(asked.names) for asked in client.asked) == BATCH_SIZE
    # As many pages as there are, in as few requests as the largest repository and the batches allow.
    assert len(client.asked) <= 12


def test_a_repository_that_fails_fails_alone() -> None:
    repos = [FakeRepo(f"class/group-{n}", pulls=[pull(1)]) for n in (1, 2)]
    client = FakeClient(repos, errors={"class/group-1": GraphQLError(type="FORBIDDEN", path=("pullRequests",))})
    found = fetch(client, ["class/group-1", "class/group-2"])
    failed, well = found["class/group-1"], found["class/group-2"]
    assert isinstance(failed, GitHubError)
    assert failed.status == "no_access"
    assert isinstance(well, list)
    assert len(well) == 1


def test_a_token_that_may_not_see_check_suites_sees_the_pull_requests() -> None:
    path = ("pullRequests", "nodes", 0, "commits", "nodes", 0, "commit", "checkSuites")
    client = FakeClient(
        [FakeRepo("a/b", pulls=[pull(1), pull(2)])], errors={"a/b": GraphQLError(type="FORBIDDEN", path=path)}
    )
    [found] = fetch(client, ["a/b"]).values()
    assert isinstance(found, list)
    assert [each.number for each in found] == [1, 2]
    assert found[0].commits.nodes[0].commit.check_suites is None


def test_a_row_says_what_github_says() -> None:
    last = commit(7, suite(1))
    full = pull(
        3, title="Add tests", state="MERGED", mergedAt=AT, closedAt=AT, author=BOB, baseRefName="develop", last=last,
        changedFiles=4, additions=50, deletions=6, reviewers=[ADA], comments=[{}, {}],
        commits=[{"commit": commit(6)}, {"commit": last}],
    )  # fmt: skip
    [row] = rows(full)
    assert row == {
        "group_id": "1", "number": 3, "title": "Add tests", "state": "merged", "is_draft": False, "opened_at": NOON,
        "merged_at": NOON, "closed_at": NOON, "updated_at": NOON, "author": "bob", "is_bot": False,
        "reviewers": ["ada"], "num_reviews": 1, "num_comments": 2, "num_commits": 2, "num_files_changed": 4,
        "additions": 50, "deletions": 6, "base_branch": "develop", "head_sha": sha(7),
    }  # fmt: skip


def test_the_last_commit_comes_with_its_runs() -> None:
    several = [{"commit": commit(6, suite(1))}, {"commit": commit(7, suite(2))}]
    [found] = fetch(FakeClient([FakeRepo("a/b", pulls=[pull(1, commits=several)])]), ["a/b"]).values()
    assert isinstance(found, list)
    assert [each.commit.oid for each in found[0].commits.nodes] == [sha(7)]


def test_states_are_told_apart() -> None:
    states = [
        pull(1),
        pull(2, state="CLOSED", closedAt=AT),
        pull(3, state="MERGED", mergedAt=AT),
        pull(4, isDraft=True),
    ]
    assert [(row["state"], row["is_draft"]) for row in rows(*states)] == [
        ("open", False), ("closed", False), ("merged", False), ("open", True),
    ]  # fmt: skip


def test_an_author_who_is_gone_is_null_and_an_app_is_a_bot_by_the_name_that_commits_have() -> None:
    authors = [None, DEPENDABOT, {"__typename": "User", "login": "old[bot]"}, ADA]
    found = rows(*(pull(n, author=author) for n, author in enumerate(authors, 1)))
    assert [(row["author"], row["is_bot"]) for row in found] == [
        (None, False), ("dependabot[bot]", True), ("old[bot]", True), ("ada", False),
    ]  # fmt: skip


def test_reviewers_are_people_other_than_the_author() -> None:
    carl = {"__typename": "User", "login": "carl"}
    reviewers = [carl, BOB, ADA, BOB, None, DEPENDABOT]
    by_ada, by_nobody = rows(pull(1, reviewers=reviewers), pull(2, author=None, reviewers=reviewers))
    assert by_ada["reviewers"] == ["bob", "carl"]
    assert by_nobody["reviewers"] == ["ada", "bob", "carl"]
    assert by_ada["num_reviews"] == 6


def test_more_reviews_than_a_page_has_are_counted() -> None:
    assert rows(pull(1, reviewers=[BOB] * 101))[0]["num_reviews"] == 101


def test_one_that_comes_twice_counts_once_as_it_was_seen_last() -> None:
    found = rows(pull(2), pull(1), pull(2, title="Later"))
    assert [(row["number"], row["title"]) for row in found] == [(1, "Change 1"), (2, "Later")]


def test_no_pull_requests_are_an_empty_table() -> None:
    assert rows() == []
