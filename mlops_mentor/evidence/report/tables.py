"""The tables `report_answers` and `report_checks` of one group.

Belongs here: from a group's report and files to rows. Each step has a module of its own.
"""

from collections.abc import Sequence

import polars as pl

from mlops_mentor.evidence.finding import Finding, Location
from mlops_mentor.evidence.report import rules
from mlops_mentor.evidence.report.cross_checks import RepoFacts, cross_check
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.evidence.report.rules import AnswerView, views
from mlops_mentor.evidence.report.split import Answer
from mlops_mentor.evidence.report.targets import Tree
from mlops_mentor.schemas.evidence import REPORT_ANSWERS, REPORT_CHECKS, WHOLE_REPORT

# Checks whose failure makes a question count in `num_warnings`.
WARNING_CHECKS = ("length", "image_count", "image_files", "example_figures")
_MAX_TEXT = 50_000


def report_answers_frame(group_id: str, files: pl.DataFrame, report: Report | NoReport) -> pl.DataFrame:
    """The table `report_answers`: a row for every question of the template, none without a report."""
    if isinstance(report, NoReport):
        return REPORT_ANSWERS.schema.to_frame()
    rows = [_answer_row(group_id, report, view) for view in views(report, Tree(files))]
    return pl.DataFrame(rows, schema=REPORT_ANSWERS.schema, orient="row")


def report_checks_frame(
    group_id: str, files: pl.DataFrame, report: Report | NoReport, facts: RepoFacts
) -> pl.DataFrame:
    """The table `report_checks`: whether there is a report, then every check of every question."""
    if isinstance(report, NoReport):
        places = (Location(report.path),) if report.path else ()
        remedy = "Fill in the course's template at reports/README.md." if report.outcome == "no" else None
        finding = Finding("report/found", report.outcome, report.reason, locations=places, remedy=remedy)
        rows = [_check_row(group_id, None, finding)]
        return pl.DataFrame(rows, schema=REPORT_CHECKS.schema, orient="row")
    rows = [_check_row(group_id, None, _found(report))]
    for view in views(report, Tree(files, facts.repos, facts.default_branch)):
        rows += [_check_row(group_id, view.answer, finding) for finding in _findings(view, facts)]
    return pl.DataFrame(rows, schema=REPORT_CHECKS.schema, orient="row")


def num_warnings(checks: pl.DataFrame) -> int | None:
    """Questions with a failed check of length or figures, from a group's `report_checks`; None without a report."""
    if checks.filter(pl.col("check") == "found", pl.col("outcome").is_in(["yes", "partial"])).is_empty():
        return None
    failed = checks.filter(pl.col("check").is_in(WARNING_CHECKS), pl.col("outcome") == "no")
    return failed["question"].n_unique()


def _found(report: Report) -> Finding:
    content = report.content
    number = len(content.answers)
    reason = f"{content.num_answered} of {number} questions answered (template {content.template.version})."
    return Finding("report/found", "yes" if content.num_answered else "partial", reason, locations=(report.at(None),))


def _findings(view: AnswerView, facts: RepoFacts) -> Sequence[Finding]:
    found = [
        rules.length(view),
        rules.image_count(view),
        rules.image_files(view),
        rules.example_figures(view, facts.starter_blobs),
        rules.links(view),
        cross_check(view, facts),
    ]
    return [finding for finding in found if finding]


def _answer_row(group_id: str, report: Report, view: AnswerView) -> tuple[object, ...]:
    answer = view.answer
    is_there = answer.line is not None
    return (
        group_id,
        answer.question.number,
        answer.question.topic,
        answer.question.title,
        answer.is_answered,
        (answer.num_words if answer.is_answered else 0) if is_there else None,
        len(view.images) if is_there else None,
        report.path,
        answer.line,
        report.content.template.version,
        _valid(answer.text[:_MAX_TEXT]) if answer.is_answered else None,
    )


def _check_row(group_id: str, answer: Answer | None, finding: Finding) -> tuple[object, ...]:
    place = finding.locations[0] if finding.locations else None
    return (
        group_id,
        answer.question.number if answer else None,
        answer.question.topic if answer else WHOLE_REPORT,
        finding.check_id.removeprefix("report/"),
        finding.outcome,
        _valid(finding.reason),
        place.path if place else None,
        place.line if place else None,
        _valid(place.snippet) if place and place.snippet is not None else None,
        place.blob_id if place else None,
        finding.remedy,
    )


def _valid(text: str) -> str:
    """Without halves of characters, which no table can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
