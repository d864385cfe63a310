"""Pages and releases: what a TA reads, what the group reads, and that a newer draft takes nothing away."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from markdown_it import MarkdownIt

from mlops_mentor.feedback.reports import feedback_reports_frame
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK_REPORTS, REVIEW_PACKS, REVIEWS, empty, validate
from mlops_mentor_tests.feedback.rows import (
    SHA,
    WRITTEN_AT,
    citation,
    feedback_rows,
    pack_rows,
    remark,
    review_rows,
)

RUBRIC = load_rubric()
GROUP = Group("1", Address("https://github.com/class/group-1", "https"), (), 2)
LATER = WRITTEN_AT + timedelta(hours=3)
ALL_AREAS = ("code_quality", "unit_testing", "ci_cd", "report")


def _report(
    feedback: pl.DataFrame,
    reviews: pl.DataFrame | None = None,
    *,
    packs: pl.DataFrame | None = None,
    previous: pl.DataFrame | None = None,
    group: Group = GROUP,
) -> dict[str, Any]:
    reviews = empty(REVIEWS) if reviews is None else reviews
    packs = empty(REVIEW_PACKS) if packs is None else packs
    frame = feedback_reports_frame(group, feedback, packs, reviews, RUBRIC, previous)
    return validate(FEEDBACK_REPORTS, frame).row(0, named=True)


def _frame(report: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([report], schema=FEEDBACK_REPORTS.schema)


def test_without_a_word_of_a_ta_everything_is_a_draft_and_the_group_reads_nothing() -> None:
    report = _report(feedback_rows({}, {"area": "ci_cd"}))
    assert report["state"] == "draft"
    assert report["released_markdown"] is None
    assert report["released"] == report["areas_released"] == []
    assert report["markdown"].count("[DRAFT]") == 2


def test_a_release_as_old_as_the_feedback_or_newer_releases_its_area_alone() -> None:
    report = _report(feedback_rows({}, {"area": "ci_cd"}), review_rows({"area": "ci_cd", "is_released": True}))
    assert report["areas_released"] == ["ci_cd"]
    assert report["state"] == "draft"
    assert "## CI/CD" in report["released_markdown"]
    assert "Code quality" not in report["released_markdown"]
    assert "DRAFT" not in report["released_markdown"]
    assert "## Code quality [DRAFT]" in report["markdown"]
    assert "## CI/CD\n" in report["markdown"]


def test_a_release_of_all_areas_releases_the_page() -> None:
    rows = feedback_rows(*({"area": area} for area in ALL_AREAS))
    report = _report(rows, review_rows({"is_released": True}))
    assert report["state"] == "released"
    assert report["areas_released"] == list(ALL_AREAS)


def test_a_release_older_than_the_draft_releases_nothing_and_the_ta_is_told() -> None:
    report = _report(feedback_rows({"written_at": LATER}), review_rows({"is_released": True}))
    assert report["released_markdown"] is None
    assert "has to be released again" in report["markdown"]


def test_a_newer_draft_leaves_what_was_released_as_it_was() -> None:
    reviews = review_rows({"is_released": True, "comment": "Well done."})
    first = _report(feedback_rows({"summary": "The old words."}), reviews)
    draft = feedback_rows({"summary": "The new words.", "score": 2, "written_at": LATER})
    second = _report(draft, reviews, previous=_frame(first))
    assert second["state"] == "changed_since_release"
    assert second["areas_released"] == []
    assert second["released"] == first["released"]
    assert "The old words." in second["released_markdown"]
    assert "The new words." not in second["released_markdown"]
    assert "The new words." in second["markdown"]
    third = _report(draft, reviews, previous=_frame(second))
    assert third == second


def test_releasing_again_replaces_what_was_released() -> None:
    first = _report(feedback_rows({"summary": "The old words."}), review_rows({"is_released": True}))
    reviews = review_rows({"is_released": True}, {"is_released": True, "reviewed_at": LATER})
    draft = feedback_rows({"summary": "The new words.", "written_at": LATER})
    report = _report(draft, reviews, previous=_frame(first))
    assert report["areas_released"] == ["code_quality"]
    assert "The new words." in report["released_markdown"]
    assert "The old words." not in report["released_markdown"]


@pytest.mark.parametrize("reviews", [review_rows({"is_released": True}, {"is_released": False}), empty(REVIEWS)])
def test_what_is_taken_back_or_no_longer_in_the_file_is_gone(reviews: pl.DataFrame) -> None:
    first = _report(feedback_rows({}), review_rows({"is_released": True}))
    report = _report(feedback_rows({"written_at": LATER}), reviews, previous=_frame(first))
    assert report["state"] == "draft"
    assert report["released"] == []
    assert report["released_markdown"] is None


def test_a_score_of_a_ta_wins_and_the_ta_sees_both() -> None:
    feedback = feedback_rows({"score": 4, "criteria": [{"criterion": "structure", "score": 5}]})
    report = _report(feedback, review_rows({"area": "code_quality", "score": 2, "is_released": True}))
    assert report["areas_overridden"] == ["code_quality"]
    assert report["released"][0]["score"] == 2
    assert "| Code quality | 2 | 4 | 2 |" in report["markdown"]
    assert "Kim gives 2; the reviewer gave 4." in report["markdown"]
    assert "**2 of 5** (by a teaching assistant)" in report["released_markdown"]
    assert "4 of 5" not in report["released_markdown"]
    assert "Structure 5" not in report["released_markdown"]


def _edit(text: str, *, minutes: int = 0, **more: Any) -> dict[str, Any]:
    at = WRITTEN_AT + timedelta(minutes=minutes)
    return {"area": "code_quality", "text": text, "reviewed_at": at} | more


SAID = feedback_rows(
    {"summary": "The machine's words.", "strengths": [remark("A machine's praise.")], "improvements": [
        remark("A machine's doubt.", citation("a.py", 1, "import b"), severity="major", advice="Do.")]}
)  # fmt: skip


def test_a_text_of_a_ta_stands_in_place_of_the_reviewers_words_and_the_ta_sees_both() -> None:
    report = _report(SAID, review_rows(_edit("Mine.\n\nMine <b>too</b>.", is_released=True)))
    assert report["areas_released"] == ["code_quality"]
    told = report["released_markdown"]
    assert "Edited by a teaching assistant" in told
    assert "Mine.\n\nMine \\<b\\>too" in told
    assert [each for each in ("machine", "What is good", "a.py", "Kim") if each in told] == []
    assert "Edited by Kim" in report["markdown"]
    assert all(f"machine's {each}" in report["markdown"] for each in ("words", "praise", "doubt"))


def test_a_text_that_nobody_has_released_is_a_draft() -> None:
    report = _report(SAID, review_rows(_edit("Mine.")))
    assert (report["state"], report["released"]) == ("draft", [])
    assert "Mine." in report["markdown"]


def test_a_text_written_after_the_release_leaves_what_the_group_has_until_it_is_released_too() -> None:
    release = {"is_released": True}
    rows = ({**release, "reviewed_at": WRITTEN_AT}, _edit("Mine.", minutes=5))
    report = _report(SAID, review_rows(*rows))
    assert report["state"] == "changed_since_release"
    assert report["areas_released"] == []
    assert "The machine's words." in report["released_markdown"]
    assert "Mine." not in report["released_markdown"]
    assert "The group reads an earlier version" in report["markdown"]
    again = _report(SAID, review_rows(*rows, {**release, "reviewed_at": WRITTEN_AT + timedelta(minutes=6)}))
    assert (again["state"], again["areas_released"]) == ("released", ["code_quality"])
    assert "Mine." in again["released_markdown"]
    assert "machine's words" not in again["released_markdown"]


def test_a_newer_draft_leaves_a_released_text_as_it_was_and_the_ta_is_told() -> None:
    reviews = review_rows(_edit("Mine.", is_released=True))
    first = _report(SAID, reviews)
    draft = feedback_rows({"summary": "New words.", "written_at": LATER})
    second = _report(draft, reviews, previous=_frame(first))
    assert second["released"] == first["released"]
    assert "Mine." in second["released_markdown"]
    assert "New words." not in second["released_markdown"]
    assert "The text of Kim, 2027-01-25 10:00 UTC, is about an earlier draft" in second["markdown"]
    assert "Mine." not in second["markdown"]
    released = _report(draft, pl.concat([reviews, review_rows({"is_released": True, "reviewed_at": LATER})]),
                       previous=_frame(second))  # fmt: skip
    assert "New words." in released["released_markdown"]
    assert "Mine." not in released["released_markdown"]


def test_a_text_that_is_taken_back_gives_the_reviewers_words_again() -> None:
    report = _report(SAID, review_rows(_edit("Mine."), _edit("", minutes=1, is_released=True)))
    assert "The machine's words." in report["released_markdown"]
    assert "Mine." not in report["markdown"]


def test_overall_scores_follow_the_rubric_with_the_tas_scores_in_them() -> None:
    criteria = [{"criterion": "cloud", "score": 2}, {"criterion": "deployment", "score": 3}]
    feedback = feedback_rows(
        {"score": 4},
        {"area": "unit_testing", "score": 3},
        {"area": "ci_cd", "score": 1},
        {"area": "report", "score": 3, "criteria": criteria},
    )
    report = _report(feedback, review_rows({"area": "ci_cd", "score": 2}))
    # round(1 + ((4 + 3 + 2) / 3 - 1) * 2.25) and round(1 + (2.5 - 1) * 2.25).
    assert report["overall_code"] == 6 == round(1 + 2 * 2.25)
    assert report["overall_report"] == 4 == round(1 + 1.5 * 2.25)
    overridden = _report(feedback, review_rows({"area": "report", "score": 5}))
    assert overridden["overall_report"] == 10


def test_areas_without_a_score_count_in_no_overall_score() -> None:
    report = _report(feedback_rows({"score": None, "state": "nothing_to_review", "reason": "no file"}))
    assert report["overall_code"] is report["overall_report"] is None
    assert "**No score**" in report["markdown"]


def test_the_group_reads_an_overall_score_only_when_all_of_its_areas_are_released() -> None:
    feedback = feedback_rows(*({"area": area} for area in ALL_AREAS))
    some = _report(feedback, review_rows({"area": "ci_cd", "is_released": True}))
    every = _report(feedback, review_rows({"is_released": True}))
    assert "of 10" not in some["released_markdown"]
    assert "together: 8 of 10" in every["released_markdown"]


def test_the_group_reads_no_notes_no_names_and_no_reasons_to_look_again() -> None:
    feedback = feedback_rows(
        {
            "state": "needs_review",
            "reason": "the score contradicts the evidence",
            "reviewer": "model",
            "model": "small-model",
            "confidence": 9,
            "num_remarks_dropped": 1,
            "num_citations": 3,
            "num_citations_dropped": 2,
            "dropped": ["a.py:3: no such line"],
            "second_model": "other-model",
            "second_score": 2,
        }
    )
    reviews = review_rows({"area": "code_quality", "is_released": True, "comment": "Good start."})
    packs = pack_rows({"left_out": ["big.py: too long"]})
    report = _report(feedback, reviews, packs=packs)
    told = ("the score contradicts the evidence", "no such line", "other-model", "9 of 10", "big.py: too long", "Kim")
    assert [each for each in told if each not in report["markdown"]] == []
    assert [each for each in told if each in report["released_markdown"]] == []
    assert "language model small-model" in report["released_markdown"]
    assert "Good start." in report["released_markdown"]
    assert "2 of 3 files, 50 % of their lines" in report["released_markdown"]
    assert report["areas_to_review"] == ["code_quality"]
    assert report["reviewer"] == "model"


def test_every_citation_leads_to_its_line_at_the_commit_with_the_line_quoted() -> None:
    shown = remark(
        "Nothing is logged.",
        citation("src/a b.py", 12, "print(`x`)"),
        citation("b.py", 3, "def f():\n    ```\n    pass", 5),
        severity="major",
        advice="Use `logging`.",
        criterion="patterns",
    )
    page = _report(feedback_rows({"improvements": [shown]}))["markdown"]
    assert f"[`src/a b.py:12`](https://github.com/class/group-1/blob/{SHA}/src/a%20b.py#L12): ``print(`x`)``" in page
    assert f"[`b.py:3-5`](https://github.com/class/group-1/blob/{SHA}/b.py#L3-L5)" in page
    assert "1. **major**, Patterns: Nothing is logged." in page
    assert "*Next step:* Use `logging`." in page
    fences = [token for token in MarkdownIt("commonmark").parse(page) if token.type == "fence"]
    assert [token.content for token in fences] == ["def f():\n    ```\n    pass\n"]


def test_a_repository_without_pages_has_citations_without_links() -> None:
    group = Group("1", Address("/srv/class/group-1", "file"), (), 2)
    feedback = feedback_rows({"strengths": [remark("Fine.", citation("a.py", 1, "import b"))]})
    page = _report(feedback, group=group)["markdown"]
    assert "- `a.py:1`: `import b`" in page
    assert "](" not in page


EVIL = (
    "![x](http://evil.example/p.png) <script>alert(1)</script> [click](http://evil.example) # big\n# heading\n<b>&amp;"
)


@pytest.mark.parametrize("text", [None, EVIL])
def test_no_text_of_others_becomes_an_image_a_link_html_or_a_heading(text: str | None) -> None:
    evil = remark(EVIL, citation(EVIL, 1, EVIL), citation(EVIL, 1, "x" * 200 + EVIL), severity="major", advice=EVIL)
    row = {
        "summary": EVIL, "strengths": [remark(EVIL)], "improvements": [evil], "state": "needs_review", "reason": EVIL,
        "reviewer": "model", "model": EVIL, "num_remarks_dropped": 1, "dropped": [EVIL],
        "second_model": EVIL, "second_score": 1,
    }  # fmt: skip
    reviews = review_rows(
        {"comment": EVIL, "reviewer": EVIL, "score": 1}, {"area": "code_quality", "comment": EVIL, "is_released": True}
    )
    packs = pack_rows({"coverage": EVIL, "left_out": [EVIL]})
    group = Group(EVIL, GROUP.address, (), 2)
    report = _report(
        feedback_rows(row | {"group_id": EVIL}), reviews.with_columns(group_id=pl.lit(EVIL)), packs=packs, group=group
    )
    for page in (report["markdown"], report["released_markdown"]):
        tokens = MarkdownIt("commonmark").enable("table").parse(page)
        inner = [child for token in tokens for child in token.children or ()]
        types = {token.type for token in tokens} | {token.type for token in inner}
        assert not {"image", "html_inline", "html_block"} & types
        links = [str(token.attrs["href"]) for token in inner if token.type == "link_open"]
        assert all(link.startswith(f"https://github.com/class/group-1/blob/{SHA}/") for link in links)
        headings = [tokens[place + 1].content for place, each in enumerate(tokens) if each.type == "heading_open"]
        assert "heading" not in headings
        assert "evil.example" not in "".join(token.content for token in inner if token.type == "text")


def test_the_report_is_the_same_for_the_same_tables() -> None:
    feedback, reviews = feedback_rows({}, {"area": "report"}), review_rows({"is_released": True})
    assert _report(feedback, reviews) == _report(feedback.reverse(), reviews)


def test_a_group_without_feedback_has_no_report() -> None:
    with pytest.raises(ValueError, match="no feedback"):
        _report(feedback_rows({}).clear())


def test_what_was_shown_is_said_of_the_model_that_saw_it_and_of_nobody_else() -> None:
    def page(**changes: Any) -> str:
        return str(_report(feedback_rows(changes), review_rows(), packs=pack_rows({}))["markdown"])

    assert "2 of 3 files" in page(reviewer="model", model="large")
    assert "2 of 3 files" not in page(reviewer="model", model="large", pack_id="an earlier one")
    assert "2 of 3 files" not in page(reviewer="rules")
