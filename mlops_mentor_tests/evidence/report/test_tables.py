"""The tables say of each answer what the rules and the repository say."""

from dataclasses import replace
from time import process_time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.report.cross_checks import RepoFacts, claimed_tests
from mlops_mentor.evidence.report.locate import find_report
from mlops_mentor.evidence.report.tables import num_warnings, report_answers_frame, report_checks_frame
from mlops_mentor.evidence.report.text import MAX_BYTES
from mlops_mentor.schemas.evidence import REPORT_ANSWERS, REPORT_CHECKS
from mlops_mentor.schemas.table import validate
from mlops_mentor_tests.evidence.report.reports import NEWEST, TEXT, Repo, report

FACTS = RepoFacts(("us/it",), "main", 12, ("s100001", "s100002"), frozenset())
FIGURES = {14: 1, 19: 1, 20: 1, 21: 1, 29: 1}


def complete() -> dict[int, str]:
    """Answers that keep every rule."""
    answers = {}
    for question in NEWEST.questions:
        least, most = question.limits.words or (0, 10)
        text = "word " * ((least + most) // 2)
        answers[question.number] = text + ("![f](figures/own.png)" if question.limits.images else "")
    return answers


def checks_of(answers: dict[int, str], repo: Repo | None = None, facts: RepoFacts = FACTS) -> pl.DataFrame:
    repo = repo or Repo()
    repo.add("reports/figures/own.png", b"own").add("reports/README.md", report(answers))
    return validate(REPORT_CHECKS, report_checks_frame("1", repo.files, find_report(repo.files, repo.read), facts))


def outcome(checks: pl.DataFrame, question: int, check: str) -> str | None:
    value = checks.filter(pl.col("question") == question, pl.col("check") == check)["outcome"].first()
    return None if value is None else str(value)


def said(number: int, text: str, check: str, repo: Repo | None = None, facts: RepoFacts = FACTS) -> str | None:
    return outcome(checks_of({number: text}, repo, facts), number, check)


def test_a_report_that_keeps_every_rule_has_no_warnings() -> None:
    checks = checks_of(complete())
    failed = checks.filter(pl.col("check").is_in(["length", "image_count", "image_files"]), pl.col("outcome") != "yes")
    assert failed.is_empty()
    assert num_warnings(checks) == 0


def test_without_a_report_warnings_are_not_known() -> None:
    repo = Repo().add("README.md", "# Project\n" * 40)
    checks = report_checks_frame("1", repo.files, find_report(repo.files, repo.read), FACTS)
    assert checks.select("check", "outcome", "question", "topic").rows() == [("found", "no", None, "report")]
    assert num_warnings(checks) is None
    assert report_answers_frame("1", repo.files, find_report(repo.files, repo.read)).is_empty()


def test_a_report_that_cannot_be_read_leaves_warnings_unknown() -> None:
    repo = Repo().add("reports/README.md", None)
    checks = validate(REPORT_CHECKS, report_checks_frame("1", repo.files, find_report(repo.files, repo.read), FACTS))
    assert checks.select("outcome", "path").rows() == [("not_available", "reports/README.md")]
    assert num_warnings(checks) is None


def test_the_empty_template_fails_every_question_that_asks_for_something() -> None:
    checks = checks_of({})
    assert checks.filter(pl.col("check") == "found")["outcome"].to_list() == ["partial"]
    # All but the group's number, the study numbers, and the two that ask for 0 words or more.
    assert num_warnings(checks) == 27


def test_a_question_with_two_failures_counts_once() -> None:
    answers = complete() | {14: "Too short."}
    assert num_warnings(checks_of(answers)) == 1


@pytest.mark.parametrize(("words", "expected"), [(99, "no"), (100, "yes"), (200, "yes"), (201, "no")])
def test_the_length_is_held_against_the_questions_limits(words: int, expected: str) -> None:
    assert said(4, "word " * words, "length") == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "no"), (1, "yes"), (2, "yes"), (3, "no")])
def test_figures_are_counted(number: int, expected: str) -> None:
    assert said(19, "x " + '<img src="figures/own.png"> ' * number, "image_count") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![a](figures/own.png)", "yes"),
        ("![a](figures/OWN.png)", "partial"),
        ("![a](reports/figures/own.png)", "partial"),
        ("![a](figures/own.png) ![b](figures/none.png)", "partial"),
        ("![a](figures/none.png)", "no"),
        ("![a](figures/own.gif)", "no"),
        ("![a](https://example.com/a.png)", "no"),
        ("no figure", None),
    ],
)
def test_figures_are_png_or_jpg_files_of_the_repository(text: str, expected: str | None) -> None:
    assert said(19, text, "image_files", Repo().add("reports/figures/own.gif", b"gif")) == expected


