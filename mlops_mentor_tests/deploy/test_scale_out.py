"""A class on PostgreSQL and Celery workers, its tables in a directory or an object store: the same tables as a single
process makes, and the same limits.

Skipped where the extra `scale`, PostgreSQL, Redis or moto (an object store for tests) is not installed.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.feedback_step import POOL
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.jobs import refresh_feedback
from mlops_mentor.defs.orphans import BEGUN
from mlops_mentor.defs.partitions import range_tags
from mlops_mentor.lake import Lake
from mlops_mentor.lake_files import lake_path
from mlops_mentor.schemas import FEEDBACK, LEADERBOARD_HISTORY
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom
from mlops_mentor_tests.deploy.services import CELERY, class_on_workers, dagster, object_store, program, wait_until

for needed in ("dagster_postgres", "dagster_celery", "redis", "s3fs", "moto.server"):
    pytest.importorskip(needed, reason="the extra `scale` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.loopback,
    pytest.mark.xdist_group("scale"),
    pytest.mark.skipif(not (program("initdb") and program("redis-server")), reason="no PostgreSQL, or no Redis"),
]
UNFINISHED = [dg.DagsterRunStatus.QUEUED, *BEGUN]
GROUPS = [str(number) for number in range(1, 9)]


@dataclass
class Spread:
    """A class that workers have worked on, its processes still running."""

    room: Classroom
    folder: Path
    env: dict[str, str]
    instance: dg.DagsterInstance

    @property
    def lake(self) -> Lake:
        return Lake(lake_path(self.env["MENTOR_LAKE"]))

    def runs(self, job: str) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job)))


@pytest.fixture(scope="module", params=["directory", "object_store"])
def spread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spread]:
    folder = tmp_path_factory.mktemp("scale")
    room = make_classroom(folder / "class", GROUPS, missing=["99"])
    settings = {
        "MENTOR_DATA_DIR": str(room.data),
        "MENTOR_COURSE": str(room.settings.course_file),
        "MENTOR_GROUPS_PER_RUN": "3",
        "MENTOR_WORKERS": "2",
    }
    with ExitStack() as stack:
        if request.param == "object_store":
            settings |= stack.enter_context(object_store(folder / "store"))
        else:
            settings["MENTOR_LAKE"] = str(room.settings.lake_dir)
        env = stack.enter_context(class_on_workers(folder / "processes", settings, num_workers=2))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # What the instance and the store need here, and no place of the class: others are compared with it.
        for name in (name for name in env if name.startswith(("MENTOR_PG_", "MENTOR_BROKER", "AWS_"))):
            patch.setenv(name, env[name])
        with open_instance(room.settings.model_copy(update={"dagster_config": CELERY})) as instance:
            found = Spread(room, folder / "processes", env, instance)
            dagster(found.folder, env, "sensor", "start", "repository_sensor")
            # Everything else happens by itself: a wave of runs, then the class.
            wait_until("the class is refreshed", room.settings.warehouse_file.exists, timeout_s=480)
            wait_until("all is done", lambda: not instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)), timeout_s=300)
            yield found


def test_two_workers_share_the_runs_of_a_class(spread: Spread) -> None:
    assert len(spread.runs("refresh_groups")) == 3
    logs = [(spread.folder / f"worker{number}.log").read_text() for number in range(2)]
    done = [len(re.findall(r"Task execute_job\[\S+ succeeded", log)) for log in logs]
    assert all(done), f"runs by worker: {done}"


def test_the_tables_are_those_of_a_single_process(spread: Spread, tmp_path: Path) -> None:
    alone = Classroom(tmp_path / "alone")
    alone.data.mkdir(parents=True)
    # The same repositories at the same addresses.
    for name in ("course.yaml", "group_info.csv"):
        (alone.folder / name).write_bytes((spread.room.folder / name).read_bytes())
    (alone.folder / "repos").symlink_to(spread.room.folder / "repos")
    alone.refresh([*GROUPS, "99"])
    expected, found = alone.warehouse_tables(), spread.room.warehouse_tables()
    # How often the class was looked at is another matter.
    assert expected.pop(LEADERBOARD_HISTORY.name)
    assert found.pop(LEADERBOARD_HISTORY.name)
    different = [name for name in expected if found[name] != expected[name]]
    assert different == []
    assert sum(len(rows) for rows in expected.values()) > 200


def test_no_more_runs_than_the_pool_allows_ask_the_model(spread: Spread) -> None:
    storage = spread.instance.event_log_storage
    assert storage.supports_global_concurrency_limits
    storage.initialize_concurrency_limit_to_default(POOL)
    held = [storage.claim_concurrency_slot(POOL, f"other-run-{number}", "step") for number in range(3)]
    assert [claim.is_claimed for claim in held] == [True, True, False]
    storage.free_concurrency_slots_for_run("other-run-2")
    tags = json.dumps(range_tags(GROUPS[:2]))
    dagster(spread.folder, spread.env, "job", "launch", "-j", refresh_feedback.name, "--tags", tags)
    wait_until("the run is there", lambda: bool(spread.runs(refresh_feedback.name)))
    # Longer than the daemon takes to start a run.
    time.sleep(10)
    assert not spread.lake.has(FEEDBACK, "1")
    storage.free_concurrency_slots_for_run("other-run-0")
    wait_until("the run has its turn", lambda: spread.lake.has(FEEDBACK, "1"))
