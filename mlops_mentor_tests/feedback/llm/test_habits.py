"""What a server takes is found out once, and by one call."""

import asyncio

import pytest

from mlops_mentor.feedback.llm.habits import Form, Habits, first_form, poorer_form, put
from mlops_mentor.feedback.llm.replies import Failure
from mlops_mentor_tests.feedback.llm.asking import SCHEMA, make_question

OWN = "http://127.0.0.1:8000/v1"
FIRST = Form()


def refused(said: str, status: int = 400) -> Failure:
    return Failure("bad_request" if status < 500 else "server_error", said, status, said.lower())


# As OpenAI, LiteLLM, vLLM, Ollama and forks of llama.cpp say it.
@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
         Form(tokens_field="max_completion_tokens")),
        ("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is",
         Form(has_temperature=False)),
        ("litellm.UnsupportedParamsError: openai does not support parameters: ['seed'], for model=o1",
         Form(has_seed=False)),
        ("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
         Form(response_format="json_object")),
        ("Failed to parse grammar", Form(response_format="json_object")),
        ("['body', 'seed'] Extra inputs are not permitted", Form(has_seed=False)),
    ],
)  # fmt: skip
def test_a_refused_parameter_is_left_out_or_replaced(said: str, form: Form) -> None:
    assert poorer_form(FIRST, refused(said)) == form


def test_a_server_that_fails_over_a_format_is_understood_too() -> None:
    said = 'response_format type must be one of "text" or "json_object", but got: json_schema'
    assert poorer_form(FIRST, refused(said, 500)) == Form(response_format="json_object")


@pytest.mark.parametrize("said", ["Something is wrong", "", "max_tokens is too large: 100000"])
def test_what_is_not_about_the_form_changes_none(said: str) -> None:
    assert poorer_form(FIRST, refused(said)) is None


def test_the_formats_end_with_plain_text() -> None:
    form: Form | None = FIRST
    formats = []
    while form is not None:
        formats.append(form.response_format)
        form = poorer_form(form, refused("response_format is not supported"))
    assert formats == ["json_schema", "json_object", "text"]


def test_two_names_of_a_parameter_are_not_tried_in_turn_for_ever() -> None:
    habits = Habits(OWN)
    assert habits.learn(habits.form, refused("'max_tokens' is not supported"))
    assert not habits.learn(habits.form, refused("'max_completion_tokens' is not supported"))


def test_openai_is_asked_by_the_new_name_and_others_by_the_one_that_all_know() -> None:
    assert first_form("https://api.openai.com/v1").tokens_field == "max_completion_tokens"
    assert first_form("https://eu.api.openai.com/v1").tokens_field == "max_completion_tokens"
    assert first_form(OWN).tokens_field == "max_tokens"
    assert first_form("https://notopenai.com.example/v1").tokens_field == "max_tokens"


def test_without_a_schema_the_server_is_told_it_in_words_and_not_among_students_text() -> None:
    question = make_question()
    strict = put(question, FIRST, 10)
    assert strict["response_format"]["json_schema"]["schema"] == SCHEMA
    for form in (Form("json_object"), Form("text")):
        loose = put(question, form, 10)
        assert '"additionalProperties": false' in loose["messages"][0]["content"]
        assert loose["messages"][1:] == strict["messages"][1:]
    assert "response_format" not in loose


def test_half_a_character_in_a_file_is_no_reason_not_to_ask() -> None:
    arguments = put(make_question(text="a\ud800b"), FIRST, 10)
    assert "a?b" in arguments["messages"][1]["content"].encode().decode()


def test_the_first_call_goes_alone_and_the_others_ask_as_it_has_learned() -> None:
    habits = Habits(OWN)
    asked: list[Form] = []

    async def ask() -> None:
        while True:
            async with habits.scouting():
                form = habits.form
                asked.append(form)
                await asyncio.sleep(0.01)
                if form.response_format == "text" and not form.has_seed:
                    return
                said = "response_format" if form.response_format != "text" else "seed"
                assert habits.learn(form, refused(f"{said} is not supported"))

    async def all_at_once() -> None:
        await asyncio.gather(*(ask() for _ in range(20)))

    asyncio.run(all_at_once())
    assert len(asked) == 20 + 3, "three refusals in all"


def test_a_slow_first_call_holds_nobody_up_for_long() -> None:
    async def run() -> list[str]:
        habits, done = Habits(OWN, wait_s=0.02), []

        async def ask(name: str, seconds: float) -> None:
            async with habits.scouting():
                await asyncio.sleep(seconds)
                done.append(name)

        await asyncio.gather(ask("slow", 0.3), ask("second", 0), ask("third", 0))
        return done

    assert asyncio.run(run()) == ["second", "third", "slow"]
