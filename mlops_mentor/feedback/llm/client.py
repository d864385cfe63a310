"""One attempt of one question: sent, answered in full within a deadline, read.

Belongs here: sending. What an answer says is for `replies`, in which form to ask for `habits`, whether to try again for
`caller`. The only user of openai and httpx2; they take a second to import, so that this module is imported by who asks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import openai

from mlops_mentor import __version__
from mlops_mentor.feedback.llm.calls import Question
from mlops_mentor.feedback.llm.habits import Form, put
from mlops_mentor.feedback.llm.replies import Failure, Reply, read_answer, shown, unless_cut
from mlops_mentor.feedback.llm.server import Server, plain_key

# An answer has a few thousand tokens; a server that never ends has no end.
_MAX_BYTES = 4_000_000
_CONNECT_S = 10.0
# The SDK wants a key; servers without one ignore it.
_NO_KEY = "none"


class Client:
    """Asks one server; an async context manager for one event loop. `transport` takes the place of the network."""

    def __init__(
        self,
        server: Server,
        timeout_s: float,
        max_tokens: int,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.server = server
        self.max_tokens = max_tokens
        self._timeout_s = timeout_s
        self._transport = transport
        self._now = now
        self._key = plain_key(server)
        self._sdk: openai.AsyncOpenAI | None = None

    async def __aenter__(self) -> Self:
        timeout = httpx2.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s), pool=None)
        http = httpx2.AsyncClient(
            transport=_Wire(self._transport or _network(self.server)),
            timeout=timeout,
            # A redirect would carry students' text to another server.
            follow_redirects=False,
            trust_env=False,
        )
        self._sdk = openai.AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            base_url=self.server.base_url,
            http_client=http,
            max_retries=0,
            timeout=timeout,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sdk is not None:
            await self._sdk.close()
        self._sdk = None

    async def attempt(self, question: Question, form: Form, max_tokens: int | None = None) -> Reply | Failure:
        """What comes of asking once; whatever the server does, it is no exception."""
        assert self._sdk is not None, "use the client with `async with`"  # noqa: S101 - a mistake in this code
        arguments = put(question, form, max_tokens or self.max_tokens)
        try:
            # The SDK counts from byte to byte: a body that drips would take for ever.
            async with asyncio.timeout(self._timeout_s):
                raw = await self._sdk.chat.completions.with_raw_response.create(**arguments)
            result = self._read(raw.http_response)
            return unless_cut(result, [text for _, text in question.messages]) if isinstance(result, Reply) else result
        except openai.APIStatusError as error:
            return self._read(error.response)
        except (TimeoutError, openai.APITimeoutError) as error:
            return self._silence(error)
        except openai.APIConnectionError as error:
            return self._broken(error.__cause__)
        except openai.OpenAIError as error:
            return Failure("bad_request", f"The question could not be sent ({type(error).__name__}).", is_final=True)

    def _read(self, response: httpx2.Response) -> Reply | Failure:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return read_answer(response.status_code, headers, response.content, key=self._key, now=self._now())

    def _silence(self, error: Exception) -> Failure:
        if isinstance(error.__cause__, httpx2.ConnectTimeout):
            return self._unreachable("no connection in time")
        reason = (
            f"{self.server.name} did not answer within {self._timeout_s:g} s. Try later, or raise MENTOR_LLM_TIMEOUT_S."
        )
        return Failure("timeout", reason, may_be_billed=True)

    def _broken(self, cause: BaseException | None) -> Failure:
        if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
            return self._unreachable(f"{type(cause).__name__}: {shown(str(cause), self._key)}")
        if isinstance(cause, _TooLargeError):
            reason = f"The answer of {self.server.name} {cause}: it was not read."
            return Failure("no_answer", reason, may_be_billed=True, is_final=True)
        # Texts of other errors are not quoted: one holds the header with the key.
        kind = type(cause).__name__
        reason = f"The connection to {self.server.name} broke before the end of the answer ({kind})."
        return Failure("no_answer", reason, may_be_billed=True)

    def _unreachable(self, why: str) -> Failure:
        reason = f"{self.server.name} cannot be reached ({why}). Look at the network and at OPENAI_BASE_URL."
        return Failure("unreachable", reason)


def _network(server: Server) -> httpx2.AsyncHTTPTransport:
    """The network, through the proxy of the surroundings; never through one to this machine itself."""
    parts = urlsplit(server.base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    is_direct = server.is_loopback or not proxy or proxy_bypass(parts.hostname or "")
    # As many connections as the gate lets through.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30.0)
    return httpx2.AsyncHTTPTransport(proxy=None if is_direct else proxy, limits=limits)


class _TooLargeError(httpx2.TransportError):
    """The body is larger than any answer, or may unpack to more than memory holds."""


class _Body(httpx2.AsyncByteStream):
    """A body that ends."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        num_bytes = 0
        async for chunk in self._stream:
            num_bytes += len(chunk)
            if num_bytes > _MAX_BYTES:
                raise _TooLargeError(f"has more than {_MAX_BYTES // 10**6} MB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Wire(httpx2.AsyncBaseTransport):
    """The transport, with bodies that end, and without telling the server what kind of machine asks."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if not name.startswith("x-stainless")}
        headers |= {"user-agent": f"mlops-mentor/{__version__}", "accept-encoding": "identity"}
        # A copy: in the original's headers the SDK looks up what it was asked for.
        sent = httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        response = await self._inner.handle_async_request(sent)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise _TooLargeError("is packed")
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - for the type
        response.stream = _Body(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
