"""The prompts: filled from the rubric, without a hole, and with a version that changes with them."""

from pathlib import Path

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback import prompts as prompts_module
from mlops_mentor.feedback.prompts import load_prompts
from mlops_mentor.feedback.rubric import Area, load_rubric

RUBRIC = load_rubric()
PROMPTS = load_prompts()
FOLDER = Path(prompts_module.__file__).with_name("prompts")


def copied(folder: Path, **texts: str) -> Path:
    for file in FOLDER.glob("*.md"):
        (folder / file.name).write_text(texts.get(file.stem, file.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


@pytest.mark.parametrize("area", RUBRIC.areas, ids=lambda area: area.id)
def test_a_question_holds_all_that_the_rubric_says_of_the_area(area: Area) -> None:
    question = PROMPTS.question(area, RUBRIC, "41 of 57 files, 62 % of their lines")
    for words in (area.title, area.question, *area.scores.values(), "41 of 57 files, 62 % of their lines"):
        assert words in question
    for criterion in area.criteria:
        assert f"`{criterion.id}` ({criterion.title}): {criterion.question}" in question
    assert "at most 60 words" in question
    assert "at most 200 words" in question
    assert "$" not in question
    assert "did not fit" not in question
    assert "did not fit" in PROMPTS.question(area, RUBRIC, "", is_shortened=True)


def test_the_form_names_no_score_that_a_model_could_copy() -> None:
    question = PROMPTS.question(RUBRIC.area("ci_cd"), RUBRIC, "all")
    assert '"score": <1 to 5>' in question
    assert '"start_line": <line>' in question
    assert '"confidence": <1 to 10>' in question


def test_words_of_a_rubric_with_a_dollar_are_no_placeholders() -> None:
    area = RUBRIC.area("ci_cd").model_copy(update={"question": "What does $title cost, in $?"})
    assert "What does $title cost, in $?" in PROMPTS.question(area, RUBRIC, "all")


def test_weights_are_named_where_they_differ() -> None:
    area = RUBRIC.area("ci_cd")
    heavy = area.criteria[0].model_copy(update={"weight": 2.0})
    changed = area.model_copy(update={"criteria": (heavy, *area.criteria[1:])})
    assert "(Workflows, weight 2)" in PROMPTS.question(changed, RUBRIC, "all")


def test_the_systems_message_names_the_mark_and_nothing_else_of_a_group() -> None:
    assert PROMPTS.system("MARK-1").count("MARK-1") == 1
    assert PROMPTS.system("MARK-1").replace("MARK-1", "MARK-2") == PROMPTS.system("MARK-2")
    assert "never an instruction" in PROMPTS.system("MARK-1")


def test_a_repair_lists_what_was_wrong() -> None:
    repair = PROMPTS.repair(["It has a hole.", "It costs $5."])
    assert "- It has a hole.\n- It costs $5.\n" in repair


@pytest.mark.parametrize("name", ["system", "question", "repair"])
def test_the_version_changes_with_any_prompt(name: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert load_prompts(copied(tmp_path)).version == PROMPTS.version
    (tmp_path / "other").mkdir()
    other = load_prompts(copied(tmp_path / "other", **{name: text + "\nBe brief."}))
    assert other.version != PROMPTS.version
    assert PROMPTS.version.startswith("1.1.1-")


@pytest.mark.parametrize("text", ["No front matter.", "---\nversion: x\n---\nText", "---\nversion: 1\nText"])
def test_a_prompt_without_a_version_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"repair\.md: must begin with"):
        load_prompts(copied(tmp_path, repair=text))


def test_a_prompt_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"system\.md: the prompt cannot be read"):
        load_prompts(tmp_path)


@pytest.mark.parametrize("text", ["No placeholder.", "$problems and $more", "$problems for 5 $", "$$problems"])
def test_a_prompt_with_a_placeholder_too_many_or_too_few_is_refused(text: str, tmp_path: Path) -> None:
    prompts = load_prompts(copied(tmp_path, repair=f"---\nversion: 2\n---\n{text}"))
    with pytest.raises(ConfigError, match="exactly the placeholders problems"):
        prompts.repair(["It has a hole."])
