"""What a repository begins with: W1-01 to W1-04 and W1-07."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

PINNED = "torch==2.6.0\ntyper==0.15.2\n"
PYPROJECT = '[project]\nname = "birds"\nversion = "0"\ndependencies = ["torch", "numpy>=2"]\n'
STRUCTURE = dict.fromkeys(
    ["src/birds/__init__.py", "src/birds/data.py", "src/birds/model.py", "tests/test_data.py",
     "dockerfiles/train.dockerfile", "configs/.gitkeep", "notebooks/.gitkeep", "pyproject.toml"],
    "x = 1\n",
)  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "facts", "outcome"),
    [
        pytest.param({"a.py": "x = 1\n"}, Facts(num_commits=3), "yes", id="files and commits"),
        pytest.param({"a.py": "x = 1\n"}, Facts(), "yes", id="files, commits not counted"),
        pytest.param({}, Facts(num_commits=0), "no", id="nothing"),
        pytest.param({}, Facts(num_commits=1, snapshot_sha="0" * 40), "no", id="a commit without files"),
        pytest.param({}, Facts(), "not_available", id="no snapshot"),
    ],
)
def test_a_repository_has_files(contents: dict[str, str], facts: Facts, outcome: str) -> None:
    assert shown("W1-01", contents, facts).outcome == outcome


@pytest.mark.parametrize(
    ("people", "members", "outcome"),
    [(4, 4, "yes"), (9, 4, "yes"), (1, 1, "yes"), (2, 4, "partial"), (2, None, "partial"), (1, 4, "not_checkable"),
     (1, None, "not_checkable"), (0, 4, "not_checkable"), (None, 4, "not_available")],
)  # fmt: skip
def test_who_wrote_shows_access_and_never_that_there_is_none(
    people: int | None, members: int | None, outcome: str
) -> None:
    assert shown("W1-02", {}, Facts(num_people=people, group_size=members)).outcome == outcome


def test_more_names_than_members_are_not_said_to_be_the_members() -> None:
    found = shown("W1-02", {}, Facts(num_people=9, group_size=4))
    assert (found.strength, found.reason) == (
        "present", "Commits are under 9 names, not yet assigned to the 4 members."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"uv.lock": "version = 1\n", "pyproject.toml": PYPROJECT}, "yes", "present", "uv.lock", id="lock"),
        pytest.param(
            {"uv.lock": "version = 1\n", "Dockerfile": "FROM x\nRUN uv sync --frozen\n"}, "yes", "wired", "uv.lock",
            id="lock that an image installs",
        ),
        pytest.param({"requirements.txt": PINNED}, "yes", "present", "requirements.txt", id="pinned"),
        pytest.param({"pyproject.toml": PYPROJECT}, "partial", "present", "pyproject.toml", id="no versions"),
        pytest.param({"requirements.txt": "\n# torch==2.6.0\n"}, "no", None, None, id="a comment"),
        pytest.param({"node_modules/x/uv.lock": "version = 1\n"}, "no", None, None, id="another's lock"),
        pytest.param({".python-version": "3.11\n"}, "no", None, ".python-version", id="Python's version alone"),
    ],
)  # fmt: skip
def test_an_environment_is_shown_by_versions(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-03", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


@pytest.mark.parametrize(
    ("contents", "outcome"),
    [
        pytest.param(STRUCTURE, "yes", id="most"),
        pytest.param({f"project/{path}": text for path, text in STRUCTURE.items()}, "yes", id="one folder down"),
        pytest.param({"a.py": "x = 1\n", ".cruft.json": "{}"}, "yes", id="the generator's own record"),
        pytest.param(dict(list(STRUCTURE.items())[:4]), "partial", id="some"),
        pytest.param({"main.ipynb": "{}", "README.md": "We used cookiecutter, with src/ and tests/.\n"}, "no",
                     id="prose about it"),
    ],
)  # fmt: skip
def test_the_structure_is_told_by_its_parts(contents: dict[str, str], outcome: str) -> None:
    assert shown("W1-04", contents).outcome == outcome


def test_the_structure_may_be_of_starter_code_alone() -> None:
    assert shown("W1-04", STRUCTURE, starter=STRUCTURE).outcome == "yes"


def test_a_part_is_told_by_a_file_that_tells_something() -> None:
    contents = STRUCTURE | {"dockerfiles/.dockerignore": "x\n", "dockerfiles/.gitkeep": ""}
    places = list(map(str, shown("W1-04", contents).locations))
    assert "dockerfiles/.dockerignore" not in places
    ignored = {"dockerfiles/.dockerignore": "x\n"}
    assert "dockerfiles" in shown("W1-04", ignored).reason.partition("missing")[2]


UV_LOCK = (
    '[[package]]\nname = "torch"\ndependencies = [{ name = "a-b", extra = ["c"] }]\n'
    '[[package]]\nname = "a-b"\n[package.optional-dependencies]\nc = [{ name = "pyyaml" }]\n'
)
POETRY_LOCK = '[[package]]\nname = "torch"\n[package.dependencies]\nPyYAML = ">=6"\n'
PDM_LOCK = '[[package]]\nname = "torch"\ndependencies = ["PyYAML>=6; python_version > \'3\'"]\n'
OPTIONAL_LOCK = '[[package]]\nname = "torch"\n[package.dependencies]\nPyYAML = {version = "*", optional = true}\n'
USES_YAML = {"pyproject.toml": PYPROJECT, "src/a.py": "import torch\nimport yaml\n"}

MANY = "\n".join(f"import package_{name}" for name in "abcde") + "\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param({"pyproject.toml": PYPROJECT, "src/a.py": "import torch\nimport json\n"}, "yes",
                     "pyproject.toml", id="declared"),
        pytest.param({"pyproject.toml": PYPROJECT, "src/birds/b.py": "", "src/a.py": "from birds import b\n"}, "yes",
                     "pyproject.toml", id="own package"),
        pytest.param({"pyproject.toml": PYPROJECT, "src/a.py": "import torch\nimport yaml\n"}, "partial",
                     "src/a.py:2", id="one is missing"),
        pytest.param({"pyproject.toml": PYPROJECT, "src/a.py": MANY}, "no", "src/a.py:1", id="most are missing"),
        pytest.param({"src/a.py": "import torch\n"}, "no", None, id="nothing is declared"),
        pytest.param({"requirements.txt": "numpy\n# torch\n", "src/a.py": "import torch\n"}, "partial", "src/a.py:1",
                     id="declared in a comment"),
        pytest.param({"pyproject.toml": PYPROJECT, "src/a.py":
                      "try:\n    import cupy\nexcept ImportError:\n    cupy = None\n# import yaml\n"}, "yes",
                     "pyproject.toml", id="the code copes without it"),
        pytest.param({"pyproject.toml": PYPROJECT, "setup.py": "from setuptools import setup\nsetup()\n"}, "yes",
                     "pyproject.toml", id="setuptools"),
        pytest.param({"pyproject.toml": "[project\n", "src/a.py": "import torch\n"}, "not_available", None,
                     id="broken declarations"),
        pytest.param({"requirements.txt": "# This file was autogenerated by uv via the following command:\n"
                      "torch==2.6.0\n    # via birds\n", "src/a.py": "import torch\n"}, "yes", "requirements.txt",
                     id="compiled requirements"),
        pytest.param({"requirements.txt": "torch --extra-index-url https://a.example/b\n", "src/a.py":
                      "import torch\n"}, "yes", "requirements.txt", id="an option behind it"),
        pytest.param({"requirements.txt": "fastapi\n", "src/a.py": "import fastapi\nimport pydantic\n"}, "yes",
                     "requirements.txt", id="it comes with another"),
        pytest.param(USES_YAML | {"uv.lock": UV_LOCK}, "yes", "pyproject.toml", id="uv's lock has it"),
        pytest.param(USES_YAML | {"poetry.lock": POETRY_LOCK}, "yes", "pyproject.toml", id="Poetry's lock has it"),
        pytest.param(USES_YAML | {"pdm.lock": PDM_LOCK}, "yes", "pyproject.toml", id="PDM's lock has it"),
        pytest.param(USES_YAML | {"poetry.lock": OPTIONAL_LOCK}, "partial", "src/a.py:2", id="an extra nobody asked"),
        pytest.param(USES_YAML | {"uv.lock": UV_LOCK.replace("torch", "other")}, "partial", "src/a.py:2",
                     id="the lock has it by another way"),
        pytest.param(USES_YAML | {"uv.lock": "[[package\n"}, "partial", "src/a.py:2", id="a broken lock"),
        pytest.param(USES_YAML | {"uv.lock": "package = [1, {name = 2}, {name = 'torch', dependencies = 3}]\n"},
                     "partial", "src/a.py:2", id="a lock of something else"),
        pytest.param({"requirements.txt": "dvc[gs]\n", "src/a.py": "from google.cloud import storage\n"}, "yes",
                     "requirements.txt", id="it comes by several steps"),
        pytest.param(USES_YAML | {".hidden/a.py": "import yaml\n", "trash/a.py": "import yaml\n"}, "partial",
                     "src/a.py:2", id="src before what was put away"),
        pytest.param({"requirements.txt": "fastapi\n", "src/a.py": "import fastapi\nimport omegaconf\n"}, "partial",
                     "src/a.py:2", id="what it would come with is not declared either"),
    ],
)  # fmt: skip
def test_dependencies_are_compared_with_imports(contents: dict[str, str], outcome: str, place: str | None) -> None:
    found = shown("W1-07", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place


def test_the_reason_names_the_parent() -> None:
    assert "pyyaml (with torch)" in shown("W1-07", USES_YAML | {"uv.lock": UV_LOCK}).reason
