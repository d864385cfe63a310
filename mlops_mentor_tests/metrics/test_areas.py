"""The area of a project that a path belongs to."""

import polars as pl
import pytest

from mlops_mentor.metrics.areas import area_of


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("tests/unit/test_api.py", "tests"),
        ("Dockerfiles/train.dockerfile", "docker"),
        (".github/workflows/tests.yaml", "workflows"),
        ("src/project/api.py", "api"),
        ("src/project/train_model.py", "model"),
        ("src/project/data.py", "data"),
        ("reports/README.md", "docs"),
        ("configs/config.yaml", "config"),
        ("notebooks/a.ipynb", "notebooks"),
        ("src/project/visualize.py", "code"),
        ("LICENSE2", "docs"),
        ("noend", "other"),
    ],
)
def test_areas_are_told_by_paths(path: str, area: str) -> None:
    assert pl.DataFrame({"path": [path]}).select(area_of(pl.col("path"))).item() == area
