"""Reports of the sample class are made of the course's own structure."""

import pytest

from mlops_mentor.evidence.checklist.claims import claims_in
from mlops_mentor.evidence.report.split import split
from mlops_mentor.evidence.report.templates import Question, course
from mlops_mentor.sample import content
from mlops_mentor.sample.figures import stripes
from mlops_mentor.sample.report import Answers, blank_report, filled_report, report_of

NEWEST = course().templates[-1]


def test_the_empty_report_is_the_newest_template_without_an_answer() -> None:
    found = split(blank_report().splitlines())
    assert found is not None
    assert (found.template.version, found.num_found, found.num_answered) == (NEWEST.version, len(NEWEST.questions), 0)
    claims = claims_in(blank_report().splitlines(), "reports/README.md", NEWEST.version)
    assert (claims.num_boxes, claims.unmatched) == (NEWEST.num_boxes, ())
    assert {claim.claimed for claim in claims.of.values()} == {"no"}


@pytest.mark.parametrize("question", NEWEST.questions, ids=lambda question: question.topic)
def test_an_answer_that_goes_on_is_as_long_as_is_asked_and_stands_under_its_question(question: Question) -> None:
    topic = question.topic
    found = split(report_of(f"== {topic}\nWe did.\n+").splitlines())
    assert found is not None
    (answer,) = [answer for answer in found.answers if answer.is_answered]
    assert answer.question.topic == topic
    limits = answer.question.limits.words or (0, 200)
    assert limits[0] <= answer.num_words <= limits[1]


def test_marks_are_written_as_they_are_given_and_stages_of_the_answers_add_to_them() -> None:
    lines = filled_report(Answers({"W1-01": "X", "W1-02": " x"})).splitlines()
    assert sum(line.startswith("* [X] ") for line in lines) == sum(line.startswith("* [ x] ") for line in lines) == 1
    first, last = (report_of(content.text("birdcall", "answers", stage)) for stage in (1, 2))
    assert first.count("* [x]") < last.count("* [x]")
    assert first.count("fill here ---") > last.count("fill here ---") == 1, "the sentence at the top names them too"


def test_pictures_differ_by_their_seed_and_are_png() -> None:
    assert stripes(1) != stripes(2)
    assert stripes(1) == stripes(1)
    assert stripes(1).startswith(b"\x89PNG\r\n\x1a\n")
