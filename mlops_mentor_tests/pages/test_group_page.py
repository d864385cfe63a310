"""A group's page: what to do first, what is shown, and the class's spread without any other group."""

import itertools
from pathlib import Path

import pytest

from mlops_mentor.pages.group import group_html
from mlops_mentor.pages.next_steps import next_steps
from mlops_mentor.pages.published import PublishedClass, PublishedFolder
from mlops_mentor_tests.pages.exports import Made, write_export
from mlops_mentor_tests.pages.markup import Looked


def class_of(folder: Path, made: Made | None = None) -> PublishedClass:
    return PublishedFolder(write_export(folder, made)).current()


def test_claims_that_nothing_shows_come_first_then_the_earliest_week_the_report_and_feedback(tmp_path: Path) -> None:
    steps = next_steps(class_of(tmp_path).groups["1"])
    assert [step.source for step in steps] == [
        "Week 1 · W1-02", "Week 2 · W2-02", "Week 1 · W1-03", "Week 1 · W1-04", "Report · question 3",
        "Extra · EX-01", "Week 2 · W2-03", "Feedback", "Feedback", "Feedback",
    ]  # fmt: skip
    assert [step.is_claim for step in steps[:3]] == [True, True, False]
    assert steps[7].text == "Split <code>train.py</code> in two. "


def test_at_most_eight_steps_are_shown_and_the_rest_is_folded(tmp_path: Path) -> None:
    html = group_html(class_of(tmp_path), "1")
    before, after = html.split('<details class="more-steps">')
    assert before.count('<p class="what">') == 8
    assert after.count('<p class="what">') == 2
    assert "<summary>2 more</summary>" in after


def test_no_other_group_is_named(tmp_path: Path) -> None:
    made = Made(names=("17", "zebras", "yaks", "xerus", "wombats", "voles"))
    html = group_html(class_of(tmp_path, made), "17")
    assert not any(name in html for name in made.groups[1:])
    assert "Upper quartile" in html


@pytest.mark.parametrize(("num_groups", "has_spread"), [(1, False), (4, False), (5, True)])
def test_the_spread_is_shown_from_five_groups_on(tmp_path: Path, num_groups: int, has_spread: bool) -> None:
    html = group_html(class_of(tmp_path, Made(num_groups=num_groups)), "1")
    assert ('class="band"' in html) is has_spread
    assert ("Upper quartile" in html) is has_spread
    assert ("from five groups on" in html) is not has_spread


def test_feedback_that_is_withheld_is_not_said_to_be_unreleased(tmp_path: Path) -> None:
    cls = class_of(tmp_path, Made(withheld={"1": ("feedback",)}, empty=("feedback",)))
    assert "The feedback is withheld here" in Looked(group_html(cls, "1")).text
    assert "No feedback has been released yet" not in Looked(group_html(cls, "1")).text
    assert "No feedback has been released yet" in Looked(group_html(cls, "2")).text


def test_four_groups_with_a_number_are_too_few_in_a_class_of_ten(tmp_path: Path) -> None:
    cls = class_of(tmp_path, Made(num_groups=10, nulls=("num_prs",)))
    assert "num_prs" not in cls.spreads
    assert "num_commits_to_main" in cls.spreads


def test_a_group_without_anything_has_a_page(tmp_path: Path) -> None:
    cls = class_of(tmp_path, Made(empty=("leaderboard", "history", "statistics", "evidence", "feedback")))
    text = Looked(group_html(cls, "1")).text
    for words in ("No numbers of this group are published", "No feedback has been released yet", "Not shown: not known",
                  "The checklist has not been looked at yet", "No report has been looked at yet"):  # fmt: skip
        assert words in text


def test_activity_that_is_withheld_is_not_called_unknown(tmp_path: Path) -> None:
    cls = class_of(tmp_path, Made(empty=("statistics",), withheld={"1": ("statistics",)}))
    assert "Not shown: withheld to protect persons" in Looked(group_html(cls, "1")).text


def test_a_group_without_a_commit_says_so(tmp_path: Path) -> None:
    text = Looked(group_html(class_of(tmp_path), "7")).text
    assert "State: no commit yet" in text
    assert "No curve: not known: no commit yet" in text


def test_a_group_that_is_not_there_gets_an_answer_that_is_not_kept(tmp_path: Path) -> None:
    cls = class_of(tmp_path)
    assert "No such group" in group_html(cls, "<b>99")
    assert "names no group" in group_html(cls, "")
    assert cls._kept == {}


def test_a_page_is_made_once_per_export(tmp_path: Path) -> None:
    cls = class_of(tmp_path)
    assert group_html(cls, "1") is group_html(cls, "1")


def test_feedback_stands_with_its_title_once_and_its_score(tmp_path: Path) -> None:
    looked = Looked(group_html(class_of(tmp_path, Made(released=1)), "1"))
    assert looked.text.count("Unit testing") == 2, "in the feedback, and in what to do next"
    assert "4 of 5 · released 22 Jan" in looked.text
    assert "A teaching assistant : Nice work, [member A]." in looked.text
    assert [tag for tag, _ in looked.tags if tag[0] == "h" and tag[1:].isdigit()].count("h3") == 3


def test_what_is_withheld_is_named(tmp_path: Path) -> None:
    made = Made(withheld={"1": ("feedback",)}, withheld_columns=("balance", "num_contributors"))
    text = Looked(group_html(class_of(tmp_path, made), "1")).text
    assert "What is withheld" in text
    assert "“feedback”" in text
    assert "Balance of commits, Persons who committed: too few persons" in text
    assert "What is withheld" not in Looked(group_html(class_of(tmp_path), "2")).text


def test_charts_say_in_words_what_they_show(tmp_path: Path) -> None:
    looked = Looked(group_html(class_of(tmp_path), "2"))
    labels = [attrs["aria-label"] for attrs in looked.all("svg", role="img")]
    assert any(label.startswith("Progress was ") and "the median at" in label for label in labels)
    assert any("commits on" in label and "most often between" in label for label in labels)
    assert all(attrs.get("aria-hidden") == "true" or "aria-label" in attrs for attrs in looked.all("svg"))


def test_headings_go_down_one_at_a_time(tmp_path: Path) -> None:
    levels = [
        int(tag[1])
        for tag, _ in Looked(group_html(class_of(tmp_path), "1")).tags
        if tag[:1] == "h" and tag[1:].isdigit()
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_ids_occur_once(tmp_path: Path) -> None:
    ids = [
        attrs["id"]
        for _, attrs in Looked(group_html(class_of(tmp_path, Made(hostile=True)), "1")).tags
        if "id" in attrs
    ]
    assert len(ids) == len(set(ids))
