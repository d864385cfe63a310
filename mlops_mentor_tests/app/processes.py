"""The web app as a process of its own, on a free port of 127.0.0.1: importing Gradio takes seconds and much memory."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import mlops_mentor

ROOT = Path(mlops_mentor.__file__).parent.parent
_SERVE = """
import sys
from pathlib import Path
from mlops_mentor.app.serve import serve_app
serve_app(Path(sys.argv[1]), port=int(sys.argv[2]), announce=lambda line: print(line, flush=True))
print("ended well", flush=True)
"""


class App:
    """A process that serves; `url` ends without a slash."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C: its exit code, and what it printed since its address."""
        self.process.send_signal(signal.SIGINT)
        printed, _ = self.process.communicate(timeout=30)
        return self.process.returncode, printed


def environment(**others: str) -> dict[str, str]:
    """That of a child: this package, and nothing of the settings of this machine."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    return kept | {"PYTHONPATH": str(ROOT)} | others


@contextmanager
def serving(folder: Path, *, port: int = 0) -> Iterator[App]:
    """The app on an exported folder, once it is up."""
    with started([sys.executable, "-c", _SERVE, str(folder), str(port)], environment()) as app:
        yield app


@contextmanager
def started(command: Sequence[str], environment: dict[str, str], cwd: Path | None = None) -> Iterator[App]:
    """A process that says on which address it is as soon as it is up."""
    process = subprocess.Popen(
        command, env=environment, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield App(process, _address(process))
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := next((word for word in line.split() if word.startswith("http://")), None):
            return found.rstrip("/")
    raise AssertionError("the app did not start:\n" + "".join(seen))
