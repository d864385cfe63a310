"""Storages of runs and ticks with open connections behave as Dagster's own, whose internals they override."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage

from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.open_storages import OpenSqliteRunStorage, OpenSqliteScheduleStorage
from mlops_mentor.settings import Settings


@dg.asset
def numbers() -> int:
    return 3


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "course.yaml").touch()
    with open_instance(Settings(data_dir=tmp_path / "data")) as opened:
        yield opened


@pytest.fixture
def runs(instance: dg.DagsterInstance) -> OpenSqliteRunStorage:
    assert type(instance.run_storage) is OpenSqliteRunStorage
    return instance.run_storage


def run(instance: dg.DagsterInstance) -> str:
    return dg.materialize([numbers], instance=instance).run_id


def test_the_instance_uses_them_where_dagster_would_store_by_itself(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert type(instance.run_storage) is OpenSqliteRunStorage
    assert type(instance.schedule_storage) is OpenSqliteScheduleStorage
    home = tmp_path / "data" / "dagster"
    assert (home / "history" / "runs.db").is_file()
    assert (home / "schedules" / "schedules.db").is_file()


def test_what_it_stores_dagsters_own_reads(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = run(instance)
    stock = SqliteRunStorage.from_local(str(tmp_path / "data" / "dagster" / "history"))
    assert [each.run_id for each in stock.get_runs()] == [run_id]
    assert stock.get_runs() == instance.get_runs()


def test_what_another_process_stores_is_seen_at_once(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = run(instance)
    stock = SqliteRunStorage.from_local(str(tmp_path / "data" / "dagster" / "history"))
    stock.add_run_tags(run_id, {"said": "elsewhere"})
    assert instance.get_run_by_id(run_id).tags["said"] == "elsewhere"  # type: ignore[union-attr]
    stock.delete_run(run_id)
    assert instance.get_runs() == []


def test_a_statement_within_another_gets_a_connection_of_its_own(runs: OpenSqliteRunStorage) -> None:
    with runs.connect() as outer, runs.connect() as inner:
        assert outer is not inner
        assert outer.exec_driver_sql("select count(*) from runs").scalar() == 0
        assert inner.exec_driver_sql("select count(*) from runs").scalar() == 0


def test_connections_stay_open_and_are_not_made_anew(runs: OpenSqliteRunStorage) -> None:
    with runs.connect() as first:
        kept = first.connection.driver_connection
    with runs.connect() as second:
        assert second.connection.driver_connection is kept


def test_what_fails_leaves_nothing_behind(instance: dg.DagsterInstance, runs: OpenSqliteRunStorage) -> None:
    run_id = run(instance)
    with pytest.raises(ZeroDivisionError), runs.connect() as connection:
        connection.exec_driver_sql("delete from runs")
        raise ZeroDivisionError
    assert [each.run_id for each in instance.get_runs()] == [run_id]


def test_many_threads_lose_nothing_that_they_write(runs: OpenSqliteRunStorage) -> None:
    names = {f"name-{number}" for number in range(60)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: runs.set_cursor_values({name: "value"}), names))
    assert runs.get_cursor_values(names) == dict.fromkeys(names, "value")


def test_ticks_and_cursors_are_those_that_dagsters_own_reads(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    storage = instance.schedule_storage
    assert isinstance(storage, OpenSqliteScheduleStorage)
    stock = SqliteScheduleStorage.from_local(str(tmp_path / "data" / "dagster" / "schedules"))
    assert storage.all_instigator_state() == stock.all_instigator_state() == []
    assert storage.alembic_version() == stock.alembic_version()
