"""A group's page of the desk: the draft beside the evidence, whose word counts, and what changed meanwhile."""

from datetime import timedelta
from pathlib import Path

import pytest

from mlops_mentor.desk.drafts import group_desk
from mlops_mentor.desk.saying import say
from mlops_mentor.feedback.judgement import Citation
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.schemas import CHECKLIST, COMMITTED_SECRETS, LINT_HITS, REPORT_ANSWERS
from mlops_mentor_tests.desk.desks import NOW, WRITTEN_AT, Data
from mlops_mentor_tests.feedback.rows import SHA, citation, remark, review_rows


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


def _say(data: Data, *rows: NewReview, minutes: int = 0) -> None:
    assert say(data.lake, data.settings, rows, seen={}, now=NOW + timedelta(minutes=minutes)) == ()


def test_a_draft_has_its_remarks_with_their_citations(data: Data) -> None:
    doubt = remark("Short.", citation("a.py", 3, "x", 5), severity="minor", advice="Do.", criterion="style")
    data.draft("1", {"improvements": [doubt], "criteria": [{"criterion": "style", "score": 2}]})
    area = group_desk(data.lake, data.settings, "1").area("code_quality")
    (found,) = area.draft.improvements
    assert (found.text, found.advice, found.severity) == ("Short.", "Do.", "minor")
    assert found.citations == (Citation("a.py", 3, 5, "x", "b" * 40),)
    assert area.titles["style"] == "Style, types and docstrings"
    assert area.draft.criteria == (("Style, types and docstrings", 2),)
    assert (area.standing, area.score, area.is_passing) == ("draft", 4, True)


def test_a_group_without_feedback_has_its_flags_and_one_of_no_roster_is_an_error(data: Data) -> None:
    data.flag("2", ("notice", "late_commits"))
    desk = group_desk(data.lake, data.settings, "2")
    assert (desk.areas, desk.page, [each.flag for each in desk.flags]) == ((), None, ["late_commits"])
    with pytest.raises(KeyError):
        group_desk(data.lake, data.settings, "99")


def test_everything_that_was_ever_said_of_an_area_is_there_newest_first(data: Data) -> None:
    data.draft("1", {}, {"area": "report"})
    _say(data, NewReview("1", "code_quality", "Kim", 2, "First.", is_released=True))
    _say(data, NewReview("1", None, "Bo", comment="For all."), minutes=1)
    _say(data, NewReview("1", "code_quality", "Bo", 5, text="Mine."), NewReview("1", "report", "Bo", 3), minutes=2)
    desk = group_desk(data.lake, data.settings, "1")
    area = desk.area("code_quality")
    assert [(each.reviewer, each.area, each.score) for each in area.history] == [
        ("Bo", "code_quality", 5),
        ("Bo", None, None),
        ("Kim", "code_quality", 2),
    ]
    assert (area.score, area.standing) == (5, "changed")
    assert area.text is not None
    assert area.text.text == "Mine."
    assert [each.text for each in desk.comments] == ["For all."]
    assert desk.page is not None
    assert desk.released_page is not None
    assert "Mine." in desk.page
    assert "Mine." not in desk.released_page


def test_a_text_about_an_earlier_draft_is_shown_as_such(data: Data) -> None:
    data.draft("1", {})
    data.report("1", review_rows({"area": "code_quality", "text": "Mine.", "is_released": True, "reviewed_at": NOW}))
    _say(data, NewReview("1", "code_quality", "Kim", text="Mine.", is_released=True))
    data.draft("1", {"written_at": NOW + timedelta(hours=1), "summary": "New."})
    area = group_desk(data.lake, data.settings, "1").area("code_quality")
    assert (area.text, area.standing, area.is_passing) == (None, "changed", False)
    assert area.stale_text is not None
    assert area.stale_text.text == "Mine."
    assert area.kept is not None
    assert "Mine." in area.kept


