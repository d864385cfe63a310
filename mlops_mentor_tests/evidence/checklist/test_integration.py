"""Detectors of continuous integration: what workflows do with code, and what starts them."""

from collections.abc import Mapping

import pytest

from mlops_mentor.evidence.checklist.detectors.integration import pre_commit
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor_tests.evidence.checklist.projects import project_of, shown
from mlops_mentor_tests.evidence.checklist.test_testing import runs, workflow

PATH = ".github/workflows/w.yaml"
CODE = {"src/proj/data.py": "def load():\n    return 1\n"}
STEPS = """
name: Tests
on: {on}
jobs:
  test:
    runs-on: ${{{{ matrix.os }}}}
    strategy:
      matrix:
        os: {systems}
    steps:
      - uses: actions/setup-python@v5
        with:
          cache: {cache}
      - run: pytest
"""


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        ({PATH: workflow("pytest")}, "yes", f"{PATH}:8"),
        ({PATH: workflow("uv run --group dev pytest", "[push, pull_request]")}, "yes", f"{PATH}:8"),
        ({PATH: workflow("ruff check .", "{pull_request: {branches: [main]}}")}, "yes", f"{PATH}:8"),
        ({PATH: workflow("invoke test"), "tasks.py": "def test(ctx):\n    ctx.run('pytest')\n"}, "yes", "tasks.py:2"),
        ({PATH: workflow("docker build .")}, "partial", f"{PATH}:7"),
        ({PATH: workflow("pytest", "workflow_dispatch")}, "partial", f"{PATH}:8"),
        ({PATH: "on: push\njobs: {a: [\n"}, "partial", PATH),
        ({f"sub/{PATH}": workflow("pytest")}, "partial", f"sub/{PATH}:8"),
        ({".gitlab-ci.yml": "test: {script: pytest}\n"}, "partial", ".gitlab-ci.yml"),
        ({PATH: "".join(f"# {line}\n" for line in workflow("pytest").splitlines())}, "no", None),
        ({"README.md": "We run pytest in CI.\n"}, "no", None),
    ],
)
def test_ci_runs_tests_or_linting_on_code(contents: Mapping[str, str], outcome: str, place: str | None) -> None:
    finding = shown("W2-04", contents)
    assert finding.outcome == outcome
    if place:
        assert str(finding.locations[0]) == place


def test_ci_is_as_strong_as_its_runs() -> None:
    contents = {PATH: workflow("pytest")}
    assert shown("W2-04", contents).strength == "wired"
    assert shown("W2-04", contents, runs("success")).strength == "executed"
    assert shown("W2-04", contents, runs("failure")).outcome == "partial"
    assert shown("W2-04", contents, runs("success", PATH)).strength == "executed"


@pytest.mark.parametrize(("item_id"), ["W2-04", "W2-05", "W2-06"])
def test_the_templates_workflow_as_it_came_is_a_part_and_without_own_code_nothing(item_id: str) -> None:
    text = STEPS.format(on="push", systems="[ubuntu-latest, macos-latest]", cache="pip") + "      - run: ruff check .\n"
    assert shown(item_id, CODE | {PATH: text}, starter=[PATH]).outcome == "partial"
    assert shown(item_id, CODE | {PATH: text}, runs("success"), starter=[PATH]).strength == "executed"
    assert shown(item_id, CODE | {PATH: text}, starter=[PATH, *CODE]).outcome == "no"


def test_a_workflow_that_another_one_calls_is_started_by_what_starts_that() -> None:
    caller = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/w.yaml\n"
    contents = {PATH: workflow("pytest", "workflow_call"), ".github/workflows/a.yaml": caller}
    assert shown("W2-04", contents).outcome == "yes"
    after = workflow("ruff check .", "{workflow_run: {workflows: [Tests]}}").replace("Tests\non", "After\non")
    assert shown("W2-06", {PATH: workflow("pytest"), ".github/workflows/a.yaml": after}).outcome == "yes"


SETUP = ".github/actions/setup"
IN_ACTION = {
    PATH: workflow("echo").replace("actions/checkout@v4", f"./{SETUP}"),
    f"{SETUP}/action.yml": "runs:\n  using: composite\n  steps:\n  - uses: ./.github/actions/setup\n"
    "  - uses: astral-sh/setup-uv@v5\n    with:\n      enable-cache: true\n"
    "  - run: |\n      uv sync\n      ruff check .\n      docker build .\n",
}


