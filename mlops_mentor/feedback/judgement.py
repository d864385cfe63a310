"""A judgement: what a reviewer, model or rules, says of one area, as far as it was verified.

Belongs here: the shape. How a model's answer becomes one is for `judge`, how rules write one for `rules`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """Lines of a file at the commit (from 1, both included), and the quote that stands on them.

    `is_moved`: the reviewer named other lines; these are where the quote stands.
    """

    path: str
    start_line: int
    end_line: int
    quote: str
    blob_id: str
    is_moved: bool = False


@dataclass(frozen=True)
class Remark:
    """One thing that is good or could be better. `severity` and `advice` are None for strengths."""

    criterion: str | None
    text: str
    citations: tuple[Citation, ...]
    severity: str | None = None
    advice: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What a reviewer says of an area; `review_reasons` are why a TA should look before relying on it."""

    area: str
    reviewer: str
    score: int | None
    summary: str
    strengths: tuple[Remark, ...]
    improvements: tuple[Remark, ...]
    criteria: tuple[tuple[str, int], ...] = ()
    model: str | None = None
    confidence: int | None = None
    review_reasons: tuple[str, ...] = ()
    num_remarks_dropped: int = 0
    num_citations: int = 0
    num_citations_moved: int = 0
    dropped: tuple[str, ...] = ()
    second_model: str | None = None
    second_score: int | None = None
