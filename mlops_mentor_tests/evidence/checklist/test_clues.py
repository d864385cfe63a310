"""What many detectors ask in the same way."""

import re

import pytest

from mlops_mentor.evidence.checklist.detectors.clues import best, either, library_calls, look, of_calls
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor_tests.evidence.checklist.projects import project_of


def test_no_patterns_match_nothing() -> None:
    assert not re.search(either([]), "")


def test_a_place_in_a_file_that_is_used_comes_first_and_each_file_before_its_second_place() -> None:
    call = "import wandb\nwandb.log(1)\nwandb.log(2)\n"
    project = project_of({"a.py": call, "b.py": call, "c.py": call, "d.py": "import c\n"})
    places, is_used = best(project, of_calls(library_calls(project, [r"wandb\.log"])))
    assert list(map(str, places)) == ["c.py:2", "c.py:3", "a.py:2", "b.py:2", "a.py:3", "b.py:3"]
    assert is_used


def test_a_library_is_known_by_its_import() -> None:
    project = project_of({"a.py": "def f(wandb):\n    wandb.log(1)\n", "b.py": "import wandb as w\nw.log(1)\n"})
    assert [file.path for file, _ in library_calls(project, [r"wandb\.log"])] == ["b.py"]


def test_tests_are_no_clue() -> None:
    project = project_of({"tests/test_a.py": "import wandb\nwandb.log(1)\n"})
    clues = look(project, {"calls": [r"wandb\.log"], "modules": ["wandb"]})
    assert (clues.code, clues.imports) == ((), ())


def _patterns(value: object) -> list[str]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in _patterns(part)]
    if isinstance(value, list | tuple):
        return [each for part in value for each in _patterns(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("item", [item for item in checklist().items if item.week == 1], ids=lambda item: item.id)
def test_every_pattern_of_the_first_week_can_be_read(item) -> None:  # type: ignore[no-untyped-def]
    for pattern in _patterns(dict(item.options)):
        re.compile(pattern)
