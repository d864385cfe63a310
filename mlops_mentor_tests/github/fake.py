"""A GitHub for tests: an httpx transport that gives prepared answers by path, and a clock that sleeping moves."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from mlops_mentor.github.access import GitHubAccess
from mlops_mentor.github.client import GitHubClient

TOKEN = "ghp_TheSecretOfThisTest0123456789"
HOST = "github.example"
NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


class Clock:
    """Time passes only in `sleep`; who sleeps at the same time wakes at the same time."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wakes_at = self.time + timedelta(seconds=seconds)
        # Who does not sleep acts first, in real time.
        await asyncio.sleep(0.03)
        self.time = max(self.time, wakes_at)


@dataclass(frozen=True)
class Answer:
    """What the fake sends: `body` as JSON unless it is bytes, with an ETag where it is a 200."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    has_etag: bool = True
    # Bytes one at a time, with a pause between: each read succeeds, and the body takes for ever.
    drip_s: float = 0.0
    # The connection ends after so many bytes.
    cut_at: int | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    def response(self, request: httpx.Request) -> httpx.Response:
        headers = {"content-type": "application/json; charset=utf-8", "cache-control": "private, max-age=60"}
        headers |= {"vary": "Accept, Authorization, Accept-Encoding"} | dict(self.headers)
        if self.has_etag and self.status == 200 and request.method == "GET":
            # Weak, as GitHub's are.
            headers["etag"] = f'W/"{hashlib.sha256(self.content).hexdigest()}"'
            if request.headers.get("if-none-match") == headers["etag"]:
                # HTTP does not ask for `Link` here.
                headers.pop("link", None)
                return httpx.Response(304, headers=headers)
        return httpx.Response(self.status, headers=headers, stream=_Body(self))


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._answer.content
        if self._answer.drip_s:
            for position in range(len(content)):
                await asyncio.sleep(self._answer.drip_s)
                yield content[position : position + 1]
        elif self._answer.cut_at is not None:
            yield content[: self._answer.cut_at]
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        else:
            yield content


Reply = Answer | Exception | Callable[[httpx.Request], Answer]


class FakeGitHub(httpx.AsyncBaseTransport):
    """Answers by path, in order; the last one stays. `seen` has every request that arrived."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._replies: dict[str, list[Reply]] = {}

    def on(self, path: str, *replies: Reply) -> "FakeGitHub":
        self._replies[path] = list(replies)
        return self

    def paths(self) -> list[str]:
        return [request.url.path for request in self.seen]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            # As over a network, others get their turn in between.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self._at_once -= 1
        replies = self._replies.get(request.url.path, [Answer({"message": "Not Found"}, 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        answer = reply if isinstance(reply, Answer) else reply(request)
        return answer.response(request)


def fake_access(
    directory: Path, *, token: str = TOKEN, timeout_s: float = 10.0, max_wait_s: float = 120.0
) -> GitHubAccess:
    """The access to a `FakeGitHub`, with its cache below `directory`."""
    return GitHubAccess(
        token=SecretStr(token), api_url=f"https://{HOST}/api/v3", graphql_url=f"https://{HOST}/api/graphql",
        cache_file=directory / "github" / "answers.db", timeout_s=timeout_s, max_wait_s=max_wait_s,
    )  # fmt: skip


def fake_client(github: FakeGitHub, access: GitHubAccess, clock: Clock | None = None, **kwargs: Any) -> GitHubClient:
    """A client of the fake, with a clock that needs no time."""
    clock = clock or Clock()
    return GitHubClient(access, transport=github, now=clock.now, sleep=clock.sleep, **kwargs)
