"""`mlops-mentor run` in this process, with a watch on its steps: what takes the time.

Belongs here: timers around what the run does anyway. Started by `run_bench` as a process of its own, which leaves what
it found in a file. Own seconds are of CPU, of the thread that made a table; those of other programs are counted by
program, whichever table they ran for.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from mlops_mentor.chain import chain
from mlops_mentor.cli.run import run_class
from mlops_mentor.defs.launch import Launcher
from mlops_mentor.settings import load_settings

_STAGES = ("run_roster", "run_groups", "run_feedback", "run_class", "run_export")
_GIT_OPTIONS_WITH_VALUE = ("-c", "-u", "-C")


class Watch:
    """Numbers by name: how often, seconds, seconds of CPU."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[float]]] = {"stage": {}, "table": {}, "program": {}}
        self.num_requests = 0
        self._lock = threading.Lock()

    def add(self, kind: str, name: str, seconds: float, cpu_s: float) -> None:
        with self._lock:
            numbers = self.found[kind].setdefault(name, [0, 0.0, 0.0])
            for place, value in enumerate((1, seconds, cpu_s)):
                numbers[place] += value

    def around(self, kind: str, name_of: Callable[..., str], work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, timed."""

        def timed(*arguments: Any, **options: Any) -> Any:
            began, cpu = time.monotonic(), time.thread_time()
            try:
                return work(*arguments, **options)
            finally:
                self.add(kind, name_of(*arguments), time.monotonic() - began, time.thread_time() - cpu)

        return timed


def watch_everything() -> Watch:
    """Put the timers in place, in this process."""
    watch = Watch()
    chain._run_link = watch.around("table", lambda work, table, compute: str(table.name), chain._run_link)
    for stage in _STAGES:
        setattr(Launcher, stage, watch.around("stage", lambda *_, name=stage: name, getattr(Launcher, stage)))
    _watch_programs(watch)
    _watch_requests(watch)
    return watch


def _watch_programs(watch: Watch) -> None:
    started: defaultdict[int, float] = defaultdict(time.monotonic)
    begin = subprocess.Popen.__init__

    def noted(process: Any, *arguments: Any, **options: Any) -> None:
        begin(process, *arguments, **options)
        started[process.pid] = time.monotonic()

    def ended(process: Any, flags: int) -> tuple[int, int]:
        # As the library's own, with what the kernel says of the process that has ended.
        try:
            pid, status, usage = os.wait4(process.pid, flags)
        except ChildProcessError:
            return process.pid, 0
        if pid == process.pid:
            seconds = time.monotonic() - started.pop(pid)
            watch.add("program", program_of(process.args), seconds, usage.ru_utime + usage.ru_stime)
        return pid, status

    subprocess.Popen.__init__ = noted  # type: ignore[method-assign]
    subprocess.Popen._try_wait = ended  # type: ignore[attr-defined]


def _watch_requests(watch: Watch) -> None:
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def counted(transport: Any, request: Any) -> Any:
        watch.num_requests += 1
        return await send(transport, request)

    httpx.AsyncHTTPTransport.handle_async_request = counted  # type: ignore[method-assign]


def program_of(command: Any) -> str:
    """`git blame`, `ruff`: the program, and git's own command."""
    words = [str(word) for word in command] if isinstance(command, list | tuple) else [str(command)]
    names = [Path(word).name for word in words]
    if "git" not in names:
        return names[0]
    rest = iter(words[names.index("git") + 1 :])
    for word in rest:
        if word in _GIT_OPTIONS_WITH_VALUE:
            next(rest)
        elif not word.startswith("-"):
            return f"git {word}"
    return "git"


def main() -> None:
    """Run the class of the settings; what was found goes into the file that is named."""
    watch = watch_everything()
    run_class(load_settings(), only=(), accept_shorter=False)
    found = {**watch.found, "num_requests": watch.num_requests}
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
