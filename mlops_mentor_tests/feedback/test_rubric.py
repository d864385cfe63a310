"""The rubric: the course's is whole, another one is refused with its place, and formulas are the stated ones."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback import rubric as rubric_module
from mlops_mentor.feedback.rubric import load_rubric

FILE = Path(rubric_module.__file__).with_name("rubric.yaml")
RUBRIC = load_rubric()


def content() -> dict[str, Any]:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def written(folder: Path, text: str | dict[str, Any]) -> Path:
    file = folder / "rubric.yaml"
    file.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
    return file


def test_the_courses_rubric_has_its_areas_and_criteria() -> None:
    assert [(area.id, len(area.criteria)) for area in RUBRIC.areas] == [
        ("code_quality", 6),
        ("unit_testing", 6),
        ("ci_cd", 6),
        ("report", 7),
    ]
    assert [area.id for area in RUBRIC.areas if area.overall == "code"] == ["code_quality", "unit_testing", "ci_cd"]
    assert (RUBRIC.scale.least, RUBRIC.scale.most) == (1, 5)
    assert RUBRIC.limits.summary_words == 200


def test_every_topic_of_the_report_belongs_to_one_criterion() -> None:
    topics = [topic for criterion in RUBRIC.area("report").criteria for topic in criterion.topics]
    templates = yaml.safe_load(
        (FILE.parent.parent / "evidence" / "report" / "templates.yaml").read_text(encoding="utf-8")
    )
    asked = set(_values(templates, "topic"))
    assert len(topics) == len(set(topics))
    assert set(topics) == asked


def _values(node: Any, name: str) -> list[Any]:
    if isinstance(node, dict):
        own = [node[name]] if isinstance(node.get(name), str) else []
        return own + [value for each in node.values() for value in _values(each, name)]
    return [value for each in node for value in _values(each, name)] if isinstance(node, list) else []


@pytest.mark.parametrize(("scores", "overall"), [((1, 1, 1), 1), ((5, 5, 5), 10), ((3, 3, 3), 6), ((2, 4, 5), 7)])
def test_the_overall_score_follows_the_stated_formula(scores: tuple[int, ...], overall: int) -> None:
    assert RUBRIC.overall_of([(score, 1.0) for score in scores]) == overall
    assert overall == round(1 + (sum(scores) / len(scores) - 1) * 2.25)


@given(st.lists(st.tuples(st.floats(1, 5), st.floats(0.1, 10)), min_size=1, max_size=9))
def test_an_overall_score_is_from_one_to_ten(means: list[tuple[float, float]]) -> None:
    found = RUBRIC.overall_of(means)
    assert found is not None
    assert 1 <= found <= 10


def test_without_a_score_there_is_no_overall_one() -> None:
    assert RUBRIC.overall_of([]) is None
    assert RUBRIC.area("report").mean({}) is None


def test_a_mean_is_weighted_and_over_what_has_a_score() -> None:
    area = RUBRIC.area("report")
    heavy = area.model_copy(
        update={"criteria": (area.criteria[0].model_copy(update={"weight": 3.0}), *area.criteria[1:])}
    )
    scores = {area.criteria[0].id: 5, area.criteria[1].id: 1}
    assert area.mean(scores) == 3
    assert heavy.mean(scores) == 4


def test_the_key_of_an_area_changes_with_what_it_says_and_with_no_other_area(tmp_path: Path) -> None:
    changed = content()
    changed["areas"][0]["criteria"][0]["question"] = "Is it a package?"
    other = load_rubric(written(tmp_path, changed))
    assert other.key("code_quality") != RUBRIC.key("code_quality")
    assert other.key("ci_cd") == RUBRIC.key("ci_cd")
    with pytest.raises(KeyError):
        RUBRIC.area("effort")


def _twice(each: dict[str, Any]) -> None:
    each["areas"].append(each["areas"][0])


def _criterion_twice(each: dict[str, Any]) -> None:
    each["areas"][0]["criteria"].append(each["areas"][0]["criteria"][0])


def _no_five(each: dict[str, Any]) -> None:
    del each["areas"][2]["scores"][5]


def _unknown(each: dict[str, Any]) -> None:
    each["areas"][1]["colour"] = "red"


def _no_weight(each: dict[str, Any]) -> None:
    each["areas"][1]["criteria"][0]["weight"] = 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_twice, "an area stands in it twice"),
        (_criterion_twice, "area code_quality: a criterion stands in it twice"),
        (_no_five, "area ci_cd: scores must say what each of"),
        (_unknown, "areas.1.colour"),
        (_no_weight, "areas.1.criteria.0.weight"),
    ],
)
def test_a_rubric_that_does_not_fit_together_is_refused(change: Any, words: str, tmp_path: Path) -> None:
    changed = content()
    change(changed)
    with pytest.raises(ConfigError, match=words):
        load_rubric(written(tmp_path, changed))


@pytest.mark.parametrize("text", ["areas: [", "just words", ""])
def test_a_file_that_is_no_rubric_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rubric\.yaml"):
        load_rubric(written(tmp_path, text))


def test_a_rubric_that_was_edited_counts_in_the_processes_that_run(tmp_path: Path) -> None:
    """The desk and Dagster run for weeks."""
    stated = content()
    file = written(tmp_path, stated)
    before = load_rubric(file)
    assert load_rubric(file) is before
    stated["areas"][0]["title"] += " anew"
    assert load_rubric(written(tmp_path, stated)).areas[0].title == f"{before.areas[0].title} anew"


def test_a_rubric_that_is_missing_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Correct `rubric` in course\.yaml"):
        load_rubric(tmp_path / "none.yaml")