def test_the_courses_figures_are_told_under_new_names() -> None:
    def of(starter_blobs: frozenset[str] | None, **row: object) -> str | None:
        repo = Repo().add("reports/figures/mine.png", b"course", **row)
        facts = replace(FACTS, starter_blobs=starter_blobs)
        return said(19, "![a](figures/mine.png)", "example_figures", repo, facts)

    blob_id = Repo().add("x.png", b"course").rows[0]["blob_id"]
    assert of(frozenset({str(blob_id)})) == "no"
    assert of(frozenset()) == "yes"
    assert of(None, is_starter_code=True) == "no"
    assert of(None, is_starter_code=None) == "not_available"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](../src/train.py)", "yes"),
        ("[a](src/train.py)", "partial"),
        ("[a](../src/none.py)", "no"),
        ("[a](../src/train.py) [b](../src/none.py)", "partial"),
        ("[a](https://github.com/us/it/blob/main/src/none.py)", "no"),
        ("https://example.com", "not_checkable"),
        ("[above](#question-3)", None),
    ],
)
def test_links_lead_to_files_of_the_repository(text: str, expected: str | None) -> None:
    assert said(5, text, "links", Repo().add("src/train.py")) == expected


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("In total we have implemented 12 tests.", [12]),
        ("We wrote twelve unit tests and 3 integration tests: 15 tests in total.", [15]),
        ("There are 5 tests for data and 3 tests for the model.", [5, 8]),
        ("7", [7]),
        ("We have 3 test files in tests/data and 2 kinds of tests.", []),
        ("The number of tests is 9.", [9]),
        ("We support Python 3.11 and test 100% of it.", []),
        ("tests/test_data.py has everything.", []),
    ],
)
def test_the_number_of_tests_is_read(text: str, claims: list[int]) -> None:
    assert claimed_tests(text) == claims


@pytest.mark.parametrize(
    ("text", "counted", "expected"),
    [
        ("We have 12 tests.", 12, "yes"),
        ("We have 13 tests.", 12, "partial"),
        ("We have 4 tests.", 12, "partial"),
        ("We have 40 tests.", 12, "no"),
        ("We have 2 tests.", 0, "no"),
        ("We have 2 tests.", None, "not_available"),
        ("We have tests.", 12, "not_checkable"),
    ],
)
def test_tests_claimed_are_held_against_tests_counted(text: str, counted: int | None, expected: str) -> None:
    assert said(7, text, "num_tests", facts=replace(FACTS, num_tests=counted)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The total coverage is 87,5 %.", "yes"),
        ("It is **91**%; even with 100% we would not trust it.", "yes"),
        ("Even if it were 100% we would not trust it.", "not_checkable"),
        ("The total code coverage of our code is 100%.", "yes"),
        ("It does not. We have 100% code coverage on the model.", "yes"),
        ("Our coverage is 870 %.", "no"),
        ("We did not measure it.", "no"),
        ("See ![it](figures/own.png).", "not_checkable"),
    ],
)
def test_coverage_is_a_number_up_to_100(text: str, expected: str) -> None:
    assert said(8, text, "coverage_figure") == expected


@pytest.mark.parametrize(
    ("number", "check", "text", "expected"),
    [
        (11, "workflow_link", "[ci](../.github/workflows/ci.yaml)", "yes"),
        (11, "workflow_link", "[ci](https://github.com/us/it/tree/main/.github/workflows)", "yes"),
        (11, "workflow_link", "[ci](../.github/workflows/none.yaml)", "no"),
        (11, "workflow_link", "[ci](.github/workflows/ci.yaml)", "partial"),
        (11, "workflow_link", "https://github.com/us/it/actions/runs/1", "not_checkable"),
        (11, "workflow_link", "no link", "not_checkable"),
        (15, "docker_link", "[it](../dockerfiles/train.dockerfile)", "yes"),
        (15, "docker_link", "[it](../dockerfiles/none.dockerfile)", "no"),
        (15, "docker_link", "`train.dockerfile` does it", "partial"),
        (15, "docker_link", "[it](https://github.com/they/it/blob/main/Dockerfile)", "not_checkable"),
        (15, "docker_link", "on http://api:8000", "no"),
        (15, "docker_link", "docker build", "no"),
    ],
)
def test_linked_workflows_and_docker_files_are_there(number: int, check: str, text: str, expected: str) -> None:
    repo = Repo().add(".github/workflows/ci.yaml", kind="workflow").add("dockerfiles/train.dockerfile", kind="docker")
    assert said(number, text, check, repo) == expected


