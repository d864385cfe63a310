"""Pushes: the feed is read as far as it is not known, nothing is lost, and what is a moment old is waited for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github import pushes as module
from mlops_mentor.github.answers import Activity
from mlops_mentor.github.heads import Observation
from mlops_mentor.github.pushes import fetch_pushes, pushes_frame
from mlops_mentor.repos.refs import Refs
from mlops_mentor.schemas import PUSHES, validate
from mlops_mentor_tests.github.graphql import FakeClient, FakeRepo, push, sha

NAME = "class/group-1"
MAIN = "refs/heads/main"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LAG_PAUSES_S", (0.0, 0.0))


def observation(tip: int = 1, *, pushed: timedelta | None = timedelta(days=1), **more: Any) -> Observation:
    """What a look saw of a repository whose main is at `tip` and to which somebody pushed so long ago."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "full_name": NAME, "is_private": False, "is_archived": False, "is_empty": False, "is_fork": False,
        "default_branch": "main", "created_at": now, "pushed_at": now - pushed if pushed is not None else None,
        "num_pull_requests": 0, "refs": Refs(MAIN, {MAIN: sha(tip)}), "pull_requests_id": "", "runs_id": "",
    }  # fmt: skip
    return Observation(**(values | more))


class Growing(FakeClient):
    """A repository whose feed is another one each time that it is read; the last one stays."""

    def __init__(self, *feeds: list[dict[str, Any]]) -> None:
        super().__init__([FakeRepo(NAME)])
        self.feeds = list(feeds)
        self.num_read = 0

    def _find(self, name: str) -> FakeRepo | None:
        self.num_read += 1
        return FakeRepo(name, feed=self.feeds.pop(0) if len(self.feeds) > 1 else self.feeds[0])


def fetch(client: FakeClient, seen: Observation | None = None, known: pl.DataFrame | None = None) -> list[Activity]:
    async def opened() -> list[Activity]:
        async with client:
            return await fetch_pushes(client, seen or observation(), known)

    return asyncio.run(opened())


def feed(newest: int, oldest: int = 1) -> list[dict[str, Any]]:
    return [push(number) for number in range(newest, oldest - 1, -1)]


def ids(found: list[Activity]) -> list[int]:
    return [item.id for item in found]


def table(items: list[dict[str, Any]], known: pl.DataFrame | None = None) -> pl.DataFrame:
    found = [Activity.model_validate(item) for item in items]
    return validate(PUSHES, pushes_frame("1", found, known))


# --- reading


def test_where_nothing_is_known_the_whole_feed_is_read() -> None:
    client = FakeClient([FakeRepo(NAME, feed=feed(250))])
    assert ids(fetch(client)) == list(range(250, 0, -1))
    assert client.paths == ["/repos/class/group-1/activity"] * 3


def test_the_feed_is_read_down_to_what_is_known() -> None:
    client = FakeClient([FakeRepo(NAME, feed=feed(450))])
    found = ids(fetch(client, known=table(feed(300))))
    # The second page has some that are new, the third has none.
    assert found == list(range(450, 150, -1))
    assert len(client.paths) == 3


def test_what_is_known_all_of_costs_one_page() -> None:
    client = FakeClient([FakeRepo(NAME, feed=feed(250))])
    fetch(client, known=table(feed(250)))
    assert len(client.paths) == 1


def test_a_page_that_is_known_in_part_does_not_end_the_reading() -> None:
    # Of an earlier reading that lacked some: a feed with a hole says wrong things.
    client = FakeClient([FakeRepo(NAME, feed=feed(150))])
    known = table([item for item in feed(150) if item["id"] not in (60, 20)])
    assert len(fetch(client, known=known)) == 150


def test_an_empty_feed_is_no_pushes() -> None:
    client = FakeClient([FakeRepo(NAME)])
    assert fetch(client) == []


def test_a_feed_that_breaks_off_gives_nothing() -> None:
    broken = [*feed(150, 51), push(50, timestamp="yesterday")]
    with pytest.raises(ValueError, match="timestamp"):
        fetch(FakeClient([FakeRepo(NAME, feed=broken)]))
    with pytest.raises(GitHubError):
        fetch(FakeClient([]))


# --- what was pushed a moment ago


def test_a_push_of_a_moment_ago_is_waited_for() -> None:
    client = Growing(feed(1), feed(1), feed(2))
    assert ids(fetch(client, observation(2, pushed=timedelta(seconds=5)))) == [2, 1]
    assert client.num_read == 3


def test_a_push_that_is_listed_is_not_waited_for() -> None:
    client = Growing(feed(2))
    fetch(client, observation(2, pushed=timedelta(seconds=5)))
    assert client.num_read == 1


def test_waiting_for_a_push_ends_and_a_feed_without_it_is_none() -> None:
    client = Growing(feed(1))
    with pytest.raises(GitHubError, match="does not list yet"):
        fetch(client, observation(2, pushed=timedelta(seconds=5)))
    assert client.num_read == 3


@pytest.mark.parametrize("pushed", [timedelta(minutes=3), None])
def test_a_push_of_some_time_ago_is_not_waited_for(pushed: timedelta | None) -> None:
    client = Growing(feed(1))
    fetch(client, observation(2, pushed=pushed))
    assert client.num_read == 1


def test_a_push_to_another_branch_does_not_stand_for_the_default_branch() -> None:
    # The newest of the default branch counts, whatever came after it elsewhere.
    other = push(3, ref="refs/heads/other", after=sha(2))
    client = Growing([other, *feed(1)], [other, *feed(2)])
    assert ids(fetch(client, observation(2, pushed=timedelta(0)))) == [3, 2, 1]
    client = Growing([other, *feed(2)])
    fetch(client, observation(2, pushed=timedelta(0)))
    assert client.num_read == 1


def test_a_repository_without_a_default_branch_is_not_waited_for() -> None:
    client = Growing([push(1, ref="refs/heads/other")])
    fetch(client, observation(pushed=timedelta(0), refs=Refs(None, {"refs/heads/other": sha(1)}), default_branch=None))
    assert client.num_read == 1


# --- the table


def test_a_row_says_what_github_says() -> None:
    forced = push(7, ref="refs/heads/x", before=sha(3), activity_type="force_push", actor=None)
    assert table([forced]).to_dicts() == [
        {
            "group_id": "1", "push_id": 7, "ref": "refs/heads/x", "kind": "force_push", "before": sha(3),
            "after": sha(7), "pushed_at": datetime(2027, 1, 5, 12, 7, tzinfo=UTC), "actor": None, "is_forced": True,
        }
    ]  # fmt: skip


def test_who_pushed_is_called_as_commits_call_them() -> None:
    bot = push(2, actor={"login": "dependabot[bot]", "type": "Bot"})
    assert table([bot, push(1)])["actor"].to_list() == ["ada", "dependabot[bot]"]


@pytest.mark.parametrize("kind", ["push", "pr_merge", "branch_creation", "branch_deletion", "merge_queue_merge"])
def test_only_a_forced_push_is_forced(kind: str) -> None:
    assert table([push(1, activity_type=kind)])["is_forced"].to_list() == [False]


def test_what_github_forgets_is_kept_and_stands_by_time() -> None:
    known = table(feed(5))
    assert table([], known).equals(known)
    assert table(feed(7, 4), known)["push_id"].to_list() == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_listed_twice_is_one_push() -> None:
    assert table([push(2), push(1), push(2)])["push_id"].to_list() == [1, 2]
