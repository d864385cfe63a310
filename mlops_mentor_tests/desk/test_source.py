"""Where a citation leads: the lines at the commit, fit to be shown, and nothing that no table names."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from mlops_mentor.chain.group_work import mirror_of
from mlops_mentor.desk.source import Source as Shown
from mlops_mentor.desk.source import quoted_lines
from mlops_mentor.repos.mirror import Limits, update_mirror
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import GROUPS
from mlops_mentor_tests.desk.desks import Data
from mlops_mentor_tests.desk.visitors import Visitor
from mlops_mentor_tests.feedback.rows import citation, remark
from mlops_mentor_tests.repos.sources import GITLINK, LINK, Change, Source

CELLS = [{"cell_type": "markdown", "source": "# No code"}, {"cell_type": "code", "source": ["import a\n", "b = 1"]}]
LONG = "x" * 700
FILES: dict[bytes, Change] = {
    b"src/a b.py": "\n".join(f"line {number}" for number in range(1, 31)).encode() + b"\n",
    b"odd.txt": f"tab\tis kept\r\nred \x1b[31m \u202e turned\n{LONG}\n".encode() + b"\xff\n",
    b"empty.py": b"",
    b"model.bin": b"\x00\x01\x02",
    b"play.ipynb": json.dumps({"cells": CELLS}, indent=1).encode(),
    b"link": (LINK, b"/etc/passwd"),
    b"sub": (GITLINK, b"1" * 40),
    "wörter.md".encode(): "æ\n".encode(),
    b"wide.txt": "wide\n".encode("utf-16"),
    b"*.py": b"a star\n",
}


class Repository:
    """A group's repository in a mirror, with two commits; feedback is about the second."""

    def __init__(self, folder: Path) -> None:
        data = Data(folder)
        self.settings = data.settings
        source = Source(folder / "source")
        source.commit({b"old.py": b"old\n"})
        self.old_sha = source.sha()
        source.commit(FILES)
        self.sha = source.sha()
        self.group = Group("1", source.address, (), 2)
        mirror = mirror_of(self.settings.mirrors_dir, self.group)
        mirror.parent.mkdir(parents=True)
        update_mirror(source.address, mirror, Limits())
        data.draft("1", {"snapshot_sha": self.sha})

    def lines(self, path: str, start: int = 1, end: int = 1, *, sha: str = "", **more: bool | int) -> Shown:
        asked = {"sha": sha or self.sha, "path": path, "start_line": start, "end_line": end}
        return quoted_lines(self.settings, self.group, **asked, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("desk"))


def test_the_lines_quoted_stand_among_their_neighbours(repository: Repository) -> None:
    shown = repository.lines("src/a b.py", 10, 12, context=2)
    assert [(line.number, line.text, line.is_quoted) for line in shown.lines] == [
        (8, "line 8", False), (9, "line 9", False), (10, "line 10", True), (11, "line 11", True),
        (12, "line 12", True), (13, "line 13", False), (14, "line 14", False),
    ]  # fmt: skip
    assert (shown.num_lines, shown.reason) == (30, None)


@pytest.mark.parametrize(
    ("start", "end", "numbers"), [(1, 1, (1, 9)), (30, 30, (22, 30)), (-5, 99, (1, 30)), (99, 100, (22, 30))]
)
def test_at_the_ends_of_a_file_there_are_fewer(
    repository: Repository, start: int, end: int, numbers: tuple[int, int]
) -> None:
    lines = repository.lines("src/a b.py", start, end).lines
    assert (lines[0].number, lines[-1].number) == numbers


def test_what_controls_or_turns_is_written_out_and_long_lines_are_cut(repository: Repository) -> None:
    first, second, third, fourth = repository.lines("odd.txt", 1, 4).lines
    assert first.text == "tab\tis kept"
    assert second.text == r"red \x1b[31m \u202e turned"
    assert (third.text, third.is_cut) == ("x" * 500, True)
    assert fourth.text == "\ufffd"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("model.bin", "no text"),
        ("empty.py", "empty"),
        ("src", "a folder"),
        ("sub", "no such file"),
        ("old.txt", "no such file"),
        ("../source/config", "no file can be asked for"),
        ("/etc/passwd", "no file can be asked for"),
        ("./src/a b.py", "no file can be asked for"),
        ("src/../src/a b.py", "no file can be asked for"),
        ("", "no file can be asked for"),
        ("a\nb", "no file can be asked for"),
        ("a\x00b", "no file can be asked for"),
        ("x" * 5000, "no file can be asked for"),
        ("\ud800", "no file can be asked for"),
        ("\udcff", "no such file"),
    ],
)
def test_what_cannot_be_shown_has_a_reason_and_no_lines(repository: Repository, path: str, said: str) -> None:
    shown = repository.lines(path)
    assert shown.reason is not None
    assert said in shown.reason
    assert shown.lines == ()


def test_a_link_is_the_path_that_it_holds_and_is_not_followed(repository: Repository) -> None:
    assert [line.text for line in repository.lines("link").lines] == ["/etc/passwd"]


@pytest.mark.parametrize(("path", "text"), [("wörter.md", "æ"), ("wide.txt", "wide"), ("*.py", "a star")])
def test_names_are_taken_as_they_are_and_utf_16_is_read(repository: Repository, path: str, text: str) -> None:
    assert [line.text for line in repository.lines(path).lines] == [text]


@pytest.mark.parametrize("sha", ["HEAD", "main", "--help", "0" * 40, "-" * 40, "A" * 40])
def test_only_commits_that_a_table_names_are_opened(repository: Repository, sha: str) -> None:
    assert repository.lines("src/a b.py", sha=sha).reason == "no table of this group names that commit"
    assert repository.lines("old.py", sha=repository.old_sha).reason == "no table of this group names that commit"


def test_a_notebook_has_the_lines_of_its_file_or_of_its_code(repository: Repository) -> None:
    assert repository.lines("play.ipynb").lines[0].text == "{"
    assert [line.text for line in repository.lines("play.ipynb", is_of_cells=True).lines] == ["import a", "b = 1"]


def test_a_citation_of_a_notebook_opens_the_lines_that_the_reviewer_was_shown(repository: Repository) -> None:
    cited = remark("Two cells.", citation("play.ipynb", 2, "b = 1"), citation("src/a b.py", 2, "line 2"))
    data = Data(repository.settings.data_dir)
    data.lake.write(GROUPS, groups_frame([repository.group]))
    data.draft("1", {"snapshot_sha": repository.sha, "strengths": [cited]})
    ada = Visitor(repository.settings)
    of_notebook, of_file = re.findall(r'href="(/group/1/source[^"]+)"', ada.get("/group/1").text)
    assert "<mark>b = 1</mark>" in ada.get(unescape(of_notebook)).text
    assert "<mark>line 2</mark>" in ada.get(unescape(of_file)).text


def test_a_repository_that_was_never_read_has_no_lines(repository: Repository, tmp_path: Path) -> None:
    data = Data(tmp_path)
    data.draft("1", {})
    shown = quoted_lines(data.settings, data.group("1"), sha="a" * 40, path="a.py", start_line=1, end_line=1)
    assert shown.reason == "the repository was never read"
