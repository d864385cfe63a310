"""The client of GitHub: every way in which asking can go wrong, and what it costs."""

import asyncio
import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from pydantic import BaseModel

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import GitHubAccess
from mlops_mentor.github.client import GitHubClient
from mlops_mentor.github.graphql import GraphQLAnswer
from mlops_mentor_tests.github.fake import HOST, NOON, TOKEN, Answer, Clock, FakeGitHub, fake_access, fake_client

T = TypeVar("T")
ITEMS = "/api/v3/repos/class/group-1/activity"
GRAPHQL = "/api/graphql"
HOUR = NOON + timedelta(hours=1)


class Item(BaseModel):
    id: int


@pytest.fixture
def github() -> FakeGitHub:
    return FakeGitHub()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(tmp_path: Path) -> GitHubAccess:
    return fake_access(tmp_path)


def use(client: GitHubClient, work: Callable[[GitHubClient], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with client:
            return await work(client)

    return asyncio.run(opened())


async def items(client: GitHubClient, repo: str = "class/group-1") -> list[list[int]]:
    pages = client.pages(f"/repos/{repo}/activity", {"per_page": 2}, Item)
    return [[item.id for item in page] async for page in pages]


async def failure(asked: Awaitable[object]) -> GitHubError:
    with pytest.raises(GitHubError) as caught:
        await asked
    return caught.value


async def query(client: GitHubClient) -> GraphQLAnswer:
    return await client.graphql("query { a }", {})


def limited(remaining: int, *, resource: str = "core", at: int = int(HOUR.timestamp()), **more: str) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(at), "x-ratelimit-resource": resource,
    } | {name.replace("_", "-"): value for name, value in more.items()}  # fmt: skip


PRIMARY = Answer({"message": "API rate limit exceeded for user ID 1."}, 403, limited(0))
SECONDARY = Answer(
    {"message": "You have exceeded a secondary rate limit."}, 403, limited(4000, retry_after="60")
)  # fmt: skip


# --- asking


def test_pages_follow_the_link_to_the_next(github: FakeGitHub, access: GitHubAccess) -> None:
    def page(request: httpx.Request) -> Answer:
        if "cursor" in request.url.params:
            return Answer([{"id": 3}])
        return Answer([{"id": 1}, {"id": 2}], headers={"link": f'<https://{HOST}{ITEMS}?cursor=x>; rel="next"'})

    github.on(ITEMS, page)
    assert use(fake_client(github, access), items) == [[1, 2], [3]]
    assert [dict(request.url.params) for request in github.seen] == [{"per_page": "2"}, {"cursor": "x"}]


def test_a_list_of_nothing_is_one_empty_page(github: FakeGitHub, access: GitHubAccess) -> None:
    assert use(fake_client(github.on(ITEMS, Answer([])), access), items) == [[]]
    assert use(fake_client(github.on(ITEMS, Answer(b"", 204)), access), items) == [[]]


def test_pages_that_go_in_a_circle_end(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}], headers={"link": f'<https://{HOST}{ITEMS}?page=2>; rel="next"'}))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "error"
    assert len(github.seen) == 2


def test_requests_say_who_asks_and_for_which_version(github: FakeGitHub, access: GitHubAccess) -> None:
    use(fake_client(github.on(ITEMS, Answer([])), access), items)
    headers = github.seen[0].headers
    assert headers["user-agent"].startswith("mlops-mentor/")
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["authorization"] == f"Bearer {TOKEN}"


