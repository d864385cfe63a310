import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.evidence.code.documents import read_document

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


def values(path: str, text: str) -> dict[str, tuple[str, int | None]]:
    return {entry.dotted: (entry.value, entry.line) for entry in read_document(path, "id", text).entries}


def test_yaml_keeps_on_as_a_word_and_tells_lines() -> None:
    start = "on:\n  push:\n    branches: [main, [dev]]\n"
    text = f"{start}jobs:\n  a:\n    steps:\n      - run: |\n          one\n          two\n"
    found = values("w.yml", text)
    assert found["on.push.branches.0"] == ("main", 3)
    assert found["on.push.branches.1.0"] == ("dev", 3)
    assert found["jobs.a.steps.0.run"] == ("one\ntwo\n", 7)


def test_a_key_that_stands_twice_is_there_twice() -> None:
    document = read_document("c.yaml", "id", "a: 1\na: 2\n")
    assert [entry.value for entry in document.entries] == ["1", "2"]


def test_tags_make_nothing_and_several_documents_are_all_read() -> None:
    found = values("c.yaml", "a: !!python/object/apply:os.system [echo]\n---\nb: 2\n")
    assert found == {"a.0": ("echo", 1), "b": ("2", 3)}


def test_an_alias_bomb_ends() -> None:
    document = read_document("c.yaml", "id", BOMB)
    assert (document.error, len(document.entries)) == (None, 120)
    assert document.value("a1", "0") == "*a0"


def test_more_entries_than_anybody_writes_are_cut_and_told() -> None:
    assert read_document("c.yaml", "id", "- x\n" * 30_000).error == "holds more than 20,000 entries"


def test_yaml_that_breaks_off_keeps_nothing_and_says_where() -> None:
    document = read_document("c.yaml", "id", "a: 1\nb: [\n")
    assert document.error is not None
    assert document.error.startswith("cannot be read: ParserError in line")


def test_lines_of_toml_are_those_of_the_keys() -> None:
    text = '[project]\nname = "x"\n\n[tool.ruff]\nline-length = 120\nselect = ["E", "F"]\n'
    found = values("pyproject.toml", text)
    assert found["tool.ruff.line-length"] == ("120", 5)
    assert found["project.name"] == ("x", 2)
    assert found["tool.ruff.select.1"] == ("F", 6)


def test_the_configuration_of_dvc_is_read_as_it_writes_it() -> None:
    text = "[core]\n    remote = storage\n['remote \"storage\"']\n    url = gs://bucket/data\n"
    found = values(".dvc/config", text)
    assert found["'remote \"storage\"'.url"] == ("gs://bucket/data", 4)


@pytest.mark.parametrize("path", ["a.yaml", "a.toml", "a.json", "a.cfg", "a.txt", ".dvc/config"])
@given(text=st.text(max_size=300))
def test_no_text_makes_it_raise(path: str, text: str) -> None:
    document = read_document(path, "id", text)
    assert all(entry.line is None or 1 <= entry.line <= len(document.lines) + 1 for entry in document.entries)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "- " * 50_000, "a = [" * 20_000])
@pytest.mark.parametrize("path", ["a.yaml", "a.toml", "a.json"])
def test_depth_is_no_way_to_stop_it(path: str, text: str) -> None:
    document = read_document(path, "id", text)
    assert all(len(entry.key) <= 50 for entry in document.entries)


keys = st.text("abcdefgh", min_size=1, max_size=5)
trees = st.recursive(st.text("xyz ", max_size=5), lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=15)


@given(tree=st.dictionaries(keys, trees, max_size=4))
def test_yaml_and_json_of_one_thing_have_the_same_entries(tree: dict[str, object]) -> None:
    def entries(path: str, text: str) -> list[tuple[tuple[str, ...], str]]:
        return [(entry.key, entry.value) for entry in read_document(path, "id", text).entries]

    assert sorted(entries("a.yaml", yaml.safe_dump(tree))) == sorted(entries("a.json", json.dumps(tree)))


def test_settings_of_editors_have_comments_and_trailing_commas() -> None:
    text = '// For VS Code\n{\n  // the image\n  "image": "python:3.12",\n  "features": ["a",],\n}\n'
    assert values("devcontainer.json", text) == {"image": ("python:3.12", 4), "features.0": ("a", 5)}
