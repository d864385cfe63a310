"""What `doctor` says of the reviewer: who, what it costs, and whether it answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_mentor.diagnosis import Finding
from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.diagnosis import diagnose_reviewer
from mlops_mentor.settings import Settings
from mlops_mentor_tests.feedback.llm.fault_server import (
    NO_USAGE,
    RATE_LIMITED,
    UNAVAILABLE,
    WRONG_KEY,
    WRONG_SCHEMA,
    FaultServer,
    always,
)

KEY = "sk-abcdefghijklmnop"


def diagnose(tmp_path: Path, url: str = "", **settings: Any) -> dict[str, list[Finding]]:
    given: dict[str, Any] = {"reviewer": "auto", "data_dir": tmp_path, "model": "tiny", "openai_base_url": url or None}
    found: dict[str, list[Finding]] = {}
    for each in diagnose_reviewer(Settings(**(given | settings)), lambda: None):
        found.setdefault(each.what, []).append(each)
    return found


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def test_rules_are_well_and_a_key_alone_has_a_hint(tmp_path: Path) -> None:
    [finding] = diagnose(tmp_path, reviewer="rules")["reviewer"]
    assert (finding.is_good, finding.remedy) == (True, "")
    [finding] = diagnose(tmp_path, model=None, openai_api_key=KEY)["reviewer"]
    assert (finding.is_good, "MENTOR_MODEL" in finding.remedy) == (True, True)
    assert not (tmp_path / "spending").exists()


def test_a_model_without_a_server_is_what_doctor_is_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        diagnose(tmp_path, reviewer="model")


def test_an_unknown_price_is_said_and_nobody_asked(tmp_path: Path) -> None:
    [finding] = diagnose(tmp_path, "https://llm.university.example/v1")["price"]
    assert (finding.is_good, finding.remedy) == (False, "set MENTOR_LLM_PRICE")


@pytest.mark.loopback
def test_a_server_that_answers_is_well(tmp_path: Path, server: FaultServer) -> None:
    found = diagnose(tmp_path, server.url, llm_price="1,0.5,2")
    assert all(finding.is_good for findings in found.values() for finding in findings)
    [model] = found["model"]
    assert "tiny-2026 answered in 0." in model.found
    assert "form json_schema" in model.found
    assert "2 received" not in model.remedy
    assert "1 sent, 0.5 cached, 2 received, as MENTOR_LLM_PRICE says" in found["price"][0].found
    assert "20.00 US dollars left today" in found["budget"][0].found
    assert len(server.seen) == 1
    assert not (tmp_path / "answers").exists(), "what was said is of no use afterwards"
    assert list((tmp_path / "spending").glob("*.jsonl")), "what it cost counts"


@pytest.mark.loopback
def test_a_server_on_this_machine_that_may_pass_questions_on_is_asked_about(
    tmp_path: Path, server: FaultServer
) -> None:
    assert "MENTOR_LLM_PRICE" in diagnose(tmp_path, server.url)["price"][0].remedy
    assert diagnose(tmp_path, server.url, llm_price="0,0,0")["price"][0].remedy == ""


@pytest.mark.loopback
def test_both_models_are_tried(tmp_path: Path, server: FaultServer) -> None:
    server.models = ("tiny",)
    first, second = diagnose(tmp_path, server.url, second_model="huge")["model"]
    assert (first.is_good, second.is_good, second.remedy) == (True, False, "correct MENTOR_MODEL and OPENAI_BASE_URL")


@pytest.mark.loopback
def test_what_the_server_takes_is_found_out(tmp_path: Path, server: FaultServer) -> None:
    server.formats, server.parameters, server.tokens_fields = ("json_object",), (), ("max_completion_tokens",)
    server.answer = lambda asked: '{"word": "ready"}'
    [model] = diagnose(tmp_path, server.url)["model"]
    assert model.is_good
    assert "form json_object" in model.found


@pytest.mark.loopback
def test_what_is_wrong_has_a_remedy(tmp_path: Path, server: FaultServer) -> None:
    expected = [
        (WRONG_KEY, "OPENAI_API_KEY"),
        (RATE_LIMITED, "try later"),
        (UNAVAILABLE, "try later"),
        (WRONG_SCHEMA, "choose a model"),
    ]
    for behaviour, remedy in expected:
        server.script = always(behaviour)
        [model] = diagnose(tmp_path, server.url, openai_api_key=KEY)["model"]
        assert (model.is_good, remedy in model.remedy) == (False, True), (behaviour.name, model)
        assert KEY not in repr(model)


@pytest.mark.loopback
def test_a_server_that_says_no_tokens_is_said_to(tmp_path: Path, server: FaultServer) -> None:
    server.script = always(NO_USAGE)
    [model] = diagnose(tmp_path, server.url)["model"]
    assert (model.is_good, "estimated" in model.found) == (True, True)
