"""The tables of judgements and calls: every field arrives, and what does not fit is refused."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mlops_mentor.errors import SchemaError
from mlops_mentor.feedback.judge.judge import judge_area
from mlops_mentor.feedback.judge.tables import Circumstances, Spent, feedback_frame, feedback_row, llm_calls_frame
from mlops_mentor.feedback.judgement import Judgement
from mlops_mentor.feedback.llm.calls import Call, Usage
from mlops_mentor_tests.feedback.judge.cases import LINES, Scripted, case, citation, improvement, judge, text

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
SHA = "c" * 40
CIRCUMSTANCES = Circumstances("1", SHA, "1", NOON, pack_id="p", prompt_version="1", input_key="k")
CALL = Call(
    group_id="1",
    area="ci_cd",
    call_id="b",
    purpose="first",
    attempt=1,
    model="big-model",
    model_answered="big-model-2027",
    server="llm.example.org",
    began_at=NOON,
    seconds=1.5,
    outcome="answered",
    reason=None,
    status=200,
    response_format="json_schema",
    finish_reason="stop",
    usage=Usage(1000, 900, 100),
    cost_usd=None,
    answer_id="a",
)


def test_a_row_says_all_that_the_judgement_says() -> None:
    model = Scripted([text(improvements=[improvement("X", citation("none of this"), citation(LINES[3], 1))])])
    found = asyncio.run(judge_area(case(), judge(), model))
    frame = feedback_frame([feedback_row(found.judgement, replace(CIRCUMSTANCES, spent=Spent.of(found.answers)))])
    row = frame.row(0, named=True)
    assert (row["state"], row["reason"], row["score"], row["confidence"]) == ("reviewed", None, 3, 6)
    assert row["criteria"][0] == {"criterion": "coverage", "score": 3}
    assert row["improvements"][0]["citations"] == [
        {
            "path": "tests/test_model.py",
            "start_line": 4,
            "end_line": 4,
            "quote": "model = MyAwesomeModel()",
            "blob_id": "blob",
            "is_moved": True,
        }
    ]
    assert (row["improvements"][0]["severity"], row["improvements"][0]["advice"]) == ("major", "Add one.")
    assert (row["strengths"][0]["severity"], row["strengths"][0]["advice"]) == (None, None)
    assert (row["num_citations"], row["num_citations_moved"], row["num_citations_dropped"]) == (3, 1, 1)
    assert (row["num_calls"], row["prompt_tokens"], row["completion_tokens"], row["cost_usd"]) == (1, 1000, 100, 0.01)


@pytest.mark.parametrize(
    ("reasons", "state", "reason", "expected"),
    [
        ((), None, None, ("reviewed", None)),
        (("A.", "B."), None, None, ("needs_review", "A. B.")),
        ((), None, "Its blob is gone.", ("needs_review", "Its blob is gone.")),
        ((), "stand_in", "No answer.", ("stand_in", "No answer.")),
        (("A.",), "stand_in", "No answer.", ("stand_in", "No answer. A.")),
    ],
)
def test_the_state_follows_from_the_reasons_unless_it_is_given(
    reasons: tuple[str, ...], state: str | None, reason: str | None, expected: tuple[str, str | None]
) -> None:
    judgement = Judgement("ci_cd", "rules", 3, "Words.", (), (), review_reasons=reasons)
    row = feedback_row(judgement, CIRCUMSTANCES, state=state, reason=reason)
    assert (row["state"], row["reason"]) == expected
    assert feedback_frame([row]).height == 1


def test_a_row_without_anything_to_review_has_no_score() -> None:
    judgement = Judgement("report", "rules", None, "There is no report.", (), ())
    row = feedback_row(judgement, Circumstances("1", SHA, "1", NOON), state="nothing_to_review", reason="No report.")
    assert feedback_frame([row])["score"].to_list() == [None]


def test_two_rows_of_one_area_are_refused() -> None:
    row = feedback_row(Judgement("ci_cd", "rules", 3, "", (), ()), CIRCUMSTANCES)
    with pytest.raises(SchemaError, match="more than once"):
        feedback_frame([row, row])
    assert feedback_frame([]).height == 0


def test_a_price_that_is_not_known_is_no_price_of_nothing() -> None:
    model = Scripted([text(score=9), text()])
    answers = asyncio.run(judge_area(case(), judge(), model)).answers
    assert Spent.of(answers) == Spent(2, 2000, 200, 0.02)
    assert Spent.of([answers[0], replace(answers[1], cost_usd=None)]).cost_usd is None
    assert Spent.of([]) == Spent()


def test_calls_become_rows_the_oldest_first() -> None:
    later = replace(CALL, call_id="a", began_at=NOON.replace(hour=13), outcome="timeout", answer_id=None)
    frame = llm_calls_frame([later, CALL], "run")
    assert frame["call_id"].to_list() == ["b", "a"]
    row = frame.row(0, named=True)
    assert (row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"]) == (1000, 900, 100)
    assert (row["is_estimated"], row["cost_usd"], row["run_id"]) == (False, None, "run")
    with pytest.raises(SchemaError, match="outcome"):
        llm_calls_frame([replace(CALL, outcome="lost")], None)
    assert llm_calls_frame([], None).height == 0