def test_no_name_leads_to_another_place_of_the_api(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on("/api/v3/repos/class/what?is#this/activity", Answer([]))
    assert use(fake_client(github, access), lambda client: items(client, "class/what?is#this")) == [[]]
    error = use(fake_client(github, access), lambda client: failure(items(client, "class/../../user")))
    assert error.status == "not_found"
    assert len(github.seen) == 1


def test_an_answer_that_does_not_fit_names_the_field_and_not_its_content(
    github: FakeGitHub, access: GitHubAccess
) -> None:
    github.on(ITEMS, Answer([{"id": 1}, {"id": "a student's secret"}]))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "error"
    assert "1.id" in error.reason
    assert "secret" not in error.reason
    assert len(github.seen) == 1


def test_graphql_returns_errors_of_parts(github: FakeGitHub, access: GitHubAccess) -> None:
    missing = {"type": "NOT_FOUND", "path": ["r1"], "message": "Could not resolve", "locations": []}
    github.on(GRAPHQL, Answer({"data": {"r0": {"id": 1}, "r1": None}, "errors": [missing]}))
    answer = use(fake_client(github, access), query)
    assert answer.data == {"r0": {"id": 1}, "r1": None}
    assert [(error.type, error.path) for error in answer.errors] == [("NOT_FOUND", ("r1",))]


def test_a_query_that_github_gives_up_is_asked_again_and_then_an_error(
    github: FakeGitHub, access: GitHubAccess, clock: Clock
) -> None:
    gave_up = Answer({"data": None, "errors": [{"message": "Something went wrong while executing your query."}]})
    github.on(GRAPHQL, gave_up, Answer({"data": {"a": 1}}))
    assert use(fake_client(github, access, clock), query).data == {"a": 1}
    github.on(GRAPHQL, gave_up)
    error = use(fake_client(github, access), lambda c: failure(c.graphql("{ a }", {}, attempts=2)))
    assert error.status == "error"
    assert len(github.seen) == 4


def test_any_task_may_use_a_client(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}]))

    async def elsewhere() -> list[list[list[int]]]:
        client, is_open = fake_client(github, access), asyncio.Event()

        async def stranger() -> list[list[int]]:
            await is_open.wait()
            return await items(client)

        strangers = [asyncio.create_task(stranger()) for _ in range(2)]
        async with client:
            is_open.set()
            return await asyncio.gather(*strangers)

    assert asyncio.run(elsewhere()) == [[[1]], [[1]]]


# --- failures


