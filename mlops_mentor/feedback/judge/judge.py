"""Judging one area of one group: the question, the answer, its repair, what of it holds, and a second opinion.

Belongs here: the order of things. Which areas are asked for at one time, and what stands in for a model that gave
nothing usable, is for whoever calls; storing, paying and trying again is behind `ask`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from mlops_mentor.errors import LLMError, UnusableAnswerError
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judge.answer import CUT_OFF, GivenAnswer, Rejected, read_answer
from mlops_mentor.feedback.judge.questions import Asker, Parameters
from mlops_mentor.feedback.judge.verdict import disagreement, verified
from mlops_mentor.feedback.judgement import Judgement
from mlops_mentor.feedback.llm.calls import Answer, Ask, Question, estimate_tokens
from mlops_mentor.feedback.packs.pack import Pack, ReadSource
from mlops_mentor.feedback.prompts import Prompts
from mlops_mentor.feedback.rubric import Area, Rubric

log = logging.getLogger(__name__)

_MAX_HALVINGS = 3


@dataclass(frozen=True)
class Judge:
    """What is the same for all groups. `parameters` are those of the model's: they go into the keys of answers."""

    rubric: Rubric
    prompts: Prompts
    model: str
    parameters: Parameters
    second_model: str | None = None


@dataclass(frozen=True)
class Case:
    """One area of one group.

    `render` gives the beginning of the user's message for a pack and the fences' mark, `boundary` that mark for a
    pack's id, `smaller` a pack of the area that takes at most so many tokens, `read` a source at the commit.
    """

    area: Area
    pack: Pack
    read: ReadSource
    evidence: GroupEvidence
    render: Callable[[Pack, str], str]
    boundary: Callable[[str], str]
    smaller: Callable[[int], Pack]


@dataclass(frozen=True)
class Judged:
    """A judgement and what it took: `answers` of all calls that gave a text, of earlier runs too.

    `pack` is what the first model saw in the end. Not `is_complete`: the second model may answer another time, and
    asking again costs nothing for what is answered already.
    """

    judgement: Judgement
    answers: tuple[Answer, ...]
    pack: Pack
    is_complete: bool = True


@dataclass(frozen=True)
class _Opinion:
    given: GivenAnswer
    answers: tuple[Answer, ...]
    pack: Pack


async def judge_area(case: Case, judge: Judge, ask: Ask) -> Judged:
    """What a model says of an area, its citations checked and its score held against the evidence.

    Raises:
        UnusableAnswerError: neither the answer nor its repair can be used.
        LLMError: there is no answer, for its reason; `too_long` where a pack of an eighth is so still.
    """
    first = await _opinion(case, judge, ask, judge.model, is_second=False)
    judgement = verified(first.given, case.area, judge.rubric, case.evidence, case.read, first.pack)
    judged = Judged(replace(judgement, model=judge.model), first.answers, first.pack)
    return judged if judge.second_model is None else await _with_second(judged, case, judge, ask, judge.second_model)


async def _with_second(judged: Judged, case: Case, judge: Judge, ask: Ask, model: str) -> Judged:
    """The judgement beside the score of a second model, which cannot take away what the first has said."""
    answers, is_complete, score = judged.answers, True, None
    reason: str | None
    try:
        second = await _opinion(case, judge, ask, model, is_second=True)
    except UnusableAnswerError as error:
        answers, reason = (*answers, *error.answers), f"The second model, {model}, gave nothing usable."
    except LLMError as error:
        is_complete = error.is_final
        reason = f"The second model, {model}, has not answered: {error.reason}"
    else:
        answers = (*answers, *second.answers)
        other = verified(second.given, case.area, judge.rubric, case.evidence, case.read, second.pack)
        score = other.score
        reason = disagreement(judged.judgement, other, model, judge.rubric)
    reasons = judged.judgement.review_reasons + ((reason,) if reason else ())
    judgement = replace(judged.judgement, second_model=model, second_score=score, review_reasons=reasons)
    return replace(judged, judgement=judgement, answers=answers, is_complete=is_complete)


async def _opinion(case: Case, judge: Judge, ask: Ask, model: str, *, is_second: bool) -> _Opinion:
    """A usable answer, about a smaller pack where the model takes no more."""
    asker = Asker(
        case.evidence.group_id, case.area, judge.rubric, judge.prompts, model, judge.parameters, is_second=is_second
    )
    pack, paid = case.pack, list[Answer]()
    for num_left in range(_MAX_HALVINGS, -1, -1):
        boundary = case.boundary(pack.pack_id)
        shown = case.render(pack, boundary)
        question = asker.first(pack, shown, boundary, is_shortened=num_left < _MAX_HALVINGS)
        try:
            given = await _answer(asker, question, boundary, ask, paid)
            return _Opinion(given, tuple(paid), pack)
        except LLMError as error:
            smaller = case.smaller(estimate_tokens([shown]) // 2) if error.outcome == "too_long" and num_left else None
            if smaller is None or smaller.pack_id == pack.pack_id:
                raise
            log.info("%s, %s: too long for %s, trying %s", asker.group_id, case.area.id, model, smaller.coverage)
            pack = smaller
    raise AssertionError("the last attempt returns or raises")


async def _answer(asker: Asker, question: Question, boundary: str, ask: Ask, paid: list[Answer]) -> GivenAnswer:
    """An answer that can be used, repaired once where the first cannot; whatever came back is added to `paid`."""
    paid.append(await ask(question))
    given = _read(asker, paid[-1], boundary)
    if not isinstance(given, Rejected):
        return given
    paid.append(await ask(asker.repair(question, paid[-1], given.problems, boundary)))
    repaired = _read(asker, paid[-1], boundary)
    if isinstance(repaired, Rejected):
        reason = f"No answer of {asker.model} can be used, the repaired one neither. {' '.join(repaired.problems)}"
        raise UnusableAnswerError(reason, paid)
    return repaired


def _read(asker: Asker, answer: Answer, boundary: str) -> GivenAnswer | Rejected:
    given = read_answer(answer.text, asker.area, asker.rubric, boundary)
    if isinstance(given, Rejected) and answer.finish_reason == "length":
        return Rejected((*given.problems, CUT_OFF))
    return given
