"""The published feedback: what a TA has released.

Belongs here: `released` of `feedback_reports`, and nothing else of it: drafts, pages and whoever wrote them stay.
"""

import polars as pl

from mlops_mentor.publish.tables.source import Source
from mlops_mentor.schemas import FEEDBACK_REPORTS
from mlops_mentor.schemas.published import PUBLISHED_FEEDBACK


def feedback_frame(source: Source) -> pl.DataFrame:
    """The published table `feedback`: a row a group and released area, in the rubric's order.

    An area that the rubric has lost since stands last, under its id.
    """
    areas = {area.id: (place, area.title) for place, area in enumerate(source.rubric.areas, start=1)}
    places = {area: place for area, (place, _) in areas.items()}
    titles = {area: title for area, (_, title) in areas.items()}
    reports = source.lake.read_groups(FEEDBACK_REPORTS, source.names).select("group_id", "released")
    entries = reports.explode("released").drop_nulls("released").unnest("released")
    frame = entries.with_columns(
        place=pl.col("area").replace_strict(places, default=len(areas) + 1, return_dtype=pl.Int64),
        title=pl.col("area").replace_strict(titles, default=pl.col("area"), return_dtype=pl.String),
    )
    return source.finish(PUBLISHED_FEEDBACK, frame, "place", "area")
