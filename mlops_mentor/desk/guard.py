"""What every request passes before a page sees it, and what every answer carries.

Belongs here: hosts, sizes, sessions, where forms come from, headers. Whether a password or token is right is decided in
`access`; what a page shows belongs to the pages.
"""

import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlops_mentor.desk.access import SESSION_S, Sessions, is_own_form
from mlops_mentor.roster.addresses import LOOPBACK_HOSTS

SESSION_COOKIE = "mentor_desk_session"
# A whole class's drafts to release are some 100 kB.
MAX_BODY_BYTES = 512 * 1024
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_OPEN_PATHS = ("/login", "/assets/desk.css", "/assets/desk.js")
_PORT = re.compile(r":\d{1,5}$", re.ASCII)
_METHODS = ("GET", "HEAD", "POST")


class Guard:
    """Middleware: refuses what may not come in, and puts the session into `scope["state"]`."""

    def __init__(self, app: ASGIApp, sessions: Sessions, refusal: Callable[[Request, HTTPException], Response]) -> None:
        self._app = app
        self._sessions = sessions
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {})["session"] = None
        try:
            self._refuse(scope["method"], headers)
        except HTTPException as error:
            await self._refusal(Request(scope), error)(scope, receive, send)
            return
        cookie = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE)
        session = self._sessions.session_in(cookie, time.time())
        new = None
        if session is None and self._sessions.needs_password and scope["path"] not in _OPEN_PATHS:
            await self._to_login(scope)(scope, receive, send)
            return
        if session is None and not self._sessions.needs_password:
            new = self._sessions.begin(time.time())
            session = self._sessions.session_in(new, time.time())
        scope["state"]["session"] = session

        async def send_with_session(message: Message) -> None:
            if message["type"] == "http.response.start" and new is not None:
                keep_cookie(message, SESSION_COOKIE, new, max_age=SESSION_S, host=headers.get("host", ""))
            await send(message)

        await self._app(scope, _limited(receive), send_with_session)

    def _refuse(self, method: str, headers: Headers) -> None:
        # Another site's name that leads to this machine would make its pages read ours.
        if not self._sessions.needs_password and not is_loopback(headers.get("host", "")):
            raise HTTPException(421, "The desk answers to 127.0.0.1 and localhost alone. Open it under one of them.")
        if method not in _METHODS:
            raise HTTPException(405, "Pages are read and forms are sent, and nothing else.")
        if method == "POST":
            if not is_own_form(headers):
                raise HTTPException(403, "This form was not sent by a page of the desk. Nothing was saved.")
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                raise HTTPException(413, "That is too much at once. Nothing was saved.")

    def _to_login(self, scope: Scope) -> Response:
        if scope["method"] == "POST":
            text = "The session has ended. Log in in another tab, then go back and send the form again."
            return self._refusal(Request(scope), HTTPException(401, text))
        query = scope.get("query_string", b"").decode("ascii", "replace")
        wanted = f"{scope['path']}?{query}" if query else scope["path"]
        return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", status_code=303)


class Seal:
    """Middleware: the headers that every answer carries, refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers.update(HEADERS)
            await send(message)

        await self._app(scope, receive, sealed)


class Quiet:
    """Outside of all: Starlette raises again what it has answered, and the server would log its words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise


def is_loopback(host: str) -> bool:
    """Whether a `Host` header names this machine itself, with or without a port."""
    return _PORT.sub("", host).strip("[]").lower() in LOOPBACK_HOSTS


def keep_cookie(message: MutableMapping[str, Any], name: str, value: str, *, max_age: int, host: str) -> None:
    """Put a cookie into an answer: for this site's own requests, unseen by scripts, over TLS but on loopback."""
    carrier = Response()
    carrier.set_cookie(
        name, value, max_age=max_age, path="/", httponly=True, samesite="strict", secure=not is_loopback(host)
    )
    MutableHeaders(raw=message.setdefault("headers", [])).append("set-cookie", carrier.headers["set-cookie"])


def _limited(receive: Receive) -> Receive:
    """What arrives, until it is more than it may be: a length need not be said, and need not be true."""
    num_bytes = 0

    async def limited() -> Message:
        nonlocal num_bytes
        message = await receive()
        num_bytes += len(message.get("body", b""))
        if num_bytes > MAX_BODY_BYTES:
            raise HTTPException(413, "That is too much at once. Nothing was saved.")
        return message

    return limited


def client_of(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client is not None else ""
