"""What a server's answer says: a text, or why there is none, and what it cost.

Belongs here: reading bodies and statuses, pure. Sending is for `client`; what to do about a failure is for `caller`,
`habits` and `limits`. Servers of one protocol differ most in how they fail: texts of OpenAI, LiteLLM, vLLM, Ollama and
llama.cpp are told apart here and nowhere else.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops_mentor.feedback.llm.calls import Usage

# What a failure means for the rest of the run: nothing, no more of this model, or no more of this server.
Stops = Literal["", "model", "server"]

MAX_MESSAGE = 300
_MAX_TEXT = 200_000
_LONGEST_S = 24 * 3600.0
# Of shorter questions the frame of each message makes up too much.
_SHORT_BYTES = 8_000
# The gateway gave up or the connection broke behind it: the model may have worked all the same.
_MAY_HAVE_WORKED = (408, 502, 504, 524)
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context (?:window|size|length)"
    r"|prompt is too long|input is too long|too many tokens|input tokens exceed|request too large|reduce the length"
)
_NO_MODEL = re.compile(
    r"model_not_found|model .{0,200}(?:not found|does not exist|not exist|unknown)|invalid model|no such model"
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|exceeded your current quota|budget.{0,40}exceeded|exceeded.{0,40}budget|insufficient credit"
)


@dataclass(frozen=True)
class Reply:
    """A text that came back; `usage` is None where the server said none."""

    text: str
    usage: Usage | None
    model_answered: str | None
    finish_reason: str | None
    status: int = 200


@dataclass(frozen=True)
class Failure:
    """No text. `outcome` as in the table `llm_calls`, `reason` for people, `said` what the server said, in lower case.

    `may_be_billed`: the model may have worked, though nobody says how much. `retry_after_s`: how long the server asks
    to be left alone. `is_final`: asking the same again would give the same. `stops`: it would be the same for every
    question.
    """

    outcome: str
    reason: str
    status: int | None = None
    said: str = ""
    usage: Usage | None = None
    may_be_billed: bool = False
    retry_after_s: float | None = None
    is_final: bool = False
    stops: Stops = ""
    model_answered: str | None = None
    finish_reason: str | None = None


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Details(_Loose):
    cached_tokens: int | None = Field(None, ge=0, le=10**9)


class _Usage(_Loose):
    prompt_tokens: int = Field(ge=0, le=10**9)
    completion_tokens: int = Field(0, ge=0, le=10**9)
    prompt_tokens_details: _Details | None = None


class _Message(_Loose):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(_Loose):
    message: _Message
    finish_reason: str | None = None


def shown(text: str, key: str = "") -> str:
    """A text of a server's as it may stand in a log or table: one short line without the key."""
    text = _without_key(text[: 20 * MAX_MESSAGE], key)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:MAX_MESSAGE]


def _without_key(text: str, key: str) -> str:
    if not key:
        return text
    text = text.replace(key, "***")
    # Servers quote the beginning and the end of a key that they refuse.
    return re.sub(re.escape(key[:6]) + r"\S*", "***", text) if len(key) >= 12 else text


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks to be left alone, said in seconds, milliseconds or as a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text := headers.get(name, "").strip()):
            return min(float(text) / unit, _LONGEST_S)
    try:
        until = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    # By the server's clock where it says the time: with this machine's, wrong by minutes, one asks too early for ever.
    try:
        asked_at = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        asked_at = now
    return min(max((_aware(until) - _aware(asked_at)).total_seconds(), 0.0), _LONGEST_S)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def read_answer(status: int, headers: Mapping[str, str], body: bytes, *, key: str, now: datetime) -> Reply | Failure:
    """What an answer with this status (any), headers (names in lower case) and body says."""
    data = _parsed(body)
    error = data.get("error") if isinstance(data, dict) else None
    if status == 200 and isinstance(data, dict) and not error:
        return _read_completion(data, key)
    if status == 200 and not error:
        what = "a web page" if body.lstrip()[:1] == b"<" else "no JSON" if body.strip() else "nothing"
        reason = f"The server answered 200 with {what} instead of a completion: {shown(_text(body), key)}"
        # A page is not the work of a model; what is cut off may be.
        return Failure("no_answer", reason, 200, may_be_billed=what == "no JSON")
    failure = _read_error(status, data, body, key)
    return replace(failure, retry_after_s=retry_after_s(headers, now), usage=_usage_of(data) or failure.usage)


def unless_cut(reply: Reply, texts: Sequence[str]) -> Reply | Failure:
    """The reply, or `too_long` where the server has cut the question without a word, as Ollama does by default.

    Tokenizers make three to five bytes of code a token. More than ten were not read; more than five neither, where
    their number is a round one, as lengths of a context are.
    """
    num_bytes = sum(len(text.encode("utf-8", "replace")) for text in texts)
    num_read = reply.usage.prompt if reply.usage is not None else num_bytes
    is_cut = num_bytes > 10 * num_read or (num_bytes > 5 * num_read and num_read % 1024 == 0)
    if num_bytes < _SHORT_BYTES or not is_cut:
        return reply
    reason = (
        f"The server read {num_read} tokens of a question of {num_bytes} bytes: it cuts off what is too long for the "
        "model. Give the model a longer context (OLLAMA_CONTEXT_LENGTH), or lower MENTOR_PACK_TOKENS."
    )
    failure = Failure("too_long", reason, reply.status, usage=reply.usage, is_final=True)
    return replace(failure, model_answered=reply.model_answered, finish_reason=reply.finish_reason)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(body: bytes) -> str:
    return body[: 20 * MAX_MESSAGE].decode("utf-8", "replace")


