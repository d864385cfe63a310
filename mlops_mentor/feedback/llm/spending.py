"""The ledger: what calls may cost and did cost, shared by all processes on a data directory.

Belongs here: adding up and refusing. What a call costs is for `prices`. One file a day (UTC) of one line an entry,
added to under a lock: `reserve` before a call, `settle` after it. A process that is killed leaves its reservations, and
they stay counted: nobody can say what became of those calls.
"""

import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops_mentor.errors import LLMError

log = logging.getLogger(__name__)

# Whole numbers add up exactly, in whatever order processes come.
_NANO = 1_000_000_000
_LOCK_S = 60.0


@dataclass(frozen=True)
class Reservation:
    """Money set aside for one call, in the book of its day."""

    entry_id: str
    day: date
    nano_usd: int


@dataclass(frozen=True)
class Left:
    """US dollars that may still be spent, by this run and by all of today."""

    run_usd: float
    day_usd: float


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    id: str
    run: str = ""
    nano_usd: int = Field(ge=0)


@dataclass
class _Book:
    """What was read of a day's file so far: the amount of each entry, and its run."""

    path: Path
    offset: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    num_bad: int = 0

    def read_on(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.offset)
            lines = file.read().splitlines(keepends=True)
        for line in lines:
            if not line.endswith(b"\n"):
                # Whoever wrote it was killed within the line; the next to write ends it.
                break
            self.offset += len(line)
            self._take(line)

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            entry = _Entry.model_validate_json(line)
        except ValidationError:
            self.num_bad += 1
            log.warning("%s has a line that is no entry; it does not count.", self.path)
            return
        if entry.kind == "reserve":
            # A settlement never comes before its reservation.
            self.amounts[entry.id], self.runs[entry.id] = entry.nano_usd, entry.run
        elif entry.kind == "settle" and entry.id in self.amounts:
            self.amounts[entry.id] = entry.nano_usd

    def total(self, run_id: str | None = None) -> int:
        if run_id is None:
            return sum(self.amounts.values())
        return sum(amount for entry_id, amount in self.amounts.items() if self.runs[entry_id] == run_id)

    def add(self, entry: dict[str, object]) -> None:
        """At the end of the file, in one piece."""
        data = json.dumps(entry).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                data = b"\n" + data
            os.write(descriptor, data)
        finally:
            os.close(descriptor)


class Budget:
    """What one run may still spend, and all runs of the day; `run_id` names the run in every process of it."""

    def __init__(
        self,
        directory: Path,
        run_id: str,
        *,
        run_usd: float,
        day_usd: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._run_id = run_id
        self._run_nano, self._day_nano = int(run_usd * _NANO), int(day_usd * _NANO)
        self._now = now
        self._books: dict[date, _Book] = {}
        self._lock = FileLock(directory / ".lock", timeout=_LOCK_S)

    def reserve(self, usd: float) -> Reservation:
        """Set money aside for a call that costs so much at the most.

        Raises:
            LLMError: `over_budget`; it would go beyond what the run or the day may spend.
        """
        reservation = Reservation(secrets.token_hex(8), self._today(), ceil(usd * _NANO))
        if not reservation.nano_usd:
            # Free calls need no book, and nobody a lock for them.
            return reservation
        try:
            with self._locked():
                self._enter(reservation)
        except Timeout:
            reason = f"The ledger in {self._directory} was locked for {_LOCK_S:.0f} s, so nothing can be spent."
            raise LLMError("over_budget", reason) from None
        return reservation

    def _enter(self, reservation: Reservation) -> None:
        left_run, left_day = self._left(reservation.day)
        if reservation.nano_usd > min(left_run, left_day):
            raise _over(reservation.nano_usd, left_run, left_day)
        entry = {"kind": "reserve", "id": reservation.entry_id, "run": self._run_id, "nano_usd": reservation.nano_usd}
        self._book(reservation.day).add(entry)

    def settle(self, reservation: Reservation, usd: float) -> None:
        """Write down what the call did cost, in the book in which it was reserved."""
        if not reservation.nano_usd:
            return
        entry = {"kind": "settle", "id": reservation.entry_id, "nano_usd": ceil(usd * _NANO)}
        try:
            with self._locked():
                self._book(reservation.day).add(entry)
        except Timeout:
            log.warning(
                "The ledger in %s is locked: %d nano-dollars stay reserved.", self._directory, reservation.nano_usd
            )

    def left(self) -> Left:
        """What may still be spent; below 0 where a server has said more tokens than it was allowed."""
        if not self._directory.exists():
            # Nobody has spent anything; looking leaves no trace.
            return Left(self._run_nano / _NANO, self._day_nano / _NANO)
        with self._locked():
            left_run, left_day = self._left(self._today())
        return Left(left_run / _NANO, left_day / _NANO)

    def spent(self) -> Left:
        """What this run and the day have spent, reservations included."""
        left = self.left()
        return Left(self._run_nano / _NANO - left.run_usd, self._day_nano / _NANO - left.day_usd)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            yield

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _left(self, today: date) -> tuple[int, int]:
        # A run that began before midnight has spent of yesterday too.
        books = [self._book(today - timedelta(days=1)), self._book(today)]
        for book in books:
            book.read_on()
        return self._run_nano - sum(book.total(self._run_id) for book in books), self._day_nano - books[1].total()

    def _book(self, day: date) -> _Book:
        return self._books.setdefault(day, _Book(self._directory / f"{day.isoformat()}.jsonl"))


def _over(nano_usd: int, left_run: int, left_day: int) -> LLMError:
    whose, name = ("run", "MENTOR_LLM_BUDGET_RUN_USD") if left_run <= left_day else ("day", "MENTOR_LLM_BUDGET_DAY_USD")
    left = max(min(left_run, left_day), 0) / _NANO
    reason = (
        f"The budget of the {whose} has {left:.4f} US dollars left, and a call may cost {nano_usd / _NANO:.4f}. "
        f"What is done is kept; a later run goes on. Raise {name} for more."
    )
    return LLMError("over_budget", reason)
