"""What is left of a UI that was killed: Dagster's web server and daemon live on without it.

Belongs here: finding these processes and ending them. A daemon beside the next UI's takes runs from the queue that it
cannot start any more. They are told by their environment and by the pipe through which the one process would have ended
them. Linux alone shows that; elsewhere nothing is found.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_PROCESSES = Path("/proc")
# Of whatever `dagster dev` starts, and of nothing else.
_MARK = b"--shutdown-pipe"
_SOFT_S = 10.0


def end_remnants(home: Path, *, patience_s: float = _SOFT_S) -> int:
    """End what is left of the UI on this DAGSTER_HOME, hard where it must be; how many there were.

    Only for who holds the lock of the UI: then there is none that these processes belong to.
    """
    found = list(_remnants(home))
    for pid in found:
        _end(pid, signal.SIGTERM)
    end = time.monotonic() + patience_s
    while (left := set(_remnants(home)) & set(found)) and time.monotonic() < end:
        time.sleep(0.1)
    for pid in left:
        _end(pid, signal.SIGKILL)
    return len(found)


def _remnants(home: Path) -> Iterator[int]:
    mark = f"DAGSTER_HOME={home}".encode()
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            is_one = _MARK in _words(process, "cmdline") and mark in _words(process, "environ")
            if is_one and not _has_parent(process):
                yield int(process.name)
        except OSError:
            # Somebody else's, or it has ended meanwhile.
            continue


def _has_parent(process: Path) -> bool:
    """Whether the `dagster dev` that started it is there: one that somebody started by hand, without our lock."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    try:
        return b"dev" in _words(_PROCESSES / fields[1], "cmdline")
    except OSError:
        return False


def _words(process: Path, what: str) -> list[bytes]:
    return (process / what).read_bytes().split(b"\0")


def _end(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except OSError:
        return
