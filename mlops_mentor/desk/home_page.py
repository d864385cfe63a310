"""The desk's first page, and releasing all that passes.

Belongs here: `/` and `/release`: putting in order and filtering. What waits is computed in `today`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.desk.desk import desk_of
from mlops_mentor.desk.drafts import Passing, passing
from mlops_mentor.desk.forms import texts_of
from mlops_mentor.desk.group_page import SAVED
from mlops_mentor.desk.saying import say
from mlops_mentor.desk.today import Flag, GroupState, Today, today
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import GROUPS
from mlops_mentor.schemas.flags import SEVERITIES

_MOST_OPEN = {"serious": 10, "notice": 3}
_FILTERS: Mapping[str, tuple[str, Callable[[GroupState], bool]]] = {
    "all": ("all groups", lambda _: True),
    "look": ("asking for a look", lambda each: bool(each.to_review)),
    "pass": ("with areas that pass", lambda each: bool(each.passing)),
    "changed": ("with a newer draft than released", lambda each: bool(each.changed)),
    "draft": ("not all released", lambda each: bool(each.drafts or each.changed)),
    "released": ("all released", lambda each: each.has_feedback and not each.drafts and not each.changed),
    "people": ("with unmapped identities", lambda each: each.num_unmapped > 0),
    "trouble": ("not read", lambda each: each.state != "ok"),
}


@dataclass(frozen=True)
class FlagKind:
    """The flags of one kind: many groups have the same, and then one line says so."""

    severity: str
    name: str
    flags: tuple[Flag, ...]

    @property
    def num_groups(self) -> int:
        return len({flag.group_id for flag in self.flags})

    @property
    def is_open(self) -> bool:
        """Whether each is shown at once: what is serious, unless it is about half the class."""
        return len(self.flags) <= _MOST_OPEN.get(self.severity, 0)


@dataclass(frozen=True)
class GroupRow:
    """A group with its numbers of flags."""

    state: GroupState
    num_serious: int
    num_other: int


def home_page(request: Request) -> Response:
    """Flags first, then how far each group is."""
    desk = desk_of(request)
    found = today(desk.lake, desk.settings, datetime.now(UTC))
    show = request.query_params.get("show", "all")
    show = show if show in _FILTERS else "all"
    find = request.query_params.get("find", "").strip()[:64]
    return desk.page(
        request,
        "home.html",
        found=found,
        kinds=flag_kinds(found.flags),
        urls={group.group_id: group.address.url for group in groups_from_frame(desk.lake.read_or_empty(GROUPS))},
        num_serious=sum(flag.severity == "serious" for flag in found.flags),
        num_unmapped=sum(each.num_unmapped for each in found.groups),
        rows=_rows(found, show, find),
        filters=[(value, name) for value, (name, _) in _FILTERS.items()],
        show=show,
        find=find,
        titles={area.id: area.title for area in desk.rubric.areas},
    )


def flag_kinds(flags: Sequence[Flag]) -> list[FlagKind]:
    """Flags by kind: heavier kinds first, kinds and flags otherwise as they came."""
    by_kind: dict[tuple[str, str], list[Flag]] = {}
    for flag in flags:
        by_kind.setdefault((flag.severity, flag.flag), []).append(flag)
    kinds = [FlagKind(weight, name.replace("_", " "), tuple(some)) for (weight, name), some in by_kind.items()]
    return sorted(kinds, key=lambda kind: SEVERITIES.index(kind.severity))


def release_page(request: Request) -> Response:
    """What would be released, to be confirmed."""
    desk = desk_of(request)
    return _release_list(request, passing(desk.lake, desk.settings))


def release(request: Request, form: FormData) -> Response:
    """Releases what was ticked, all of it or nothing."""
    desk = desk_of(request)
    picked = [
        Passing(pair[2], pair[0], pair[1]) for pick in texts_of(form, "pick") if len(pair := pick.split(":", 2)) == 3
    ]
    rows = [NewReview(each.group_id, each.area_id, request.state.who, is_released=True) for each in picked]
    seen = {(each.group_id, each.area_id): each.seen for each in picked}
    problem = None if rows else "Nothing is ticked, so nothing was released."
    if problem is None:
        try:
            changed = say(desk.lake, desk.settings, rows, seen=seen, now=datetime.now(UTC))
        except ValueError as error:
            problem = f"Nothing was released: {error}."
        else:
            if not changed:
                num_groups = len({each.group_id for each in picked})
                notice = f"Released: {_many(len(rows), 'area')} of {_many(num_groups, 'group')}. {SAVED}"
                return desk.see(request, "/", notice)
            problem = (
                f"Nothing was released yet: {_many(len(changed), 'area')} changed while you read. This is the new list."
            )
    return _release_list(request, passing(desk.lake, desk.settings), problem, status=409 if rows else 422)


def _release_list(
    request: Request, found: Sequence[Passing], problem: str | None = None, *, status: int = 200
) -> Response:
    desk = desk_of(request)
    return desk.page(
        request,
        "release.html",
        status=status,
        groups=[(group_id, list(some)) for group_id, some in groupby(found, key=lambda each: each.group_id)],
        num_areas=len(found),
        titles={area.id: area.title for area in desk.rubric.areas},
        problem=problem,
    )


def _rows(found: Today, show: str, find: str) -> list[GroupRow]:
    rows = []
    for each in found.groups:
        if not _FILTERS[show][1](each) or find.casefold() not in each.group_id.casefold():
            continue
        flags = [flag for flag in found.flags if flag.group_id == each.group_id]
        num_serious = sum(flag.severity == "serious" for flag in flags)
        rows.append(GroupRow(each, num_serious, len(flags) - num_serious))
    return rows


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
