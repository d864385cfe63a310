"""Pull requests in numbers: who looked at whose work, and that nothing unknown becomes a 0."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pytest

from mlops_mentor.metrics.reviews import review_numbers
from mlops_mentor.schemas import PULL_REQUESTS, empty

MakeFrame = Callable[..., pl.DataFrame]
Numbers = Callable[..., dict[str, Any]]


@pytest.fixture
def numbers(make_frame: MakeFrame) -> Numbers:
    """`numbers({...}, ...)`: of these pull requests, merged and unseen ones of Ada's unless they say else."""

    def found(*pulls: Mapping[str, Any]) -> dict[str, Any]:
        rows = [{"group_id": "1", "number": n, "state": "merged", "author": "ada"} | dict(pull)
                for n, pull in enumerate(pulls, start=1)]  # fmt: skip
        return review_numbers(make_frame(PULL_REQUESTS, *rows))

    return found


def test_without_pull_requests_counts_are_0_and_the_share_is_unknown() -> None:
    assert review_numbers(empty(PULL_REQUESTS)) == {
        "num_prs": 0,
        "num_prs_merged": 0,
        "num_prs_open": 0,
        "num_prs_reviewed": 0,
        "share_merged_prs_reviewed": None,
        "num_reviewers": 0,
    }


def test_pull_requests_are_counted_by_state(numbers: Numbers) -> None:
    found = numbers({}, {}, {"state": "open"}, {"state": "closed"})
    assert (found["num_prs"], found["num_prs_merged"], found["num_prs_open"]) == (4, 2, 1)


def test_the_share_is_of_merged_ones_that_somebody_else_reviewed(numbers: Numbers) -> None:
    found = numbers({"reviewers": ["bo"]}, {}, {"reviewers": ["bo", "cy"]}, {})
    assert (found["share_merged_prs_reviewed"], found["num_prs_reviewed"]) == (0.5, 2)


def test_reviews_of_what_was_not_merged_leave_the_share_alone(numbers: Numbers) -> None:
    open_one, closed_one = {"state": "open", "reviewers": ["bo"]}, {"state": "closed", "reviewers": ["bo"]}
    found = numbers({}, open_one, closed_one)
    assert (found["share_merged_prs_reviewed"], found["num_prs_reviewed"]) == (0.0, 2)
    assert numbers(open_one)["share_merged_prs_reviewed"] is None


def test_what_a_bot_opened_counts_and_is_left_out_of_the_share(numbers: Numbers) -> None:
    bot = {"author": "dependabot[bot]", "is_bot": True}
    found = numbers({"reviewers": ["bo"]}, bot, bot | {"reviewers": ["ada"]})
    assert (found["num_prs"], found["num_prs_merged"], found["share_merged_prs_reviewed"]) == (3, 3, 1.0)
    assert numbers(bot)["share_merged_prs_reviewed"] is None


def test_each_reviewer_counts_once(numbers: Numbers) -> None:
    found = numbers({"reviewers": ["bo", "cy"]}, {"reviewers": ["bo"]}, {"state": "open", "reviewers": ["di"]}, {})
    assert found["num_reviewers"] == 3


def test_a_pull_request_of_an_account_that_is_gone_counts(numbers: Numbers) -> None:
    found = numbers({"author": None, "reviewers": ["bo"]})
    assert (found["num_prs"], found["share_merged_prs_reviewed"]) == (1, 1.0)
