"""Who does what in the three weeks: students, TAs, the lecturer, the machine that fails.

Belongs here: carrying out the events of the story on the world and on real processes of the product, and what was
counted of it. Whether everything is right afterwards is for `check`.
"""

import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.schemas import FEEDBACK_TABLES, GROUP_TABLES
from mlops_mentor_tests.rehearsal.dagster_ui import backfill, switch_sensors_on
from mlops_mentor_tests.rehearsal.model import RehearsalModel
from mlops_mentor_tests.rehearsal.processes import Product
from mlops_mentor_tests.rehearsal.repository import now
from mlops_mentor_tests.rehearsal.story import Event
from mlops_mentor_tests.rehearsal.tas import TAs
from mlops_mentor_tests.rehearsal.world import Team, World, counts

_GROUP_ASSETS = [table.name for table in GROUP_TABLES]
_FEEDBACK_ASSETS = [table.name for table in FEEDBACK_TABLES]
# How long an event may wait for what it is about, such as a run to kill.
_PATIENCE_S = 20.0
UNFINISHED = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING", "MANAGED")
_KILLS = {"kill run": ("run",), "kill cli": ("cli",), "kill daemon": ("daemon",), "kill dev": ("dev",),
          "kill code server": ("code server",)}  # fmt: skip


