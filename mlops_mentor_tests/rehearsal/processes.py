"""The product as processes of this machine: started, watched, killed.

Belongs here: `mlops-mentor` in its surroundings, and which processes came of it. Whoever belongs to this rehearsal is
told by its environment, which names the rehearsal's own folder; no other process is ever touched.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlops_mentor
from mlops_mentor_tests.rehearsal.world import World

_ROOT = Path(mlops_mentor.__file__).parent.parent
_KINDS = (
    ("daemon", ("dagster._daemon", "dagster-daemon")),
    ("webserver", ("dagster_webserver", "dagster-webserver")),
    ("code server", ("api grpc", "api\x00grpc", "code-server")),
    ("run", ("multiprocessing.spawn", "multiprocessing.forkserver")),
    ("dev", ("dagster\x00dev",)),
    ("cli", ("mlops_mentor\x00",)),
)
_OF_THE_UI = ("dev", "daemon", "webserver", "code server", "run")


@dataclass(frozen=True)
class Seen:
    """A process that belongs to the rehearsal."""

    pid: int
    kind: str


@dataclass
class Product:
    """Starts `mlops-mentor` on the world's class; `settings` are variables of its environment."""

    world: World
    settings: Mapping[str, str]
    ui_port: int = 0
    ui: subprocess.Popen[bytes] | None = None
    num_started: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _outputs: dict[int, Path] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.world.data

    @property
    def logs(self) -> Path:
        return self.world.folder / "logs"

    def environment(self, data: Path | None = None) -> dict[str, str]:
        """Nothing of this machine's own settings, and a place of its own for temporaries."""
        temporary, home = self.world.folder / "tmp", self.world.folder / "home"
        for folder in (temporary, home, self.logs):
            folder.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(_ROOT),
            "MENTOR_DATA_DIR": str(data or self.data),
            "MENTOR_COURSE": str(self.world.course),
            **self.settings,
        }

    def start(
        self, *arguments: str, data: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A command, under way; its output goes to a file of `logs`."""
        self.num_started += 1
        environment = self.environment(data) | dict(variables or {})
        file = self.logs / f"{self.num_started:03}-{arguments[0]}.log"
        with file.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "mlops_mentor", *arguments], cwd=self.world.folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._outputs[process.pid] = file
        if arguments[0] != "ui":
            self.started.append(process)
        return process

    def output(self, process: subprocess.Popen[bytes]) -> str:
        """What a command has printed."""
        return self._outputs[process.pid].read_text(errors="replace")

    def start_ui(self) -> None:
        """The UI with its daemon; returns at once."""
        self.ui_port = free_port()
        self.ui = self.start("ui", "--port", str(self.ui_port))

    def stop_ui(self, timeout_s: float = 60.0) -> list[Seen]:
        """End it as Ctrl-C does; what is left of it after that, which is ended hard."""
        if self.ui is not None and self.ui.poll() is None:
            self.ui.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ui.wait(timeout_s)
        end = time.monotonic() + 20
        while (left := self.processes(_OF_THE_UI)) and time.monotonic() < end:
            time.sleep(0.2)
        self.kill(left)
        return left

    def processes(self, kinds: tuple[str, ...] = ()) -> list[Seen]:
        """What runs of this rehearsal, this process left out."""
        mark = f"MENTOR_DATA_DIR={self.data}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if mark not in (entry / "environ").read_bytes() + b"\0":
                    continue
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            kind = next((kind for kind, marks in _KINDS if any(each in command for each in marks)), "other")
            if command and (not kinds or kind in kinds):
                found.append(Seen(int(entry.name), kind))
        return found

    def kill(self, seen: list[Seen]) -> int:
        """SIGKILL; how many were still there."""
        num = 0
        for each in seen:
            try:
                os.kill(each.pid, signal.SIGKILL)
                num += 1
            except ProcessLookupError:
                continue
        return num


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
