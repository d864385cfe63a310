"""When a server may be asked: the one gate that all calls of a run pass.

Belongs here: how many at once, pauses that the server asks for, and whether it answers at all. Trying again after
failures is for `caller`.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from mlops_mentor.errors import LLMError

log = logging.getLogger(__name__)

# A pause that is over on arrival would have a client ask without pause.
_SHORTEST_S = 0.5
# Where the server does not say how long: growing from the first to the longest.
_FIRST_S = 1.0
_LONGEST_S = 60.0
# Where every fifth call fails, as many failures in a row are one in ten million; calls that were sent together fail
# together. An answer of no use is a sign of life, and asking goes on for longer.
_MAX_UNANSWERED = 10
_MAX_USELESS = 40
_SILENCE_S = 60.0
# A pause of exactly what is left still fits.
_TOLERANCE_S = 0.001


class Gate:
    """At most `concurrency` calls at once, none during a pause, no more than `max_wait_s` of waiting in all.

    Once the waiting would be too long nobody asks any more. `now` is a clock in seconds, `sleep` waits on it.
    """

    def __init__(
        self,
        concurrency: int,
        max_wait_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._max_wait_s = max_wait_s
        self._now = now
        self._sleep = sleep
        self._until = float("-inf")
        self._num_refusals = 0
        self._end: LLMError | None = None
        self._silence = _Silence(now, concurrency)
        self._waited_s = 0.0
        self._num_waiting = 0
        self._waiting_since = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Within it one call may be sent.

        Raises:
            LLMError: the pause is longer than what may still be waited, or the server does not answer at all.
        """
        while True:
            await self._wait()
            await self._slots.acquire()
            if self._end is None and not self._is_paused():
                break
            # Meanwhile a pause has begun, and no place is held while waiting.
            self._slots.release()
        try:
            self._silence.check()
            yield
        finally:
            self._slots.release()

    def refuse(self, retry_after_s: float | None) -> None:
        """Note that the server asks to be left alone, for so long where it says so."""
        if retry_after_s is None:
            if self._is_paused():
                # Calls that were sent together are refused together: that is one refusal.
                return
            longest_s = min(_FIRST_S * 2.0**self._num_refusals, _LONGEST_S)
            retry_after_s = longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        self._num_refusals += 1
        self._until = max(self._until, self._now() + max(retry_after_s, _SHORTEST_S))

    def accepted(self) -> None:
        """Note that the server has worked, or has said what is wrong with a question: a new beginning."""
        self._num_refusals = 0
        self._silence.reset()

    def failed(self, outcome: str) -> None:
        """Note that an attempt was of no use: `timeout`, `unreachable`, `server_error` or `no_answer`."""
        self._silence.failed(outcome)

    @property
    def waited_s(self) -> float:
        """Seconds in which calls stood still for limits, however many waited."""
        return self._waited_s + (self._now() - self._waiting_since if self._num_waiting else 0.0)

    def _is_paused(self) -> bool:
        return self._until > self._now()

    async def _wait(self) -> None:
        while self._end is not None or self._is_paused():
            left_s = self._until - self._now()
            if self._end is None and left_s > self._max_wait_s - self.waited_s + _TOLERANCE_S:
                # For good: a later question would wait for what is left of the pause then.
                self._end = _too_long(left_s, self._max_wait_s)
                log.warning("%s", self._end)
            if self._end is not None:
                raise LLMError(self._end.outcome, self._end.reason)
            with self._standing_still(left_s):
                await self._sleep(left_s)

    @contextmanager
    def _standing_still(self, left_s: float) -> Iterator[None]:
        if self._num_waiting == 0:
            self._waiting_since = self._now()
            log.info("The model's server asks for a pause: waiting %.1f s", left_s)
        self._num_waiting += 1
        try:
            yield
        finally:
            waited_s = self.waited_s
            self._num_waiting -= 1
            if self._num_waiting == 0:
                self._waited_s = waited_s


class _Silence:
    """Whether asking is of use at all. After many failures in a row, one attempt a minute is enough."""

    def __init__(self, now: Callable[[], float], concurrency: int) -> None:
        self._now = now
        self._most = {
            True: max(_MAX_UNANSWERED, 2 * concurrency),
            False: max(_MAX_USELESS, 4 * concurrency),
        }
        self._next = 0.0
        self._outcome = "timeout"
        self.reset()

    def reset(self) -> None:
        # Whether it was silent -> how often in a row.
        self._num_failed = {True: 0, False: 0}

    def check(self) -> None:
        """Raise LLMError where asking is of no use at present."""
        if all(self._num_failed[kind] < self._most[kind] for kind in (True, False)):
            return
        if self._now() < self._next:
            num = sum(self._num_failed.values())
            raise LLMError(self._outcome, f"The model's server failed {num} times in a row. Look at it.")
        self._next = self._now() + _SILENCE_S

    def failed(self, outcome: str) -> None:
        self._num_failed[outcome in ("timeout", "unreachable")] += 1
        self._outcome = outcome
        self._next = self._now() + _SILENCE_S


def _too_long(left_s: float, max_wait_s: float) -> LLMError:
    reason = (
        f"The model's server asks for a pause of another {left_s:.0f} s, more than is left of the {max_wait_s:.0f} s "
        "that a run waits. What is done is kept; a later run goes on. Raise MENTOR_LLM_MAX_WAIT_S, or lower "
        "MENTOR_LLM_CONCURRENCY."
    )
    return LLMError("rate_limited", reason)
