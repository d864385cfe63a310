"""The schemas of our own questions, at a server that makes a grammar of them."""

import asyncio

import pytest

from mlops_mentor.feedback.judge.answer import GivenAnswer, Rejected, answer_schema, read_answer
from mlops_mentor.feedback.llm.client import Client
from mlops_mentor.feedback.llm.habits import Form
from mlops_mentor.feedback.llm.replies import Reply
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor_tests.llm.asking import CODE, MakeQuestion

pytestmark = [pytest.mark.llm, pytest.mark.loopback]


def test_the_schema_of_every_area_is_taken(server: Server, make_question: MakeQuestion) -> None:
    rubric = load_rubric()

    async def run() -> list[Reply]:
        async with Client(server, 300.0, 20) as client:
            outcomes = [
                await client.attempt(make_question(f"{CODE}\n{area.question}", answer_schema(area)), Form())
                for area in rubric.areas
            ]
        assert all(isinstance(each, Reply) for each in outcomes), outcomes
        return [each for each in outcomes if isinstance(each, Reply)]

    replies = asyncio.run(run())
    assert len(replies) == len(rubric.areas) > 0
    for area, reply in zip(rubric.areas, replies, strict=True):
        assert reply.text.lstrip().startswith("{")
        # Cut off or not: reading it says so, and does not fail.
        assert isinstance(read_answer(reply.text, area, rubric, "a boundary"), GivenAnswer | Rejected)
