"""Detectors of tests: which tests are about what, what runs them, and what measures coverage."""

import polars as pl
import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.schemas import WORKFLOW_RUNS
from mlops_mentor_tests.evidence.checklist.projects import shown

DATA = "from proj.data import load\n\n\ndef test_load():\n    assert len(load()) == 3\n"
MODEL = "from proj.model import Net\n\n\ndef test_forward():\n    assert Net()(1).shape == (1, 10)\n"
API = (
    "from fastapi.testclient import TestClient\n\nfrom proj.api import app\n\nclient = TestClient(app)\n\n\n"
    "def test_root():\n    assert client.get('/').status_code == 200\n"
)
CODE = {"src/proj/data.py": "def load():\n    return [1]\n", "src/proj/model.py": "class Net:\n    pass\n"}


def workflow(run: str, on: str = "push") -> str:
    return (
        f"name: Tests\non: {on}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - uses: actions/checkout@v4\n      - run: {run}\n"
    )


def runs(conclusion: str, name: str = "Tests") -> Facts:
    row = {"group_id": "1", "workflow": name, "conclusion": conclusion}
    return Facts(workflow_runs=pl.DataFrame([row], schema_overrides=WORKFLOW_RUNS.schema))


RUN = {".github/workflows/tests.yaml": workflow("uv run pytest tests/")}


@pytest.mark.parametrize(
    ("item_id", "test", "outcome", "place"),
    [
        ("W2-01", {"tests/test_data.py": DATA}, "yes", "tests/test_data.py:4"),
        ("W2-01", {"tests/test_all.py": DATA}, "yes", "tests/test_all.py:4"),
        ("W2-01", {"tests/test_data.py": DATA.replace("assert ", "")}, "partial", "tests/test_data.py:4"),
        ("W2-01", {"tests/test_data.py": DATA.replace("len(load()) == 3", "True")}, "no", None),
        ("W2-01", {"tests/old_data.py": DATA}, "partial", "tests/old_data.py:4"),
        ("W2-01", {"tests/test_model.py": MODEL}, "no", None),
        (
            "W2-01",
            {"tests/test_data.py": "import pytest\n" + DATA.replace("\ndef", "\n@pytest.fixture\ndef")},
            "no",
            None,
        ),
        ("W2-01", {"tests/test_data.py": "# def test_data(): assert load()\n"}, "no", None),
        ("W2-02", {"tests/test_model.py": MODEL}, "yes", "tests/test_model.py:4"),
        ("W2-02", {"tests/test_model.py": MODEL.replace("\ndef", "\n@pytest.mark.skip\ndef")}, "partial", None),
        ("W2-02", {"tests/test_data.py": DATA}, "no", None),
        ("W2-02", {"src/proj/check.py": "def test_model():\n    assert Net()\n"}, "no", None),
    ],
)
def test_a_test_is_about_what_it_is_called_or_uses(
    item_id: str, test: dict[str, str], outcome: str, place: str | None
) -> None:
    finding = shown(item_id, CODE | test)
    assert finding.outcome == outcome
    if place:
        assert str(finding.locations[0]) == place


def test_a_printed_table_of_coverage_is_a_result() -> None:
    table = "Name    Stmts   Miss  Cover\n---\nsrc/a.py   10   2   80%\nTOTAL   10   2   80%\n"
    finding = shown("W2-03", CODE | {"reports/coverage_report.txt": table})
    assert (finding.outcome, finding.strength) == ("yes", "executed")
    assert str(finding.locations[0]) == "reports/coverage_report.txt:1"
    assert shown("W2-03", CODE | {"coverage.md": "We want more coverage.\n"}).outcome == "no"


def test_a_workflow_in_a_subfolder_is_named_where_it_would_run_tests() -> None:
    lost = {"sub/.github/workflows/t.yaml": workflow("pytest --cov=src tests")}
    assert "subfolder" in shown("W2-02", CODE | lost | {"tests/test_model.py": MODEL}).reason
    finding = shown("W2-15", CODE | lost | {"tests/test_api.py": API})
    assert (finding.outcome, "subfolder" in finding.reason) == ("partial", True)
    assert str(shown("W2-03", lost).locations[0]) == "sub/.github/workflows/t.yaml:8"


