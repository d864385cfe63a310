"""Groups whose evidence is stored, for tests of their feedback: small repositories with code, tests and workflows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.chain.chain import ChainResult
from mlops_mentor.feedback.class_feedback import reviewing
from mlops_mentor.feedback.inputs import FeedbackInputs, load_feedback_inputs
from mlops_mentor.feedback.packs.pack import Pack
from mlops_mentor.feedback.packs.store import PackStore
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_TABLES, GROUPS, LLM_CALLS, REVIEWS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.chains import Chain
from mlops_mentor_tests.evidence.report.reports import report
from mlops_mentor_tests.repos.sources import Change, Source

COURSE = """\
course: "02476 Machine Learning Operations"
term: "January 2027"
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
roster: group_info.csv
"""
CONTENTS: Mapping[bytes, bytes] = {
    b"README.md": b"# A project\n\nTrains a model of digits. Install with `pip install -e .`.\n",
    b"pyproject.toml": b'[project]\nname = "digits"\nversion = "0.1"\ndependencies = ["torch==2.5.1"]\n',
    b"src/digits/__init__.py": b'"""Digits."""\n',
    b"src/digits/model.py": (
        b'"""The model."""\n\nimport torch\n\n\nclass Model(torch.nn.Module):\n    """Two layers."""\n\n'
        b"    def __init__(self, width: int = 64) -> None:\n        super().__init__()\n"
        b"        self.layers = torch.nn.Linear(784, width)\n\n"
        b"    def forward(self, images: torch.Tensor) -> torch.Tensor:\n        return self.layers(images.flatten(1))\n"
    ),
    b"src/digits/train.py": (
        b'"""Training."""\n\nfrom digits.model import Model\n\n\ndef train(epochs: int = 3) -> Model:\n'
        b'    """Train a model for some epochs."""\n    model = Model()\n    for epoch in range(epochs):\n'
        b'        print(epoch, model)\n    return model\n\n\nif __name__ == "__main__":\n    train()\n'
    ),
    b"tests/test_model.py": (
        b"import torch\n\nfrom digits.model import Model\n\n\ndef test_the_model_gives_one_row_an_image() -> None:\n"
        b"    assert Model(width=10)(torch.zeros(4, 28, 28)).shape == (4, 10)\n"
    ),
    b".github/workflows/tests.yaml": (
        b"name: Tests\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        b"      - uses: actions/checkout@v4\n      - run: pip install -e . pytest\n      - run: pytest tests\n"
    ),
    b"reports/README.md": report(
        {
            4: "We pinned torch in pyproject.toml and install everything with pip in an environment of its own.",
            7: "In total we have implemented one test. It tests the model's output, which matters most to us.",
            10: "We did not use DVC, because the data set is small and comes with torchvision.",
        }
    ).encode(),
}

NAMES = tuple(table.name for table in FEEDBACK_TABLES)


@dataclass
class ReviewedClass:
    """A data directory with the evidence of some groups, and their feedback made over and over."""

    folder: Path
    sources: dict[str, Source] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "course.yaml").write_text(COURSE)

    @property
    def settings(self) -> Settings:
        chosen: dict[str, Any] = {"reviewer": "rules", "workers": 2} | self.options
        return Settings(data_dir=self.folder, course=self.folder / "course.yaml", **chosen)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_dir)

    @property
    def groups(self) -> list[Group]:
        return [self.group(group_id) for group_id in self.sources]

    def group(self, group_id: str) -> Group:
        number = 2 * list(self.sources).index(group_id)
        address = Address(str(self.sources[group_id].path), "file")
        return Group(group_id, address, (f"s{number:06}", f"s{number + 1:06}"), number + 2)

    def commit(self, group_id: str, contents: Mapping[bytes, Change] = CONTENTS) -> None:
        """Commit files to the group's repository, made where there is none, and bring its evidence up to date."""
        if group_id not in self.sources:
            self.sources[group_id] = Source(self.folder / "sources" / group_id)
        self.sources[group_id].commit(dict(contents))
        self.lake.write(GROUPS, groups_frame(self.groups))
        result = Chain(self.folder, self.group(group_id)).run()
        assert result.failed_table is None, result.reason

    def inputs(self, *, ask_again: bool = False) -> FeedbackInputs:
        return load_feedback_inputs(self.settings, ask_again=ask_again)

    def review(
        self,
        group_ids: Collection[str] = (),
        *,
        ask_again: bool = False,
        selected: Sequence[str] = NAMES,
    ) -> dict[str, ChainResult]:
        """Make the feedback of these groups, of all where none is named."""
        groups = [group for group in self.groups if not group_ids or group.group_id in group_ids]
        with reviewing(self.settings, self.inputs(ask_again=ask_again), "run") as review:
            return {result.group_id: result for result in review(groups, selected)}

    def feedback(self, group_id: str = "1") -> dict[str, dict[str, Any]]:
        """Rows of the group's feedback, by area."""
        return {row["area"]: row for row in self.lake.read(FEEDBACK, group_id).iter_rows(named=True)}

    def pack(self, pack_id: str) -> Pack | None:
        return PackStore(self.settings.packs_dir).read(pack_id)

    def calls(self) -> pl.DataFrame:
        return self.lake.read_groups(LLM_CALLS, list(self.sources))

    def say(self, frame: pl.DataFrame) -> None:
        """Store what TAs say."""
        self.lake.write(REVIEWS, frame)
