"""How far reviewer and TAs agree, as of this moment.

Belongs here: `/agreement`. The measures and the picture are `feedback.agreement`'s.
"""

import base64

from starlette.requests import Request
from starlette.responses import Response

from mlops_mentor.desk.desk import desk_of
from mlops_mentor.feedback.agreement import ALL_AREAS, agreement_frame, agreement_plot, pairs_frame
from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import FEEDBACK, GROUPS


def agreement_page(request: Request) -> Response:
    """Plot and table over all that `reviews.csv` and the stored feedback say."""
    desk = desk_of(request)
    lake, rubric = desk.lake, desk.rubric
    group_ids = [group.group_id for group in groups_from_frame(lake.read_or_empty(GROUPS))]
    reviews = reviews_of(desk.settings, group_ids)
    feedback = lake.read_groups(FEEDBACK, group_ids)
    rows = agreement_frame(feedback, reviews.frame, rubric).rows(named=True)
    plot = agreement_plot(pairs_frame(feedback, reviews.frame, rubric), rubric) if rows else b""
    return desk.page(
        request,
        "agreement.html",
        rows=rows,
        plot=f"data:image/png;base64,{base64.b64encode(plot).decode()}",
        titles={area.id: area.title for area in rubric.areas} | {ALL_AREAS: "all"},
        problems=[str(problem) for problem in reviews.problems],
    )
