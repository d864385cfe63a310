"""The machine of the three weeks: the product's processes on it are started, cared for, killed, and come to rest.

Belongs here: what a service manager does, and what fails. What people do is for `driver`.
"""

import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field

from mlops_mentor_tests.rehearsal.dagster_ui import switch_sensors_on
from mlops_mentor_tests.rehearsal.processes import Product
from mlops_mentor_tests.rehearsal.stored import stale_groups, unfinished_runs
from mlops_mentor_tests.rehearsal.world import World

_KILLS = {"kill run": "run", "kill cli": "cli", "kill daemon": "daemon", "kill dev": "dev",
          "kill code server": "code server"}  # fmt: skip


@dataclass
class Machine:
    """Has the product's processes; `is_watching` while the UI's sensors are on."""

    world: World
    product: Product
    rng: random.Random
    has_ui: bool = True
    is_watching: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _ui_since: float = 0.0
    _is_counted: bool = False

    def start_ui(self) -> None:
        self.product.start_ui()
        self.counts["starts of the UI"] += 1
        self._ui_since, self.is_watching, self._is_counted = time.monotonic(), False, False

    def care(self) -> None:
        """What a service manager does: start the UI again when it has ended, and see how commands ended."""
        self._reap()
        ui = self.product.ui
        if ui is None:
            return
        if ui.poll() is not None:
            self.start_ui()
        elif not self.is_watching and time.monotonic() > self._ui_since + 3:
            # Sensors stay on once they are.
            self.is_watching = switch_sensors_on(self.product.ui_port)
        elif self.is_watching and not self._is_counted:
            # What was left of the one before has been ended by now: two daemons would take each other's runs.
            self._is_counted = True
            if len(daemons := self.product.processes(("daemon",))) > 1:
                self.problems.append(f"{len(daemons)} daemons run beside one another")

    def kill(self, kind: str) -> bool:
        """Whether there was anything to kill."""
        if kind == "kill ui":
            # As when the machine goes down.
            return self.product.kill(self.product.processes()) > 0
        found = self.product.processes((_KILLS[kind],))
        if kind == "kill cli":
            found = [each for each in found if self.product.ui is None or each.pid != self.product.ui.pid]
        return bool(found) and self.product.kill([self.rng.choice(found)]) > 0

    def command(self, *arguments: str, **variables: str) -> None:
        """`mlops-mentor` with these arguments; returns at once."""
        self.product.start(*arguments, variables=variables)
        self.counts["commands"] += 1

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

    # The end

    def wait_until_quiet(self, seconds: float) -> float:
        """Until sensors and automation have worked everything off, or time is up; how long it took."""
        began, quiet_since = time.monotonic(), None
        while time.monotonic() < began + seconds:
            self.care()
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
