"""Asking as a run does, put together from the settings: stored, paid, given up. A real server answers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.calls import Answer, Call, Question
from mlops_mentor.feedback.llm.server import Reviewer, Server
from mlops_mentor.feedback.llm.session import make_budget, open_caller
from mlops_mentor.settings import Settings
from mlops_mentor_tests.llm.asking import CODE, ENDLESS, TOO_LONG, MakeQuestion, Slots, assert_is_verdict

pytestmark = [pytest.mark.llm, pytest.mark.loopback]

RUN = "run-1"
# US dollars per million tokens: so much that a call is no rounding error.
PRICE = "1000,500,2000"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, llm_price=PRICE, llm_budget_run_usd=10_000, llm_budget_day_usd=10_000)


@pytest.fixture
def reviewer(server: Server, model: str) -> Reviewer:
    return Reviewer("model", "a test says so", server, model)


def _ignore(_: Call) -> None:
    pass


async def ask(
    settings: Settings, reviewer: Reviewer, *questions: Question, on_call: Callable[[Call], None] = _ignore
) -> list[Answer]:
    async with open_caller(settings, reviewer, RUN, on_call=on_call) as caller:
        return await asyncio.gather(*(caller.ask(each) for each in questions))


def test_an_answer_is_stored_and_needs_no_server_the_next_time(
    settings: Settings, reviewer: Reviewer, make_question: MakeQuestion
) -> None:
    question = make_question(f"{CODE}\nIs it tested?")
    [new] = asyncio.run(ask(settings, reviewer, question))
    assert_is_verdict(new.text)
    # Port 9 answers nobody.
    nowhere = replace(reviewer, server=Server("http://127.0.0.1:9/v1"))
    [stored] = asyncio.run(ask(settings, nowhere, question))
    assert not new.is_stored
    assert stored == replace(new, is_stored=True)


def test_several_who_ask_the_same_share_one_call(
    settings: Settings, reviewer: Reviewer, make_question: MakeQuestion
) -> None:
    calls: list[Call] = []
    question = make_question("Is it tested?")
    answers = asyncio.run(ask(settings, reviewer, *[question] * 4, on_call=calls.append))
    assert len(calls) == 1
    assert len({answer.text for answer in answers}) == 1
    assert [answer.is_stored for answer in answers].count(False) == 1


def test_what_the_server_counted_is_what_is_paid(
    settings: Settings, reviewer: Reviewer, make_question: MakeQuestion
) -> None:
    calls: list[Call] = []
    questions = [make_question(f"{CODE}\nQuestion {n}: is it tested?", answer_id=f"answer-000{n}") for n in range(3)]
    answers = asyncio.run(ask(settings, reviewer, *questions, on_call=calls.append))
    for call in calls:
        fresh = call.usage.prompt - call.usage.cached
        expected = (1000 * fresh + 500 * call.usage.cached + 2000 * call.usage.completion) / 1_000_000
        assert call.cost_usd == pytest.approx(expected)
        assert not call.usage.is_estimated
    paid = sum(answer.cost_usd or 0.0 for answer in answers)
    assert paid > 0
    assert make_budget(settings, RUN).spent().run_usd == pytest.approx(paid, rel=1e-6)


def test_a_question_that_is_too_long_costs_nothing(
    settings: Settings, reviewer: Reviewer, slots: Slots, make_question: MakeQuestion
) -> None:
    async def run() -> None:
        async with open_caller(settings, reviewer, RUN) as caller:
            with pytest.raises(LLMError) as raised:
                await caller.ask(make_question(TOO_LONG))
            assert (raised.value.outcome, raised.value.is_final) == ("too_long", True)

    asyncio.run(run())
    assert make_budget(settings, RUN).spent().run_usd == 0


def test_who_stops_waiting_stops_the_server_and_pays_what_it_may_have_cost(
    settings: Settings, reviewer: Reviewer, slots: Slots, make_question: MakeQuestion
) -> None:
    calls: list[Call] = []

    async def run() -> None:
        async with open_caller(settings, reviewer, RUN, on_call=calls.append) as caller:
            task = asyncio.create_task(caller.ask(make_question(CODE, ENDLESS)))
            await slots.until_busy()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await slots.until_idle()

    asyncio.run(run())
    [call] = calls
    assert call.outcome == "no_answer"
    assert call.answer_id is None
    assert make_budget(settings, RUN).spent().run_usd > 0


def test_a_slow_server_is_given_up_and_said_to_be_slow(
    settings: Settings, reviewer: Reviewer, slots: Slots, make_question: MakeQuestion
) -> None:
    calls: list[Call] = []
    hasty = settings.model_copy(update={"llm_timeout_s": 1.0})
    with pytest.raises(LLMError) as raised:
        asyncio.run(ask(hasty, reviewer, make_question(CODE, ENDLESS), on_call=calls.append))
    assert raised.value.outcome == "timeout"
    assert "MENTOR_LLM_TIMEOUT_S" in raised.value.reason
    assert {call.outcome for call in calls} == {"timeout"}
    asyncio.run(slots.until_idle())
