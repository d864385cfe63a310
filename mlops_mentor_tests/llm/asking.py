"""Questions whose answers a test can judge whatever the model is like, and a look at what a server is busy with."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from mlops_mentor.feedback.llm.calls import Question
from mlops_mentor.feedback.llm.server import Server

MakeQuestion = Callable[..., Question]

CODE = "def test_add():\n    assert add(1, 2) == 3\n" * 3
# Longer than the context of any model that runs on a laptop.
TOO_LONG = "x = 1\n" * 200_000


def _object(**properties: Any) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


# Over within a few tokens, and unlike anything that a model writes unless it is held to it.
VERDICT = _object(
    verdict={"type": "string", "enum": ["tested", "untested"]},
    certain={"type": "boolean"},
    areas={"type": "array", "items": {"type": "string", "enum": ["code", "report"]}, "minItems": 2, "maxItems": 2},
)
# Two thousand tokens or so: no server is done with it before a test has looked.
ENDLESS = _object(list={"type": "array", "items": {"type": "string", "enum": ["one more", "another"]}, "minItems": 400})


def assert_is_verdict(text: str) -> None:
    answer = json.loads(text)
    assert set(answer) == {"verdict", "certain", "areas"}
    assert answer["verdict"] in {"tested", "untested"}
    assert isinstance(answer["certain"], bool)
    assert len(answer["areas"]) == 2
    assert set(answer["areas"]) <= {"code", "report"}


class Slots:
    """What a llama.cpp server is busy with. Skips the test at other servers, which do not say."""

    def __init__(self, server: Server) -> None:
        self._url = server.base_url.removesuffix("/v1") + "/slots"
        self.num_tokens = int(self._look()[0]["n_ctx"])

    def _look(self) -> list[dict[str, Any]]:
        response = httpx2.get(self._url, trust_env=False, timeout=10)
        if response.status_code != 200:
            pytest.skip("this server does not say what it is busy with")
        slots: list[dict[str, Any]] = response.json()
        return slots

    def _num_busy(self) -> int:
        return sum(bool(slot["is_processing"]) for slot in self._look())

    async def until_busy(self) -> None:
        """Wait until a question is being answered.

        Raises:
            TimeoutError: none is within half a minute.
        """
        await self._until(is_busy=True, pause_s=0.05)

    async def until_idle(self) -> None:
        """Wait until none is.

        Raises:
            TimeoutError: some still is after half a minute.
        """
        # The server looks for who has hung up when nothing has happened for a second: often asked, it never does.
        await self._until(is_busy=False, pause_s=2.0)

    async def _until(self, *, is_busy: bool, pause_s: float) -> None:
        async with asyncio.timeout(30.0):
            while bool(await asyncio.to_thread(self._num_busy)) != is_busy:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(pause_s)
