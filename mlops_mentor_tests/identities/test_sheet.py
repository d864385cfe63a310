"""Writing who is who: the TA's new word counts, whatever stood there, and nothing else changes."""

from pathlib import Path

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.identities.merging import Identity
from mlops_mentor.identities.rules import load_identity_map
from mlops_mentor.identities.sheet import NewIdentity, append_identity

STUDENTS = {"1": ("s000001", "s000002"), "Group-B": ("s000003",)}
HEADER = "group_id,name,email,member\n"


def _write(file: Path, name: str, email: str, member: str, group_id: str = "1") -> None:
    row = NewIdentity(group_id, name, email, member)
    append_identity(file, file.parent / "identities.lock", row, students=STUDENTS)


def _said(file: Path, name: str, email: str, group_id: str = "1") -> str | None:
    rules = load_identity_map(file, students=STUDENTS).of(group_id)
    rule = next((rule for rule in rules if rule.fits(Identity(name, email))), None)
    return None if rule is None else rule.member or rule.kind or str(rule.same_as)


def _file(folder: Path, content: str) -> Path:
    file = folder / "identities.csv"
    file.write_text(content)
    return file


def test_a_file_is_made_and_the_row_counts(tmp_path: Path) -> None:
    file = tmp_path / "identities.csv"
    _write(file, "Ada L", "ada@uni.example", "s000001")
    assert file.read_text() == HEADER + "1,Ada L,ada@uni.example,s000001\n"
    assert _said(file, "ada l", "ADA@uni.example") == "s000001"


@pytest.mark.parametrize(
    "before",
    [
        "1,Ada L,ada@uni.example,s000002\n",
        "1,ADA  L,Ada@uni.example,\n",
        "*,Ada L,ada@uni.example,bot\n",
        "*,Ada L,ada@uni.example,bot\n1,Ada L,ada@uni.example,s000002\n",
        "1,Ada*,,bot\n1,,ada@uni.example,outsider\n",
        "2,Ada L,ada@uni.example,bot\n",
        "1,Ada L,ada@uni.example,s999999\n",
    ],
    ids=["again", "begun", "every group", "both", "wider", "of no group", "wrong"],
)
def test_the_new_word_counts_whatever_stood_there(tmp_path: Path, before: str) -> None:
    others = "Group-B,Bo,,s000003\n1,deploy,,bot\n"
    file = _file(tmp_path, HEADER + before + others)
    _write(file, "Ada L", "ada@uni.example", "s000001")
    assert _said(file, "Ada L", "ada@uni.example") == "s000001"
    assert others in file.read_text()
    assert (_said(file, "Bo", "", "Group-B"), _said(file, "deploy", "x")) == ("s000003", "bot")


def test_saying_it_again_adds_no_row_and_keeps_other_columns(tmp_path: Path) -> None:
    file = _file(tmp_path, "note;group_id;e-mail;name;member\nours; 1 ;ada@uni.example;Ada L;bot\n")
    _write(file, "Ada L", "ada@uni.example", "outsider")
    assert file.read_text().splitlines()[1:] == ['"ours";"1 ";"ada@uni.example";"Ada L";"outsider"']
    assert _said(file, "Ada L", "ada@uni.example") == "outsider"


@pytest.mark.parametrize("name", ["=cmd", "+45 12", "-", "@ada", "'=x", 'a "b", c;d'])
def test_a_name_that_a_spreadsheet_would_compute_stays_a_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "identities.csv"
    _write(file, name, "ada@uni.example", "s000002")
    assert _said(file, name, "ada@uni.example") == "s000002"
    _write(file, name, "ada@uni.example", "s000001")
    assert _said(file, name, "ada@uni.example") == "s000001"
    assert len(file.read_text().splitlines()) == 2
    assert file.read_text().splitlines()[1].split(",")[1].lstrip('"')[0] not in "=+-@"


@pytest.mark.parametrize(
    ("group_id", "name", "member", "said"),
    [
        ("9", "Ada", "bot", "nowhere in the roster"),
        ("*", "Ada", "bot", "nowhere in the roster"),
        ("1", "Ada", "s000003", "none of this group's"),
        ("1", "Ada", "", "member is missing"),
        ("1", "*", "bot", "fits everybody"),
    ],
)
def test_a_row_that_could_not_be_used_is_refused(
    tmp_path: Path, group_id: str, name: str, member: str, said: str
) -> None:
    file = _file(tmp_path, HEADER)
    with pytest.raises(ValueError, match=said):
        _write(file, name, "", member, group_id)
    assert file.read_text() == HEADER


def test_a_header_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    file = _file(tmp_path, "a,b\n")
    with pytest.raises(ConfigError, match="the header lacks"):
        _write(file, "Ada", "", "bot")
    assert file.read_text() == "a,b\n"
