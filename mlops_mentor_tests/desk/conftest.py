"""A class of two groups whose drafts are stored, made once; each test gets a copy of its data directory."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.schemas import FEEDBACK
from mlops_mentor.settings import Settings
from mlops_mentor_tests.desk.visitors import Visitor
from mlops_mentor_tests.feedback.classes import ReviewedClass


@pytest.fixture(scope="session")
def made_class(tmp_path_factory: pytest.TempPathFactory) -> ReviewedClass:
    made = ReviewedClass(tmp_path_factory.mktemp("desk") / "data")
    made.commit("1")
    made.commit("2")
    made.review()
    for group_id in made.sources:
        # Times in sheets are whole seconds: what is said in the second of the draft may read as said before it.
        earlier = pl.col("written_at") - timedelta(hours=1)
        made.lake.write(FEEDBACK, made.lake.read(FEEDBACK, group_id).with_columns(earlier), group_id)
    return made


@pytest.fixture
def reviewed(made_class: ReviewedClass, tmp_path: Path) -> ReviewedClass:
    folder = tmp_path / "data"
    shutil.copytree(made_class.folder, folder)
    return ReviewedClass(folder, dict(made_class.sources))


@pytest.fixture
def settings(reviewed: ReviewedClass) -> Settings:
    return reviewed.settings


@pytest.fixture
def visit(settings: Settings) -> Callable[[str], Visitor]:
    """`visit("Bo")`: a TA of that name at the desk."""
    return lambda who: Visitor(settings, who=who)


@pytest.fixture
def ada(visit: Callable[[str], Visitor]) -> Visitor:
    return visit("Ada")
