"""A class on PostgreSQL and Celery workers, its tables in a directory or an object store: the same tables as a single
process makes, and the same limits, also where a worker is killed.

Skipped where the extra `scale`, PostgreSQL, Redis or moto (an object store for tests) is not installed: see
`make test-scale`. Figures are printed: `-rP` shows them.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.feedback_step import POOL
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.jobs import refresh_class, refresh_feedback, refresh_reviews
from mlops_mentor.defs.launch import launcher
from mlops_mentor.defs.orphans import BEGUN
from mlops_mentor.defs.partitions import range_tags
from mlops_mentor.schemas import FEEDBACK, GROUP_OUTCOMES, LEADERBOARD_HISTORY
from mlops_mentor.storage.lake import Lake
from mlops_mentor.storage.lake_files import lake_path
from mlops_mentor_tests.defs.classroom import Classroom, refresh
from mlops_mentor_tests.deploy.classes import GIVEN, class_to_spread, group_ids, leaderboard_csv, same_class
from mlops_mentor_tests.deploy.services import (
    CELERY,
    Processes,
    class_on_workers,
    dagster,
    object_store,
    program,
    wait_until,
)

for needed in ("dagster_postgres", "dagster_celery", "redis", "s3fs", "moto.server"):
    pytest.importorskip(needed, reason="the extra `scale` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.loopback,
    pytest.mark.xdist_group("scale"),
    pytest.mark.skipif(not (program("initdb") and program("redis-server")), reason="no PostgreSQL, or no Redis"),
]
UNFINISHED = [dg.DagsterRunStatus.QUEUED, *BEGUN]
# A first run, the class, feedback, the export and looks every 30 s of a small class; see adr/0030 and adr/0031.
MOST_REQUESTS = 500


@dataclass
class Spread:
    """A class that workers have worked on, its processes still running."""

    room: Classroom
    processes: Processes
    instance: dg.DagsterInstance
    groups: list[str]
    has_killed: bool

    @property
    def lake(self) -> Lake:
        return Lake(lake_path(self.processes.env["MENTOR_LAKE"]))

    def runs(self, job: str) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job)))

    def finish(self) -> None:
        """Wait until there is no run left."""
        patience_s = 300 + 20 * len(self.groups)
        wait_until("all is done", lambda: not self.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)),
                   timeout_s=patience_s)  # fmt: skip

    def launch(self, job: str, tags: dict[str, str] | None = None) -> None:
        dagster(self.processes, "job", "launch", "-j", job, "--tags", json.dumps(tags or {}))

    def work(self) -> None:
        """Switch on the sensor, and wait until everything has happened by itself: a wave of runs, then the class."""
        dagster(self.processes, "sensor", "start", "repository_sensor")
        patience_s = 480 + 30 * len(self.groups)
        if self.has_killed:
            wait_until("a group is done", lambda: self.num_done() > 0, timeout_s=patience_s, every_s=2)
            logs = {number: self.processes.worker_log(number) for number in self.processes.workers}
            self.processes.kill_worker(max(logs, key=lambda number: logs[number].count("ASSET_MATERIALIZATION")))
            # As systemd and compose do.
            self.processes.start_worker()
        wait_until("every group is done", lambda: self.num_done() == len(self.groups), timeout_s=patience_s, every_s=5)
        wait_until("the class is refreshed", self.room.settings.warehouse_file.exists, timeout_s=480)
        self.finish()

    def num_done(self) -> int:
        """Of how many groups it is stored what became of them."""
        try:
            return sum(path.suffix == ".parquet" for path in (self.lake.root / GROUP_OUTCOMES.name).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return 0


@pytest.fixture(scope="module", params=["directory", "object_store_and_a_kill"])
def spread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spread]:
    folder = tmp_path_factory.mktemp("scale")
    room = class_to_spread(folder / "class")
    groups = group_ids(room)
    settings = {
        "MENTOR_DATA_DIR": str(room.data),
        "MENTOR_COURSE": str(room.settings.course_file),
        "MENTOR_GROUPS_PER_RUN": str(max(3, len(groups) // 8)),
        "MENTOR_WORKERS": "2",
        "MENTOR_LOOK_EVERY_S": "30",
    }
    has_store = request.param != "directory"
    with ExitStack() as stack:
        if has_store:
            settings |= stack.enter_context(object_store(folder / "store"))
        else:
            settings["MENTOR_LAKE"] = str(room.settings.lake_dir)
        processes = stack.enter_context(class_on_workers(folder / "processes", settings, num_workers=2))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # What the instance and the store need here, and no place of the class: others are compared with it.
        for name in (name for name in processes.env if name.startswith(("MENTOR_PG_", "MENTOR_BROKER", "AWS_"))):
            patch.setenv(name, processes.env[name])
        with open_instance(room.settings.model_copy(update={"dagster_config": CELERY})) as instance:
            found = Spread(room, processes, instance, groups, has_killed=has_store)
            began = time.monotonic()
            found.work()
            print(f"{len(groups)} groups in {time.monotonic() - began:.0f} s, {request.param}")
            yield found


def test_two_workers_share_the_runs_of_a_class(spread: Spread) -> None:
    logs = [spread.processes.worker_log(number) for number in spread.processes.workers]
    done = [len(re.findall(r"Task execute_job\[\S+ succeeded", log)) for log in logs]
    print(f"runs by worker: {done}")
    # One that took the place of another may find nothing left to do.
    assert any(done) if spread.has_killed else all(done), f"runs by worker: {done}"


def test_runs_of_a_worker_that_was_killed_are_ended_and_made_up_for(spread: Spread) -> None:
    killed = [run for run in spread.runs("refresh_groups") if "was killed" in last_words(spread.instance, run)]
    print(f"{len(killed)} runs of {len(spread.runs('refresh_groups'))} were killed")
    assert bool(killed) == spread.has_killed
    assert spread.num_done() == len(spread.groups)


def last_words(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Why a run failed."""
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    return " ".join(entry.message for entry in failures)


