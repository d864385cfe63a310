"""Configurations of experiments: W1-14 and W1-15."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

VALUES = {"configs/train.yaml": "# of training\nlr: 0.001\nbatch_size: 32\n"}
MAIN = {"src/train.py": "import hydra\n\n\n@hydra.main(config_path='../configs', config_name='train')\ndef main(cfg):\n"
        "    pass\n"}  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param(VALUES | MAIN, "yes", "configs/train.yaml:2", id="read by hydra"),
        pytest.param(VALUES | {"a.py": "import yaml\nf = open('configs/train.yaml')\nc = yaml.safe_load(f)\n"}, "yes",
                     "configs/train.yaml:2", id="read as YAML"),
        pytest.param({"params.json": '{"lr": 1}', "a.py": "import json\njson.load(open('params.json'))\n"}, "yes",
                     "params.json:1", id="JSON"),
        pytest.param(VALUES, "partial", "configs/train.yaml:2", id="read by nothing"),
        pytest.param(VALUES | {"a.py": "import json\n\n\njson.load(open('birds.json'))\n"}, "partial",
                     "configs/train.yaml:2", id="what is read is something else"),
        pytest.param({"src/config.py": "LR = 1\n"}, "partial", "src/config.py", id="in Python"),
        pytest.param({"configs/.gitkeep": ""}, "no", None, id="an empty folder"),
        pytest.param({"configs/train.yaml": "# lr: 1\n"} | MAIN, "no", "configs/train.yaml", id="an empty file"),
        pytest.param({".pre-commit-config.yaml": "repos: []\nseed: 1\n", "mkdocs.yaml": "model: 1\n",
                      "tsconfig.json": '{"lr": 1}'}, "no", None, id="settings of tools"),
        pytest.param({"configs/job.yaml": "workerPoolSpecs:\n  machineSpec: a\n"}, "no", None, id="a job of the cloud"),
        pytest.param({"configs/a.yaml": "lr: [1\n"}, "no", "configs/a.yaml", id="broken"),
    ],
)  # fmt: skip
def test_configurations_have_values_and_are_read(contents: dict[str, str], outcome: str, place: str | None) -> None:
    found = shown("W1-14", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place


def test_the_files_that_the_code_names_are_counted() -> None:
    more = {"configs/other.yaml": "lr: 1\n"}
    assert "names a configuration file for" in shown("W1-14", VALUES | MAIN | more).reason
    named = {"a.py": "FILES = ['configs/train.yaml', 'configs/other.yaml']\n"}
    assert "names 2 configuration files" in shown("W1-14", VALUES | MAIN | more | named).reason


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param(VALUES | MAIN, "yes", "present", "src/train.py:4", id="a main and its configuration"),
        pytest.param(VALUES | MAIN | {"Dockerfile": 'FROM x\nENTRYPOINT ["python", "src/train.py"]\n'}, "yes", "wired",
                     "src/train.py:4", id="started by an image"),
        pytest.param(VALUES | MAIN | {"outputs/a/.hydra/config.yaml": "lr: 1\n"}, "yes", "executed", "src/train.py:4",
                     id="it ran"),
        pytest.param(VALUES | {"a.py": "import hydra\nhydra.initialize('configs')\nhydra.compose('train')\n"}, "yes",
                     "present", "a.py:2", id="compose"),
        pytest.param(MAIN, "partial", "present", "src/train.py:4", id="no configuration"),
        pytest.param(VALUES | {"a.py": "from omegaconf import OmegaConf\nOmegaConf.load('configs/train.yaml')\n"},
                     "partial", "present", "a.py:2", id="OmegaConf"),
        pytest.param(VALUES | {"a.py": "import hydra\n# @hydra.main()\n"}, "partial", "present", "a.py:1",
                     id="imported"),
        pytest.param(VALUES | {"requirements.txt": "hydra-core==1.3\n"}, "no", None, "requirements.txt:1",
                     id="declared"),
        pytest.param({"outputs/a/.hydra/config.yaml": "lr: 1\n"}, "no", None, "outputs/a/.hydra/config.yaml",
                     id="runs that it left"),
        pytest.param(VALUES | {"outputs/a/.hydra/config.yaml": "lr: 1\n"}, "partial", "executed",
                     "configs/train.yaml:2", id="runs and configurations without the code"),
        pytest.param(VALUES | MAIN | {"src/a.py": "import hydra\nhydra.compose('train')\n"}, "yes", "present",
                     "src/train.py:4", id="a main before compose"),
        pytest.param(VALUES | MAIN | {"src/_old_train_2.py": MAIN["src/train.py"]}, "yes", "present", "src/train.py:4",
                     id="the project before its old files"),
        pytest.param(VALUES | MAIN | {"exercises/a.py": MAIN["src/train.py"]}, "yes", "present", "src/train.py:4",
                     id="the project before exercises"),
        pytest.param(VALUES | {f"src/{name}.py": MAIN["src/train.py"] for name in ("evaluate", "model", "train_all")},
                     "yes", "present", "src/train_all.py:4", id="training first"),
        pytest.param(VALUES | {"a.py": "def f(hydra):\n    hydra.main()\n"}, "no", None, None, id="a name"),
        pytest.param(VALUES | {"README.md": "We use Hydra: `@hydra.main`.\n"}, "no", None, None, id="prose"),
    ],
)  # fmt: skip
def test_hydra_loads_configurations(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-15", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_hydra_that_was_removed_is_named() -> None:
    facts = Facts(past_texts=lambda: [("train.py", "0" * 40, "x = 1\nimport hydra\n")])
    found = shown("W1-15", VALUES, facts)
    assert (found.outcome, str(found.locations[0])) == ("no", "train.py:2")
