"""Where citations lead, and what a group reads: pages that show and change nothing.

Belongs here: `/group/<id>/source` and `/group/<id>/preview`. Which lines may be shown is decided in `source`, what a
group reads in `reading`.
"""

from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.desk.desk import Desk, desk_of
from mlops_mentor.desk.links import group_path
from mlops_mentor.desk.reading import markdown_if_released, markdown_now
from mlops_mentor.desk.source import Source, quoted_lines
from mlops_mentor.errors import RepoError
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import GROUPS

_MOST_CONTEXT = 150
_FACTOR = 4


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sha: str = Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
    path: str = Field(min_length=1, max_length=4_096)
    start: int = Field(1, ge=1, le=10_000_000)
    end: int = Field(1, ge=1, le=10_000_000)
    context: int = Field(8, ge=0, le=_MOST_CONTEXT)
    cells: bool = False


def source_page(request: Request) -> Response:
    """The quoted lines with what stands around them."""
    desk, group = desk_of(request), _group(request)
    try:
        asked = _Asked.model_validate(dict(request.query_params))
    except ValidationError:
        raise HTTPException(404, "There are no such lines: the address names no commit, file and lines.") from None
    try:
        source = quoted_lines(
            desk.settings,
            group,
            sha=asked.sha,
            path=asked.path,
            start_line=asked.start,
            end_line=max(asked.end, asked.start),
            context=asked.context,
            is_of_cells=asked.cells,
        )
    except RepoError as error:
        source = Source(asked.path, asked.sha, reason=f"The mirror cannot be read: {error}")
    quoted = [line.number for line in source.lines if line.is_quoted]
    return desk.page(
        request,
        "source.html",
        status=200 if source.lines else 404,
        source=source,
        is_of_cells=asked.cells and source.path.endswith(".ipynb"),
        group_id=group.group_id,
        first_quoted=quoted[0] if quoted else None,
        wider=_wider(group, asked, source),
    )


def preview_page(request: Request) -> Response:
    """What the group reads as things stand, or would if all were released."""
    desk, group = desk_of(request), _group(request)
    is_all = request.query_params.get("as") == "all"
    made = markdown_if_released if is_all else markdown_now
    return desk.page(
        request,
        "preview.html",
        group_id=group.group_id,
        page=made(desk.lake, desk.settings, group),
        shown="all" if is_all else "now",
    )


def _group(request: Request) -> Group:
    desk: Desk = desk_of(request)
    for group in groups_from_frame(desk.lake.read_or_empty(GROUPS)):
        if group.group_id == request.path_params["group"]:
            return group
    raise HTTPException(404, "The roster has no such group.")


def _wider(group: Group, asked: _Asked, source: Source) -> str | None:
    if not source.lines or len(source.lines) >= source.num_lines or asked.context >= _MOST_CONTEXT:
        return None
    wanted = asked.model_dump(exclude_defaults=True) | {"context": min(_MOST_CONTEXT, max(asked.context, 1) * _FACTOR)}
    return f"{group_path(group.group_id)}/source?{urlencode(wanted, errors='replace')}#quoted"
