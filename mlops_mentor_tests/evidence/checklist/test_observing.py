"""What is watched while code runs: W1-16 to W1-19."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

LOG = "import logging\n\nlogger = logging.getLogger(__name__)\n"
SWEEP = "program: train.py\nmethod: bayes\nparameters:\n  lr:\n    min: 0\n    max: 1\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"a.py": "import cProfile\ncProfile.run('main()')\n"}, "yes", "present", "a.py:2", id="called"),
        pytest.param({"a.py": "from torch.profiler import profile\nwith profile() as p:\n    pass\n"}, "yes", "present",
                     "a.py:2", id="with"),
        pytest.param({"a.py": "import lightning as L\nL.Trainer(profiler='simple')\n"}, "yes", "present", "a.py:2",
                     id="an argument"),
        pytest.param({"configs/t.yaml": "profiler: simple\n"}, "yes", "present", "configs/t.yaml:1", id="a setting"),
        pytest.param({"Makefile": "p:\n\tpython -m cProfile -o a.prof train.py\n"}, "yes", "wired", "Makefile:2",
                     id="a command"),
        pytest.param({"train.prof": b"\x00\x01"}, "yes", "executed", "train.prof", id="results"),
        pytest.param({"README.md": "```\npython -m cProfile train.py\n```\n"}, "partial", "present", "README.md:2",
                     id="prose"),
        pytest.param({"a.py": "import cProfile\n"}, "partial", "present", "a.py:1", id="imported"),
        pytest.param({"a.py": "profile = load()\nprofile.run()\nf(profiler=None)\n"}, "no", None, None, id="a name"),
        pytest.param({"configs/t.yaml": "profiler: null\naws_profile: a\n"}, "no", None, None, id="switched off"),
        pytest.param({"Makefile": "s:\n\taws s3 sync --profile a\n"}, "no", None, None, id="another profile"),
        pytest.param({"requirements.txt": "snakeviz\n"}, "no", None, "requirements.txt:1", id="declared"),
    ],
)  # fmt: skip
def test_profiling_is_called_set_or_has_results(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-16", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_profiling_that_was_removed_is_there_in_part() -> None:
    facts = Facts(past_texts=lambda: [("a.py", "0" * 40, "x = 1\nimport cProfile\n")])
    found = shown("W1-16", {"a.py": "x = 1\n"}, facts)
    assert (found.outcome, str(found.locations[0])) == ("partial", "a.py:2")


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param({"a.py": LOG + "logger.info('a')\n" * 3}, "yes", "a.py:4", id="logging"),
        pytest.param({"a.py": "from loguru import logger\n" + "logger.info('a')\n" * 3}, "yes", "a.py:2", id="loguru"),
        pytest.param({"log.py": LOG, "a.py": "from log import logger\n" + "logger.info('a')\n" * 3}, "yes", "a.py:2",
                     id="made elsewhere"),
        pytest.param({"a.py": "import logging\n\n\nclass A:\n    def f(self):\n"
                      "        self.log = logging.getLogger()\n" + "        self.log.error('a')\n" * 3}, "yes",
                     "a.py:7", id="of an object"),
        pytest.param({"a.py": LOG + "logger.info('a')\n"}, "partial", "a.py:4", id="one message"),
        pytest.param({"a.py": LOG + "print = logger.info\n"}, "partial", "a.py:3", id="a logger without messages"),
        pytest.param({"a.py": "import logging\n# logging.info('a')\n"}, "no", "a.py:1", id="imported"),
        pytest.param({"a.py": "print('INFO: a')\n" * 9}, "no", None, id="print"),
        pytest.param({"a.py": "import math\nimport numpy as np\n" + "np.log(1)\nmath.log(2)\n" * 5}, "no", None,
                     id="logarithms"),
        pytest.param({"reports/report.py": "from loguru import logger\n" + "logger.info('a')\n" * 3}, "no", None,
                     id="the course's own script"),
        pytest.param({"a.py": "from lightning.pytorch.loggers import CSVLogger\nCSVLogger('a').log_metrics({})\n"},
                     "no", None, id="a logger of metrics"),
    ],
)  # fmt: skip
def test_logging_is_messages(contents: dict[str, str], outcome: str, place: str | None) -> None:
    found = shown("W1-17", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"a.py": "import wandb\nwandb.init()\nwandb.log({})\n"}, "yes", "present", "a.py:3", id="log"),
        pytest.param({"a.py": "import wandb\nrun = wandb.init()\nrun.log({})\n"}, "yes", "present", "a.py:3",
                     id="a run"),
        pytest.param({"a.py": "from lightning.pytorch.loggers import WandbLogger\nWandbLogger()\n"}, "yes", "present",
                     "a.py:2", id="a framework's logger"),
        pytest.param({"a.py": "from transformers import TrainingArguments\nTrainingArguments(report_to='wandb')\n"},
                     "yes", "present", "a.py:2", id="an argument"),
        pytest.param({"configs/l.yaml": "a: 1\n_target_: lightning.pytorch.loggers.WandbLogger\n"}, "yes", "present",
                     "configs/l.yaml:2", id="a configuration"),
        pytest.param({"a.py": "import mlflow\nmlflow.log_metric('a', 1)\n"}, "yes", "present", "a.py:2", id="mlflow"),
        pytest.param({"a.py": "import wandb\nwandb.log({})\n", "wandb/run-1-a/files/config.yaml": "a: 1\n"}, "yes",
                     "executed", "a.py:2", id="a run's folder"),
        pytest.param({"a.py": "import wandb\nfrom transformers import Trainer\nwandb.init()\nTrainer().train()\n"},
                     "yes", "present", "a.py:3", id="a trainer that logs by itself"),
        pytest.param({"a.py": "import wandb\nwandb.init()\n"}, "partial", "present", "a.py:2", id="begun"),
        pytest.param({"a.py": "import wandb\n# wandb.log({})\n"}, "partial", "present", "a.py:1", id="imported"),
        pytest.param({"requirements.txt": "wandb==0.19\n", "b.py": "x = 1\n"}, "no", None, "requirements.txt:1",
                     id="declared"),
        pytest.param({"a.py": "# we use wandb\ndef f(wandb):\n    '''wandb.log'''\n    wandb.log(1)\n"}, "no", None,
                     None, id="a name"),
        pytest.param({"README.md": "Metrics are on wandb.\n", "tests/test_a.py": "import wandb\nwandb.log({})\n"}, "no",
                     None, None, id="prose and tests"),
        pytest.param({"configs/wandb/sweep.yaml": "entity: a\n"}, "no", None, None, id="a folder of that name"),
        pytest.param({"configs/l.yaml": "wandb:\n  entity: a\n"}, "no", None, None, id="a key of that name"),
    ],
)  # fmt: skip
def test_experiments_are_tracked_by_what_logs(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-18", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_another_tracker_is_called_another_one() -> None:
    found = shown("W1-18", {"a.py": "import mlflow\nmlflow.log_metric('a', 1)\n"})
    assert found.reason == "A tracker other than Weights & Biases is called in code."


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"sweep.yaml": SWEEP}, "yes", "present", "sweep.yaml:2", id="a configuration"),
        pytest.param({"a.py": "import optuna\ns = optuna.create_study()\ns.optimize(f)\n"}, "yes", "present", "a.py:2",
                     id="optuna"),
        pytest.param({"a.py": "import wandb\nwandb.agent('a')\n"}, "yes", "present", "a.py:2", id="an agent"),
        pytest.param({"conf/a.yaml": "defaults:\n  - override hydra/sweeper: optuna\n"}, "yes", "present",
                     "conf/a.yaml:2", id="hydra's sweeper"),
        pytest.param({"Makefile": "s:\n\tpython train.py --multirun lr=1,2\n"}, "yes", "wired", "Makefile:2",
                     id="a command"),
        pytest.param({"sweep.yaml": SWEEP, "multirun/a/0/train.log": "a\n"}, "yes", "executed", "sweep.yaml:2",
                     id="runs"),
        pytest.param({"sweep.yaml": SWEEP.replace("method: bayes\n", "")}, "partial", "present", "sweep.yaml:4",
                     id="no method"),
        pytest.param({"README.md": "```\npython train.py -m lr=1,2\n```\n"}, "partial", "present", "README.md:2",
                     id="prose"),
        pytest.param({"a.py": "import optuna\n"}, "partial", "present", "a.py:1", id="imported"),
        pytest.param({"requirements.txt": "optuna\n"}, "no", None, "requirements.txt:1", id="declared"),
        pytest.param({"api.yaml": "method: random\n", "b.yaml": "parameters:\n  lr: 1\n"}, "no", None, None,
                     id="half of each"),
        pytest.param({"Makefile": "s:\n\tpython -m train lr=1\n"}, "no", None, None, id="a module that is run"),
        pytest.param({"a.py": "for lr in (1, 2):\n    pass  # a sweep\n"}, "no", None, None, id="a comment"),
    ],
)  # fmt: skip
def test_a_sweep_has_parameters_and_a_method(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-19", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place
