"""What a command and all that it starts need: seconds, seconds of CPU, memory.

Belongs here: reading it from `/proc` (Linux). Memory is the proportional set size: what processes share counts once.
"""

import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_S = 0.5


@dataclass(frozen=True)
class Usage:
    """What a command needed, from start to end."""

    seconds: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class _Process:
    parent: int
    cpu_s: float
    ended_children_cpu_s: float


def measured(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Usage:
    """Run a command to its end; what it says goes to `log`.

    Raises:
        SystemExit: it failed.
    """
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=subprocess.STDOUT)
    peak = 0.0
    is_over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_over.wait(_SAMPLE_S):
            peak = max(peak, memory_mb(process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    is_over.set()
    watching.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}. See {log}.")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, peak)


def memory_mb(pid: int) -> float:
    """Of a process and all that it started."""
    total = 0
    for each in tree(pid):
        try:
            lines = (_PROC / str(each) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_by_process(pid: int, seconds: float) -> dict[str, float]:
    """Seconds of CPU that a process and all that it started use within `seconds`, by the beginning of their commands.

    What ended within that time counts for the process that started it.
    """
    before = {each: process for each, process in _processes().items() if each in tree(pid)}
    time.sleep(seconds)
    now = _processes()
    used: defaultdict[str, float] = defaultdict(float)
    for each in tree(pid):
        old = before.get(each, _Process(0, 0.0, 0.0))
        if process := now.get(each):
            used[_name(each)] += process.cpu_s - old.cpu_s
            used[_name(each)] += process.ended_children_cpu_s - old.ended_children_cpu_s
    return dict(used)


def tree(pid: int) -> list[int]:
    """The process and all that it started, as far as they live."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for each, process in _processes().items():
        children[process.parent].append(each)
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children[found[-1]]
    return found


def _processes() -> dict[int, _Process]:
    return {int(folder.name): each for folder in _PROC.iterdir() if folder.name.isdigit() if (each := _read(folder))}


def _read(folder: Path) -> _Process | None:
    try:
        # The name, in brackets, may hold anything.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    user, system, ended_user, ended_system = (int(each) / _TICKS for each in fields[11:15])
    return _Process(int(fields[1]), user + system, ended_user + ended_system)


def _name(pid: int) -> str:
    try:
        words = (_PROC / str(pid) / "cmdline").read_text().split("\0")
    except OSError:
        return "ended"
    return " ".join(Path(word).name for word in words if not word.startswith("-"))[:50]
