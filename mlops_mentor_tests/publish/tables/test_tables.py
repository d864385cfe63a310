"""The published tables: their rows, and that nothing personal is in them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from mlops_mentor.course import Course
from mlops_mentor.errors import LakeError
from mlops_mentor.metrics.activity import activity_matrix
from mlops_mentor.publish.tables.evidence import WITHOUT_HINT
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import CHECKLIST, COMMITS, LEADERBOARD, REPO_STATS, validate
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.publish.class_lake import PERSONAL, RELEASED_AT, Made, published, store_class

Frames = dict[str, pl.DataFrame]
MADE = (
    Made("10", released=("exam_report", "code_quality")),
    Made("2", persons=2, days=(0, 2)),
    Made("7", persons=0),
    Made("1", size=3, persons=3, days=(4, 9)),
)
NAMES = {"10": "Otter", "2": "Heron", "7": "Lynx", "1": "Bat"}


@pytest.fixture
def stored(
    lake: Lake, course: Course, make_frame: Callable[..., pl.DataFrame], make_group: Callable[..., Group]
) -> Lake:
    store_class(lake, course, MADE, make_frame, make_group)
    return lake


@pytest.fixture
def frames(stored: Lake, course: Course) -> Frames:
    return published(stored, course, NAMES)


def test_every_table_is_as_declared_and_in_the_rosters_order(frames: Frames) -> None:
    for each in PUBLISHED:
        frame = validate(each.table, frames[each.name])
        groups = frame["group"].unique(maintain_order=True).to_list()
        assert groups == [name for name in NAMES.values() if name in groups]
    assert frames["leaderboard"]["group"].to_list() == list(NAMES.values())


def test_nothing_personal_is_in_any_of_them(frames: Frames) -> None:
    text = "".join(frame.write_json() for frame in frames.values())
    assert PERSONAL not in text
    assert "uni.example" not in text
    assert "member 2" not in text


def test_a_group_that_is_left_out_is_in_none_of_them(stored: Lake, course: Course) -> None:
    names = {group_id: name for group_id, name in NAMES.items() if group_id != "10"}
    for frame in published(stored, course, names).values():
        assert "Otter" not in frame["group"]
        assert "10" not in frame["group"]


def test_days_between_two_changes_hold_the_one_before(frames: Frames, course: Course) -> None:
    history = frames["history"].filter(pl.col("group") == "Bat")
    assert history["day"].to_list() == [course.project_start + timedelta(days=day) for day in range(10)]
    assert history["checklist_shown"].to_list() == [None] * 4 + [0.5] * 6
    assert history["num_commits"].to_list() == [0, 0, 0, 0, 6, 0, 0, 0, 0, 6]
    assert "Lynx" not in frames["history"]["group"], "a group without a commit has no history"


def test_history_ends_with_the_deadline(stored: Lake, course: Course) -> None:
    early = course.model_copy(update={"deadline": datetime(2027, 1, 6, 12)})
    frames = published(stored, early, NAMES)
    assert frames["history"]["day"].max() == date(2027, 1, 6)
    # Who has an extension is nobody's business.
    assert frames["leaderboard"]["last_commit_on"].to_list() == [date(2027, 1, 6)] * 4


def test_merges_and_unmerged_commits_are_no_commits_of_a_day(stored: Lake, course: Course) -> None:
    commits = stored.read(COMMITS, "1")
    is_first, is_second = pl.col("sha") == commits["sha"][0], pl.col("sha") == commits["sha"][1]
    changed = commits.with_columns(
        is_merge=pl.col("is_merge") | is_first,
        is_on_default=pl.col("is_on_default") & ~is_second,
        authored_at=pl.when(pl.col("sha") == commits["sha"][2]).then(pl.lit(None)).otherwise("authored_at"),
    )
    stored.write(COMMITS, changed, "1")
    history = published(stored, course, NAMES)["history"].filter(pl.col("group") == "Bat")
    assert history["num_commits"].to_list() == [0, 0, 0, 0, 4, 0, 0, 0, 0, 5]


def test_a_commit_late_at_night_is_of_the_day_where_the_course_is(stored: Lake, course: Course) -> None:
    late = stored.read(COMMITS, "1").with_columns(authored_at=pl.lit(datetime(2027, 1, 8, 23, 30, tzinfo=UTC)))
    stored.write(COMMITS, late.cast(COMMITS.schema), "1")
    history = published(stored, course, NAMES)["history"].filter(pl.col("group") == "Bat", pl.col("num_commits") > 0)
    assert history["day"].to_list() == [date(2027, 1, 9)]


def test_activity_begins_with_the_first_commit_and_is_what_the_numbers_were_made_from(
    frames: Frames, stored: Lake, course: Course
) -> None:
    row = frames["statistics"].row(by_predicate=pl.col("group") == "Bat", named=True)
    assert row["activity_from"] == course.project_start + timedelta(days=4)
    assert row["activity"] == activity_matrix(stored.read(COMMITS, "1"), course.project_start, course.zone)
    assert row["activity"] == stored.read(REPO_STATS, "1")["activity_matrix"][0].to_list()
    assert sum(map(sum, row["activity"])) == 12
    assert "Lynx" not in frames["statistics"]["group"]


def test_evidence_brings_items_answers_and_checks_together(frames: Frames) -> None:
    evidence = frames["evidence"].filter(pl.col("group") == "Otter")
    assert evidence["kind"].unique(maintain_order=True).to_list() == ["checklist", "report_answer", "report_check"]
    answers = evidence.filter(pl.col("kind") == "report_answer").select("item", "shown", "num_words", "question")
    assert answers.rows() == [("study_numbers", "yes", 4, 2), ("branches", "no", None, 9)]
    checks = evidence.filter(pl.col("kind") == "report_check").select("item", "check", "title")
    assert checks.rows() == [
        ("report", "found", "The report"),
        ("study_numbers", "study_numbers", "Study numbers"),
        ("contributions", "members_named", "contributions"),
    ]


def test_how_many_members_worked_on_how_much_is_not_told(frames: Frames, stored: Lake) -> None:
    told = stored.read(CHECKLIST, "10").filter(pl.col("item") == "EX-05")["reason"].item()
    shown = frames["evidence"].filter(pl.col("item") == "EX-05")["reason"].unique().item()
    assert shown == WITHOUT_HINT
    assert told == f"{WITHOUT_HINT} A hint: 1 of 4 people with commits worked on 4 areas of the code or more."


def test_only_what_is_released_is_feedback_in_the_rubrics_order(frames: Frames) -> None:
    feedback = frames["feedback"].select("group", "area", "score", "text", "released_at")
    assert feedback.rows() == [
        ("Otter", "code_quality", 4, "Well done, code_quality.", RELEASED_AT),
        ("Otter", "exam_report", 4, "Well done, exam_report.", RELEASED_AT),
    ]
    places = frames["feedback"]["place"].to_list()
    assert places == sorted(places)


def test_an_area_that_the_rubric_has_lost_stands_last(
    lake: Lake, course: Course, make_frame: Callable[..., pl.DataFrame], make_group: Callable[..., Group]
) -> None:
    store_class(lake, course, [Made("1", released=("gone", "code_quality"))], make_frame, make_group)
    feedback = published(lake, course, {"1": "1"})["feedback"]
    assert feedback.select("area", "title").rows()[-1] == ("gone", "gone")


def test_a_repository_on_this_machine_is_no_address(stored: Lake, course: Course) -> None:
    groups = stored.read(LEADERBOARD)
    assert groups.height == len(NAMES)
    urls = published(stored, course, NAMES)["leaderboard"]["repo_url"].to_list()
    assert all(url.startswith("https://") for url in urls)


def test_without_a_leaderboard_nothing_is_published(stored: Lake, course: Course) -> None:
    stored.remove(LEADERBOARD)
    with pytest.raises(LakeError, match="leaderboard"):
        published(stored, course, NAMES)
