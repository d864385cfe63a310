"""How evenly work is shared, as one number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.metrics.balance import equality


@pytest.mark.parametrize(
    ("values", "size", "expected"),
    [
        ([5, 5], 2, 1.0),
        ([5], 2, 0.0),
        ([5, 5], 4, 1 / 3),
        ([5], 1, None),
        ([], 3, None),
        ([0, 0], 2, None),
        ([3, 1], 2, 0.5),
    ],
)
def test_equality_is_what_it_says(values: list[float], size: int, expected: float | None) -> None:
    assert equality(values, size) == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8), st.integers(1, 1000))
def test_equality_is_the_double_sum_and_knows_no_order_or_unit(values: list[int], factor: int) -> None:
    found = equality(values, len(values))
    n, total = len(values), sum(values)
    if total == 0:
        assert found is None
        return
    gini = sum(abs(a - b) for a in values for b in values) / (2 * n * total)
    assert found == pytest.approx(1 - gini * n / (n - 1))
    assert found == equality(values[::-1], n)
    assert found == pytest.approx(equality([value * factor for value in values], n))
    assert equality(values, n + 1) <= found + 1e-9 or found < 1  # type: ignore[operator]
