"""Known people: gathered from the lake, with the labels of the feedback packs, and never shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops_mentor.errors import PrivacyError
from mlops_mentor.feedback.packs.names import common_words
from mlops_mentor.publish.privacy.known import known_people
from mlops_mentor.publish.privacy.repositories import repositories_of
from mlops_mentor.schemas import COMMITS, REVIEWS
from mlops_mentor.settings import Settings, load_settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.conftest import MakeFrame
from mlops_mentor_tests.publish.privacy.a_class import group

BY_ADA = {"committer_name": "Ada Lovelace", "committer_email": "ada@uni.example"}
BY_GRACE = {"group_id": "2", "author_name": "Grace Hopper", "committer_name": "Grace Hopper",
            "author_email": "g@uni.example", "committer_email": "g@uni.example"}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "course.yaml").write_text(
        "course: C\nterm: T\ntime_zone: Europe/Copenhagen\nproject_start: 2027-01-04\ndeadline: 2027-01-22T12:00:00\n"
    )
    return load_settings(data_dir=tmp_path, course=tmp_path / "course.yaml")


def test_people_of_all_groups_are_known_and_none_is_shown(
    lake: Lake, make_commits: MakeFrame, make_frame: MakeFrame, settings: Settings
) -> None:
    groups = [group("1", "https://github.com/ada99x/leaf_scan"), group("2", "https://github.com/org-27x/mlops")]
    lake.write(COMMITS, make_commits(BY_ADA), "1")
    lake.write(COMMITS, make_commits(BY_GRACE), "2")
    reviewed = {"group_id": "1", "reviewer": "Tobias Ravnkilde", "reviewed_at": datetime(2027, 1, 5, tzinfo=UTC)}
    lake.write(REVIEWS, make_frame(REVIEWS, reviewed))
    known = known_people(lake, groups, {"1": "Alfa"}, settings)
    assert known.groups == ("Alfa",)
    assert [person.label for person in known.identities["Alfa"].people] == ["[member A]"]
    assert {each.group: each.person.names for each in known.everyone} == {
        "Alfa": ("Ada Lovelace",),
        None: ("Grace Hopper",),
    }
    assert known.teachers == ("Tobias Ravnkilde",)
    assert known.commits == {f"{0:040x}"}
    shown = repr(known).lower()
    assert not any(each in shown for each in ("ada", "grace", "tobias", "leaf", "org-27x"))


def test_two_groups_may_not_have_one_public_name(lake: Lake, settings: Settings) -> None:
    groups = [group("1", "https://github.com/a/b"), group("2", "https://github.com/c/d")]
    with pytest.raises(PrivacyError, match="one public name"):
        known_people(lake, groups, {"1": "Alfa", "2": "alfa"}, settings)


@pytest.mark.parametrize(
    ("name", "others", "is_distinctive"),
    [
        ("leaf_disease_scan", ["mlops"], True),
        ("LeafDiseaseScan", ["mlops"], True),
        ("mlops_group97", ["mlops_group98"], True),
        ("mlops", [], False),
        ("mlops_project", [], False),
        ("machine-learning-project", [], False),
        ("frontend", [], False),
        ("leaf_scan_mlops", ["Leaf-scan-mlops"], False),
        ("leaf_project", ["leaf-mlops"], False),
        ("a-b", [], False),
    ],
)
def test_a_name_that_anybody_may_write_is_not_distinctive(name: str, others: list[str], is_distinctive: bool) -> None:
    groups = [group(f"{i}", f"https://github.com/owner{i}/{each}") for i, each in enumerate([name, *others])]
    assert repositories_of(groups, {}, common_words())[0].is_distinctive == is_distinctive


def test_a_repository_in_two_rows_is_one() -> None:
    groups = [group(each, "https://github.com/owner/leaf_disease_scan") for each in ("1", "2")]
    assert [each.is_distinctive for each in repositories_of(groups, {}, common_words())] == [True, True]
