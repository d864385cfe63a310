"""Readers who are there all the time: the lecturer with the leaderboard open, the class with its pages, SQL at hand.

Belongs here: reading as they do, while everything changes, and remembering what was shown.
"""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

_PAUSE_S = 0.5


@dataclass
class Watcher:
    """Reads below `data` until it is stopped. `shown` are the (group, commit) that a leaderboard has had."""

    data: Path
    shown: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            for what, read in (("leaderboard", self._leaderboard), ("export", self._export), ("SQL", self._sql)):
                try:
                    self.counts[f"reads of {what}"] += read()
                except Exception as error:  # noqa: BLE001 - whatever a reader meets is what we look for
                    self.problems.append(f"a reader of {what} met {type(error).__name__}: {error}"[:300])

    def _leaderboard(self) -> bool:
        file = self.data / "lake" / "leaderboard.parquet"
        if not file.exists():
            return False
        rows = pl.read_parquet(file).select("group_id", "state", "snapshot_sha").rows()
        self.shown |= {(group_id, sha) for group_id, state, sha in rows if sha is not None and state != "failed"}
        return True

    def _export(self) -> bool:
        manifest = self.data / "export" / "export.json"
        if not manifest.exists():
            return False
        # A file that is gone means that the manifest is another by now: read again, as the pages do.
        for attempt in range(5):
            told = json.loads(manifest.read_text())
            try:
                for table in told["tables"].values():
                    if table["file"] is not None:
                        height = pl.read_parquet(manifest.parent / table["file"]).height
                        assert height == table["num_rows"], f"{table['file']}: {height} rows"
                return True
            except FileNotFoundError:
                if attempt == 4:
                    raise
        return False

    def _sql(self) -> bool:
        file = self.data / "mentor.duckdb"
        if not file.exists():
            return False
        with duckdb.connect(str(file), read_only=True) as connection:
            connection.execute("select count(*) from leaderboard").fetchall()
        return True
