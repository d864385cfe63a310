"""Repositories on a simulated GitHub of this machine: pushed to, rewritten, renamed and hidden through its controls.

Belongs here: `--github URL`. The server is somebody else's program, which serves bare repositories of this machine with
git, REST and GraphQL and has controls below `/_sim/`; what it serves can be read by plain git as well.
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_mentor_tests.rehearsal.histories import Step
from mlops_mentor_tests.rehearsal.repository import Push, Repository, now

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# GitHub's list of pushes knows seconds.
_SECONDS = timedelta(seconds=2)


def control(url: str, what: str, **arguments: Any) -> Any:
    """What a control answers; without arguments it is only looked at."""
    body = json.dumps(arguments).encode() if arguments else None
    request = urllib.request.Request(f"{url}/_sim/{what}", body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - of this machine
        return json.load(answer)


@dataclass
class SimulatedRepository(Repository):
    """One of them; `path` is where the server has it on disk."""

    url: str = ""
    name: str = ""

    @property
    def address(self) -> str:
        return f"{self.url}/{self.name}"

    def advance(self, number: int) -> int:
        number = min(number, self.num_left)
        if number < 1 or not self.is_readable or self.num_forced:
            return 0
        self._controlled("push", steps=number)
        self.place += number
        return number

    def force_push(self, at: datetime) -> str:
        self._controlled("force_push", back=0)
        self.num_forced += 1
        return self.pushes[-1].sha

    def commit(self, at: datetime, path: str, text: str) -> str:
        """One more step of the history, where there is one: what is late is told by when it was pushed."""
        if not self.advance(1):
            self.force_push(at)
        return self.pushes[-1].sha

    def hide(self, how: str) -> None:
        self.hidden = how
        self._said(how, is_so=True)

    def show(self) -> None:
        if self.hidden is not None:
            self._said(self.hidden, is_so=False)
        self.hidden = None

    def move(self, path: Path) -> None:
        """Renamed; the old address leads to the new one."""
        new = f"{self.name.split('/')[0]}/{path.stem}"
        control(self.url, "rename", repo=self.name, to=new)
        self.name = new

    def fork(self, path: Path) -> Repository:
        """Both halves of a group go on in the one repository."""
        return self

    def counts(self, deadline: datetime) -> set[str | None]:
        """By push times: where the branch stood at the deadline; several where a push came within its seconds."""
        if now() <= deadline:
            return {self.tip}
        before = [push.sha for push in self.pushes if push.ended_at <= deadline + _SECONDS]
        sure = [push.sha for push in self.pushes if push.ended_at <= deadline - _SECONDS]
        begun = [push.sha for push in self.pushes if abs(push.began_at - deadline) <= _SECONDS]
        return {*before[-1:], *sure[-1:], *begun} or {None}

    def _said(self, how: str, *, is_so: bool) -> None:
        if how == "deleted":
            control(self.url, "delete", repo=self.name, deleted=is_so)
        else:
            control(self.url, "private", repo=self.name, private=is_so)

    def _controlled(self, what: str, **arguments: Any) -> None:
        began_at = now()
        control(self.url, what, repo=self.name, **arguments)
        self.pushes.append(Push(self.git("rev-parse", self.branch), began_at, now()))


def simulated_repositories(url: str) -> list[SimulatedRepository]:
    """What the server has, but for empty ones."""
    found = []
    for row in control(url, "repos"):
        if row.get("deleted") or not row.get("tip"):
            continue
        # Only how many there are is known before they are pushed.
        steps = tuple(Step("", _LONG_AGO) for _ in range(int(row["left"])))
        first = Push(str(row["tip"]), _LONG_AGO, _LONG_AGO)
        branch = f"refs/heads/{row['default_branch']}"
        found.append(
            SimulatedRepository(Path(row["served_from"]), steps, branch, pushes=[first], url=url, name=row["repo"])
        )
    return found
