"""When GitHub may be asked: what its answers say of its limits, and the one gate that all requests of a client pass.

Belongs here: reading limits and waiting for them. Sending, and trying again after failures, is for `client`.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from mlops_mentor.errors import GitHubError

log = logging.getLogger(__name__)

# The two APIs have budgets of their own; these are GitHub's names for them.
Api = Literal["core", "graphql"]

# What GitHub asks for where it does not say how long.
_UNSAID_S = 60.0
# A pause that is over on arrival would have a client ask without pause.
_SHORTEST_S = 1.0
_LONGEST_S = 24 * 3600.0
# Where every fifth request fails, as many failures in a row are one in ten million.
_MAX_UNANSWERED = 10
_SILENCE = timedelta(minutes=1)
# A pause of exactly what is left still fits.
_TOLERANCE_S = 0.001


@dataclass
class Usage:
    """What a client has asked, and what is left of GitHub's limits by GitHub's names for them (`core`, `graphql`).

    `num_counted` are the requests that GitHub counts: those it answered, without `num_not_modified`.
    `waited_s` is time in which the client stood still for limits, however many requests waited.
    """

    num_requests: int = 0
    num_not_modified: int = 0
    num_counted: int = 0
    num_retries: int = 0
    waited_s: float = 0.0
    remaining: dict[str, int] = field(default_factory=dict)
    reset_at: dict[str, datetime] = field(default_factory=dict)

    def summary(self) -> str:
        """In a sentence."""
        left = ", ".join(f"{num} left of {name}" for name, num in sorted(self.remaining.items()))
        return (
            f"{self.num_requests} requests, {self.num_not_modified} of them free, {self.num_retries} tried again, "
            f"{self.waited_s:.0f} s waited for limits" + (f"; {left}" if left else "")
        )


@dataclass
class Silence:
    """Whether GitHub answers at all. After many attempts in a row without any answer, one a minute is enough.

    Otherwise a class of 130 groups would wait for hours for what nobody will say, and git is not read meanwhile.
    """

    now: Callable[[], datetime]
    _num_unanswered: int = 0
    _next_at: datetime | None = None

    def check(self) -> None:
        """Raise GitHubError where asking is of no use at present."""
        if self._next_at is None or self._num_unanswered < _MAX_UNANSWERED:
            return
        if self.now() < self._next_at:
            reason = f"GitHub has not answered {self._num_unanswered} attempts in a row. Look at the network."
            raise GitHubError("timeout", reason, self._next_at)
        self._next_at = self.now() + _SILENCE

    def answered(self) -> None:
        self._num_unanswered = 0

    def unanswered(self) -> None:
        self._num_unanswered += 1
        self._next_at = self.now() + _SILENCE


@dataclass(frozen=True)
class Refusal:
    """GitHub answers nothing before `until`: one API whose budget is used up, or, where it is secondary, neither."""

    until: datetime
    is_secondary: bool


def is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Whether an answer refuses because of a limit; 403 may have other causes."""
    text = message.lower()
    return status == 429 or (
        status == 403
        and (
            "retry-after" in headers
            or headers.get("x-ratelimit-remaining") == "0"
            or "rate limit" in text
            or "abuse detection" in text
        )
    )


def read_refusal(headers: Mapping[str, str], message: str, now: datetime) -> Refusal:
    """What an answer that refuses because of a limit says of it."""
    text = message.lower()
    is_used_up = headers.get("x-ratelimit-remaining") == "0" or "api rate limit" in text
    is_secondary = "secondary" in text or "abuse detection" in text or not is_used_up
    asked_s, reset_s = _number(headers.get("retry-after")), _until_reset_s(headers, now)
    pause_s = (asked_s or reset_s) if is_secondary else (reset_s or asked_s)
    pause_s = min(max(pause_s or _UNSAID_S, _SHORTEST_S), _LONGEST_S)
    return Refusal(now + timedelta(seconds=pause_s), is_secondary)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def _until_reset_s(headers: Mapping[str, str], now: datetime) -> float | None:
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is None:
        return None
    # By GitHub's clock where it says the time: with this machine's, wrong by minutes, one asks too early for ever.
    try:
        asked_at = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        asked_at = now
    return min(reset - asked_at.timestamp(), _LONGEST_S)


@dataclass
class _Pause:
    until: datetime
    is_secondary: bool
    is_too_long: bool = False


