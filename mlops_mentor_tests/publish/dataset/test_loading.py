"""What others load: the folder, with Hugging Face's own client and without a network."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import Course
from mlops_mentor.publish.dataset.facts import Facts
from mlops_mentor.publish.dataset.folder import write_folder
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.publish.class_lake import Made, published, store_class

pytestmark = pytest.mark.slow
_PROGRAM = Path(__file__).with_name("load_both.py")
_NAMES = {"1": "Otter", "2": "Heron"}
_TYPES = {
    "leaderboard": {"group": "Value('large_string')", "progress": "Value('float64')", "using_dvc": "Value('bool')",
                    "num_contributors": "Value('int64')", "last_commit_on": "Value('date32')",
                    "withheld": "LargeList(Value('large_string'))", "repo_url": "Value('large_string')"},
    "history": {"day": "Value('date32')", "num_commits": "Value('int64')"},
    "statistics": {"activity": "LargeList(LargeList(Value('int64')))"},
    "evidence": {"line": "Value('int64')", "remedy": "Value('large_string')"},
    "feedback": {"released_at": "Value('timestamp[us, tz=UTC]')", "score": "Value('int64')"},
}  # fmt: skip


def _load_both(folder: Path, newer: Path, home: Path) -> list[dict[str, Any]]:
    offline = {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), str(folder), str(newer)],
        env=os.environ | offline, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_every_config_loads_offline_and_after_a_new_export_shows_the_new_rows(
    tmp_path: Path, course: Course, make_frame: Callable[..., pl.DataFrame], make_group: Callable[..., Group]
) -> None:
    written: list[dict[str, pl.DataFrame]] = []
    for number, area in enumerate(("code_quality", "exam_report")):
        lake = Lake(tmp_path / f"lake-{number}")
        made = (Made("1", released=(area,), days=(0, number + 1)), Made("2", persons=2))
        store_class(lake, course, made, make_frame, make_group)
        written.append(published(lake, course, _NAMES))
        write_folder(tmp_path / f"export-{number}", written[-1], Facts(course, tuple(_NAMES.values()), None, 5))
    loaded = _load_both(tmp_path / "export-0", tmp_path / "export-1", tmp_path / "home")
    for seen, frames in zip(loaded, written, strict=True):
        assert list(seen) == [each.name for each in PUBLISHED]
        for name, frame in frames.items():
            assert list(seen[name]["rows"]) == frame.columns
            assert seen[name]["types"].items() >= _TYPES[name].items()
            assert seen[name]["rows"] == json.loads(json.dumps(frame.to_dict(as_series=False), default=str))
    assert loaded[0]["feedback"] != loaded[1]["feedback"], "nothing changed, so the test shows nothing"
