"""Which files concern an area, and in which order they are shown."""

import json
from typing import Any

import pytest

from mlops_mentor.feedback.packs.choose import chosen
from mlops_mentor_tests.evidence.checklist.projects import Contents
from mlops_mentor_tests.feedback.packs.material import packs_of, shelf_of, shown_paths, shown_text

CODE: Contents = {
    "src/proj/train.py": "from proj.model import Net\n\n\ndef train():\n    return Net()\n\n\n"
    "if __name__ == '__main__':\n    train()\n",
    "src/proj/model.py": "class Net:\n    def forward(self, x):\n        return x\n",
    "src/proj/odd.py": "def odd():\n" + "    print('odd')\n" * 30,
    "tests/test_model.py": "from proj.model import Net\n\n\ndef test_net():\n    assert Net().forward(1) == 1\n",
    "tests/conftest.py": "import pytest\n",
    "pyproject.toml": "[project]\nname = 'proj'\n",
    "README.md": "# Proj\n\nHow to run it.\n",
    "configs/config.yaml": "lr: 0.1\n",
    ".github/workflows/tests.yaml": "on: push\njobs:\n  test:\n    steps:\n      - run: pytest tests\n",
    ".github/workflows/docs.yaml": "on: push\njobs:\n  docs:\n    steps:\n      - run: mkdocs build\n",
    "Dockerfile": "FROM python:3.12\nCMD python -m proj.train\n",
    "Makefile": "train:\n\tpython -m proj.train\n",
    "requirements.txt": "torch\n",
}


def paths(area: str, contents: Contents, **options: Any) -> list[str]:
    return [choice.file.path for choice in chosen(area, shelf_of(contents, **options))]


def test_code_quality_begins_where_the_project_is_started_and_goes_on_to_what_that_imports() -> None:
    found = paths("code_quality", CODE)

    assert found[0] == "src/proj/train.py"
    assert found.index("src/proj/model.py") < found.index("src/proj/odd.py")
    assert {"pyproject.toml", "README.md", "configs/config.yaml", "requirements.txt"} <= set(found)
    assert not any(path.startswith(("tests/", ".github/")) for path in found)


def test_unit_testing_shows_tests_in_full_and_modules_by_their_signatures() -> None:
    found = {choice.file.path: choice.is_brief for choice in chosen("unit_testing", shelf_of(CODE))}

    assert list(found)[:2] == ["tests/conftest.py", "tests/test_model.py"]
    assert [path for path, is_brief in found.items() if is_brief] == [
        "src/proj/model.py",
        "src/proj/train.py",
        "src/proj/odd.py",
    ]
    assert ".github/workflows/tests.yaml" in found and ".github/workflows/docs.yaml" not in found
    assert "README.md" not in found


def test_ci_cd_shows_workflows_before_images_and_commands_and_no_module() -> None:
    found = paths("ci_cd", CODE)

    assert found[:4] == [".github/workflows/docs.yaml", ".github/workflows/tests.yaml", "Dockerfile", "Makefile"]
    assert not any(path.startswith("src/") for path in found)


@pytest.mark.parametrize("area", ["code_quality", "unit_testing", "ci_cd"])
def test_no_file_is_chosen_twice_and_the_order_does_not_depend_on_that_of_the_files(area: str) -> None:
    found = paths(area, CODE)

    assert len(found) == len(set(found))
    assert found == paths(area, dict(reversed(list(CODE.items()))))


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deploy/.env.production",
        "keys/service-account.json",
        "configs/gcp_credentials.yaml",
        "configs/secrets.toml",
        "id_rsa",
        "deploy/server.pem",
        "venv/lib/thing.py",
        "node_modules/x/index.js",
        "CLAUDE.md",
        "data/raw.csv",
    ],
)
def test_no_area_shows_secrets_vendored_code_data_or_agents_files(path: str) -> None:
    packs = packs_of({**CODE, path: "MARKER = 1\n"})

    assert not any("MARKER" in shown_text(pack) or path in shown_paths(pack) for pack in packs.values())


def test_an_example_of_an_env_file_is_no_secret() -> None:
    shelf = shelf_of({".env.example": "KEY=\n", ".env": "KEY=1\n"})

    assert list(shelf.files) == [".env.example"]
    assert shelf.with_secrets == [".env"]


def test_starter_code_is_not_shown_and_is_named_as_the_courses() -> None:
    packs = packs_of(CODE, starter=[".github/workflows/tests.yaml", "Dockerfile"])

    assert shown_paths(packs["ci_cd"]) == [".github/workflows/docs.yaml", "Makefile", "pyproject.toml",
                                           "requirements.txt"]  # fmt: skip
    told = next(fact for fact in packs["ci_cd"].facts if "the course's own" in fact)
    assert '".github/workflows/tests.yaml"' in told and '"Dockerfile"' in told


def test_a_copy_of_a_declared_package_comes_after_all_own_modules() -> None:
    copied = {f"src/torch/part{n}.py": "def f():\n" + "    pass\n" * 50 for n in range(3)}

    found = [path for path in paths("code_quality", {**CODE, **copied}) if path.endswith(".py")]

    assert [path.startswith("src/torch/") for path in found] == [False, False, False, True, True, True]


def test_of_a_notebook_the_code_is_shown_and_its_outputs_are_not() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["PROSE"]},
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "outputs": [{"text": ["OUTPUT"]}]},
        {"cell_type": "code", "source": ["def f():\n", "    return 3"], "outputs": []},
    ]
    packs = packs_of({"notebooks/eda.ipynb": json.dumps({"cells": cells, "nbformat": 4})})

    (excerpt,) = packs["code_quality"].excerpts
    assert excerpt.lines == ((1, "x = 1"), (2, "y = 2"), (3, "def f():"), (4, "    return 3"))
    assert excerpt.num_lines == 4


def test_a_broken_python_file_is_shown_from_its_top() -> None:
    packs = packs_of({"src/proj/bad.py": "def f(:\n    pass\n"})

    assert shown_text(packs["code_quality"]) == "def f(:\n    pass"
