"""Changes: groups on GitHub are seen in a few requests, all others by asking git, and a silent one holds up nobody."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import SecretStr

from mlops_mentor.chain.changes import UNREADABLE, Look, changed_groups, look_at_groups
from mlops_mentor.chain.inputs import load_inputs
from mlops_mentor.errors import ConfigError, GitHubError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, GitHubAccess
from mlops_mentor.github.heads import Observation, observe
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import GROUP_OUTCOMES, GROUPS, REPO_SNAPSHOTS, REPO_STATS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.github.graphql import FakeClient, FakeRepo, pull, sha
from mlops_mentor_tests.repos.servers import Server, git_server, silent
from mlops_mentor_tests.repos.sources import Source
from mlops_mentor_tests.stored import ELSEWHERE, Shown, store

MakeFrame = Callable[..., pl.DataFrame]
MakeGroup = Callable[..., Group]
TOKEN = "ghp_TheSecretOfThisTest"
COURSE = """
course: A course
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2099-01-22T12:00:00"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a token."""
    (tmp_path / "data").mkdir()
    (tmp_path / "course.yaml").write_text(COURSE)
    return Settings(data_dir=tmp_path / "data", course=tmp_path / "course.yaml", github_token=SecretStr(TOKEN))


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.lake_dir)


@pytest.fixture
def elsewhere(tmp_path: Path, make_group: MakeGroup) -> Callable[[str], tuple[Group, Source]]:
    """`elsewhere("2")`: a group with a repository of its own that is not on GitHub."""

    def make(group_id: str) -> tuple[Group, Source]:
        source = Source(tmp_path / "sources" / group_id)
        source.commit({b"a": b""})
        return replace(make_group(group_id), address=source.address), source

    return make


def repo(group_id: str, **more: Any) -> FakeRepo:
    return FakeRepo(f"class/group-{group_id}", **more)


def look(settings: Settings, groups: Sequence[Group], client: FakeClient, **more: Any) -> dict[str, Look]:
    return look_at_groups(settings, groups, open_client=lambda access: client, **{"budget_s": 30.0} | more)


def never_opened(access: GitHubAccess) -> Any:
    raise AssertionError("GitHub was asked")


async def _observed(client: FakeClient, name: str) -> Observation:
    async with client:
        [found] = [seen async for _, seen in observe(client, [name])]
    assert isinstance(found, Observation)
    return found


def seen_on(repo: FakeRepo) -> Observation:
    return asyncio.run(_observed(FakeClient([repo]), repo.name))


def store_current(
    settings: Settings, group: Group, make_frame: MakeFrame, seen: Observation | None = None, shown: Shown = ELSEWHERE
) -> None:
    """Store the group as it would be computed now."""
    lake, inputs = Lake(settings.lake_dir), load_inputs(settings)
    if seen is not None:
        shown = Shown(seen)
    else:
        refs, _ = remote_refs(group.address, cwd=settings.root, timeout_s=10)
        shown = replace(shown, git_refs_id=refs.refs_id)
    store(lake, group, inputs, shown, make_frame)


# --- who is asked


def test_groups_on_github_are_seen_in_one_request_and_git_asks_the_others(
    settings: Settings, make_group: MakeGroup, elsewhere: Callable[[str], tuple[Group, Source]]
) -> None:
    other, source = elsewhere("3")
    client = FakeClient([repo("1"), repo("2")])
    looks = look(settings, [make_group("1"), other, make_group("2")], client)
    assert [asked.names for asked in client.asked] == [("class/group-1", "class/group-2")]
    refs, _ = remote_refs(source.address, cwd=source.path, timeout_s=10)
    for group_id, name in (("1", "1"), ("2", "2")):
        assert looks[group_id].seen_id.endswith(f"|{seen_on(repo(name)).seen_id}")
    assert looks["3"].seen_id.startswith(refs.refs_id)
    assert "|" not in looks["3"].seen_id
    assert all(found.is_changed and found.reason is None for found in looks.values()), "nothing is stored"
    assert client.was_closed