@pytest.mark.parametrize(
    "first",
    [
        Answer([{"id": 1}], cut_at=4),
        Answer(b'[{"id": 1}, {"i'),
        Answer(b""),
        Answer(b"<html>Bad gateway</html>", 502),
        Answer({"message": "Server Error"}, 500),
        httpx.ConnectError("no route"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_what_can_succeed_is_tried_again(
    github: FakeGitHub, access: GitHubAccess, clock: Clock, first: Answer | Exception
) -> None:
    client = fake_client(github.on(ITEMS, first, first, Answer([{"id": 1}])), access, clock)
    assert use(client, items) == [[1]]
    assert client.usage.num_retries == 2
    assert 0.25 <= clock.slept[0] <= 0.5
    assert 0.5 <= clock.slept[1] <= 1.0


@pytest.mark.parametrize(("status", "expected"), [(404, "not_found"), (410, "not_found"), (403, "no_access"),
                                                  (451, "no_access"), (422, "error"), (409, "error")])  # fmt: skip
def test_what_cannot_succeed_is_asked_once(
    github: FakeGitHub, access: GitHubAccess, status: int, expected: str
) -> None:
    github.on(ITEMS, Answer({"message": "Because."}, status))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == expected
    assert len(github.seen) == 1


def test_what_stays_broken_ends_after_six_attempts(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer(b"", 503))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "error"
    assert "503" in error.reason
    assert len(github.seen) == 6


def test_a_github_that_never_answers_is_asked_ten_times_and_then_once_a_minute(
    github: FakeGitHub, access: GitHubAccess, clock: Clock
) -> None:
    github.on(ITEMS, httpx.ConnectError("no route"))

    async def work(client: GitHubClient) -> list[GitHubError]:
        first = [await failure(items(client)) for _ in range(20)]
        await clock.sleep(61)
        github.on(ITEMS, Answer([{"id": 1}]))
        assert await items(client) == [[1]]
        assert await items(client) == [[1]]
        return first

    errors = use(fake_client(github, access, clock), work)
    assert len(github.seen) == 12
    assert "10 attempts in a row" in errors[-1].reason
    assert errors[-1].until is not None


def test_a_server_that_answers_with_errors_is_no_silent_one(github: FakeGitHub, access: GitHubAccess) -> None:
    """A query that is too much for GitHub ends in a 502 each time, and its halves must still be asked."""
    github.on(ITEMS, Answer(b"", 502))

    async def work(client: GitHubClient) -> list[GitHubError]:
        return [await failure(items(client)) for _ in range(4)]

    use(fake_client(github, access), work)
    assert len(github.seen) == 24


def test_a_body_that_drips_hits_the_deadline(github: FakeGitHub, tmp_path: Path) -> None:
    access = fake_access(tmp_path, timeout_s=0.15)
    github.on(ITEMS, Answer([{"id": 1}] * 50, drip_s=0.02), Answer([{"id": 2}]))
    assert use(fake_client(github, access), items) == [[2]]
    github.on(GRAPHQL, Answer({"data": {}}, drip_s=0.1))
    error = use(fake_client(github, access), lambda client: failure(client.graphql("{ a }", {}, attempts=2)))
    assert error.status == "timeout"
    assert "0.15 s" in error.reason


def test_a_permission_that_is_missing_is_named(github: FakeGitHub, access: GitHubAccess) -> None:
    message = {"message": "Resource not accessible by personal access token"}
    github.on(ITEMS, Answer(message, 403, {"x-accepted-github-permissions": "contents=read"}))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "no_access"
    assert "contents=read" in error.reason
    assert "not accessible" in error.reason


def test_a_bad_token_is_asked_once(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer({"message": "Bad credentials"}, 401)).on(GRAPHQL, Answer({"data": {}}))

    async def ask(client: GitHubClient) -> list[GitHubError]:
        return [await failure(items(client)), await failure(query(client))]

    errors = use(fake_client(github, access), ask)
    assert [error.status for error in errors] == ["bad_token", "bad_token"]
    assert "GITHUB_TOKEN" in errors[1].reason
    assert len(github.seen) == 1


# --- limits


def test_a_pause_that_fits_is_waited_for(github: FakeGitHub, access: GitHubAccess, clock: Clock) -> None:
    soon = limited(0, at=int(NOON.timestamp()) + 90)
    github.on(ITEMS, Answer(PRIMARY.body, 403, soon), Answer([{"id": 1}], headers=limited(4999)))
    client = fake_client(github, access, clock)
    assert use(client, items) == [[1]]
    assert clock.slept == [90]
    assert client.usage.waited_s == 90
    assert client.usage.remaining == {"core": 4999}
    assert client.usage.reset_at == {"core": HOUR}


def test_a_pause_that_is_too_long_stops_asking_until_it_is_over(
    github: FakeGitHub, access: GitHubAccess, clock: Clock
) -> None:
    github.on(ITEMS, PRIMARY, Answer([{"id": 1}])).on(GRAPHQL, Answer({"data": {"a": 1}}))

    async def ask(client: GitHubClient) -> list[GitHubError]:
        errors = [await failure(items(client))]
        clock.time = HOUR - timedelta(seconds=30)
        errors.append(await failure(items(client)))
        assert len(github.seen) == 1
        # GraphQL has a budget of its own.
        assert (await query(client)).data == {"a": 1}
        clock.time = HOUR
        assert await items(client) == [[1]]
        return errors

    errors = use(fake_client(github, access, clock), ask)
    assert [error.status for error in errors] == ["rate_limited", "rate_limited"]
    assert errors[0].until == HOUR
    assert errors[0].reason == "GitHub's hourly limit is used up; it goes on at 13:00 UTC."
    assert clock.slept == []


def test_all_waiting_together_stays_within_what_may_be_waited(
    github: FakeGitHub, access: GitHubAccess, clock: Clock
) -> None:
    github.on(ITEMS, SECONDARY, SECONDARY, SECONDARY)
    client = fake_client(github, access, clock)
    error = use(client, lambda client: failure(items(client)))
    assert error.status == "rate_limited"
    assert client.usage.waited_s == 120
    assert len(github.seen) == 3


def test_an_answer_that_says_nothing_is_left_holds_back_the_next_request(
    github: FakeGitHub, access: GitHubAccess, clock: Clock
) -> None:
    github.on(ITEMS, Answer([{"id": 1}], headers=limited(0)))

    async def ask(client: GitHubClient) -> GitHubError:
        await items(client)
        return await failure(items(client))

    assert use(fake_client(github, access, clock), ask).status == "rate_limited"
    assert len(github.seen) == 1


def test_a_secondary_limit_pauses_everybody(github: FakeGitHub, access: GitHubAccess, clock: Clock) -> None:
    asked_at: list[float] = []

    def answer(request: httpx.Request) -> Answer:
        asked_at.append((clock.time - NOON).total_seconds())
        return SECONDARY if len(asked_at) == 1 else Answer({"data": {}} if request.method == "POST" else [])

    github.on(ITEMS, answer).on(GRAPHQL, answer)

    async def ask(client: GitHubClient) -> None:
        await asyncio.gather(*(items(client) for _ in range(20)), *(query(client) for _ in range(20)))

    client = fake_client(github, access, clock, concurrency=3)
    use(client, ask)
    # The two that were under way together with the refused one; everybody else a minute later.
    assert sorted(asked_at) == [0.0] * 3 + [60.0] * 38
    assert github.most_at_once == 3
    assert client.usage.waited_s == 60


def test_graphql_refusing_with_status_200_is_a_limit(github: FakeGitHub, access: GitHubAccess, clock: Clock) -> None:
    refusal = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}
    github.on(GRAPHQL, Answer(refusal, headers=limited(0, resource="graphql"))).on(ITEMS, Answer([]))

    async def ask(client: GitHubClient) -> GitHubError:
        error = await failure(query(client))
        assert await items(client) == [[]]
        return error

    error = use(fake_client(github, access, clock), ask)
    assert error.status == "rate_limited"
    assert "GraphQL" in error.reason
    assert error.until == HOUR


def test_limits_are_read_by_githubs_clock(github: FakeGitHub, access: GitHubAccess, clock: Clock) -> None:
    # This machine is an hour ahead: by its clock the pause would be over.
    clock.time = HOUR + timedelta(minutes=5)
    headers = limited(0, at=int(HOUR.timestamp()), date="Tue, 05 Jan 2027 12:59:00 GMT")
    github.on(ITEMS, Answer(PRIMARY.body, 403, headers), Answer([]))
    use(fake_client(github, access, clock), items)
    assert clock.slept == [60]


def test_a_pause_of_no_readable_length_is_a_minute(github: FakeGitHub, access: GitHubAccess, clock: Clock) -> None:
    github.on(
        ITEMS, Answer({"message": "slow down"}, 429, {"retry-after": "Tue, 05 Jan 2027 12:59:00 GMT"}), Answer([])
    )
    use(fake_client(github, access, clock), items)
    assert clock.slept == [60]


# --- the cache


def test_what_has_not_changed_costs_nothing(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}]), Answer([{"id": 1}]), Answer([{"id": 2}]))
    usages = []
    for expected in (1, 1, 2, 2, 2):
        client = fake_client(github, access)
        assert use(client, items) == [[expected]]
        usages.append((client.usage.num_requests, client.usage.num_not_modified, client.usage.num_counted))
    # One request each time, also with an answer that has changed before.
    assert usages == [(1, 0, 1), (1, 1, 0), (1, 0, 1), (1, 1, 0), (1, 1, 0)]


