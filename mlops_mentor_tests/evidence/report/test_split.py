"""Answers are told from the template around them, whatever became of it."""

import re

import pytest

from mlops_mentor.evidence.report.split import Answer, SplitReport, split
from mlops_mentor.evidence.report.templates import course
from mlops_mentor_tests.evidence.report.reports import report

VERSIONS = [template.version for template in course().templates]
NEW_ITEM = "* [ ] Setup collection of input-output data from your deployed application (M27)\n"
DRIFT = "* [ ] Deploy to the cloud a drift detection API (M27)\n"


def parts(text: str) -> SplitReport:
    result = split(text.split("\n"))
    assert result is not None
    return result


def answer(text: str, number: int) -> Answer:
    return parts(text).answers[number - 1]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_empty_template_has_no_answered_question(version: str) -> None:
    result = parts(report(version=version))
    assert result.template.version == version
    assert result.num_found == len(result.answers)
    assert result.num_answered == 0


@pytest.mark.parametrize(("boxes", "version"), [(DRIFT, "31-52"), (DRIFT + NEW_ITEM, "31-53")])
def test_the_checklist_tells_templates_apart_where_the_questions_do_not(boxes: str, version: str) -> None:
    text = re.sub(r"(?m)^> \*\*.*\n", "", report({4: "uv"}, boxes=boxes))
    assert parts(text).template.version == version


def test_the_number_of_questions_tells_templates_apart_where_no_text_is_left() -> None:
    text = re.sub(r"(?m)^>.*\n", "", report({4: "uv"}, version="27-36"))
    assert parts(text).template.version == "27-36"
    assert answer(text, 4).text == "uv"


def test_every_template_has_its_number_of_questions_and_boxes() -> None:
    assert [(len(one.questions), one.num_boxes) for one in course().templates] == [(27, 36), (31, 52), (31, 53)]
    assert course().templates[1].questions[2].limits.words == (100, 200)
    assert course().templates[2].questions[2].limits.words == (0, 200)
    assert course().templates[2].questions[30].limits.words == (50, 300)


def test_an_answer_begins_at_its_line_and_ends_before_the_next_section() -> None:
    text = report({3: "One.\n\nTwo.", 4: "Three."})
    found = answer(text, 3)
    assert found.text == "One.\n\nTwo."
    assert text.split("\n")[(found.line or 0) - 1] == "One."
    assert found.num_words == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> Answer:\n\nWe used uv.", "\nWe used uv."),
        ("> Answer:\n\nWe used uv.", "> Answer: We used uv."),
        ("> Answer:\n\nWe used uv.", "> Answer:\n>\n> We used uv."),
        ("> Answer:\n\nWe used uv.", "> **Answer:** We used uv."),
        ("> Answer:\n\nWe used uv.", "Answer:\nWe used uv."),
        ("> Answer:\n\nWe used uv.", "We used uv.\n\n> Answer:\n"),
        ("> Answer:\n\nWe used uv.", "> We used uv."),
        ("We used uv.", "--- We used uv. ---"),
        ("We used uv.", "--- We used uv.---"),
        ("We used uv.", "--- question 4 fill here ---\n\nWe used uv."),
        ("We used uv.", "We used uv.\n\n--- question 4 fill here ---"),
        ("We used uv.", "We used uv. <!-- TODO: more\nof it -->\n\n---"),
        ("### Question 4\n", ""),
        ("### Question 4\n", "## Question 4: dependencies\n"),
        ("### Question 4\n", "**Question 4**\n"),
        ("### Question 4\n", "### Question 44\n"),
        ("### Question 4\n", "### Question 12\n"),
    ],
)
def test_what_became_of_the_template_does_not_change_the_answer(old: str, new: str) -> None:
    text = report({3: "Before.", 4: "We used uv.", 5: "After."})
    assert old in text
    result = parts(text.replace(old, new))
    assert [result.answers[i].text for i in (2, 3, 4)] == ["Before.", "We used uv.", "After."]
    assert result.num_answered == 3


@pytest.mark.parametrize(
    "inner",
    ["### Tools\n\nWe used uv.", "## Tools\n\nWe used uv.", "```bash\n# Question for you\n## uv sync\n```\nDone."],
)
def test_headings_inside_an_answer_belong_to_it(inner: str) -> None:
    assert answer(report({4: inner, 5: "After."}), 4).text == inner


def test_what_follows_the_last_question_is_no_answer() -> None:
    text = report({31: "We all worked."}) + "\n## Licence\n\nNo rights reserved.\n"
    assert answer(text, 31).text == "We all worked."


@pytest.mark.parametrize("text", ["TODO", "-", "...", "`--- question 4 fill here ---`", "<!-- later -->", "   ", "> "])
def test_what_says_nothing_is_no_answer(text: str) -> None:
    assert not answer(report({4: text}), 4).is_answered


def test_a_question_that_is_gone_has_no_line() -> None:
    text = report({4: "uv"})
    begin, end = text.index("### Question 7"), text.index("### Question 8")
    result = parts(text[:begin] + text[end:])
    assert result.answers[6].line is None
    assert result.num_found == 30


def test_of_a_question_that_stands_twice_the_answered_one_counts() -> None:
    assert answer(report() + "\n" + report({4: "uv"}), 4).text == "uv"


def test_words_are_counted_as_the_course_counts_them() -> None:
    assert answer(report({4: "We used `uv sync`, see ![it](figures/a.png) - done."}), 4).num_words == 8


def test_a_readme_is_no_report() -> None:
    assert split(["# Project", "", "How many tests did you implement?", "## Question 1", "text"]) is None
