"""The published leaderboard: the class at a glance.

Belongs here: what of the lake's `leaderboard` the class sees.
"""

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.publish.tables.small_counts import HAS_FEW_REVIEWERS, IS_SMALL, public_progress, withhold
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.schemas import GROUPS
from mlops_mentor.schemas.published import PUBLISHED_LEADERBOARD

_WITHHELD = {
    "num_contributors": IS_SMALL,
    "balance": IS_SMALL,
    "num_active_days": IS_SMALL,
    "share_merged_prs_reviewed": IS_SMALL | HAS_FEW_REVIEWERS,
}


def leaderboard_frame(source: Source) -> pl.DataFrame:
    """The published table `leaderboard`: every published group, also those that were never read.

    Raises:
        LakeError: the class's leaderboard was never made.
    """
    # A folder on this machine is nobody's address.
    address = pl.when(pl.col("transport") == "https").then("repo_url").alias("repo_url")
    groups = source.lake.read(GROUPS).select("group_id", address)
    frame = source.leaderboard.with_columns(last_commit_on=_last_day(source.course)).join(
        groups, "group_id", "left", maintain_order="left"
    )
    shown = withhold(public_progress(frame, source.course), source.persons, _WITHHELD)
    return source.finish(PUBLISHED_LEADERBOARD, shown)


def _last_day(course: Course) -> pl.Expr:
    """The day of the commit that counts; the deadline's where it is later, for that would tell who has an extension."""
    day = pl.col("latest_commit").dt.convert_time_zone(course.time_zone).dt.date()
    end = course.deadline_utc.astimezone(course.zone).date()
    return pl.when(day > end).then(pl.lit(end)).otherwise(day)
