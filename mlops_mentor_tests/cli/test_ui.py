"""`mlops-mentor ui`: what becomes of this process."""

import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mlops_mentor.cli.ui import serve_ui
from mlops_mentor.settings import Settings


class _Became(Exception):  # noqa: N818 - not an error
    pass


def test_no_file_of_the_directory_where_the_ui_starts_takes_the_place_of_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[Any] = []

    def execve(*args: Any) -> NoReturn:
        became.extend(args)
        raise _Became

    monkeypatch.setattr(os, "execve", execve)
    settings = Settings(data_dir=tmp_path / "data")
    with pytest.raises(_Became):
        serve_ui(settings, 3999)
    _, arguments, environment = became
    assert environment["PYTHONSAFEPATH"] == "1"
    working_directory = arguments[arguments.index("--working-directory") + 1]
    assert Path(working_directory) == settings.dagster_home
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
