"""A run whose process is gone is ended, whoever launched it."""

import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg

from mlops_mentor.defs.orphans import end_orphaned_runs, run_lock
from mlops_mentor.defs.resources import Mentor
from mlops_mentor_tests.defs.classroom import make_classroom
from mlops_mentor_tests.test_architecture import ROOT

_HOLD = """
import sys, time
from pathlib import Path
from mlops_mentor.defs.orphans import run_lock
with run_lock(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def begun(instance: dg.DagsterInstance) -> dg.DagsterRun:
    return instance.create_run_for_job(dg.GraphDefinition("work").to_job(), status=dg.DagsterRunStatus.STARTED)


def test_a_run_whose_worker_is_killed_is_ended_and_one_that_works_is_not(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = begun(instance)
        command = [sys.executable, "-c", _HOLD, str(tmp_path), run.run_id]
        worker = subprocess.Popen(command, cwd=ROOT.parent, stdout=subprocess.PIPE, text=True)
        assert worker.stdout
        assert worker.stdout.readline() == "held\n"
        assert end_orphaned_runs(instance, tmp_path) == []
        # A UI that starts ends what is left of the last one, and no run that a worker is at.
        assert end_orphaned_runs(instance, tmp_path, is_ui_starting=True) == []
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert end_orphaned_runs(instance, tmp_path) == [run.run_id]
        found = instance.get_run_by_id(run.run_id)
        assert found
        assert found.status == dg.DagsterRunStatus.FAILURE
        assert list(tmp_path.iterdir()) == []


def test_a_run_that_has_not_begun_to_work_or_has_ended_is_left(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = begun(instance)
        assert end_orphaned_runs(instance, tmp_path) == []
        with run_lock(tmp_path, run.run_id):
            assert end_orphaned_runs(instance, tmp_path) == []
        assert end_orphaned_runs(instance, tmp_path) == []


def test_runs_hold_their_lock_while_they_work_and_leave_none(tmp_path: Path) -> None:
    room = make_classroom(tmp_path, ["1"])
    seen: list[str] = []

    @dg.asset
    def looks(mentor: dg.ResourceParam[object]) -> None:
        seen.extend(path.name for path in room.settings.locks_dir.glob("run-*"))

    mentor = Mentor(data_dir=str(room.data), course=str(room.settings.course_file))
    result = dg.materialize([looks], resources={"mentor": mentor})
    assert seen == [f"run-{result.run_id}.lock"]
    assert list(room.settings.locks_dir.glob("*run-*")) == []
