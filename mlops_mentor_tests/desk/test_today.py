"""The desk's first page: flags in their order, and where each group stands, as `reviews.csv` has it at this moment."""

from datetime import timedelta
from pathlib import Path

import pytest

from mlops_mentor.desk.drafts import passing
from mlops_mentor.desk.saying import say
from mlops_mentor.desk.today import today
from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.schemas import UNMAPPED_IDENTITIES
from mlops_mentor_tests.desk.desks import AREAS, NOW, WRITTEN_AT, Data
from mlops_mentor_tests.feedback.rows import review_rows


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


def _say(data: Data, *rows: NewReview) -> None:
    assert say(data.lake, data.settings, rows, seen={}, now=NOW) == ()


def test_flags_come_weightiest_first_and_then_in_the_rosters_order(data: Data) -> None:
    data.flag("10", ("serious", "secrets"), ("info", "odd_path"))
    data.flag("2", ("notice", "late_commits"), ("serious", "no_commits"))
    data.share("1", "2")
    flags = [(each.severity, each.group_id, each.flag) for each in today(data.lake, data.settings, NOW).flags]
    assert flags == [
        ("serious", "1", "same_code"),
        ("serious", "2", "no_commits"),
        ("serious", "10", "secrets"),
        ("notice", "2", "late_commits"),
        ("info", "10", "odd_path"),
    ]


def test_a_class_of_which_nothing_is_stored_has_its_groups_and_no_more(data: Data) -> None:
    found = today(data.lake, data.settings, NOW)
    assert [each.group_id for each in found.groups] == ["1", "2", "10"]
    assert not any(each.has_feedback for each in found.groups)
    assert (found.flags, found.num_to_review, found.num_passing) == ((), 0, 0)


def test_areas_stand_where_the_sheet_has_them_and_not_where_the_stored_table_has(data: Data) -> None:
    data.draft("1", *({"area": area} for area in AREAS[:2]), {"area": "ci_cd", "state": "needs_review"})
    _say(data, NewReview("1", "code_quality", "Kim", is_released=True))
    state = today(data.lake, data.settings, NOW).groups[0]
    assert (state.released, state.drafts, state.changed) == (("code_quality",), ("unit_testing", "ci_cd"), ())
    assert (state.to_review, state.passing) == (("ci_cd",), ("unit_testing",))


def test_a_newer_draft_of_what_was_released_is_told_from_others(data: Data) -> None:
    data.draft("1", {})
    data.report("1", review_rows({"is_released": True, "reviewed_at": WRITTEN_AT}))
    data.draft("1", {"written_at": WRITTEN_AT + timedelta(hours=1)})
    (data.folder / "reviews.csv").write_text("group_id,reviewer,time,released\n1,Kim,2026-01-25T10:00:00Z,yes\n")
    assert today(data.lake, data.settings, NOW).groups[0].changed == ("code_quality",)


@pytest.mark.parametrize(
    "row",
    [
        NewReview("1", "code_quality", "Kim", is_released=False),
        NewReview("1", None, "Kim", is_released=False),
        NewReview("1", "code_quality", "Kim", text="Not done yet."),
        NewReview("1", "code_quality", "Kim", is_released=True),
    ],
)
def test_what_a_ta_holds_back_is_at_or_has_released_does_not_pass(data: Data, row: NewReview) -> None:
    data.draft("1", {})
    data.draft("2", {"state": "stand_in", "reason": "no answer"}, {"area": "report"})
    names = [(each.group_id, each.area_id) for each in passing(data.lake, data.settings)]
    assert names == [("1", "code_quality"), ("2", "report")]
    _say(data, row)
    assert [(each.group_id, each.area_id) for each in passing(data.lake, data.settings)] == [("2", "report")]


def test_all_that_pass_are_released_at_once_with_what_was_seen(data: Data) -> None:
    data.draft("1", *({"area": area} for area in AREAS))
    data.draft("2", {}, {"area": "report", "state": "needs_review"})
    found = passing(data.lake, data.settings)
    rows = [NewReview(each.group_id, each.area_id, "Kim", is_released=True) for each in found]
    seen = {(each.group_id, each.area_id): each.seen for each in found}
    assert say(data.lake, data.settings, rows, seen=seen, now=NOW) == ()
    state = today(data.lake, data.settings, NOW)
    assert [len(each.released) for each in state.groups] == [4, 1, 0]
    assert passing(data.lake, data.settings) == []


def test_rows_that_cannot_be_used_are_problems_and_the_rest_counts(data: Data) -> None:
    data.draft("1", {})
    (data.folder / "reviews.csv").write_text("group_id,reviewer,time,score\n1,Kim,2026-01-25T12:00,9\n")
    found = today(data.lake, data.settings, NOW)
    assert "row 2" in found.problems[0]
    assert found.groups[0].passing == ("code_quality",)


def test_identities_that_nobody_has_mapped_are_counted_until_somebody_does(data: Data) -> None:
    row = {"name": "Ada", "email": "ada@uni.example", "num_commits": 3, "num_co_authored": 0}
    data.rows(UNMAPPED_IDENTITIES, row, row | {"email": "ada@home.example"}, group_id="1")
    assert today(data.lake, data.settings, NOW).groups[0].num_unmapped == 2
    (data.folder / "identities.csv").write_text("group_id,name,email,member\n1,,ada@home.example,outsider\n")
    assert today(data.lake, data.settings, NOW).groups[0].num_unmapped == 1
    (data.folder / "identities.csv").write_text("a,b\n")
    assert "the header lacks" in today(data.lake, data.settings, NOW).problems[0]


def test_a_sheet_that_cannot_be_used_is_said(data: Data) -> None:
    (data.folder / "reviews.csv").write_text("a,b\n")
    with pytest.raises(ConfigError, match="the header lacks"):
        today(data.lake, data.settings, NOW)