def test_an_unchanged_page_still_leads_to_the_next(github: FakeGitHub, access: GitHubAccess) -> None:
    following = {"link": f'<https://{HOST}{ITEMS}?page=2>; rel="next"'}

    def page(request: httpx.Request) -> Answer:
        return (
            Answer([{"id": 3}]) if "page" in request.url.params else Answer([{"id": 1}, {"id": 2}], headers=following)
        )

    github.on(ITEMS, page)
    for _ in range(2):
        client = fake_client(github, access)
        assert use(client, items) == [[1, 2], [3]]
    assert client.usage.num_not_modified == 2


def test_a_full_last_page_is_not_kept_as_the_last(github: FakeGitHub, access: GitHubAccess) -> None:
    full = [{"id": 1}, {"id": 2}]
    following = {"link": f'<https://{HOST}{ITEMS}?page=2>; rel="next"'}
    github.on(ITEMS, Answer(full), Answer(full, headers=following), Answer([{"id": 3}]))
    assert use(fake_client(github, access), items) == [[1, 2]]
    assert use(fake_client(github, access), items) == [[1, 2], [3]]


@pytest.mark.parametrize(
    "broken", [Answer([{"id": 1}], cut_at=4), Answer(b'[{"id": 1'), Answer([], 404), Answer([], has_etag=False)]
)
def test_only_whole_answers_with_an_etag_are_kept(github: FakeGitHub, access: GitHubAccess, broken: Answer) -> None:
    github.on(ITEMS, broken)
    use(fake_client(github, access), lambda client: asyncio.wait([asyncio.ensure_future(items(client))]))
    with sqlite3.connect(access.cache_file) as file:
        assert file.execute("SELECT count(*) FROM answers_1").fetchone() == (0,)


