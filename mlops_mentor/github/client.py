"""The client: questions to GitHub's REST and GraphQL APIs, answered in full or with a `GitHubError`.

Belongs here: sending, trying again what can succeed, and telling failures apart. Limits are for `limits`, what is kept
of answers for `answer_cache`; which questions there are is not known here. The only user of githubkit, which is
imported when a client is opened: it takes half a second.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from mlops_mentor import __version__
from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import GitHubAccess
from mlops_mentor.github.failures import Again, Refused, broken
from mlops_mentor.github.graphql import GraphQLAnswer, GraphQLBody
from mlops_mentor.github.limits import Api, Limits, Silence, Usage, is_limit
from mlops_mentor.github.wire import Wire, network, origin, own_origins

log = logging.getLogger(__name__)
T = TypeVar("T")

# https://docs.github.com/en/rest/about-the-rest-api/api-versions
_API_VERSION = "2022-11-28"
_REST_ATTEMPTS = 6
_GRAPHQL_ATTEMPTS = 4
# Of one request: each is a pause that was waited for, and others took what was left then.
_MAX_REFUSALS = 8
_FIRST_BACKOFF_S = 0.5
_MAX_BACKOFF_S = 20.0
_MAX_MESSAGE = 200


@dataclass(frozen=True)
class _Question(Generic[T]):
    """A request, and how its answer's body is read."""

    api: Api
    method: str
    url: str
    read: Callable[[bytes], T]
    attempts: int
    # For texts: what was asked, without host and parameters.
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


