"""`mlops-mentor keep-year`: ids and group numbers alone, into the folder of earlier years."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.chain.freshness import class_inputs_key
from mlops_mentor.cli.keep_year import keep_class
from mlops_mentor.errors import ConfigError, LakeError
from mlops_mentor.metrics.earlier_years import read_earlier_years
from mlops_mentor.schemas import COMMITS, FILES, GROUPS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

MakeFrame = Callable[..., pl.DataFrame]
_COURSE = """
course: A course
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "course.yaml").write_text(_COURSE)
    return Settings(data_dir=tmp_path / "data", course=tmp_path / "course.yaml")


def test_a_class_is_kept_and_read_again(
    settings: Settings, tmp_path: Path, make_frame: MakeFrame, make_files: MakeFrame, make_commits: MakeFrame
) -> None:
    lake = Lake(settings.lake_dir)
    lake.write(GROUPS, make_frame(GROUPS, {"group_id": "1"}))
    row = {"kind": "python", "is_vendored": False, "is_generated": False, "blob_id": "b", "lines": 20}
    lake.write(FILES, make_files(row | {"path": "secret_name.py"}, row | {"path": "s.py", "lines": 19}), "1")
    lake.write(COMMITS, make_commits({"sha": "c"}), "1")
    before = class_inputs_key(settings)
    keep_class(settings, "2027")
    assert read_earlier_years(settings.earlier_years_dir).rows() == [
        ("2027", "1", "b", None), ("2027", "1", None, "c")
    ]  # fmt: skip
    text = (tmp_path / "earlier_years" / "2027.csv").read_text()
    assert "secret_name" not in text and "Ada" not in text
    assert class_inputs_key(settings) != before


@pytest.mark.parametrize("year", ["../2027", "", "a/b", ".hidden", "x" * 99])
def test_a_year_that_is_no_name_of_a_file_is_refused(settings: Settings, year: str) -> None:
    with pytest.raises(ConfigError, match="YEAR"):
        keep_class(settings, year)


def test_a_class_that_was_never_read_cannot_be_kept(settings: Settings) -> None:
    with pytest.raises(LakeError):
        keep_class(settings, "2027")
