"""Runs whose process was killed: Dagster would show them as running for ever, and automation would wait for them.

Belongs here: telling that a process of the command line is gone, ending its runs, and giving back what runs hold that
are over. Each such process holds a lock
that the system releases with it; its runs carry the lock's name. Runs that the UI started are watched by its own
processes while they live; what is left of them is ended when the next UI starts.
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

    While no UI runs, which is so when one starts, the unfinished runs of a UI are such runs too.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=BEGUN)):
        process_id = run.tags.get(PROCESS_TAG)
        is_gone = is_ui_starting if process_id is None else not _is_alive(locks_dir, process_id)
        if not is_gone:
            continue
        instance.report_run_failed(run, "The process that worked on this run was killed. Run it again.")
        ended.append(run.run_id)
    _free_pools(instance)
    return ended


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
