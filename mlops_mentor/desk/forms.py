"""Forms: what a TA sent, the token and the name that it needs, and a way to send it again where one is missing.

Belongs here: reading forms. What is done with them belongs to the pages, what a single field may be to its model.
"""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.desk.desk import desk_of, usable_who, who_in

Handler = Callable[[Request, FormData], Response]
# Two for each draft of a large class that is released at once.
_MAX_FIELDS = 4_000
_MAX_FIELD_BYTES = 100_000
_OWN_FIELDS = ("token", "who")
_WRITTEN = ("text", "comment")


def text_of(form: FormData, name: str) -> str:
    """What a field says, with the line breaks of texts and not of forms; empty where it is not there."""
    value = form.get(name)
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> list[str]:
    """What all fields of that name say, in their order."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def posted(handler: Handler, *, needs_who: bool = True) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that takes a form: its token is checked, who writes is known, the work is done in a thread.

    Where token or name is missing nothing is done and nothing is lost: all that was typed is shown with a button that
    sends it again. That is safe: `guard` has made sure that a page of the desk sent it.
    """

    async def endpoint(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES)
        desk = desk_of(request)
        named = usable_who(text_of(form, "who"))
        who = named or who_in(request)
        is_ours = desk.sessions.is_form_token(request.state.session, text_of(form, "token"))
        if not is_ours or (needs_who and who is None):
            return _ask_again(request, form, is_ours=is_ours, needs_who=needs_who and who is None)
        request.state.who = who
        response = await run_in_threadpool(handler, request, form)
        if needs_who and named is not None:
            desk.keep_who(request, response, named)
        return response

    return endpoint


def _ask_again(request: Request, form: FormData, *, is_ours: bool, needs_who: bool) -> Response:
    fields = [(name, text_of(FormData([(name, value)]), name)) for name, value in form.multi_items()]
    kept = [(name, value) for name, value in fields if name not in _OWN_FIELDS]
    return desk_of(request).page(
        request,
        "again.html",
        status=422 if is_ours else 409,
        action=request.url.path,
        needs_who=needs_who,
        hidden=[(name, value) for name, value in kept if name not in _WRITTEN],
        written=[(name, value) for name, value in kept if name in _WRITTEN and value.strip()],
    )