def test_a_failure_in_between_does_not_lose_what_is_kept(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}]), Answer(b"", 502), Answer([{"id": 1}]))
    use(fake_client(github, access), items)
    client = fake_client(github, access)
    assert use(client, items) == [[1]]
    assert client.usage.num_not_modified == 1


def test_graphql_is_not_kept(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(GRAPHQL, Answer({"data": {"a": 1}}, headers={"etag": '"x"'}), Answer({"data": {"a": 2}}))
    client = fake_client(github, access)
    assert use(client, query).data == {"a": 1}
    assert use(fake_client(github, access), query).data == {"a": 2}
    assert "if-none-match" not in github.seen[1].headers


def test_what_was_of_no_use_for_sixty_days_is_dropped(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}]))
    use(fake_client(github, access), items)
    with sqlite3.connect(access.cache_file) as file:
        file.execute("UPDATE answers_1 SET used_at = used_at - 61 * 86400")
    client = fake_client(github, access)
    use(client, items)
    assert client.usage.num_not_modified == 0


def test_what_is_kept_is_for_its_owner_alone(github: FakeGitHub, access: GitHubAccess) -> None:
    use(fake_client(github.on(ITEMS, Answer([])), access), items)
    assert access.cache_file.parent.stat().st_mode & 0o777 == 0o700
    assert access.cache_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["no database", "changed bytes", "truncated"])