def test_where_no_group_is_on_github_nobody_opens_a_client(
    settings: Settings, elsewhere: Callable[[str], tuple[Group, Source]]
) -> None:
    group, _ = elsewhere("1")
    looks = look_at_groups(settings, [group], budget_s=30, open_client=never_opened)
    assert looks.keys() == {"1"}
    assert look_at_groups(settings, [], budget_s=30, open_client=never_opened) == {}


@pytest.mark.loopback
def test_without_a_token_git_is_asked_of_groups_on_github_too(
    settings: Settings, tmp_path: Path, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    with hosted(tmp_path, settings) as (with_token, group, _):
        without = with_token.model_copy(update={"github_token": None})
        store_current(without, group, make_frame, shown=Shown(NO_TOKEN))
        looks = look_at_groups(without, [group], budget_s=30, open_client=never_opened)
        assert not looks["1"].is_changed


def test_two_groups_with_one_repository_are_both_seen(settings: Settings, make_group: MakeGroup) -> None:
    client = FakeClient([repo("1")])
    groups = [make_group("1"), make_group("2", url="https://github.com/class/group-1")]
    looks = look(settings, groups, client)
    assert looks["1"].seen_id == looks["2"].seen_id
    assert len(client.asked) == 1


# --- what has changed


def test_a_group_on_github_is_unchanged_until_anything_there_changes(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    group, before = make_group(), repo("1")
    store_current(settings, group, make_frame, seen_on(before))
    same = look(settings, [group], FakeClient([before]))["1"]
    assert not same.is_changed
    for after in (repo("1", branches={"main": sha(1), "draft": sha(2)}), repo("1", pulls=[pull(1)])):
        found = look(settings, [group], FakeClient([after]))["1"]
        assert found.is_changed
        assert found.seen_id != same.seen_id


def test_a_group_elsewhere_is_unchanged_until_anybody_pushes(
    settings: Settings, elsewhere: Callable[[str], tuple[Group, Source]], make_frame: MakeFrame
) -> None:
    group, source = elsewhere("1")
    store_current(settings, group, make_frame, shown=Shown(NOT_ON_GITHUB))
    same = look(settings, [group], FakeClient([]))["1"]
    assert not same.is_changed
    source.commit({b"b": b""})
    found = look(settings, [group], FakeClient([]))["1"]
    assert (found.is_changed, found.seen_id != same.seen_id) == (True, True)


def test_what_is_unchanged_is_confirmed_and_what_is_changed_is_not(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    groups = [make_group("1"), make_group("2")]
    for group in groups:
        store_current(settings, group, make_frame, seen_on(repo(group.group_id)))
    before = {group_id: lake.confirmed_at(REPO_SNAPSHOTS, group_id) for group_id in "12"}
    time.sleep(0.02)
    look(settings, groups, FakeClient([repo("1"), repo("2", branches={"main": sha(9)})]))
    after = {group_id: lake.confirmed_at(REPO_SNAPSHOTS, group_id) for group_id in "12"}
    assert (after["1"] != before["1"], after["2"] == before["2"]) == (True, True)


def test_a_group_that_is_new_or_has_failed_is_changed_and_need_not_be_looked_at(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    groups = [make_group("1"), make_group("2"), make_group("3")]
    for group in groups[1:]:
        store_current(settings, group, make_frame, seen_on(repo(group.group_id)))
    lake.write(GROUP_OUTCOMES, make_frame(GROUP_OUTCOMES, {}), "3")
    client = FakeClient([repo("1"), repo("2"), repo("3")])
    told: list[str] = []
    looks = look(settings, groups, client, skip_unstored=True, on_seen=lambda group: told.append(group.group_id))
    assert [asked.names for asked in client.asked] == [("class/group-2",)]
    assert {group_id: found.is_changed for group_id, found in looks.items()} == {"1": True, "2": False, "3": True}
    assert sorted(told) == ["1", "2", "3"]
    assert look(settings, groups, client).keys() == {"1", "2", "3"}
    assert client.asked[-1].names == ("class/group-1", "class/group-2", "class/group-3")


def test_a_group_that_lacks_a_table_is_changed(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    store_current(settings, make_group(), make_frame, seen_on(repo("1")))
    lake.write(REPO_STATS, make_frame(REPO_STATS, {}), "1")
    assert look(settings, [make_group()], FakeClient([repo("1")]), skip_unstored=True)["1"].is_changed


def test_a_group_whose_outcome_was_never_noted_is_changed(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    store_current(settings, make_group(), make_frame, seen_on(repo("1")))
    lake.path(GROUP_OUTCOMES, "1").unlink()
    assert look(settings, [make_group()], FakeClient([repo("1")]), skip_unstored=True)["1"].is_changed


# --- what cannot be seen


def test_a_repository_that_git_cannot_read_says_why(
    settings: Settings, tmp_path: Path, make_group: MakeGroup, elsewhere: Callable[[str], tuple[Group, Source]]
) -> None:
    missing = replace(make_group("1"), address=Address(str(tmp_path / "nowhere"), "file"))
    well, _ = elsewhere("2")
    looks = look(settings, [missing, well], FakeClient([]))
    assert (looks["1"].is_changed, looks["1"].seen_id) == (True, UNREADABLE)
    assert "nowhere" in str(looks["1"].reason)
    assert looks["2"].reason is None


@contextmanager
def hosted(folder: Path, settings: Settings) -> Iterator[tuple[Settings, Group, Server]]:
    """A server that is the settings' GitHub for git, with the repository of group 1: `class/group-1`."""
    source = Source(folder / "hosted" / "class" / "group-1")
    source.commit({b"a": b""})
    with git_server(folder / "hosted") as server:
        url = f"http://127.0.0.1:{server.port}"
        group = Group("1", server.address("/class/group-1"), ("s000001",), 2)
        yield settings.model_copy(update={"github_server_url": url}), group, server


FAILING = {
    "at its opening": FakeClient([], on_open=GitHubError("bad_token", "GITHUB_TOKEN is not valid")),
    "at a request": FakeClient([repo("1")], refuse=lambda asked: GitHubError("rate_limited", "used up")),
    "at one repository": FakeClient([]),
}


@pytest.mark.loopback
@pytest.mark.parametrize("how", FAILING)
def test_where_github_does_not_answer_git_is_asked_and_what_github_said_counts(
    settings: Settings, tmp_path: Path, make_frame: MakeFrame, how: str
) -> None:
    with hosted(tmp_path, settings) as (at_server, group, server):
        refs, _ = remote_refs(group.address, cwd=settings.root, timeout_s=10)
        # What GitHub showed before had the heads that git has now.
        store_current(at_server, group, make_frame, replace(seen_on(repo("1")), refs=refs))
        server.seen.clear()
        found = look(at_server, [group], FAILING[how])["1"]
        deadline = at_server.the_course.deadline_utc.isoformat()
        phase = "after" if datetime.now(UTC) > at_server.the_course.deadline_utc else "before"
        assert found == Look("1", False, f"{refs.refs_id}, {phase} {deadline}")
        assert any("/class/group-1/info/refs" in line for line in server.seen)
        Source(tmp_path / "hosted" / "class" / "group-1").commit({b"b": b""})
        assert look(at_server, [group], FAILING[how])["1"].is_changed


@pytest.mark.loopback
def test_a_token_that_is_refused_is_told_although_nothing_has_changed(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with hosted(tmp_path, settings) as (at_server, group, _):
        look(at_server, [group], FAILING["at its opening"])
    assert caplog.messages == ["GITHUB_TOKEN is not valid Git alone is looked at."]


@pytest.mark.loopback
def test_an_error_after_some_were_seen_leaves_those_seen(
    settings: Settings, make_group: MakeGroup, make_frame: MakeFrame, tmp_path: Path
) -> None:
    # A batch for the first, and another that is refused.
    groups = [make_group(str(number)) for number in range(1, 31)]
    with hosted(tmp_path, settings) as (at_server, hosted_group, server):
        last = replace(hosted_group, group_id="31")
        several = [replace(g, address=server.address(f"/class/group-{g.group_id}x")) for g in groups]
        repos = [repo(f"{g.group_id}x") for g in groups]
        refused = GitHubError("rate_limited", "used up")
        client = FakeClient(repos, refuse=lambda asked: refused if "class/group-1" in asked.names else None)
        looks = look(at_server, [*several, last], client)
        assert looks["1"].seen_id.endswith(f"|{seen_on(repo('1x')).seen_id}")
        assert looks["31"].reason is None, "git answered"
        assert not any("x/info/refs" in line for line in server.seen), "git was asked only for what was not seen"


@pytest.mark.loopback
def test_where_github_takes_all_its_time_git_still_has_some(settings: Settings, tmp_path: Path) -> None:
    with hosted(tmp_path, settings) as (at_server, group, _):
        never = threading.Event()
        client = FakeClient([repo("1")], hold=lambda asked: never)
        began = time.monotonic()
        looks = look(at_server, [group], client, budget_s=4.0)
        assert looks["1"].reason is None
        assert time.monotonic() - began < 4.0


@pytest.mark.loopback
def test_who_is_not_reached_in_time_is_absent_and_holds_up_nobody(
    settings: Settings, make_group: MakeGroup, elsewhere: Callable[[str], tuple[Group, Source]]
) -> None:
    well, _ = elsewhere("2")
    patient = settings.model_copy(update={"ask_timeout_s": 3.0})
    with silent() as server:
        hanging = [replace(make_group(f"h{n}"), address=server.address(f"/class/h{n}")) for n in range(3)]
        began = time.monotonic()
        looks = look(patient, [*hanging, make_group("1"), well], FakeClient([repo("1")]), budget_s=1.5)
        assert looks.keys() == {"1", "2"}
        assert time.monotonic() - began < 3.0


@pytest.mark.loopback
def test_without_any_time_nobody_is_seen_and_nobody_waits(settings: Settings, make_group: MakeGroup) -> None:
    with silent() as server:
        group = replace(make_group("1"), address=server.address("/class/group-1"))
        patient = settings.model_copy(update={"ask_timeout_s": 1.0})
        assert look(patient, [group], FakeClient([]), budget_s=0.0) == {}


def test_extensions_that_cannot_be_used_are_told(settings: Settings, make_group: MakeGroup) -> None:
    settings.extensions_file.write_text("nonsense\n1\n")
    with pytest.raises(ConfigError):
        look(settings, [make_group()], FakeClient([repo("1")]))


def test_an_extension_changes_its_group_alone(
    settings: Settings, lake: Lake, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    groups = [make_group("1"), make_group("2")]
    lake.write(GROUPS, groups_frame(groups))
    for group in groups:
        store_current(settings, group, make_frame, seen_on(repo(group.group_id)))
    settings.extensions_file.write_text("group_id,until,reason\n2,2099-01-29T12:00:00,ill\n")
    looks = look(settings, groups, FakeClient([repo("1"), repo("2")]))
    assert {group_id: found.is_changed for group_id, found in looks.items()} == {"1": False, "2": True}


def test_changed_groups_are_in_the_rosters_order_with_those_that_do_not_answer(
    settings: Settings,
    tmp_path: Path,
    make_group: MakeGroup,
    elsewhere: Callable[[str], tuple[Group, Source]],
    make_frame: MakeFrame,
) -> None:
    (same, _), (pushed, source), (gone, lost) = elsewhere("1"), elsewhere("3"), elsewhere("2")
    new = replace(make_group("0"), address=Address(str(tmp_path / "nowhere"), "file"))
    for group in (same, pushed, gone):
        store_current(settings, group, make_frame, shown=Shown(NOT_ON_GITHUB))
    source.commit({b"b": b""})
    lost.path.rename(tmp_path / "away")
    told: list[str] = []
    found = changed_groups(settings, [pushed, same, gone, new], on_seen=lambda group: told.append(group.group_id))
    assert [group.group_id for group in found] == ["3", "2", "0"]
    assert sorted(told) == ["0", "1", "2", "3"]
