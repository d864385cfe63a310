"""A run's asking, put together from the settings.

Belongs here: which parts a caller is made of. What each does is its own affair.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.caller import Caller
from mlops_mentor.feedback.llm.calls import Call
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.prices import Price, needed_price
from mlops_mentor.feedback.llm.server import Reviewer
from mlops_mentor.feedback.llm.spending import Budget
from mlops_mentor.settings import Settings


@asynccontextmanager
async def open_caller(
    settings: Settings, reviewer: Reviewer, run_id: str, *, on_call: Callable[[Call], None] = lambda call: None
) -> AsyncIterator[Caller]:
    """A caller of the reviewer's server; all processes that work on one run give the same `run_id`.

    Raises:
        ConfigError: the reviewer is no model, or its price is not known.
    """
    prices = prices_of(settings, reviewer)
    budget = make_budget(settings, run_id)
    gate = Gate(settings.llm_concurrency, settings.llm_max_wait_s)
    # Imported by who asks: openai takes a second.
    from mlops_mentor.feedback.llm.client import Client

    assert reviewer.server is not None  # noqa: S101 - prices_of has seen it
    async with Client(reviewer.server, settings.llm_timeout_s, settings.llm_max_tokens) as client:
        yield Caller(client, prices, AnswerStore(settings.answers_dir), budget, gate, on_call=on_call)


def make_budget(settings: Settings, run_id: str) -> Budget:
    """What the run may spend, as the settings say."""
    return Budget(
        settings.spending_dir, run_id, run_usd=settings.llm_budget_run_usd, day_usd=settings.llm_budget_day_usd
    )


def prices_of(settings: Settings, reviewer: Reviewer) -> dict[str, Price]:
    """The price of each model of the reviewer.

    Raises:
        ConfigError: it is no model, or a price is not known.
    """
    if reviewer.server is None or reviewer.model is None:
        raise ConfigError("No model is configured to ask. Set MENTOR_MODEL, and OPENAI_API_KEY or OPENAI_BASE_URL.")
    models = [model for model in (reviewer.model, reviewer.second_model) if model is not None]
    return {model: needed_price(model, reviewer.server, settings.llm_price) for model in models}
