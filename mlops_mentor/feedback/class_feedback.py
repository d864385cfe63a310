"""The feedback of many groups at once: one event loop for the calls, threads for what computes, one budget.

Belongs here: how many groups are under way, and what they share. What is done for one is for `group_feedback`.
"""

import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from mlops_mentor.chain.chain import ChainResult, Finished, progress
from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.area import Asking
from mlops_mentor.feedback.group_feedback import GroupFeedback, review_group
from mlops_mentor.feedback.inputs import FeedbackInputs, has_commit
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.bookkeeping import Totals
from mlops_mentor.feedback.llm.caller import Caller
from mlops_mentor.feedback.llm.calls import Answer, Call, Question
from mlops_mentor.feedback.llm.session import make_budget, open_caller
from mlops_mentor.feedback.llm.spending import Budget
from mlops_mentor.feedback.packs.store import PackStore
from mlops_mentor.github.access import NO_TOKEN
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK_TABLES, LLM_CALLS, empty
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass
class Review:
    """A run's feedback; call it with groups. Use through `reviewing`."""

    settings: Settings
    inputs: FeedbackInputs
    portal: BlockingPortal
    run_id: str
    asking: Asking | None = None
    totals: Totals = field(default_factory=Totals)
    budget: Budget | None = None
    under_way: dict[str, GroupFeedback] = field(default_factory=dict)

    def __call__(self, groups: Sequence[Group], selected: Collection[str]) -> Iterator[ChainResult]:
        """What became of each group, in the order in which they finish.

        Groups without a commit have no rows; those whose repository was never read are left out.
        """
        lake = Lake(self.settings.lake_dir)
        states = {group.group_id: has_commit(lake, group) for group in groups}
        for group in groups:
            if states[group.group_id] is False:
                yield without_commit(lake, group, selected)
        ready = [group for group in groups if states[group.group_id]]
        bounds = self.portal.call(self._bounds)
        futures = [self.portal.start_task_soon(self._one, group, lake, bounds, selected) for group in ready]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            # A run that is cancelled ends the calls under way: what they cost is noted all the same.
            for future in futures:
                future.cancel()

    def note(self, call: Call) -> None:
        """Keep what a call cost with its group."""
        self.under_way[call.group_id].note(call)

    def summary(self) -> str:
        """What was asked and spent, in a sentence."""
        if self.budget is None:
            return "No model was asked."
        left = self.budget.left()
        return f"{self.totals.summary()}. Left: {left.run_usd:.2f} of the run, {left.day_usd:.2f} of the day."

    def spent(self) -> dict[str, str]:
        """Calls, tokens and US dollars of the run, by name; nothing where no model was asked."""
        if self.budget is None:
            return {}
        tokens = self.totals.usage.prompt + self.totals.usage.completion
        return {"calls": str(self.totals.num_calls), "tokens": str(tokens), "usd": f"{self.totals.cost_usd:.4f}"}

    async def _bounds(self) -> tuple[anyio.CapacityLimiter, anyio.CapacityLimiter]:
        """Of threads that compute, and of groups under way: enough of them to keep the model busy, as each holds its
        repository's texts."""
        workers = self.settings.workers
        return anyio.CapacityLimiter(workers), anyio.CapacityLimiter(workers + self.settings.llm_concurrency)

    async def _one(
        self,
        group: Group,
        lake: Lake,
        bounds: tuple[anyio.CapacityLimiter, anyio.CapacityLimiter],
        selected: Collection[str],
    ) -> ChainResult:
        settings, (threads, places) = self.settings, bounds
        async with places:
            feedback = feedback_of(group, lake, self.inputs, settings)
            feedback = replace(feedback, asking=self.asking, threads=threads, run_id=self.run_id)
            self.under_way[group.group_id] = feedback
            try:
                result = await review_group(feedback, selected)
            finally:
                del self.under_way[group.group_id]
        has_failed = result.failed_table is not None
        extra = {"group_id": result.group_id, "failed": has_failed, "reason": result.reason}
        progress.info("group %s %s", result.group_id, "failed" if has_failed else "done", extra=extra)
        return result


def without_commit(lake: Lake, group: Group, selected: Collection[str]) -> ChainResult:
    """Parts without rows for a group with nothing to review. What was paid for it stays."""
    finished = []
    for table in FEEDBACK_TABLES:
        if table.name not in selected:
            continue
        before = lake.read_or_empty(table, group.group_id)
        frame = lake.write(table, before if table is LLM_CALLS else empty(table), group.group_id)
        finished.append(Finished(table, frame, is_unchanged=frame.equals(before)))
    return ChainResult(group.group_id, tuple(finished))


@contextmanager
def reviewing(settings: Settings, inputs: FeedbackInputs, run_id: str | None = None) -> Iterator[Review]:
    """A run's feedback, with what it needs to ask a model where one reviews.

    Raises:
        ConfigError: the model's price is not known.
    """
    run_id = run_id or secrets.token_hex(8)
    with start_blocking_portal() as portal:
        review = Review(settings, inputs, portal, run_id)
        if inputs.reviewer.server is None:
            yield review
            return
        with portal.wrap_async_context_manager(_asking(review)):
            yield review


@asynccontextmanager
async def _asking(review: Review) -> AsyncIterator[None]:
    settings, inputs = review.settings, review.inputs
    async with open_caller(settings, inputs.reviewer, review.run_id, on_call=review.note) as caller:
        review.totals, review.budget = caller.totals, make_budget(settings, review.run_id)
        review.asking = asking_of(caller, AnswerStore(settings.answers_dir), ask_again=inputs.ask_again)
        yield


def asking_of(caller: Caller, answers: AnswerStore, *, ask_again: bool) -> Asking:
    """How a model is asked; with `ask_again` each question once more, though its answer be stored."""
    asked: set[str] = set()

    async def new(question: Question) -> Answer:
        is_asked = not ask_again or question.answer_id in asked
        asked.add(question.answer_id)
        aside = None if is_asked else answers.set_aside(question.answer_id)
        try:
            return await caller.ask(question)
        finally:
            if aside is not None:
                # Without a new one the old answer stands: it was paid for.
                answers.put_back(question.answer_id, aside)

    async def stored(question: Question) -> Answer:
        answer = answers.read(question.answer_id)
        if answer is None:
            raise LLMError("no_answer", "What was answered before is not stored any more.")
        return answer

    return Asking(new, stored)


def feedback_of(group: Group, lake: Lake, inputs: FeedbackInputs, settings: Settings) -> GroupFeedback:
    """What a group's feedback is made with, nobody asked: its stored tables and its mirror, GitHub left alone."""
    limits = Limits(settings.git_timeout_s, settings.ask_timeout_s)
    work = GroupWork(group, lake, inputs.inputs, limits, settings.mirrors_dir, NO_TOKEN)
    return GroupFeedback(work, inputs, PackStore(settings.packs_dir), settings.locks_dir)
