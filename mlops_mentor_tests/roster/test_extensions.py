"""Extensions: whose deadline is later, and what is said of rows that cannot be used, without a word of the reasons."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.roster.extensions import Extensions, load_extensions

ZONE = ZoneInfo("Europe/Copenhagen")
DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
UNTIL = datetime(2027, 1, 25, 11, tzinfo=UTC)
GOOD = "group_id,until,reason\n1,2027-01-25T12:00:00,ill\nGroup-B,2027-01-26 23:59,broken laptop\n"


def _load(folder: Path, content: str | bytes) -> Extensions:
    file = folder / "extensions.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_extensions(file, zone=ZONE, deadline=DEADLINE, group_ids=("1", "2", "Group-B"))


def _message(folder: Path, row: str) -> str:
    loaded = _load(folder, GOOD + row + "\n")
    assert len(loaded.until) == 2, "the good rows do not count"
    (problem,) = loaded.problems
    assert str(problem).startswith(f"{folder / 'extensions.csv'}, row 4: ")
    assert str(problem).endswith(".")
    return str(problem)


def test_a_row_gives_its_group_a_later_deadline_in_utc(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD) == Extensions({"1": UNTIL, "Group-B": datetime(2027, 1, 26, 22, 59, tzinfo=UTC)})


def test_without_a_file_nobody_has_an_extension(tmp_path: Path) -> None:
    loaded = load_extensions(tmp_path / "none.csv", zone=ZONE, deadline=DEADLINE, group_ids=("1",))
    assert loaded == Extensions({}, ())


def test_a_header_alone_means_none(tmp_path: Path) -> None:
    assert _load(tmp_path, "group_id,until,reason\n") == Extensions({})


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", " , ").encode(),
        GOOD.replace("\n1,", "\n\n,,\n1.0,").encode(),
        GOOD.replace("group_id,until", "Group ID,UNTIL").encode(),
        GOOD.replace("Group-B", "GROUP-b").encode(),
        GOOD.replace("ill", '"ill,\nfor days"').encode(),
    ],
    ids=["bom", "utf-16", "crlf", "semicolons", "tabs", "spaces", "blank-rows", "header-case", "group-case", "quoted"],
)
def test_whatever_a_spreadsheet_writes_is_the_same(tmp_path: Path, content: bytes) -> None:
    assert _load(tmp_path, content) == _load(tmp_path, GOOD)


def test_columns_stand_in_any_order_and_the_reason_may_be_left_out(tmp_path: Path) -> None:
    assert _load(tmp_path, "until,by,group_id\n2027-01-25T12:00,x,1\n") == Extensions({"1": UNTIL})


@pytest.mark.parametrize("until", ["2027-01-25T11:00:00Z", "2027-01-25T06:00:00-05:00", "2027-01-25 12:00"])
def test_a_time_has_its_offset_or_is_local(tmp_path: Path, until: str) -> None:
    assert _load(tmp_path, f"group_id,until\n1,{until}\n").until == {"1": UNTIL}


def test_an_extension_in_summer_has_the_offset_of_summer(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "group_id,until\n1,2027-06-25T12:00:00\n")
    assert loaded.until == {"1": datetime(2027, 6, 25, 10, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("row", "why", "remedy"),
    [
        ("9,2027-01-25T12:00:00,", "nowhere in the roster", "Write it as the roster does"),
        (",2027-01-25T12:00:00,", "the group is missing", "Fill in group_id"),
        ("2,,", "until is missing", "such as 2027-01-25T12:00:00"),
        ("2", "until is missing", "such as 2027-01-25T12:00:00"),
        ("2,2027-01-25,", "until has no time of day", "such as 2027-01-25T23:59:00"),
        ("2,25/1/2027 12:00,", "until is no date and time", "Write it as 2027-01-25T12:00:00"),
        ("2,2027-02-30T12:00:00,", "until is no date and time", "Write it as"),
        ("2,0001-01-01T00:00:00+14:00,", "until is no date and time", "Write it as"),
        ("2,2027-01-22T11:59:59,", "before the course's deadline of 2027-01-22 11:00 UTC", "Write a later time"),
        ("1,2027-01-29T12:00:00,", "group 1 stands in row 2 already, which counts", "Delete one of the two"),
        ("group-b,2027-01-29T12:00:00,", "group Group-B stands in row 3 already", "Delete one of the two"),
    ],
)
def test_a_bad_row_is_named_with_a_remedy_and_the_good_ones_count(
    tmp_path: Path, row: str, why: str, remedy: str
) -> None:
    message = _message(tmp_path, row)
    assert why in message
    assert remedy in message


def test_a_problem_names_the_group_as_the_roster_does(tmp_path: Path) -> None:
    ids = [problem.group_id for problem in _load(tmp_path, "group_id,until\nGROUP-B,x\n9,x\n").problems]
    assert ids == ["Group-B", None]


def test_an_unusable_row_leaves_the_group_to_a_later_good_one(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "group_id,until\n1,soon\n1,2027-01-25T12:00:00\n")
    assert (loaded.until, len(loaded.problems)) == ({"1": UNTIL}, 1)


def test_an_extension_to_the_deadline_itself_is_no_problem(tmp_path: Path) -> None:
    assert _load(tmp_path, "group_id,until\n1,2027-01-22T12:00:00\n") == Extensions({"1": DEADLINE})


@pytest.mark.parametrize("row", ["2,depression,", "depression,2027-01-25T12:00:00,", '2,"surgery, depression",'])
def test_no_message_quotes_a_cell_into_which_a_reason_slipped(tmp_path: Path, row: str) -> None:
    assert "depression" not in _message(tmp_path, row)


def test_the_reason_is_not_kept(tmp_path: Path) -> None:
    assert "broken" not in repr(_load(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("content", "missing"), [("group,until\n", "group_id"), ("1,2027-01-25T12:00:00,ill\n", "group_id and until")]
)
def test_a_header_that_lacks_a_column_is_refused_with_the_right_one(tmp_path: Path, content: str, missing: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"extensions\.csv: the header lacks {missing}\. .* must be: group_id,until"
    ) as error:
        _load(tmp_path, content)
    assert "ill" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_no_list_of_none(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError, match=r"extensions\.csv: is empty\. .*Delete the file"):
        _load(tmp_path, content)


def test_what_is_no_csv_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"extensions\.csv, row 4: is no CSV"):
        _load(tmp_path, GOOD + f'2,"{"x" * 140_000}",\n')


def test_a_folder_in_its_place_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r": the extensions cannot be read .*course\.yaml"):
        load_extensions(tmp_path, zone=ZONE, deadline=DEADLINE, group_ids=())
