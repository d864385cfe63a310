"""What can be said about the reviewer before it writes in earnest: who it is, whether it answers, what it costs.

Belongs here: looking, with one tiny call, and the remedy for what is found. Printing is for the command line.
"""

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mlops_mentor.diagnosis import Finding
from mlops_mentor.errors import ConfigError, LLMError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.caller import Caller
from mlops_mentor.feedback.llm.calls import Answer, Question, Role, estimate_tokens
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.prices import Price
from mlops_mentor.feedback.llm.server import Reviewer, choose_reviewer, ollama_models
from mlops_mentor.feedback.llm.session import make_budget, prices_of
from mlops_mentor.feedback.llm.spending import Budget
from mlops_mentor.settings import Settings

_LONGEST_S = 60.0
# Reasoning comes first, and takes its share.
_MOST_TOKENS = 1_000
_MESSAGES: tuple[tuple[Role, str], ...] = (
    ("system", "You check a connection. Answer with one JSON object with the key `word`."),
    ("user", "Say the word ready."),
)
_SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
_REMEDIES = {
    "not_allowed": "correct OPENAI_API_KEY",
    "unreachable": "start the server, or correct OPENAI_BASE_URL",
    "timeout": "try later, or raise MENTOR_LLM_TIMEOUT_S",
    "rate_limited": "try later",
    "over_budget": "raise MENTOR_LLM_BUDGET_DAY_USD",
    "bad_request": "correct MENTOR_MODEL and OPENAI_BASE_URL",
}


def diagnose_reviewer(
    settings: Settings, list_ollama: Callable[[], Sequence[str] | None] = ollama_models
) -> list[Finding]:
    """What is found about the reviewer of these settings; asks its server for a few words.

    Raises:
        ConfigError: a model is asked for, and what it needs is missing.
    """
    reviewer = choose_reviewer(settings, list_ollama)
    if reviewer.server is None or reviewer.model is None:
        return [Finding("reviewer", True, f"rules, without a model: {reviewer.why}", reviewer.hint)]
    found = [Finding("reviewer", True, f"{reviewer.model} at {reviewer.server.name}: {reviewer.why}", reviewer.hint)]
    try:
        prices = prices_of(settings, reviewer)
    except ConfigError as error:
        return [*found, Finding("price", False, str(error), "set MENTOR_LLM_PRICE")]
    budget = make_budget(settings, "doctor")
    is_told = settings.llm_price is not None
    found += [_of_price(model, price, is_told=is_told) for model, price in prices.items()]
    found.append(_of_budget(settings, budget))
    return found + asyncio.run(_try(settings, reviewer, prices, budget))


def _of_price(model: str, price: Price, *, is_told: bool) -> Finding:
    if price.is_free:
        # A router on this machine may pass questions on to a server that is paid.
        remedy = "set MENTOR_LLM_PRICE if that is wrong"
        return Finding("price", True, f"{model} costs nothing", "" if is_told else remedy)
    since = f", looked up on {price.since}" if price.since else ", as MENTOR_LLM_PRICE says"
    numbers = f"{price.input:g} sent, {price.cached:g} cached, {price.output:g} received"
    return Finding("price", True, f"{model}: US dollars per million tokens {numbers}{since}")


def _of_budget(settings: Settings, budget: Budget) -> Finding:
    left = budget.left().day_usd
    day, run = settings.llm_budget_day_usd, settings.llm_budget_run_usd
    found = f"{left:.2f} of {day:.2f} US dollars left today, {run:.2f} a run"
    is_left = left > 0 or day == 0
    return Finding("budget", is_left, found, "" if is_left else "raise MENTOR_LLM_BUDGET_DAY_USD")


async def _try(settings: Settings, reviewer: Reviewer, prices: dict[str, Price], budget: Budget) -> list[Finding]:
    from mlops_mentor.feedback.llm.client import Client

    assert reviewer.server is not None  # noqa: S101 - the caller has seen it
    timeout_s, max_tokens = min(settings.llm_timeout_s, _LONGEST_S), min(settings.llm_max_tokens, _MOST_TOKENS)
    # What was said is of no use to anybody afterwards.
    with tempfile.TemporaryDirectory(prefix="mentor-doctor-") as directory:
        async with Client(reviewer.server, timeout_s, max_tokens) as client:
            caller = Caller(client, prices, AnswerStore(Path(directory)), budget, Gate(1, 0.0))
            return [await _try_model(caller, model) for model in prices]


async def _try_model(caller: Caller, model: str) -> Finding:
    question = Question(
        group_id="doctor", area="doctor", purpose="first", model=model, messages=_MESSAGES, schema_name="ready",
        schema=_SCHEMA, answer_id=f"doctor-{secrets.token_hex(8)}",
        num_tokens=estimate_tokens([text for _, text in _MESSAGES]),
    )  # fmt: skip
    began = time.monotonic()
    try:
        answer = await caller.ask(question)
    except LLMError as error:
        return Finding("model", False, f"{model}: {error.reason}", _REMEDIES.get(error.outcome, "look at the server"))
    seconds = time.monotonic() - began
    form = caller.form(model).response_format
    said = f"{model}: {answer.model_answered or 'it'} answered in {seconds:.1f} s, form {form}"
    tokens = "says no numbers of tokens, they are estimated" if answer.usage.is_estimated else _tokens(answer)
    if not _is_well_formed(answer.text):
        return Finding(
            "model", False, f"{said}, but not as asked; {tokens}", "choose a model that keeps to a JSON schema"
        )
    return Finding("model", True, f"{said}; {tokens}")


def _tokens(answer: Answer) -> str:
    cost = f", {answer.cost_usd:.6f} US dollars" if answer.cost_usd else ""
    return f"{answer.usage.prompt} tokens sent, {answer.usage.completion} received{cost}"


def _is_well_formed(text: str) -> bool:
    try:
        data = json.loads(text.strip().removeprefix("```json").removesuffix("```"))
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and isinstance(data.get("word"), str)
