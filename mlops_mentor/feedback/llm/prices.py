"""What tokens cost.

Belongs here: the price table, whose numbers are data in `prices.yaml`, and the cost of a call. Limits are for
`spending`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import isfinite
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.calls import Question, Usage, estimate_tokens
from mlops_mentor.feedback.llm.server import Server

_TABLE = Path(__file__).with_name("prices.yaml")
_MILLION = 1_000_000
# `gpt-4.1-mini-2025-04-14` is `gpt-4.1-mini`; routers name the provider before a slash.
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# What the server adds for each message and for the conversation.
_FRAME_TOKENS = 64


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; `since` is the day on which the table's number was looked up."""

    input: float
    cached: float
    output: float
    since: date | None = None

    @property
    def is_free(self) -> bool:
        return self.input == self.cached == self.output == 0

    def cost(self, usage: Usage) -> float:
        """US dollars."""
        fresh = usage.prompt - usage.cached
        return (fresh * self.input + usage.cached * self.cached + usage.completion * self.output) / _MILLION

    def most(self, question: Question, max_tokens: int) -> float:
        """US dollars that a call can cost: no tokenizer makes more tokens than there are bytes."""
        num_bytes = sum(len(text.encode("utf-8", "replace")) + _FRAME_TOKENS for _, text in question.messages)
        # The schema is sent as well, in words where the server does not take it.
        num_prompt = num_bytes + len(str(question.schema).encode("utf-8", "replace")) + 4 * _FRAME_TOKENS
        return (num_prompt * max(self.input, self.cached) + max_tokens * self.output) / _MILLION


FREE = Price(0.0, 0.0, 0.0)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[str, ...]
    input: float = Field(ge=0)
    cached: float = Field(ge=0)
    output: float = Field(ge=0)
    since: date


@cache
def price_table() -> dict[str, Price]:
    """Prices by the model's name, without date and provider."""
    rows = [_Row.model_validate(row) for row in yaml.safe_load(_TABLE.read_text(encoding="utf-8"))["prices"]]
    return {model: Price(row.input, row.cached, row.output, row.since) for row in rows for model in row.models}


def price_of(model: str, server: Server, override: str | None) -> Price | None:
    """What the model costs: as `MENTOR_LLM_PRICE` says, else nothing on this machine, else by the table; None: unknown.

    Raises:
        ConfigError: `override` is no price.
    """
    if override is not None:
        return _parsed(override)
    if server.is_loopback:
        return FREE
    return price_table().get(_DATED.sub("", model.rpartition("/")[2]))


def needed_price(model: str, server: Server, override: str | None) -> Price:
    """The same, for who is about to spend.

    Raises:
        ConfigError: it is not known, or `override` is no price.
    """
    if (price := price_of(model, server, override)) is None:
        raise ConfigError(
            f"The price of {model} at {server.name} is not known, so no budget can be kept. Set MENTOR_LLM_PRICE to US "
            "dollars per million tokens, input,cached input,output: 0.40,0.10,1.60; 0,0,0 where the server is free."
        )
    return price


def _parsed(text: str) -> Price:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(isfinite(number) and number >= 0 for number in numbers):
        raise ConfigError(
            f"MENTOR_LLM_PRICE: {text!r} is no price. Write US dollars per million tokens, input,cached input,output, "
            "such as 0.40,0.10,1.60; 0,0,0 where the server is free."
        )
    return Price(numbers[0], numbers[1], numbers[2])


def estimate_usd(questions: Sequence[Question], price: Price, completion_tokens: int) -> float:
    """US dollars that these questions are likely to cost, each answered at once with so many tokens: for a dry run."""
    prompts = [
        max(question.num_tokens, estimate_tokens([text for _, text in question.messages])) for question in questions
    ]
    return sum(price.cost(Usage(prompt, 0, completion_tokens)) for prompt in prompts)
