"""The table `github_repos`: what GitHub said, and where it did not, why."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, NotAsked
from mlops_mentor.github.heads import Observation, observe
from mlops_mentor.github.repo import github_repo_frame, unasked_repo_frame
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import GITHUB_REPOS, validate
from mlops_mentor_tests.github.graphql import FakeClient, FakeRepo, pull

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 5, 18, tzinfo=UTC)
MakeGroup = Callable[..., Group]


def seen(repo: FakeRepo) -> Observation:
    async def look() -> Observation:
        async with FakeClient([repo]) as client:
            [found] = [found async for _, found in observe(client, [repo.name])]
        assert isinstance(found, Observation)
        return found

    return asyncio.run(look())


def test_a_row_says_what_github_says(make_group: MakeGroup) -> None:
    repo = FakeRepo("class/renamed", pulls=[pull(1), pull(2)], facts={"isPrivate": True, "isArchived": True})
    [row] = validate(GITHUB_REPOS, github_repo_frame(make_group("1"), seen(repo), LATER)).to_dicts()
    assert row == {
        "group_id": "1", "repo_url": "https://github.com/class/group-1", "status": "ok", "reason": None,
        "full_name": "class/renamed", "is_private": True, "is_archived": True, "is_empty": False, "is_fork": False,
        "default_branch": "main", "created_at": NOON, "pushed_at": NOON, "num_pull_requests": 2, "observed_at": LATER,
    }  # fmt: skip


def test_an_empty_repository_has_no_default_branch(make_group: MakeGroup) -> None:
    repo = FakeRepo("class/group-1", {}, history=[], facts={"pushedAt": None})
    [row] = validate(GITHUB_REPOS, github_repo_frame(make_group("1"), seen(repo), LATER)).to_dicts()
    assert (row["status"], row["is_empty"], row["default_branch"], row["pushed_at"]) == ("ok", True, None, None)


@pytest.mark.parametrize("why", [NO_TOKEN, NOT_ON_GITHUB, GitHubError("rate_limited", "Wait.")])
def test_without_an_answer_the_row_says_why(make_group: MakeGroup, why: NotAsked | GitHubError) -> None:
    [row] = validate(GITHUB_REPOS, unasked_repo_frame(make_group("1"), why, None)).to_dicts()
    said = {name: value for name, value in row.items() if value is not None}
    url = "https://github.com/class/group-1"
    assert said == {"group_id": "1", "repo_url": url, "status": why.status, "reason": why.reason}


def test_what_github_said_before_stays_with_the_time_when_it_said_so(make_group: MakeGroup) -> None:
    group = make_group("1")
    known = github_repo_frame(group, seen(FakeRepo("class/group-1")), NOON)
    frame = validate(GITHUB_REPOS, unasked_repo_frame(group, GitHubError("timeout", "Slow."), known))
    [before], [after] = known.to_dicts(), frame.to_dicts()
    assert after == before | {"status": "timeout", "reason": "Slow."}
    assert after["observed_at"] == NOON