class GitHubClient:
    """Asks one GitHub, at most `concurrency` requests at a time; an async context manager for one event loop.

    `transport` takes the place of the network, `now` and `sleep` of the clock.
    """

    def __init__(
        self,
        access: GitHubAccess,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        concurrency: int = 8,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.usage = Usage()
        self._access = access
        self._sleep = sleep
        self._silence = Silence(now)
        self._limits = Limits(access.max_wait_s, concurrency, self.usage, now=now, sleep=sleep)
        self._transport = transport
        self._bad_token: GitHubError | None = None
        self._http: httpx.AsyncClient | None = None
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        from githubkit import GitHub

        from mlops_mentor.github.answer_cache import AnswerCacheStrategy

        access = self._access
        token = access.token.get_secret_value().strip()
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            # The library that sends headers would quote it.
            raise GitHubError("bad_token", "The token has characters that no token has. Set GITHUB_TOKEN anew.")
        wire = Wire(self._transport or network(access), access, token, self._limits, self.usage)
        github = GitHub(
            base_url=f"{access.api_url}/",
            user_agent=f"mlops-mentor/{__version__}",
            timeout=access.timeout_s,
            async_transport=wire,
            cache_strategy=AnswerCacheStrategy(access.cache_file),
        )
        # Not `github.arequest`: it finds its connections by the task, and a task that was not started from this one
        # would silently get a client of its own, and close ours.
        self._http = await self._opened.enter_async_context(github.get_async_client())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._http = None
        await self._opened.aclose()

    async def graphql(
        self, query: str, variables: Mapping[str, object], *, attempts: int = _GRAPHQL_ATTEMPTS
    ) -> GraphQLAnswer:
        """What GraphQL answers, errors of single parts included.

        Raises:
            GitHubError: there is no answer at all.
        """
        question = _Question(
            api="graphql", method="POST", url=self._access.graphql_url, read=_reader(GraphQLBody), attempts=attempts,
            name="GraphQL", options={"json": {"query": query, "variables": dict(variables)}},
        )  # fmt: skip
        body, _ = await self._ask(question)
        return GraphQLAnswer(body.data or {}, body.errors)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None, *, model: type[T]) -> T:
        """The answer of REST at `path`, plain text that is quoted here.

        Raises:
            GitHubError: there is none, or it is no `model`.
        """
        answer, _ = await self._ask(self._rest(self._url(path), path, _reader(model), params))
        return answer

    async def pages(self, path: str, params: Mapping[str, str | int], model: type[T]) -> AsyncIterator[list[T]]:
        """Page after page of a list of REST, as one asks for them; an empty list has one empty page.

        Raises:
            GitHubError: a page is not to be had, or an item is no `model`.
        """
        url: str | None = self._url(path)
        asked: set[str] = set()
        read = _reader(list[model])  # type: ignore[valid-type]
        while url is not None:
            asked.add(url)
            # The next page's address has its parameters.
            page, response = await self._ask(self._rest(url, path, read, params if len(asked) == 1 else None))
            yield page
            url = response.links.get("next", {}).get("url")
            if url in asked:
                raise GitHubError("error", f"GitHub's pages of {path} go in a circle. Report this to GitHub.")

    def _rest(
        self, url: str, path: str, read: Callable[[bytes], T], params: Mapping[str, str | int] | None
    ) -> _Question[T]:
        options: dict[str, Any] = {"headers": {"X-GitHub-Api-Version": _API_VERSION}}
        if params:
            options["params"] = dict(params)
        return _Question("core", "GET", url, read, _REST_ATTEMPTS, path, options)

    def _url(self, path: str) -> str:
        segments = path.strip("/").split("/")
        if any(segment in ("", ".", "..") for segment in segments):
            # As an address it would mean another place.
            raise GitHubError("not_found", f"GitHub has nothing at {path}.")
        return f"{self._access.api_url}/{'/'.join(quote(segment, safe='') for segment in segments)}"

    async def _ask(self, question: _Question[T]) -> tuple[T, httpx.Response]:
        num_failures = num_refusals = 0
        while True:
            try:
                async with self._limits.turn(question.api):
                    # Asked in the gate: whoever queued up behind a first request learns what that one learned.
                    if self._bad_token is not None:
                        raise GitHubError(self._bad_token.status, self._bad_token.reason)
                    self.usage.num_retries += num_failures + num_refusals > 0
                    self._silence.check()
                    return await self._attempt(question)
            except Refused:
                num_refusals += 1
                if num_refusals >= _MAX_REFUSALS:
                    raise self._limits.error(question.api) from None
            except Again as again:
                num_failures += 1
                if num_failures >= question.attempts:
                    raise again.error from None
                backoff_s = _backoff_s(num_failures)
                log.info("%s Trying again in %.1f s.", again.error.reason, backoff_s)
                await self._sleep(backoff_s)

    async def _attempt(self, question: _Question[T]) -> tuple[T, httpx.Response]:
        response = await self._response(question)
        name = question.name
        if response.status_code == 204:
            # Where a repository is empty there is nothing to list.
            response = httpx.Response(204, content=b"[]", request=response.request)
        elif response.status_code != 200:
            raise self._failure(question, response)
        try:
            answer = question.read(response.content)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
            if problem["type"] == "json_invalid":
                raise Again(GitHubError("error", f"GitHub's answer to {name} was cut off. Try again later.")) from None
            place = ".".join(str(part) for part in problem["loc"]) or "the top"
            reason = f"GitHub's answer to {name} is not what it should be, at {place} ({problem['type']}). Report this."
            raise GitHubError("error", reason) from None
        if isinstance(answer, GraphQLBody):
            self._check_graphql(answer, response)
        return answer, response

    async def _response(self, question: _Question[T]) -> httpx.Response:
        assert self._http is not None, "use the client with `async with`"  # noqa: S101 - a mistake in this code
        try:
            # httpx counts from byte to byte: a body that drips would take for ever.
            async with asyncio.timeout(self._access.timeout_s):
                response = await self._http.request(question.method, question.url, **question.options)
            self._silence.answered()
            return response
        except (TimeoutError, httpx.TimeoutException):
            self._silence.unanswered()
            after = f"within {self._access.timeout_s:g} s"
            reason = f"GitHub did not answer {question.name} {after}. Try again later."
            raise Again(GitHubError("timeout", reason)) from None
        except httpx.InvalidURL:
            raise GitHubError("not_found", f"GitHub can have nothing at {question.name!r}.") from None
        except httpx.HTTPError as error:
            self._silence.unanswered()
            raise broken(question.name, error) from None

    def _failure(self, question: _Question[T], response: httpx.Response) -> Exception:
        status, message = response.status_code, self._message(response)
        name, said = question.name, f"{response.status_code}: {message}" if message else str(response.status_code)
        if is_limit(status, response.headers, message):
            return self._refusal(question.api, response, message)
        if status >= 500:
            reason = f"GitHub could not answer {name} ({said}). Try again later; see https://www.githubstatus.com."
            return Again(GitHubError("error", reason))
        if status == 401:
            return self._unauthorized(name, response)
        if status in (403, 451):
            needed = response.headers.get("x-accepted-github-permissions", "")
            needed = f"the permission {needed[:_MAX_MESSAGE]}" if needed else "access to it"
            reason = f"GitHub does not let this token read {name} ({said}). Give the token {needed}."
            return GitHubError("no_access", reason)
        if status in (404, 410):
            reason = (
                f"GitHub shows this token nothing at {name} ({status}). Correct the name, or give the token access."
            )
            return GitHubError("not_found", reason)
        return GitHubError("error", f"GitHub answered {name} with {said}. Report this.")

    def _unauthorized(self, name: str, response: httpx.Response) -> GitHubError:
        if origin(response.url) not in own_origins(self._access):
            # Where a redirect led, nobody was shown the token.
            return GitHubError("no_access", f"{name} has moved to {response.url.host}, where no token is sent.")
        reason = "GitHub refuses the token (401). Make a new one and set GITHUB_TOKEN."
        self._bad_token = GitHubError("bad_token", reason)
        return GitHubError("bad_token", reason)

    def _check_graphql(self, body: GraphQLBody, response: httpx.Response) -> None:
        if body.limit is not None:
            raise self._refusal("graphql", response, body.limit)
        if body.is_no_answer:
            message = self._shown(next((error.message for error in body.errors), body.message) or "no reason given")
            raise Again(GitHubError("error", f"GitHub could not answer GraphQL ({message}). Try again later."))

    def _refusal(self, api: Api, response: httpx.Response, message: str) -> Refused:
        self._limits.refuse(api, response.headers, message)
        return Refused(api)

    def _message(self, response: httpx.Response) -> str:
        try:
            body = from_json(response.content)
        except ValueError:
            return ""
        return self._shown(str(body.get("message") or "")) if isinstance(body, dict) else ""

    def _shown(self, text: str) -> str:
        """A text of GitHub's as it may stand in a log: one short line without the token."""
        text = text.replace(self._access.token.get_secret_value().strip(), "***")
        return " ".join(text.split())[:_MAX_MESSAGE]


def _reader(model: type[T]) -> Callable[[bytes], T]:
    return TypeAdapter(model).validate_json


def _backoff_s(num_failures: int) -> float:
    longest_s = min(_FIRST_BACKOFF_S * 2.0 ** (num_failures - 1), _MAX_BACKOFF_S)
    # Or all that failed together would come again together.
    return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
