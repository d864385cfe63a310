"""Scores that the evidence contradicts: then a TA should look before anybody relies on them.

Belongs here: what contradicts a score, in words with its numbers. Nothing here changes a score: evidence may be wrong
too. Areas are known by the ids of the course's rubric; of areas of another rubric nothing is said.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.rubric import Area, Rubric

# Best of the scale; one of its two best; its worst.
_Level = Literal["best", "high", "worst"]
_MANY_ASSERTED = 30
_FEW_TESTS = 5
_MANY_RUNS = 5
_ALL_RUNS_SEEN = ("success", "failure", "timed_out", "startup_failure")


@dataclass(frozen=True)
class _Rule:
    """`sees` gives what the evidence says against a score of that level, in words; None where it says nothing."""

    area: str
    level: _Level
    sees: Callable[[GroupEvidence], str | None]


def contradictions(
    area: Area, score: int, criteria: Mapping[str, int], evidence: GroupEvidence, rubric: Rubric
) -> tuple[str, ...]:
    """Why the area's score, or one of its criteria's, does not go with the evidence; empty where it does."""
    levels = _levels(score, rubric)
    said = [
        f"{score} of {rubric.scale.most} for {area.title}, but {words}."
        for rule in _RULES
        if rule.area == area.id and rule.level in levels and (words := rule.sees(evidence)) is not None
    ]
    return (*said, *_unanswered(area, criteria, evidence, rubric))


def _levels(score: int, rubric: Rubric) -> set[_Level]:
    levels: set[_Level] = set()
    if score >= rubric.scale.most:
        levels.add("best")
    if score >= rubric.scale.most - 1:
        levels.add("high")
    if score <= rubric.scale.least:
        levels.add("worst")
    return levels


def _unanswered(area: Area, criteria: Mapping[str, int], evidence: GroupEvidence, rubric: Rubric) -> Iterator[str]:
    """A criterion of the report that scores high where none of its questions is answered."""
    answered = dict(evidence.report_answers.select("topic", "is_answered").iter_rows())
    for each in area.criteria:
        asked = [answered[topic] for topic in each.topics if topic in answered]
        score = criteria.get(each.id)
        if asked and not any(asked) and score is not None and "high" in _levels(score, rubric):
            yield (
                f"{score} of {rubric.scale.most} for {each.title}, but none of its {len(asked)} questions of the "
                "report is answered."
            )


def _broken_files(evidence: GroupEvidence) -> str | None:
    num = evidence.quality.get("num_broken_python_files")
    return f"{num} Python files are no valid Python" if num else None


def _secrets(evidence: GroupEvidence) -> str | None:
    num = evidence.quality.get("num_secrets")
    return f"{num} places of the repository look like a secret" if num else None


def _no_python(evidence: GroupEvidence) -> str | None:
    num = evidence.quality.get("num_own_python_files")
    return "there is no Python file of the group's own" if num == 0 else None


def _notebooks(evidence: GroupEvidence) -> str | None:
    share = evidence.quality.get("share_code_in_notebooks")
    return f"{share:.0%} of the code is in notebooks" if share is not None and share > 0.8 else None


def _bare(evidence: GroupEvidence) -> str | None:
    typed, documented = (evidence.quality.get(name) for name in ("share_functions_typed", "share_documented"))
    if typed is None or documented is None or typed >= 0.2 or documented >= 0.2:
        return None
    return f"{typed:.0%} of functions have types and {documented:.0%} of what could have a docstring has one"


def _tidy(evidence: GroupEvidence) -> str | None:
    names = ("lines_own_python", "share_functions_typed", "share_documented", "violations_per_1000_lines")
    lines, typed, documented, violations = (evidence.quality.get(name) for name in names)
    if lines is None or typed is None or documented is None or violations is None:
        return None
    if lines < 500 or typed < 0.8 or documented < 0.8 or violations > 10:
        return None
    return f"of {lines} lines, {typed:.0%} of functions have types and {documented:.0%} of them and more a docstring"


def _no_test(evidence: GroupEvidence) -> str | None:
    num, files = evidence.quality.get("num_tests"), evidence.quality.get("num_test_files")
    return f"no test was found: {num} tests in {files or 0} files" if num == 0 else None


def _few_tests(evidence: GroupEvidence) -> str | None:
    num = evidence.quality.get("num_tests")
    return f"there are only {num} tests" if num is not None and 0 < num < _FEW_TESTS else None


def _nothing_asserted(evidence: GroupEvidence) -> str | None:
    num, without = evidence.quality.get("num_tests"), evidence.quality.get("num_tests_without_assertion")
    return f"none of the {num} tests has an assertion" if num and num == without else None


def _much_asserted(evidence: GroupEvidence) -> str | None:
    num, without = evidence.quality.get("num_tests"), evidence.quality.get("num_tests_without_assertion")
    if num is None or num - (without or 0) <= _MANY_ASSERTED:
        return None
    return f"{num - (without or 0)} of {num} tests have assertions"


def _no_automation(evidence: GroupEvidence) -> str | None:
    num = evidence.quality.get("num_workflows")
    shown = [evidence.items.get(item, {}).get("shown") for item in ("W2-04", "W2-11")]
    return "no workflow was found" if num == 0 and not {"yes", "partial"} & set(shown) else None


def _never_passed(evidence: GroupEvidence) -> str | None:
    if evidence.workflow_runs is None:
        return None
    ended = evidence.workflow_runs.filter(pl.col("conclusion").is_in(_ALL_RUNS_SEEN))
    if ended.height < _MANY_RUNS or (ended["conclusion"] == "success").any():
        return None
    return f"none of the {ended.height} runs of its workflows has passed"


def _some_automation(evidence: GroupEvidence) -> str | None:
    workflows, images = evidence.quality.get("num_workflows"), evidence.quality.get("num_dockerfiles")
    if not workflows or workflows + (images or 0) < 2:
        return None
    return f"{workflows} workflows and {images or 0} Dockerfiles of the group's own were found"


def _no_report(evidence: GroupEvidence) -> str | None:
    return "no answer of a report was found" if evidence.report_answers.height == 0 else None


def _few_answers(evidence: GroupEvidence) -> str | None:
    num, asked = _num_answered(evidence), evidence.report_answers.height
    return f"{num} of {asked} questions are answered" if asked and num < asked / 2 else None


def _many_answers(evidence: GroupEvidence) -> str | None:
    num, asked = _num_answered(evidence), evidence.report_answers.height
    words = evidence.report_answers["num_words"].drop_nulls().sum()
    if not asked or num < 0.9 * asked or words < 50 * asked:
        return None
    return f"{num} of {asked} questions are answered, with {words} words"


def _num_answered(evidence: GroupEvidence) -> int:
    return int(evidence.report_answers["is_answered"].sum())


_RULES = (
    _Rule("code_quality", "best", _broken_files),
    _Rule("code_quality", "best", _secrets),
    _Rule("code_quality", "best", _bare),
    _Rule("code_quality", "high", _no_python),
    _Rule("code_quality", "high", _notebooks),
    _Rule("code_quality", "worst", _tidy),
    _Rule("unit_testing", "high", _no_test),
    _Rule("unit_testing", "high", _nothing_asserted),
    _Rule("unit_testing", "best", _few_tests),
    _Rule("unit_testing", "worst", _much_asserted),
    _Rule("ci_cd", "high", _no_automation),
    _Rule("ci_cd", "high", _never_passed),
    _Rule("ci_cd", "best", _secrets),
    _Rule("ci_cd", "worst", _some_automation),
    _Rule("report", "high", _no_report),
    _Rule("report", "high", _few_answers),
    _Rule("report", "worst", _many_answers),
)