def _usage_of(data: object) -> Usage | None:
    if not isinstance(data, dict) or not data.get("usage"):
        return None
    try:
        said = _Usage.model_validate(data["usage"])
    except ValidationError:
        return None
    cached = said.prompt_tokens_details.cached_tokens if said.prompt_tokens_details else None
    return Usage(said.prompt_tokens, min(cached or 0, said.prompt_tokens), said.completion_tokens)


def _read_completion(data: Mapping[str, Any], key: str) -> Reply | Failure:
    usage, model = _usage_of(data), data.get("model")
    model = shown(model, key) if isinstance(model, str) else None
    try:
        choice = _Choice.model_validate(data["choices"][0])
    except (KeyError, IndexError, TypeError, ValidationError):
        reason = "The server's answer has no choice with a message."
        return Failure("no_answer", reason, 200, usage=usage, may_be_billed=True, model_answered=model)
    message, finish = choice.message, shown(choice.finish_reason or "", key) or None
    text = (message.content or "")[:_MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    if text.strip():
        # Nobody writes a text for no tokens: such numbers are none.
        is_counted = usage is not None and usage.prompt > 0 and usage.completion > 0
        return Reply(text, usage if is_counted else None, model, finish)
    outcome, reason, is_final = _why_empty(message, finish, key)
    failure = Failure(outcome, reason, 200, usage=usage, may_be_billed=True, is_final=is_final)
    return replace(failure, model_answered=model, finish_reason=finish)


def _why_empty(message: _Message, finish: str | None, key: str) -> tuple[str, str, bool]:
    """Outcome and reason of an answer without text, and whether the same question would end so again."""
    if message.refusal:
        return "refused", f"The model refused: {shown(message.refusal, key)}", True
    if finish == "content_filter":
        return "refused", "The server's filter withheld the answer.", True
    if finish == "length":
        reason = "All tokens of the answer went into reasoning. Raise MENTOR_LLM_MAX_TOKENS."
        return "no_answer", reason, True
    what = "only reasoning" if message.reasoning_content or message.reasoning else "no text"
    return "no_answer", f"The model gave {what}.", False


def _read_error(status: int, data: Any, body: bytes, key: str) -> Failure:
    said, kinds = _message(data, body)
    # Whole enough to recognise what it is about.
    text = _without_key(f"{said} {kinds}"[: 10 * MAX_MESSAGE], key).lower()
    quoted = f"{status}: {shown(said, key)}" if shown(said, key) else str(status)
    found = _kind_of(_status_meant(status, data), text, quoted, is_json=data is not None)
    if found is None:
        found = Failure("bad_request", f"The server refused the question ({quoted}).", is_final=True)
    return replace(found, status=status, said=text)


def _kind_of(status: int, text: str, quoted: str, *, is_json: bool) -> Failure | None:
    """The failure that is meant, by status and text; None for a question that is refused for some other reason."""
    if _TOO_LONG.search(text) or status == 413:
        return Failure("too_long", f"The question is too long for the model ({quoted}).", is_final=True)
    if _NO_CREDIT.search(text) or status == 402:
        reason = f"The server says that the credit is used up ({quoted}). Look at the account of OPENAI_API_KEY."
        return Failure("not_allowed", reason, stops="server", is_final=True)
    if status == 429:
        return Failure("rate_limited", f"The server's limit is reached ({quoted}).")
    if status == 401 or (status == 403 and is_json):
        reason = f"The server refuses the key ({quoted}). Set OPENAI_API_KEY anew, for this server."
        return Failure("not_allowed", reason, stops="server", is_final=True)
    if status in (400, 404, 422) and _NO_MODEL.search(text):
        reason = f"The server has no such model ({quoted}). Correct MENTOR_MODEL."
        return Failure("bad_request", reason, stops="model", is_final=True)
    if status == 404:
        reason = f"The server has nothing at this address ({quoted}). Correct OPENAI_BASE_URL; most end with /v1."
        return Failure("bad_request", reason, stops="server", is_final=True)
    if 300 <= status < 400:
        reason = f"The server sends one elsewhere ({quoted}). Set OPENAI_BASE_URL to the address that answers."
        return Failure("bad_request", reason, stops="server", is_final=True)
    if status >= 500 or status in (408, 409):
        outcome = "timeout" if status in (408, 504, 524) else "server_error"
        may_be_billed = status in _MAY_HAVE_WORKED
        return Failure(outcome, f"The server failed ({quoted}).", may_be_billed=may_be_billed)
    return None


def _status_meant(status: int, data: Any) -> int:
    """An error within a 200 has its status in the body, or none."""
    error = data.get("error") if isinstance(data, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if status != 200:
        return status
    number = int(str(code)) if str(code).isdecimal() and len(str(code)) == 3 else 500
    return number if number >= 300 else 500


def _message(data: Any, body: bytes) -> tuple[str, str]:
    """The server's words, and its names for the kind of error and the parameter."""
    if not isinstance(data, dict):
        return ("" if body.lstrip()[:1] == b"<" else _text(body)), ""
    error = data.get("error") or data
    if isinstance(error, str):
        return error, ""
    if not isinstance(error, dict):
        return "", ""
    said = error.get("message") or error.get("detail") or ""
    if isinstance(said, list):
        # FastAPI's list of what is wrong holds the whole question: places and texts only.
        said = "; ".join(f"{each.get('loc')} {each.get('msg')}" for each in said[:5] if isinstance(each, dict))
    kinds = " ".join(str(error.get(name) or "") for name in ("code", "type", "param"))
    return str(said), kinds
