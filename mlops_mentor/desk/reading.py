"""What a group reads: as things stand in `reviews.csv`, and as it would be if everything were released.

Belongs here: trying out a release without writing it. How the page is written down is for `feedback.page`.
"""

from datetime import UTC, datetime

import polars as pl

from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.feedback.reports import feedback_reports_frame
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, GROUPS, REVIEW_PACKS, REVIEWS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


def markdown_now(lake: Lake, settings: Settings, group: Group) -> str | None:
    """The group's page by what TAs have said until now; None where nothing is released.

    Raises:
        ConfigError: course, rubric or `reviews.csv` cannot be used.
    """
    return _markdown(lake, settings, group, _reviews(lake, settings))


def markdown_if_released(lake: Lake, settings: Settings, group: Group) -> str | None:
    """The group's page if a TA released every area at this moment; None where nothing was written of it.

    Raises:
        ConfigError: course, rubric or `reviews.csv` cannot be used.
    """
    reviews = _reviews(lake, settings)
    # Behind all others in the file, and not before the newest of them.
    moments = [each for each in (reviews["reviewed_at"].max(), datetime.now(UTC)) if isinstance(each, datetime)]
    release = {
        "group_id": group.group_id,
        "row": reviews.height + 10_000_000,
        "is_released": True,
        "reviewer": "nobody",
        "reviewed_at": max(moments),
    }
    row = pl.DataFrame([dict.fromkeys(REVIEWS.schema) | release], schema=REVIEWS.schema)
    return _markdown(lake, settings, group, pl.concat([reviews, row]))


def _reviews(lake: Lake, settings: Settings) -> pl.DataFrame:
    group_ids = [group.group_id for group in groups_from_frame(lake.read_or_empty(GROUPS))]
    return reviews_of(settings, group_ids).frame


def _markdown(lake: Lake, settings: Settings, group: Group, reviews: pl.DataFrame) -> str | None:
    feedback = lake.read_or_empty(FEEDBACK, group.group_id)
    if not feedback.height:
        return None
    packs = lake.read_or_empty(REVIEW_PACKS, group.group_id)
    previous = lake.read_or_empty(FEEDBACK_REPORTS, group.group_id)
    report = feedback_reports_frame(group, feedback, packs, reviews, load_rubric(settings.rubric_file), previous)
    found = report["released_markdown"].item()
    return str(found) if found is not None else None