class Limits:
    """The gate of one client: at most `concurrency` requests at once, none during a pause, no more than `max_wait_s`
    of waiting in all."""

    def __init__(
        self,
        max_wait_s: float,
        concurrency: int,
        usage: Usage,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._max_wait_s = max_wait_s
        self._usage = usage
        self._now = now
        self._sleep = sleep
        self._slots = asyncio.Semaphore(concurrency)
        self._pauses: dict[Api, _Pause] = {}
        self._num_waiting = 0
        self._waiting_since = now()

    @asynccontextmanager
    async def turn(self, api: Api) -> AsyncIterator[None]:
        """Within it one request may be sent.

        Raises:
            GitHubError: `rate_limited`; the pause is longer than what may still be waited.
        """
        while True:
            await self._wait(api)
            # No place is held while waiting: those who wait for one API would keep others from the other.
            await self._slots.acquire()
            if self._pause(api) is None:
                break
            self._slots.release()
        try:
            yield
        finally:
            self._slots.release()

    def hear(self, api: Api, headers: Mapping[str, str]) -> None:
        """Note what an answer says is left; with nothing left nobody need be refused first."""
        remaining, reset_s = _number(headers.get("x-ratelimit-remaining")), _until_reset_s(headers, self._now())
        if remaining is None or reset_s is None:
            return
        resource = headers.get("x-ratelimit-resource", api)
        reset_at = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
        # Answers overtake one another: within an hour the lowest number is the newest.
        is_same_hour = self._usage.reset_at.get(resource) == reset_at
        known = self._usage.remaining.get(resource) if is_same_hour else None
        self._usage.remaining[resource] = int(remaining) if known is None else min(int(remaining), known)
        self._usage.reset_at[resource] = reset_at
        if remaining == 0 and resource == api:
            self._add(api, _Pause(self._now() + timedelta(seconds=reset_s), is_secondary=False))

    def refuse(self, api: Api, headers: Mapping[str, str], message: str) -> None:
        """Note that GitHub refused because of a limit: nobody asks before it is over."""
        refusal = read_refusal(headers, message, self._now())
        stopped: tuple[Api, ...] = ("core", "graphql") if refusal.is_secondary else (api,)
        for each in stopped:
            self._add(each, _Pause(refusal.until, refusal.is_secondary))

    def error(self, api: Api) -> GitHubError:
        """For a request that was refused once too often."""
        return _too_long(api, self._pauses[api], self._now())

    def _add(self, api: Api, pause: _Pause) -> None:
        known = self._pause(api)
        if pause.until > self._now() and (known is None or known.until < pause.until):
            self._pauses[api] = pause

    def _pause(self, api: Api) -> _Pause | None:
        pause = self._pauses.get(api)
        return pause if pause is not None and pause.until > self._now() else None

    async def _wait(self, api: Api) -> None:
        while (pause := self._pause(api)) is not None:
            left_s = (pause.until - self._now()).total_seconds()
            if pause.is_too_long or left_s > self._max_wait_s - self._waited_s() + _TOLERANCE_S:
                # For good, or some later request would wait for what is left of the pause then.
                pause.is_too_long = True
                raise _too_long(api, pause, self._now())
            with self._standing_still(api, left_s):
                await self._sleep(left_s)

    def _waited_s(self) -> float:
        current_s = (self._now() - self._waiting_since).total_seconds() if self._num_waiting else 0.0
        return self._usage.waited_s + current_s

    @contextmanager
    def _standing_still(self, api: Api, left_s: float) -> Iterator[None]:
        if self._num_waiting == 0:
            self._waiting_since = self._now()
            log.info("GitHub's limit for %s is reached: waiting %.0f s", api, left_s)
        self._num_waiting += 1
        try:
            yield
        finally:
            waited_s = self._waited_s()
            self._num_waiting -= 1
            if self._num_waiting == 0:
                self._usage.waited_s = waited_s


def _too_long(api: Api, pause: _Pause, now: datetime) -> GitHubError:
    # Upwards to the minute: before it, asking would still be of no use.
    minute = (pause.until + timedelta(seconds=59)).astimezone(UTC)
    goes_on = f"{minute:%H:%M} UTC" if minute.date() == now.astimezone(UTC).date() else f"{minute:%Y-%m-%d %H:%M} UTC"
    if pause.is_secondary:
        reason = f"GitHub asks for a pause after many requests in a short time; it goes on at {goes_on}."
    else:
        of = " of GraphQL" if api == "graphql" else ""
        reason = f"GitHub's hourly limit{of} is used up; it goes on at {goes_on}."
    return GitHubError("rate_limited", reason, pause.until)