def test_what_was_seen_holds_until_the_draft_or_a_word_on_the_area_changes(data: Data) -> None:
    def seen() -> str:
        return group_desk(data.lake, data.settings, "1").area("code_quality").seen

    data.draft("1", {"cost_usd": 1.0}, {"area": "report"})
    first = seen()
    data.draft("1", {"cost_usd": 2.0}, {"area": "report", "summary": "Another."})
    _say(data, NewReview("1", "report", "Bo", 3), NewReview("2", "code_quality", "Bo", 3))
    _say(data, NewReview("1", None, "Bo", comment="For all."))
    assert seen() == first
    _say(data, NewReview("1", None, "Bo", is_released=True))
    second = seen()
    data.draft("1", {"summary": "Other words."})
    assert len({first, second, seen()}) == 3


def test_of_two_tas_who_saw_the_same_the_second_is_told_and_writes_nothing(data: Data) -> None:
    data.draft("1", {}, {"area": "report"})
    desk = group_desk(data.lake, data.settings, "1")
    seen = {("1", each.area.id): each.seen for each in desk.areas}
    _say(data, NewReview("1", "code_quality", "Kim", 2))
    before = data.sheet
    changed = say(data.lake, data.settings, [NewReview("1", None, "Bo", is_released=True)], seen=seen, now=NOW)
    assert changed == (("1", "code_quality"),)
    assert data.sheet == before
    del seen["1", "code_quality"]
    assert say(data.lake, data.settings, [NewReview("1", "report", "Bo", 1)], seen=seen, now=NOW) == ()


def test_an_area_that_is_gone_was_not_seen(data: Data) -> None:
    rows = [NewReview("1", "report", "Bo", 1)]
    assert say(data.lake, data.settings, rows, seen={("1", "report"): "x"}, now=NOW) == (("1", "report"),)


def test_each_area_has_the_evidence_that_bears_on_it(data: Data) -> None:
    data.draft("1", {}, {"area": "ci_cd"}, {"area": "report"})
    item = {"title": "t", "claimed": "yes", "shown": "no", "verdict": "unsupported", "reason": "r", "expects": "e"}
    rows = [item | {"item": name} for name in ("W1-07", "W2-05")]
    data.rows(CHECKLIST, *rows, item | {"item": "W3-09", "verdict": "supported"}, group_id="1")
    hit = {"tool": "workflow", "rule": "r", "message": "m", "path": "a", "blob_id": "b"}
    data.rows(LINT_HITS, hit | {"severity": "info"}, hit | {"severity": "error"}, group_id="1")
    secret = {"path": ".env", "line": 1, "kind": "k", "confidence": "high", "blob_id": "b"}
    data.rows(COMMITTED_SECRETS, secret, group_id="1")
    answer = {"question": 1, "topic": "tests", "title": "t", "is_answered": True, "path": "r", "template": "31-52"}
    data.rows(REPORT_ANSWERS, answer | {"text": "personal"}, group_id="1")
    desk = group_desk(data.lake, data.settings, "1")
    code, automation, report = (desk.area(area).evidence for area in ("code_quality", "ci_cd", "report"))
    assert [row["item"] for row in code.checklist] == ["W1-07"]
    assert [row["item"] for row in automation.checklist] == ["W2-05"]
    assert [row["item"] for row in report.checklist] == ["W1-07", "W2-05"]
    assert [row["severity"] for row in automation.lint_hits] == ["error", "info"]
    assert [row["path"] for row in automation.secrets] == [".env"]
    assert "text" not in report.answers[0]
    assert "Whether any workflow ran is not known." in automation.facts
    assert code.secrets == report.lint_hits == ()


def test_the_desk_names_the_commit_that_a_draft_is_about(data: Data) -> None:
    data.draft("1", {"written_at": WRITTEN_AT})
    area = group_desk(data.lake, data.settings, "1").areas[0]
    assert (area.draft.snapshot_sha, area.draft.written_at) == (SHA, WRITTEN_AT)
