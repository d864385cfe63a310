"""What the UI shows of a group's part of a table: what a lecturer or a TA looks at first.

Belongs here: a few numbers and rows by table. How rows become metadata is for `metadata`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from mlops_mentor.chain.chain import Finished
from mlops_mentor.defs.metadata import activity_picture, cell, table_metadata
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    FEEDBACK,
    FEEDBACK_REPORTS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    LLM_CALLS,
    PROGRESS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    REVIEW_PACKS,
    WORKFLOW_RUNS,
)

_PREVIEW_ROWS = 5
_MAX_SENTENCE = 300


def part_metadata(part: Finished) -> Mapping[str, Any]:
    """A group's part of a table, as a lecturer would look at it."""
    metadata: dict[str, Any] = {"dagster/partition_row_count": part.frame.height, "unchanged": part.is_unchanged}
    if describe := _DESCRIBED.get(part.table.name):
        metadata |= describe(part.frame)
    return metadata


def _snapshot(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    shown = ("status", "reason", "default_branch", "snapshot_sha", "snapshot_rule", "rule_reason", "num_late_commits",
             "rewritten_from", "renamed_to")  # fmt: skip
    metadata: dict[str, Any] = {name: row[name] for name in shown if row[name] is not None}
    for name in ("snapshot_at", "deadline_at", "last_late_at", "rewritten_at"):
        if row[name] is not None:
            metadata[name] = dg.MetadataValue.timestamp(row[name])
    if row["repo_url"].startswith("https://"):
        metadata["repository"] = dg.MetadataValue.url(row["repo_url"])
    return metadata | {"mirror_mb": round((row["mirror_bytes"] or 0) / 1e6, 1)}


def _github_repo(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    shown = ("status", "reason", "full_name", "is_private", "is_archived", "is_empty", "is_fork", "num_pull_requests")
    return {name: row[name] for name in shown if row[name] is not None}


def _pushes(frame: pl.DataFrame) -> dict[str, Any]:
    newest = frame.sort("pushed_at", descending=True)
    return {
        "num_forced": int(frame["is_forced"].sum()),
        "newest": table_metadata(newest, ["pushed_at", "ref", "kind", "after"], max_rows=_PREVIEW_ROWS),
    }


def _pull_requests(frame: pl.DataFrame) -> dict[str, Any]:
    newest = frame.sort("number", descending=True)
    by_state = frame["state"].value_counts(sort=True)
    return {
        **{f"num_{state}": num for state, num in by_state.iter_rows()},
        "num_reviewed": int((frame["reviewers"].list.len() > 0).sum()),
        "newest": table_metadata(newest, ["number", "title", "state", "num_reviews"], max_rows=_PREVIEW_ROWS),
    }


def _workflow_runs(frame: pl.DataFrame) -> dict[str, Any]:
    by_result = frame.group_by("workflow", pl.coalesce("conclusion", "status").alias("result")).agg(num_runs=pl.len())
    ordered = by_result.sort("workflow", "num_runs", descending=[False, True])
    return {"by_workflow": table_metadata(ordered, ordered.columns, max_rows=4 * _PREVIEW_ROWS)}


def _flags(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["severity", "flag", "happened_at", "path", "line", "detail"]
    shown = table_metadata(frame, columns, max_rows=len(frame), max_cell=_MAX_SENTENCE)
    return {"to_look_at": shown} if len(frame) else {}


def _commits(frame: pl.DataFrame) -> dict[str, Any]:
    return {
        "num_on_default": int(frame["is_on_default"].sum()),
        "num_merges": int(frame["is_merge"].sum()),
        "lines_added": int(frame["lines_added"].sum()),
        "preview": table_metadata(
            frame, ["authored_at", "author_name", "message", "lines_added"], max_rows=_PREVIEW_ROWS
        ),
    }


def _contributors(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["name", "kind", "num_commits", "num_co_authored", "lines_added", "num_active_days"]
    return {
        "num_persons": int((frame["kind"] == "person").sum()),
        "preview": table_metadata(frame, columns, max_rows=2 * _PREVIEW_ROWS),
    }


def _files(frame: pl.DataFrame) -> dict[str, Any]:
    by_kind = frame.group_by("kind").agg(
        num_files=pl.len(), mb=(pl.col("bytes").sum() / 1e6).round(2), lines=pl.col("lines").sum()
    )
    ordered = by_kind.sort("num_files", descending=True)
    return {
        "num_unavailable": int(frame["is_available"].not_().sum()),
        "by_kind": table_metadata(ordered, ordered.columns, max_rows=len(ordered)),
    }


def _checklist(frame: pl.DataFrame) -> dict[str, Any]:
    """The two short lists, and how many items have each verdict."""
    columns = ["item", "title", "claim_line", "path", "line", "reason"]
    without_evidence = frame.filter(pl.col("verdict").is_in(["unsupported", "partly_supported"]))
    without_claim = frame.filter(pl.col("verdict") == "unclaimed")
    verdicts = frame["verdict"].value_counts(sort=True)
    shown = {f"num_{verdict}": number for verdict, number in verdicts.iter_rows()}
    for name, rows in (("claims_without_evidence", without_evidence), ("evidence_without_claim", without_claim)):
        if rows.height:
            shown[name] = table_metadata(rows, columns, max_rows=rows.height, max_cell=_MAX_SENTENCE)
    return shown


def _report_answers(frame: pl.DataFrame) -> dict[str, Any]:
    missing = frame.filter(~pl.col("is_answered"))
    shown: dict[str, Any] = {"num_answered": frame.height - missing.height}
    if frame.height:
        shown |= {"report": frame["path"][0], "template": frame["template"][0]}
    return shown | (
        {"not_answered": table_metadata(missing, ["question", "title", "line"], max_rows=frame.height)}
        if missing.height
        else {}
    )


def _report_checks(frame: pl.DataFrame) -> dict[str, Any]:
    failed = frame.filter(pl.col("outcome").is_in(["no", "partial"]))
    columns = ["question", "check", "outcome", "line", "reason"]
    rows = table_metadata(failed, columns, max_rows=failed.height, max_cell=_MAX_SENTENCE)
    return {"to_look_at": rows} if failed.height else {}


def _contributions(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["name", "kind", "member", "num_commits", "lines_surviving", "share_lines_surviving", "num_active_days",
               "num_prs_reviewed"]  # fmt: skip
    return {"preview": table_metadata(frame, columns, max_rows=2 * _PREVIEW_ROWS)}


def _code_quality(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    shown = ("lines_own_python", "violations_per_1000_lines", "share_functions_typed", "share_documented",
             "max_complexity", "num_tests", "num_assertions", "share_pinned", "num_secrets")  # fmt: skip
    return {name: row[name] for name in shown if row[name] is not None}


def _progress(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["day", "progress", "checklist_shown", "report_answered", "tests_and_ci", "reproducibility", "balance"]
    percent = [pl.col(name) * 100 for name in columns[2:]]
    newest = frame.sort("day", descending=True).with_columns(percent)
    return {"percent_by_day": table_metadata(newest, columns, max_rows=len(newest))}


def _repo_stats(frame: pl.DataFrame) -> dict[str, Any]:
    row = frame.row(0, named=True)
    numbers = {
        name: value for name, value in row.items() if name not in ("activity_matrix", "group_id", "not_available")
    }
    table = pl.DataFrame(
        {"number": list(numbers), "value": [cell(value) for value in numbers.values()]},
        schema_overrides={"value": pl.String},
    )
    return {
        "activity": activity_picture(row["activity_matrix"] or []),
        "numbers": table_metadata(table, ["number", "value"], max_rows=len(numbers)),
    }


def _review_packs(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["area", "coverage", "num_tokens", "num_replaced", "num_withheld"]
    left_out = frame.select("area", what="left_out").explode("what").drop_nulls()
    return {
        "shown": table_metadata(frame, columns, max_rows=frame.height, max_cell=_MAX_SENTENCE),
        "left_out": table_metadata(left_out, left_out.columns, max_rows=8 * _PREVIEW_ROWS, max_cell=_MAX_SENTENCE),
    }


def _feedback(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["area", "score", "state", "reviewer", "model", "reason", "num_citations", "num_citations_dropped"]
    return {
        "areas": table_metadata(frame, columns, max_rows=frame.height, max_cell=_MAX_SENTENCE),
        "num_to_review": int(frame["state"].is_in(["needs_review", "stand_in", "kept"]).sum()),
        "cost_usd": float(frame["cost_usd"].sum()),
    }


def _llm_calls(frame: pl.DataFrame) -> dict[str, Any]:
    columns = ["began_at", "area", "purpose", "attempt", "model", "outcome", "seconds", "prompt_tokens",
               "cached_tokens", "completion_tokens", "cost_usd", "reason"]  # fmt: skip
    newest = frame.sort("began_at", descending=True)
    sums = {name: int(frame[name].sum()) for name in ("prompt_tokens", "cached_tokens", "completion_tokens")}
    return {
        **sums,
        "num_without_answer": int((frame["outcome"] != "answered").sum()),
        "cost_usd": float(frame["cost_usd"].sum()),
        "newest": table_metadata(newest, columns, max_rows=4 * _PREVIEW_ROWS, max_cell=_MAX_SENTENCE),
    }


def _feedback_report(frame: pl.DataFrame) -> dict[str, Any]:
    if frame.is_empty():
        return {"state": "no commit, nothing to review"}
    row = frame.row(0, named=True)
    shown = ("state", "overall_code", "overall_report", "reviewer", "snapshot_sha")
    lists = ("areas_released", "areas_overridden", "areas_to_review")
    return {
        **{name: row[name] for name in shown if row[name] is not None},
        **{name: ", ".join(row[name]) for name in lists if row[name]},
        "page": dg.MetadataValue.md(row["markdown"]),
    }


_DESCRIBED: Mapping[str, Callable[[pl.DataFrame], dict[str, Any]]] = {
    GITHUB_REPOS.name: _github_repo,
    PUSHES.name: _pushes,
    REPO_SNAPSHOTS.name: _snapshot,
    PULL_REQUESTS.name: _pull_requests,
    WORKFLOW_RUNS.name: _workflow_runs,
    FLAGS.name: _flags,
    COMMITS.name: _commits,
    CONTRIBUTORS.name: _contributors,
    FILES.name: _files,
    CHECKLIST.name: _checklist,
    REPORT_ANSWERS.name: _report_answers,
    REPORT_CHECKS.name: _report_checks,
    CONTRIBUTIONS.name: _contributions,
    CODE_QUALITY.name: _code_quality,
    PROGRESS.name: _progress,
    REPO_STATS.name: _repo_stats,
    REVIEW_PACKS.name: _review_packs,
    FEEDBACK.name: _feedback,
    LLM_CALLS.name: _llm_calls,
    FEEDBACK_REPORTS.name: _feedback_report,
}
