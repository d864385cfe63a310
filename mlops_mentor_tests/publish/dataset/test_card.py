"""The card: what it says of privacy, columns and terms, whatever stands in course.yaml."""

from datetime import UTC, datetime

import pytest
import yaml

from mlops_mentor.course import Course, Publishing
from mlops_mentor.publish.dataset.card import card_text
from mlops_mentor.publish.dataset.facts import Facts, manifest_of, published_files
from mlops_mentor.schemas import empty
from mlops_mentor.schemas.published import PUBLISHED


def _card(course: Course, *, has_files: bool = True) -> str:
    names = {each.name: f"{each.name}/all-01234567.parquet" if has_files else None for each in PUBLISHED}
    tables = published_files({each.name: empty(each.table) for each in PUBLISHED}, names, course)
    manifest = manifest_of(Facts(course, ("1", "2"), datetime(2027, 1, 12, 8, tzinfo=UTC), 5), tables)
    publish = course.publish
    return card_text(
        manifest,
        fewest_persons=publish.fewest_persons,
        show_repositories=publish.show_repositories,
        has_aliases=publish.groups == "alias",
    )


def _changed(course: Course, **publish: object) -> Course:
    return course.model_copy(update={"publish": Publishing.model_validate(publish)})


def test_every_column_of_every_config_is_described(course: Course) -> None:
    text = _card(course)
    for each in PUBLISHED:
        assert f"### {each.name}\n" in text
        section = text.partition(f"### {each.name}\n")[2].partition("\n#")[0]
        assert [
            line.split("`")[1] for line in section.splitlines() if line.startswith("| `")
        ] == each.table.schema.names()


def test_the_front_matter_names_each_file(course: Course) -> None:
    front = yaml.safe_load(_card(course).split("---\n")[1])
    assert [config["config_name"] for config in front["configs"]] == [each.name for each in PUBLISHED]
    assert front["license"] == "other"
    assert front["configs"][1]["data_files"] == [{"split": "train", "path": "history/all-01234567.parquet"}]


def test_terms_are_those_of_the_course(course: Course) -> None:
    text = _card(_changed(course, licence="cc-by-4.0", retention="Gone by June.", contact="mlops@uni.example"))
    for words in ("`cc-by-4.0`", "Gone by June.", "mlops@uni.example", "license: cc-by-4.0"):
        assert words in text


def test_what_the_class_agreed_to_is_said(course: Course) -> None:
    assert "`repo_url` and `snapshot_sha` are null" in _card(course)
    assert "the class agreed" in _card(_changed(course, show_repositories=True))
    assert "called by an alias" in _card(_changed(course, groups="alias"))


@pytest.mark.parametrize(
    ("fewest", "words"),
    [(1, "not withheld"), (2, "fewer than 2 persons"), (3, "all members but 1 or 2,"), (5, "1 to 4")],
)
def test_the_rule_of_small_counts_is_said(course: Course, fewest: int, words: str) -> None:
    assert words in _card(_changed(course, fewest_persons=fewest))


@pytest.mark.parametrize("name", ["a: b # c", "---", "<b>x</b> | y", 'say "hi"', "Ærø\n---\nlicense: mit", "- x"])
def test_no_name_of_a_course_breaks_the_card(course: Course, name: str) -> None:
    text = _card(course.model_copy(update={"course": name}))
    assert text.startswith("---\n")
    front = yaml.safe_load(text[4:].partition("\n---\n")[0])
    assert front["pretty_name"].split() == f"{name}, January 2027: group projects".split()
    assert front["license"] == "other"
    assert "<b>" not in text.partition("\n---\n")[2].replace("\\<b>", "")


def test_configs_without_rows_are_left_out(course: Course) -> None:
    text = _card(course, has_files=False)
    assert "configs" not in yaml.safe_load(text.split("---\n")[1])
    assert "Without rows so far, and therefore not among the configs: `leaderboard`" in text
