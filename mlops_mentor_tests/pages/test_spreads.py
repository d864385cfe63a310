"""Quartiles are right, and none is given where few groups stand behind it."""

import statistics
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.pages.spread import band, spread_of, spreads


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=60))
def test_quartiles_are_those_of_the_statistics_module(values: list[float]) -> None:
    found = spread_of(pl.Series(values))
    assert found is not None
    expected = statistics.quantiles(values, n=4, method="inclusive")
    assert [found.lower, found.median, found.upper] == pytest.approx(expected, abs=1e-6)
    assert found.num_groups == len(values)


def test_nulls_do_not_count() -> None:
    assert spread_of(pl.Series([1, 2, 3, 4, None, None])) is None
    found = spread_of(pl.Series([1, 2, 3, 4, 5, None]))
    assert found is not None
    assert (found.lower, found.median, found.upper, found.num_groups) == (2, 3, 4, 5)


def test_only_numbers_have_a_spread() -> None:
    frame = pl.DataFrame({"group": list("abcde"), "n": range(5), "is": [True] * 5, "none": [None] * 5})
    assert list(spreads(frame)) == ["n"]


def test_the_band_leaves_out_days_with_few_groups_and_goes_by_day() -> None:
    days = [date(2026, 1, 6)] * 5 + [date(2026, 1, 5)] * 4 + [date(2026, 1, 4)] * 5
    found = band(pl.DataFrame({"day": days, "progress": [float(value) for value in range(14)]}))
    assert [each.day for each in found] == [date(2026, 1, 4), date(2026, 1, 6)]
    assert found[1].spread.median == 2
