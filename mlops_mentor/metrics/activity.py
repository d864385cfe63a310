"""Activity: commits by day and hour.

Belongs here: the matrix itself. How it is drawn belongs to what shows it.
"""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

DAYS_IN_WEEK = 7
HOURS_IN_DAY = 24
MAX_WEEKS = 3


def activity_matrix(commits: pl.DataFrame, project_start: date, zone: ZoneInfo) -> list[list[int]]:
    """Commits by author date in `zone`: days (7, 14 or 21, from `first_day` on) x 24 hours; no rows without commits."""
    local = commits.select(at=pl.col("authored_at").dt.convert_time_zone(zone.key)).drop_nulls()
    begin = first_day(commits, project_start, zone)
    if begin is None:
        return []
    slots = local.select(
        day=(pl.col("at").dt.date() - begin).dt.total_days(), hour=pl.col("at").dt.hour().cast(pl.Int64)
    ).filter(pl.col("day").is_between(0, MAX_WEEKS * DAYS_IN_WEEK - 1))
    last = int(slots["day"].max() or 0)  # type: ignore[arg-type]
    matrix = [[0] * HOURS_IN_DAY for _ in range((last // DAYS_IN_WEEK + 1) * DAYS_IN_WEEK)]
    for day, hour in slots.iter_rows():
        matrix[day][hour] += 1
    return matrix


def first_day(commits: pl.DataFrame, project_start: date, zone: ZoneInfo) -> date | None:
    """Local date of the first commit not before the project's start (a template's history is older); of the first of
    all when every commit is older; None without commits."""
    days = commits["authored_at"].dt.convert_time_zone(zone.key).dt.date().drop_nulls()
    in_project = days.filter(days >= project_start)
    found = in_project.min() if len(in_project) else days.min()
    return found if isinstance(found, date) else None


def num_active_days(commits: pl.DataFrame, zone: ZoneInfo) -> int:
    """Calendar days in `zone` with a commit, by author date."""
    return commits["authored_at"].dt.convert_time_zone(zone.key).dt.date().drop_nulls().n_unique()
