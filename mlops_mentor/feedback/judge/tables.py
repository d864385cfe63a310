"""The tables `feedback` and `llm_calls` from judgements and calls.

Belongs here: rows and frames, for rules and models alike. Who is asked, and when, is for the caller.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.feedback.judgement import Judgement, Remark
from mlops_mentor.feedback.llm.calls import Answer, Call
from mlops_mentor.schemas.feedback import FEEDBACK, LLM_CALLS
from mlops_mentor.schemas.table import validate


@dataclass(frozen=True)
class Spent:
    """What a judgement took: calls, tokens and US dollars, those of earlier runs included; None: price not known."""

    num_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0

    @classmethod
    def of(cls, answers: Iterable[Answer]) -> "Spent":
        """What these answers took together."""
        answers = list(answers)
        costs = [each.cost_usd for each in answers]
        return cls(
            sum(each.num_calls for each in answers),
            sum(each.usage.prompt for each in answers),
            sum(each.usage.completion for each in answers),
            None if None in costs else sum(cost for cost in costs if cost is not None),
        )


@dataclass(frozen=True)
class Circumstances:
    """What a row of `feedback` says besides the judgement; see the table for what each is."""

    group_id: str
    snapshot_sha: str
    rubric_version: str
    written_at: datetime
    pack_id: str | None = None
    prompt_version: str | None = None
    input_key: str = ""
    spent: Spent = Spent()


def feedback_row(
    judgement: Judgement, circumstances: Circumstances, *, state: str | None = None, reason: str | None = None
) -> dict[str, Any]:
    """A row of `feedback`.

    Without a `state` it is `needs_review` where there are reasons for it, `reviewed` otherwise. A `reason` stands
    before those of the judgement.
    """
    reasons = [each for each in (reason, *judgement.review_reasons) if each]
    spent = circumstances.spent
    return {
        "group_id": circumstances.group_id,
        "area": judgement.area,
        "state": state or ("needs_review" if reasons else "reviewed"),
        "reason": " ".join(reasons) or None,
        "reviewer": judgement.reviewer,
        "model": judgement.model,
        "score": judgement.score,
        "criteria": [{"criterion": criterion, "score": score} for criterion, score in judgement.criteria],
        "summary": judgement.summary,
        "strengths": [_remark(each) for each in judgement.strengths],
        "improvements": [_remark(each) for each in judgement.improvements],
        "confidence": judgement.confidence,
        "num_remarks_dropped": judgement.num_remarks_dropped,
        "num_citations": judgement.num_citations,
        "num_citations_moved": judgement.num_citations_moved,
        "num_citations_dropped": len(judgement.dropped),
        "dropped": list(judgement.dropped),
        "second_model": judgement.second_model,
        "second_score": judgement.second_score,
        "pack_id": circumstances.pack_id,
        "snapshot_sha": circumstances.snapshot_sha,
        "rubric_version": circumstances.rubric_version,
        "prompt_version": circumstances.prompt_version,
        "written_at": circumstances.written_at,
        "num_calls": spent.num_calls,
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "cost_usd": spent.cost_usd,
        "input_key": circumstances.input_key,
    }


def feedback_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The table `feedback` of these rows, by area in their order.

    Raises:
        SchemaError: a row does not fit the table.
    """
    return validate(FEEDBACK, pl.DataFrame(list(rows), schema=FEEDBACK.schema))


def llm_calls_frame(calls: Iterable[Call], run_id: str | None) -> pl.DataFrame:
    """The table `llm_calls` of these calls, the oldest first; `run_id` is that of Dagster's run.

    Raises:
        SchemaError: a call does not fit the table.
    """
    rows = [_call(each, run_id) for each in sorted(calls, key=lambda call: (call.began_at, call.call_id))]
    return validate(LLM_CALLS, pl.DataFrame(rows, schema=LLM_CALLS.schema))


def _remark(remark: Remark) -> dict[str, Any]:
    return {**asdict(remark), "citations": [asdict(each) for each in remark.citations]}


def _call(call: Call, run_id: str | None) -> dict[str, Any]:
    row = {name: value for name, value in vars(call).items() if name != "usage"}
    return {
        **row,
        "prompt_tokens": call.usage.prompt,
        "cached_tokens": call.usage.cached,
        "completion_tokens": call.usage.completion,
        "is_estimated": call.usage.is_estimated,
        "run_id": run_id,
    }
