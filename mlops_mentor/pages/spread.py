"""How the class is spread: quartiles of each number, and of progress day by day.

Belongs here: the statistics of many groups. None is given where fewer than five stand behind it: with few, a
quartile is some group's number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

MIN_GROUPS = 5


@dataclass(frozen=True)
class Spread:
    """Lower quartile, median and upper quartile of a number over `num_groups` groups, linear between neighbours."""

    lower: float
    median: float
    upper: float
    num_groups: int


@dataclass(frozen=True)
class Day:
    """The spread of progress on a day."""

    day: date
    spread: Spread


def spreads(*frames: pl.DataFrame) -> dict[str, Spread]:
    """By column, for every number of the frames that at least five groups have."""
    return {
        name: found
        for frame in frames
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and (found := spread_of(frame[name])) is not None
    }


def spread_of(values: pl.Series) -> Spread | None:
    """None for fewer than five values; nulls do not count."""
    known = values.drop_nulls()
    if known.len() < MIN_GROUPS:
        return None
    lower, median, upper = (float(known.quantile(share, "linear") or 0) for share in (0.25, 0.5, 0.75))
    return Spread(lower, median, upper, known.len())


def band(history: pl.DataFrame) -> Sequence[Day]:
    """Progress over the days: those on which at least five groups have a number."""
    return tuple(
        Day(key[0], found)
        for key, rows in sorted(history.select("day", "progress").partition_by("day", as_dict=True).items())
        if (found := spread_of(rows["progress"])) is not None
    )
