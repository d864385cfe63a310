"""What is shown of workers, devices and smaller models."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.cases import Case, check

LOADER = "from torch.utils.data import DataLoader\nloader = DataLoader(data,\n    num_workers={})\n"
BENCHMARK = """import time
from torch.utils.data import DataLoader
for num_workers in [0, 1, 2, 4]:
    start = time.time()
    for batch in DataLoader(data, num_workers=num_workers):
        pass
    print(time.time() - start)
"""
TRAINER = "from lightning import Trainer\ntrainer = Trainer(\n    {})\n"
HYDRA = {
    "conf/config.yaml": "defaults:\n- trainer: default\n",
    "conf/trainer/default.yaml": "devices: 1\n",
    "conf/trainer/ddp.yaml": "strategy: ddp\ndevices: 4\n",
    "train.py": "import hydra\ntrainer = hydra.utils.instantiate(cfg.trainer)\n",
}

CASES = {
    "a comparison": Case("W3-07", {"bench.py": BENCHMARK, "a.py": LOADER.format(4)}, "yes", "bench.py:3"),
    "workers": Case("W3-07", {"a.py": LOADER.format(4)}, "partial", "a.py:3"),
    "workers of the configuration": Case(
        "W3-07",
        {"a.py": LOADER.format("cfg.data.num_workers"), "conf/data.yaml": "lr: 1\nnum_workers: 8\n"},
        "partial",
        "conf/data.yaml:2",
    ),
    "workers by default": Case(
        "W3-07",
        {"a.py": "def f(num_workers: int = 2):\n    DataLoader(x, num_workers=num_workers)\n"},
        "partial",
        "a.py:1",
    ),
    "workers spread": Case("W3-07", {"a.py": "o = {'num_workers': 2}\nDataLoader(x, **o)\n"}, "partial", "a.py:1"),
    "workers of a target": Case(
        "W3-07", {"c.yaml": "_target_: torch.utils.data.DataLoader\nnum_workers: 4\n"}, "partial", "c.yaml:2"
    ),
    "no workers": Case("W3-07", {"a.py": LOADER.format(0)}, "no", "a.py:2"),
    "no workers by configuration": Case(
        "W3-07", {"a.py": LOADER.format("cfg.num_workers"), "conf/data.yaml": "num_workers: 0\n"}, "no"
    ),
    "workers of nothing": Case("W3-07", {"conf/data.yaml": "num_workers: 8\n", "a.py": "train(num_epochs=3)\n"}, "no"),
    "commented out": Case("W3-07", {"a.py": "loader = DataLoader(x)  # num_workers=4\n"}, "no"),
    "a test's workers": Case("W3-07", {"tests/test_a.py": LOADER.format(4)}, "no"),
    "one worker": Case("W3-07", {"a.py": LOADER.format(1)}, "no", "a.py:2"),
    "the training's loader first": Case(
        "W3-07",
        {"a.py": "val = DataLoader(a, num_workers=2)\ntrain = DataLoader(b, num_workers=2)\n"},
        "partial",
        "a.py:2",
    ),
    "all devices": Case("W3-08", {"a.py": TRAINER.format("devices='auto'")}, "partial", "a.py:3"),
    "a single device": Case("W3-08", {"a.py": TRAINER.format("devices=1")}, "no", "a.py:3"),
    "a strategy": Case("W3-08", {"a.py": TRAINER.format("strategy='ddp', devices=2")}, "yes", "a.py:3"),
    "a wrapper": Case(
        "W3-08",
        {"a.py": "from torch.nn.parallel import DistributedDataParallel as DDP\nmodel = DDP(model)\n"},
        "yes",
        "a.py:2",
    ),
    "a command": Case("W3-08", {"run.sh": "torchrun --nproc_per_node 2 train.py\n"}, "yes", "run.sh:1"),
    "the chosen configuration": Case(
        "W3-08", {**HYDRA, "conf/config.yaml": "defaults:\n- trainer: ddp\n"}, "yes", "conf/trainer/ddp.yaml:1"
    ),
    "a configuration that is not chosen": Case("W3-08", HYDRA, "partial", "conf/trainer/ddp.yaml:1"),
    "as many as there are": Case("W3-08", {"a.py": TRAINER.format("devices=-1")}, "partial", "a.py:3"),
    "a strategy on one device": Case(
        "W3-08", {"a.py": TRAINER.format("strategy='ddp', devices=[6]")}, "partial", "a.py:3"
    ),
    "one device": Case("W3-08", {"a.py": TRAINER.format("devices=1, strategy='auto'")}, "no"),
    "another strategy": Case(
        "W3-08", {"a.py": "TrainingArguments(eval_strategy='epoch')\n", "c.yaml": "strategy: ddp\n"}, "no"
    ),
    "a matrix of a workflow": Case(
        "W3-08",
        {".github/workflows/a.yml": "on: push\njobs:\n  t:\n    strategy:\n      matrix:\n        os: [a, b]\n"},
        "no",
    ),
    "removed": Case(
        "W3-08",
        {"a.py": "f()\n"},
        "no",
        "t.py:1",
        facts=Facts(past_texts=lambda: [("t.py", "b", "Trainer(strategy='ddp')\n")]),
    ),
    "quantized": Case(
        "W3-09",
        {"q.py": "import torch\n\n\ndef f(m):\n    return torch.quantization.quantize_dynamic(m)\n"},
        "yes",
        "q.py:5",
    ),
    "compiled": Case("W3-09", {"q.py": "import torch\nmodel = torch.compile(model)\n"}, "yes", "q.py:2"),
    "pruned": Case(
        "W3-09",
        {"q.py": "from torch.nn.utils import prune\nprune.l1_unstructured(m, 'weight', 0.2)\n"},
        "yes",
        "q.py:2",
    ),
    "scripted": Case("W3-09", {"q.py": "import torch\nm = torch.jit.script(m)\n"}, "yes", "q.py:2"),
    "switched off": Case(
        "W3-09",
        {"q.py": "import torch\nif cfg.compile:\n    model = torch.compile(model)\n", "c.yaml": "compile: false\n"},
        "partial",
        "q.py:3",
    ),
    "switched on": Case(
        "W3-09",
        {"q.py": "import torch\nif cfg.compile:\n    model = torch.compile(model)\n", "c.yaml": "compile: true\n"},
        "yes",
        "q.py:3",
    ),
    "compiled by keras": Case("W3-09", {"q.py": "model.compile(optimizer='adam')\n"}, "no"),
    "a compiled pattern": Case("W3-09", {"q.py": "import re\nre.compile('a')\n"}, "no"),
    "an image's colours": Case("W3-09", {"q.py": "from PIL import Image\nImage.open('a').quantize(8)\n"}, "no"),
    "imported alone": Case("W3-09", {"q.py": "import torch.quantization\n"}, "no"),
    "loaded": Case("W3-09", {"q.py": "import torch\ntorch.jit.load('m.pt')\n"}, "no"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_scaling_is_shown(case: Case) -> None:
    check(case)
