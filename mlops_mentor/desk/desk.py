"""What every page of the desk works with: settings, sessions, templates, and who is asking.

Belongs here: what pages share of a request and an answer. What a page shows belongs to its own module.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mlops_mentor.desk.access import Attempts, Sessions
from mlops_mentor.desk.guard import is_loopback
from mlops_mentor.desk.links import commit_url, group_path, source_path
from mlops_mentor.errors import MentorError
from mlops_mentor.feedback.rubric import Rubric, load_rubric
from mlops_mentor.pages.render import environment
from mlops_mentor.pages.texts import markdown, ticked, visible
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

WHO_COOKIE = "mentor_desk_who"
_NOTICE_COOKIE = "mentor_desk_notice"
_WHO_S = 200 * 24 * 60 * 60
_MAX_WHO = 60


@dataclass(frozen=True)
class Desk:
    """The desk of one data directory."""

    settings: Settings
    sessions: Sessions
    attempts: Attempts = field(default_factory=Attempts)

    @cached_property
    def render(self) -> Callable[[str, Mapping[str, Any]], str]:
        """Fills a template of the desk, by name, with values."""
        templates = environment(Path(__file__).with_name("templates"))
        templates.filters["moment"] = lambda moment: (
            f"{moment.astimezone(self.settings.the_course.zone):%a %d %b, %H:%M}"
        )
        templates.filters["visible"] = visible
        templates.globals.update(
            group_path=group_path, source_path=source_path, commit_url=commit_url, ticked=ticked, markdown=markdown
        )
        return lambda name, values: templates.get_template(name).render(values)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_dir)

    @property
    def rubric(self) -> Rubric:
        return load_rubric(self.settings.rubric_file)

    @property
    def course_title(self) -> str:
        """For the head of every page, error pages too."""
        try:
            return self.settings.the_course.course
        except MentorError:
            return "the course"

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of the desk; shows, once, what the request before it had to say."""
        session = request.state.session
        given = {
            "course": self.course_title,
            "who": who_in(request),
            "token": self.sessions.form_token(session) if session is not None else "",
            "notice": self.sessions.signed("notice", request.cookies.get(_NOTICE_COOKIE)),
            "has_password": self.sessions.needs_password,
            "is_in": session is not None,
            "here": _here(request),
        }
        response = HTMLResponse(self.render(template, given | values), status_code=status)
        if given["notice"] is not None:
            response.delete_cookie(_NOTICE_COOKIE, path="/", httponly=True, samesite="strict")
        return response

    def see(self, request: Request, place: str, notice: str) -> Response:
        """Done: see another page of the desk, which begins with `notice`."""
        response = RedirectResponse(local_place(place), status_code=303)
        self.keep(request, response, _NOTICE_COOKIE, self.sessions.sign("notice", notice[:500]), 120)
        return response

    def keep(self, request: Request, response: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep something for the desk alone, unseen by scripts, over TLS but on loopback."""
        is_here = is_loopback(request.headers.get("host", ""))
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=not is_here
        )

    def keep_who(self, request: Request, response: Response, who: str) -> None:
        """Have the browser remember who writes."""
        self.keep(request, response, WHO_COOKIE, quote(who, safe=""), _WHO_S)


def desk_of(request: Request) -> Desk:
    """The desk that a request came to."""
    desk: Desk = request.app.state.desk
    return desk


def who_in(request: Request) -> str | None:
    """Who is asking, as the browser remembers; None where nobody has said."""
    return usable_who(unquote(request.cookies.get(WHO_COOKIE, "")))


def usable_who(text: str) -> str | None:
    """A name as it is written down: one line without what cannot be seen, 60 characters at most; None without any."""
    name = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return name if 0 < len(name) <= _MAX_WHO else None


def local_place(place: str) -> str:
    """A path of the desk, whatever was asked for: `//host` and `/\\host` would leave it."""
    is_local = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if is_local else "/"


def now() -> float:
    """The moment, for sessions and attempts."""
    return time.time()


def _here(request: Request) -> str:
    """The page to come back to: what only takes forms has none of its own, and `/who` would come back to itself."""
    path, query = request.url.path, request.url.query
    if path in ("/who", "/login", "/logout"):
        return "/"
    if request.method == "POST":
        return "/".join(path.split("/")[:3]) if path.startswith("/group/") else path
    return f"{path}?{query}" if query else path
