"""What feedback would ask and cost, before anybody is asked.

Belongs here: counting questions that are neither answered nor stored. Packs are made as a run would make them, and
thrown away.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlops_mentor.feedback.group_feedback import GroupFeedback
from mlops_mentor.feedback.inputs import FeedbackInputs, has_commit
from mlops_mentor.feedback.judge.questions import Asker
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.calls import Question
from mlops_mentor.feedback.llm.prices import estimate_usd
from mlops_mentor.feedback.llm.session import make_budget, prices_of
from mlops_mentor.feedback.llm.spending import Left
from mlops_mentor.feedback.packs.render import render
from mlops_mentor.schemas import FEEDBACK, LLM_CALLS
from mlops_mentor.settings import Settings

log = logging.getLogger(__name__)

# Where no call has been made yet: what a typical answer of this form has.
_COMPLETION_TOKENS = 1_200


@dataclass(frozen=True)
class Estimate:
    """Questions of a run by area of the rubric: (area, calls, tokens sent); US dollars, likely and at the most.

    `likely_usd` takes each answer for as long as answers were so far, and none for repaired; `most_usd` is what would
    be reserved. `left` is None where no model is asked. `failed` are the groups of which no pack can be made.
    """

    reviewer: str
    num_groups: int
    areas: tuple[tuple[str, int, int], ...]
    likely_usd: float
    most_usd: float
    left: Left | None = None
    failed: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.reviewer
        if self.left is None:
            yield f"{self.num_groups} groups; no model is asked, and nothing is paid."
            return
        for area, num_calls, num_tokens in self.areas:
            yield f"{area}: {num_calls} calls, about {num_tokens} tokens sent"
        calls = sum(num_calls for _, num_calls, _ in self.areas)
        yield (
            f"{calls} calls for {self.num_groups} groups: about {self.likely_usd:.2f} US dollars, {self.most_usd:.2f} "
            f"at the most, repairs not counted. "
            f"Left: {self.left.run_usd:.2f} of a run, {self.left.day_usd:.2f} of today."
        )
        if self.failed:
            yield f"Not counted, as no pack of them can be made: groups {', '.join(self.failed)}. A run says why."
        if self.likely_usd > min(self.left.run_usd, self.left.day_usd):
            yield "That is more than the budget: a run would stop there, and a later one go on."


def estimate_class(groups: Sequence[GroupFeedback], inputs: FeedbackInputs, settings: Settings) -> Estimate:
    """What making feedback of these groups would take, what is answered already left out.

    Raises:
        ConfigError: the model's price is not known.
    """
    reviewer = inputs.reviewer
    ready = [group for group in groups if has_commit(group.lake, group.work.group)]
    if reviewer.server is None:
        return Estimate(reviewer.summary, len(ready), (), 0.0, 0.0)
    prices = prices_of(settings, reviewer)
    answers = AnswerStore(settings.answers_dir)
    with ThreadPoolExecutor(settings.workers) as pool:
        by_group = list(pool.map(_questions_or_none, ready))
    found = [question for questions in by_group for question in questions or ()]
    new = [question for question in found if inputs.ask_again or answers.read(question.answer_id) is None]
    completion = _usual_completion(ready)
    areas = tuple(
        (area.id, len(asked), sum(question.num_tokens for question in asked))
        for area in inputs.rubric.areas
        if (asked := [question for question in new if question.area == area.id])
    )
    return Estimate(
        reviewer.summary,
        len({question.group_id for question in new}),
        areas,
        sum(estimate_usd([question], prices[question.model], completion) for question in new),
        sum(prices[question.model].most(question, settings.llm_max_tokens) for question in new),
        make_budget(settings, "estimate").left(),
        tuple(group.group_id for group, questions in zip(ready, by_group, strict=True) if questions is None),
    )


def _questions_or_none(group: GroupFeedback) -> list[Question] | None:
    """None where a run would fail for this group too: the others' cost is worth knowing all the same."""
    try:
        return _questions(group)
    except Exception as error:  # noqa: BLE001 - a group that fails in a run fails there alone, too
        log.info("group %s cannot be estimated: %s: %s", group.group_id, type(error).__name__, error)
        return None


def _questions(group: GroupFeedback) -> list[Question]:
    """The first questions on each area, to both models; for a group that is up to date none."""
    inputs = group.inputs
    if inputs.is_current(group.lake, group.work.group) and not inputs.ask_again:
        return []
    before = group.lake.read_or_empty(FEEDBACK, group.group_id).select("area", "input_key")
    answered = set() if inputs.ask_again else set(before.iter_rows())
    questions = []
    for pack in group.packs(inputs.pack_tokens):
        # What was answered once is not asked again, even where its answer was deleted since.
        if not pack.excerpts or (pack.area, inputs.area_key(pack.area, pack.pack_id)) in answered:
            continue
        boundary, judge = group.store.boundary(pack.pack_id), inputs.judge
        for model, is_second in ((judge.model, False), (judge.second_model, True)):
            if model is None:
                continue
            asker = Asker(
                group.group_id, inputs.rubric.area(pack.area), inputs.rubric, inputs.prompts, model, judge.parameters,
                is_second=is_second,
            )  # fmt: skip
            questions.append(asker.first(pack, render(pack, boundary), boundary, is_shortened=False))
    return questions


def _usual_completion(groups: Sequence[GroupFeedback]) -> int:
    """The mean length of answers so far, in tokens."""
    if not groups:
        return _COMPLETION_TOKENS
    calls = groups[0].lake.read_groups(LLM_CALLS, [group.group_id for group in groups])
    answered = calls.filter(calls["outcome"] == "answered")["completion_tokens"]
    return round(float(answered.mean() or _COMPLETION_TOKENS))  # type: ignore[arg-type]  # of numbers it is one
