"""The event log with open connections behaves as Dagster's own, whose internals it overrides."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from mlops_mentor.defs import event_log
from mlops_mentor.defs.event_log import OpenSqliteEventLogStorage
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.settings import Settings


@dg.asset
def numbers() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"n": 3})


@dg.asset_check(asset=numbers)
def is_three() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "course.yaml").touch()
    with open_instance(Settings(data_dir=tmp_path / "data")) as opened:
        yield opened


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "data" / "dagster" / "history" / "runs"


def run(instance: dg.DagsterInstance) -> str:
    done = dg.materialize([numbers, is_three], instance=instance)
    assert done.success
    return done.run_id


def events(storage: SqliteEventLogStorage, run_id: str) -> list[str]:
    return [repr(entry) for entry in storage.get_logs_for_run(run_id)]


def test_the_instance_uses_it(instance: dg.DagsterInstance) -> None:
    assert type(instance.event_log_storage) is OpenSqliteEventLogStorage


def test_what_it_stores_dagsters_own_reads(instance: dg.DagsterInstance, runs_dir: Path) -> None:
    run_id = run(instance)
    own = OpenSqliteEventLogStorage(str(runs_dir))
    stock = SqliteEventLogStorage(str(runs_dir))
    assert len(events(stock, run_id)) > 10
    assert events(stock, run_id) == events(own, run_id)
    key = dg.AssetKey("numbers")
    assert stock.get_latest_materialization_events([key]) == own.get_latest_materialization_events([key])
    assert stock.get_latest_materialization_events([key])[key] is not None
    assert stock.all_asset_keys() == own.all_asset_keys() == [key]
    own.dispose()
    stock.dispose()


def test_what_dagsters_own_stores_it_reads(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "stock")) as stock_instance:
        run_id = run(stock_instance)
        stock = stock_instance.event_log_storage
        assert type(stock) is SqliteEventLogStorage
        own = OpenSqliteEventLogStorage(str(tmp_path / "stock" / "history" / "runs"))
        assert events(own, run_id) == events(stock, run_id)
        assert own.all_asset_keys() == [dg.AssetKey("numbers")]
        own.dispose()


def test_events_that_another_process_adds_are_seen_at_once(instance: dg.DagsterInstance, runs_dir: Path) -> None:
    run_id = run(instance)
    before = events(instance.event_log_storage, run_id)  # type: ignore[arg-type]
    stock = SqliteEventLogStorage(str(runs_dir))
    stock.store_event(stock.get_logs_for_run(run_id)[0])
    assert len(events(instance.event_log_storage, run_id)) == len(before) + 1  # type: ignore[arg-type]
    stock.dispose()


def test_many_threads_lose_no_event(instance: dg.DagsterInstance) -> None:
    run_ids = [run(instance) for _ in range(2)]
    storage = instance.event_log_storage
    samples = {run_id: storage.get_logs_for_run(run_id)[0] for run_id in run_ids}
    counts = {run_id: len(storage.get_logs_for_run(run_id)) for run_id in run_ids}

    def store(number: int) -> None:
        storage.store_event(samples[run_ids[number % 2]])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store, range(60)))
    assert {run_id: len(storage.get_logs_for_run(run_id)) - counts[run_id] for run_id in run_ids} == dict.fromkeys(
        run_ids, 30
    )


def test_more_runs_than_open_connections_are_all_kept(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "_MAX_OPEN_ENGINES", 2)
    storage = instance.event_log_storage
    assert isinstance(storage, OpenSqliteEventLogStorage)
    run_ids = [run(instance) for _ in range(4)]
    for run_id in [*run_ids, *reversed(run_ids)]:
        assert len(events(storage, run_id)) > 10
        assert len(storage._engines) <= 2


def count_connections(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    made: list[str] = []
    opened = OpenSqliteEventLogStorage._open

    def counting(self: OpenSqliteEventLogStorage, shard: str) -> object:
        made.append(shard)
        return opened(self, shard)

    monkeypatch.setattr(OpenSqliteEventLogStorage, "_open", counting)
    return lambda: len(made)


def test_a_run_opens_each_file_once(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    num_opened = count_connections(monkeypatch)
    run(instance)
    # The run's own file and the index of all.
    assert num_opened() <= 2


def test_a_deleted_run_is_gone(instance: dg.DagsterInstance) -> None:
    run_id = run(instance)
    instance.delete_run(run_id)
    assert instance.event_log_storage.get_logs_for_run(run_id) == []


def test_disposing_closes_every_file(instance: dg.DagsterInstance) -> None:
    run(instance)
    storage = instance.event_log_storage
    assert isinstance(storage, OpenSqliteEventLogStorage)
    assert storage._engines
    storage.dispose()
    assert not storage._engines
