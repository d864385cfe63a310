"""A Space as a folder: it runs alone, and holds nothing of the pipeline."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from mlops_mentor.app.space import REQUIREMENTS, imports, modules_needed, write_space
from mlops_mentor_tests.app.processes import ROOT, environment

_LOOK = """
import sys
import mlops_mentor.app.serve_space, mlops_mentor.app.content, mlops_mentor.app.delivery
from mlops_mentor.app.serve_space import serve_space
print(mlops_mentor.__file__)
print(*{name.split(".")[0] for name in sys.modules})
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("space")
    write_space(folder, dataset="uni/class")
    return folder


def test_the_copy_runs_alone_and_without_the_pipeline(space: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _LOOK], env=environment(PYTHONPATH=str(space)), cwd=space, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    where, modules = done.stdout.splitlines()
    assert Path(where).is_relative_to(space)
    assert not {"dagster", "duckdb", "git", "openai", "githubkit", "gradio"} & set(modules.split())


def test_only_what_is_needed_is_copied() -> None:
    names = set(modules_needed())
    assert {"mlops_mentor.app.frame", "mlops_mentor.app.delivery", "mlops_mentor.pages.published"} <= names
    strangers = {"settings", "course", "lake", "defs", "cli", "repos", "github", "desk", "feedback", "evidence"}
    assert not {name for name in names if len(parts := name.split(".")) > 1 and parts[1] in strangers}
    assert not {name for name in names if name.startswith("mlops_mentor.publish.") and "manifest" not in name}


def test_what_the_app_imports_is_required_in_the_ranges_of_this_project() -> None:
    own = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"])
    assert set(REQUIREMENTS) <= own
    required = {line.partition(">")[0].replace("-", "_") for line in REQUIREMENTS}
    used = {name.split(".")[0] for file in modules_needed().values() for name in imports(file)}
    used -= set(sys.stdlib_module_names) | {"mlops_mentor"}
    assert {name.replace("markdown_it", "markdown_it_py") for name in used} == required


def test_the_card_describes_a_gradio_space(space: Path) -> None:
    _, front, text = (space / "README.md").read_text(encoding="utf-8").split("---\n")
    card = yaml.safe_load(front)
    assert (card["sdk"], card["app_file"], card["datasets"]) == ("gradio", "app.py", ["uni/class"])
    assert "HF_TOKEN" in text
    compile((space / "app.py").read_text(encoding="utf-8"), "app.py", "exec")


def test_written_again_it_is_the_same(space: Path, tmp_path: Path) -> None:
    files = write_space(tmp_path, dataset="uni/class")
    assert files == write_space(tmp_path, dataset="uni/class")
    assert [(space / file).read_bytes() for file in files] == [(tmp_path / file).read_bytes() for file in files]
