"""Which reviewer writes: nobody's data leaves this machine by accident."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm import server as server_module
from mlops_mentor.feedback.llm.server import OLLAMA_URL, OPENAI_URL, Reviewer, choose_reviewer, ollama_models
from mlops_mentor.settings import Settings, load_settings

KEY = "sk-abcdefghijklmnop"
OWN = "http://127.0.0.1:8000/v1"


def never() -> Sequence[str] | None:
    raise AssertionError("nobody is to be asked")


def choose(listed: Sequence[str] | Callable[[], Any] | None = None, **settings: Any) -> Reviewer:
    given: dict[str, Any] = {"reviewer": "auto"} | settings
    return choose_reviewer(Settings(**given), listed if callable(listed) else lambda: listed)


def test_rules_ask_nobody() -> None:
    reviewer = choose(never, reviewer="rules", model="m", openai_api_key=KEY)
    assert (reviewer.kind, reviewer.server) == ("rules", None)


def test_a_model_with_a_key_is_asked_at_openai() -> None:
    reviewer = choose(never, model="gpt-4.1-mini", openai_api_key=KEY)
    assert reviewer.server is not None
    assert (reviewer.kind, reviewer.model, reviewer.server.base_url) == ("model", "gpt-4.1-mini", OPENAI_URL)


def test_a_model_with_a_server_needs_no_key() -> None:
    reviewer = choose(never, model="m", second_model="n", openai_base_url=f"{OWN}/")
    assert reviewer.server is not None
    assert (reviewer.server.base_url, reviewer.server.key, reviewer.second_model) == (OWN, None, "n")


def test_a_second_model_that_is_the_first_is_none() -> None:
    assert choose(never, model="m", second_model="m", openai_base_url=OWN).second_model is None


@pytest.mark.parametrize(
    "settings", [{"openai_api_key": KEY}, {"openai_base_url": OWN}, {"openai_base_url": OWN, "openai_api_key": KEY}]
)
def test_a_key_or_server_alone_chooses_no_model_and_says_what_is_missing(settings: dict[str, str]) -> None:
    reviewer = choose(never, **settings)
    assert reviewer.kind == "rules"
    assert "MENTOR_MODEL" in reviewer.hint


def test_a_model_alone_is_asked_nowhere() -> None:
    reviewer = choose(None, model="m")
    assert reviewer.kind == "rules"
    assert "OPENAI_API_KEY" in reviewer.hint


def test_nothing_configured_and_no_ollama_means_rules_without_a_hint() -> None:
    assert choose(None) == Reviewer("rules", "no model is configured")


def test_an_ollama_is_used_with_its_first_model_that_writes() -> None:
    reviewer = choose(("nomic-embed-text:latest", "bge-m3", "qwen3:8b", "llama3"))
    assert reviewer.server is not None
    assert (reviewer.model, reviewer.server.base_url, reviewer.server.key) == ("qwen3:8b", OLLAMA_URL, None)
    assert choose(("qwen3:8b",), model="mine").model == "mine"
    for models in ((), ("nomic-embed-text",)):
        assert choose(models).kind == "rules"


@pytest.mark.parametrize("settings", [{}, {"openai_api_key": KEY}, {"model": "m"}])
def test_who_asks_for_a_model_and_has_none_is_told_what_is_missing(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="MENTOR_REVIEWER=model"):
        choose(None, reviewer="model", **settings)


def test_a_server_is_named_without_path_or_login() -> None:
    reviewer = choose(never, model="m", openai_base_url="https://llm.university.example:8443/team/v1")
    assert reviewer.server is not None
    assert reviewer.server.name == "llm.university.example:8443"


def test_an_empty_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENTOR_REVIEWER")
    monkeypatch.setenv("OPENAI_API_KEY", " \n")
    monkeypatch.setenv("MENTOR_MODEL", "m")
    assert choose_reviewer(load_settings(), lambda: None).kind == "rules"


def serve(
    body: bytes, monkeypatch: pytest.MonkeyPatch, *, status: int = 200, wait_s: float = 0.0
) -> Sequence[str] | None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(wait_s)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        monkeypatch.setattr(server_module, "OLLAMA_PORT", http.server_address[1])
        thread = threading.Thread(target=http.handle_request, daemon=True)
        thread.start()
        found = ollama_models()
        thread.join()
    return found


@pytest.mark.loopback
def test_the_models_of_an_ollama_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = json.dumps({"object": "list", "data": [{"id": "qwen3:8b"}, {"id": "llama3"}]}).encode()
    assert serve(listed, monkeypatch) == ("qwen3:8b", "llama3")
    assert serve(b'{"object": "list", "data": null}', monkeypatch) == ()


@pytest.mark.loopback
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": 5}', b'{"data": [5]}', b"[" * 100_000])
def test_something_else_at_its_port_is_no_ollama(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert serve(body, monkeypatch) is None


@pytest.mark.loopback
def test_looking_for_an_ollama_takes_a_second_at_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_OLLAMA_S", 0.1)
    began = time.monotonic()
    assert serve(b"{}", monkeypatch, wait_s=0.4) is None
    assert time.monotonic() - began < 1.5


@pytest.mark.loopback
def test_nobody_at_its_port_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "OLLAMA_PORT", 1)
    began = time.monotonic()
    assert ollama_models() is None
    assert time.monotonic() - began < 0.2
