"""The client against a real server: what fakes only claim. The model is far too small for what it says to matter."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from mlops_mentor.feedback.llm.calls import Question
from mlops_mentor.feedback.llm.client import Client
from mlops_mentor.feedback.llm.habits import Form, ResponseFormat, TokensField
from mlops_mentor.feedback.llm.replies import Failure, Reply
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor_tests.llm.asking import CODE, ENDLESS, TOO_LONG, MakeQuestion, Slots, assert_is_verdict

pytestmark = [pytest.mark.llm, pytest.mark.loopback]

Outcomes = Sequence[Reply | Failure]


def ask(
    server: Server, *questions: Question, form: Form | None = None, timeout_s: float = 120.0, max_tokens: int = 200
) -> Outcomes:
    """What comes of asking all of them at once."""

    async def run() -> Outcomes:
        async with Client(server, timeout_s, max_tokens) as client:
            return await asyncio.gather(*(client.attempt(each, form or Form()) for each in questions))

    return asyncio.run(run())


def replies(outcomes: Outcomes) -> list[Reply]:
    assert [each for each in outcomes if isinstance(each, Failure)] == []
    return [each for each in outcomes if isinstance(each, Reply)]


def failure(outcomes: Outcomes) -> Failure:
    [only] = outcomes
    assert isinstance(only, Failure), only
    return only


def test_the_server_holds_the_model_to_the_schema(server: Server, make_question: MakeQuestion) -> None:
    [reply] = replies(ask(server, make_question(f"{CODE}\nWrite a poem about it.")))
    assert_is_verdict(reply.text)
    assert reply.finish_reason == "stop"
    assert reply.model_answered


def test_tokens_are_counted_by_the_server(server: Server, make_question: MakeQuestion) -> None:
    short, long = make_question("Is it tested?"), make_question(f"{CODE}\nIs it tested?")
    [of_short] = replies(ask(server, short))
    [of_long] = replies(ask(server, long))
    assert of_short.usage is not None
    assert of_long.usage is not None
    assert not of_long.usage.is_estimated
    assert 0 < of_short.usage.prompt < of_long.usage.prompt
    assert of_long.usage.completion > 0


def test_what_was_asked_before_is_counted_as_cached(server: Server, slots: Slots, make_question: MakeQuestion) -> None:
    question = make_question(f"{CODE}\nIs it tested, after all?")
    replies(ask(server, question))
    [again] = replies(ask(server, question))
    assert again.usage is not None
    assert 0 < again.usage.cached <= again.usage.prompt


def test_an_answer_that_is_cut_off_says_so(server: Server, make_question: MakeQuestion) -> None:
    [reply] = replies(ask(server, make_question(CODE, ENDLESS), max_tokens=12))
    assert reply.finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion == 12
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.text)


def test_a_question_that_is_too_long_is_told_from_a_bad_one(server: Server, make_question: MakeQuestion) -> None:
    found = failure(ask(server, make_question(TOO_LONG)))
    assert (found.outcome, found.is_final, found.stops, found.may_be_billed) == ("too_long", True, "", False)


def test_a_timeout_ends_the_servers_work_too(server: Server, slots: Slots, make_question: MakeQuestion) -> None:
    found = failure(ask(server, make_question(CODE, ENDLESS), timeout_s=1.0, max_tokens=1500))
    assert (found.outcome, found.may_be_billed, found.is_final) == ("timeout", True, False)
    asyncio.run(slots.until_idle())
    replies(ask(server, make_question("Is it tested?")))


def test_cancelling_ends_the_servers_work_too(server: Server, slots: Slots, make_question: MakeQuestion) -> None:
    async def run() -> Outcomes:
        async with Client(server, 120.0, 1500) as client:
            task = asyncio.create_task(client.attempt(make_question(CODE, ENDLESS), Form()))
            await slots.until_busy()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await slots.until_idle()
            return [await client.attempt(make_question("Is it tested?"), Form())]

    # The client is still good for the next question.
    replies(asyncio.run(run()))


def test_more_questions_than_the_server_has_room_for_wait_their_turn(
    server: Server, make_question: MakeQuestion
) -> None:
    questions = [make_question(f"Question {number}: is it tested?") for number in range(6)]
    answered = replies(ask(server, *questions))
    assert len(answered) == 6
    for reply in answered:
        assert_is_verdict(reply.text)


def test_without_a_schema_the_server_still_holds_the_model_to_json(server: Server, make_question: MakeQuestion) -> None:
    form = Form(response_format="json_object")
    [reply] = replies(ask(server, make_question("Is it tested?"), form=form, max_tokens=40))
    assert reply.text.lstrip().startswith("{")


@pytest.mark.parametrize("response_format", ["json_schema", "json_object", "text"])
@pytest.mark.parametrize("tokens_field", ["max_tokens", "max_completion_tokens"])
def test_the_limit_holds_in_each_form(
    server: Server, make_question: MakeQuestion, response_format: ResponseFormat, tokens_field: TokensField
) -> None:
    form = Form(response_format=response_format, tokens_field=tokens_field)
    [reply] = replies(ask(server, make_question(CODE, ENDLESS), form=form, max_tokens=9))
    assert reply.usage is not None
    assert 0 < reply.usage.completion <= 9


def test_a_wrong_path_says_what_to_correct(server: Server, make_question: MakeQuestion) -> None:
    found = failure(ask(Server(f"{server.base_url}/nowhere"), make_question("Is it tested?")))
    assert (found.outcome, found.stops, found.status) == ("bad_request", "server", 404)
    assert "OPENAI_BASE_URL" in found.reason
