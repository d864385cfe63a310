"""What tokens cost: by table, as one says, or nothing on this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.calls import Usage
from mlops_mentor.feedback.llm.prices import FREE, Price, estimate_usd, needed_price, price_of, price_table
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor_tests.feedback.llm.asking import make_question

OPENAI = Server()
UNIVERSITY = Server("https://llm.university.example/v1")
OWN = Server("http://127.0.0.1:8000/v1")


def test_every_price_of_the_table_makes_sense() -> None:
    table = price_table()
    assert len(table) >= 10
    for model, price in table.items():
        assert 0 < price.cached <= price.input < price.output, model
        assert price.since is not None


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "openai/gpt-4.1-mini"])
def test_a_model_is_known_with_its_date_or_provider(model: str) -> None:
    for server in (OPENAI, UNIVERSITY):
        price = price_of(model, server, None)
        assert price is not None
        assert (price.input, price.cached, price.output) == (0.40, 0.10, 1.60)


@pytest.mark.parametrize("model", ["gpt-4.1-mini-turbo", "gpt-4.1-min", "my-model", "", "gpt-5.4-pro"])
def test_a_model_that_only_looks_like_one_has_no_price(model: str) -> None:
    assert price_of(model, OPENAI, None) is None


def test_this_machine_is_free_whatever_the_model_is_called() -> None:
    for url in ("http://127.0.0.1:11434/v1", "http://localhost:1/v1", "http://[::1]:8000/v1"):
        assert price_of("gpt-4o", Server(url), None) == FREE
    assert price_of("gpt-4o", Server("https://127.0.0.1.example/v1"), None) != FREE


def test_what_one_says_wins() -> None:
    for server in (OPENAI, UNIVERSITY, OWN):
        assert price_of("gpt-4o", server, " 1, 0.5,2 ") == Price(1, 0.5, 2)
    assert price_of("any", UNIVERSITY, "0,0,0") == FREE


@pytest.mark.parametrize("text", ["", "1", "1,2", "1,2,3,4", "a,b,c", "-1,0,0", "nan,0,0", "inf,0,0", "1;2;3"])
def test_what_is_no_price_names_its_setting(text: str) -> None:
    with pytest.raises(ConfigError, match="MENTOR_LLM_PRICE"):
        price_of("any", OWN, text)


def test_nothing_is_spent_where_the_price_is_not_known() -> None:
    with pytest.raises(ConfigError, match=r"price of my-model at llm.university.example .* MENTOR_LLM_PRICE .* 0,0,0"):
        needed_price("my-model", UNIVERSITY, None)


def test_cached_tokens_cost_less() -> None:
    assert Price(1.0, 0.1, 10.0).cost(Usage(1_000_000, 600_000, 100_000)) == pytest.approx(0.4 + 0.06 + 1.0)


@given(st.text(max_size=300), st.integers(1, 5000))
def test_no_call_costs_more_than_was_set_aside_for_it(text: str, max_tokens: int) -> None:
    price = Price(1.0, 0.1, 10.0)
    question = make_question(text=text * 50)
    num_bytes = sum(len(said.encode("utf-8", "replace")) for _, said in question.messages)
    # A token a byte is the most that a tokenizer makes.
    assert price.most(question, max_tokens) > price.cost(Usage(num_bytes, 0, max_tokens))


def test_an_estimate_counts_prompts_and_likely_answers() -> None:
    questions = [make_question(number, text="x" * 3000) for number in range(10)]
    estimate = estimate_usd(questions, Price(1.0, 0.1, 10.0), 500)
    assert estimate == pytest.approx(10 * (questions[0].num_tokens * 1e-6 + 500 * 1e-5))
