"""Fixtures of the tests that run Dagster."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_mentor_tests.defs.classroom import Classroom, make_classroom


@pytest.fixture
def make_room(tmp_path: Path) -> Callable[..., Classroom]:
    """`make_room(["1", "2"], missing=["3"])`: a class under `tmp_path`."""

    def make(group_ids: list[str], *, missing: list[str] | None = None, name: str = "class") -> Classroom:
        return make_classroom(tmp_path / name, group_ids, missing=missing or [])

    return make
