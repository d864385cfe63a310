"""A UI that was killed leaves its daemon: the next one ends it, and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlops_mentor.defs.remnants import end_remnants

_SLEEP = "import signal, sys, time; {}; print('up', flush=True); time.sleep(60)"
_STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
Start = Callable[..., subprocess.Popen[str]]

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux alone shows processes so")


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(home: Path, *words: str, first: str = "pass") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _SLEEP.format(first), *words],
            env=os.environ | {"DAGSTER_HOME": str(home)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_the_daemon_of_a_ui_that_was_killed_is_ended_hard_where_it_must_be(tmp_path: Path, start: Start) -> None:
    soft = start(tmp_path, "dagster._daemon", "--shutdown-pipe", "6")
    hard = start(tmp_path, "dagster_webserver", "--shutdown-pipe", "5", first=_STUBBORN)
    assert end_remnants(tmp_path, patience_s=0.5) == 2
    assert (soft.wait(10), hard.wait(10)) == (-15, -9)


def test_a_daemon_of_another_place_or_of_a_service_manager_is_left_alone(tmp_path: Path, start: Start) -> None:
    other = start(tmp_path / "other", "dagster._daemon", "--shutdown-pipe", "6")
    service = start(tmp_path, "dagster._daemon", "run")
    assert end_remnants(tmp_path, patience_s=0.5) == 0
    assert (other.poll(), service.poll()) == (None, None)


def test_processes_whose_dagster_dev_is_there_are_left_alone(tmp_path: Path, start: Start) -> None:
    child = "[sys.executable, '-c', 'import time; time.sleep(60)', '--shutdown-pipe']"
    dev = start(tmp_path, "dev", first=f"import subprocess; child = subprocess.Popen({child})")
    assert end_remnants(tmp_path, patience_s=0.5) == 0
    assert dev.poll() is None