@pytest.mark.parametrize(("item_id", "line"), [("W2-04", 10), ("W2-05", 7), ("W2-06", 10), ("W2-11", 11)])
def test_steps_of_a_local_action_are_steps_of_the_workflow_that_uses_it(item_id: str, line: int) -> None:
    finding = shown(item_id, IN_ACTION)
    assert finding.strength == "wired"
    assert str(finding.locations[0]) == f"{SETUP}/action.yml:{line}"
    assert shown(item_id, {path: text for path, text in IN_ACTION.items() if path != PATH}).outcome == "no"


@pytest.mark.parametrize(
    ("systems", "cache", "on", "outcome", "place"),
    [
        ("[ubuntu-latest, macos-latest]", "pip", "push", "yes", f"{PATH}:9"),
        ("[ubuntu-latest, macos-latest]", "false", "push", "partial", f"{PATH}:9"),
        ("[ubuntu-latest]", "pip", "push", "partial", f"{PATH}:13"),
        ("[ubuntu-latest, ubuntu-latest]", "pip", "push", "partial", f"{PATH}:13"),
        ("'${{ fromJSON(''[\"a\", \"b\"]'') }}'", "pip", "push", "yes", f"{PATH}:9"),
        ("[ubuntu-latest, macos-latest]", "pip", "workflow_dispatch", "partial", f"{PATH}:9"),
        ("[ubuntu-latest]", "false", "push", "no", None),
    ],
)
def test_matrix_and_cache(systems: str, cache: str, on: str, outcome: str, place: str | None) -> None:
    finding = shown("W2-05", {PATH: STEPS.format(on=on, systems=systems, cache=cache)})
    assert finding.outcome == outcome
    if place:
        assert str(finding.locations[0]) == place


def test_a_matrix_of_what_is_no_system_or_version_is_none() -> None:
    text = STEPS.format(on="push", systems="[small, large]", cache="pip").replace("os:", "size:")
    assert shown("W2-05", {PATH: text}).outcome == "partial"


@pytest.mark.parametrize(
    ("contents", "outcome"),
    [
        ({PATH: workflow("ruff check src")}, "yes"),
        ({PATH: workflow("uvx pre-commit run --all-files")}, "yes"),
        ({PATH: workflow("x").replace("actions/checkout@v4", "astral-sh/ruff-action@v3")}, "yes"),
        ({PATH: workflow("ruff format --check")}, "partial"),
        ({PATH: workflow("ruff check", "workflow_dispatch")}, "partial"),
        ({".pre-commit-config.yaml": "ci: {autofix_prs: true}\nrepos: []\n"}, "partial"),
        ({PATH: workflow("pip install ruff flake8")}, "no"),
        ({PATH: workflow("echo ruff check")}, "no"),
        ({"Makefile": "lint:\n\truff check\n"}, "no"),
    ],
)
def test_linting_in_ci_is_a_linters_step(contents: Mapping[str, str], outcome: str) -> None:
    assert shown("W2-06", contents).outcome == outcome


HOOKS = "repos:\n- repo: https://example.org/x\n  hooks:\n  - id: ruff\n  - id: mypy\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({".pre-commit-config.yaml": HOOKS}, "yes", "present", ".pre-commit-config.yaml:4"),
        ({".pre-commit-config.yaml": HOOKS, "Makefile": "up:\n\tpre-commit install\n"}, "yes", "wired", None),
        ({".pre-commit-config.yaml": HOOKS, PATH: workflow("pre-commit run -a")}, "yes", "wired", None),
        ({"lefthook.yml": "pre-commit: {}\n"}, "yes", "present", "lefthook.yml"),
        ({".pre-commit-config.yaml": "repos: []\n"}, "partial", "present", ".pre-commit-config.yaml"),
        ({".pre-commit-config.yaml": "repos: [\n"}, "partial", "present", ".pre-commit-config.yaml"),
        ({"requirements.txt": "pre-commit\n", "README.md": "pre-commit install\n"}, "no", None, None),
    ],
)
def test_hooks(contents: Mapping[str, str], outcome: str, strength: str | None, place: str | None) -> None:
    finding = shown("W2-07", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


@pytest.mark.parametrize("folder", ["", "project/"])
def test_hooks_that_were_handed_out_are_a_part_where_there_is_own_code(folder: str) -> None:
    item = next(item for item in checklist().items if item.id == "W2-07")
    contents = {f"{folder}.pre-commit-config.yaml": HOOKS}
    for more, outcome in ((CODE, "partial"), ({}, "no")):
        project = project_of(contents | more, starter=list(contents), shapes=StarterShapes.none())
        assert pre_commit(project, item.options).outcome == outcome


def test_a_run_of_pre_commit_in_a_workflow_that_succeeded_is_a_trace_of_the_hooks() -> None:
    contents = {".pre-commit-config.yaml": HOOKS, PATH: workflow("pre-commit run -a")}
    assert shown("W2-07", contents, runs("success")).strength == "executed"
