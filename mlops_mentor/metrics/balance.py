"""Balance: how evenly the work is shared.

Belongs here: one number for a group, of the numbers of its contributors. They inform and never grade.
"""

from collections.abc import Iterable

import polars as pl


def balance_numbers(contributions: pl.DataFrame, group_size: int) -> dict[str, object]:
    """The columns `BALANCE_COLUMNS` of a group, from its table `contributions`."""
    persons = contributions.filter(pl.col("kind") == "person")
    # Where there is nobody, nobody wrote a line.
    is_known = persons["lines_surviving"].null_count() == 0
    size = max(group_size, persons.height)
    commits = (persons["num_commits"] - persons["num_merges"]).to_list()
    return {
        "lines_surviving": persons["lines_surviving"].sum() if is_known else None,
        "num_members_known": persons["member"].drop_nulls().n_unique(),
        "num_silent_members": max(0, group_size - persons.height),
        "equality_lines": equality(persons["lines_surviving"].to_list(), size) if is_known else None,
        "equality_commits": equality(commits, size),
    }


def equality(values: Iterable[float], size: int) -> float | None:
    """1 - G * n / (n - 1), G being the Gini coefficient of `values` filled up with zeros to n = `size`.

    1 where all are equal, 0 where one has everything; None for fewer than two and where all are 0. Values are not
    negative. (Gini 1912; the factor makes 0 reachable in small groups: G itself ends at (n - 1) / n.)
    """
    ordered = sorted(values)
    ordered = [0.0] * (size - len(ordered)) + ordered
    n, total = len(ordered), sum(ordered)
    if n < 2 or total <= 0:
        return None
    # The sum of |x_i - x_j| over all i and j, by ranks.
    differences = 2 * sum((2 * rank - n + 1) * value for rank, value in enumerate(ordered))
    gini = differences / (2 * n * total)
    return min(1.0, max(0.0, 1 - gini * n / (n - 1)))
