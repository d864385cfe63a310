"""A sweep: the heads that git would list, and ids that change exactly when something did."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.heads import BATCH_SIZE, Observation, observe
from mlops_mentor.repos.refs import mirror_refs
from mlops_mentor_tests.github.graphql import Asked, FakeClient, FakeRepo, commit, pull, sha, suite
from mlops_mentor_tests.repos.sources import Source

NAME = "class/group-1"
LATER = "2027-01-05T12:00:01Z"


def sweep(client: FakeClient, names: list[str]) -> dict[str, Observation | GitHubError]:
    async def opened() -> dict[str, Observation | GitHubError]:
        async with client:
            return {name: seen async for name, seen in observe(client, names)}

    return asyncio.run(opened())


def seen(repo: FakeRepo) -> Observation:
    found = sweep(FakeClient([repo]), [repo.name])[repo.name]
    assert isinstance(found, Observation)
    return found


def from_git(source: Source) -> FakeRepo:
    """The repository as GitHub would show it, by what git itself lists."""
    lines = source.git("for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
    listed = {name: oid for oid, name in (line.split(" ") for line in lines)}
    by_kind: dict[str, dict[str, str]] = {
        kind: {name.removeprefix(kind): oid for name, oid in listed.items() if name.startswith(kind)}
        for kind in ("refs/heads/", "refs/tags/", "refs/pull/")
    }
    pulls = [pull(int(name.split("/")[0]), headRefOid=oid) for name, oid in by_kind["refs/pull/"].items()]
    return FakeRepo(NAME, by_kind["refs/heads/"], by_kind["refs/tags/"], pulls=pulls)


# --- heads


def test_heads_are_those_that_git_lists(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    first, second = source.commit(), source.commit()
    source.git("update-ref", "refs/heads/feature/a b".replace(" ", "-"), first)
    source.git("update-ref", "refs/heads/grøn", first)
    source.git("update-ref", "refs/tags/light", first)
    source.git("tag", "-a", "-m", "Annotated", "v1", second)
    source.git("tag", "-a", "-m", "Of a tag", "v2", "v1")
    source.git("update-ref", "refs/pull/7/head", first)
    found = seen(from_git(source))
    expected = mirror_refs(source.path)
    assert len(expected.heads) == 7
    assert found.refs.heads == expected.heads
    assert found.refs.head_target == expected.head_target == "refs/heads/main"
    assert found.refs.refs_id == expected.refs_id
    assert found.refs.heads["refs/tags/v1"] not in (first, second)


def test_an_empty_repository_has_no_heads(tmp_path: Path) -> None:
    empty = FakeRepo(NAME, {}, history=[], facts={"pushedAt": None})
    found = seen(empty)
    assert found.is_empty
    assert (found.default_branch, found.pushed_at, found.num_pull_requests) == (None, None, 0)
    assert found.refs.refs_id == mirror_refs(Source(tmp_path / "empty").path).refs_id


@pytest.mark.parametrize(
    ("num_branches", "num_tags", "num_pulls", "num_requests"),
    [(100, 100, 100, 1), (101, 0, 0, 2), (0, 201, 0, 3), (0, 0, 350, 4), (130, 250, 410, 5), (110, 310, 20, 4),
     (210, 30, 530, 6)],
)  # fmt: skip
def test_more_than_a_page_of_each_kind_is_read_once(
    num_branches: int, num_tags: int, num_pulls: int, num_requests: int
) -> None:
    repo = FakeRepo(
        NAME,
        {f"b{n}": sha(n) for n in range(num_branches)},
        {f"t{n}": sha(1_000 + n) for n in range(num_tags)},
        default="b1",
        pulls=[pull(n) for n in range(1, num_pulls + 1)],
    )
    client = FakeClient([repo])
    found = sweep(client, [NAME])[NAME]
    assert isinstance(found, Observation)
    expected = {f"refs/heads/{name}": oid for name, oid in repo.branches.items()}
    expected |= {f"refs/tags/{name}": oid for name, oid in repo.tags.items()}
    expected |= {f"refs/pull/{each['number']}/head": each["headRefOid"] for each in repo.pulls}
    assert found.refs.heads == expected
    assert found.num_pull_requests == num_pulls
    assert len(client.asked) == num_requests


def test_a_class_is_seen_in_few_requests_and_each_repository_as_what_it_is() -> None:
    repos = [FakeRepo(f"class/group-{n}", {"main": sha(n)}) for n in range(130)]
    client = FakeClient(repos)
    found = sweep(client, [repo.name for repo in repos] * 2)
    assert {name: each.refs.heads for name, each in found.items() if isinstance(each, Observation)} == {
        f"class/group-{n}": {"refs/heads/main": sha(n)} for n in range(130)
    }
    assert len(client.asked) == -(-130 // BATCH_SIZE)


def test_a_repository_that_fails_fails_alone_also_on_a_later_page() -> None:
    many = FakeRepo("class/group-1", tags={f"t{n}": sha(n) for n in range(150)})

    def refuse(asked: Asked) -> GitHubError | None:
        return GitHubError("error", "502") if any("#100" in str(v) for v in asked.variables.values()) else None

    client = FakeClient([many, FakeRepo("class/group-2")], refuse=refuse)
    found = sweep(client, ["class/group-1", "class/group-2", "class/group-3"])
    first, second, third = found["class/group-1"], found["class/group-2"], found["class/group-3"]
    assert isinstance(first, GitHubError)
    assert first.status == "error"
    assert isinstance(second, Observation)
    assert isinstance(third, GitHubError)
    assert third.status == "not_found"


def test_a_default_branch_that_is_not_listed_is_no_target() -> None:
    # It was deleted while the pages were read.
    repo = FakeRepo(NAME, facts={"defaultBranchRef": {"name": "gone", "target": None}})
    assert seen(repo).refs.head_target is None
    assert seen(repo).default_branch == "gone"


# --- what changes


def base() -> FakeRepo:
    tip = commit(1, suite(11), suite(12, status="IN_PROGRESS", conclusion=None), suite(None))
    return FakeRepo(NAME, {"main": sha(1), "old": sha(2)}, {"v1": sha(3)}, history=[tip], pulls=[pull(1), pull(2)])


def changed(**more: Any) -> Callable[[FakeRepo], FakeRepo]:
    return lambda repo: replace(repo, **more)


def with_suites(*suites: dict[str, Any]) -> Callable[[FakeRepo], FakeRepo]:
    return changed(history=[commit(1, *suites)])


CHANGES = {
    "branch moved": changed(branches={"main": sha(9), "old": sha(2)}),
    "branch deleted": changed(branches={"main": sha(1)}),
    "branch added": changed(branches={"main": sha(1), "old": sha(2), "new": sha(2)}),
    "tag moved": changed(tags={"v1": sha(9)}),
    "tag deleted": changed(tags={}),
    "pull request opened": changed(pulls=[pull(1), pull(2), pull(3, last=commit(1_001))]),
    "pull request updated": changed(pulls=[pull(1), pull(2, updatedAt=LATER)]),
    "pull request pushed to": changed(pulls=[pull(1), pull(2, headRefOid=sha(9))]),
    "default branch": changed(default="old"),
    "default branch renamed": changed(branches={"trunk": sha(1), "old": sha(2)}, default="trunk"),
    "archived": changed(facts={"isArchived": True}),
    "private": changed(facts={"isPrivate": True}),
    "fork": changed(facts={"isFork": True}),
    "renamed": changed(facts={"nameWithOwner": "class/other"}),
    "suite finished": with_suites(suite(11), suite(12), suite(None)),
    "suite failed": with_suites(
        suite(11, conclusion="FAILURE"), suite(12, status="IN_PROGRESS", conclusion=None), suite(None)
    ),
    "suite run again": with_suites(
        suite(11, updatedAt=LATER), suite(12, status="IN_PROGRESS", conclusion=None), suite(None)
    ),
    "suite added": with_suites(
        suite(11), suite(12, status="IN_PROGRESS", conclusion=None), suite(13), suite(None)
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_seen(change: str) -> None:
    before, after = seen(base()), seen(CHANGES[change](base()))
    assert after.seen_id != before.seen_id


def test_no_two_changes_look_the_same() -> None:
    ids = [seen(change(base())).seen_id for change in CHANGES.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "same",
    [
        changed(),
        changed(branches={"old": sha(2), "main": sha(1)}),
        changed(pulls=[pull(2), pull(1)]),
        changed(facts={"pushedAt": LATER}),
        # Another app that never reports.
        with_suites(
            suite(None, status="QUEUED", conclusion=None),
            suite(12, status="IN_PROGRESS", conclusion=None),
            suite(11),
        ),
        # Titles and texts that are not asked for.
        changed(pulls=[pull(1, title="Other"), pull(2)]),
    ],
)
def test_what_has_not_changed_looks_the_same(same: Callable[[FakeRepo], FakeRepo]) -> None:
    assert seen(same(base())).seen_id == seen(base()).seen_id


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("branch moved", {"branches_id"}),
        ("branch deleted", {"branches_id"}),
        ("default branch", {"branches_id"}),
        ("tag moved", set()),
        ("pull request updated", {"pull_requests_id"}),
        ("pull request opened", {"pull_requests_id"}),
        ("suite finished", {"runs_id"}),
        ("archived", set()),
    ],
)
def test_each_id_stands_for_its_own_part(change: str, expected: set[str]) -> None:
    before, after = seen(base()), seen(CHANGES[change](base()))
    ids = ("branches_id", "pull_requests_id", "runs_id")
    assert {name for name in ids if getattr(before, name) != getattr(after, name)} == expected
