"""What servers say: completions of all kinds, and the many ways in which they say no."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.feedback.llm.calls import Usage
from mlops_mentor.feedback.llm.replies import Failure, Reply, read_answer, retry_after_s, shown, unless_cut
from mlops_mentor.schemas.feedback import CALL_OUTCOMES
from mlops_mentor_tests.feedback.llm.fault_server import completion

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
KEY = "sk-proj-abcdefghijklmnop1234"


def read(status: int, body: object, **headers: str) -> Reply | Failure:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, data, key=KEY, now=NOON
    )


def failure(status: int, body: object, **headers: str) -> Failure:
    found = read(status, body, **headers)
    assert isinstance(found, Failure), found
    return found


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message} | more}


def test_a_completion_has_its_text_model_and_tokens() -> None:
    found = read(200, completion("gpt", "Well.", Usage(100, 64, 7), finish_reason="length"))
    assert found == Reply("Well.", Usage(100, 64, 7), "gpt-2026", "length")


def test_tokens_that_nobody_can_have_counted_count_as_not_said() -> None:
    body = completion("gpt", "Well.", None)
    usages: list[Any] = [{}, {"prompt_tokens": -1}, {"prompt_tokens": "many"}, [], {"completion_tokens": 3}, None]
    for usage in usages:
        found = read(200, body | {"usage": usage})
        assert isinstance(found, Reply)
        assert found.usage is None
    more_cached = {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}
    assert read(200, body | {"usage": more_cached}).usage == Usage(5, 5, 1)


def test_a_text_for_no_tokens_is_one_whose_tokens_nobody_has_counted() -> None:
    for usage in (Usage(0, 0, 0), Usage(10, 0, 0), Usage(0, 0, 10)):
        found = read(200, completion("gpt", "Well.", usage))
        assert isinstance(found, Reply)
        assert found.usage is None


@pytest.mark.parametrize(
    ("num_bytes", "num_read", "is_cut"),
    [
        (36_000, 4096, True),
        (36_000, 2048, True),
        (36_000, 3000, True),
        (36_000, 4097, False),
        (36_000, 9000, False),
        (36_000, 8192, False),
        (36_000, 36_000, False),
        (7_000, 100, False),
    ],
)
def test_a_question_that_was_cut_without_a_word_is_too_long(num_bytes: int, num_read: int, is_cut: bool) -> None:
    reply = Reply("Well.", Usage(num_read, 0, 5), "llama", "stop")
    found = unless_cut(reply, ["x" * (num_bytes - 10), "y" * 10])
    assert (found != reply) == is_cut
    if isinstance(found, Failure):
        assert (found.outcome, found.usage) == ("too_long", reply.usage)
    uncounted = Reply("Well.", None, "llama", "stop")
    assert unless_cut(uncounted, ["x" * num_bytes]) == uncounted


@pytest.mark.parametrize(
    ("more", "outcome", "is_final"),
    [
        ({"refusal": "No."}, "refused", True),
        ({"finish_reason": "content_filter"}, "refused", True),
        ({"finish_reason": "length", "reasoning_content": "Hmm"}, "no_answer", True),
        ({"reasoning": "Hmm"}, "no_answer", False),
        ({}, "no_answer", False),
    ],
)
def test_an_answer_without_text_says_why_and_what_it_cost(more: dict[str, Any], outcome: str, is_final: bool) -> None:
    found = failure(200, completion("gpt", " \n", Usage(10, 0, 5), **more))
    assert (found.outcome, found.is_final, found.usage) == (outcome, is_final, Usage(10, 0, 5))


@pytest.mark.parametrize("choices", [[], None, [{}], [{"message": "text"}], {"0": 1}, "x"])
def test_an_answer_without_a_choice_may_have_been_paid_for(choices: object) -> None:
    found = failure(200, {"choices": choices})
    assert (found.outcome, found.may_be_billed) == ("no_answer", True)


def test_a_page_costs_nothing_and_a_cut_answer_may_cost_something() -> None:
    assert failure(200, b"<html>Log in").may_be_billed is False
    assert failure(200, b"").may_be_billed is False
    assert failure(200, b'{"choices": [{"mess').may_be_billed is True


# As OpenAI, vLLM (two versions), LiteLLM, llama.cpp, llama-cpp-python, Ollama and gateways say it.
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
                    "tokens.", code="context_length_exceeded")),
        (400, {"object": "error", "message": "This model's maximum context length is 6048 tokens. However, you "
               "requested 6616 tokens (568 in the messages).", "type": "BadRequestError", "code": 400}),
        (400, error("'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context length "
                    "is 2048 tokens and your request has 100 input tokens")),
        (400, error("litellm.ContextWindowExceededError: OpenAIException - Input tokens exceed the configured limit of "
                    "272000 tokens.")),
        (400, error("the request exceeds the available context size, try increasing it",
                    type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096)),
        (500, error("Requested tokens (2285) exceed context window of 2048")),
        (429, error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.")),
        (413, b"<html>Payload too large"),
    ],
)  # fmt: skip
def test_every_server_says_too_long_in_its_own_way(status: int, body: object) -> None:
    found = failure(status, body)
    assert (found.outcome, found.is_final, found.stops) == ("too_long", True, "")


@pytest.mark.parametrize(
    ("status", "body", "outcome", "stops"),
    [
        (401, error("Incorrect API key provided"), "not_allowed", "server"),
        (403, error("Country not supported"), "not_allowed", "server"),
        # A firewall that dislikes some student's code.
        (403, b"<html>Attack blocked", "bad_request", ""),
        (402, {"detail": "Pay first"}, "not_allowed", "server"),
        (429, error("You exceeded your current quota", code="insufficient_quota"), "not_allowed", "server"),
        (400, error("Budget has been exceeded! Current cost: 20.1, Max budget: 20.0"), "not_allowed", "server"),
        (404, error("The model `gtp` does not exist", code="model_not_found"), "bad_request", "model"),
        (404, error('model "tiny" not found, try pulling it first'), "bad_request", "model"),
        (404, {"detail": "Not Found"}, "bad_request", "server"),
        (404, b"404 page not found", "bad_request", "server"),
        (307, b"", "bad_request", "server"),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs", "input": "all of it"}]}, "bad_request", ""),
        (429, error("Rate limit reached"), "rate_limited", ""),
        (408, b"", "timeout", ""),
        (409, b"", "server_error", ""),
        (500, error("oops"), "server_error", ""),
        (529, b"overloaded", "server_error", ""),
        (200, error("Overloaded", code=503), "server_error", ""),
        (200, {"error": "model failed to load"}, "server_error", ""),
        (200, error("Rate limit", code=429), "rate_limited", ""),
        (418, b"\xff\xfe", "bad_request", ""),
    ],
)
def test_failures_are_told_apart(status: int, body: object, outcome: str, stops: str) -> None:
    found = failure(status, body)
    assert (found.outcome, found.stops, found.status) == (outcome, stops, status)
    assert "all of it" not in found.reason


def test_only_a_gateway_that_gave_up_may_have_cost_something() -> None:
    statuses = (408, 409, 429, 500, 502, 503, 504, 524, 529)
    assert [status for status in statuses if failure(status, b"").may_be_billed] == [408, 502, 504, 524]


def test_what_an_error_cost_is_believed_where_it_is_said() -> None:
    body = error("broke") | {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    assert failure(500, body).usage == Usage(7, 0, 2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "9", "retry-after-ms": "1250"}, 1.25),
        ({"retry-after": "Tue, 05 Jan 2027 12:00:30 GMT"}, 30),
        # By the server's clock, which is an hour behind.
        ({"retry-after": "Tue, 05 Jan 2027 11:00:30 GMT", "date": "Tue, 05 Jan 2027 11:00:00 GMT"}, 30),
        ({"retry-after": "Tue, 05 Jan 2027 11:59:00 GMT"}, 0),
        ({"retry-after": "999999999"}, 86_400),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({}, None),
    ],
)
def test_a_pause_is_said_in_seconds_milliseconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOON) == seconds


def test_the_key_stands_in_no_reason_and_in_nothing_that_was_said() -> None:
    for quoted in (KEY, f"{KEY[:8]}********{KEY[-4:]}", f"Bearer {KEY}"):
        for status in (400, 401, 404, 500, 200):
            found = failure(status, error(f"Incorrect API key provided: {quoted}."))
            assert KEY not in found.reason + found.said
            assert KEY[:8] not in found.reason
    short = read_answer(400, {}, json.dumps(error("Bad key k-123!")).encode(), key="k-123", now=NOON)
    assert isinstance(short, Failure)
    assert "k-123" not in short.reason + short.said
    found = failure(200, completion("gpt", None, None, refusal=f"No {KEY}"))
    assert KEY not in found.reason


def test_a_text_of_a_server_is_one_short_line() -> None:
    assert shown("a\r\n\x1b[31mb\t c") == "a [31mb c"
    assert len(shown("x" * 10_000)) == 300


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "choices", "message", "content", "usage", "code", "detail", "model", "finish_reason"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.integers(200, 599), _json.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=200))
def test_nothing_that_a_server_says_is_an_exception(status: int, body: bytes) -> None:
    found = read_answer(status, {}, body, key=KEY, now=NOON)
    assert isinstance(found, Reply) or found.outcome in CALL_OUTCOMES


def test_a_text_with_half_a_character_can_be_stored() -> None:
    found = read(200, b'{"choices": [{"message": {"content": "a\\ud800b"}}]}')
    assert isinstance(found, Reply)
    assert found.text.encode() == b"a?b"


def test_deep_nesting_is_no_answer() -> None:
    assert failure(200, b"[" * 100_000).outcome == "no_answer"
