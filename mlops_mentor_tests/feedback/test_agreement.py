"""Agreement: every figure against one worked out by hand, and what must hold whatever the scores are."""

import io
import math
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from mlops_mentor.feedback.agreement import agreement_frame, agreement_plot, pairs_frame, quadratic_weighted_kappa
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import FEEDBACK_AGREEMENT, validate
from mlops_mentor_tests.feedback.rows import WRITTEN_AT, feedback_rows, review_rows

RUBRIC = load_rubric()
_SCORES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=40)


def _tables(*scores: tuple[int | None, int | None], **columns: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(the reviewer's, the TA's) score of group 1, 2, ... in code quality."""
    feedback = [{"group_id": str(n), "score": machine, **columns} for n, (machine, _) in enumerate(scores)]
    reviews = [{"group_id": str(n), "area": "code_quality", "score": ta} for n, (_, ta) in enumerate(scores)]
    return feedback_rows(*feedback), review_rows(*reviews)


def _textbook(pairs: list[tuple[int, int]]) -> float:
    """Straight from the definition, with matrices."""
    observed = [[sum(pair == (i, j) for pair in pairs) for j in range(1, 6)] for i in range(1, 6)]
    rows, columns = [sum(row) for row in observed], [sum(column) for column in zip(*observed, strict=True)]
    weights = [[(i - j) ** 2 / 16 for j in range(5)] for i in range(5)]
    cells = [(i, j) for i in range(5) for j in range(5)]
    above: float = sum(weights[i][j] * observed[i][j] for i, j in cells)
    below: float = sum(weights[i][j] * rows[i] * columns[j] / len(pairs) for i, j in cells)
    return 1 - above / below


def test_an_example_worked_out_by_hand() -> None:
    # 4-4, 4-3, 3-3, 2-4: differences 0, 1, 0, -2. Observed: 1 + 4 = 5 sixteenths over 4 pairs.
    # Expected, all 16 pairings of 4,4,3,2 with 4,3,3,4: (0+1+1+0)*2 + (1+0+0+1) + (4+1+1+4) = 16 sixteenths over 16.
    # Kappa: 1 - (5/4) / (16/16) = -0.25.
    feedback, reviews = _tables((4, 4), (4, 3), (3, 3), (2, 4))
    frame = validate(FEEDBACK_AGREEMENT, agreement_frame(feedback, reviews, RUBRIC))
    assert frame.rows() == [
        ("rules", "", "code_quality", 4, 0.5, 0.75, -0.25, -0.25),
        ("rules", "", "all", 4, 0.5, 0.75, -0.25, -0.25),
    ]


def test_full_agreement_on_different_scores_is_one() -> None:
    assert quadratic_weighted_kappa([(1, 1), (3, 3), (5, 5)]) == 1


def test_the_ends_of_the_scale_swapped_are_minus_one() -> None:
    assert quadratic_weighted_kappa([(1, 5), (5, 1)]) == -1


def test_one_and_the_same_score_throughout_has_no_kappa() -> None:
    assert quadratic_weighted_kappa([(4, 4), (4, 4)]) is None
    assert quadratic_weighted_kappa([]) is None


def test_a_reviewer_that_always_says_the_same_agrees_no_better_than_chance() -> None:
    assert quadratic_weighted_kappa([(4, 2), (4, 3), (4, 5)]) == 0


@given(_SCORES)
def test_kappa_is_what_the_textbook_says(pairs: list[tuple[int, int]]) -> None:
    kappa = quadratic_weighted_kappa(pairs)
    assume(kappa is not None)
    assert kappa is not None
    assert math.isclose(kappa, _textbook(pairs), abs_tol=1e-9)
    assert -1 <= kappa <= 1


@given(_SCORES)
def test_kappa_is_the_same_from_both_sides_and_upside_down(pairs: list[tuple[int, int]]) -> None:
    kappa = quadratic_weighted_kappa(pairs)
    swapped = quadratic_weighted_kappa([(second, first) for first, second in pairs])
    turned = quadratic_weighted_kappa([(6 - first, 6 - second) for first, second in pairs])
    assert (kappa is None) == (swapped is None) == (turned is None)
    if kappa is not None and swapped is not None and turned is not None:
        assert math.isclose(kappa, swapped, abs_tol=1e-9)
        assert math.isclose(kappa, turned, abs_tol=1e-9)


@settings(deadline=None)
@given(_SCORES)
def test_the_table_holds_whatever_the_scores_are(pairs: list[tuple[int, int]]) -> None:
    frame = validate(FEEDBACK_AGREEMENT, agreement_frame(*_tables(*pairs), RUBRIC))
    row = frame.row(0, named=True)
    assert row["num_scores"] == len(pairs)
    assert row["share_exact"] <= row["share_within_one"]
    assert math.isclose(row["leniency"], sum(machine - ta for machine, ta in pairs) / len(pairs), abs_tol=1e-9)


def test_models_and_rules_and_areas_are_told_apart() -> None:
    feedback = feedback_rows(
        {"group_id": "1"},
        {"group_id": "1", "area": "ci_cd", "score": 2},
        {"group_id": "2", "reviewer": "model", "model": "small"},
        {"group_id": "3", "reviewer": "model", "model": "large", "score": 5},
    )
    reviews = review_rows(*({"group_id": str(number), "score": 4} for number in (1, 2, 3)))
    frame = agreement_frame(feedback, reviews, RUBRIC)
    assert frame.select("reviewer", "model", "area", "leniency").rows() == [
        ("model", "large", "code_quality", 1.0),
        ("model", "large", "all", 1.0),
        ("model", "small", "code_quality", 0.0),
        ("model", "small", "all", 0.0),
        ("rules", "", "code_quality", 0.0),
        ("rules", "", "ci_cd", -2.0),
        ("rules", "", "all", -1.0),
    ]


def test_rules_that_stood_in_for_a_model_are_no_model() -> None:
    feedback = feedback_rows({"state": "stand_in", "reason": "no answer", "reviewer": "rules", "model": "small"})
    assert pairs_frame(feedback, review_rows({"score": 3}), RUBRIC).row(0) == ("1", "rules", "", "code_quality", 4, 3)


def test_the_newest_score_of_a_ta_is_compared_with_the_score_that_stands_now() -> None:
    later = WRITTEN_AT + timedelta(days=2)
    feedback = feedback_rows({"score": 2, "written_at": later})
    reviews = review_rows({"score": 5}, {"score": 3}, {"comment": "no score"})
    assert pairs_frame(feedback, reviews, RUBRIC).select("machine", "ta").rows() == [(2, 3)]


@pytest.mark.parametrize(
    ("machine", "ta", "state"),
    [(None, 4, "nothing_to_review"), (4, None, "reviewed"), (4, 3, "kept"), (4, 9, "reviewed")],
)
def test_what_cannot_be_compared_is_left_out(machine: int | None, ta: int | None, state: str) -> None:
    feedback, reviews = _tables((machine, ta), state=state)
    assert pairs_frame(feedback, reviews, RUBRIC).height == 0
    assert validate(FEEDBACK_AGREEMENT, agreement_frame(feedback, reviews, RUBRIC)).height == 0


@pytest.mark.parametrize("scores", [[], [(4, 4)], [(1, 5), (4, 4), (4, 4), (3, 4)]])
def test_the_picture_is_a_small_png_with_a_grid_for_each_area(scores: list[tuple[int, int]]) -> None:
    pairs = pairs_frame(*_tables(*scores), RUBRIC)
    png = agreement_plot(pairs, RUBRIC)
    assert len(png) < 10_000
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.width > image.height


def test_the_picture_shows_where_scores_differ() -> None:
    agree, differ = (agreement_plot(pairs_frame(*_tables(pair), RUBRIC), RUBRIC) for pair in ((4, 4), (4, 2)))
    assert agree != differ
