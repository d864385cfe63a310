"""An OpenAI-compatible server on 127.0.0.1 that misbehaves to order, and keeps its own books of what it bills.

    with FaultServer(script=per_question(RATE_LIMITED, CUT_BODY)) as server:
        ...  # ask server.url; each question is refused first, cut off then, answered after that
        assert ours >= server.billed

`script` says how a request is answered, `answer` with which text. What a server takes at all (formats, parameters,
models, keys, length) are arguments: asked for more it refuses as such servers do, and bills nothing.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, Self

from mlops_mentor.feedback.llm.calls import Usage


@dataclass(frozen=True)
class Asked:
    """A request for a completion: the how-manieth it is (from 1), of all and of this question."""

    number: int
    attempt: int
    question: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float

    @property
    def text(self) -> str:
        """All that was said to the model."""
        return "\n".join(message["content"] for message in self.body["messages"])

    @property
    def max_tokens(self) -> int:
        return int(self.body.get("max_tokens") or self.body.get("max_completion_tokens") or 0)


@dataclass(frozen=True)
class Bill:
    """What the model's work on a request cost; `is_told` where the asker could read it."""

    question: str
    usage: Usage
    is_told: bool


Respond = Callable[["_Handler", Asked], None]


@dataclass(frozen=True)
class Behaviour:
    """A way to answer, by its name."""

    name: str
    respond: Respond = field(compare=False)


Script = Callable[[Asked], Behaviour]


class FaultServer:
    """Serves while it is entered; `seen` are the requests, `bills` the books."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        answer: Callable[[Asked], str] | None = None,
        latency_s: float = 0.0,
        key: str | None = None,
        models: tuple[str, ...] | None = None,
        formats: tuple[str, ...] = ("json_schema", "json_object"),
        tokens_fields: tuple[str, ...] = ("max_tokens", "max_completion_tokens"),
        parameters: tuple[str, ...] = ("temperature", "seed"),
        context_tokens: int | None = None,
        port: int = 0,
    ) -> None:
        self.script = script or (lambda asked: FINE)
        self.answer = answer or fitting_answer
        self.latency_s = latency_s
        self.key = key
        self.models = models
        self.formats = formats
        self.tokens_fields = tokens_fields
        self.parameters = parameters
        self.context_tokens = context_tokens
        self.seen: list[Asked] = []
        self.bills: list[Bill] = []
        self.most_at_once = 0
        self.stopping = threading.Event()
        self._attempts: Counter[str] = Counter()
        self._num_underway = 0
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.fault_server = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL would be."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def billed(self) -> Usage:
        """All tokens that it bills."""
        with self._lock:
            usages = [bill.usage for bill in self.bills]
        return Usage(
            sum(usage.prompt for usage in usages),
            sum(usage.cached for usage in usages),
            sum(usage.completion for usage in usages),
        )

    def num_bills(self) -> Counter[str]:
        """How often each question was billed."""
        with self._lock:
            return Counter(bill.question for bill in self.bills)

    def note(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Asked:
        question = _name(body)
        with self._lock:
            self._attempts[question] += 1
            asked = Asked(len(self.seen) + 1, self._attempts[question], question, body, headers, monotonic())
            self.seen.append(asked)
            self._num_underway += 1
            self.most_at_once = max(self.most_at_once, self._num_underway)
        return asked

    def done(self) -> None:
        with self._lock:
            self._num_underway -= 1

    def bill(self, asked: Asked, completion: int, *, is_told: bool = True) -> Usage:
        """Write down what this request costs."""
        usage = Usage(tokens_of(asked.text), 0, completion)
        with self._lock:
            self.bills.append(Bill(asked.question, usage, is_told))
        return usage


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    fault_server: FaultServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asks may go away in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    @property
    def faults(self) -> FaultServer:
        return self.server.fault_server

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            models = self.faults.models or ("tiny",)
            self.reply(200, {"object": "list", "data": [{"id": model, "object": "model"} for model in models]})
        else:
            self.reply(404, {"error": {"message": "not found"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self.reply(404, {"detail": "Not Found"})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = self.faults.note(body, headers)
        try:
            refusal = _refusal(self.faults, asked)
            if refusal is not None:
                self.reply(*refusal)
                return
            behaviour = self.faults.script(asked)
            self.faults.stopping.wait(self.faults.latency_s)
            behaviour.respond(self, asked)
        finally:
            self.faults.done()

    def reply(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """One answer: `body` as JSON unless it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json", "Content-Length": str(len(data))} | dict(headers or {})
        head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self.wfile.write(head.encode() + b"\r\n" + data)

    def begin(self, headers: Mapping[str, str]) -> None:
        """The beginning of an answer that goes wrong; the connection is of no use afterwards."""
        self.close_connection = True
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n".encode())


def tokens_of(text: str) -> int:
    """As this server counts: about four bytes each, and never none."""
    return len(text.encode()) // 4 + 1


def completion(model: str, text: str | None, usage: Usage | None, **more: Any) -> dict[str, Any]:
    """The body of a completion; `finish_reason` and further parts of the message in `more`."""
    finish = more.pop("finish_reason", "stop")
    message = {"role": "assistant", "content": text} | more
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": f"{model}-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if usage is not None:
        body["usage"] = {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
        }
    return body


