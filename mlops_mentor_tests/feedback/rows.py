"""Rows of `feedback`, `review_packs` and `reviews` for tests of what is made of them."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from mlops_mentor.schemas import FEEDBACK, REVIEW_PACKS, REVIEWS, validate

SHA = "a" * 40
WRITTEN_AT = datetime(2027, 1, 25, 10, tzinfo=UTC)
_ROW: dict[str, Any] = {
    "group_id": "1", "area": "code_quality", "state": "reviewed", "reason": None, "reviewer": "rules", "model": None,
    "score": 4, "criteria": [], "summary": "All in all well made.", "strengths": [], "improvements": [],
    "confidence": None, "num_remarks_dropped": 0, "num_citations": 0, "num_citations_moved": 0,
    "num_citations_dropped": 0, "dropped": [], "second_model": None, "second_score": None, "pack_id": "p",
    "snapshot_sha": SHA, "rubric_version": "1", "prompt_version": None, "written_at": WRITTEN_AT, "num_calls": 0,
    "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": None, "input_key": "",
}  # fmt: skip


def feedback_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `feedback`: code quality of group 1 by rules, 4 of 5, where a row does not say otherwise."""
    frame = pl.DataFrame([_ROW | row for row in rows], schema=FEEDBACK.schema)
    # An area stands once in the part of a group.
    for part in frame.partition_by("group_id"):
        validate(FEEDBACK, part)
    return frame


def remark(text: str, *citations: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A remark; with `severity` and `advice` it is one of `improvements`."""
    return {"criterion": None, "severity": None, "text": text, "advice": None, "citations": list(citations)} | more


def citation(path: str, line: int, quote: str, end_line: int | None = None) -> dict[str, Any]:
    return {
        "path": path, "start_line": line, "end_line": end_line or line, "quote": quote, "blob_id": "b" * 40,
        "is_moved": False,
    }  # fmt: skip


def pack_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `review_packs`."""
    default = {
        "group_id": "1", "area": "code_quality", "pack_id": "p", "snapshot_sha": SHA, "num_files": 3,
        "num_files_shown": 2, "num_lines": 100, "num_lines_shown": 50, "num_tokens": 9, "num_replaced": 0,
        "num_withheld": 0, "coverage": "2 of 3 files, 50 % of their lines", "files": [], "left_out": [],
    }  # fmt: skip
    return validate(REVIEW_PACKS, pl.DataFrame([default | row for row in rows], schema=REVIEW_PACKS.schema))


def review_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `reviews`: of group 1, by Kim, one minute after another from when `feedback_rows` were written."""
    default = {
        "group_id": "1",
        "area": None,
        "score": None,
        "comment": None,
        "text": None,
        "is_released": None,
        "reviewer": "Kim",
    }
    filled = [
        default | {"row": number + 2, "reviewed_at": WRITTEN_AT.replace(minute=number)} | row
        for number, row in enumerate(rows)
    ]
    return validate(REVIEWS, pl.DataFrame(filled, schema=REVIEWS.schema))
