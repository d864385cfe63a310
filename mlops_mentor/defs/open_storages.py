"""Dagster's storages of runs and of ticks on SQLite, with connections that stay open.

Belongs here: that one difference; the event log has its own in `event_log`. Dagster's own make an engine and a
connection for each statement, and the daemon asks them several times a second, also when nothing happens. Overrides
internal API of the Dagster version that the lock file pins; `mlops_mentor_tests/defs/test_open_storages.py` holds it
to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

_BUSY_TIMEOUT_S = 60
# Files that this process has found to have their tables. A sensor's tick opens the instance anew, and asking each time
# takes longer than most ticks.
_made: set[str] = set()


class _OpenConnections:
    """`connect` of a storage, from a pool: a statement within another gets a connection of its own."""

    _conn_string: str

    @cached_property
    def _open_engine(self) -> Engine:
        return sqlalchemy.create_engine(
            self._conn_string,
            poolclass=QueuePool,
            pool_use_lifo=True,
            # Whoever writes may wait a minute for the file: nobody waits for a connection besides.
            max_overflow=-1,
            connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        )

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._open_engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        self._open_engine.dispose()


class OpenSqliteRunStorage(_OpenConnections, SqliteRunStorage):
    """As `SqliteRunStorage`."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "OpenSqliteRunStorage":
        return cls(_with_tables(SqliteRunStorage, config_value["base_dir"], "runs"), inst_data)


class OpenSqliteScheduleStorage(_OpenConnections, SqliteScheduleStorage):
    """As `SqliteScheduleStorage`."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "OpenSqliteScheduleStorage":
        return cls(_with_tables(SqliteScheduleStorage, config_value["base_dir"], "schedules"), inst_data)


def _with_tables(stock: type[SqliteRunStorage] | type[SqliteScheduleStorage], base_dir: str, name: str) -> str:
    """What to connect to, once Dagster's own storage has made its tables there."""
    file = Path(base_dir) / f"{name}.db"
    if str(file) not in _made or not file.exists():
        stock.from_local(base_dir)
        _made.add(str(file))
    return create_db_conn_string(base_dir, name)
