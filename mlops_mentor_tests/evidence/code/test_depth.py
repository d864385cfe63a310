"""Texts that parsers would not come back from are told before; what people write passes."""

import pytest

from mlops_mentor.evidence.code.declared import read_declared
from mlops_mentor.evidence.code.depth import check_toml, check_yaml
from mlops_mentor.evidence.code.documents import read_document
from mlops_mentor.evidence.code.sources import Source

DEEP_YAML = {
    "brackets": "[" * 50_000,
    "braces": "{a: " * 50_000,
    "lines of brackets": "\n[" * 50_000,
    "values": "a: [" * 50_000,
    "lists in a line": "- " * 50_000,
    "keys in a line": "? " * 50_000,
    "both in a line": "- ?\t" * 50_000 + "a",
}
SOUND_YAML = {
    "a rule": "a: 1\n" + "-" * 5000 + "\n",
    "a comment": "# " + "?" * 500 + "\na: 1\n",
    "many short lists": "a: [1, {b: c}]\n" * 5000,
    "smileys": "a: ':[ :{'\n" * 50,
    "closed without being opened": "a: ']]]'\n" * 5000,
}


@pytest.mark.parametrize("text", DEEP_YAML.values(), ids=DEEP_YAML)
def test_deep_yaml_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="deeply"):
        check_yaml(text)
    assert read_document("a.yaml", "b", text).error == "cannot be read: ValueError"
    assert read_declared([Source("environment.yml", "config", "b", content=text.encode())]).broken


@pytest.mark.parametrize("text", SOUND_YAML.values(), ids=SOUND_YAML)
def test_what_people_write_passes(text: str) -> None:
    check_yaml(text)


@pytest.mark.parametrize("text", ["a." * 100_000 + "b = 1", "a = " + "[" * 1000, "[" + "a." * 5000 + "b]"])
def test_deep_toml_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="deeply"):
        check_toml(text)
    assert read_document("a.toml", "b", text).error == "cannot be read: ValueError"
    assert read_declared([Source("pyproject.toml", "config", "b", content=text.encode())]).broken


def test_sound_toml_passes() -> None:
    check_toml("[tool.ruff.lint]\nselect = ['E', 'F']\nx = 'a.b.c'\n" * 1000)


def test_a_name_without_a_value_that_goes_on_is_a_broken_ini() -> None:
    assert read_document("tox.ini", "b", "[a]\nb\n  c\n").error == "cannot be read: ValueError"
