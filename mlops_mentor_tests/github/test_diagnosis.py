"""What `doctor` says of GitHub: the token, its limits, each repository, and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.diagnosis import Finding
from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import GitHubAccess
from mlops_mentor.github.diagnosis import diagnose_github
from mlops_mentor.roster.roster import Group
from mlops_mentor_tests.github.fake import fake_access
from mlops_mentor_tests.github.graphql import Asked, FakeClient, FakeRepo

SERVER = "https://github.com"
MakeGroup = Callable[..., Group]


@pytest.fixture
def access(tmp_path: Path) -> GitHubAccess:
    return fake_access(tmp_path)


def limits(core: int = 4_990, graphql: int = 5_000) -> dict[str, object]:
    left = {"core": {"limit": 5_000, "remaining": core}, "graphql": {"limit": 5_000, "remaining": graphql}}
    return {"/rate_limit": {"resources": left | {"search": {}}, "rate": {}}}


def diagnose(
    access: GitHubAccess, groups: list[Group], repos: list[FakeRepo], **more: Any
) -> tuple[list[Finding], FakeClient]:
    client = FakeClient(repos, **({"answers": limits()} | more))
    return diagnose_github(access, SERVER, groups, lambda _: client), client


def test_where_all_is_well_there_is_one_finding(access: GitHubAccess, make_group: MakeGroup) -> None:
    groups = [make_group("1"), make_group("2"), make_group("3", url="https://gitlab.com/class/group-3")]
    findings, client = diagnose(access, groups, [FakeRepo("class/group-1"), FakeRepo("class/group-2")])
    assert findings == [Finding("GitHub", True, "4990 of 5000 requests and 5000 points left")]
    assert len(client.asked) == 1
    assert client.was_closed


@pytest.mark.parametrize(
    ("repo", "found", "remedy"),
    [
        (FakeRepo("class/new", facts={}), "class/group-1 is class/new now", "write the new address into the roster"),
        (
            FakeRepo("class/group-1", facts={"isArchived": True}),
            "class/group-1 is archived: nothing can be pushed",
            "ask the group whether that is meant",
        ),
        (
            FakeRepo("class/group-1", {}, history=[]),
            "class/group-1 has no commit yet",
            "ask the group to push, or correct the roster",
        ),
    ],
)
def test_what_is_odd_about_a_repository_is_told_with_a_remedy(
    access: GitHubAccess, make_group: MakeGroup, repo: FakeRepo, found: str, remedy: str
) -> None:
    findings, _ = diagnose(access, [make_group("1")], [repo], renamed={"class/group-1": repo.name})
    assert findings[0].is_good
    assert findings[1:] == [Finding("group 1 on GitHub", False, found, remedy)]


def test_all_that_is_odd_is_told(access: GitHubAccess, make_group: MakeGroup) -> None:
    repo = FakeRepo("class/new", {}, history=[], facts={"isArchived": True})
    findings, _ = diagnose(access, [make_group("1")], [repo], renamed={"class/group-1": "class/new"})
    assert [finding.is_good for finding in findings] == [True, False, False, False]


def test_other_capitals_are_no_other_name(access: GitHubAccess, make_group: MakeGroup) -> None:
    findings, _ = diagnose(access, [make_group("1")], [FakeRepo("Class/Group-1")])
    assert len(findings) == 1


def test_a_repository_that_is_not_shown_is_told_with_its_group(access: GitHubAccess, make_group: MakeGroup) -> None:
    groups = [make_group("1"), make_group("2"), make_group("7", url="https://github.com/class/group-2")]
    findings, _ = diagnose(access, groups, [FakeRepo("class/group-1")])
    assert [(finding.what, finding.is_good) for finding in findings] == [
        ("GitHub", True), ("group 2 on GitHub", False), ("group 7 on GitHub", False),
    ]  # fmt: skip
    assert "class/group-2" in findings[1].found
    assert findings[1].remedy == "correct the roster, or give the token access"


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("bad_token", "make a new token and set GITHUB_TOKEN"),
        ("no_access", "give the token access"),
        ("rate_limited", "wait; git is read meanwhile"),
        ("timeout", "look at the network, then try again"),
    ],
)
def test_what_stops_all_asking_is_the_one_finding(
    access: GitHubAccess, make_group: MakeGroup, status: str, remedy: str
) -> None:
    error = GitHubError(status, "This is why.")
    expected = [Finding("GitHub", False, "This is why.", remedy)]
    findings, _ = diagnose(access, [make_group("1")], [], answers={"/rate_limit": error})
    assert findings == expected
    findings, _ = diagnose(access, [make_group("1")], [], on_open=error)
    assert findings == expected


def test_a_limit_that_is_reached_while_looking_is_the_one_finding(access: GitHubAccess, make_group: MakeGroup) -> None:
    def refuse(asked: Asked) -> GitHubError:
        return GitHubError("rate_limited", "Used up.")

    findings, _ = diagnose(access, [make_group("1")], [], refuse=refuse)
    assert findings == [Finding("GitHub", False, "Used up.", "wait; git is read meanwhile")]


@pytest.mark.parametrize(
    ("core", "graphql", "is_good"), [(499, 5_000, False), (5_000, 499, False), (500, 500, True), (0, 0, False)]
)
def test_few_requests_left_are_told(
    access: GitHubAccess, make_group: MakeGroup, core: int, graphql: int, is_good: bool
) -> None:
    findings, _ = diagnose(access, [make_group("1")], [FakeRepo("class/group-1")], answers=limits(core, graphql))
    found = f"{core} of 5000 requests and {graphql} points left"
    assert findings == [Finding("GitHub", is_good, found, "" if is_good else "wait for the next hour")]


def test_a_server_that_has_no_limits_is_well(access: GitHubAccess, make_group: MakeGroup) -> None:
    # As GitHub Enterprise Server is delivered: 404, "Rate limiting is not enabled."
    answers = {"/rate_limit": GitHubError("not_found", "GitHub shows this token nothing at /rate_limit (404).")}
    findings, _ = diagnose(access, [make_group("1"), make_group("2")], [FakeRepo("class/group-1")], answers=answers)
    assert [(finding.what, finding.is_good) for finding in findings] == [("GitHub", True), ("group 2 on GitHub", False)]


def test_a_class_that_is_elsewhere_is_not_looked_at(access: GitHubAccess, make_group: MakeGroup) -> None:
    findings, client = diagnose(access, [make_group("1", url="https://gitlab.com/class/group-1")], [])
    assert [finding.is_good for finding in findings] == [True]
    assert client.asked == []
