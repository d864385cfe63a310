"""What is written down of a call: its answer, its money, its row.

Belongs here: the order in which that happens, and what a call cost that nobody says the cost of. Whether and when to
call is for `caller`.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.calls import Answer, Call, Question, Usage, estimate_tokens
from mlops_mentor.feedback.llm.habits import Form
from mlops_mentor.feedback.llm.prices import Price
from mlops_mentor.feedback.llm.replies import Failure, Reply
from mlops_mentor.feedback.llm.spending import Budget, Reservation

_NO_USAGE = Usage()


@dataclass
class Totals:
    """What was asked in a run, for people: answers that were stored before, calls, tokens, US dollars."""

    num_stored: int = 0
    num_answered: int = 0
    num_failed: int = 0
    num_calls: int = 0
    usage: Usage = _NO_USAGE
    cost_usd: float = 0.0

    def summary(self) -> str:
        """In a sentence."""
        tokens = (
            f"{self.usage.prompt} tokens sent, {self.usage.cached} of them cached, {self.usage.completion} received"
        )
        return (
            f"{self.num_answered} answers in {self.num_calls} calls, {self.num_stored} stored before, "
            f"{self.num_failed} without an answer; {tokens}; {self.cost_usd:.4f} US dollars"
        )


@dataclass
class Asking:
    """A question on its way: what its calls so far were and did cost.

    `has_other_form`: the last call was refused for its form, and another is known.
    """

    question: Question
    num_calls: int = 0
    num_forms: int = 0
    has_other_form: bool = False
    failed: Counter[str] = field(default_factory=Counter)
    usage: Usage = _NO_USAGE
    cost_usd: float = 0.0


@dataclass(frozen=True)
class Span:
    """When a call began (UTC), and how long it took."""

    began_at: datetime
    seconds: float


class Books:
    """Of one run: answers, ledger, and `on_call`, which hears of every call when it is paid for and stored."""

    def __init__(
        self,
        prices: Mapping[str, Price],
        answers: AnswerStore,
        budget: Budget,
        *,
        server: str,
        max_tokens: int,
        on_call: Callable[[Call], None],
    ) -> None:
        self.totals = Totals()
        self._prices = prices
        self._answers = answers
        self._budget = budget
        self._server = server
        self._max_tokens = max_tokens
        self._on_call = on_call

    def stored(self, answer_id: str) -> Answer | None:
        """The answer that was paid for before."""
        if (answer := self._answers.read(answer_id)) is not None:
            self.totals.num_stored += 1
        return answer

    def reserve(self, question: Question) -> Reservation:
        """Set aside what a call can cost at the most.

        Raises:
            LLMError: `over_budget`.
        """
        return self._budget.reserve(self._prices[question.model].most(question, self._max_tokens))

    def close(
        self, asking: Asking, form: Form, reservation: Reservation, result: Reply | Failure, span: Span
    ) -> Answer | Failure:
        """Store what came, settle what it cost, tell of it: in this order, so that a kill loses the least."""
        question = asking.question
        usage = self._usage(question, result)
        cost_usd = self._prices[question.model].cost(usage)
        asking.num_calls += 1
        asking.usage, asking.cost_usd = _sum(asking.usage, usage), asking.cost_usd + cost_usd
        try:
            closed = self._store(asking, result) if isinstance(result, Reply) else result
        finally:
            self._budget.settle(reservation, cost_usd)
            totals = self.totals
            totals.num_calls += 1
            totals.usage, totals.cost_usd = _sum(totals.usage, usage), totals.cost_usd + cost_usd
        self._on_call(self._call(asking, form, result, span, usage, cost_usd))
        return closed

    def _store(self, asking: Asking, reply: Reply) -> Answer:
        answer = Answer(
            asking.question.answer_id, reply.text, reply.model_answered, reply.finish_reason, asking.usage,
            asking.cost_usd, asking.num_calls, is_stored=False,
        )  # fmt: skip
        self._answers.write(answer)
        return answer

    def _usage(self, question: Question, result: Reply | Failure) -> Usage:
        """What the server said, else what it may have been, rather too high; nothing where it cannot have worked."""
        if result.usage is not None:
            return result.usage
        prompt = max(question.num_tokens, estimate_tokens([text for _, text in question.messages]))
        if isinstance(result, Reply):
            return Usage(prompt, 0, estimate_tokens([result.text]), is_estimated=True)
        return Usage(prompt, 0, self._max_tokens, is_estimated=True) if result.may_be_billed else Usage()

    def _call(
        self, asking: Asking, form: Form, result: Reply | Failure, span: Span, usage: Usage, cost_usd: float
    ) -> Call:
        question = asking.question
        outcome, reason = ("answered", None) if isinstance(result, Reply) else (result.outcome, result.reason)
        return Call(
            group_id=question.group_id, area=question.area, call_id=secrets.token_hex(8), purpose=question.purpose,
            attempt=asking.num_calls, model=question.model, model_answered=result.model_answered, server=self._server,
            began_at=span.began_at, seconds=span.seconds, outcome=outcome, reason=reason, status=result.status,
            response_format=form.response_format, finish_reason=result.finish_reason, usage=usage, cost_usd=cost_usd,
            answer_id=question.answer_id if reason is None else None,
        )  # fmt: skip


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt + other.prompt,
        one.cached + other.cached,
        one.completion + other.completion,
        one.is_estimated or other.is_estimated,
    )
