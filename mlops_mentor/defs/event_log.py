"""Dagster's event log on SQLite, with connections that stay open.

Belongs here: that one difference. Dagster's own storage makes an engine and a connection for each statement, 13 ms an
event; with 130 groups, five tables and their checks that is most of a run's time. Kept open they take 2 ms. Overrides
internal API of the Dagster version that the lock file pins; `mlops_mentor_tests/defs/test_event_log.py` holds it to it.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

_BUSY_TIMEOUT_S = 60
# A run's events are a file of their own, and the UI's server looks at many runs.
_MAX_OPEN_ENGINES = 16
# Files that this process has found to have their tables. A sensor's tick opens the instance anew, and asking each time
# takes longer than most ticks.
_made: set[str] = set()


class OpenSqliteEventLogStorage(SqliteEventLogStorage):
    """As its parent; each file's connection stays open, and the parent's lock gives it to one thread at a time."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._has_index_columns = False
        self._known_tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "OpenSqliteEventLogStorage":
        return cls(inst_data=inst_data, **config_value)

    def dispose(self) -> None:
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None) or self._open(shard)
        self._engines[shard] = engine
        if len(self._engines) > _MAX_OPEN_ENGINES:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def _open(self, shard: str) -> Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        )

        @sqlalchemy.event.listens_for(engine, "connect")
        def _set_pragmas(connection: Any, _record: Any) -> None:
            # Safe against a killed process with the write-ahead log that Dagster turns on.
            connection.execute("PRAGMA synchronous=NORMAL")

        file = self.path_for_shard(shard)
        if file not in _made or not Path(file).exists():
            self._initdb(engine)
            _made.add(file)
        return engine

    def has_table(self, table_name: str) -> bool:
        # Asked whenever the partitions are, which conditions do for each asset; a table that is there stays.
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        # Asked for every event of an asset; a column that is there stays.
        self._has_index_columns = self._has_index_columns or super()._has_asset_key_col_on_connection(conn, column_name)
        return self._has_index_columns
