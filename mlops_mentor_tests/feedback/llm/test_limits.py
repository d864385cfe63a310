"""The gate: how many at once, shared pauses, and an end to waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.limits import Gate


class Clock:
    """Time passes only in `sleep`; who sleeps at the same time wakes at the same time."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wakes_at = self.time + seconds
        await asyncio.sleep(0)
        self.time = max(self.time, wakes_at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_gate(clock: Clock, concurrency: int = 8, max_wait_s: float = 300.0) -> Gate:
    return Gate(concurrency, max_wait_s, now=clock.now, sleep=clock.sleep)


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def inner() -> Any:
        return await work()

    return asyncio.run(inner())


async def turn(gate: Gate) -> str:
    try:
        async with gate.turn():
            return "asked"
    except LLMError as error:
        return error.outcome


def test_no_more_are_asked_at_once_than_may_be(clock: Clock) -> None:
    gate, now, most = make_gate(clock, concurrency=3), 0, 0

    async def ask() -> None:
        nonlocal now, most
        async with gate.turn():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            now -= 1

    run(lambda: asyncio.gather(*(ask() for _ in range(20))))
    assert most == 3


def test_all_wait_for_the_pause_that_one_was_told_of_and_it_counts_once(clock: Clock) -> None:
    gate = make_gate(clock)
    gate.refuse(20.0)
    assert run(lambda: asyncio.gather(*(turn(gate) for _ in range(50)))) == ["asked"] * 50
    assert clock.time == 1020.0
    assert gate.waited_s == pytest.approx(20.0)


def test_the_longest_of_several_pauses_counts(clock: Clock) -> None:
    gate = make_gate(clock)
    for seconds in (5.0, 30.0, 1.0, 0.0):
        gate.refuse(seconds)
    run(lambda: turn(gate))
    assert clock.time == 1030.0


def test_pauses_grow_where_the_server_does_not_say_how_long_and_begin_anew_after_an_answer(clock: Clock) -> None:
    gate = make_gate(clock, max_wait_s=1e6)

    def pause() -> float:
        began = clock.time
        gate.refuse(None)
        run(lambda: turn(gate))
        return clock.time - began

    pauses = [pause() for _ in range(12)]
    assert all(2.0**number / 2 <= seconds <= 2.0**number for number, seconds in enumerate(pauses[:6]))
    assert max(pauses) <= 60
    gate.accepted()
    assert pause() <= 1.0


def test_calls_that_were_refused_together_are_one_refusal(clock: Clock) -> None:
    gate = make_gate(clock)
    for _ in range(64):
        gate.refuse(None)
    run(lambda: turn(gate))
    assert clock.time <= 1001.0


def test_a_pause_that_is_too_long_ends_everything_at_once_and_for_good(clock: Clock) -> None:
    gate = make_gate(clock, max_wait_s=300.0)
    gate.refuse(400.0)
    assert run(lambda: asyncio.gather(*(turn(gate) for _ in range(20)))) == ["rate_limited"] * 20
    assert clock.slept == []
    clock.time += 399.0
    assert run(lambda: turn(gate)) == "rate_limited", "a later question does not wait for the rest"


def test_all_pauses_together_are_no_longer_than_may_be_waited(clock: Clock) -> None:
    gate = make_gate(clock, max_wait_s=100.0)
    ended = []
    for _ in range(10):
        gate.refuse(30.0)
        ended.append(run(lambda: turn(gate)))
    assert ended == ["asked"] * 3 + ["rate_limited"] * 7
    assert gate.waited_s == pytest.approx(90.0)


def test_a_silent_server_is_asked_once_a_minute(clock: Clock) -> None:
    gate = make_gate(clock, concurrency=4)
    asked = 0
    for _ in range(500):
        if run(lambda: turn(gate)) == "asked":
            asked += 1
            gate.failed("timeout")
    assert asked == 10
    clock.time += 61
    assert run(lambda: turn(gate)) == "asked"
    assert run(lambda: turn(gate)) == "timeout"
    gate.accepted()
    assert run(lambda: turn(gate)) == "asked"


def test_a_server_that_answers_nonsense_is_given_more_time_but_not_for_ever(clock: Clock) -> None:
    gate = make_gate(clock)
    asked = 0
    for _ in range(500):
        if run(lambda: turn(gate)) == "asked":
            asked += 1
            gate.failed("no_answer")
    assert asked == 40


def test_who_fails_together_does_not_silence_a_wide_gate(clock: Clock) -> None:
    gate = make_gate(clock, concurrency=64)
    for _ in range(64):
        gate.failed("unreachable")
    assert run(lambda: turn(gate)) == "asked"


def test_who_waits_for_a_place_when_a_pause_begins_waits_for_its_end_too(clock: Clock) -> None:
    gate = make_gate(clock, concurrency=1)

    async def work() -> tuple[str, float]:
        async with gate.turn():
            waiting = asyncio.create_task(turn(gate))
            await asyncio.sleep(0)
            gate.refuse(20.0)
        return await waiting, clock.time

    assert run(work) == ("asked", 1020.0)


def test_who_gives_up_waiting_leaves_the_place_to_others(clock: Clock) -> None:
    gate = make_gate(clock, concurrency=1)

    async def work() -> str:
        async with gate.turn():
            waiting = asyncio.create_task(turn(gate))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.sleep(0)
        return await turn(gate)

    assert run(work) == "asked"
