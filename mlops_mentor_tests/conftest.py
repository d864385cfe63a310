"""What every test gets: clean surroundings, no network, an empty lake, and small frames that are valid."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import pytest_socket
from hypothesis import settings

from mlops_mentor.course import Course
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import COMMITS, FILES, Column, Table, validate
from mlops_mentor.storage.lake import Lake

_FOREIGN = ("MENTOR_", "GIT_", "GITHUB_", "GH_", "OPENAI_", "HF_", "DAGSTER_")
_NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "loopback: the test may connect to 127.0.0.1, and to nothing else")
    # How long an example takes is the machine's doing: what must be quick has a test that counts its own time.
    settings.register_profile("mentor", deadline=None)
    settings.load_profile("mentor")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the fixtures of whatever scope; pytest-socket lifts it after the test."""
    if item.get_closest_marker("loopback"):
        pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)


def _scrub(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    # No test asks an Ollama that happens to run on this machine.
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    # A model that happens to answer on this machine writes nothing in tests.
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")


@pytest.fixture(scope="session", autouse=True)
def _clean_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that live longer than one test."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _scrub(monkeypatch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def _clean_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No setting, token or `.env` of this machine reaches a test; the working directory is `tmp_path`."""
    _scrub(monkeypatch, tmp_path_factory.mktemp("home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def course() -> Course:
    return Course(
        course="02476 Machine Learning Operations",
        term="January 2027",
        time_zone="Europe/Copenhagen",
        project_start=date(2027, 1, 4),
        deadline=datetime(2027, 1, 22, 12),
    )


MakeFrame = Callable[..., pl.DataFrame]


def _default(column: Column) -> Any:
    if column.values:
        return column.values[0]
    if isinstance(column.dtype, pl.List):
        return []
    defaults = {pl.String: "x", pl.Boolean: False, pl.Int64: 1, pl.Float64: 1.0, pl.Date: _NOON.date()}
    return _NOON if isinstance(column.dtype, pl.Datetime) else defaults[column.dtype]  # type: ignore[index]


@pytest.fixture
def make_frame() -> MakeFrame:
    """`make_frame(table, {...}, ...)`: valid rows; required columns that one leaves out get some value."""

    def make(table: Table, *rows: Mapping[str, Any]) -> pl.DataFrame:
        required = {column.name: _default(column) for column in table.columns if column.is_required}
        filled = [dict.fromkeys(table.schema) | required | dict(row) for row in rows]
        several = replace(table, is_one_row=False)
        return validate(several, pl.DataFrame(filled, schema=table.schema))

    return make


@pytest.fixture
def make_commits(make_frame: MakeFrame) -> MakeFrame:
    """`make_commits({...}, ...)`: commits on main by Ada, an hour apart from noon (UTC) of 5 January 2027 on."""

    def make(*rows: Mapping[str, Any]) -> pl.DataFrame:
        defaults = [
            {
                "group_id": "1",
                "sha": f"{number:040x}",
                "is_on_default": True,
                "author_name": "Ada Lovelace",
                "author_email": "ada@uni.example",
                "authored_at": _NOON + timedelta(hours=number),
                "committed_at": _NOON + timedelta(hours=number),
                "message": "Work",
                "num_files_changed": 1,
                "lines_added": 0,
                "lines_removed": 0,
            }
            for number in range(len(rows))
        ]
        return make_frame(COMMITS, *(default | dict(row) for default, row in zip(defaults, rows, strict=True)))

    return make


@pytest.fixture
def make_files(make_frame: MakeFrame) -> MakeFrame:
    """`make_files("a.py", {"path": "b.py", "lines": 3}, ...)`: files of the group's own, of kind `other`."""

    def make(*files: str | Mapping[str, Any]) -> pl.DataFrame:
        default = {"group_id": "1", "kind": "other", "mode": "100644", "is_available": True, "is_starter_code": False}
        rows = [{"path": file} if isinstance(file, str) else dict(file) for file in files]
        return make_frame(FILES, *(default | row for row in rows))

    return make


@pytest.fixture
def make_group() -> Callable[..., Group]:
    """A group of two students at a repository of its own."""

    def make(group_id: str = "1", *, url: str | None = None, row: int = 2, students: int = 2) -> Group:
        address = Address(url or f"https://github.com/class/group-{group_id}", "https")
        return Group(group_id, address, tuple(f"s{number:06}" for number in range(students)), row)

    return make
