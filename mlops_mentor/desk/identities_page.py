"""Who is who: unmapped identities, the form that maps one, and what is mapped already.

Belongs here: `/identities` and what is sent from it. Choices and writing are for `members`.
"""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.chain.inputs import identities_of
from mlops_mentor.desk.desk import Desk, desk_of
from mlops_mentor.desk.forms import text_of
from mlops_mentor.desk.members import map_identity, unmapped
from mlops_mentor.identities.rules import IdentityRule
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import GROUPS

_MAX_CELL = 1_000


def identities_page(request: Request) -> Response:
    """Unmapped identities by group."""
    return _shown(request)


def say_who_is(request: Request, form: FormData) -> Response:
    """Maps one identity."""
    desk, group_id = desk_of(request), request.path_params["group"]
    name, email, member = (text_of(form, field) for field in ("name", "email", "member"))
    if not member.strip():
        return _shown(request, "Choose who it is, then save.", status=422)
    if max(len(name), len(email), len(member)) > _MAX_CELL:
        return _shown(request, "A name or address is too long to be written down.", status=422)
    try:
        map_identity(desk.lake, desk.settings, group_id, name=name, email=email, member=member)
    except KeyError:
        raise HTTPException(404, "The roster has no such group.") from None
    except ValueError as error:
        return _shown(request, f"Not saved: {error}.", status=422)
    notice = "The identity is mapped. Numbers follow with the next refresh."
    return desk.see(request, f"/identities?group={quote(group_id)}", notice)


def _shown(request: Request, problem: str | None = None, *, status: int = 200) -> Response:
    desk, groups = desk_of(request), unmapped(desk_of(request).lake, desk_of(request).settings)
    asked = request.path_params.get("group") or request.query_params.get("group", "")
    # One group at a time: a class has a thousand identities, and each is a form.
    shown = next((each for each in groups if each.group_id == asked), groups[0] if groups else None)
    return desk.page(
        request,
        "identities.html",
        status=status,
        groups=groups,
        group=shown,
        mapped=_mapped(desk),
        problem=problem,
    )


def _mapped(desk: Desk) -> list[Mapping[str, str | None]]:
    """The rows of `identities.csv` that count, as they are compared: in small letters."""
    groups = groups_from_frame(desk.lake.read_or_empty(GROUPS))
    found = identities_of(desk.settings, groups)
    return [
        {"group_id": group.group_id, "name": rule.name, "email": rule.email, "member": _member(rule)}
        for group in groups
        for rule in found.of(group.group_id)
    ]


def _member(rule: IdentityRule) -> str:
    if rule.same_as is not None:
        return f"the same as {rule.same_as.name} <{rule.same_as.email}>"
    return rule.member or (rule.kind or "").replace("_", " ")
