"""The server that tests marked `llm` ask: that of `make test-llm`, or any other on 127.0.0.1.

`MENTOR_TEST_LLM_URL` is its address, with /v1 at the end; `MENTOR_TEST_LLM_MODEL` the model, as the server calls it.
"""

import os
from collections.abc import Mapping
from typing import Any

import pytest

from mlops_mentor.feedback.llm.calls import Question, Role, estimate_tokens
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor_tests.llm.asking import VERDICT, MakeQuestion, Slots

# Read before the surroundings are cleaned for each test.
_URL = os.environ.get("MENTOR_TEST_LLM_URL", "").rstrip("/")
_MODEL = os.environ.get("MENTOR_TEST_LLM_MODEL", "")


@pytest.fixture
def server() -> Server:
    if not _URL or not _MODEL:
        pytest.skip("no MENTOR_TEST_LLM_URL and _MODEL: `make test-llm` starts a server")
    return Server(_URL)


@pytest.fixture
def slots(server: Server) -> Slots:
    return Slots(server)


@pytest.fixture
def model() -> str:
    return _MODEL


@pytest.fixture
def make_question(model: str) -> MakeQuestion:
    """`make_question("...", schema)`: a question, to be answered as the schema says."""

    def make(text: str, schema: Mapping[str, Any] = VERDICT, *, answer_id: str = "answer-0001") -> Question:
        messages: tuple[tuple[Role, str], ...] = (("system", "You look at code. Answer in JSON."), ("user", text))
        tokens = estimate_tokens([each for _, each in messages])
        return Question("1", "code_quality", "first", model, messages, "answer", schema, answer_id, tokens)

    return make
