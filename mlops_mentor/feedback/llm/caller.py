"""Asking: what is stored first, then the budget, then the server, as often as it is worth.

Belongs here: one question's way to its answer. One attempt is for `client`, pauses are for `limits`, what is written
down of a call is for `bookkeeping`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.bookkeeping import Asking, Books, Span, Totals
from mlops_mentor.feedback.llm.calls import Answer, Call, Question
from mlops_mentor.feedback.llm.habits import MOST_FORMS, Form, Habits
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.prices import Price
from mlops_mentor.feedback.llm.replies import Failure, Reply
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor.feedback.llm.spending import Budget, Reservation

log = logging.getLogger(__name__)

# Attempts of one question by how the last one failed; what is not here is not tried again. An answer that was paid for
# and is worth nothing is asked for once more, a refused call costs nothing.
_ATTEMPTS = {"rate_limited": 8, "server_error": 4, "unreachable": 4, "timeout": 2, "no_answer": 2}
# These say nothing of the question.
_OF_NO_USE = ("server_error", "unreachable", "timeout", "no_answer")
_FIRST_BACKOFF_S = 0.5
_GIVEN_UP = Failure("no_answer", "Given up by ourselves while the server was at it.", may_be_billed=True)


class Sender(Protocol):
    """Sends one question once, as `client.Client` does."""

    @property
    def server(self) -> Server: ...

    @property
    def max_tokens(self) -> int: ...

    async def attempt(self, question: Question, form: Form) -> Reply | Failure:
        """What comes of it."""


@dataclass
class _Shared:
    """One question that several ask at once."""

    task: asyncio.Task[Answer]
    num_waiting: int = 0


class Caller:
    """Asks one server for one run, within one event loop; `ask` is an `Ask`.

    `prices` by model; `on_call` hears of every call, of those that failed as well, when it is paid for and stored.
    """

    def __init__(
        self,
        sender: Sender,
        prices: Mapping[str, Price],
        answers: AnswerStore,
        budget: Budget,
        gate: Gate,
        *,
        on_call: Callable[[Call], None] = lambda call: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sender = sender
        self._books = Books(
            prices, answers, budget, server=sender.server.name, max_tokens=sender.max_tokens, on_call=on_call
        )
        self._gate = gate
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._habits: dict[str, Habits] = {}
        self._shared: dict[str, _Shared] = {}
        # By model; under the empty name for all.
        self._stopped: dict[str, LLMError] = {}
        self._num_underway = 0
        self._settled = asyncio.Event()

    @property
    def totals(self) -> Totals:
        """What was asked so far."""
        return self._books.totals

    @property
    def waited_s(self) -> float:
        """Seconds in which all stood still because the server asked for it."""
        return self._gate.waited_s

    def form(self, model: str) -> Form:
        """In which form the server is asked for this model, as far as that was found out."""
        return self._habits_of(model).form

    async def ask(self, question: Question) -> Answer:
        """The answer, stored or new; who asks what another is asking waits for that one's answer.

        Raises:
            LLMError: there is none, for its reason; `too_long` where a shorter question may have one, `over_budget`
                where it was not asked at all.
        """
        if (stored := self._books.stored(question.answer_id)) is not None:
            return stored
        shared = self._shared.get(question.answer_id)
        is_first = shared is None
        if shared is None:
            shared = self._shared[question.answer_id] = _Shared(asyncio.create_task(self._answer(question)))
            shared.task.add_done_callback(lambda _: self._shared.pop(question.answer_id, None))
        answer = await _wait_for(shared)
        # Paid once, and so counted once.
        return answer if is_first else replace(answer, is_stored=True)

    async def _answer(self, question: Question) -> Answer:
        asking = Asking(question)
        try:
            while True:
                result = await self._attempt(asking)
                if isinstance(result, Answer):
                    self.totals.num_answered += 1
                    return result
                await self._before_next(asking, result)
        except LLMError:
            self.totals.num_failed += 1
            raise

    async def _attempt(self, asking: Asking) -> Answer | Failure:
        """One call, paid for and written down."""
        question = asking.question
        habits = self._habits_of(question.model)
        async with habits.scouting(), self._gate.turn():
            # Asked in the gate: whoever queued up behind a first question learns what that one learned.
            self._check_stopped(question.model)
            reservation = await self._reserve(question)
            form = habits.form
            result = await self._send(asking, form, reservation)
            if isinstance(result, Failure):
                self._note(question.model, result)
                asking.has_other_form = habits.learn(form, result)
            else:
                self._gate.accepted()
            return result

    async def _reserve(self, question: Question) -> Reservation:
        while True:
            try:
                return self._books.reserve(question)
            except LLMError:
                # What others have set aside is more than they will need: only when nobody is asking it is final.
                if self._num_underway == 0:
                    raise
            await self._settled.wait()

    async def _send(self, asking: Asking, form: Form, reservation: Reservation) -> Answer | Failure:
        began_at, began = self._now(), self._clock()
        result: Reply | Failure = _GIVEN_UP
        self._num_underway += 1
        try:
            result = await self._sender.attempt(asking.question, form)
        finally:
            # Also when cancelled: the server works on, and wants its money.
            self._num_underway -= 1
            try:
                closed = self._books.close(asking, form, reservation, result, Span(began_at, self._clock() - began))
            finally:
                self._settled.set()
                self._settled = asyncio.Event()
        return closed

    def _note(self, model: str, failure: Failure) -> None:
        """What a failure means for the other questions."""
        if _is_pause(failure):
            self._gate.refuse(failure.retry_after_s)
        elif failure.outcome in _OF_NO_USE:
            self._gate.failed(failure.outcome)
        else:
            self._gate.accepted()
        if failure.stops:
            log.warning("%s Nothing more is asked of it in this run.", failure.reason)
            self._stopped[model if failure.stops == "model" else ""] = _error(failure)

    def _check_stopped(self, model: str) -> None:
        if (error := self._stopped.get("") or self._stopped.get(model)) is not None:
            raise LLMError(error.outcome, error.reason, is_final=error.is_final)

    async def _before_next(self, asking: Asking, failure: Failure) -> None:
        """Wait as long as the next attempt should; LLMError where there is none."""
        asking.num_forms += asking.has_other_form
        if asking.has_other_form and asking.num_forms <= MOST_FORMS:
            return
        asking.failed[failure.outcome] += 1
        num_failed = asking.failed[failure.outcome]
        most = _ATTEMPTS["rate_limited"] if _is_pause(failure) else _ATTEMPTS.get(failure.outcome, 0)
        if failure.is_final or num_failed >= most:
            raise _error(failure)
        # The gate knows of pauses that the server asks for.
        if not _is_pause(failure):
            backoff_s = _FIRST_BACKOFF_S * 2.0 ** (num_failed - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            log.info("%s Trying again in %.1f s.", failure.reason, backoff_s)
            await self._sleep(backoff_s)

    def _habits_of(self, model: str) -> Habits:
        return self._habits.setdefault(model, Habits(self._sender.server.base_url))


async def _wait_for(shared: _Shared) -> Answer:
    """The answer of a task that ends when the last of those who wait for it has given up."""
    shared.num_waiting += 1
    try:
        return await asyncio.shield(shared.task)
    except asyncio.CancelledError:
        if shared.num_waiting == 1 and not shared.task.done():
            shared.task.cancel()
            # Until it is settled; another cancellation need not wait for that.
            await asyncio.wait({shared.task})
            if not shared.task.cancelled():
                shared.task.exception()
        raise
    finally:
        shared.num_waiting -= 1


def _is_pause(failure: Failure) -> bool:
    """The server asks everybody to wait."""
    return failure.outcome == "rate_limited" or failure.status == 503


def _error(failure: Failure) -> LLMError:
    return LLMError(failure.outcome, failure.reason, is_final=failure.is_final)
