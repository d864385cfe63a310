"""The code that does the work: W1-05, W1-06 and W1-20."""

import pytest

from mlops_mentor_tests.evidence.checklist.projects import shown

MODULE = "from torch import nn\n\n\nclass Net(nn.Module):\n    pass\n"
LOOP = "from torch import optim\n\n\ndef train(model, loss):\n    loss.backward()\n    optim.SGD([]).step()\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"src/data.py": "import pandas as pd\n\n\ndef load():\n    return pd.read_csv('a')\n"}, "yes",
                     "present", "src/data.py:5", id="reads"),
        pytest.param({"src/data.py": "import kagglehub\nopen('a')\nkagglehub.dataset_download('a/b')\n",
                      "src/b.py": "from src.data import x\n"}, "yes", "wired", "src/data.py:3", id="fetches"),
        pytest.param({"src/birds.py": "from torch.utils.data import Dataset\nimport torch\n\n\nclass Birds(Dataset):\n"
                      "    def __init__(self):\n        self.x = torch.load('x.pt')\n"}, "yes", "present",
                     "src/birds.py:7", id="a dataset by its base"),
        pytest.param({"src/train.py": "import pandas as pd\ndf = pd.read_csv('a')\n"}, "partial", "present",
                     "src/train.py:2", id="elsewhere"),
        pytest.param({"src/data.py": "def load():\n    print('loading')\n"}, "partial", "present", "src/data.py:1",
                     id="neither reads nor writes"),
        pytest.param({"src/data.py": "# pd.read_csv('a')\n"}, "no", None, None, id="a comment"),
        pytest.param({"src/main.py": "load = 1\n", "tests/data.py": "open('a')\n"}, "no", None, None, id="a test's"),
        pytest.param({"src/data.py": "from dotenv import load_dotenv\nload_dotenv()\n"}, "partial", "present",
                     "src/data.py:2", id="load_dotenv"),
    ],
)  # fmt: skip
def test_a_data_module_reads_or_writes(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-05", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_starter_code_is_no_data_module() -> None:
    contents = {"src/data.py": "import pandas as pd\ndf = pd.read_csv('a')\n"}
    assert shown("W1-05", contents, starter=["src/data.py"]).outcome == "no"


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param({"src/model.py": MODULE, "src/train.py": LOOP}, "yes", "src/train.py:5", id="both"),
        pytest.param({"src/model.py": MODULE, "src/train.py":
                      "from hydra.utils import instantiate\ntrainer = instantiate(1)\ntrainer.fit(1)\n"}, "yes",
                     "src/train.py:3", id="a trainer by its name"),
        pytest.param({"train.py": "from sklearn.svm import SVC\nclf = SVC()\nclf.fit(1, 2)\n"}, "yes", "train.py:3",
                     id="another library"),
        pytest.param({"train.py": "from lightning.pytorch.cli import LightningCLI\nLightningCLI()\n",
                      "model.py": MODULE}, "yes", "train.py:2", id="a command line that trains"),
        pytest.param({"src/model.py": MODULE}, "partial", "src/model.py:4", id="a model alone"),
        pytest.param({"src/train.py": LOOP}, "partial", "src/train.py:5", id="training alone"),
        pytest.param({"src/model.py": MODULE, "src/explain.py": "def f(y):\n    y.backward()\n"}, "partial",
                     "src/model.py:4", id="gradients of an explanation"),
        pytest.param({"src/model.py": MODULE, "src/a.py": "def f(model):\n    model.train()\n"}, "partial",
                     "src/model.py:4", id="a mode"),
        pytest.param({"a.py": "from sklearn.preprocessing import StandardScaler\nStandardScaler().fit(1)\n"
                      "from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('a')\n"}, "no", None,
                     id="what is fitted beside a model"),
        pytest.param({"tests/test_model.py": MODULE + LOOP, "README.md": "python train.py\n"}, "no", None, id="tests"),
    ],
)  # fmt: skip
def test_a_model_is_trained(contents: dict[str, str], outcome: str, place: str | None) -> None:
    found = shown("W1-06", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        pytest.param({"m.py": "import lightning as L\n\n\nclass Net(L.LightningModule):\n    pass\n"}, "yes", "m.py:4",
                     id="a module"),
        pytest.param({"m.py": "from pytorch_lightning import Trainer\ntrainer = Trainer()\ntrainer.fit(1)\n"}, "yes",
                     "m.py:2", id="a trainer"),
        pytest.param({"configs/trainer.yaml": "max_epochs: 3\n_target_: lightning.pytorch.Trainer\n"}, "yes",
                     "configs/trainer.yaml:2", id="in a configuration"),
        pytest.param({"m.py": "from transformers import Trainer\nTrainer().train()\n"}, "partial", "m.py:2",
                     id="another trainer"),
        pytest.param({"m.py": "from pytorch_lightning import seed_everything\nseed_everything(1)\n"}, "partial",
                     "m.py:1", id="an import"),
        pytest.param({"requirements.txt": "lightning==2.5\n"}, "no", "requirements.txt:1", id="declared"),
        pytest.param({"m.py": "# import lightning\nclass Trainer:\n    pass\n\n\nTrainer()\n"}, "no", None,
                     id="a class of that name"),
    ],
)  # fmt: skip
def test_lightning_is_a_module_or_a_trainer(contents: dict[str, str], outcome: str, place: str | None) -> None:
    found = shown("W1-20", contents)
    assert found.outcome == outcome
    assert next(iter(map(str, found.locations)), None) == place
