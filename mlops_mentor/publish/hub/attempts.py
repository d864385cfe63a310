"""Trying again: how often, with which pauses, and when it ends.

Belongs here: patience with a Hub that fails. What is tried must do no harm when it is done twice: a reply may be lost
after the work was done.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.failures import CLIENT_ERRORS, failure_of
from mlops_mentor.publish.hub.target import HubTarget

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long a push goes on in spite of failures: `max_failures` of one piece of work, and `max_s` in all."""

    max_failures: int = 40
    max_s: float = 600.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 15.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    now: Callable[[], float] = field(default=time.monotonic, repr=False)


class Attempts:
    """The patience of one push. `num_failures` are those so far, of all that was tried."""

    def __init__(self, target: HubTarget, patience: Patience) -> None:
        self._target = target
        self._patience = patience
        self._began = patience.now()
        self.num_failures = 0

    def of(self, work: Callable[[], T]) -> T:
        """What the work gives, once it succeeds.

        Raises:
            PublishError: it cannot succeed, or the patience is at its end; the text says why.
        """
        pause_s = self._patience.first_pause_s
        num_failures = 0
        while True:
            try:
                return work()
            except CLIENT_ERRORS as error:
                failure = failure_of(error, self._target)
            if not failure.is_passing:
                raise PublishError(failure.reason)
            self.num_failures += 1
            num_failures += 1
            # Two who push at the same time would else meet again and again.
            waited_s = max(pause_s * random.uniform(0.7, 1.0), failure.wait_s or 0.0)  # noqa: S311
            self._wait(waited_s, failure.reason, is_last=num_failures >= self._patience.max_failures)
            pause_s = min(pause_s * 2, self._patience.longest_pause_s)

    def _wait(self, pause_s: float, reason: str, *, is_last: bool) -> None:
        ends_s = self._began + self._patience.max_s - self._patience.now()
        if is_last or pause_s > ends_s:
            minutes = (self._patience.now() - self._began) / 60
            raise PublishError(
                f"{reason} After {self.num_failures} failures in {minutes:.0f} minutes the work on {self._target.repo} "
                "has ended; no commit is there by halves. Do it again later."
            )
        log.info("%s Trying again in %.1f s", reason, pause_s)
        self._patience.sleep(pause_s)
