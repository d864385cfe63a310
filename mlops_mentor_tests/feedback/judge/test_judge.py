"""Judging an area: what is asked, repaired, kept and doubted, with a model that says what it is told to."""

import asyncio
import json
from typing import Any

import pytest

from mlops_mentor.errors import LLMError, UnusableAnswerError
from mlops_mentor.feedback.judge.judge import Case, Judge, Judged, judge_area
from mlops_mentor.feedback.judge.questions import Asker, input_key
from mlops_mentor.feedback.judge.verdict import area_score
from mlops_mentor_tests.feedback.judge.cases import (
    BOUNDARY,
    LINES,
    RUBRIC,
    Scripted,
    Shelf,
    case,
    citation,
    content,
    improvement,
    judge,
    strength,
    text,
)

TOO_LONG = LLMError("too_long", "the prompt is too long", is_final=True)


def judged(model: Scripted, given: Case | None = None, by: Judge | None = None) -> Judged:
    return asyncio.run(judge_area(given or case(), by or judge(), model))


def test_an_answer_whose_citations_hold_is_a_judgement() -> None:
    model = Scripted([text()])
    found = judged(model)
    judgement = found.judgement
    assert (judgement.reviewer, judgement.model, judgement.score) == ("model", "big-model", 3)
    assert judgement.criteria[0] == ("coverage", 3)
    assert [each.text for each in judgement.strengths] == ["Tests have telling names."]
    assert judgement.improvements[0].citations[0].quote == LINES[4].strip()
    assert judgement.review_reasons == ()
    assert [each.purpose for each in model.questions] == ["first"]
    assert found.is_complete
    assert len(found.answers) == 1


def test_the_question_stands_behind_the_pack_and_the_system_knows_nothing_of_it() -> None:
    model = Scripted([text()])
    judged(model)
    (_, system), (_, user) = model.questions[0].messages
    assert [role for role, _ in model.questions[0].messages] == ["system", "user"]
    assert user.startswith(BOUNDARY)
    assert user.index(LINES[2]) < user.index("1 test was found.") < user.index("# Your task: Unit testing")
    assert not any(line in system for line in LINES if line)
    assert user.split()[0] in system
    assert model.questions[0].num_tokens > len(user) // 4


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "I am sorry, but I cannot help with that.",
        text()[:-50],
        text() + text(),
        text(score=9),
        json.dumps({"score": 3}),
        text(summary=f"{BOUNDARY}-{case().pack.pack_id[:6]}"),
        text(summary=f"{BOUNDARY}-{case().pack.pack_id[:6]}".upper()),
        "<html>",
    ],
)
def test_what_is_wrong_is_told_once_and_the_repaired_answer_counts(wrong: str) -> None:
    model = Scripted([wrong, text(score=4)])
    found = judged(model)
    assert found.judgement.score == 4
    assert [each.purpose for each in model.questions] == ["first", "repair"]
    assert len(found.answers) == 2
    first, repair = model.questions
    assert repair.messages[:2] == first.messages
    assert [role for role, _ in repair.messages[2:]] == ["assistant", "user"]
    assert "cannot use it" in repair.messages[3][1]
    assert BOUNDARY.lower() not in (repair.messages[2][1] + repair.messages[3][1]).lower()
    assert repair.messages[2][1]
    assert repair.answer_id != first.answer_id
    assert repair.num_tokens > first.num_tokens


def test_a_repair_that_fails_too_is_an_error_that_is_final_and_knows_what_was_paid() -> None:
    model = Scripted([text(score=9), text(score=0)])
    with pytest.raises(UnusableAnswerError, match=r"`score` must be a whole number from 1 to 5") as caught:
        judged(model)
    assert caught.value.is_final
    assert [each.usage.prompt for each in caught.value.answers] == [1000, 1000]


def test_an_answer_that_was_cut_off_is_told_to_be_shorter() -> None:
    model = Scripted([text()[:200], text()], finish_reason="length")
    judged(model)
    assert "cut off for its length" in model.questions[1].messages[-1][1]


def test_another_error_of_the_model_goes_on_to_the_caller() -> None:
    scripts: list[list[str | Exception]] = [[LLMError("timeout", "x")], [text(score=9), LLMError("over_budget", "x")]]
    for script in scripts:
        with pytest.raises(LLMError) as caught:
            judged(Scripted(script))
        assert not isinstance(caught.value, UnusableAnswerError)


