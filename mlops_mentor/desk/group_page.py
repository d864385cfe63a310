"""A group's page: flags, drafts beside the evidence, what TAs said, and forms to say more.

Belongs here: `/group/<id>` and what is sent from it. What is shown is computed in `drafts`, what a form means in
`area_forms`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.desk.area_forms import MAX_COMMENT, AreaForm, AreaWord, fresh_form, read_word, row_of, typed_form
from mlops_mentor.desk.desk import Desk, desk_of
from mlops_mentor.desk.drafts import DeskArea, GroupDesk, group_desk
from mlops_mentor.desk.forms import text_of, texts_of
from mlops_mentor.desk.links import group_path
from mlops_mentor.desk.saying import AreaOfGroup, say
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.schemas import GROUPS

SAVED = "Groups read it after the next refresh."
_COMMENTED = "The comment is saved. It stands above the released areas after the next refresh."
_STALE = (
    "Not saved yet: while you were reading, the draft changed or another TA wrote. What stands now is above, what you "
    "typed is below. Look at both, then send it again."
)
_DONE = {
    "accept": f"released. {SAVED}",
    "save": "saved. The group reads it once the area is released.",
    "take_back": "taken back. After the next refresh the group reads nothing of it.",
    "restore": "the reviewer's text stands again. The group reads it once the area is released.",
}
_DONE_TO_RELEASED = {
    "save": "saved. Score and comment are read after the next refresh, a new text once you release it.",
    "restore": "the reviewer's text stands again. Until you release it the group reads what it had.",
}


@dataclass(frozen=True)
class ShownArea:
    """An area with its form."""

    desk: DeskArea
    form: AreaForm


@dataclass(frozen=True)
class CommentForm:
    """The comment about no area in particular, and what is wrong with it."""

    text: str = ""
    problem: str | None = None


def group_page(request: Request) -> Response:
    """The group as it is at this moment."""
    return _shown(request, _found(request))


def say_of_area(request: Request, form: FormData) -> Response:
    """Takes the form of an area."""
    found = _found(request)
    try:
        area = found.area(request.path_params["area"])
    except KeyError:
        raise HTTPException(404, "There is no draft of this area any more. Nothing was saved.") from None
    word, problems = read_word(form)
    if word is None:
        return _shown(request, found, {area.area.id: typed_form(area, form, problems)}, status=422)
    return _said_of_area(request, found, area, word, form)


def say_of_group(request: Request, form: FormData) -> Response:
    """Takes a comment about the group as a whole."""
    found, desk = _found(request), desk_of(request)
    comment = text_of(form, "comment").strip()
    problem = None
    if not comment or len(comment) > MAX_COMMENT:
        problem = f"Write a comment of at most {MAX_COMMENT:,} characters."
    else:
        row = NewReview(found.group.group_id, None, request.state.who, comment=comment)
        problem, _ = _write(desk, [row], {})
    if problem is not None:
        return _shown(request, found, comment=CommentForm(text_of(form, "comment"), problem), status=422)
    return desk.see(request, f"{group_path(found.group.group_id)}#comments", _COMMENTED)


def release_passing(request: Request, form: FormData) -> Response:
    """Releases the areas of the group that pass, as the page that was read named them."""
    found, desk = _found(request), desk_of(request)
    group_id = found.group.group_id
    picked = dict(pair.split(":", 1) for pair in texts_of(form, "pick") if ":" in pair)
    areas = [each for each in found.areas if each.area.id in picked]
    rows = [NewReview(group_id, each.area.id, request.state.who, is_released=True) for each in areas]
    seen = {(group_id, each.area.id): picked[each.area.id] for each in areas}
    problem, changed = _write(desk, rows, seen) if rows else ("There is nothing left to release.", ())
    if changed:
        forms = {area_id: _with_stale(found.area(area_id)) for _, area_id in changed if _has(found, area_id)}
        return _shown(request, _found(request), forms, status=409)
    if problem is not None:
        raise HTTPException(422, problem)
    titles = ", ".join(each.area.title for each in areas)
    return desk.see(request, group_path(group_id), f"{titles}: released. {SAVED}")


def _said_of_area(request: Request, found: GroupDesk, area: DeskArea, word: AreaWord, form: FormData) -> Response:
    desk, group_id = desk_of(request), found.group.group_id
    changed: tuple[AreaOfGroup, ...] = ()
    try:
        row = row_of(word, area, group_id, request.state.who)
    except ValueError as error:
        return _shown(request, found, {area.area.id: typed_form(area, form, {"text": str(error)})}, status=422)
    if row is None:
        problems = {"do": "There was nothing new to save. Change the score or the text, write a comment, or release."}
    else:
        problem, changed = _write(desk, [row], {(group_id, area.area.id): word.seen})
        problems = {"do": problem} if problem is not None else {}
    if changed:
        found = _found(request)
        area = found.area(area.area.id) if _has(found, area.area.id) else area
        return _shown(request, found, {area.area.id: typed_form(area, form, {}, _STALE)}, status=409)
    if problems:
        return _shown(request, found, {area.area.id: typed_form(area, form, problems)}, status=422)
    done = (_DONE | _DONE_TO_RELEASED if area.is_read else _DONE)[word.do]
    return desk.see(request, f"{group_path(group_id)}#{area.area.id}", f"{area.area.title}: {done}")


def _write(
    desk: Desk, rows: Sequence[NewReview], seen: Mapping[AreaOfGroup, str]
) -> tuple[str | None, tuple[AreaOfGroup, ...]]:
    """What is wrong with the rows, and which areas are not as they were seen; (None, ()) where all is written."""
    try:
        return None, say(desk.lake, desk.settings, rows, seen=seen, now=datetime.now(UTC))
    except ValueError as error:
        return f"Not saved: {error}.", ()


def _found(request: Request) -> GroupDesk:
    desk = desk_of(request)
    try:
        return group_desk(desk.lake, desk.settings, request.path_params["group"])
    except KeyError:
        raise HTTPException(404, "The roster has no such group.") from None


def _shown(
    request: Request,
    found: GroupDesk,
    forms: Mapping[str, AreaForm] | None = None,
    *,
    comment: CommentForm = CommentForm(),
    status: int = 200,
) -> Response:
    desk, forms = desk_of(request), forms or {}
    before, after = _neighbours(desk, found.group.group_id)
    shown = [ShownArea(each, forms.get(each.area.id) or fresh_form(each)) for each in found.areas]
    return desk.page(
        request,
        "group.html",
        status=status,
        found=found,
        areas=shown,
        comment=comment,
        before=before,
        after=after,
        scale=range(desk.rubric.scale.least, desk.rubric.scale.most + 1),
    )


def _with_stale(area: DeskArea) -> AreaForm:
    fresh = fresh_form(area)
    return AreaForm(fresh.score, fresh.text, fresh.text_was, stale=_STALE)


def _has(found: GroupDesk, area_id: str) -> bool:
    return any(each.area.id == area_id for each in found.areas)


def _neighbours(desk: Desk, group_id: str) -> tuple[str | None, str | None]:
    """The groups before and after in the roster's order."""
    ids = desk.lake.read_or_empty(GROUPS)["group_id"].to_list()
    if group_id not in ids:
        return None, None
    place = ids.index(group_id)
    return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None
