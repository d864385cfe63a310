"""The desk as a web server: which page answers which path, and where it may listen.

Belongs here: putting together, starting. What may come in is decided in `guard` and `access`.
"""

import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from mlops_mentor.desk import agreement_page, entry, group_page, home_page, identities_page, source_page
from mlops_mentor.desk.access import Sessions
from mlops_mentor.desk.desk import Desk
from mlops_mentor.desk.forms import posted
from mlops_mentor.desk.guard import Guard, Quiet, Seal
from mlops_mentor.errors import ConfigError, MentorError
from mlops_mentor.roster.addresses import LOOPBACK_HOSTS
from mlops_mentor.settings import Settings

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7861
_ASSETS = Path(__file__).with_name("assets")
_log = logging.getLogger(__name__)


def build_desk(settings: Settings) -> Starlette:
    """The desk of a data directory; it reads what is stored anew for every page.

    Without `settings.desk_password` it answers to 127.0.0.1 and localhost alone, with it every page needs the password.
    """
    password = settings.desk_password.get_secret_value() if settings.desk_password is not None else None
    sessions = Sessions(password)
    desk = Starlette(
        routes=_routes(),
        middleware=[Middleware(Seal), Middleware(Guard, sessions=sessions, refusal=entry.refusal)],
        exception_handlers={
            HTTPException: entry.refusal,
            MentorError: entry.unusable,
            Exception: entry.failure,
        },
    )
    desk.state.desk = Desk(settings, sessions)
    return desk


def serve_desk(
    settings: Settings,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    tell: Callable[[str], None] = _log.warning,
) -> None:
    """Serve the desk until it is interrupted; port 0 takes any that is free. `tell` hears where it is, once it is.

    Raises:
        ConfigError: others could reach it and there is no password, or the port cannot be had.
    """
    if host not in LOOPBACK_HOSTS and settings.desk_password is None:
        raise ConfigError(
            f"the desk shows drafts and personal data, and {host} can be reached by others. Set MENTOR_DESK_PASSWORD "
            "(12 characters or more), or leave --host out."
        )
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(f"{host}:{port} cannot be had ({error.strerror}). Choose another with --port.") from None
    shown = f"[{host}]" if ":" in host else host
    with listening:
        tell(f"The desk is at http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends it).")
        # Proxies' headers are not believed: with them everybody could choose the address that pauses are counted by.
        config = uvicorn.Config(
            Quiet(build_desk(settings)), log_level="warning", access_log=False, server_header=False, proxy_headers=False
        )
        # uvicorn ends in order, and then passes the interrupt on.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _routes() -> list[Route]:
    return [
        Route("/", home_page.home_page, methods=["GET"]),
        Route("/release", home_page.release_page, methods=["GET"]),
        Route("/release", posted(home_page.release), methods=["POST"]),
        Route("/group/{group}", group_page.group_page, methods=["GET"]),
        Route("/group/{group}/area/{area}", posted(group_page.say_of_area), methods=["POST"]),
        Route("/group/{group}/comment", posted(group_page.say_of_group), methods=["POST"]),
        Route("/group/{group}/release", posted(group_page.release_passing), methods=["POST"]),
        Route("/group/{group}/source", source_page.source_page, methods=["GET"]),
        Route("/group/{group}/preview", source_page.preview_page, methods=["GET"]),
        Route("/group/{group}/identity", posted(identities_page.say_who_is), methods=["POST"]),
        Route("/identities", identities_page.identities_page, methods=["GET"]),
        Route("/agreement", agreement_page.agreement_page, methods=["GET"]),
        Route("/login", entry.login_page, methods=["GET"]),
        Route("/login", entry.login, methods=["POST"]),
        Route("/logout", posted(entry.logout, needs_who=False), methods=["POST"]),
        Route("/who", entry.who_page, methods=["GET"]),
        Route("/who", posted(entry.say_who, needs_who=False), methods=["POST"]),
        Route("/assets/desk.css", _asset("desk.css", "text/css"), methods=["GET"]),
        Route("/assets/desk.js", _asset("desk.js", "text/javascript"), methods=["GET"]),
    ]


def _asset(name: str, media_type: str) -> Callable[[Request], Response]:
    def asset(_: Request) -> Response:
        return FileResponse(_ASSETS / name, media_type=media_type)

    return asset
