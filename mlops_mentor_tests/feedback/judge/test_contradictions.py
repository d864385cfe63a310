"""Scores against the evidence: what contradicts one is said with its numbers, and nothing else is."""

from typing import Any

import pytest

from mlops_mentor.feedback.judge.contradictions import contradictions
from mlops_mentor_tests.feedback.judge.cases import RUBRIC, evidence

GOOD: dict[str, Any] = {
    "num_own_python_files": 20,
    "num_broken_python_files": 0,
    "lines_own_python": 2000,
    "share_functions_typed": 0.9,
    "share_documented": 0.85,
    "violations_per_1000_lines": 4.0,
    "share_code_in_notebooks": 0.1,
    "num_tests": 40,
    "num_test_files": 5,
    "num_tests_without_assertion": 2,
    "num_workflows": 3,
    "num_dockerfiles": 2,
    "num_secrets": 0,
}
ANSWERS = [("docker", True, 120), ("api", True, 100), ("deployment", True, 90), ("monitoring", True, 80)]


def said(area: str, score: int, criteria: dict[str, int] | None = None, **found: Any) -> str:
    given = evidence(**{"answers": ANSWERS, **GOOD, **found})
    return " ".join(contradictions(RUBRIC.area(area), score, criteria or {}, given, RUBRIC))


@pytest.mark.parametrize(
    ("area", "scores", "found", "words"),
    [
        ("code_quality", {5}, {"num_broken_python_files": 2}, "2 Python files are no valid Python"),
        ("code_quality", {5}, {"num_secrets": 3}, "3 places of the repository look like a secret"),
        ("code_quality", {5}, {"share_functions_typed": 0.04, "share_documented": 0.1}, "4% of functions have types"),
        ("code_quality", {4, 5}, {"num_own_python_files": 0}, "no Python file of the group's own"),
        ("code_quality", {4, 5}, {"share_code_in_notebooks": 0.85}, "85% of the code is in notebooks"),
        ("unit_testing", {4, 5}, {"num_tests": 0}, "no test was found: 0 tests in 5 files"),
        ("unit_testing", {4, 5}, {"num_tests": 7, "num_tests_without_assertion": 7}, "none of the 7 tests has an"),
        ("unit_testing", {5}, {"num_tests": 3}, "there are only 3 tests"),
        ("ci_cd", {4, 5}, {"num_workflows": 0}, "no workflow was found"),
        ("ci_cd", {4, 5}, {"conclusions": ["failure"] * 6 + ["cancelled"]}, "none of the 6 runs of its workflows"),
        ("ci_cd", {5}, {"num_secrets": 1}, "1 places of the repository"),
        ("report", {4, 5}, {"answers": []}, "no answer of a report was found"),
        ("report", {4, 5}, {"answers": [*ANSWERS[:1], *[("x", False, 0)] * 3]}, "1 of 4 questions are answered"),
    ],
)
def test_what_contradicts_a_good_score_is_said(area: str, scores: set[int], found: dict[str, Any], words: str) -> None:
    # The worst score is not contradicted either, by a group whose other numbers are bad.
    assert {score for score in range(2, 6) if words in said(area, score, **found)} == scores


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("code_quality", "of 2000 lines, 90% of functions have types and 85%"),
        ("unit_testing", "38 of 40 tests have assertions"),
        ("ci_cd", "3 workflows and 2 Dockerfiles"),
        ("report", "4 of 4 questions are answered, with 390 words"),
    ],
)
def test_what_contradicts_the_worst_score_is_said(area: str, words: str) -> None:
    assert words in said(area, 1)
    assert said(area, 1).startswith("1 of 5 for ")


@pytest.mark.parametrize("area", [each.id for each in RUBRIC.areas])
@pytest.mark.parametrize("score", [2, 3, 4, 5])
def test_a_good_group_contradicts_no_good_score(area: str, score: int) -> None:
    assert said(area, score) == ""


@pytest.mark.parametrize("area", ["code_quality", "unit_testing", "ci_cd"])
@pytest.mark.parametrize("score", [1, 3, 5])
def test_numbers_that_are_not_known_contradict_nothing(area: str, score: int) -> None:
    assert contradictions(RUBRIC.area(area), score, {}, evidence(), RUBRIC) == ()


def test_other_automation_than_workflows_counts_too() -> None:
    assert said("ci_cd", 4, num_workflows=0, shown={"W2-04": "no", "W2-11": "yes"}) == ""
    assert said("ci_cd", 4, num_workflows=0, shown={"W2-04": "no", "W2-11": "no"}) != ""


def test_what_is_at_the_border_contradicts_nothing() -> None:
    assert said("unit_testing", 1, num_tests=32, num_tests_without_assertion=2) == ""
    assert said("report", 4, answers=[*ANSWERS[:2], *[("x", False, 0)] * 2]) == ""
    assert said("ci_cd", 1, num_workflows=1, num_dockerfiles=0) == ""


def test_runs_of_which_one_passed_contradict_nothing() -> None:
    assert said("ci_cd", 5, conclusions=["failure"] * 9 + ["success"]) == ""
    assert said("ci_cd", 5, conclusions=["failure"] * 4) == ""


def test_a_criterion_of_the_report_without_an_answer_scores_no_four() -> None:
    answers = [("docker", True, 120), ("api", False, 0), ("deployment", False, 0)]
    words = "4 of 5 for Deployment, but none of its 2 questions of the report is answered."
    assert said("report", 3, {"deployment": 4, "running_code": 5}, answers=answers) == words
    assert said("report", 3, {"deployment": 3, "running_code": 5}, answers=answers) == ""
