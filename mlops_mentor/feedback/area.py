"""One area of one group: the reviewer's word on it, what is kept where there is none, and the row that says so.

Belongs here: choosing between the model, the rules and what was there before. How a model is judged is for `judge`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from mlops_mentor.errors import LLMError, UnusableAnswerError
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.inputs import FeedbackInputs
from mlops_mentor.feedback.judge.judge import Case, Judged, judge_area
from mlops_mentor.feedback.judge.tables import Circumstances, Spent, feedback_row
from mlops_mentor.feedback.llm.calls import Ask
from mlops_mentor.feedback.packs.build import shorter
from mlops_mentor.feedback.packs.pack import Pack, ReadSource
from mlops_mentor.feedback.packs.render import render
from mlops_mentor.feedback.rubric import Area
from mlops_mentor.feedback.rules.reviewer import review_by_rules

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
# What a reader sees; the rest of a row says where it comes from.
_TEXT = ("reviewer", "model", "score", "criteria", "summary", "strengths", "improvements")
OVER_BUDGET = "over_budget"


@dataclass(frozen=True)
class Asking:
    """How a model is asked: `new` may cost money, `stored` gives what it has answered before and nothing else."""

    new: Ask
    stored: Ask


@dataclass(frozen=True)
class Reviewing:
    """What the areas of a group are reviewed with.

    `packs` are by area; `boundary` gives the fences' mark of a pack, `keep` stores one that was made shorter; `asking`
    is None where rules review.
    """

    evidence: GroupEvidence
    inputs: FeedbackInputs
    packs: Mapping[str, Pack]
    read_source: ReadSource
    boundary: Callable[[str], str]
    keep: Callable[[Pack], object]
    asking: Asking | None


@dataclass(frozen=True)
class AreaResult:
    """A row of `feedback`, and why the reviewer that was asked for gave none, where it did not."""

    row: dict[str, Any]
    failure: LLMError | None = None

    @property
    def is_over_budget(self) -> bool:
        return self.failure is not None and self.failure.outcome == OVER_BUDGET


async def review_area(area: Area, before: Row | None, reviewing: Reviewing) -> AreaResult:
    """The reviewer's word on an area; `before` is the row that is there.

    What a model does wrong ends in a row that says so. A question that it has answered is not asked again: its answer
    is read anew, as the evidence may have changed beside it.
    """
    pack, inputs = reviewing.packs[area.id], reviewing.inputs
    if reviewing.asking is None or not pack.excerpts:
        return AreaResult(_by_rules(area, before, reviewing))
    key = inputs.area_key(area.id, pack.pack_id)
    is_answered = before is not None and before["input_key"] == key and not inputs.ask_again
    ask = reviewing.asking.stored if is_answered else reviewing.asking.new
    try:
        judged = await judge_area(_case(area, reviewing), inputs.judge, ask)
    except LLMError as error:
        if before is not None and is_answered and not isinstance(error, UnusableAnswerError):
            # Its answer was deleted since, and is not paid for again.
            return AreaResult({**before, "snapshot_sha": reviewing.evidence.snapshot_sha})
        return _without_answer(area, before, reviewing, error, key)
    except Exception as error:
        # A bug of ours in reading one answer must not take the group's other areas with it.
        log.exception("group %s, area %s", reviewing.evidence.group_id, area.id)
        unread = LLMError("no_answer", f"The answer could not be read: {type(error).__name__}.")
        return _without_answer(area, before, reviewing, unread, key)
    return _judged(judged, before, reviewing, key)


def _case(area: Area, reviewing: Reviewing) -> Case:
    return Case(
        area=area,
        pack=reviewing.packs[area.id],
        read=reviewing.read_source,
        evidence=reviewing.evidence,
        render=render,
        boundary=reviewing.boundary,
        smaller=lambda max_tokens: shorter(reviewing.packs[area.id], max_tokens),
    )


def _judged(judged: Judged, before: Row | None, reviewing: Reviewing, key: str) -> AreaResult:
    reviewing.keep(judged.pack)
    spent = Spent.of(judged.answers)
    about = _circumstances(reviewing, judged.pack, key if judged.is_complete else "", spent=spent, by_model=True)
    failure = None if judged.is_complete else LLMError("no_answer", "The second model has not answered.")
    return AreaResult(_timed(feedback_row(judged.judgement, about), before), failure)


def _without_answer(area: Area, before: Row | None, reviewing: Reviewing, error: LLMError, key: str) -> AreaResult:
    """What a model said of an earlier pack, or else what the rules say; asked again next time, if that may help."""
    kept_key = key if error.is_final else ""
    if before is not None and before["reviewer"] == "model":
        is_same = before["pack_id"] == reviewing.packs[area.id].pack_id
        reason = f"The text is {'an earlier one' if is_same else 'of an earlier state of the repository'}. {error}"
        return AreaResult({**before, "state": "kept", "reason": reason, "input_key": kept_key}, error)
    row = _by_rules(area, before, reviewing)
    state = row["state"] if row["score"] is None else "stand_in"
    spent = asdict(Spent.of(error.answers)) if isinstance(error, UnusableAnswerError) else {}
    return AreaResult({**row, **spent, "state": state, "reason": str(error), "input_key": kept_key}, error)


def _by_rules(area: Area, before: Row | None, reviewing: Reviewing) -> dict[str, Any]:
    judgement = review_by_rules(area, reviewing.evidence, reviewing.read_source)
    pack = reviewing.packs[area.id]
    key = reviewing.inputs.area_key(area.id, pack.pack_id)
    state = "nothing_to_review" if judgement.score is None else None
    return _timed(feedback_row(judgement, _circumstances(reviewing, pack, key), state=state), before)


def _circumstances(
    reviewing: Reviewing, pack: Pack, key: str, *, spent: Spent | None = None, by_model: bool = False
) -> Circumstances:
    inputs, evidence = reviewing.inputs, reviewing.evidence
    return Circumstances(
        group_id=evidence.group_id,
        snapshot_sha=evidence.snapshot_sha,
        rubric_version=inputs.rubric.version,
        written_at=datetime.now(UTC),
        pack_id=pack.pack_id,
        prompt_version=inputs.prompts.version if by_model else None,
        input_key=key,
        spent=spent or Spent(),
    )


def _timed(row: dict[str, Any], before: Row | None) -> dict[str, Any]:
    """The row; where it says what was said before it keeps the time, by which a TA has released it."""
    is_same = before is not None and all(row[name] == before[name] for name in _TEXT)
    return {**row, "written_at": before["written_at"]} if is_same and before is not None else row
