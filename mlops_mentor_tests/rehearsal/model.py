"""The model of the rehearsal: a server on this machine that answers honestly, stalls and fails, by a seed.

Belongs here: what it does with each request, and its books. The server itself is the fault server of the tests.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass
from threading import Event

from mlops_mentor.feedback.llm.calls import Usage
from mlops_mentor_tests.feedback.llm.fault_server import (
    BROKEN_JSON,
    CUT_BODY,
    CUT_JSON,
    EMPTY,
    ERROR_IN_200,
    FENCED,
    FINE,
    HANG_UP,
    HTML,
    NO_USAGE,
    RATE_LIMITED_1S,
    REFUSAL,
    SERVER_ERROR,
    SILENT,
    UNAVAILABLE,
    WRONG_SCHEMA,
    Asked,
    Behaviour,
    Bill,
    FaultServer,
)
from mlops_mentor_tests.feedback.models import honest

_FAULTS = (
    RATE_LIMITED_1S, SERVER_ERROR, UNAVAILABLE, SILENT, HANG_UP, CUT_BODY, BROKEN_JSON, CUT_JSON, FENCED, WRONG_SCHEMA,
    REFUSAL, EMPTY, HTML, NO_USAGE, ERROR_IN_200,
)  # fmt: skip
# Whole answers that the asker has read: the same question is not to be asked again after one of them.
_WHOLE = (FINE, FENCED, NO_USAGE)


@dataclass(frozen=True)
class Books:
    """What the server has noted: `answered` has how often each question got a whole answer."""

    answered: Counter[str]
    bills: tuple[Bill, ...]
    billed: Usage
    num_requests: int


class RehearsalModel:
    """`share` of its answers go wrong; while `is_out` is set all do."""

    def __init__(self, seed: int, share: float) -> None:
        self.faults: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.is_out = Event()
        self._rng = random.Random(f"model {seed}")
        self._share = share
        self.server = FaultServer(script=self._script, answer=_answer, latency_s=0.05)

    def stop_failing(self) -> None:
        """From now on every answer is whole."""
        self.is_out.clear()
        self._share = 0.0

    def books(self) -> Books:
        """As they stand now."""
        server = self.server
        return Books(Counter(self.answered), tuple(server.bills), server.billed, len(server.seen))

    def _script(self, asked: Asked) -> Behaviour:
        behaviour = FINE
        if self.is_out.is_set():
            behaviour = UNAVAILABLE
        elif self._rng.random() < self._share:
            behaviour = self._rng.choice(_FAULTS)
        if behaviour is not FINE:
            self.faults[behaviour.name] += 1
        if behaviour in _WHOLE:
            self.answered[asked.question] += 1
        return behaviour


def _answer(asked: Asked) -> str:
    try:
        told = json.loads(honest(asked, score=random.Random(asked.question).randint(2, 5)))
        # A word of its own in each draft: it is found wherever it must not be.
        return json.dumps(told | {"summary": f"A small project in order, says {draft_word(asked.question)}."})
    except (KeyError, IndexError):
        # Asked without a schema.
        return json.dumps({"summary": "A small project in order.", "score": 3})


def draft_word(question: str) -> str:
    """Letters, which stand nowhere else."""
    digits = random.Random(f"word of {question}")
    return "draft" + "".join(digits.choice("bcdfghjklmnpqrstvwxz") for _ in range(12))
