"""Gradio's answers, asked for once: its page and its files are the same for everybody.

Belongs here: what Gradio is asked, and how long it is kept. It builds its page anew for every browser, and reads and
compresses every file; fifty students at once would wait for that.
"""

import asyncio
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

# What Gradio's page depends on: the address that the browser knows it by.
_ADDRESS = (b"host", b"x-forwarded-host", b"x-forwarded-proto")
_FOREVER = "public, max-age=31536000, immutable"
_SOME_TIME = "public, max-age=3600"
_BASE = re.compile(rb"<base\b[^>]*>")
# Anybody can ask under any host name, and for any file.
_MOST = 16
_MOST_FILES = 500
_MAX_FILE_BYTES = 2_000_000

_Key = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Frame:
    """Gradio's page: up to the end of its head, from there to the element that it starts in, and the rest."""

    head: bytes
    between: bytes
    rest: bytes

    def around(self, head: bytes, body: bytes) -> bytes:
        """The whole page with something at the end of the head, and before that element."""
        return b"".join((self.head, head, self.between, body, self.rest))


class KeptFrame:
    """A Gradio app of one page, of which nothing is asked twice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._frames: dict[_Key, Frame] = {}
        self._files: dict[tuple[str, bool], Response] = {}

    async def frame(self, scope: Scope) -> Frame:
        """Its page, as it would be for this request.

        Raises:
            RuntimeError: Gradio does not give a page such as is expected of it.
        """
        key = _address(scope)
        if (found := self._frames.get(key)) is None:
            answer = await _asked(self.app, scope, "/")
            if answer.status_code != 200:
                raise RuntimeError(f"Gradio's page came with status {answer.status_code}")
            if len(self._frames) >= _MOST:
                self._frames.clear()
            found = self._frames[key] = _cut(bytes(answer.body))
        return found

    async def file(self, scope: Scope) -> Response:
        """The answer to a request for one of its files, compressed for browsers that take it so."""
        path, is_compressed = scope["path"], "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if (found := self._files.get((path, is_compressed))) is None:
            found = await _asked(self.app, scope, path, is_compressed=is_compressed)
            if found.status_code == 200:
                found.headers["Cache-Control"] = _FOREVER if path.startswith("/assets/") else _SOME_TIME
            if found.status_code == 200 and len(found.body) <= _MAX_FILE_BYTES and len(self._files) < _MOST_FILES:
                self._files[path, is_compressed] = found
        return found


def _cut(page: bytes) -> Frame:
    # With a base, a link to a place on the page would lead to the start page.
    head, end, rest = _BASE.sub(b"", page, 1).partition(b"</head>")
    between, start, rest = rest.partition(b"<gradio-app")
    if not end or not start:
        raise RuntimeError("Gradio's page is not as it was: it has no <gradio-app>. Install the locked version.")
    return Frame(head, end + between, start + rest)


def _address(scope: Scope) -> _Key:
    return tuple((name, value) for name, value in scope["headers"] if name in _ADDRESS)


async def _asked(app: ASGIApp, scope: Scope, path: str, *, is_compressed: bool = False) -> Response:
    """The whole answer to a plain request: without query, cookies, wishes for a part."""
    parts: list[bytes] = []
    started: Message = {}

    requests: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        # Whoever waits for the browser to leave is cancelled once the answer is whole.
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    headers = [*_address(scope), *([(b"accept-encoding", b"gzip")] if is_compressed else [])]
    request = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    await app({**request, "headers": headers}, receive, send)
    said = Headers(raw=started["headers"])
    kept = {name: said[name] for name in ("Content-Encoding", "Vary") if name in said}
    safe = {"X-Content-Type-Options": "nosniff"}
    return Response(b"".join(parts), started["status"], kept | safe, said.get("content-type"))
