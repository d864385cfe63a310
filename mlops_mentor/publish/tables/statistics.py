"""The published statistics: more numbers of a group, and when it worked.

Belongs here: what of `repo_stats` the class sees beside the leaderboard. The matrix itself is made in
`metrics.activity`.
"""

import polars as pl

from mlops_mentor.metrics.activity import first_day
from mlops_mentor.publish.tables.small_counts import HAS_FEW_REVIEWERS, IS_SMALL, withhold
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.schemas.published import PUBLISHED_STATISTICS

_WITHHELD = {
    "num_prs_reviewed": IS_SMALL | HAS_FEW_REVIEWERS,
    "activity_from": IS_SMALL,
    "activity": IS_SMALL,
}


def statistics_frame(source: Source) -> pl.DataFrame:
    """The published table `statistics`: a row a group that has a commit."""
    has_commits = source.stats.filter(pl.col("total_commits") > 0)
    frame = has_commits.with_columns(activity="activity_matrix").join(
        _first_days(source), "group_id", "left", maintain_order="left"
    )
    return source.finish(PUBLISHED_STATISTICS, withhold(frame, source.persons, _WITHHELD))


def _first_days(source: Source) -> pl.DataFrame:
    """By group the day of the first row of its matrix, by the commits from which that was made."""
    course = source.course
    rows = [
        {"group_id": str(group_id), "activity_from": first_day(commits, course.project_start, course.zone)}
        for (group_id,), commits in source.commits.partition_by("group_id", as_dict=True).items()
    ]
    return pl.DataFrame(rows, schema={"group_id": pl.String, "activity_from": pl.Date})