def test_a_model_that_a_class_of_tests_makes_is_used_by_its_tests() -> None:
    text = (
        "from proj.model import Net\n\n\nclass TestIt:\n    it = Net()\n\n    def test_shape(self):\n"
        "        assert self.it(1)\n"
    )
    assert shown("W2-02", CODE | {"tests/test_net.py": text}).outcome == "yes"


def test_fixtures_of_conftest_count_for_the_tests_that_take_them() -> None:
    fixture = "import pytest\nfrom proj.data import load\n\n\n@pytest.fixture\ndef rows():\n    return load()\n"
    test = "def test_rows(rows):\n    assert rows\n"
    assert shown("W2-01", CODE | {"tests/conftest.py": fixture, "tests/test_x.py": test}).outcome == "yes"


@pytest.mark.parametrize(
    ("more", "facts", "strength"),
    [
        ({}, None, "present"),
        ({"Makefile": "test:\n\tpytest tests\n"}, None, "wired"),
        (RUN, None, "wired"),
        (RUN, runs("failure"), "wired"),
        (RUN, runs("success", "Other"), "wired"),
        (RUN, runs("success"), "executed"),
        ({".github/workflows/t.yaml": workflow("pytest tests/unit")}, None, "present"),
        ({".github/workflows/t.yaml": workflow("echo run pytest")}, None, "present"),
        ({".github/workflows/t.yaml": workflow("pip install pytest")}, None, "present"),
    ],
)
def test_tests_are_as_strong_as_what_runs_them(more: dict[str, str], facts: Facts | None, strength: str) -> None:
    assert shown("W2-01", CODE | {"tests/test_data.py": DATA} | more, facts).strength == strength


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        (RUN, "yes"),
        ({}, "partial"),
        ({".github/workflows/t.yaml": workflow("pytest tests/unit")}, "partial"),
        ({".github/workflows/t.yaml": workflow("pytest --ignore=tests/api tests")}, "partial"),
        ({".github/workflows/t.yaml": workflow("pytest", "workflow_dispatch")}, "partial"),
        ({".github/workflows/t.yaml": workflow("make check"), "Makefile": "check:\n\tpytest tests\n"}, "yes"),
    ],
)
def test_api_tests_want_a_workflow_that_runs_them(more: dict[str, str], outcome: str) -> None:
    finding = shown("W2-15", {"tests/api/test_api.py": API} | more)
    assert finding.outcome == outcome
    assert str(finding.locations[0]) == "tests/api/test_api.py:8"


def test_tests_that_call_no_application_are_no_api_tests() -> None:
    assert (
        shown("W2-15", RUN | {"tests/test_api.py": "# TestClient\ndef test_api():\n    assert run()\n"}).outcome == "no"
    )


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        (
            {".github/workflows/t.yaml": workflow("coverage run -m pytest")},
            "yes",
            "wired",
            ".github/workflows/t.yaml:8",
        ),
        ({"Makefile": "cov:\n\tpytest --cov=src tests\n"}, "yes", "wired", "Makefile:2"),
        ({"coverage.xml": "<coverage/>\n"}, "yes", "executed", "coverage.xml"),
        (
            {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--cov=src'\n"},
            "yes",
            "present",
            "pyproject.toml:2",
        ),
        ({"pyproject.toml": "[tool.coverage.run]\nomit = ['x']\n"}, "partial", "present", "pyproject.toml:2"),
        ({"README.md": "```\ncoverage run -m pytest\n```\n"}, "partial", "present", "README.md:2"),
        ({"requirements.txt": "coverage\npytest-cov\n", ".gitignore": ".coverage\n"}, "no", None, None),
        ({".github/workflows/t.yaml": workflow("'pip install coverage  # coverage run'")}, "no", None, None),
    ],
)
def test_coverage_is_measured_by_commands(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W2-03", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


def test_the_templates_workflow_measures_the_coverage_of_own_tests_in_part() -> None:
    path = ".github/workflows/tests.yaml"
    contents = {path: workflow("coverage run -m pytest"), "tests/test_data.py": DATA}
    assert shown("W2-03", contents, starter=[path]).outcome == "partial"
    assert shown("W2-03", contents, runs("success"), starter=[path]).strength == "executed"
    assert shown("W2-03", contents, starter=list(contents)).outcome == "no"
