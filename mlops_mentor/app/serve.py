"""`mlops-mentor app`: the web app on this machine.

Belongs here: the process's environment, the socket, starting and ending. Gradio is imported here and not before.
"""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.middleware.gzip import GZipMiddleware

from mlops_mentor.errors import PublishError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from mlops_mentor.app.content import Source

# Gradio and the Hub's client would tell their makers of every start, and a Space's log of every file.
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
}
# Less than a tenth of a page is left, in a third of the time of the best level.
_COMPRESSION = 5
_ADVICE = "Write an export: mlops-mentor run."


def serve_app(
    folder: Path, *, host: str = "127.0.0.1", port: int = 7860, announce: Callable[[str], object] = print
) -> None:
    """Serve an exported folder until Ctrl-C; `announce` is given a line with the address once the server is up.

    The folder need not be there yet: pages say so until it is. A new export is seen at the next page that is asked for.

    Raises:
        PublishError: the port is taken, or the address is not this machine's.
    """
    from mlops_mentor.pages.published import PublishedFolder

    serve(PublishedFolder(folder), host=host, port=port, advice=_ADVICE, announce=announce)


def serve(source: "Source", *, host: str, port: int, advice: str, announce: Callable[[str], object]) -> None:
    """Serve a source until Ctrl-C; the socket is taken first, for importing Gradio takes seconds.

    Raises:
        PublishError: the port is taken, or the address is not this machine's.
    """
    with _listening(host, port) as listening:
        taken = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        app = build_app(source, advice=advice)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2, ws="none"
        )
        server = _Server(config, lambda: announce(f"The class on http://{shown}:{taken} (Ctrl-C ends it)"))
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            return


def build_app(source: "Source", *, advice: str) -> "ASGIApp":
    """The whole web app. Gradio is imported here, after the environment says that nobody is told of it."""
    os.environ.update(QUIET)
    from mlops_mentor.app.content import TITLE, Content

    content = Content(source, advice=advice)
    # Reads the export and begins with its pages while Gradio is imported.
    threading.Thread(target=content.page, args=("",), name="first page", daemon=True).start()
    from mlops_mentor.app.delivery import Delivery
    from mlops_mentor.app.frame import build_frame, framed

    # Pages are the same for everybody and hold no secret that their length could give away.
    return GZipMiddleware(Delivery(framed(build_frame(TITLE)), content), compresslevel=_COMPRESSION)


class _Server(uvicorn.Server):
    """One that says when it is up."""

    def __init__(self, config: uvicorn.Config, when_up: Callable[[], object]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_up()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        listening.close()
        raise PublishError(f"{host}:{port} cannot be listened on ({error}). Choose another port.") from None
    return listening
