"""The TAs' word: which rows can be used, which of them counts, and that no message quotes a comment."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.reviews import Reviews, effective, general_comments, load_reviews, reviews_key
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import REVIEWS, validate

ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)
HEADER = "group_id,area,score,comment,reviewer,time,released\n"
GOOD = (
    HEADER + '1,unit_testing,3,"Fine, but short",Kim,2027-01-25T12:00,yes\nGroup-B,,,Well done,Bo,2027-01-25T13:00,\n'
)


def _load(folder: Path, content: str | bytes) -> Reviews:
    file = folder / "reviews.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_reviews(file, zone=ZONE, group_ids=("1", "2", "Group-B"), rubric=load_rubric(), now=NOW)


def _frame(folder: Path, *rows: str) -> pl.DataFrame:
    loaded = _load(folder, HEADER + "\n".join(rows) + "\n")
    assert loaded.problems == ()
    return loaded.frame


def _message(folder: Path, row: str) -> str:
    loaded = _load(folder, GOOD + row + "\n")
    assert loaded.frame.height == 2, "the good rows do not count"
    (problem,) = loaded.problems
    assert str(problem).startswith(f"{folder / 'reviews.csv'}, row 4: ")
    assert str(problem).endswith(".")
    return str(problem)


def test_a_row_is_a_score_a_comment_and_a_release_in_utc(tmp_path: Path) -> None:
    loaded = _load(tmp_path, GOOD)
    validate(REVIEWS, loaded.frame)
    assert loaded.problems == ()
    assert loaded.frame.rows() == [
        ("1", 2, "unit_testing", 3, "Fine, but short", None, True, "Kim", datetime(2027, 1, 25, 11, tzinfo=UTC)),
        ("Group-B", 3, None, None, "Well done", None, None, "Bo", datetime(2027, 1, 25, 12, tzinfo=UTC)),
    ]


def test_without_a_file_nobody_has_said_anything(tmp_path: Path) -> None:
    loaded = load_reviews(tmp_path / "none.csv", zone=ZONE, group_ids=("1",), rubric=load_rubric())
    assert loaded.frame.height == 0
    assert loaded.frame.schema == REVIEWS.schema


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace('"Fine, but short"', "Fine§ but short").replace(",", ";").replace("§", ",").encode(),
        GOOD.replace("\n1,", "\n1.0,").replace(",3,", ",3.0,").encode(),
        GOOD.replace("group_id,area", "Group_NB, AREA").encode(),
        GOOD.replace("unit_testing", "Unit testing").replace("yes", "TRUE").encode(),
        GOOD.replace("Group-B,,", "group-b,*,").encode(),
        GOOD.replace("Group-B,,", "Group-B,all,").encode(),
    ],
    ids=["bom", "utf-16", "crlf", "semicolons", "numbers", "header", "title", "star", "all"],
)
def test_whatever_a_spreadsheet_writes_is_the_same(tmp_path: Path, content: bytes) -> None:
    assert _load(tmp_path, content).frame.equals(_load(tmp_path, GOOD).frame)


def test_released_and_area_and_comment_may_be_left_out_of_the_header(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "time,reviewer,score,group_id\n2027-01-25T12:00,Kim,5,1\n")
    assert loaded.frame["score"].to_list() == [5]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",unit_testing,3,secret words,Kim,2027-01-25T12:00,", "the group is missing"),
        ("99,unit_testing,3,secret words,Kim,2027-01-25T12:00,", "nowhere in the roster"),
        ("1,testing,3,secret words,Kim,2027-01-25T12:00,", "code_quality, unit_testing, ci_cd, report"),
        ("1,unit_testing,6,secret words,Kim,2027-01-25T12:00,", "whole number from 1 to 5"),
        ("1,unit_testing,0,secret words,Kim,2027-01-25T12:00,", "whole number from 1 to 5"),
        ("1,unit_testing,3.5,secret words,Kim,2027-01-25T12:00,", "whole number from 1 to 5"),
        ("1,unit_testing,²,secret words,Kim,2027-01-25T12:00,", "whole number from 1 to 5"),
        ("1,unit_testing,3,secret words,,2027-01-25T12:00,", "the reviewer is missing"),
        ("1,unit_testing,3,secret words,Kim,,", "the time is missing"),
        ("1,unit_testing,3,secret words,Kim,yesterday,", "no date and time"),
        ("1,unit_testing,3,secret words,Kim,2027-01-25,", "no time of day"),
        ("1,unit_testing,3,secret words,Kim,2027-02-03T12:00,", "in the future"),
        ("1,unit_testing,3,secret words,Kim,2027-01-25T12:00,perhaps", "neither yes nor no"),
        ("1,unit_testing,,,Kim,2027-01-25T12:00,", "it says nothing"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_what_to_do_and_never_with_its_comment(
    tmp_path: Path, row: str, said: str
) -> None:
    message = _message(tmp_path, row)
    assert said in message
    assert "secret words" not in message


def test_a_problem_names_its_group_where_that_is_certain(tmp_path: Path) -> None:
    problems = _load(tmp_path, HEADER + "1,nowhere,3,,Kim,2027-01-25T12:00,\n99,,3,,Kim,2027-01-25T12:00,\n").problems
    assert [problem.group_id for problem in problems] == ["1", None]


def test_a_time_a_few_minutes_ahead_counts_as_clocks_differ(tmp_path: Path) -> None:
    assert _frame(tmp_path, "1,,3,,Kim,2027-02-01T13:04,").height == 1


@pytest.mark.parametrize("header", ["group_id,area,score,comment,time\n", "area,score,reviewer,time\n"])
def test_a_header_without_group_reviewer_or_time_is_an_error(tmp_path: Path, header: str) -> None:
    with pytest.raises(ConfigError, match="the header lacks"):
        _load(tmp_path, header + "1,,3,,2027-01-25T12:00\n")


def test_the_newest_score_counts_and_a_row_without_one_leaves_it(tmp_path: Path) -> None:
    frame = _frame(
        tmp_path,
        "1,ci_cd,2,,Kim,2027-01-25T14:00,",
        "1,ci_cd,4,,Bo,2027-01-25T12:00,",
        "1,ci_cd,,only a comment,Bo,2027-01-25T15:00,",
    )
    word = effective(frame, "1", "ci_cd")
    assert (word.score, word.score_by) == (2, "Kim")


def test_of_two_rows_of_the_same_time_the_later_one_in_the_file_counts(tmp_path: Path) -> None:
    frame = _frame(tmp_path, "1,ci_cd,2,,Kim,2027-01-25T14:00,yes", "1,ci_cd,4,,Bo,2027-01-25T14:00,no")
    word = effective(frame, "1", "ci_cd")
    assert (word.score, word.is_released) == (4, False)


def test_a_row_about_all_areas_and_one_about_an_area_are_told_apart_by_time_alone(tmp_path: Path) -> None:
    frame = _frame(tmp_path, "1,ci_cd,2,,Kim,2027-01-25T12:00,no", "1,,,,Kim,2027-01-25T14:00,yes")
    word = effective(frame, "1", "ci_cd")
    assert word.score == 2
    assert word.is_released
    assert word.release_said_at == datetime(2027, 1, 25, 13, tzinfo=UTC)
    assert effective(frame, "1", "report").score is None
    assert effective(frame, "2", "ci_cd").is_released is None


def test_comments_on_an_area_are_all_kept_and_those_on_the_group_stand_apart(tmp_path: Path) -> None:
    frame = _frame(
        tmp_path,
        "1,ci_cd,,second,Kim,2027-01-25T14:00,",
        "1,ci_cd,,first,Bo,2027-01-25T12:00,",
        "1,,,for all,Bo,2027-01-25T12:00,",
    )
    assert [each.text for each in effective(frame, "1", "ci_cd").comments] == ["first", "second"]
    assert [each.text for each in general_comments(frame, "1")] == ["for all"]


TEXTS = HEADER.replace("released", "released,text")


def test_a_text_is_about_one_area_and_keeps_its_paragraphs(tmp_path: Path) -> None:
    loaded = _load(tmp_path, TEXTS + '1,ci_cd,,,Kim,2027-01-25T12:00,,"One.\r\n\r\nTwo, still."\n')
    assert loaded.problems == ()
    said = effective(loaded.frame, "1", "ci_cd").text
    assert said is not None
    assert (said.text, said.reviewer) == ("One.\n\nTwo, still.", "Kim")
    assert effective(loaded.frame, "1", "report").text is None


@pytest.mark.parametrize(
    ("area", "text", "said"), [("all", "x", "about no area"), ("ci_cd", "x" * 20_001, "Shorten it")]
)
def test_a_text_that_cannot_be_used_is_a_problem_with_what_to_do(
    tmp_path: Path, area: str, text: str, said: str
) -> None:
    loaded = _load(tmp_path, TEXTS + f"1,{area},3,,Kim,2027-01-25T12:00,yes,{text}\n")
    assert loaded.frame.is_empty()
    assert said in str(loaded.problems[0])


def test_the_newest_text_counts_until_it_is_taken_back(tmp_path: Path) -> None:
    rows = (
        "1,ci_cd,,,Kim,2027-01-25T12:00,,first",
        "1,ci_cd,,,Bo,2027-01-25T14:00,,second",
        "1,ci_cd,4,a score says nothing of it,Bo,2027-01-25T15:00,,",
    )
    frame = _load(tmp_path, TEXTS + "\n".join(rows)).frame
    text = effective(frame, "1", "ci_cd").text
    assert text is not None
    assert text.text == "second"
    taken_back = _load(tmp_path, TEXTS + "\n".join((*rows, "1,ci_cd,,,Kim,2027-01-25T16:00,,-"))).frame
    assert effective(taken_back, "1", "ci_cd").text is None


def test_a_release_covers_the_text_that_stood_there_and_no_later_one(tmp_path: Path) -> None:
    frame = _load(
        tmp_path,
        TEXTS
        + "1,ci_cd,,,Kim,2027-01-25T12:00,,first\n1,,,,Bo,2027-01-25T13:00,yes,\n"
        + "1,ci_cd,,,Kim,2027-01-25T13:00,,in the same minute and later in the file\n",
    ).frame
    word = effective(frame, "1", "ci_cd")
    assert word.released_text is not None
    assert word.text is not None
    assert word.released_text.text == "first"
    assert word.text.text == "in the same minute and later in the file"


def test_the_key_of_a_group_changes_with_its_own_rows_alone(tmp_path: Path) -> None:
    rows = ("1,ci_cd,2,,Kim,2027-01-25T12:00,", "2,ci_cd,2,,Kim,2027-01-25T12:00,")
    before = _frame(tmp_path, *rows)
    moved = _frame(tmp_path, *reversed(rows))
    changed = _frame(tmp_path, rows[0].replace(",2,", ",3,"), rows[1])
    assert reviews_key(before, "1") == reviews_key(moved, "1")
    assert reviews_key(before, "1") != reviews_key(changed, "1")
    assert reviews_key(before, "2") == reviews_key(changed, "2")
