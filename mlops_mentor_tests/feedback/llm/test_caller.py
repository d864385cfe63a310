"""A question's way to its answer: stored, paid for, tried again, given up, and never asked twice."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.caller import Caller
from mlops_mentor.feedback.llm.calls import Answer, Call, Question, Usage
from mlops_mentor.feedback.llm.habits import Form
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.replies import Failure, Reply
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor.feedback.llm.spending import Budget
from mlops_mentor_tests.feedback.llm.asking import MODEL, PRICE, make_question, outcome_of
from mlops_mentor_tests.feedback.llm.test_limits import Clock

USAGE = Usage(1000, 500, 100)
FINE = Reply("Well.", USAGE, "tiny-2026", "stop")
COST = (500 * PRICE.input + 500 * PRICE.cached + 100 * PRICE.output) / 1e6

BROKEN = Failure("no_answer", "cut off", 200, may_be_billed=True)
TIMEOUT = Failure("timeout", "too slow", may_be_billed=True)
UNREACHABLE = Failure("unreachable", "nobody there")
ERROR = Failure("server_error", "oops", 500)
LIMITED = Failure("rate_limited", "slowly", 429, retry_after_s=7.0)
LOADING = Failure("server_error", "loading", 503)
BAD_KEY = Failure("not_allowed", "wrong key", 401, stops="server", is_final=True)
NO_MODEL = Failure("bad_request", "no such model", 404, stops="model", is_final=True)
TOO_LONG = Failure("too_long", "too long", 400, is_final=True)
REFUSED = Failure("refused", "no", 200, usage=Usage(1000, 0, 3), is_final=True)


class FakeSender:
    """Gives what it is told in turn, then the last for ever; a list of what it was asked."""

    def __init__(self, *results: Reply | Failure, seconds: float = 0.0) -> None:
        self.server = Server("http://127.0.0.1:1/v1")
        self.max_tokens = 300
        self.asked: list[tuple[Question, Form]] = []
        self._results = list(results)
        self._seconds = seconds

    async def attempt(self, question: Question, form: Form) -> Reply | Failure:
        self.asked.append((question, form))
        await asyncio.sleep(self._seconds)
        return self._results.pop(0) if len(self._results) > 1 else self._results[0]


class Desk:
    """A caller and all that it works with."""

    def __init__(self, directory: Path, sender: FakeSender, *, run_usd: float = 10.0, concurrency: int = 8) -> None:
        self.clock = Clock()
        self.sender = sender
        self.calls: list[Call] = []
        self.answers = AnswerStore(directory / "answers")
        self.budget = Budget(directory / "spending", "run", run_usd=run_usd, day_usd=10.0)
        self.gate = Gate(concurrency, 300.0, now=self.clock.now, sleep=self.clock.sleep)
        self.caller = Caller(
            sender, {MODEL: PRICE, "other": PRICE}, self.answers, self.budget, self.gate,
            on_call=self.calls.append, clock=self.clock.now, sleep=self.clock.sleep,
        )  # fmt: skip

    def ask(self, *questions: Question) -> list[Answer | LLMError]:
        async def work() -> list[Answer | LLMError]:
            return await asyncio.gather(*(outcome_of(self.caller.ask(question)) for question in questions))

        return asyncio.run(work())

    def ask_one(self, question: Question | None = None) -> Answer | LLMError:
        return self.ask(question or make_question())[0]

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def inner() -> Any:
            return await work()

        return asyncio.run(inner())


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path) -> MakeDesk:
    return lambda *results, seconds=0.0, **more: Desk(tmp_path, FakeSender(*results, seconds=seconds), **more)


def test_an_answer_is_stored_paid_for_and_written_down(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE)
    answer = desk.ask_one()
    assert isinstance(answer, Answer)
    assert (answer.text, answer.usage, answer.num_calls, answer.is_stored) == ("Well.", USAGE, 1, False)
    assert answer.cost_usd == pytest.approx(COST)
    assert desk.budget.spent().run_usd == pytest.approx(COST, abs=1e-8)
    [call] = desk.calls
    assert (call.outcome, call.reason, call.usage, call.answer_id) == ("answered", None, USAGE, answer.answer_id)
    assert (call.server, call.response_format, call.attempt) == ("127.0.0.1:1", "json_schema", 1)


def test_what_is_stored_is_not_asked_again(make_desk: MakeDesk) -> None:
    first = make_desk(FINE).ask_one()
    again = make_desk(ERROR)
    answer = again.ask_one()
    assert isinstance(answer, Answer)
    assert isinstance(first, Answer)
    assert (answer.is_stored, answer.text, answer.cost_usd) == (True, first.text, first.cost_usd)
    assert (again.sender.asked, again.calls) == ([], [])


@pytest.mark.parametrize(
    ("failure", "num_attempts"),
    [(BROKEN, 2), (TIMEOUT, 2), (UNREACHABLE, 4), (ERROR, 4), (LIMITED, 8), (LOADING, 8), (TOO_LONG, 1), (REFUSED, 1),
     (BAD_KEY, 1), (NO_MODEL, 1), (Failure("bad_request", "no", 400, is_final=True), 1)],
)  # fmt: skip
def test_what_may_pass_is_tried_again_a_few_times_and_nothing_else(
    make_desk: MakeDesk, failure: Failure, num_attempts: int
) -> None:
    desk = make_desk(failure)
    error = desk.ask_one()
    assert isinstance(error, LLMError)
    assert (error.outcome, error.reason, error.is_final) == (failure.outcome, failure.reason, failure.is_final)
    assert len(desk.sender.asked) == num_attempts
    assert [call.attempt for call in desk.calls] == list(range(1, num_attempts + 1))


@pytest.mark.parametrize("failure", [BROKEN, TIMEOUT, UNREACHABLE, ERROR, LIMITED, LOADING])
def test_an_answer_after_a_failure_counts_what_both_cost(make_desk: MakeDesk, failure: Failure) -> None:
    desk = make_desk(failure, FINE)
    answer = desk.ask_one()
    assert isinstance(answer, Answer)
    assert answer.num_calls == 2
    assert answer.cost_usd == pytest.approx(sum(call.cost_usd or 0 for call in desk.calls))
    assert desk.budget.spent().run_usd == pytest.approx(answer.cost_usd, abs=1e-8)


def test_what_may_have_worked_is_counted_rather_too_high_and_what_cannot_have_is_free(make_desk: MakeDesk) -> None:
    question = make_question()
    for failure, usage in (
        (TIMEOUT, Usage(question.num_tokens, 0, 300, is_estimated=True)),
        (BROKEN, Usage(question.num_tokens, 0, 300, is_estimated=True)),
        (UNREACHABLE, Usage()),
        (ERROR, Usage()),
        (REFUSED, Usage(1000, 0, 3)),
    ):
        desk = make_desk(failure)
        desk.ask_one()
        assert desk.calls[0].usage == usage


def test_an_answer_without_numbers_is_estimated(make_desk: MakeDesk) -> None:
    answer = make_desk(Reply("Well." * 30, None, None, None)).ask_one()
    assert isinstance(answer, Answer)
    assert answer.usage == Usage(make_question().num_tokens, 0, 54, is_estimated=True)


def test_all_wait_when_one_is_told_to(make_desk: MakeDesk) -> None:
    desk = make_desk(LIMITED, FINE)
    answers = desk.ask(*map(make_question, range(20)))
    assert all(isinstance(answer, Answer) for answer in answers)
    assert desk.clock.time == 1007.0
    assert len(desk.sender.asked) == 21


def test_a_pause_that_is_too_long_ends_the_run_with_a_reason(make_desk: MakeDesk) -> None:
    desk = make_desk(Failure("rate_limited", "slowly", 429, retry_after_s=3600.0))
    errors = desk.ask(*map(make_question, range(50)))
    assert {error.outcome for error in errors if isinstance(error, LLMError)} == {"rate_limited"}
    assert len(desk.sender.asked) <= 8
    assert desk.clock.slept == []


def test_a_silent_server_is_not_asked_hundreds_of_times(make_desk: MakeDesk) -> None:
    desk = make_desk(TIMEOUT)
    errors = desk.ask(*map(make_question, range(520)))
    assert {error.outcome for error in errors if isinstance(error, LLMError)} == {"timeout"}
    assert len(desk.sender.asked) <= 24


def test_a_wrong_key_ends_all_asking_with_one_reason(make_desk: MakeDesk) -> None:
    desk = make_desk(BAD_KEY, seconds=0.001)
    errors = desk.ask(*map(make_question, range(100)))
    assert {(error.outcome, error.reason) for error in errors if isinstance(error, LLMError)} == {
        ("not_allowed", "wrong key")
    }
    assert len(desk.sender.asked) == 1, "the first call goes alone"


def test_a_missing_model_ends_asking_for_it_alone(make_desk: MakeDesk) -> None:
    desk = make_desk(NO_MODEL, FINE)
    first = desk.ask_one(make_question(1))
    assert isinstance(first, LLMError)
    assert isinstance(desk.ask_one(make_question(2)), LLMError)
    assert isinstance(desk.ask_one(make_question(3, model="other")), Answer)


def test_the_form_is_found_out_by_one_call_for_all(make_desk: MakeDesk) -> None:
    def refused(said: str) -> Failure:
        return Failure("bad_request", said, 400, said, is_final=True)

    desk = make_desk(refused("response_format"), refused("temperature"), FINE, seconds=0.001)
    answers = desk.ask(*map(make_question, range(30)))
    assert all(isinstance(answer, Answer) for answer in answers)
    assert len(desk.sender.asked) == 32
    assert desk.caller.form(MODEL) == Form("json_object", has_temperature=False)
    assert [call.outcome for call in desk.calls[:3]] == ["bad_request", "bad_request", "answered"]


def test_the_same_question_at_once_is_asked_once_and_counted_once(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE, seconds=0.01)
    answers = desk.ask(*[make_question(1)] * 10)
    assert len(desk.sender.asked) == len(desk.calls) == 1
    assert sorted(answer.is_stored for answer in answers if isinstance(answer, Answer)) == [False] + [True] * 9


def test_the_same_question_at_once_fails_for_all_who_ask_it(make_desk: MakeDesk) -> None:
    desk = make_desk(REFUSED, seconds=0.01)
    errors = desk.ask(*[make_question(1)] * 5)
    assert [error.outcome for error in errors if isinstance(error, LLMError)] == ["refused"] * 5
    assert len(desk.sender.asked) == 1


def test_the_budget_is_used_to_its_end_and_never_beyond(make_desk: MakeDesk) -> None:
    limit = 20 * COST + PRICE.most(make_question(59), 300) + 1e-6
    desk = make_desk(FINE, run_usd=limit, seconds=0.001)
    answers = desk.ask(*map(make_question, range(60)))
    num = sum(isinstance(answer, Answer) for answer in answers)
    assert {error.outcome for error in answers if isinstance(error, LLMError)} == {"over_budget"}
    # What others have set aside comes back: the run ends when a call no longer fits, and not before.
    assert num == 21
    assert desk.budget.spent().run_usd <= limit


def test_who_is_over_the_budget_is_told_what_to_raise(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE, run_usd=0.0)
    error = desk.ask_one()
    assert isinstance(error, LLMError)
    assert error.outcome == "over_budget"
    assert "MENTOR_LLM_BUDGET_RUN_USD" in error.reason
    assert desk.sender.asked == []


def test_who_gives_up_pays_for_what_the_server_may_have_done_and_may_ask_again(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE, seconds=0.05)

    async def give_up() -> None:
        async with asyncio.timeout(0.01):
            await desk.caller.ask(make_question())

    with pytest.raises(TimeoutError):
        desk.run(give_up)
    [call] = desk.calls
    assert (call.outcome, call.usage.is_estimated) == ("no_answer", True)
    assert desk.budget.spent().run_usd == pytest.approx(call.cost_usd, abs=1e-8)
    assert desk.answers.read("answer-000001") is None
    assert isinstance(desk.ask_one(), Answer)


def test_who_gives_up_takes_nothing_from_others_who_ask_the_same(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE, seconds=0.03)

    async def work() -> Answer:
        impatient = asyncio.create_task(desk.caller.ask(make_question()))
        patient = asyncio.create_task(desk.caller.ask(make_question()))
        await asyncio.sleep(0.01)
        impatient.cancel()
        return await patient

    answer = desk.run(work)
    assert (answer.text, len(desk.calls)) == ("Well.", 1)


def test_who_gives_up_while_waiting_for_the_gate_pays_nothing(make_desk: MakeDesk) -> None:
    desk = make_desk(FINE, seconds=0.05, concurrency=1)

    async def work() -> None:
        first = asyncio.create_task(desk.caller.ask(make_question(1)))
        second = asyncio.create_task(desk.caller.ask(make_question(2)))
        await asyncio.sleep(0.01)
        second.cancel()
        await first

    desk.run(work)
    assert [call.group_id for call in desk.calls] == ["1"]
    assert desk.budget.spent().run_usd == pytest.approx(COST, abs=1e-8)


def test_what_was_paid_is_in_the_ledger_even_where_it_cannot_be_stored(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(FINE)

    def full(answer: Answer) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(desk.answers, "write", full)
    with pytest.raises(OSError, match="No space"):
        desk.ask_one()
    assert desk.budget.spent().run_usd == pytest.approx(COST, abs=1e-8)


def test_totals_say_what_was_asked(make_desk: MakeDesk) -> None:
    desk = make_desk(ERROR, FINE)
    desk.ask(make_question(1))
    desk.ask(make_question(1))
    totals = desk.caller.totals
    assert (totals.num_calls, totals.num_answered, totals.num_stored, totals.num_failed) == (2, 1, 1, 0)
    assert totals.summary().startswith("1 answers in 2 calls, 1 stored before, 0 without an answer; 1000 tokens sent")
