"""A class against a server that fails in every way: an answer or a reason for all, and every token accounted for."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.calls import Answer, Call
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.spending import Budget
from mlops_mentor_tests.feedback.llm import asking
from mlops_mentor_tests.feedback.llm.asking import PRICE, ask_all, make_question
from mlops_mentor_tests.feedback.llm.fault_server import (
    CUT_BODY,
    DRIP,
    ENDLESS,
    EVERY_FAULT,
    FINE,
    SILENT,
    Asked,
    Behaviour,
    FaultServer,
    always,
    in_turn,
    per_question,
)

pytestmark = pytest.mark.loopback

_FASTER = 40.0
# An answer that was paid for and is of no use whatever one does.
_IN_VAIN = {"refusal", "filtered", "only reasoning", "never-ending", "packed", "too long, as OpenAI says",
            "too long, as llama.cpp says"}  # fmt: skip


@pytest.fixture(autouse=True)
def _faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses pass forty times as fast, for who waits and for who looks at the clock."""

    class FastGate(Gate):
        def __init__(self, concurrency: int, max_wait_s: float, **_: Any) -> None:
            super().__init__(concurrency, max_wait_s, now=lambda: time.monotonic() * _FASTER, sleep=fast)

    monkeypatch.setattr(asking, "Gate", FastGate)


async def fast(seconds: float) -> None:
    await asyncio.sleep(seconds / _FASTER)


def patience_s(fault: Behaviour) -> float:
    return 0.5 if fault in (DRIP, SILENT) else 20.0


def check_books(server: FaultServer, calls: list[Call]) -> None:
    """Ours are the server's, where it has told us, and never lower where it has not."""
    billed = server.billed
    assert sum(call.usage.prompt for call in calls) >= billed.prompt
    assert sum(call.usage.completion for call in calls) >= billed.completion
    told = [bill.usage for bill in server.bills if bill.is_told]
    said = [call.usage for call in calls if not call.usage.is_estimated and call.usage.prompt]
    assert Counter(told) == Counter(said)
    assert len(calls) >= len(server.seen)


@pytest.mark.parametrize("fault", EVERY_FAULT, ids=lambda fault: fault.name)
def test_a_fault_that_passes_costs_an_attempt_and_no_answer(tmp_path: Path, fault: Behaviour) -> None:
    calls: list[Call] = []
    with FaultServer(script=in_turn(fault)) as server:
        [result] = ask_all(
            server.url, tmp_path, [make_question()], calls=calls, timeout_s=patience_s(fault), sleep=fast
        )
        check_books(server, calls)
    assert isinstance(result, LLMError) == (fault.name in _IN_VAIN), result


@pytest.mark.parametrize("fault", EVERY_FAULT, ids=lambda fault: fault.name)
def test_a_fault_that_stays_ends_with_a_reason(tmp_path: Path, fault: Behaviour) -> None:
    calls: list[Call] = []
    with FaultServer(script=always(fault)) as server:
        [result] = ask_all(
            server.url, tmp_path, [make_question()], calls=calls, timeout_s=patience_s(fault), sleep=fast
        )
        check_books(server, calls)
    is_text = fault.name in ("cut text", "fenced", "wrong schema", "no usage")
    assert isinstance(result, Answer if is_text else LLMError), result


@pytest.mark.slow
def test_a_class_meets_every_fault_and_each_question_ends_with_an_answer_or_a_reason(tmp_path: Path) -> None:
    questions = [make_question(number) for number in range(130 * 4)]
    faults: dict[str, Behaviour] = {}

    def script(asked: Asked) -> Behaviour:
        fault = faults.setdefault(asked.question, EVERY_FAULT[len(faults) % len(EVERY_FAULT)])
        return fault if asked.attempt == 1 else FINE

    calls: list[Call] = []
    with FaultServer(script=script) as server:
        results = ask_all(server.url, tmp_path, questions, calls=calls, timeout_s=1.0, max_wait_s=1e5, sleep=fast)
        check_books(server, calls)
        num_seen = len(server.seen)
        answered = [result for result in results if isinstance(result, Answer)]
        reasons = Counter(result.outcome for result in results if isinstance(result, LLMError))
        assert len(answered) + reasons.total() == 520
        assert set(reasons) == {"refused", "too_long", "no_answer"}
        num_well = sum(fault.name not in _IN_VAIN for fault in faults.values())
        # A busy machine may run out of time before it is out of patience, and then asks again.
        num_endless = sum(fault == ENDLESS for fault in faults.values())
        assert num_well <= len(answered) <= num_well + num_endless
        # Once more: what was answered is not asked, and what was not is.
        again = ask_all(server.url, tmp_path, questions, calls=calls, timeout_s=1.0, sleep=fast)
        assert all(isinstance(result, Answer) for result in again)
        assert len(server.seen) == num_seen + reasons.total()
    budget = Budget(tmp_path / "spending", "run", run_usd=100, day_usd=100)
    assert budget.spent().run_usd == pytest.approx(sum(call.cost_usd or 0 for call in calls), abs=1e-6)
    assert budget.spent().run_usd >= PRICE.cost(server.billed)


