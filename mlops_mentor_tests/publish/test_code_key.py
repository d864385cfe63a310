import shutil
from pathlib import Path

import pytest

import mlops_mentor
from mlops_mentor.app.space import imports
from mlops_mentor.publish.code_key import code_files, code_key

PACKAGE = Path(mlops_mentor.__file__).parent
ROOT = PACKAGE.parent


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for file in code_files():
        there = tmp_path / file.relative_to(PACKAGE)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, there)
    return tmp_path


def test_the_same_code_has_the_same_key_wherever_it_lies(copied: Path) -> None:
    assert code_key(copied) == code_key()


@pytest.mark.parametrize(
    "changed", ["publish/privacy/gate.py", "publish/dataset/card.py", "publish/tables/all.py", "schemas/published.py",
                "feedback/packs/names.py", "feedback/packs/common_words.yaml"]
)  # fmt: skip
def test_a_change_of_what_makes_an_export_changes_the_key(copied: Path, changed: str) -> None:
    with (copied / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert code_key(copied) != code_key()


def test_what_the_gate_imports_of_other_stages_counts() -> None:
    """Tables that it reads have versions of their own, which are in the keys of their parts."""
    counted = {"mlops_mentor." + ".".join(file.relative_to(PACKAGE).with_suffix("").parts) for file in code_files()}
    gate = (PACKAGE / "publish" / "privacy").glob("*.py")
    modules = {
        name for file in gate for name in imports(file) if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()
    }
    texts = {name for name in modules if name.split(".")[1] in ("publish", "feedback", "evidence")}
    assert "mlops_mentor.feedback.packs.names" in texts
    assert texts <= counted
