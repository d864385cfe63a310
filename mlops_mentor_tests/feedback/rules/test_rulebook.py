"""Rules as data: what a course may edit, what is refused with its place, and texts with their blanks filled in."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.rules.facts import Fact
from mlops_mentor.feedback.rules.rulebook import Rule, Rulebook, load_rulebook
from mlops_mentor.feedback.rules.texts import UnknownFactError, fact_names, fill, listed

RULE: dict[str, Any] = {"id": "tests", "area": "a", "criterion": "c", "fact": "num_tests", "at_least": [1, 5, 10, 20]}
BOOK: dict[str, Any] = {
    "version": "1", "label": "Rules.", "strengths": 1, "improvements": 1, "citations": 1, "answers": {},
    "areas": {"a": {"cannot_see": "Much."}}, "rules": [RULE],
}  # fmt: skip


def _rule(**changes: Any) -> Rule:
    return Rule.model_validate(RULE | changes)


def _loaded(folder: Path, book: object) -> Rulebook:
    file = folder / "rules.yaml"
    file.write_text(book if isinstance(book, str) else yaml.safe_dump(book), encoding="utf-8")
    return load_rulebook(file)


@pytest.mark.parametrize(("value", "level"), [(0, 1), (1, 2), (4.9, 2), (5, 3), (19, 4), (20, 5), (99, 5)])
def test_steps_that_must_be_reached_give_levels_upwards(value: float, level: int) -> None:
    assert _rule().level({"num_tests": Fact(value)}) == level


@pytest.mark.parametrize(("value", "level"), [(0, 5), (1, 5), (2, 4), (5, 4), (6, 3), (20, 2), (21, 1)])
def test_steps_that_must_not_be_exceeded_give_levels_downwards(value: float, level: int) -> None:
    rule = Rule.model_validate({k: v for k, v in RULE.items() if k != "at_least"} | {"at_most": [1, 5, 10, 20]})
    assert rule.level({"num_tests": Fact(value)}) == level


def test_an_item_has_the_level_of_its_outcome_and_null_is_none() -> None:
    rule = Rule.model_validate(
        {k: v for k, v in RULE.items() if k != "at_least"} | {"outcomes": {"absent": None, "partial": 2}}
    )
    assert [rule.level({"num_tests": Fact(value)}) for value in (0, 0.5, 1, None)] == [None, 2, 4, None]


def test_a_rule_speaks_only_where_all_its_conditions_hold() -> None:
    rule = _rule(when=["num_files >= 1", "W1-04 == 1"])
    facts = {"num_tests": Fact(5), "num_files": Fact(1), "W1-04": Fact(1)}
    assert rule.level(facts) == 3
    assert rule.level(facts | {"W1-04": Fact(0.5)}) is None
    assert rule.level(facts | {"num_files": Fact(None)}) is None
    assert rule.level({"num_tests": Fact(5), "W1-04": Fact(1)}) is None


@pytest.mark.parametrize(
    "condition", ["num_tests", "num_tests >= many", "1 == 1 or x", "__import__('os') == 1", "num_tests >= 1; x == 2", 7]
)
def test_what_is_no_condition_is_refused_and_never_run(condition: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rules\.0\.when\.0"):
        _loaded(tmp_path, BOOK | {"rules": [RULE | {"when": [condition]}]})


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (BOOK | {"rules": [RULE, RULE]}, "a rule stands in it twice"),
        (BOOK | {"areas": {}}, "areas: a is missing"),
        (BOOK | {"rules": [RULE | {"at_most": [1, 2, 3, 4]}]}, "needs one of"),
        (BOOK | {"rules": [RULE | {"at_least": [4, 3, 2, 1]}]}, "steps must ascend"),
        (BOOK | {"rules": [RULE | {"colour": "red"}]}, "rules.0.colour"),
        (BOOK | {"strengths": 0}, "strengths"),
        ("rules: [", "not valid YAML"),
        ("", "file"),
    ],
)
def test_a_file_that_is_wrong_says_where(book: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _loaded(tmp_path, book)
    assert said in str(caught.value)


def test_the_key_changes_with_a_word_of_a_rule(tmp_path: Path) -> None:
    before = _loaded(tmp_path, BOOK).key
    load_rulebook.cache_clear()
    assert _loaded(tmp_path, BOOK).key == before
    load_rulebook.cache_clear()
    assert _loaded(tmp_path, BOOK | {"label": "Other rules."}).key != before


def test_a_file_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_rulebook(tmp_path / "none.yaml")


def test_the_bundled_rules_are_kept_to_in_their_shape() -> None:
    book = load_rulebook()
    assert len(book.rules) > 40
    worst_first = [[advice.to_level for advice in rule.better] for rule in book.rules]
    assert worst_first == [sorted(levels) for levels in worst_first]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{n} of it", "1,234 of it"),
        ("{share|%}", "42 %"),
        ("{n|test}", "1,234 tests"),
        ("{one|test}", "1 test"),
        ("{n|query}", "1,234 queries"),
        ("{n|day}", "1,234 days"),
        ("{rate}", "2.3"),
        ("{lint.x.a-b.names}", "p, q and r"),
        ("{lint.x.a-b.reason}, {lint.x.a-b.remedy}", "It is so, Do it"),
        ("no {} blank", "no {} blank"),
    ],
)
def test_blanks_are_filled_with_facts(text: str, wanted: str) -> None:
    facts = {
        "n": Fact(1234), "one": Fact(1), "share": Fact(0.42), "rate": Fact(2.34),
        "lint.x.a-b": Fact(3, names=("p", "q", "r"), reason="It is so.", remedy="Do it."),
    }  # fmt: skip
    assert fill(text, facts) == wanted


def test_names_and_reasons_with_braces_in_them_stay_as_they_are() -> None:
    assert fill("{a.names}", {"a": Fact(1, names=("{b}",)), "b": Fact(2)}) == "{b}"


@pytest.mark.parametrize("text", ["{unknown}", "{known}", "{unknown.names}"])
def test_what_is_not_known_is_not_said(text: str) -> None:
    with pytest.raises(UnknownFactError):
        fill(text, {"known": Fact(None)})


def test_the_facts_of_a_text_are_found() -> None:
    assert fact_names("{a|%} of {b.names}, {W1-04.reason}: {lint.workflow.x}") == {"a", "b", "W1-04", "lint.workflow.x"}


@pytest.mark.parametrize(
    ("names", "wanted"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abcde"), "a, b, c, d and e"),
     (list("abcdef"), "a, b, c, d and 2 more")],
)  # fmt: skip
def test_long_lists_are_cut(names: list[str], wanted: str) -> None:
    assert listed(names) == wanted