def test_remarks_without_a_quote_that_holds_are_dropped_and_counted() -> None:
    invented = citation("assert model.accuracy > 0.97 on the test set")
    model = Scripted(
        [
            text(
                strengths=[strength("Good."), {**strength("Not quoted."), "citations": []}],
                improvements=[
                    improvement("Invented.", invented),
                    improvement("One holds.", invented, citation(LINES[3], 1)),
                ],
            )
        ]
    )
    judgement = judged(model).judgement
    assert [each.text for each in (*judgement.strengths, *judgement.improvements)] == ["Good.", "One holds."]
    assert (judgement.num_remarks_dropped, judgement.num_citations, judgement.num_citations_moved) == (2, 4, 1)
    assert judgement.dropped == ("tests/test_model.py:3: the quote does not stand in this file",) * 2
    assert judgement.review_reasons == ()


def test_too_few_remarks_that_hold_are_for_a_ta_to_see() -> None:
    nowhere = citation("nothing of the kind stands there")
    judgement = judged(Scripted([text(strengths=[strength("A", nowhere)], improvements=[])])).judgement
    assert judgement.review_reasons == (
        "Only 0 of 1 remarks have a quote that stands in the repository.",
        "1 of 1 quotes do not stand where the model says they do.",
    )
    none = judged(Scripted([text(strengths=[], improvements=[])])).judgement
    assert none.review_reasons == ("Only 0 of 0 remarks have a quote that stands in the repository.",)


def test_of_too_many_remarks_the_first_of_the_worst_are_kept() -> None:
    many = [improvement(f"Remark {at}.", severity=("minor", "critical")[at % 2]) for at in range(12)]
    judgement = judged(Scripted([text(improvements=many)])).judgement
    assert [each.text for each in judgement.improvements] == [f"Remark {at}." for at in (1, 3, 5, 7, 9, 11)]
    assert judgement.num_remarks_dropped == 0


def test_a_score_that_the_evidence_contradicts_is_kept_and_doubted() -> None:
    judgement = judged(Scripted([text(score=5)]), case(num_tests=0)).judgement
    assert judgement.score == 5
    assert judgement.review_reasons == ("5 of 5 for Unit testing, but no test was found: 0 tests in 0 files.",)


def test_lines_that_were_withheld_are_for_a_ta_to_see() -> None:
    judgement = judged(Scripted([text()]), case(num_withheld=2)).judgement
    assert "2 lines that address a reviewer" in judgement.review_reasons[0]


@pytest.mark.parametrize(("low", "expected"), [(4, 4), (3, 4), (1, 3)])
def test_the_score_of_the_report_is_the_mean_of_its_criteria(low: int, expected: int) -> None:
    criteria = content(area="report", score=4)["criteria"]
    for each in criteria[:3]:
        each["score"] = low
    remarks = {
        "strengths": [{**strength(), "criterion": "cloud"}] * 2,
        "improvements": [{**improvement(), "criterion": "cloud"}],
    }
    given = case(area="report", answers=[("docker", True, 80)])
    found = judged(Scripted([text(area="report", score=1, criteria=criteria, **remarks)]), given)
    assert found.judgement.score == expected


def test_what_is_too_long_is_asked_again_about_a_smaller_pack_that_says_so() -> None:
    shelf, model = Shelf(), Scripted([TOO_LONG, TOO_LONG, text()])
    found = judged(model, case(shelf))
    assert found.pack.num_lines_shown == len(LINES) - 2
    assert shelf.asked[1] < shelf.asked[0]
    assert ["did not fit" in each.messages[1][1] for each in model.questions] == [False, True, True]
    assert len({each.answer_id for each in model.questions}) == 3
    assert len({each.messages[0][1] for each in model.questions}) == 3


def test_an_answer_that_was_too_long_to_repair_was_paid_all_the_same() -> None:
    model = Scripted(["nothing", TOO_LONG, text()])
    found = judged(model)
    assert [each.purpose for each in model.questions] == ["first", "repair", "first"]
    assert len(found.answers) == 2


def test_a_model_that_takes_no_eighth_of_a_pack_is_asked_no_more() -> None:
    model = Scripted([TOO_LONG] * 9)
    with pytest.raises(LLMError, match="too long"):
        judged(model)
    assert len(model.questions) == 4