def fitting_answer(asked: Asked) -> str:
    """The least that fits the schema that was asked for."""
    format_ = asked.body.get("response_format", {})
    return json.dumps(_fitting(format_.get("json_schema", {}).get("schema", {"type": "object"})))


def _fitting(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _fitting(part) for name, part in schema.get("properties", {}).items()}
    simple: dict[str, Any] = {"array": [], "string": "text", "integer": schema.get("minimum", 1), "number": 1.0}
    return simple.get(kind, kind == "boolean" or None)


def _name(body: Mapping[str, Any]) -> str:
    # By what the student wrote: the system message says more where the server takes no schema.
    said = [(message["role"], message["content"]) for message in body["messages"] if message["role"] != "system"]
    return hashlib.sha256(json.dumps([body["model"], said]).encode()).hexdigest()[:16]


def _refusal(server: FaultServer, asked: Asked) -> tuple[int, object] | None:
    """What such a server says to what it does not take."""
    body = asked.body
    if server.key is not None and asked.headers.get("authorization") != f"Bearer {server.key}":
        said = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return 401, _error(f"Incorrect API key provided: {said[:8]}***{said[-4:]}.", code="invalid_api_key")
    if server.models is not None and body["model"] not in server.models:
        return 404, _error(f"The model `{body['model']}` does not exist.", code="model_not_found")
    for name in ("max_tokens", "max_completion_tokens"):
        if name in body and name not in server.tokens_fields:
            other = server.tokens_fields[0]
            message = f"Unsupported parameter: '{name}' is not supported with this model. Use '{other}' instead."
            return 400, _error(message, code="unsupported_parameter", param=name)
    for name in ("temperature", "seed"):
        if name in body and name not in server.parameters:
            message = f"Unsupported value: '{name}' does not support {body[name]} with this model."
            return 400, _error(message, code="unsupported_value", param=name)
    kind = body.get("response_format", {}).get("type", "text")
    if kind != "text" and kind not in server.formats:
        return 400, _error(f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model.")
    num_tokens = tokens_of(asked.text)
    if server.context_tokens is not None and num_tokens + asked.max_tokens > server.context_tokens:
        return 400, _long_openai(num_tokens, server.context_tokens)
    return None


def _error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | more}


def _long_openai(num_tokens: int, context: int) -> dict[str, Any]:
    message = (
        f"This model's maximum context length is {context} tokens. However, your messages resulted in {num_tokens} "
        "tokens. Please reduce the length of the messages."
    )
    return _error(message, code="context_length_exceeded", param="messages")


# --- behaviours: what a request may meet


def _worked(handler: _Handler, asked: Asked, text: str | None, *, num_tokens: int | None = None, **more: Any) -> None:
    """The model has worked, and says what it costs."""
    usage = handler.faults.bill(asked, tokens_of(text or "") if num_tokens is None else num_tokens)
    handler.reply(200, completion(asked.body["model"], text, usage, **more))


def _fine(handler: _Handler, asked: Asked) -> None:
    _worked(handler, asked, handler.faults.answer(asked))


def says(text: str, name: str = "says") -> Behaviour:
    """Answers with this text."""
    return Behaviour(name, lambda handler, asked: _worked(handler, asked, text))


def refuses(status: int, body: object = None, headers: Mapping[str, str] | None = None, name: str = "") -> Behaviour:
    """Answers with this status, and bills nothing."""
    said = _error(f"Something is wrong ({status}).") if body is None else body
    return Behaviour(name or str(status), lambda handler, asked: handler.reply(status, said, headers))


