"""The map of identities: what a TA writes always wins, and what cannot be used is said without quoting a person."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.errors import ConfigError
from mlops_mentor.identities.mapping import MappedContributors, apply_identity_map
from mlops_mentor.identities.merging import Contributor, Identity, merge_identities
from mlops_mentor.identities.rules import IdentityMap, load_identity_map

STUDENTS = {"1": ("s000001", "s000002"), "Group-B": ("s000003",)}
GOOD = "group_id,name,email,member\n1,Ada L,,s000001\nGroup-B,,bo@*,Bo Holm\n"
ADA, ADA_HOME = Identity("Ada Lovelace", "ada@uni.example"), Identity("Ada Lovelace", "ada@home.example")
BO, CI = Identity("Bo Holm", "bo@uni.example"), Identity("deploy", "deploy@host")


def _load(folder: Path, content: str | bytes) -> IdentityMap:
    file = folder / "identities.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_identity_map(file, students=STUDENTS)


def _apply(
    folder: Path, rows: str, *identities: Identity, contributors: list[Contributor] | None = None
) -> MappedContributors:
    loaded = _load(folder, "group_id,name,email,member\n" + rows)
    assert loaded.problems == ()
    counts = {identity: 9 - number for number, identity in enumerate(identities)}
    automatic = merge_identities(counts, {}) if contributors is None else contributors
    return apply_identity_map(automatic, loaded.of("1"), students=STUDENTS["1"], counts=counts)


def _sets(mapped: MappedContributors) -> set[frozenset[Identity]]:
    return {frozenset(each.identities) for each in mapped.contributors}


def _labels(mapped: MappedContributors) -> dict[Identity, str]:
    return {
        identity: mapped.members[each.contributor_id].label
        for each in mapped.contributors
        for identity in each.identities
        if each.contributor_id in mapped.members
    }


def test_without_a_file_nothing_is_mapped(tmp_path: Path) -> None:
    assert load_identity_map(tmp_path / "none.csv", students=STUDENTS) == IdentityMap()


def test_a_header_alone_means_none(tmp_path: Path) -> None:
    assert _load(tmp_path, "group_id,name,email,member\n") == IdentityMap()


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace("\n1,", "\n\n,,,\n1.0,").encode(),
        GOOD.replace("group_id,name,email", "Group ID,NAME,E-mail").encode(),
        GOOD.replace("Group-B", "GROUP-b").encode(),
        GOOD.replace("Ada L", "  ADA   l ").encode(),
        b"member,note,email,name,group_id\ns000001,x,,Ada L,1\nBo Holm,,bo@*,,Group-B\n",
    ],
    ids=["bom", "utf-16", "crlf", "semicolons", "blank-rows", "header", "group-case", "spaces", "order"],
)
def test_whatever_a_spreadsheet_writes_is_the_same(tmp_path: Path, content: bytes) -> None:
    assert _load(tmp_path, content) == _load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",Ada,,s000001", "the group is missing"),
        ("9,Ada,,s000001", "nowhere in the roster"),
        ("1,,,s000001", "both missing"),
        ("1,Ada,,", "member is missing"),
        ("1,Ada,,s999999", "none of this group's"),
        ("1,*,,s000001", "fits everybody"),
        ("1,,*@*,s000001", "fits everybody"),
        ("1,a*b*c*d*e,,s000001", "more than 3 stars"),
        ("1,Ada,,!!", "no letter or digit"),
        ("*,Ada,,Ada", "member of every group"),
        ("1,ada  l,,s000002", "same identity as row 2"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_a_remedy_and_without_a_person(
    tmp_path: Path, row: str, words: str
) -> None:
    loaded = _load(tmp_path, GOOD + row + "\n")
    assert len(loaded.of("1")) == len(loaded.of("Group-B")) == 1, "the good rows do not count"
    (problem,) = loaded.problems
    assert str(problem).startswith(f"{tmp_path / 'identities.csv'}, row 4: ")
    assert words in str(problem)
    assert str(problem).endswith(".")
    assert "Ada" not in str(problem)
    assert "s999999" not in str(problem)


@pytest.mark.parametrize("content", ["", "name,email\nx,y\n", "group_id,member\n1,x\n"])
def test_a_file_without_a_usable_header_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match=r"identities\.csv"):
        _load(tmp_path, content)


def test_the_key_of_a_group_changes_with_its_own_rows_alone(tmp_path: Path) -> None:
    before, after = _load(tmp_path, GOOD), _load(tmp_path, GOOD.replace("s000001", "s000002"))
    assert before.key("1") != after.key("1")
    assert before.key("Group-B") == after.key("Group-B")


def test_without_rows_contributors_stay_as_they_are() -> None:
    counts = {ADA: 3, ADA_HOME: 2, BO: 1, CI: 1}
    automatic = merge_identities(counts, {})
    assert apply_identity_map(automatic, (), counts=counts).contributors == tuple(automatic)


def test_a_study_number_of_the_roster_is_its_member() -> None:
    student = Identity("Ada Lovelace", "s000001@student.example")
    mapped = apply_identity_map(
        merge_identities({student: 1, ADA: 1, BO: 1}, {}), (), students=STUDENTS["1"], counts={}
    )
    assert _labels(mapped) == {student: "s000001", ADA: "s000001"}
    assert [member.source for member in mapped.members.values()] == ["study number"]


def test_a_row_joins_what_no_rule_would(tmp_path: Path) -> None:
    mapped = _apply(tmp_path, "1,,ada@uni.example,s000001\n1,deploy,,S000001\n", ADA, BO, CI)
    assert _sets(mapped) == {frozenset({ADA, CI}), frozenset({BO})}
    assert _labels(mapped) == {ADA: "s000001", CI: "s000001"}
    assert mapped.contributors[0].kind == "person"
    assert f"identities.csv: {CI.name} <{CI.email}>" in mapped.contributors[0].merge_reasons


def test_a_row_takes_apart_what_was_merged(tmp_path: Path) -> None:
    mapped = _apply(tmp_path, "1,,ada@uni.example,s000001\n1,,ada@home.example,s000002\n", ADA, ADA_HOME)
    assert _sets(mapped) == {frozenset({ADA}), frozenset({ADA_HOME})}
    assert len({each.contributor_id for each in mapped.contributors}) == 2
    assert all("same name" not in reason for each in mapped.contributors for reason in each.merge_reasons)


def test_the_others_of_a_contributor_go_with_the_one_that_a_row_names(tmp_path: Path) -> None:
    mapped = _apply(tmp_path, "1,,ada@uni.example,s000001\n", ADA, ADA_HOME)
    assert _labels(mapped) == {ADA: "s000001", ADA_HOME: "s000001"}


def test_a_row_wins_over_the_study_number(tmp_path: Path) -> None:
    student = Identity("Ada Lovelace", "s000001@student.example")
    mapped = _apply(tmp_path, "1,,s000001@student.example,s000002\n", student)
    assert _labels(mapped) == {student: "s000002"}


def test_a_row_may_name_another_identity_and_rows_follow_each_other(tmp_path: Path) -> None:
    rows = "1,deploy,,bo@uni.example\n1,Bo Holm,,Ada Lovelace <ADA@uni.example>\n1,,ada@uni.example,s000002\n"
    mapped = _apply(tmp_path, rows, ADA, BO, CI)
    assert _labels(mapped) == dict.fromkeys((ADA, BO, CI), "s000002")
    circle = _apply(tmp_path, "1,deploy,,bo@uni.example\n1,Bo Holm,,deploy@host\n", BO, CI)
    assert _sets(circle) == {frozenset({BO, CI})}
    assert circle.members == {}


def test_a_label_that_is_somebody_s_name_is_that_somebody(tmp_path: Path) -> None:
    mapped = _apply(tmp_path, "1,deploy,,bo holm\n", BO, CI)
    assert _labels(mapped) == {BO: "bo holm", CI: "bo holm"}


def test_who_is_no_member_can_be_said_and_two_bots_stay_two(tmp_path: Path) -> None:
    helper = Identity("helper", "helper@host")
    mapped = _apply(tmp_path, "1,deploy,,bot\n1,helper,,bot\n1,Bo Holm,,outsider\n*,,ada@uni.example,ai_assistant\n",
                    ADA, BO, CI, helper)  # fmt: skip
    kinds = {each.identities[0]: each.kind for each in mapped.contributors}
    assert kinds == {ADA: "ai_assistant", BO: "person", CI: "bot", helper: "bot"}
    assert len(mapped.outsiders) == 1


def test_the_narrowest_row_counts_wherever_it_stands(tmp_path: Path) -> None:
    mapped = _apply(tmp_path, "1,,*.example,s000002\n1,,ada@uni.example,s000001\n", ADA, BO)
    assert _labels(mapped) == {ADA: "s000001", BO: "s000002"}


_PEOPLE = [Identity(name, f"{who}@{host}") for who, name in enumerate(("Ada", "Bo", "Cy")) for host in ("a", "b")]
_TARGETS = ["s000001", "s000002", "Cy", "bot", "outsider", "0@a", "1@b", "nobody@x"]


@given(
    st.lists(st.sampled_from(range(3)), min_size=6, max_size=6),
    st.dictionaries(st.sampled_from(_PEOPLE), st.sampled_from(_TARGETS)),
    st.permutations(range(6)),
)
def test_whatever_the_rows_identities_are_kept_and_members_are_one_each(
    tmp_path_factory: pytest.TempPathFactory, owners: list[int], rows: dict[Identity, str], order: list[int]
) -> None:
    grouped = [tuple(_PEOPLE[i] for i in range(6) if owners[i] == owner) for owner in range(3)]
    automatic = [Contributor(f"c{n}", "person", found, ()) for n, found in enumerate(grouped) if found]
    content = "group_id,name,email,member\n" + "".join(f"1,,{i.email},{target}\n" for i, target in rows.items())
    loaded = _load(tmp_path_factory.mktemp("map"), content)
    mapped = apply_identity_map(automatic, loaded.of("1"), students=STUDENTS["1"], counts={})
    held = [identity for each in mapped.contributors for identity in each.identities]
    assert sorted(held) == sorted(_PEOPLE)
    assert len({each.contributor_id for each in mapped.contributors}) == len(mapped.contributors)
    labels = [member.label for member in mapped.members.values()]
    assert len(labels) == len(set(labels))
    for identity, target in rows.items():
        if target in ("s000001", "s000002"):
            assert _labels(mapped)[identity] == target
    shuffled = [automatic[i] for i in order if i < len(automatic)]
    assert apply_identity_map(shuffled, loaded.of("1"), students=STUDENTS["1"], counts={}) == mapped
