"""`mlops-mentor` as a process of its own, for tests that kill it or run several at once."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import mlops_mentor
from mlops_mentor_tests.defs.classroom import Classroom

_ROOT = Path(mlops_mentor.__file__).parent.parent


def start(room: Classroom, *arguments: str, data: Path | None = None) -> subprocess.Popen[str]:
    """`mlops-mentor run` on the class, its output kept."""
    options = ["--data-dir", str(data or room.data), "--course", str(room.folder / "course.yaml"), *arguments]
    command = [sys.executable, "-m", "mlops_mentor", "run", *options]
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return subprocess.Popen(
        command, cwd=room.folder, env=kept | {"PYTHONPATH": str(_ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """What each printed; all must have succeeded."""
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), "\n".join(outputs)
    return outputs
