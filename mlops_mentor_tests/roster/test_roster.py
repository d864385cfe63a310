"""The roster's file: whatever a spreadsheet writes is read, and what cannot be is named with its row and a remedy."""

from pathlib import Path

import pytest

from mlops_mentor.errors import RosterError
from mlops_mentor.roster.roster import Roster, groups_frame, groups_from_frame, load_roster
from mlops_mentor.schemas import GROUPS, problems

HEADER = "group_nb,student 1,student 2,student 3,github_repo"
GOOD = f"{HEADER}\n1,s1,s2,,https://github.com/class/one\n2,s3,,,https://github.com/class/two\n"


def _load(folder: Path, content: str | bytes) -> Roster:
    file = folder / "group_info.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_roster(file)


def _ids(roster: Roster) -> list[str]:
    return [group.group_id for group in roster.groups]


def test_a_row_becomes_a_group(tmp_path: Path) -> None:
    first, second = _load(tmp_path, GOOD).groups
    assert (first.group_id, first.address.url, first.students, first.row) == (
        "1", "https://github.com/class/one", ("s1", "s2"), 2,
    )  # fmt: skip
    assert (second.group_id, second.students, second.row) == ("2", ("s3",), 3)


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        GOOD.encode("cp1252"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", " , ").encode(),
        GOOD.replace("one\n", "one/\n").replace("two\n", "two.git\n").encode(),
        GOOD.replace("https://github.com/class/one", "git@github.com:class/one.git").encode(),
        GOOD.replace("https:", "http:").encode(),
        GOOD.replace("https://github.com/class/one", ' "https://github.com/class/one"').encode(),
        GOOD.replace("group_nb", "Group Nb").replace("github_repo", "GitHub_Repo").encode(),
        GOOD.replace("\n1,", "\n1.0,").replace("\n2,", "\n2.00,").encode(),
        GOOD.removesuffix("\n").encode(),
    ],
    ids=[
        "bom", "utf-16", "utf-16-be", "cp1252", "crlf", "cr", "semicolons", "tabs", "spaces", "slash-and-git", "git@",
        "http", "quoted", "header-case", "floats", "no-last-line-end",
    ],
)  # fmt: skip
def test_whatever_a_spreadsheet_writes_is_the_same_roster(tmp_path: Path, content: bytes) -> None:
    assert _load(tmp_path, content) == _load(tmp_path, GOOD)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_letters_beyond_ascii_survive(tmp_path: Path, encoding: str) -> None:
    roster = _load(tmp_path, GOOD.replace("s1", "Søren Ærø").encode(encoding))
    assert roster.groups[0].students == ("Søren Ærø", "s2")


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    roster = _load(tmp_path, "github_repo,note,group_nb,student 1\nhttps://github.com/class/one,hi,A-1,s1\n")
    assert [(g.group_id, g.address.url, g.students) for g in roster.groups] == [
        ("A-1", "https://github.com/class/one", ("s1",))
    ]


def test_blank_rows_are_skipped_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    roster = _load(tmp_path, "\n" + GOOD.replace("\n2,", "\n,,,,\n  ,,,,\n\n2,"))
    assert [(group.group_id, group.row) for group in roster.groups] == [("1", 3), ("2", 7)]


def test_a_quoted_cell_over_several_lines_keeps_row_numbers_right(tmp_path: Path) -> None:
    roster = _load(tmp_path, GOOD.replace("s1", '"s1\nAda"').replace("s3", '"s3\n\nBo"') + "x!,,,,a/b\n")
    assert [(group.group_id, group.row) for group in roster.groups] == [("1", 2), ("2", 4)]
    assert [problem.row for problem in roster.problems] == [7]


def test_a_quoted_cell_may_hold_the_delimiter(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD.replace("s1", '"Lovelace, Ada"')).groups[0].students == ("Lovelace, Ada", "s2")


def test_a_row_without_students_is_a_group(tmp_path: Path) -> None:
    assert _load(tmp_path, f"{HEADER}\n1,,,,https://github.com/class/one\n").groups[0].students == ()


def test_a_relative_path_lies_beside_the_roster(tmp_path: Path) -> None:
    assert _load(tmp_path, f"{HEADER}\n1,,,,repos/one\n").groups[0].address.url == str(tmp_path / "repos" / "one")