def _cut_json(handler: _Handler, asked: Asked) -> None:
    text = handler.faults.answer(asked)
    _worked(handler, asked, text[: len(text) // 2 + 1], finish_reason="length")


def _no_usage(handler: _Handler, asked: Asked) -> None:
    text = handler.faults.answer(asked)
    handler.faults.bill(asked, tokens_of(text), is_told=False)
    handler.reply(200, completion(asked.body["model"], text, None))


def _cut_body(handler: _Handler, asked: Asked) -> None:
    text = handler.faults.answer(asked)
    usage = handler.faults.bill(asked, tokens_of(text), is_told=False)
    data = json.dumps(completion(asked.body["model"], text, usage)).encode()
    handler.begin({"Content-Length": str(len(data))})
    handler.wfile.write(data[: len(data) // 2])


def _broken_json(handler: _Handler, asked: Asked) -> None:
    usage = handler.faults.bill(asked, tokens_of(handler.faults.answer(asked)), is_told=False)
    data = json.dumps(completion(asked.body["model"], handler.faults.answer(asked), usage)).encode()
    handler.reply(200, data[: len(data) // 2])


def _drip(handler: _Handler, asked: Asked) -> None:
    """A byte now and then: each in time, and all of them never."""
    handler.faults.bill(asked, asked.max_tokens, is_told=False)
    handler.begin({"Content-Length": "100000"})
    while not handler.faults.stopping.wait(0.02):
        handler.wfile.write(b" ")


def _endless(handler: _Handler, asked: Asked) -> None:
    handler.faults.bill(asked, asked.max_tokens, is_told=False)
    handler.begin({"Connection": "close"})
    while not handler.faults.stopping.is_set():
        handler.wfile.write(b" " * 65536)


def _silent(handler: _Handler, asked: Asked) -> None:
    """The model works, and nobody hears of it."""
    handler.faults.bill(asked, asked.max_tokens, is_told=False)
    handler.close_connection = True
    handler.faults.stopping.wait(30)


def _hang_up(handler: _Handler, asked: Asked) -> None:
    handler.faults.bill(asked, tokens_of(handler.faults.answer(asked)), is_told=False)
    handler.close_connection = True


def _packed(handler: _Handler, asked: Asked) -> None:
    handler.faults.bill(asked, 10, is_told=False)
    handler.reply(200, b"\x1f\x8b" + b"\0" * 20, {"Content-Encoding": "gzip"})


def _fenced(handler: _Handler, asked: Asked) -> None:
    _worked(handler, asked, f"Here you are:\n```json\n{handler.faults.answer(asked)}\n```\n")


FINE = Behaviour("fine", _fine)
RATE_LIMITED = refuses(429, _error("Rate limit reached for requests", code="rate_limit_exceeded"), name="429")
RATE_LIMITED_1S = refuses(429, _error("Rate limit reached"), {"Retry-After": "1"}, name="429, retry after 1 s")
SERVER_ERROR = refuses(500, _error("The server had an error", type="server_error"), name="500")
UNAVAILABLE = refuses(503, _error("Loading model", type="unavailable_error", code=503), name="503")
WRONG_KEY = refuses(401, _error("Incorrect API key provided.", code="invalid_api_key"), name="wrong key")
DRIP = Behaviour("slow drip", _drip)
ENDLESS = Behaviour("never-ending", _endless)
SILENT = Behaviour("silent", _silent)
HANG_UP = Behaviour("hangs up", _hang_up)
CUT_BODY = Behaviour("cut body", _cut_body)
BROKEN_JSON = Behaviour("broken JSON", _broken_json)
PACKED = Behaviour("packed", _packed)
CUT_JSON = Behaviour("cut text", _cut_json)
FENCED = Behaviour("fenced", _fenced)
WRONG_SCHEMA = says('{"verdict": "fine", "mark": "twelve"}', "wrong schema")
REFUSAL = Behaviour(
    "refusal", lambda handler, asked: _worked(handler, asked, None, num_tokens=9, refusal="I cannot help with that.")
)
FILTERED = Behaviour(
    "filtered", lambda handler, asked: _worked(handler, asked, None, num_tokens=0, finish_reason="content_filter")
)
EMPTY = Behaviour("empty", lambda handler, asked: _worked(handler, asked, ""))
ONLY_REASONING = Behaviour(
    "only reasoning",
    lambda handler, asked: _worked(
        handler, asked, None, num_tokens=asked.max_tokens, reasoning_content="Hmm", finish_reason="length"
    ),
)
HTML = refuses(200, b"<!DOCTYPE html><title>Log in</title>", {"Content-Type": "text/html"}, name="HTML")
NO_CHOICES = Behaviour(
    "no choices", lambda handler, asked: handler.reply(200, {"object": "chat.completion", "choices": []})
)
NO_USAGE = Behaviour("no usage", _no_usage)
ERROR_IN_200 = refuses(200, _error("The engine is overloaded", code=502), name="error in a 200")
TOO_LONG_OPENAI = refuses(400, _long_openai(99_999, 8192), name="too long, as OpenAI says")
TOO_LONG_LLAMA = refuses(
    400,
    {
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 99_999,
            "n_ctx": 4096,
        }
    },
    name="too long, as llama.cpp says",
)
# Everything that one call may meet; what concerns all calls (wrong keys, formats) is set on the server.
EVERY_FAULT = (
    RATE_LIMITED, RATE_LIMITED_1S, SERVER_ERROR, UNAVAILABLE, DRIP, ENDLESS, SILENT, HANG_UP, CUT_BODY, BROKEN_JSON,
    PACKED, CUT_JSON, FENCED, WRONG_SCHEMA, REFUSAL, FILTERED, EMPTY, ONLY_REASONING, HTML, NO_CHOICES, NO_USAGE,
    ERROR_IN_200, TOO_LONG_OPENAI, TOO_LONG_LLAMA,
)  # fmt: skip


# --- scripts: who meets what


def in_turn(*behaviours: Behaviour, then: Behaviour = FINE) -> Script:
    """The first request meets the first, and so on; the others `then`."""
    return lambda asked: behaviours[asked.number - 1] if asked.number <= len(behaviours) else then


def per_question(*behaviours: Behaviour, then: Behaviour = FINE) -> Script:
    """So does each question for itself: its first attempt meets the first."""
    return lambda asked: behaviours[asked.attempt - 1] if asked.attempt <= len(behaviours) else then


def always(behaviour: Behaviour) -> Script:
    """Every request meets it."""
    return lambda asked: behaviour
