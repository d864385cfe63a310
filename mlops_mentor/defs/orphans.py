"""Runs whose process was killed: Dagster would show them as running for ever, and automation would wait for them.

Belongs here: telling that a process is gone, ending its runs, and giving back what runs hold that are over. Each
process of the command line holds a lock that the system releases with it; its runs carry the lock's name. Every other
run holds one of its own while it works, on whatever worker. What is left of a UI is ended when the next UI starts.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

PROCESS_TAG = "mentor/process"
BEGUN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
UNFINISHED = [dg.DagsterRunStatus.QUEUED, *BEGUN]


@contextmanager
def process_lock(locks_dir: Path, process_id: str) -> Iterator[None]:
    """Hold the lock that says that this process is alive."""
    lock = _lock(locks_dir, process_id)
    with lock:
        yield
    Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def run_lock(locks_dir: Path, run_id: str) -> Iterator[None]:
    """Hold the lock that says that the process which works on a run is alive.

    Launchers may not see that a worker is gone as a whole: Celery goes on saying that it has started.
    """
    file = _run_lock_file(locks_dir, run_id)
    locks_dir.mkdir(parents=True, exist_ok=True)
    nascent = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(nascent, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        # Held before it bears its name: whoever finds it free knows that its holder is gone.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        nascent.replace(file)
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


def hold_ui_lock(locks_dir: Path) -> bool:
    """Hold the lock of the one UI of a data directory until this process ends, whatever program it becomes.

    False when another process holds it.
    """
    locks_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(locks_dir / "ui.lock", os.O_RDWR | os.O_CREAT, 0o644)
    os.set_inheritable(descriptor, True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True


def end_orphaned_runs(instance: dg.DagsterInstance, locks_dir: Path, *, is_ui_starting: bool = False) -> list[str]:
    """Mark the unfinished runs of processes that are gone as failed; their ids.

    While no UI runs, which is so when one starts, those of a UI are such runs too, but for runs that a process still
    works on: a worker's, or one that has outlived its UI.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=BEGUN)):
        process_id = run.tags.get(PROCESS_TAG)
        if process_id is None:
            is_held = _is_run_lock_held(locks_dir, run.run_id)
            # Without a lock it has not begun to work, or died before: only the UI that is starting knows of no other.
            is_gone = is_ui_starting if is_held is None else not is_held
        else:
            is_gone = not _is_alive(locks_dir, process_id)
        if not is_gone:
            continue
        instance.report_run_failed(run, "The process that worked on this run was killed. Run it again.")
        _run_lock_file(locks_dir, run.run_id).unlink(missing_ok=True)
        ended.append(run.run_id)
    _free_pools(instance)
    return ended


def _is_run_lock_held(locks_dir: Path, run_id: str) -> bool | None:
    """Whether a process works on the run; None where it holds no lock: it has not begun to work, or has ended."""
    file = _run_lock_file(locks_dir, run_id)
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever ends takes the name away before the lock.
        return False if file.exists() else None
    except OSError:
        return True
    finally:
        os.close(descriptor)


def _run_lock_file(locks_dir: Path, run_id: str) -> Path:
    return locks_dir / f"run-{run_id}.lock"


def _free_pools(instance: dg.DagsterInstance) -> None:
    """Give back the places in pools that runs which are over still hold or wait for.

    A killed process gives none back, and nobody else does: a few such runs would keep all that follow waiting for ever.
    """
    storage = instance.event_log_storage
    holders = storage.get_concurrency_run_ids() if storage.supports_global_concurrency_limits else set()
    if not holders:
        return
    underway = instance.get_runs(dg.RunsFilter(run_ids=list(holders), statuses=UNFINISHED))
    for run_id in holders - {run.run_id for run in underway}:
        storage.free_concurrency_slots_for_run(run_id)


def _is_alive(locks_dir: Path, process_id: str) -> bool:
    if not process_id.isalnum():  # a tag that somebody typed must not become a path
        return True
    lock = _lock(locks_dir, process_id)
    try:
        with lock:
            pass
    except Timeout:
        return True
    Path(lock.lock_file).unlink(missing_ok=True)
    return False


def _lock(locks_dir: Path, process_id: str) -> FileLock:
    return FileLock(locks_dir / f"process-{process_id}.lock", timeout=0)