@pytest.mark.parametrize(
    ("row", "group_id", "why", "remedy"),
    [
        ("3,s1,,,", "3", "missing", "Write its address"),
        ("3", "3", "missing", "Write its address"),
        ("3,s1,,,-oProxyCommand=id", "3", "git reads as an option", "Write the repository's address"),
        ("3,s1,,,ext::sh -c id", "3", "would start a program", "Write an https address"),
        ("3,s1,,,https://github.com/class", "3", "names no repository", "https://host/owner/name"),
        (",s1,,,https://github.com/class/three", None, "number is missing", "Fill in group_nb"),
        ("../3,s1,,,https://github.com/class/three", None, "'../3'", "letters, digits"),
        ("-3,s1,,,https://github.com/class/three", None, "'-3'", "letters, digits"),
        ("x" * 65 + ",s1,,,https://github.com/class/three", None, "xxx", "64"),
        ("1,s1,,,https://github.com/class/three", None, "row 2 already", "Delete one of the two"),
        ("01.,s1,,,https://github.com/class/three", None, "'01.'", "letters, digits"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_still_load(
    tmp_path: Path, row: str, group_id: str | None, why: str, remedy: str
) -> None:
    roster = _load(tmp_path, GOOD.replace("\n2,", f"\n{row}\n2,"))
    assert [(group.group_id, group.row) for group in roster.groups] == [("1", 2), ("2", 4)]
    (problem,) = roster.problems
    assert str(problem).startswith(f"{tmp_path / 'group_info.csv'}, row 3: ")
    assert why in str(problem)
    assert remedy in str(problem)
    assert problem.group_id == group_id


def test_a_duplicate_group_names_both_rows(tmp_path: Path) -> None:
    roster = _load(tmp_path, GOOD + "1.0,,,,https://github.com/class/other\n")
    assert roster.groups[0].address.url == "https://github.com/class/one"
    assert "row 4: group 1 stands in row 2 already" in str(roster.problems[0])


def test_groups_that_differ_in_case_alone_are_duplicates(tmp_path: Path) -> None:
    roster = _load(tmp_path, f"{HEADER}\nA,,,,https://github.com/class/a\na,,,,https://github.com/class/b\n")
    assert _ids(roster) == ["A"]
    assert len(roster.problems) == 1


def test_a_problem_reads_as_sentences(tmp_path: Path) -> None:
    (problem,) = _load(tmp_path, GOOD + "3,,,,ext::id\n").problems
    assert str(problem).endswith("Write an https address.")


def test_a_home_directory_of_nobody_is_a_problem_of_its_row_alone(tmp_path: Path) -> None:
    roster = _load(tmp_path, GOOD + "3,,,,~nobody-of-this-name/x\n")
    assert _ids(roster) == ["1", "2"]


def test_an_endless_cell_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"group_info\.csv"):
        _load(tmp_path, GOOD + f'3,"{"x" * 140_000}",,,a/b\n')


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("group,student 1,github_repo", "group_nb"),
        ("group_nb,student 1,repo", "github_repo"),
        ("1,s1,https://github.com/class/one", "group_nb and github_repo"),
    ],
)
def test_a_header_that_lacks_a_column_is_refused_with_the_right_one(tmp_path: Path, header: str, missing: str) -> None:
    with pytest.raises(
        RosterError, match=f"group_info.csv: the header lacks {missing}\\. .* must be: group_nb,student 1"
    ):
        _load(tmp_path, f"{header}\n1,s1,https://github.com/class/one\n")


@pytest.mark.parametrize("content", [b"", b"\n\n", f"{HEADER}\n".encode(), b"\xef\xbb\xbf"])
def test_a_roster_without_rows_changes_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RosterError, match=r"group_info\.csv: .*no rows.*Nothing was changed"):
        _load(tmp_path, content)


def test_a_roster_of_bad_rows_alone_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"row 2: group 1: the repository is missing.*Nothing was changed"):
        _load(tmp_path, f"{HEADER}\n1,s1,,,\n")


def test_a_roster_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"nowhere\.csv: .*MENTOR_ROSTER.*Nothing was changed"):
        load_roster(tmp_path / "nowhere.csv")


def test_groups_survive_the_way_through_their_table(tmp_path: Path) -> None:
    groups = _load(tmp_path, GOOD + "A b.c,,,,repos/x\n").groups
    frame = groups_frame(groups)
    assert problems(GROUPS, frame) == []
    assert frame["group_size"].to_list() == [2, 1, 0]
    assert groups_from_frame(frame) == groups


def test_no_groups_make_an_empty_table() -> None:
    assert groups_from_frame(groups_frame([])) == ()
