"""How code is written: W1-08 and W1-09."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

CODE = {"src/a.py": "x = 1\n"}
HOOK = {".pre-commit-config.yaml": "repos:\n- repo: r\n  hooks:\n  - id: ruff\n"}
RUFF = {"pyproject.toml": "[tool.ruff]\nline-length = 120\n"}


def workflow(run: str, on: str = "push") -> dict[str, str]:
    text = f"on: {on}\njobs:\n  a:\n    steps:\n    - run: {run}\n"
    return {".github/workflows/a.yaml": text}


@pytest.mark.parametrize(
    ("contents", "found", "outcome", "strength", "place"),
    [
        pytest.param(CODE, 2.0, "yes", "present", None, id="few"),
        pytest.param(CODE | HOOK, 2.0, "yes", "wired", ".pre-commit-config.yaml:4", id="few, and a hook"),
        pytest.param(CODE, 20.0, "partial", "present", None, id="some"),
        pytest.param(CODE, 90.0, "no", None, None, id="many"),
        pytest.param(CODE | {"src/b.py": "x = 1\ny = 1 \nz = 1\t\n", "src/c.py": "x = 1 \n"}, 90.0, "no", None,
                     "src/b.py:2", id="many, and lines that show it"),
        pytest.param(CODE | HOOK, 90.0, "partial", "wired", ".pre-commit-config.yaml:4", id="many, and a hook"),
        pytest.param(CODE | RUFF, 90.0, "no", None, "pyproject.toml:2", id="many, and settings"),
        pytest.param({"README.md": "We follow pep8.\n"}, None, "no", None, None, id="no Python"),
        pytest.param(CODE | HOOK, None, "yes", "wired", ".pre-commit-config.yaml:4", id="a hook"),
        pytest.param(CODE | workflow("ruff check ."), None, "yes", "wired", ".github/workflows/a.yaml:5", id="in CI"),
        pytest.param(CODE | workflow("make lint") | {"Makefile": "lint:\n\tflake8 src\n"}, None, "yes", "wired",
                     "Makefile:2", id="called by CI"),
        pytest.param(CODE | workflow("pip install flake8"), None, "not_available", None, None, id="installed only"),
        pytest.param(CODE | workflow("ruff check .", "workflow_dispatch"), None, "not_available", None, None,
                     id="a workflow that nothing starts"),
        pytest.param(CODE | {"Makefile": "lint:\n\tflake8 src\n"}, None, "partial", "present", "Makefile:2",
                     id="nobody calls it"),
        pytest.param(CODE | RUFF, None, "partial", "present", "pyproject.toml:2", id="settings"),
        pytest.param({"src/a.py": "# ruff check\nx = 'black'\n"}, None, "not_available", None, None, id="a comment"),
    ],
)  # fmt: skip
def test_pep8_is_a_number_or_a_linter_that_runs(
    contents: dict[str, str], found: float | None, outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W1-08", contents, Facts(style_per_1000_lines=found))
    assert (finding.outcome, finding.strength) == (outcome, strength)
    assert next(iter(map(str, finding.locations)), None) == place


BOTH = 'def area(radius: float) -> float:\n    """Of a circle."""\n    return radius\n'
HINTS = "def area(radius: float) -> float:\n    return radius\n"
DOCS = 'def area(radius):\n    """Of a circle."""\n    return radius\n'
NEITHER = "def area(radius):\n    # radius: float, the area of a circle\n    return radius\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param({"src/a.py": NEITHER + BOTH}, "yes", "src/a.py:4", id="half of them"),
        pytest.param({"src/a.py": HINTS}, "partial", "src/a.py:1", id="hints alone"),
        pytest.param({"src/a.py": DOCS}, "partial", "src/a.py:1", id="docstrings alone"),
        pytest.param({"src/a.py": NEITHER}, "no", "src/a.py:1", id="comments"),
        pytest.param({"src/a.py": NEITHER, "tests/test_a.py": BOTH * 9}, "no", "src/a.py:1", id="tests do not count"),
        pytest.param({"src/a.py": NEITHER * 3 + BOTH}, "no", "src/a.py:1", id="one of four"),
        pytest.param({"src/a.py": "x: int = 1\n"}, "no", None, id="no functions"),
        pytest.param({"src/a.py": "class A:\n    def f(self):\n        return 1\n"}, "no", "src/a.py:1",
                     id="nothing to hint at"),
    ],
)  # fmt: skip
def test_hints_and_docstrings_are_shares_of_functions(
    contents: dict[str, str], outcome: str, place: str | None
) -> None:
    found = shown("W1-09", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place