@pytest.mark.parametrize(
    ("text", "study_numbers", "members_named"),
    [
        ("s100001, S100002", "yes", "yes"),
        ("100001 and s100002", "yes", "yes"),
        ("s100001, s100009", "partial", "partial"),
        ("s100001", "no", "partial"),
        ("Ann and Bob", "no", "not_checkable"),
    ],
)
def test_study_numbers_are_held_against_the_roster(text: str, study_numbers: str, members_named: str) -> None:
    checks = checks_of({2: text, 31: text})
    assert outcome(checks, 2, "study_numbers") == study_numbers
    assert outcome(checks, 31, "members_named") == members_named
    assert not any("10000" in str(value) for row in checks.rows() for value in row)


def test_answers_are_listed_with_their_lines() -> None:
    repo = Repo().add("docs/answers.md", report({4: TEXT, 19: "![a](figures/own.png)"}))
    frame = validate(REPORT_ANSWERS, report_answers_frame("1", repo.files, find_report(repo.files, repo.read)))
    assert frame.height == 31
    row = frame.row(3, named=True)
    assert (row["topic"], row["is_answered"], row["num_words"], row["num_images"]) == ("dependencies", True, 150, 0)
    assert (row["path"], row["template"]) == ("docs/answers.md", "31-53")
    assert frame["is_answered"].sum() == 2
    assert frame["num_images"].sum() == 1


PIECES = st.sampled_from(
    ["### Question 4\n", "## Deployment\n", "> Answer:", "![", "](", ")", "[", "]", "<img src=", "<!--", "-->", "```",
     "`", "--- question 4 fill here ---", "> **How many tests did you implement**\n", "\x00", "\ud800", "\r", "\n",
     "a", "%", "12 tests", "https://github.com/us/it/blob/", "http://[", "..", "/", "#", "data:", "s100001", "100%",
     "é", "\u2028", "\\"]
)  # fmt: skip


def both(content: bytes, *, path: str = "reports/README.md") -> tuple[pl.DataFrame, pl.DataFrame]:
    repo = Repo().add("reports/figures/own.png", b"own").add(path, content)
    return (
        validate(REPORT_ANSWERS, report_answers_frame("1", repo.files, find_report(repo.files, repo.read))),
        validate(REPORT_CHECKS, report_checks_frame("1", repo.files, find_report(repo.files, repo.read), FACTS)),
    )


@settings(max_examples=60, deadline=5000)
@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from([2, 4, 7, 8, 11, 15, 19, 31]))
def test_no_answer_raises(text: str, number: int) -> None:
    answers, checks = both(report({number: text}).encode("utf-8", "replace"))
    assert checks["check"][0] == "found"
    assert answers.height in (0, 31)


@settings(max_examples=60, deadline=5000)
@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf", report({4: "uv"}).encode()]))
def test_no_bytes_raise(content: bytes, before: bytes) -> None:
    both(before + content)


def test_halves_of_characters_are_no_trouble() -> None:
    answers, _ = both(report({4: "a"}).replace("\na\n", "\na \ud800 b\n").encode("utf-16", "surrogatepass"))
    assert answers["is_answered"].sum() == 1


def test_a_line_of_50_mb_is_not_read() -> None:
    _, checks = both(b"x" * (50 * 2**20))
    assert checks["outcome"].to_list() == ["not_available"]


@pytest.mark.parametrize(
    "piece",
    ["![](", "[", "[](", "<img ", '<img src="', "`", ">", "http://a", "> Answer:", "### Question 4\n", "<!--", "\n",
     "[a]:", "[a](((", "--- question ", "1 ", "1 tests ", "s100001 ", "a/", "* ", "## Deployment\n>\n", "](%"],
)  # fmt: skip
def test_no_repetition_takes_long(piece: str) -> None:
    before = report({7: "HERE", 8: "HERE", 15: "HERE", 31: "HERE"})
    room = (MAX_BYTES - len(before)) // 4 // len(piece) - 10
    started = process_time()
    both(before.replace("HERE", piece * room).encode())
    assert process_time() - started < 30
