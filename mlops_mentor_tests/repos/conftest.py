"""Fixtures of the tests that read git: empty sources, and the sample class, built once a worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

# Before the first import of it, so that its assertions say what differs.
pytest.register_assert_rewrite("mlops_mentor_tests.repos.plain")

from mlops_mentor.sample import SampleClass, build_sample_class  # noqa: E402
from mlops_mentor_tests.repos.sources import Source  # noqa: E402


@pytest.fixture
def make_source(tmp_path: Path) -> Callable[..., Source]:
    """`make_source()`: an empty repository of a student group under `tmp_path`."""

    def make(name: str = "source", *, object_format: str = "sha1") -> Source:
        return Source(tmp_path / "sources" / name, object_format=object_format)

    return make


@pytest.fixture
def source(make_source: Callable[..., Source]) -> Source:
    return make_source()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Where a mirror may be put; nothing is there yet."""
    return tmp_path / "mirrors" / "1.git"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleClass:
    return build_sample_class(tmp_path_factory.mktemp("sample"))
