"""What killed processes leave in Dagster: their runs are ended, and their places in pools are free again."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.feedback_step import POOL
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.orphans import PROCESS_TAG, end_orphaned_runs
from mlops_mentor.settings import Settings

STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path / "data")
    settings.locks_dir.mkdir(parents=True)
    return settings


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(settings) as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
        yield instance


def begin_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> str:
    return instance.create_run_for_job(dg.job(name="job")(lambda: None), status=status, tags=tags).run_id


def has_place(instance: dg.DagsterInstance, run_id: str) -> bool:
    claim = instance.event_log_storage.claim_concurrency_slot(POOL, run_id, "group_feedback")
    return bool(claim.is_claimed)


def test_runs_that_are_over_keep_no_place_in_a_pool(instance: dg.DagsterInstance, settings: Settings) -> None:
    killed = begin_run(instance, STARTED, **{PROCESS_TAG: "gone"})
    crashed = begin_run(instance, dg.DagsterRunStatus.FAILURE)
    waiting = begin_run(instance, dg.DagsterRunStatus.FAILURE)
    assert [has_place(instance, each) for each in (killed, crashed, waiting)] == [True, True, False]
    assert end_orphaned_runs(instance, settings.locks_dir) == [killed]
    info = instance.event_log_storage.get_concurrency_info(POOL)
    assert (info.active_slot_count, info.pending_step_count, info.assigned_step_count) == (0, 0, 0)
    assert has_place(instance, begin_run(instance, STARTED))


def test_runs_under_way_keep_their_places(instance: dg.DagsterInstance, settings: Settings) -> None:
    working = [begin_run(instance, STARTED) for _ in range(2)]
    assert all(has_place(instance, each) for each in working)
    assert end_orphaned_runs(instance, settings.locks_dir) == []
    assert instance.event_log_storage.get_concurrency_info(POOL).active_run_ids == set(working)
