"""Which commit stood at the end of each day.

Belongs here: days of the course's calendar against first parents. What a commit shows is for the evidence.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

# No project takes longer. Dates are the students': one commit for each day until 9999 would be too many to look at.
MAX_DAYS = 200
_MOMENT = timedelta(microseconds=1)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) of the next day."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def commit_by_day(commits: pl.DataFrame, snapshot_sha: str | None, zone: ZoneInfo, first: date) -> dict[date, str]:
    """By day from `first` on, the commit of the default branch that stood at its end: only days that brought another.

    What was there before `first` stands at that day, what is dated later than the last of `MAX_DAYS` at that one.
    `commits` is the group's table; the newest first parent whose committer date is not later counts, and the last is
    the snapshot.
    """
    chain = list(_first_parents(commits, snapshot_sha))
    # Compared in UTC: the first and the last moments of the calendar have no local time.
    earliest, latest = (end_of_day(first + timedelta(days=days), zone) for days in (-1, MAX_DAYS - 1))
    dated = [(sha, min(max(at, earliest), latest - _MOMENT)) for sha, at in chain if at is not None]
    days = sorted({at.astimezone(zone).date() for _, at in dated})
    found: dict[date, str] = {}
    for day in days:
        end = end_of_day(day, zone)
        standing = next((sha for sha, at in dated if at < end), None)
        if standing and standing not in found.values():
            found[day] = standing
    return found


def _first_parents(commits: pl.DataFrame, sha: str | None) -> Iterator[tuple[str, datetime | None]]:
    """From the snapshot back; a clone may end before the first commit."""
    rows = commits.select("sha", "parents", "committed_at").iter_rows()
    known = {row_sha: (parents, at) for row_sha, parents, at in rows}
    seen: set[str] = set()
    while sha is not None and sha in known and sha not in seen:
        seen.add(sha)
        parents, at = known[sha]
        yield sha, at
        sha = parents[0] if parents else None
