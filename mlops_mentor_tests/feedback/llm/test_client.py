"""One attempt over a real socket, or a transport in its place: what is sent, where to, and for how long."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.calls import Usage
from mlops_mentor.feedback.llm.client import Client
from mlops_mentor.feedback.llm.habits import Form
from mlops_mentor.feedback.llm.replies import Failure, Reply
from mlops_mentor.feedback.llm.server import Server
from mlops_mentor_tests.feedback.llm.asking import ask_all, make_question, open_client
from mlops_mentor_tests.feedback.llm.fault_server import (
    CUT_BODY,
    DRIP,
    ENDLESS,
    FINE,
    HANG_UP,
    PACKED,
    SILENT,
    Behaviour,
    FaultServer,
    always,
    completion,
    refuses,
)

KEY = "sk-proj-abcdefghijklmnop1234"


def attempt(url: str, **settings: Any) -> Reply | Failure:
    async def run() -> Reply | Failure:
        async with open_client(url, **settings) as client:
            return await client.attempt(make_question(), Form())

    return asyncio.run(run())


def through(handler: Callable[[httpx2.Request], httpx2.Response], server: Server | None = None) -> Reply | Failure:
    async def run() -> Reply | Failure:
        client = Client(server or Server(key=SecretStr(KEY)), 5.0, 300, httpx2.MockTransport(handler))
        async with client:
            return await client.attempt(make_question(), Form())

    return asyncio.run(run())


def failure(result: Reply | Failure) -> Failure:
    assert isinstance(result, Failure), result
    return result


@pytest.mark.loopback
def test_a_question_is_sent_as_it_is_and_its_answer_read() -> None:
    with FaultServer(key=KEY) as server:
        result = attempt(server.url, key=SecretStr(f" {KEY}\n"))
    assert isinstance(result, Reply)
    assert json.loads(result.text) == {"score": 1, "summary": "text"}
    [asked] = server.seen
    assert [(each["role"], each["content"]) for each in asked.body["messages"]] == list(make_question().messages)
    assert asked.body["stream"] is False
    assert result.usage == server.billed


@pytest.mark.loopback
def test_a_server_without_a_key_gets_none_that_is_one() -> None:
    with FaultServer() as server:
        attempt(server.url)
    assert server.seen[0].headers["authorization"] == "Bearer none"


@pytest.mark.loopback
def test_the_server_is_not_told_what_kind_of_machine_asks() -> None:
    with FaultServer() as server:
        attempt(server.url)
    headers = server.seen[0].headers
    assert [name for name in headers if name.startswith("x-")] == []
    assert headers["user-agent"].startswith("mlops-mentor/")


@pytest.mark.loopback
@pytest.mark.parametrize("behaviour", [DRIP, SILENT], ids=lambda each: each.name)
def test_no_answer_takes_longer_than_its_deadline(behaviour: Behaviour) -> None:
    with FaultServer(script=always(behaviour)) as server:
        result = failure(attempt(server.url, timeout_s=0.3))
    assert (result.outcome, result.may_be_billed, result.status) == ("timeout", True, None)
    assert "MENTOR_LLM_TIMEOUT_S" in result.reason


@pytest.mark.loopback
@pytest.mark.parametrize("behaviour", [ENDLESS, PACKED, HANG_UP, CUT_BODY], ids=lambda each: each.name)
def test_bodies_without_an_end_or_with_a_wrong_one_are_no_answer(behaviour: Behaviour) -> None:
    with FaultServer(script=always(behaviour)) as server:
        result = failure(attempt(server.url, timeout_s=5.0))
    assert (result.outcome, result.may_be_billed) == ("no_answer", True)


@pytest.mark.loopback
def test_nobody_at_the_address_is_unreachable_and_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = failure(attempt(f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))
    assert (result.outcome, result.may_be_billed) == ("unreachable", False)
    assert "OPENAI_BASE_URL" in result.reason


@pytest.mark.loopback
def test_students_text_is_not_carried_to_where_a_redirect_leads() -> None:
    with FaultServer() as elsewhere:
        moved = refuses(307, b"", {"Location": f"{elsewhere.url}/chat/completions"})
        with FaultServer(script=always(moved)) as server:
            result = failure(attempt(server.url))
    assert elsewhere.seen == []
    assert (result.outcome, result.stops) == ("bad_request", "server")


@pytest.mark.loopback
def test_a_proxy_of_the_surroundings_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with FaultServer() as server:
        assert isinstance(attempt(server.url), Reply)


@pytest.mark.loopback
def test_a_proxy_of_the_surroundings_is_used_for_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.settimeout(5)
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        seen: list[bytes] = []

        async def run() -> Reply | Failure:
            async with open_client("https://llm.university.example/v1", timeout_s=2.0) as client:
                asking = asyncio.create_task(client.attempt(make_question(), Form()))
                loop = asyncio.get_running_loop()
                connection, _ = await loop.run_in_executor(None, proxy.accept)
                seen.append(await loop.run_in_executor(None, connection.recv, 1000))
                connection.close()
                return await asking

        result = asyncio.run(run())
    assert seen[0].startswith(b"CONNECT llm.university.example:443")
    assert isinstance(result, Failure)


def test_the_key_stands_in_no_reason_log_or_stored_file(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(kind: type[Exception]) -> Callable[[httpx2.Request], httpx2.Response]:
        def handle(request: httpx2.Request) -> httpx2.Response:
            raise kind(f"bad header 'Bearer {KEY}'")

        return handle

    kinds = (httpx2.ConnectError, httpx2.ReadError, httpx2.LocalProtocolError, httpx2.ConnectTimeout, httpx2.ProxyError)
    results = [through(broken(kind)) for kind in kinds]
    results.append(through(lambda request: httpx2.Response(401, json={"error": {"message": f"Bad key {KEY}"}})))
    for result in results:
        assert KEY not in repr(result)
        assert failure(result).outcome in ("unreachable", "no_answer", "not_allowed")
    assert KEY not in caplog.text


@pytest.mark.loopback
def test_a_key_is_in_no_file_of_the_data_directory(tmp_path: Path) -> None:
    with FaultServer(script=always(FINE)) as server:
        ask_all(server.url, tmp_path, [make_question()], key=SecretStr(KEY))
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) >= 2
    assert [path for path in stored if KEY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("key", ["sk two words", "sk-\u00e9", "sk-\n-x"])
def test_a_key_with_strange_characters_is_refused_before_it_is_sent(key: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        Client(Server(key=SecretStr(key)), 1.0, 10)
    assert key not in str(caught.value)


def test_what_belongs_to_another_account_of_the_surroundings_is_the_sdks_own_affair_and_the_key_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-surroundings")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=completion("tiny", "Well.", Usage(1, 0, 1)))

    through(handle, Server("http://127.0.0.1:9/v1"))
    assert str(seen[0].url) == "http://127.0.0.1:9/v1/chat/completions"
    assert seen[0].headers["authorization"] == "Bearer none"


def test_a_server_that_cuts_the_question_without_a_word_is_found_out() -> None:
    async def run() -> Reply | Failure:
        handle = httpx2.MockTransport(
            lambda request: httpx2.Response(200, json=completion("llama", "Well.", Usage(4096, 0, 5)))
        )
        async with Client(Server("http://127.0.0.1:9/v1"), 5.0, 300, handle) as client:
            return await client.attempt(make_question(text="x = 1\n" * 6000), Form())

    found = failure(asyncio.run(run()))
    assert (found.outcome, found.usage) == ("too_long", Usage(4096, 0, 5))


def test_nothing_but_the_client_takes_the_second_that_importing_openai_takes() -> None:
    code = (
        "import sys; import mlops_mentor.feedback.llm.caller, mlops_mentor.feedback.llm.diagnosis;"
        "sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    )
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": os.environ["PATH"]}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
