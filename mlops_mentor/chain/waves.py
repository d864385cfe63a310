"""Waves: which groups are to be worked on next, given what a look at their repositories saw.

Belongs here: that decision, the order in which groups are looked at, and the little that has to be remembered between
two decisions. Looking is for `changes`, running for `defs`; nothing here reads a clock, a file or the network.

What is stored is the truth about which groups are current. The cursor only remembers which of those that are not have
been asked for already, so that an update is asked for once, a failure again after growing pauses, and the loss of a
cursor costs at most one run that finds nothing to do.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mlops_mentor.chain.changes import UNREADABLE, Look

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)


class Request(BaseModel):
    """A group was asked for: what had been seen of it, how often by now, and when it may be for the same again."""

    model_config = ConfigDict(frozen=True)

    seen_id: str
    attempts: int = Field(ge=1)
    next_at: AwareDatetime

    @classmethod
    def nth(cls, attempts: int, seen_id: str, now: datetime) -> "Request":
        # 2**7 first pauses are longer than the longest, and larger powers overflow one day.
        pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 7), LONGEST_PAUSE)
        return cls(seen_id=seen_id, attempts=attempts, next_at=now + pause)

    def is_due(self, now: datetime) -> bool:
        """Whether the pause is over. One that is longer than any was begun by a clock that went wrong."""
        return now >= self.next_at or self.next_at - now > LONGEST_PAUSE


class Cursor(BaseModel):
    """What is remembered between two decisions.

    `sequence` is the number of the last wave that was asked for, `begin_at` the group at which looking begins next, and
    `requests` has, by group, those that were asked for and are not current since.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    sequence: int = Field(0, ge=0)
    begin_at: str | None = None
    requests: Mapping[str, Request] = {}

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """The cursor as it was stored; an empty one where there is none, or another version's, or a damaged one."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def text(self) -> str:
        return self.model_dump_json()


@dataclass(frozen=True)
class Wave:
    """A decision: the groups that are `wanted`, and what became of the others that are not current.

    `waiting` are being worked on, `resting` were asked for before and pause, `unreached` should have been looked at and
    were not. All are in the roster's order. `cursor` is to be kept once the wave was asked for.
    """

    wanted: tuple[str, ...]
    waiting: tuple[str, ...]
    resting: tuple[str, ...]
    unreached: tuple[str, ...]
    cursor: Cursor

    @property
    def num_unreadable(self) -> int:
        """Groups whose repository could not be looked at, now or when it was tried last."""
        return sum(request.seen_id == UNREADABLE for request in self.cursor.requests.values())

    def run_key(self, group_ids: Sequence[str]) -> str:
        """The name of the run for these of the wanted groups: the same again when a wave is asked for a second time
        because the cursor was lost on the way, and never the same otherwise.
        """
        seen = "\x1f".join(f"{group_id}\x1e{self.cursor.requests[group_id].seen_id}" for group_id in group_ids)
        digest = hashlib.sha256(seen.encode()).hexdigest()[:12]
        return f"wave-{self.cursor.sequence}-{group_ids[0]}-{group_ids[-1]}-{digest}"


def _is_same(first: str, second: str) -> bool:
    """Whether two looks saw the same, as far as both saw: without GitHub's answer what it shows is missing in one."""
    return first == second or first.startswith(f"{second}|") or second.startswith(f"{first}|")


def due(group_ids: Sequence[str], cursor: Cursor, now: datetime) -> tuple[str, ...]:
    """The groups to look at now, in turn: all but those that could not be looked at and rest.

    Those whose rest is over come last, because each may take all the time that it gets. A group that rests although its
    repository answers is looked at all the same: a push to it must not wait.
    """
    asked = [group_id for group_id in _in_turn(group_ids, cursor) if not _is_resting_unread(group_id, cursor, now)]
    return tuple(sorted(asked, key=lambda group_id: _is_unread(group_id, cursor)))


def resting_unread(group_ids: Sequence[str], cursor: Cursor, now: datetime) -> tuple[str, ...]:
    """The other groups, in turn: worth a look with time that is left, so that an outage is over as soon as it is."""
    return tuple(group_id for group_id in _in_turn(group_ids, cursor) if _is_resting_unread(group_id, cursor, now))


def plan_wave(
    group_ids: Sequence[str], looks: Mapping[str, Look], in_flight: Collection[str], cursor: Cursor, now: datetime
) -> Wave:
    """Decide which of `group_ids` (in the roster's order) to ask for.

    `looks` holds those that were looked at, `in_flight` the groups of all runs that were not over before that. A group
    that is not current is asked for at once when what is seen of it is new, and after its pause when it is the same;
    never while a run works on it.
    """
    wanted: list[str] = []
    waiting: list[str] = []
    resting: list[str] = []
    unreached: list[str] = []
    requests: dict[str, Request] = {}
    for group_id in group_ids:
        look, before = looks.get(group_id), cursor.requests.get(group_id)
        if look is not None and not look.is_changed:
            continue
        if before is not None:
            requests[group_id] = before
        if look is None:
            (resting if _is_resting_unread(group_id, cursor, now) else unreached).append(group_id)
        elif group_id in in_flight:
            waiting.append(group_id)
        elif before is None or not _is_same(before.seen_id, look.seen_id):
            wanted.append(group_id)
            requests[group_id] = Request.nth(1, look.seen_id, now)
        elif before.is_due(now):
            wanted.append(group_id)
            requests[group_id] = Request.nth(before.attempts + 1, look.seen_id, now)
        else:
            resting.append(group_id)
    asked = [*due(group_ids, cursor, now), *resting_unread(group_ids, cursor, now)]
    planned = Cursor(
        sequence=_next_sequence(cursor, now) if wanted else cursor.sequence,
        begin_at=_next_begin(asked, looks),
        requests=requests,
    )
    return Wave(tuple(wanted), tuple(waiting), tuple(resting), tuple(unreached), planned)


def _next_sequence(cursor: Cursor, now: datetime) -> int:
    # An empty cursor begins with the moment: after somebody cleared it no run is called as one was called before.
    return (cursor.sequence or int(now.timestamp())) + 1


def _next_begin(asked: Sequence[str], looks: Mapping[str, Look]) -> str | None:
    """After the last group that was reached: what came in between and was not had its time.

    Where nobody was reached, a third further on: those at the beginning may hold up all others for ever.
    """
    reached = [place for place, group_id in enumerate(asked) if group_id in looks]
    if len(reached) == len(asked):
        return None
    place = reached[-1] + 1 if reached else max(1, len(asked) // 3)
    return asked[place % len(asked)]


def _in_turn(group_ids: Sequence[str], cursor: Cursor) -> Sequence[str]:
    begin = group_ids.index(cursor.begin_at) if cursor.begin_at in group_ids else 0
    return [*group_ids[begin:], *group_ids[:begin]]


def _is_unread(group_id: str, cursor: Cursor) -> bool:
    before = cursor.requests.get(group_id)
    return before is not None and before.seen_id == UNREADABLE


def _is_resting_unread(group_id: str, cursor: Cursor, now: datetime) -> bool:
    return _is_unread(group_id, cursor) and not cursor.requests[group_id].is_due(now)
