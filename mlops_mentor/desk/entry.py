"""Coming in: the password, the TA's name, going out; and what refused requests and errors look like.

Belongs here: `/login`, `/logout`, `/who`, error pages. Deciding belongs to `access`.
"""

import logging
import math
import traceback

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mlops_mentor.desk.access import SESSION_S
from mlops_mentor.desk.desk import WHO_COOKIE, desk_of, local_place, now, usable_who, who_in
from mlops_mentor.desk.forms import text_of
from mlops_mentor.desk.guard import HEADERS, SESSION_COOKIE, client_of, is_loopback

_log = logging.getLogger(__name__)
_TITLES = {400: "This cannot be read", 403: "Refused", 404: "Not here", 413: "Too much at once"}


def login_page(request: Request) -> Response:
    """Asks for the password, and for the name where the browser does not know it."""
    if not desk_of(request).sessions.needs_password:
        return RedirectResponse("/", status_code=303)
    return _login_form(request, request.query_params.get("next", "/"), who_in(request) or "", None, 200)


async def login(request: Request) -> Response:
    """Checks the password; wrong ones cost a pause that grows."""
    desk, form = desk_of(request), await request.form(max_fields=10, max_files=0)
    place, who = local_place(text_of(form, "next")), text_of(form, "who")
    if not desk.sessions.needs_password:
        return RedirectResponse("/", status_code=303)
    if (wait := desk.attempts.begin(client_of(request), now())) > 0:
        text = f"Too many wrong passwords from here. Wait {math.ceil(wait)} seconds, then try again."
        response = _login_form(request, place, who, text, 429)
        response.headers["retry-after"] = str(math.ceil(wait))
        return response
    if not desk.sessions.is_password(text_of(form, "password")):
        return _login_form(request, place, who, "That is not the password.", 403)
    desk.attempts.succeed(client_of(request))
    response = RedirectResponse(place, status_code=303)
    desk.keep(request, response, SESSION_COOKIE, desk.sessions.begin(now()), SESSION_S)
    if name := usable_who(who):
        desk.keep_who(request, response, name)
    return response


def logout(request: Request, form: FormData) -> Response:
    """Has the browser forget session and name."""
    response = RedirectResponse("/login" if desk_of(request).sessions.needs_password else "/", status_code=303)
    for name in (SESSION_COOKIE, WHO_COOKIE):
        response.delete_cookie(name, path="/", httponly=True, samesite="strict")
    return response


def say_who(request: Request, form: FormData) -> Response:
    """Keeps the name under which the TA writes."""
    name = usable_who(text_of(form, "who"))
    if name is None:
        return desk_of(request).page(
            request,
            "who.html",
            status=422,
            next=local_place(text_of(form, "next")),
            problem="Write your name or initials, 60 characters at most.",
        )
    response = desk_of(request).see(request, text_of(form, "next"), f"You write as {name}.")
    desk_of(request).keep_who(request, response, name)
    return response


def who_page(request: Request) -> Response:
    """Asks for the name again."""
    return desk_of(request).page(
        request, "who.html", next=local_place(request.query_params.get("next", "/")), problem=None
    )


def refusal(request: Request, error: Exception) -> Response:
    """The page of a refused or mistaken request."""
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, str(error))
    title = _TITLES.get(status, "Refused")
    text = "There is no such page." if detail == "Not Found" else detail
    return desk_of(request).page(request, "error.html", status=status, title=title, text=text)


def unusable(request: Request, error: Exception) -> Response:
    """The page of something that a TA or the lecturer can act on: file, row and remedy are in the text."""
    return desk_of(request).page(
        request, "error.html", status=503, title="Something has to be put right first", text=str(error)
    )


def failure(request: Request, error: Exception) -> Response:
    """The page of a mistake of ours. Where it was is logged and not what it says, which may quote a student."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s %s failed: %s\n%s", request.method, request.url.path, type(error).__name__, where)
    request.scope.setdefault("state", {}).setdefault("session", None)
    text = "A mistake in the desk itself; it is in its log. What was being saved may not be: look before you repeat it."
    response = desk_of(request).page(request, "error.html", status=500, title="This went wrong", text=text)
    # Starlette puts this page together outside of all middleware.
    response.headers.update(HEADERS)
    return response


def _login_form(request: Request, place: str, who: str, problem: str | None, status: int) -> Response:
    return desk_of(request).page(
        request,
        "login.html",
        status=status,
        next=local_place(place),
        typed_who=who,
        problem=problem,
        is_unsafe=not is_loopback(request.headers.get("host", "")) and request.url.scheme != "https"
        and request.headers.get("x-forwarded-proto") != "https",
    )  # fmt: skip
