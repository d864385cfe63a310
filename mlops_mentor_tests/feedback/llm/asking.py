"""Questions and callers for tests; as a program, a process that asks and can be killed.

python -m mlops_mentor_tests.feedback.llm.asking <server url> <data directory> <run id> <first> <last>
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.caller import Caller
from mlops_mentor.feedback.llm.calls import Answer, Call, Question, estimate_tokens
from mlops_mentor.feedback.llm.client import Client
from mlops_mentor.feedback.llm.limits import Gate
from mlops_mentor.feedback.llm.prices import Price
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor.feedback.llm.spending import Budget

SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer"}, "summary": {"type": "string"}},
    "required": ["score", "summary"],
    "additionalProperties": False,
}
PRICE = Price(0.40, 0.10, 1.60)
MODEL = "tiny"


def make_question(number: int = 1, *, text: str = "print('hello')", **changes: Any) -> Question:
    """A question of its own for each number."""
    messages = (("system", "You review code. Answer in JSON."), ("user", f"{text}\n# group {number}\nHow good is it?"))
    values: dict[str, Any] = {
        "group_id": str(number), "area": "code_quality", "purpose": "first", "model": MODEL, "messages": messages,
        "schema_name": "review", "schema": SCHEMA, "answer_id": f"answer-{number:06}",
        "num_tokens": estimate_tokens([said for _, said in messages]),
    }  # fmt: skip
    return Question(**values | changes)


@asynccontextmanager
async def open_client(url: str, **settings: Any) -> AsyncIterator[Client]:
    """A client of that server; `timeout_s`, `max_tokens`, `key`."""
    server = Server(url, settings.get("key"))
    async with Client(server, settings.get("timeout_s", 5.0), settings.get("max_tokens", 300)) as client:
        yield client


@asynccontextmanager
async def open_caller(url: str, directory: Path, **settings: Any) -> AsyncIterator[Caller]:
    """A caller with answers and ledger below the directory; `calls` is where its calls are listed."""
    calls: list[Call] = settings.get("calls", [])
    budget = Budget(
        directory / "spending",
        settings.get("run_id", "run"),
        run_usd=settings.get("run_usd", 100.0),
        day_usd=settings.get("day_usd", 100.0),
    )
    gate = Gate(
        settings.get("concurrency", 8), settings.get("max_wait_s", 300.0), sleep=settings.get("sleep", asyncio.sleep)
    )
    prices = {MODEL: settings.get("price", PRICE), "other": settings.get("price", PRICE)}
    async with open_client(url, **settings) as client:
        yield Caller(
            client, prices, AnswerStore(directory / "answers"), budget, gate, on_call=calls.append,
            sleep=settings.get("sleep", asyncio.sleep),
        )  # fmt: skip


async def outcome_of(asked: Awaitable[Answer]) -> Answer | LLMError:
    """The answer, or why there is none."""
    try:
        return await asked
    except LLMError as error:
        return error


def ask_all(url: str, directory: Path, questions: Iterable[Question], **settings: Any) -> list[Answer | LLMError]:
    """What comes of each question, asked all at once."""

    async def run() -> list[Answer | LLMError]:
        async with open_caller(url, directory, **settings) as caller:
            return await asyncio.gather(*(outcome_of(caller.ask(question)) for question in questions))

    return asyncio.run(run())


def with_caller(work: Callable[[Caller], Awaitable[Any]], url: str, directory: Path, **settings: Any) -> Any:
    """What comes of work with one caller."""

    async def run() -> Any:
        async with open_caller(url, directory, **settings) as caller:
            return await work(caller)

    return asyncio.run(run())


if __name__ == "__main__":
    first, last = int(sys.argv[4]), int(sys.argv[5])
    ask_all(sys.argv[1], Path(sys.argv[2]), map(make_question, range(first, last)), run_id=sys.argv[3], concurrency=4)
