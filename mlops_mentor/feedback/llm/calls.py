"""A call of a language model as the rest of the project knows it: what is asked, what came back, what it cost.

Belongs here: the shapes. Sending is for `client`, trying again, storing and paying for `caller`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]
Purpose = Literal["first", "repair", "second", "second_repair"]


@dataclass(frozen=True)
class Question:
    """What a model is asked about one group and area.

    `messages` are (role, text): system first, without a word of a student's; repairs end with the answer and what is
    wrong with it. `schema` is the JSON schema of the answer, minimal and strict. `answer_id` is the key of pack,
    rubric, prompt, model, parameters and purpose: under it the answer is stored, and never paid for again.
    `num_tokens` is an estimate of what is sent.
    """

    group_id: str
    area: str
    purpose: Purpose
    model: str
    messages: tuple[tuple[Role, str], ...]
    schema_name: str
    schema: Mapping[str, Any]
    answer_id: str
    num_tokens: int


@dataclass(frozen=True)
class Usage:
    """Tokens of a call; `is_estimated` where the server said none. `cached` are part of `prompt`."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    is_estimated: bool = False


@dataclass(frozen=True)
class Answer:
    """A text that a model gave, or had given before (`is_stored`), and what it cost then (US dollars; None: unknown).

    `num_calls` are the calls that it took, those that gave no text included, and `usage` and `cost_usd` those of all.
    """

    answer_id: str
    text: str
    model_answered: str | None
    finish_reason: str | None
    usage: Usage
    cost_usd: float | None
    num_calls: int
    is_stored: bool


@dataclass(frozen=True)
class Call:
    """One call as the table `llm_calls` has it."""

    group_id: str
    area: str
    call_id: str
    purpose: Purpose
    attempt: int
    model: str
    model_answered: str | None
    server: str
    began_at: datetime
    seconds: float
    outcome: str
    reason: str | None
    status: int | None
    response_format: str
    finish_reason: str | None
    usage: Usage
    cost_usd: float | None
    answer_id: str | None


class Ask(Protocol):
    """Asks a model, as `caller.Caller.ask` does."""

    async def __call__(self, question: Question) -> Answer:
        """The answer, stored or new.

        Raises:
            LLMError: there is none, for its reason; `too_long` where a shorter question may have one.
        """


def estimate_tokens(texts: Sequence[str]) -> int:
    """Tokens of these texts, rather too many than too few: three characters of code are about one token."""
    return sum(-(-len(text.encode("utf-8", "replace")) // 3) + 4 for text in texts)
