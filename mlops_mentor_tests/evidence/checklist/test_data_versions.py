"""Versions of data: W1-10."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

CONFIG = {".dvc/config": "[core]\n    remote = a\n['remote \"a\"']\n    url = gs://a\n"}
DATA = {"data.dvc": "outs:\n- md5: 0123456789abcdef0123456789abcdef.dir\n  path: data\n"}
PIPELINE = {"dvc.yaml": "stages:\n  make:\n    cmd: python a.py\n    outs:\n    - data/processed\n"}


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param(CONFIG | DATA, "yes", "present", "data.dvc:3", id="data and settings"),
        pytest.param(CONFIG | DATA | {"Dockerfile": "FROM x\nRUN dvc pull\n"}, "yes", "wired", "data.dvc:3",
                     id="pulled by an image"),
        pytest.param(CONFIG | PIPELINE | {"dvc.lock": "schema: '2.0'\n"}, "yes", "executed", "dvc.yaml:5",
                     id="stages that ran"),
        pytest.param({f"project/{path}": text for path, text in (CONFIG | DATA).items()}, "yes", "present",
                     "project/data.dvc:3", id="one folder down"),
        pytest.param({".gitattributes": "*.csv filter=lfs diff=lfs merge=lfs -text\n"}, "yes", "present",
                     ".gitattributes:1", id="git lfs"),
        pytest.param({"a.py": "import wandb\nwandb.Artifact('birds', type='dataset')\n"}, "yes", "present", "a.py:2",
                     id="artifacts"),
        pytest.param(CONFIG, "partial", "present", ".dvc/config:4", id="settings alone"),
        pytest.param(DATA, "partial", "present", "data.dvc:3", id="data alone"),
        pytest.param({".dvcignore": "# dvc\n"}, "no", None, ".dvcignore", id="what DVC ignores"),
        pytest.param({"requirements.txt": "dvc\n"}, "no", None, "requirements.txt:1", id="declared"),
        pytest.param({"README.md": "```\ndvc pull\n```\n"}, "no", None, None, id="prose"),
        pytest.param({".gitattributes": "*.pth filter=lfs diff=lfs merge=lfs -text\n"}, "no", None, None,
                     id="weights in git lfs"),
        pytest.param({"a.py": "import wandb\nwandb.Artifact('birds', type='model')\n"}, "no", None, None,
                     id="an artifact of a model"),
    ],
)  # fmt: skip
def test_versions_of_data_are_settings_with_data(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-10", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_a_file_that_is_too_long_to_be_read_is_of_dvc_by_its_name() -> None:
    long = DATA["data.dvc"] + "  files:\n" + "  - relpath: a/b/c.jpg\n    md5: 0\n" * 10_000
    found = shown("W1-10", CONFIG | {"data.dvc": long})
    assert (found.outcome, str(found.locations[0])) == ("yes", "data.dvc")


def test_versions_that_were_removed_are_named() -> None:
    facts = Facts(past_texts=lambda: [("data.dvc", "0" * 40, DATA["data.dvc"])])
    found = shown("W1-10", {"a.py": "x = 1\n"}, facts)
    assert (found.outcome, str(found.locations[0])) == ("no", "data.dvc:1")