def test_four_refusals_find_out_what_a_server_takes_for_a_whole_class(tmp_path: Path) -> None:
    calls: list[Call] = []
    with FaultServer(formats=(), parameters=(), tokens_fields=("max_completion_tokens",)) as server:
        results = ask_all(server.url, tmp_path, map(make_question, range(100)), calls=calls)
        assert all(isinstance(result, Answer) for result in results)
        assert len(server.seen) == 105
        check_books(server, calls)
    assert {call.response_format for call in calls if call.outcome == "answered"} == {"text"}


def test_a_wrong_key_is_tried_once(tmp_path: Path) -> None:
    with FaultServer(key="right") as server:
        results = ask_all(server.url, tmp_path, map(make_question, range(50)))
        assert len(server.seen) == 1
    assert {result.outcome for result in results if isinstance(result, LLMError)} == {"not_allowed"}


def test_a_question_that_is_too_long_is_told_from_the_others(tmp_path: Path) -> None:
    with FaultServer(context_tokens=2000) as server:
        short, long = ask_all(server.url, tmp_path, [make_question(1), make_question(2, text="x " * 9000)])
    assert isinstance(short, Answer)
    assert isinstance(long, LLMError)
    assert (long.outcome, long.is_final) == ("too_long", True)


def test_a_server_that_fell_silent_is_not_asked_for_each_of_a_class(tmp_path: Path) -> None:
    with FaultServer(script=in_turn(*[FINE] * 8, then=SILENT)) as server:
        results = ask_all(server.url, tmp_path, map(make_question, range(520)), timeout_s=0.3, sleep=fast)
        assert len(server.seen) <= 8 + 24
    assert sum(isinstance(result, Answer) for result in results) == 8


def test_no_more_are_asked_at_once_than_may_be(tmp_path: Path) -> None:
    with FaultServer(latency_s=0.02) as server:
        ask_all(server.url, tmp_path, map(make_question, range(60)), concurrency=5)
        assert server.most_at_once == 5


def test_the_budget_holds_against_a_server_that_tells_nothing_of_what_it_bills(tmp_path: Path) -> None:
    limit = 0.01
    with FaultServer(script=per_question(CUT_BODY, then=FINE)) as server:
        results = ask_all(server.url, tmp_path, map(make_question, range(200)), run_usd=limit, sleep=fast)
        assert PRICE.cost(server.billed) <= limit
    assert {result.outcome for result in results if isinstance(result, LLMError)} == {"over_budget"}
    assert Budget(tmp_path / "spending", "run", run_usd=limit, day_usd=100).left().run_usd >= 0


def asker(server: FaultServer, directory: Path, run_id: str, first: int, last: int) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "mlops_mentor_tests.feedback.llm.asking"]
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": os.environ["PATH"]}
    return subprocess.Popen([*program, server.url, str(directory), run_id, str(first), str(last)], env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("num_before", [1, 9, 30])
def test_a_killed_process_loses_no_answer_that_it_has_paid_for(tmp_path: Path, num_before: int) -> None:
    with FaultServer(latency_s=0.05) as server:
        with asker(server, tmp_path, "killed", 0, 60) as process:
            deadline = time.monotonic() + 30
            while len(server.bills) < num_before and time.monotonic() < deadline:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        time.sleep(0.2)
        billed_before, num_seen = server.num_bills(), len(server.seen)
        stored = [number for number in range(60) if AnswerStore(tmp_path / "answers").read(f"answer-{number:06}")]
        assert billed_before.total() >= num_before
        # Four at once: so many may have been under way, and nobody can know what became of those.
        assert billed_before.total() - len(stored) <= 4
        with asker(server, tmp_path, "later", 0, 60) as process:
            assert process.wait(60) == 0
        assert len(server.seen) - num_seen == 60 - len(stored)
        twice = [number for number in server.num_bills().values() if number > 1]
        assert len(twice) <= 4
        assert max(server.num_bills().values()) <= 2
    spent = Budget(tmp_path / "spending", "any", run_usd=1, day_usd=1).spent().day_usd
    assert spent >= PRICE.cost(server.billed), "what was under way stays counted"


@pytest.mark.slow
def test_processes_on_one_data_directory_keep_one_budget(tmp_path: Path) -> None:
    with FaultServer(latency_s=0.01) as server:
        processes = [asker(server, tmp_path, "run", first, first + 20) for first in (0, 20, 40)]
        assert [process.wait(60) for process in processes] == [0, 0, 0]
        assert max(server.num_bills().values()) == 1
    spent = Budget(tmp_path / "spending", "run", run_usd=1, day_usd=1).spent()
    assert spent.run_usd == pytest.approx(PRICE.cost(server.billed))