def test_a_damaged_file_costs_requests_and_no_answer(github: FakeGitHub, access: GitHubAccess, damage: str) -> None:
    github.on(ITEMS, Answer([{"id": 1}]))
    use(fake_client(github, access), items)
    content = access.cache_file.read_bytes()
    damaged = {
        "no database": b"This is no database. " * 200,
        "changed bytes": content[:100] + bytes(byte ^ 1 for byte in content[100:]),
        "truncated": content[: len(content) // 2],
    }
    access.cache_file.write_bytes(damaged[damage])
    assert use(fake_client(github, access), items) == [[1]]
    # At the latest the client after the one that noticed has a good file.
    assert use(fake_client(github, access), items) == [[1]]
    client = fake_client(github, access)
    assert use(client, items) == [[1]]
    assert client.usage.num_not_modified == 1
    assert access.cache_file.with_name("answers.db.damaged").is_file()


def test_a_file_that_opens_and_is_damaged_inside_is_set_aside(github: FakeGitHub, access: GitHubAccess) -> None:
    many = [f"/repos/class/group-{number}/activity" for number in range(200)]
    for path in many:
        github.on(f"/api/v3{path}", Answer([{"id": 1}] * 20))

    async def ask(client: GitHubClient) -> None:
        for path in many:
            assert [len(page) async for page in client.pages(path, {}, Item)] == [20]

    use(fake_client(github, access), ask)
    content = access.cache_file.read_bytes()
    # The first pages stay, and with them what makes it a database.
    access.cache_file.write_bytes(content[:8192] + bytes(byte ^ 255 for byte in content[8192:]))
    for _ in range(2):
        use(fake_client(github, access), ask)
    client = fake_client(github, access)
    use(client, ask)
    assert client.usage.num_not_modified == 200


def test_a_byte_that_changed_on_disk_is_noticed(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer([{"id": 1}]))
    use(fake_client(github, access), items)
    access.cache_file.write_bytes(access.cache_file.read_bytes().replace(b'[{"id": 1}]', b'[{"id": 7}]'))
    assert use(fake_client(github, access), items) == [[1]]


def test_a_locked_or_unusable_file_is_done_without(
    github: FakeGitHub, access: GitHubAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_mentor.github.answer_cache._BUSY_S", 0.05)
    github.on(ITEMS, Answer([{"id": 1}]))
    use(fake_client(github, access), items)
    lock = sqlite3.connect(access.cache_file)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    assert use(fake_client(github, access), items) == [[1]]
    lock.close()
    assert use(fake_client(github, access), items) == [[1]]
    assert not access.cache_file.with_name("answers.db.damaged").exists()
    (tmp_path / "file").write_text("no directory")
    assert use(fake_client(github, fake_access(tmp_path / "file")), items) == [[1]]


def test_several_processes_share_the_file(access: GitHubAccess, tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from mlops_mentor_tests.github.fake import Answer, FakeGitHub, fake_access, fake_client
from mlops_mentor_tests.github.test_client import Item
async def ask():
    github = FakeGitHub()
    async with fake_client(github, fake_access(Path(sys.argv[1]))) as client:
        for round in range(3):
            for number in range(30):
                path = f"/repos/class/group-{number}/activity"
                github.on("/api/v3" + path, Answer([{"id": number}]))
                assert [page async for page in client.pages(path, {}, Item)][0][0].id == number
    assert client.usage.num_not_modified >= 60
asyncio.run(ask())
"""
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], cwd=root, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]  # fmt: skip
    assert [process.communicate()[1] for process in started] == [""] * 4
    assert [process.returncode for process in started] == [0] * 4
    with sqlite3.connect(access.cache_file) as file:
        assert file.execute("SELECT count(*) FROM answers_1").fetchone() == (30,)


# --- the token


def test_a_renamed_repository_is_followed(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer({}, 301, {"location": f"https://{HOST}/api/v3/repositories/7/activity"}))
    github.on("/api/v3/repositories/7/activity", Answer([{"id": 7}]))
    assert use(fake_client(github, access), items) == [[7]]
    assert github.seen[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/x", f"http://{HOST}/x", f"https://{HOST}:8443/x", f"https://{HOST}.evil/x"]
)
def test_the_token_goes_to_no_other_host(github: FakeGitHub, access: GitHubAccess, elsewhere: str) -> None:
    github.on(ITEMS, Answer({}, 302, {"location": elsewhere})).on("/x", Answer([{"id": 1}]), Answer({}, 401))
    assert use(fake_client(github, access), items) == [[1]]
    # That another host refuses says nothing about the token.
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "no_access"
    assert [TOKEN in str(request.headers.raw) for request in github.seen] == [True, False] * 2


def test_redirects_without_end_are_an_error(github: FakeGitHub, access: GitHubAccess) -> None:
    github.on(ITEMS, Answer({}, 302, {"location": f"https://{HOST}{ITEMS}"}))
    error = use(fake_client(github, access), lambda client: failure(items(client)))
    assert error.status == "error"
    assert "TooManyRedirects" in error.reason


def test_the_token_stands_in_no_text_log_or_file(
    github: FakeGitHub, access: GitHubAccess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = Answer({"message": f"Who is {TOKEN}?"}, 422)
    gave_up = Answer({"errors": [{"message": f"Bearer {TOKEN} went wrong"}]})
    leak = httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'")
    github.on(ITEMS, Answer([{"id": 1}]), Answer([{"id": 1}]), echo, leak).on(GRAPHQL, gave_up)

    async def ask(client: GitHubClient) -> str:
        await items(client)
        await items(client)
        errors = [await failure(items(client)), await failure(items(client)), await failure(query(client))]
        return f"{errors!r} {client!r} {vars(client)!r} {client.usage!r}"

    texts = use(fake_client(github, access), ask) + caplog.text
    assert "***" in texts
    assert TOKEN not in texts
    files = list(access.cache_file.parent.iterdir())
    assert access.cache_file in files
    assert not [file for file in files if re.search(rb"ghp_|uthorization|Bearer", file.read_bytes())]


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tokén"])
def test_a_token_that_can_be_none_is_refused_before_it_is_sent(github: FakeGitHub, tmp_path: Path, token: str) -> None:
    with pytest.raises(GitHubError) as caught:
        use(fake_client(github, fake_access(tmp_path, token=token)), items)
    assert caught.value.status == "bad_token"
    assert github.seen == []


def test_githubkit_is_imported_only_when_a_client_is_opened() -> None:
    program = "import sys, mlops_mentor.github.client; print('githubkit' in sys.modules or 'hishel' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
