"""What the browser gets: pages within Gradio's frame, files, and nothing else of what Gradio would answer to.

Belongs here: which requests are answered, how a page is put into the frame, headers. Only reading is possible: what
Gradio has besides (uploads, its API, its queue) is not reached.
"""

import hashlib
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mlops_mentor.app.content import PATHS, Content
from mlops_mentor.app.kept_frame import KeptFrame
from mlops_mentor.pages.page import ASSETS

_OWN = Path(__file__).parent / "assets"
_FILES = {
    "style.css": (ASSETS / "style.css", "text/css"),
    "table.js": (ASSETS / "table.js", "text/javascript"),
    "app.js": (_OWN / "app.js", "text/javascript"),
    "app.css": (_OWN / "app.css", "text/css"),
}
# Gradio's own scripts, styles and pictures.
_GRADIOS = ("/assets/", "/static/", "/theme.css", "/favicon.ico", "/manifest.json")
_FOREVER = "public, max-age=31536000, immutable"
# Gradio starts with scripts in its page and makes functions of strings; everything comes from this server all the same.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; "
    "form-action 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE = Markup(
    '<div id="mentor-page" class="mentor mentor-app" data-title="{title}" data-version="{version}">{body}</div>'
)
_MAX_QUERY = 2_000


class Delivery:
    """The web app: `content` within `frame`, which is Gradio's."""

    def __init__(self, frame: ASGIApp, content: Content) -> None:
        self._frame = KeptFrame(frame)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._frame.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        # Nothing else is spoken: a websocket that is not accepted is refused by the server.

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] not in {"GET", "HEAD"}:
            await _plain("Nothing can be changed here.", 405)(scope, receive, send)
        elif path.removeprefix("/") in PATHS:
            response = await self._page(scope, path.removeprefix("/"))
            await response(scope, receive, send)
        elif path == "/mentor/version":
            await self._version()(scope, receive, send)
        elif file := self._files.get(path.removeprefix("/mentor/")):
            await _own(file)(scope, receive, send)
        elif path.startswith(_GRADIOS):
            response = await self._frame.file(scope)
            await _own(response)(scope, receive, send)
        else:
            await _plain("There is no such page.", 404)(scope, receive, send)

    def _version(self) -> Response:
        """By which an open page finds out that there are newer numbers."""
        return PlainTextResponse(self._content.version(), headers={"Cache-Control": "no-store"})

    @cached_property
    def _files(self) -> Mapping[str, Response]:
        headers = {"Cache-Control": _FOREVER, "X-Content-Type-Options": "nosniff"}
        return {
            name: Response(file.read_bytes(), media_type=kind, headers=headers) for name, (file, kind) in _FILES.items()
        }

    @cached_property
    def _head(self) -> Markup:
        """What loads our files; by their content, so that a browser may keep them for good."""

        def version(name: str) -> str:
            return f"mentor/{name}?v={hashlib.sha256(bytes(self._files[name].body)).hexdigest()[:12]}"

        style = Markup('<link rel="stylesheet" href="{}">')
        script = Markup('<script src="{}" defer></script>')
        return Markup("").join(
            (script if name.endswith(".js") else style).format(version(name)) for name in self._files
        )

    async def _page(self, scope: Scope, path: str) -> Response:
        query = parse_qs(scope["query_string"][:_MAX_QUERY].decode("latin-1"), keep_blank_values=True)
        # Reading a new export takes a while; others are served meanwhile.
        page = await run_in_threadpool(self._content.page, path, query.get("group", [None])[-1])
        frame = await self._frame.frame(scope)
        headers = _HEADERS | {"Cache-Control": "no-cache"}
        if page.again_s is not None:
            headers["Refresh"] = str(page.again_s)
        head = Markup("<title>{}</title>").format(page.title) + self._head
        body = _PAGE.format(title=page.title, version=page.version, body=page.body)
        return HTMLResponse(frame.around(head.encode(), body.encode()), page.status, headers)


def _own(kept: Response) -> Response:
    """A kept answer for one request: what compresses it changes its headers in place."""
    own = copy(kept)
    own.raw_headers = list(kept.raw_headers)
    return own


def _plain(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, {"X-Content-Type-Options": "nosniff"})
