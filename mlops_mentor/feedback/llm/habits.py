"""What a server takes, found out once for a server and model, and shared by all calls of a run.

Belongs here: in which form to ask, and learning another from a refusal. A parameter that a server does not know is a
400 that is not billed; yet with hundreds of questions nobody should hear it more than once.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from mlops_mentor.feedback.llm.calls import Question, Role
from mlops_mentor.feedback.llm.replies import Failure

ResponseFormat = Literal["json_schema", "json_object", "text"]
TokensField = Literal["max_tokens", "max_completion_tokens"]

_POORER: Mapping[ResponseFormat, ResponseFormat | None] = {
    "json_schema": "json_object", "json_object": "text", "text": None,
}  # fmt: skip
_OTHER: Mapping[TokensField, TokensField] = {
    "max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens",
}  # fmt: skip
_OF_FORMAT = ("response_format", "json_schema", "json schema", "json_object", "structured output", "guided", "grammar")
# A refusal comes at once: whoever has waited so long for the first call sends as it stands.
_LONGEST_WAIT_S = 5.0
_SEED = 7
MOST_FORMS = 8


@dataclass(frozen=True)
class Form:
    """How a question is put; `has_temperature` and `has_seed`: with them answers differ less from run to run."""

    response_format: ResponseFormat = "json_schema"
    tokens_field: TokensField = "max_tokens"
    has_temperature: bool = True
    has_seed: bool = True


def first_form(base_url: str) -> Form:
    """What is tried first. Unknown servers ignore `max_completion_tokens` in silence, and then write without end."""
    is_openai = (urlsplit(base_url).hostname or "").endswith("openai.com")
    return Form(tokens_field="max_completion_tokens" if is_openai else "max_tokens")


def poorer_form(form: Form, failure: Failure, tried: frozenset[Form] = frozenset()) -> Form | None:
    """The form to ask in after this refusal; None where the form was not what was wrong."""
    if failure.outcome not in ("bad_request", "server_error") or not failure.said or failure.stops:
        return None
    said = failure.said
    found: Form | None = None
    if any(word in said for word in _OF_FORMAT):
        poorer = _POORER[form.response_format]
        found = replace(form, response_format=poorer) if poorer else None
    elif form.has_temperature and "temperature" in said:
        found = replace(form, has_temperature=False)
    elif form.has_seed and "seed" in said:
        found = replace(form, has_seed=False)
    elif form.tokens_field in said and _is_unknown(said):
        found = replace(form, tokens_field=_OTHER[form.tokens_field])
    return found if found not in tried else None


def _is_unknown(said: str) -> bool:
    words = (
        "unsupported",
        "not supported",
        "unrecognized",
        "unknown",
        "unexpected",
        "extra",
        "not permitted",
        "instead",
    )
    return any(word in said for word in words)


def put(question: Question, form: Form, max_tokens: int) -> dict[str, Any]:
    """The arguments of a chat completion."""
    arguments: dict[str, Any] = {"model": question.model, form.tokens_field: max_tokens, "stream": False}
    if form.has_temperature:
        arguments["temperature"] = 0
    if form.has_seed:
        arguments["seed"] = _SEED
    messages = question.messages
    if form.response_format == "json_schema":
        schema = {"name": question.schema_name, "strict": True, "schema": dict(question.schema)}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    else:
        messages = _with_schema(question)
    if form.response_format == "json_object":
        arguments["response_format"] = {"type": "json_object"}
    # Half a character, from a file with broken text, cannot be sent.
    sendable = [(role, text.encode("utf-8", "replace").decode("utf-8")) for role, text in messages]
    arguments["messages"] = [{"role": role, "content": text} for role, text in sendable]
    return arguments


def _with_schema(question: Question) -> tuple[tuple[Role, str], ...]:
    """A server that does not hold the model to the schema has to be told it in words."""
    schema = json.dumps(question.schema, ensure_ascii=False)
    told = f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"
    first, *rest = question.messages
    if first[0] != "system":
        return (("system", told), first, *rest)
    return (("system", f"{first[1]}\n\n{told}"), *rest)


class Habits:
    """Of one server and model: the form that it takes, as far as that is known."""

    def __init__(self, base_url: str, wait_s: float = _LONGEST_WAIT_S) -> None:
        self.form = first_form(base_url)
        self._wait_s = wait_s
        self._tried = {self.form}
        self._is_first = True
        self._known = asyncio.Event()

    @asynccontextmanager
    async def scouting(self) -> AsyncIterator[None]:
        """Within it one may ask. The first call goes alone: what it learns the others need not find out."""
        is_scout, self._is_first = self._is_first, False
        if not is_scout and not self._known.is_set():
            try:
                async with asyncio.timeout(self._wait_s):
                    await self._known.wait()
            except TimeoutError:
                # For good: one slow call says that the form was not refused.
                self._known.set()
        try:
            yield
        finally:
            # Whoever was refused for the form asks again at once, and goes alone again.
            if is_scout and not self._is_first:
                self._known.set()

    def learn(self, form: Form, failure: Failure) -> bool:
        """Note what a question asked in `form` was refused for; whether asking anew is of use."""
        if form != self.form:
            # Meanwhile another call has found out.
            return poorer_form(form, failure) is not None
        poorer = poorer_form(form, failure, frozenset(self._tried))
        if poorer is None:
            return False
        self.form = poorer
        self._tried.add(poorer)
        self._is_first = not self._known.is_set()
        return True
