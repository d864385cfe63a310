"""Who is who at the desk: whom nobody has mapped, what a TA can choose, and that the choice counts."""

from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.desk.members import UnmappedGroup, map_identity, unmapped
from mlops_mentor.schemas import CONTRIBUTIONS, CONTRIBUTORS, UNMAPPED_IDENTITIES, Table
from mlops_mentor_tests.desk.desks import Data

NUMBERS = {"num_commits": 3, "num_co_authored": 0}
ADA = {"name": "Ada L", "email": "ada@home.example", "contributor_id": "ada", "contributor_name": "Ada L"} | NUMBERS


@pytest.fixture
def data(tmp_path: Path) -> Data:
    data = Data(tmp_path)
    data.rows(UNMAPPED_IDENTITIES, ADA, ADA | {"name": "=cmd", "email": "x@y"}, group_id="2")
    people: list[dict[str, Any]] = [
        {"contributor_id": key, "name": name, "kind": kind, "emails": emails}
        for key, name, kind, emails in (
            ("ada", "Ada L", "person", ["ada@home.example"]),
            ("bo", "Bo", "person", ["none", "bo@uni.example"]),
            ("ci", "deploy", "bot", ["ci@host"]),
            ("nobody", "No Address", "person", [""]),
        )
    ]
    data.rows(CONTRIBUTORS, *(_filled(CONTRIBUTORS, each) for each in people), group_id="2")
    member = _filled(CONTRIBUTIONS, {"contributor_id": "bo", "name": "Bo", "kind": "person"})
    data.rows(CONTRIBUTIONS, member | {"member": "s000011", "member_source": "study number"}, group_id="2")
    return data


def _filled(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with nothing done where numbers have to stand."""
    counts = [each.name for each in table.columns if each.is_required and each.name.startswith(("num_", "lines_"))]
    return dict.fromkeys(counts, 0) | row


def _only(data: Data) -> UnmappedGroup:
    (group,) = unmapped(data.lake, data.settings)
    return group


def test_groups_without_unmapped_identities_are_left_out(data: Data) -> None:
    group = _only(data)
    assert group.group_id == "2"
    assert [(each.name, each.num_commits, each.chosen) for each in group.identities] == [
        ("Ada L", 3, None),
        ("=cmd", 3, None),
    ]


def test_a_ta_chooses_among_members_no_members_and_other_persons(data: Data) -> None:
    choices = _only(data).choices
    assert [(each.kind, each.value) for each in choices] == [
        ("member", "s000011"), ("member", "s000012"),
        ("not_a_member", "outsider"), ("not_a_member", "ai_assistant"), ("not_a_member", "bot"),
        ("same_as", "ada@home.example"), ("same_as", "bo@uni.example"),
    ]  # fmt: skip
    assert choices[0].label == "s000011 (Bo)"
    assert [each.contributor_id for each in choices if each.kind == "same_as"] == ["ada", "bo"]


@pytest.mark.parametrize("place", range(7))
def test_every_choice_can_be_written_and_is_what_was_chosen(data: Data, place: int) -> None:
    group = _only(data)
    value = group.choices[place].value
    for each in group.identities:
        map_identity(data.lake, data.settings, "2", name=each.name, email=each.email, member=value)
    assert {each.chosen for each in _only(data).identities} == {value}


def test_a_member_that_a_ta_has_named_can_be_chosen_again(data: Data) -> None:
    map_identity(data.lake, data.settings, "2", name="Ada L", email="ada@home.example", member="Ada Lovelace")
    assert "Ada Lovelace" in [each.value for each in _only(data).choices if each.kind == "member"]


def test_what_nobody_can_be_is_refused(data: Data) -> None:
    with pytest.raises(ValueError, match="none of this group's"):
        map_identity(data.lake, data.settings, "2", name="Ada L", email="", member="s999999")
    with pytest.raises(KeyError):
        map_identity(data.lake, data.settings, "99", name="Ada L", email="", member="bot")