@dataclass
class Driver:
    """Lives through the story."""

    world: World
    product: Product
    model: RehearsalModel
    tas: TAs
    rng: random.Random
    has_ui: bool = True
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _waiting: list[tuple[float, Event]] = field(default_factory=list)
    _ui_since: float = 0.0
    _is_watching: bool = False

    def live(self, story: list[Event], seconds: float) -> None:
        """Three weeks in so many seconds, from now on."""
        began = time.monotonic()
        if self.has_ui:
            self._start_ui()
        left = list(story)
        while left or self._waiting or time.monotonic() < began + seconds:
            passed = time.monotonic() - began
            if passed > seconds:
                # What could not be done by now is not done any more.
                self.counts |= Counter(f"missed: {event.kind}" for _, event in self._waiting)
                self._waiting.clear()
            while left and left[0].at * seconds <= passed:
                self._begin(left.pop(0))
            self._again()
            self._care_for_ui()
            self._reap()
            time.sleep(0.1)

    def _begin(self, event: Event) -> None:
        if self._do(event):
            self.counts[event.kind] += 1
        elif event.kind not in ("push",):
            self._waiting.append((time.monotonic() + _PATIENCE_S, event))

    def _again(self) -> None:
        for end, event in list(self._waiting):
            is_done = self._do(event)
            if is_done or time.monotonic() > end:
                self._waiting.remove((end, event))
                self.counts[event.kind if is_done else f"missed: {event.kind}"] += 1

    def _do(self, event: Event) -> bool:
        """Whether it could be done."""
        if event.kind.startswith("kill"):
            return self._kill(event.kind)
        team = self.world.teams.get(event.group_id)
        if event.kind in _OF_TEAMS:
            return team is not None and _OF_TEAMS[event.kind](self, team)
        return _OF_ALL[event.kind](self, event)

    # The machine

    def _start_ui(self) -> None:
        self.product.start_ui()
        self.counts["starts of the UI"] += 1
        self._ui_since, self._is_watching = time.monotonic(), False

    def _care_for_ui(self) -> None:
        """What a service manager does: start it again when it has ended. Sensors stay on once they are."""
        ui = self.product.ui
        if ui is None:
            return
        if ui.poll() is not None:
            if self.product.processes(("daemon", "webserver")) and time.monotonic() < self._ui_since + 600:
                # What is left of it ends by itself, or the next one would be a second daemon.
                self.counts["waits for remnants of the UI (0.1 s)"] += 1
                if self.counts["waits for remnants of the UI (0.1 s)"] < 300:
                    return
                self.problems.append("30 s after the UI was killed its daemon or web server still ran")
                self.product.kill(self.product.processes(("daemon", "webserver", "code server")))
            self._start_ui()
        elif not self._is_watching and time.monotonic() > self._ui_since + 3:
            self._is_watching = switch_sensors_on(self.product.ui_port)

    def _kill(self, kind: str) -> bool:
        if kind == "kill ui":
            # As when the machine goes down.
            return self.product.kill(self.product.processes()) > 0
        found = self.product.processes(_KILLS[kind])
        if kind == "kill cli":
            found = [each for each in found if self.product.ui is None or each.pid != self.product.ui.pid]
        return bool(found) and self.product.kill([self.rng.choice(found)]) > 0

    def _reap(self) -> None:
        for process in list(self.product.started):
            code = process.poll()
            if code is None:
                continue
            self.product.started.remove(process)
            self.counts[f"commands that ended with {code}"] += 1
            if code not in (0, -signal.SIGKILL):
                said = self.product.output(process)[-300:]
                self.problems.append(f"{process.args!r} ended with {code}: {said}")

    # People

    def _command(self, *arguments: str, **variables: str) -> bool:
        self.product.start(*arguments, variables=variables)
        self.counts["commands"] += 1
        return True

    def _export(self, _: Event) -> bool:
        # Before the first leaderboard there is nothing to export, and the command says so.
        return (self.product.data / "lake" / "leaderboard.parquet").exists() and self._command("export")

    def _feedback(self, **variables: str) -> bool:
        # So it is with feedback before the first roster.
        return (self.product.data / "lake" / "groups.parquet").exists() and self._command("feedback", **variables)

    def _say(self, _: Event) -> bool:
        before = sum(self.tas.counts.values())
        members = {team.group_id: team.members for team in self.world.teams.values()}
        self.tas.work(members, max(2, len(members) // 8))
        return sum(self.tas.counts.values()) > before

    def _backfill(self, assets: list[str], group_ids: list[str]) -> bool:
        return self._is_watching and backfill(self.product.ui_port, assets, group_ids)

    def _materialize_all(self, _: Event) -> bool:
        groups = self.product.data / "lake" / "groups.parquet"
        if not groups.exists():
            return False
        group_ids = pl.read_parquet(groups)["group_id"].to_list()
        return self._backfill([*_GROUP_ASSETS, *_FEEDBACK_ASSETS], group_ids)

    # Students and the office

    def _advance(self, team: Team) -> bool:
        left = sum(1 for _ in range(team.repository.num_left))
        return team.repository.advance(max(1, round(left * self.rng.uniform(0.2, 0.5)))) > 0

    def _push_late(self, team: Team) -> bool:
        if not (self.world.is_over() and team.repository.is_readable and team.repository.tip):
            return False
        team.repository.commit(now(), "late.md", f"Late work of group {team.group_id}.\n")
        return True

    def _force_push(self, team: Team) -> bool:
        if not (team.repository.is_readable and team.repository.tip):
            return False
        team.repository.force_push(self.world.deadline - timedelta(seconds=30))
        return True

    def _force_push_late(self, team: Team) -> bool:
        """Only where what counts has been noted: before, nobody could tell."""
        snapshot = stored_snapshot(self.product.data, team.group_id)
        if not team.repository.is_readable or snapshot is None or snapshot["snapshot_rule"] in (None, "tip"):
            return False
        team.repository.frozen_sha = counts(team.repository, self.world.deadline_of(team))
        team.repository.force_push(self.world.deadline - timedelta(seconds=20))
        return True

    def _hide(self, team: Team, how: str) -> bool:
        if not team.repository.is_readable:
            return False
        team.repository.hide(how)
        return True

    def _show(self, team: Team) -> bool:
        team.repository.show()
        return True

    def _move(self, team: Team) -> bool:
        if not team.repository.is_readable:
            return False
        team.repository.move(self.world.repositories / f"renamed-{team.group_id}.git")
        return True

    def _split(self, team: Team) -> bool:
        self.world.split(team.group_id)
        self.world.write_roster()
        return True

    def _drop_out(self, team: Team) -> bool:
        del self.world.teams[team.group_id]
        self.world.write_roster()
        return True

    def _extend(self, team: Team) -> bool:
        self.world.extend(team.group_id)
        return True

    def _newcomer(self, _: Event) -> bool:
        team = self.world.add("new")
        team.repository.advance(team.repository.num_left)
        self.world.write_roster()
        return True

    def _write_roster(self, share: float) -> bool:
        self.world.write_roster(share=share)
        return True

    def _model_is_out(self, is_out: bool) -> bool:
        (self.model.is_out.set if is_out else self.model.is_out.clear)()
        return True

    # The end

    def wait_until_quiet(self, seconds: float) -> float:
        """Until sensors and automation have worked everything off, or time is up; how long it took."""
        began, quiet_since = time.monotonic(), None
        while time.monotonic() < began + seconds:
            self._care_for_ui()
            self._reap()
            is_quiet = not stale_groups(self.world, self.product.data) and not unfinished_runs(self.product.data)
            is_quiet = is_quiet and not self.product.started
            if not self.has_ui:
                return time.monotonic() - began
            quiet_since = (quiet_since or time.monotonic()) if is_quiet else None
            # Automation refreshes the class up to half a minute later.
            if quiet_since is not None and time.monotonic() > quiet_since + 40:
                break
            time.sleep(0.5)
        return time.monotonic() - began

    def end(self) -> None:
        """Commands that still run may end, the UI is ended."""
        for process in self.product.started:
            try:
                process.wait(300)
            except subprocess.TimeoutExpired:
                self.problems.append(f"a command did not end within 300 s: {process.args!r}")
                process.send_signal(signal.SIGKILL)
        self._reap()
        if left := self.product.stop_ui():
            self.problems.append(f"left running after the UI was ended: {sorted(each.kind for each in left)}")

    def run_once_more(self) -> tuple[int, str, float]:
        """`mlops-mentor run`: exit code, what it printed, seconds."""
        began = time.monotonic()
        process = self.product.start("run")
        code = process.wait(1800)
        self.product.started.clear()
        return code, self.product.output(process), time.monotonic() - began


_OF_TEAMS: dict[str, Callable[[Driver, Team], bool]] = {
    "push": Driver._advance,
    "push late": Driver._push_late,
    "force push": Driver._force_push,
    "force push late": Driver._force_push_late,
    "private": lambda driver, team: driver._hide(team, "private"),
    "deleted": lambda driver, team: driver._hide(team, "deleted"),
    "back": Driver._show,
    "move": Driver._move,
    "split": Driver._split,
    "drop out": Driver._drop_out,
    "extend": Driver._extend,
    "TA backfill": lambda driver, team: driver._backfill([*_GROUP_ASSETS, *_FEEDBACK_ASSETS], [team.group_id]),
}
_OF_ALL: dict[str, Callable[[Driver, Event], bool]] = {
    "TAs say": Driver._say,
    "materialize all": Driver._materialize_all,
    "newcomer": Driver._newcomer,
    "half a roster": lambda driver, _: driver._write_roster(0.5),
    "whole roster": lambda driver, _: driver._write_roster(1.0),
    "llm out": lambda driver, _: driver._model_is_out(True),
    "llm back": lambda driver, _: driver._model_is_out(False),
    "cli run": lambda driver, _: driver._command("run"),
    "cli feedback": lambda driver, _: driver._feedback(),
    "cli poor feedback": lambda driver, _: driver._feedback(MENTOR_LLM_BUDGET_RUN_USD="0.02"),
    "cli export": Driver._export,
}


def stored_snapshot(data: Path, group_id: str) -> dict[str, Any] | None:
    """The group's row of `repo_snapshots`."""
    file = data / "lake" / "repo_snapshots" / f"{group_id}.parquet"
    try:
        return dict(pl.read_parquet(file).row(0, named=True))
    except (OSError, pl.exceptions.PolarsError):
        return None


def stale_groups(world: World, data: Path) -> list[str]:
    """Groups whose repository can be read and of which another tip, or the time before the deadline, is stored."""
    found = []
    for team in world.teams.values():
        if not team.repository.is_readable:
            continue
        snapshot = stored_snapshot(data, team.group_id)
        is_over = now() > world.deadline_of(team)
        is_old = snapshot is not None and (
            snapshot["tip_sha"] != team.repository.tip
            or (is_over and team.repository.tip is not None and snapshot["snapshot_rule"] == "tip")
        )
        if snapshot is None or is_old:
            found.append(team.group_id)
    return found


def unfinished_runs(data: Path) -> list[tuple[str, str]]:
    """(id, status) of Dagster's runs that have not ended."""
    return [(run_id, status) for run_id, status in runs(data) if status in UNFINISHED]


def runs(data: Path) -> list[tuple[str, str]]:
    """(id, status) of all of Dagster's runs."""
    file = data / "dagster" / "history" / "runs.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        return [(str(a), str(b)) for a, b in connection.execute("select run_id, status from runs")]