def test_a_pack_that_gets_no_smaller_is_not_asked_about_again() -> None:
    model = Scripted([TOO_LONG] * 9)
    given = case()
    with pytest.raises(LLMError, match="too long"):
        judged(model, Case(**{**vars(given), "smaller": lambda num_tokens: given.pack}))
    assert len(model.questions) == 1


@pytest.mark.parametrize(
    ("score", "reasons"), [(3, ()), (4, ()), (5, ("Two models disagree: 3 of 5, and 5 by other.",))]
)
def test_a_second_model_that_disagrees_leaves_the_score_to_the_ta(score: int, reasons: tuple[str, ...]) -> None:
    model = Scripted([text(), text(score=score)])
    found = judged(model, case(num_tests=9), judge("other"))
    assert (found.judgement.score, found.judgement.second_model, found.judgement.second_score) == (3, "other", score)
    assert found.judgement.review_reasons == reasons
    assert [(each.purpose, each.model) for each in model.questions] == [("first", "big-model"), ("second", "other")]
    assert len(found.answers) == 2


def test_a_second_model_without_a_usable_answer_takes_nothing_from_the_first() -> None:
    model = Scripted([text(), "nothing", "nothing"])
    found = judged(model, by=judge("other"))
    assert found.judgement.review_reasons == ("The second model, other, gave nothing usable.",)
    assert [each.purpose for each in model.questions] == ["first", "second", "second_repair"]
    assert len(found.answers) == 3
    assert found.is_complete


@pytest.mark.parametrize("is_final", [True, False])
def test_a_second_model_that_may_answer_later_leaves_the_judgement_incomplete(is_final: bool) -> None:
    found = judged(Scripted([text(), LLMError("over_budget", "No money.", is_final=is_final)]), by=judge("other"))
    assert found.is_complete is is_final
    assert found.judgement.score == 3
    assert found.judgement.review_reasons == ("The second model, other, has not answered: No money.",)


def answer_id(given: Case | None = None, **changes: Any) -> str:
    model = Scripted([text()])
    judged(model, given, Judge(**{**vars(judge()), **changes}))
    return model.questions[0].answer_id


def test_the_key_of_an_answer_changes_with_whatever_it_depends_on_and_nothing_else() -> None:
    rubric = RUBRIC.model_copy(update={"version": "2"})
    prompts = judge().prompts
    changed = [
        answer_id(),
        answer_id(case(num_withheld=1)),
        answer_id(rubric=rubric),
        answer_id(model="other"),
        answer_id(parameters={"temperature": 0, "seed": 2}),
        answer_id(prompts=type(prompts)(**{**vars(prompts), "version": "next"})),
    ]
    assert len(set(changed)) == len(changed)
    assert answer_id() == answer_id(case(num_tests=30)) == answer_id(parameters={"seed": 1, "temperature": 0})


def test_the_key_of_a_repair_changes_with_the_answer_and_with_what_was_wrong() -> None:
    asker = Asker("1", case().area, RUBRIC, judge().prompts, "big-model", {})
    model = Scripted([text(score=9), text(), text(score=8), text()])
    judged(model)
    judged(model)
    assert len({each.answer_id for each in model.questions}) == 3
    answer = asyncio.run(Scripted(["nothing"])(model.questions[0]))
    one, other = (asker.repair(model.questions[0], answer, [words], BOUNDARY).answer_id for words in ("A.", "B."))
    assert one != other


def test_a_shortened_pack_and_the_same_pack_in_full_are_two_questions() -> None:
    asker = Asker("1", case().area, RUBRIC, judge().prompts, "big-model", {})
    ids = {asker.first(case().pack, "", BOUNDARY, is_shortened=each).answer_id for each in (True, False)}
    assert len(ids) == 2


def test_the_key_of_a_judgement_knows_of_the_second_model() -> None:
    keys = {input_key("p", case().area, RUBRIC, judge().prompts, "m", {}, each) for each in (None, "a", "b")}
    assert len(keys) == 3


def test_halves_are_rounded_up() -> None:
    area = RUBRIC.area("report")
    first, second, third, fourth = (each.id for each in area.criteria[:4])
    assert area_score(area, 1, {first: 2, second: 3}) == 3
    assert area_score(area, 1, {first: 3, second: 4}) == 4
    assert area_score(area, 1, {first: 2, second: 2, third: 2, fourth: 3}) == 2
    assert area_score(area, 1, {}) == 1
    assert area_score(RUBRIC.area("ci_cd"), 5, {"workflows": 1}) == 5