def test_no_more_runs_than_the_pool_allows_ask_the_model(spread: Spread) -> None:
    storage = spread.instance.event_log_storage
    assert storage.supports_global_concurrency_limits
    storage.initialize_concurrency_limit_to_default(POOL)
    held = [storage.claim_concurrency_slot(POOL, f"other-run-{number}", "step") for number in range(3)]
    assert [claim.is_claimed for claim in held] == [True, True, False]
    storage.free_concurrency_slots_for_run("other-run-2")
    spread.launch(refresh_feedback.name, range_tags(spread.groups[:2]))
    wait_until("the run is there", lambda: bool(spread.runs(refresh_feedback.name)))
    # Longer than the daemon takes to start a run.
    time.sleep(10)
    assert not spread.lake.has(FEEDBACK, spread.groups[0])
    for number in range(2):
        storage.free_concurrency_slots_for_run(f"other-run-{number}")
    wait_until("the run has its turn", lambda: spread.lake.has(FEEDBACK, spread.groups[0]))


def test_the_tables_are_those_of_a_single_process(spread: Spread, tmp_path: Path) -> None:
    spread.launch(refresh_reviews.name)
    spread.finish()
    spread.launch(refresh_feedback.name, range_tags(spread.groups))
    spread.finish()
    spread.launch(refresh_class.name)
    spread.finish()
    alone = same_class(spread.room.folder, tmp_path / "alone")
    began = time.monotonic()
    with launcher(alone.settings) as started:
        refresh(started, spread.groups)
        started.run_reviews()
        started.run_feedback(spread.groups)
        started.run_class()
    print(
        f"a single process: {time.monotonic() - began:.0f} s; PostgreSQL: {spread.processes.database_bytes():,} bytes"
    )
    expected, found = alone.warehouse_tables(), spread.room.warehouse_tables()
    # How often the class was looked at is another matter.
    assert expected.pop(LEADERBOARD_HISTORY.name)
    assert found.pop(LEADERBOARD_HISTORY.name)
    different = [name for name in expected if found[name] != expected[name]]
    assert different == []
    num_rows = sum(len(rows) for rows in expected.values())
    print(f"{len(expected)} tables with {num_rows:,} rows are equal")
    assert num_rows > 200
    assert leaderboard_csv(spread.room) == leaderboard_csv(alone)


def test_an_object_store_is_asked_a_few_hundred_times_a_group(spread: Spread) -> None:
    log = spread.room.folder.parent / "store" / "log"
    if not log.exists():
        pytest.skip("the tables are in a directory")
    # Objects; not the listings by which these tests follow the work. The server's log is coloured.
    plain = re.sub("\x1b\\[[0-9;]*m", "", log.read_text())
    asked = Counter(re.findall(r'"(GET|PUT|HEAD|POST|DELETE) /mentor/', plain))
    print(f"requests: {dict(asked)}, {asked.total() / len(spread.groups):.0f} a group")
    # More runs look at more groups: what a group costs grows with the class.
    assert GIVEN is not None or asked.total() < MOST_REQUESTS * len(spread.groups)
