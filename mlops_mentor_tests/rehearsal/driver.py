"""What people do in the three weeks: students, the office, TAs, the lecturer.

Belongs here: carrying out the events of the story on the world and on the product, and what was counted of it. What
the machine does is for `machine`; whether everything is right afterwards for `checks`.
"""

import math
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from mlops_mentor.schemas import FEEDBACK_TABLES, GROUP_TABLES
from mlops_mentor_tests.rehearsal.dagster_ui import backfill
from mlops_mentor_tests.rehearsal.machine import Machine
from mlops_mentor_tests.rehearsal.model import RehearsalModel
from mlops_mentor_tests.rehearsal.repository import now
from mlops_mentor_tests.rehearsal.stored import stored_snapshot
from mlops_mentor_tests.rehearsal.story import Event
from mlops_mentor_tests.rehearsal.tas import TAs
from mlops_mentor_tests.rehearsal.world import Team, World, counts

_GROUP_ASSETS = [table.name for table in GROUP_TABLES]
_FEEDBACK_ASSETS = [table.name for table in FEEDBACK_TABLES]
# How long an event may wait for what it is about. What needs something of the product to be there may wait until the
# story is over, and this share of it longer.
_PATIENCE_S = 20.0
_PATIENT = ("kill", "TA backfill", "TAs say", "materialize all", "force push late", "push late")
_OVERTIME = 0.5
_OF_THE_UI = ("TA backfill", "materialize all", "kill run", "kill daemon", "kill dev", "kill code server")


@dataclass
class Driver:
    """Lives through the story."""

    world: World
    machine: Machine
    model: RehearsalModel
    tas: TAs
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: list[tuple[float, Event]] = field(default_factory=list)

    def live(self, story: list[Event], seconds: float) -> None:
        """Three weeks in so many seconds, from now on."""
        began = time.monotonic()
        if self.machine.has_ui:
            self.machine.start_ui()
        left = list(story)
        while left or self._waiting or time.monotonic() < began + seconds:
            passed = time.monotonic() - began
            if passed > seconds * (1 + _OVERTIME):
                # What could not be done by now is not done any more.
                self.counts.update(f"missed: {event.kind}" for _, event in self._waiting)
                self._waiting.clear()
            while left and left[0].at * seconds <= passed:
                self._begin(left.pop(0))
            self._again()
            self.machine.care()
            time.sleep(0.1)

    def _begin(self, event: Event) -> None:
        if self._do(event):
            self.counts[event.kind] += 1
        elif event.kind in _OF_THE_UI and not self.machine.has_ui:
            self.counts[f"missed: {event.kind}"] += 1
        elif event.kind != "push":
            patience_s = math.inf if event.kind.startswith(_PATIENT) else _PATIENCE_S
            self._waiting.append((time.monotonic() + patience_s, event))

    def _again(self) -> None:
        for end, event in list(self._waiting):
            is_done = self._do(event)
            if is_done or time.monotonic() > end:
                self._waiting.remove((end, event))
                self.counts[event.kind if is_done else f"missed: {event.kind}"] += 1

    def _do(self, event: Event) -> bool:
        """Whether it could be done."""
        if event.kind.startswith("kill"):
            return self.machine.kill(event.kind)
        team = self.world.teams.get(event.group_id)
        if event.kind in _OF_TEAMS:
            return team is not None and _OF_TEAMS[event.kind](self, team)
        return _OF_ALL[event.kind](self, event)

    # People

    def _command(self, *arguments: str, **variables: str) -> bool:
        self.machine.command(*arguments, **variables)
        return True

    def _export(self, _: Event) -> bool:
        # Before the first leaderboard there is nothing to export, and the command says so.
        return (self.world.data / "lake" / "leaderboard.parquet").exists() and self._command("export")

    def _feedback(self, **variables: str) -> bool:
        # So it is with feedback before the first roster.
        return (self.world.data / "lake" / "groups.parquet").exists() and self._command("feedback", **variables)

    def say(self) -> bool:
        """TAs at their desk; whether they said anything."""
        before = sum(self.tas.counts.values())
        members = {team.group_id: team.members for team in self.world.teams.values()}
        self.tas.work(members, max(2, len(members) // 8))
        return sum(self.tas.counts.values()) > before

    def _backfill(self, assets: list[str], group_ids: list[str]) -> bool:
        return self.machine.is_watching and backfill(self.machine.product.ui_port, assets, group_ids)

    def _materialize_all(self, _: Event) -> bool:
        groups = self.world.data / "lake" / "groups.parquet"
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
        snapshot = stored_snapshot(self.world.data, team.group_id)
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
    "TAs say": lambda driver, _: driver.say(),
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
