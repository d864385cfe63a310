"""PostgreSQL, a Redis broker, and Dagster's processes, each a process of its own on 127.0.0.1, for one test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import mlops_mentor

ROOT = Path(mlops_mentor.__file__).parent.parent
CELERY = ROOT / "deploy" / "dagster" / "celery.yaml"
_NOBODY = 65534


def program(name: str) -> Path | None:
    """A server's program; Debian keeps those of PostgreSQL out of PATH. None where it is not installed."""
    found = shutil.which(name) or next(iter(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    return Path(found) if found else None


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def wait_until(what: str, is_so: Callable[[], bool], *, timeout_s: float = 120, every_s: float = 0.5) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(every_s)


def _answers(port: int) -> bool:
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def process(command: Sequence[str | Path], log: Path, env: Mapping[str, str], cwd: Path) -> Iterator[subprocess.Popen]:
    """A process with everything that it starts; ended at the end, killed where it does not."""
    with log.open("w") as out:
        started = subprocess.Popen(
            list(map(str, command)), env=dict(env), cwd=cwd, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield started
    finally:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(started.pid, ending)
                started.wait(timeout=20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


@contextmanager
def postgres() -> Iterator[int]:
    """A PostgreSQL with a database `mentor`; its port. It refuses to be root, so that root becomes nobody."""
    initdb, server = program("initdb"), program("postgres")
    assert initdb and server
    # Not below the test's own folder, which nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="mentor-postgres-"))
    who = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        os.chown(folder, _NOBODY, _NOBODY)
    command = [initdb, "-D", folder / "data", "-U", "mentor", "-A", "trust", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, cwd="/", **who)  # type: ignore[call-overload]
    port = free_port()
    options = ["-D", folder / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", "", "-c", "fsync=off"]
    with (folder / "log").open("w") as log:
        started = subprocess.Popen([server, *options], cwd="/", stdout=log, stderr=log, **who)  # type: ignore[call-overload]
    try:
        made = ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "mentor", "mentor"]
        done = partial(subprocess.run, [program(made[0]), *made[1:]], capture_output=True, check=False)
        wait_until("PostgreSQL answers", lambda: done().returncode == 0, timeout_s=30)
        yield port
    finally:
        started.send_signal(signal.SIGINT)  # which ends connections, too
        started.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(folder: Path, env: Mapping[str, str]) -> Iterator[int]:
    folder.mkdir()
    port = free_port()
    command = [str(program("redis-server")), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with process(command, folder / "log", env, folder):
        wait_until("the broker answers", lambda: _answers(port), timeout_s=15)
        yield port


@contextmanager
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """An empty bucket `mentor` of a server that speaks S3; the variables that lead there."""
    folder.mkdir()
    port = free_port()
    found = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MENTOR_LAKE": "s3://mentor/lake",
    }
    server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with process(server, folder / "log", os.environ | found, folder):
        wait_until("the object store answers", lambda: _answers(port), timeout_s=30)
        made = "import boto3; boto3.client('s3').create_bucket(Bucket='mentor')"
        subprocess.run([sys.executable, "-c", made], env=os.environ | found, check=True)
        yield found


@dataclass
class Processes:
    """Processes of one set-up, with their environment; logs are in `folder`. All end when `stack` does."""

    folder: Path
    env: dict[str, str]
    stack: ExitStack
    workers: dict[int, subprocess.Popen] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", *arguments]
        return self.stack.enter_context(process(command, self.folder / f"{name}.log", self.env, self.folder))

    def start_worker(self) -> None:
        """One more, with the command of deploy/compose.yaml."""
        number, broker = len(self.workers), self.env["MENTOR_BROKER"]
        options = ["-b", broker, "--result-backend", broker]
        worker = ["-Q", "dagster", "-c", "2", "--disable-prefetch", "--max-tasks-per-child", "20"]
        own = ["--hostname", f"worker{number}@%h", "--loglevel", "info"]
        self.workers[number] = self.start(
            f"worker{number}", "celery", "-A", "dagster_celery.app", *options, "worker", *worker, *own
        )

    def kill_worker(self, number: int) -> None:
        """The worker with its children at once, as when its machine is gone."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)

    def worker_log(self, number: int) -> str:
        return (self.folder / f"worker{number}.log").read_text()

    def database_bytes(self) -> int:
        query = ["-tA", "-h", "127.0.0.1", "-p", self.env["MENTOR_PG_PORT"], "-U", "mentor", "mentor", "-c"]
        command = [str(program("psql")), *query, "select pg_database_size('mentor')"]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextmanager
def class_on_workers(folder: Path, settings: Mapping[str, str], *, num_workers: int) -> Iterator[Processes]:
    """All processes of deploy/compose.yaml with its Celery profile, but for the pages; `settings` are MENTOR_*."""
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")}
    env = kept | {"PYTHONPATH": str(ROOT), "MENTOR_REVIEWER": "rules", "PYTHONWARNINGS": "ignore"} | dict(settings)
    with ExitStack() as stack:
        pg, broker = stack.enter_context(postgres()), stack.enter_context(redis(folder / "redis", env))
        env |= {
            "MENTOR_DAGSTER_CONFIG": str(CELERY),
            "MENTOR_PG_HOST": "127.0.0.1",
            "MENTOR_PG_PORT": str(pg),
            "MENTOR_PG_USER": "mentor",
            "MENTOR_PG_PASSWORD": "none-needed",
            "MENTOR_PG_DB": "mentor",
            "MENTOR_BROKER": f"redis://127.0.0.1:{broker}/0",
        }
        prepared = [sys.executable, "-m", "mlops_mentor", "prepare"]
        subprocess.run(prepared, env=env, cwd=folder, check=True, capture_output=True)
        env["DAGSTER_HOME"] = f"{settings['MENTOR_DATA_DIR']}/dagster"
        code = free_port()
        (folder / "workspace.yaml").write_text(
            f"load_from: [{{grpc_server: {{host: 127.0.0.1, port: {code}, location_name: mlops_mentor}}}}]\n"
        )
        started = Processes(folder, env, stack)
        at = ["-h", "127.0.0.1", "-p", str(code)]
        started.start("code", "dagster", "code-server", "start", *at, "-m", "mlops_mentor.definitions")
        for _ in range(num_workers):
            started.start_worker()
        wait_until("the code location answers", lambda: _answers(code))
        started.start("daemon", "dagster._daemon", "run", "-w", "workspace.yaml")
        yield started


def dagster(processes: Processes, *arguments: str) -> str:
    """What a command of Dagster's own command line prints."""
    command = [sys.executable, "-m", "dagster", *arguments, "-w", "workspace.yaml"]
    done = subprocess.run(command, env=processes.env, cwd=processes.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
