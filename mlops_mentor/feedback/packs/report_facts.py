"""Facts of the report: where each answer stands, what its checks say, and the checklist against the repository.

Belongs here: sentences for the area about the report, by the rubric's criteria. The answers themselves are excerpts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.evidence.report.split import Answer
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.packs.findings import is_told_by_prose
from mlops_mentor.feedback.packs.quoting import in_words, quoted
from mlops_mentor.feedback.rubric import Area

_CHECKS: Mapping[str, str] = {
    "length": "length",
    "image_count": "number of figures",
    "image_files": "files of figures",
    "example_figures": "figures of the course's template",
    "links": "links",
    "num_tests": "number of tests",
    "coverage_figure": "coverage",
    "workflow_link": "link to a workflow",
    "docker_link": "link to a Docker file",
    "study_numbers": "study numbers",
    "members_named": "members",
}
# Of what the repository confirms, this too is worth saying.
_TELLING_YES = ("num_tests", "coverage_figure")
_VERDICTS: Mapping[str, str] = {
    "unsupported": "Ticked, and not shown by the repository",
    "partly_supported": "Ticked, and shown in part only",
    "unclaimed": "Shown by the repository, and not ticked",
}


def facts_of_report(area: Area, evidence: GroupEvidence, report: Report | NoReport, cut: Sequence[int]) -> list[str]:
    """Sentences about the report; `cut` are numbers of questions whose answers are not shown in full."""
    if isinstance(report, NoReport):
        return [in_words(report.reason), *_checklist(evidence)]
    return [*_answers(area, report, cut), *_checks(evidence.report_checks), *_checklist(evidence)]


def _answers(area: Area, report: Report, cut: Sequence[int]) -> Iterator[str]:
    content = report.content
    yield (
        f"The report is {quoted(report.path)}, on the course's template of {len(content.template.questions)} "
        f"questions; {content.num_answered} are answered."
    )
    named: set[str] = set()
    for criterion in area.criteria:
        found = [answer for answer in content.answers if answer.question.topic in criterion.topics]
        named |= {answer.question.topic for answer in found}
        if found:
            yield f"{criterion.title}: {'; '.join(_answer(each, cut) for each in found)}."
    if others := [answer for answer in content.answers if answer.question.topic not in named]:
        yield f"Other questions: {'; '.join(_answer(each, cut) for each in others)}."


def _answer(answer: Answer, cut: Sequence[int]) -> str:
    question = f"question {answer.question.number} ({answer.question.title})"
    if answer.line is None:
        return f"{question} is not in the report"
    if not answer.is_answered:
        return f"{question} is not answered"
    last = answer.line + len(answer.lines) - 1
    where = f"line {answer.line}" if last == answer.line else f"lines {answer.line} to {last}"
    words = "1 word" if answer.num_words == 1 else f"{answer.num_words} words"
    shortened = ", not shown in full" if answer.question.number in cut else ""
    return f"{question}: {where}, {words}{shortened}"


def _checks(checks: pl.DataFrame) -> Iterator[str]:
    """What is wrong, or cannot be confirmed, of each answer; what is right in numbers."""
    known = checks.filter(pl.col("check").is_in(list(_CHECKS))).sort("question", "check", nulls_last=True)
    told = (pl.col("outcome").is_in(["no", "partial"])) | (
        pl.col("check").is_in(_TELLING_YES) & pl.col("outcome").is_in(["yes", "not_checkable"])
    )
    for row in known.filter(told).iter_rows(named=True):
        yield f"Check of question {row['question']}, {_CHECKS[row['check']]}: {in_words(row['reason'])}"
    right = (
        known.filter(~pl.col("check").is_in(_TELLING_YES))
        .group_by("check")
        .agg(pl.len(), (pl.col("outcome") == "yes").sum().alias("right"))
    )
    parts = [f"{_CHECKS[check]} {num} of {of}" for check, of, num in right.sort("check").iter_rows() if num]
    if parts:
        yield f"Right by the course's own checks: {', '.join(parts)}."


def _checklist(evidence: GroupEvidence) -> Iterator[str]:
    """The boxes against the repository: numbers, and those that differ."""
    rows = list(evidence.items.values())
    claimed = [row for row in rows if row["claimed"] == "yes"]
    if not rows:
        return
    supported = sum(row["verdict"] == "supported" for row in claimed)
    unseen = sum(row["verdict"] in ("not_checkable", "not_available") for row in claimed)
    yield (
        f"The group ticked {len(claimed)} of {len(rows)} items of the course's checklist; the repository shows "
        f"{supported} of these in full, and {unseen} cannot be seen in a repository."
    )
    for verdict, words in _VERDICTS.items():
        found = [row for row in rows if row["verdict"] == verdict]
        if found:
            told = [row["title"] if verdict == "unclaimed" else _with_reason(row) for row in found]
            yield f"{words}: {'; '.join(told)}."


def _with_reason(row: Mapping[str, Any]) -> str:
    # What stands on prose alone changes with every word of it.
    reason = "only prose tells of it" if is_told_by_prose(row) else in_words(row["reason"]).rstrip(".")
    return f"{row['title']} ({reason})"
