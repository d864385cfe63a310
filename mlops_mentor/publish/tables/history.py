"""The published history: progress day by day.

Belongs here: filling the days between two changes, and the commits of each day. What a day showed is in `progress`.
"""

import polars as pl

from mlops_mentor.publish.tables.small_counts import IS_SMALL, hides, public_progress, withhold
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.schemas import PROGRESS
from mlops_mentor.schemas.metrics import PROGRESS_COLUMNS
from mlops_mentor.schemas.published import PUBLISHED_HISTORY


def history_frame(source: Source) -> pl.DataFrame:
    """The published table `history`: the same days for every group that has a commit, the last change's holds."""
    changes = source.lake.read_groups(PROGRESS, source.names).select(
        "group_id", "day", *(column.name for column in PROGRESS_COLUMNS)
    )
    changes = public_progress(changes, source.course)
    ids = changes["group_id"].unique(maintain_order=True)
    days = _days(changes, source)
    grid = pl.DataFrame({"group_id": ids}).join(days, how="cross").sort("day")
    filled = grid.join_asof(changes.sort("day"), on="day", by="group_id", check_sortedness=False)
    counted = filled.join(_commits_by_day(source), ["group_id", "day"], "left", maintain_order="left").with_columns(
        pl.col("num_commits").fill_null(0)
    )
    is_hidden = pl.lit(hides(source.fewest))
    shown = withhold(counted, source.persons, {"balance": is_hidden, "num_commits": IS_SMALL})
    return source.finish(PUBLISHED_HISTORY, shown, "day")


def _days(changes: pl.DataFrame, source: Source) -> pl.DataFrame:
    """From the project's first day to the last on which any group's work changed, the deadline at the latest."""
    last = changes.select(pl.col("day").max()).item()
    end = source.course.deadline_utc.astimezone(source.course.zone).date()
    begin = source.course.project_start
    if last is None or last < begin:
        return pl.DataFrame(schema={"day": pl.Date})
    return pl.DataFrame({"day": pl.date_range(begin, min(last, end), eager=True)})


def _commits_by_day(source: Source) -> pl.DataFrame:
    day = pl.col("authored_at").dt.convert_time_zone(source.course.time_zone).dt.date()
    kept = source.commits.filter("is_on_default", ~pl.col("is_merge"), pl.col("authored_at").is_not_null())
    return kept.group_by("group_id", day=day).agg(num_commits=pl.len().cast(pl.Int64))
