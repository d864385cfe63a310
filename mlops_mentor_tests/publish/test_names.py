"""Public names of groups: numbers, aliases, and who is left out; whatever cannot be read stops the publishing."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.publish.names import LeftOut, leave_out, load_aliases, load_left_out, load_public_names
from mlops_mentor.roster.roster import Group
from mlops_mentor.settings import Settings

IDS = ("3", "1", "Group-B")
NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
GOOD = "group_id,alias\n3,Otter\n1,Heron\nGroup-B,Sea lion\n"
COURSE = """\
course: MLOps
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
publish:
  groups: {groups}
"""
MakeGroup = Callable[..., Group]


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Settings]:
    """Settings of a class whose groups are called by `number` or `alias`."""

    def make(groups: str = "alias") -> Settings:
        (tmp_path / "course.yaml").write_text(COURSE.format(groups=groups), encoding="utf-8")
        return Settings(data_dir=tmp_path, course=tmp_path / "course.yaml")

    return make


def _aliases(folder: Path, content: str) -> dict[str, str]:
    (folder / "aliases.csv").write_text(content, encoding="utf-8")
    return load_aliases(folder / "aliases.csv", IDS)


def test_groups_are_called_by_their_numbers(settings: Callable[[str], Settings], make_group: MakeGroup) -> None:
    names = load_public_names(settings("number"), [make_group(group_id) for group_id in IDS])
    assert list(names.items()) == [("3", "3"), ("1", "1"), ("Group-B", "Group-B")]


def test_groups_are_called_by_their_aliases_in_the_rosters_order(
    settings: Callable[[str], Settings], make_group: MakeGroup, tmp_path: Path
) -> None:
    (tmp_path / "aliases.csv").write_text("alias;Group ID\nHeron;1.0\n Sea lion ;GROUP-B\nOtter;3\n", encoding="utf-8")
    names = load_public_names(settings("alias"), [make_group(group_id) for group_id in IDS])
    assert list(names.items()) == [("3", "Otter"), ("1", "Heron"), ("Group-B", "Sea lion")]


def test_every_group_that_is_shown_needs_an_alias(
    settings: Callable[[str], Settings], make_group: MakeGroup, tmp_path: Path
) -> None:
    groups = [make_group(group_id) for group_id in IDS]
    with pytest.raises(ConfigError, match=r"aliases\.csv: no alias for group 3, 1, Group-B\. Add a row .*number"):
        load_public_names(settings("alias"), groups)
    (tmp_path / "aliases.csv").write_text("group_id,alias\n3,Otter\n1,Heron\n", encoding="utf-8")
    leave_out(tmp_path / "unpublished.csv", tmp_path / "a.lock", "Group-B", NOW)
    assert load_public_names(settings("alias"), groups) == {"3": "Otter", "1": "Heron"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("3,", "has 0 characters. Write 1 to 40"),
        ("3", "has 0 characters"),
        (f"3,{'x' * 41}", "has 41 characters"),
        ("3,a/b", "cannot be used"),
        ("3,a\\b", "cannot be used"),
        ("3,<b>", "cannot be used"),
        ("3,a\u202eb", "cannot be used"),
        ('3,"a\nb"', "cannot be used"),
        ("3,..", "cannot be used"),
        ("3,group-b", "is the number of another group"),
        ("3,1", "is the number of another group"),
        ("3,\uff11", "is the number of another group"),
        (",Bat", "the group is missing"),
        ("1,Bat", "group 1 has an alias already"),
        ("3,HERON", "stands in row 2 already"),
    ],
)
def test_an_alias_that_misleads_or_breaks_a_page_is_refused(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(ConfigError) as error:
        _aliases(tmp_path, f"group_id,alias\n1,Heron\n{row}\n")
    assert f"{tmp_path / 'aliases.csv'}, row 3: " in str(error.value)
    assert why in str(error.value)
    assert "nothing is published" in str(error.value)


def test_a_group_may_be_called_by_its_own_number(tmp_path: Path) -> None:
    assert _aliases(tmp_path, "group_id,alias\n3,3\n1,Ærø & co.\n") == {"3": "3", "1": "Ærø & co."}


def test_aliases_of_groups_that_have_left_the_roster_do_not_count(tmp_path: Path) -> None:
    assert _aliases(tmp_path, GOOD + "77,Otter\n") == {"3": "Otter", "1": "Heron", "Group-B": "Sea lion"}


@pytest.mark.parametrize("content", ["", "number,alias\n", "group_id\n"])
def test_an_alias_sheet_without_its_columns_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match=r"aliases\.csv: .*The first row must be: group_id,alias"):
        _aliases(tmp_path, content)


def test_without_a_sheet_nobody_is_left_out(tmp_path: Path) -> None:
    assert load_left_out(tmp_path / "unpublished.csv", IDS) == LeftOut()


def test_a_row_that_names_no_group_stops_the_publishing(tmp_path: Path) -> None:
    file = tmp_path / "unpublished.csv"
    file.write_text("group_id,since\n1,\n,2027-01-20\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unpublished\.csv, row 3: the group is missing.* nothing is published"):
        load_left_out(file, IDS)


def test_a_group_that_has_left_the_roster_is_said_and_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "unpublished.csv"
    file.write_text("group_id,since\n1,\n9,2027-01-20\n", encoding="utf-8")
    left_out = load_left_out(file, IDS)
    assert left_out.groups == {"1"}
    (problem,) = left_out.problems
    assert "row 3: its group_id stands nowhere in the roster" in str(problem)


def test_a_group_is_left_out_from_the_moment_it_is_added(tmp_path: Path) -> None:
    file = tmp_path / "class" / "unpublished.csv"
    assert leave_out(file, tmp_path / "a.lock", "Group-B", NOW)
    assert file.read_text(encoding="utf-8") == "group_id,since\nGroup-B,2027-01-20T12:00:00+00:00\n"
    assert load_left_out(file, IDS).groups == {"Group-B"}
    assert not leave_out(file, tmp_path / "a.lock", "group-b", NOW)
    assert file.read_text(encoding="utf-8").count("\n") == 2


def test_nothing_is_left_beside_the_sheet(tmp_path: Path) -> None:
    leave_out(tmp_path / "class" / "unpublished.csv", tmp_path / "locks" / "unpublished.lock", "1", NOW)
    assert [file.name for file in (tmp_path / "class").iterdir()] == ["unpublished.csv"]


def test_what_stands_in_the_sheet_stays_to_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "unpublished.csv"
    before = 'note;Group_ID;since\r\n"says; they\'re shy";1;June\r\n\r\nÆrø;Group-B;\r\n'.encode("cp1252")
    file.write_bytes(before)
    assert leave_out(file, tmp_path / "a.lock", "3", NOW)
    assert load_left_out(file, IDS).groups == {"3", "1", "Group-B"}
    assert file.read_bytes() == before + f";3;{NOW.isoformat()}\r\n".encode()


@pytest.mark.parametrize("content", ["wrong,header\n1,\n", f'group_id,since\n1,"{"x" * 140_000}'])
def test_a_sheet_that_cannot_be_read_is_not_written(tmp_path: Path, content: str) -> None:
    file = tmp_path / "unpublished.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError):
        leave_out(file, tmp_path / "a.lock", "3", NOW)
    assert file.read_text(encoding="utf-8") == content
    assert not list(tmp_path.glob("*.tmp"))


def test_groups_that_are_left_out_at_once_are_all_left_out(tmp_path: Path) -> None:
    file = tmp_path / "unpublished.csv"
    ids = [str(number) for number in range(12)]
    threads = [threading.Thread(target=leave_out, args=(file, tmp_path / "a.lock", group_id, NOW)) for group_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_left_out(file, ids).groups == set(ids)
