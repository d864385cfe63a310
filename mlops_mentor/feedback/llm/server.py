"""Which reviewer writes the feedback, and which server is asked.

Belongs here: choosing. Nobody's data leaves this machine by accident: a key alone chooses no model. Looking closer, for
`doctor`, is for `diagnosis`.
"""

import http.client
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from mlops_mentor.errors import ConfigError
from mlops_mentor.roster.addresses import LOOPBACK_HOSTS
from mlops_mentor.settings import Settings

log = logging.getLogger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_HOST, OLLAMA_PORT = "127.0.0.1", 11434
OLLAMA_URL = f"http://{OLLAMA_HOST}:{OLLAMA_PORT}/v1"
_OLLAMA_S = 1.0
_MAX_LIST_BYTES = 1_000_000
# Models that write no text.
_NO_WRITERS = ("embed", "bge-", "minilm", "rerank", "whisper", "clip")


@dataclass(frozen=True)
class Server:
    """An OpenAI-compatible server; `base_url` without a slash at the end."""

    base_url: str = OPENAI_URL
    key: SecretStr | None = None

    @property
    def name(self) -> str:
        """Host and port, without path, login or key."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_loopback(self) -> bool:
        return (urlsplit(self.base_url).hostname or "") in LOOPBACK_HOSTS


@dataclass(frozen=True)
class Reviewer:
    """Who writes feedback. `why` says in words what decided it, `hint` what one may have meant instead."""

    kind: Literal["rules", "model"]
    why: str
    server: Server | None = None
    model: str | None = None
    second_model: str | None = None
    hint: str = ""

    @property
    def summary(self) -> str:
        """Who writes, and why, in sentences."""
        if self.server is None:
            return f"Feedback is written by fixed rules ({self.why})." + (
                f" For a model {self.hint}." if self.hint else ""
            )
        second = f", {self.second_model} judges too" if self.second_model is not None else ""
        return f"Feedback is written by {self.model} at {self.server.name} ({self.why}){second}."


def plain_key(server: Server) -> str:
    """The key, empty for none.

    Raises:
        ConfigError: it has characters that no key has.
    """
    key = server.key.get_secret_value().strip() if server.key is not None else ""
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        # The library that sends headers would quote it.
        raise ConfigError("OPENAI_API_KEY has characters that no key has. Set it anew.")
    return key


def ollama_models() -> tuple[str, ...] | None:
    """Models of an Ollama on this machine, in its order; None where none answers within a second."""
    connection = http.client.HTTPConnection(OLLAMA_HOST, OLLAMA_PORT, timeout=_OLLAMA_S)
    try:
        connection.request("GET", "/v1/models", headers={"Accept-Encoding": "identity"})
        response = connection.getresponse()
        body = response.read(_MAX_LIST_BYTES)
        if response.status != 200:
            return None
        return tuple(str(model["id"]) for model in json.loads(body)["data"] or ())
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, RecursionError):
        return None
    finally:
        connection.close()


def choose_reviewer(settings: Settings, list_ollama: Callable[[], Sequence[str] | None] = ollama_models) -> Reviewer:
    """Who writes feedback, by the settings and by what answers on this machine; asks no other machine.

    Raises:
        ConfigError: a model is asked for, and what it needs is missing.
    """
    if settings.reviewer == "rules":
        return Reviewer("rules", "MENTOR_REVIEWER=rules")
    has_server = settings.openai_base_url is not None
    has_key = settings.openai_api_key is not None and bool(settings.openai_api_key.get_secret_value())
    if settings.model is not None and (has_server or has_key):
        return _configured(settings)
    if not has_server and not has_key and (reviewer := _local(settings, list_ollama)) is not None:
        return reviewer
    missing = _missing(settings, has_server=has_server, has_key=has_key)
    if settings.reviewer == "model":
        raise ConfigError(f"MENTOR_REVIEWER=model needs a model: {missing}")
    hint = missing if has_server or has_key or settings.model is not None else ""
    return Reviewer("rules", "no model is configured", hint=hint)


def _configured(settings: Settings) -> Reviewer:
    server = Server(settings.openai_base_url or OPENAI_URL, settings.openai_api_key)
    plain_key(server)
    return Reviewer("model", f"MENTOR_MODEL at {server.name}", server, settings.model, _second(settings))


def _second(settings: Settings) -> str | None:
    # The same model again would agree with itself, for twice the money.
    return settings.second_model if settings.second_model != settings.model else None


def _local(settings: Settings, list_ollama: Callable[[], Sequence[str] | None]) -> Reviewer | None:
    """The Ollama of this machine, with the model of the settings or its first that writes; None where there is none."""
    models = list_ollama()
    if models is None:
        return None
    model = settings.model or next((name for name in models if not _is_no_writer(name)), None)
    if model is None:
        return None
    log.info("Feedback is written by %s of the Ollama on this machine.", model)
    return Reviewer("model", "an Ollama answers on this machine", Server(OLLAMA_URL), model, _second(settings))


def _is_no_writer(model: str) -> bool:
    return any(word in model.lower() for word in _NO_WRITERS)


def _missing(settings: Settings, *, has_server: bool, has_key: bool) -> str:
    if settings.model is None and (has_server or has_key):
        return "set MENTOR_MODEL to the model that may see students' files; a server or key alone chooses none"
    if settings.model is not None:
        return "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; MENTOR_MODEL alone reaches none"
    return "set MENTOR_MODEL, and OPENAI_API_KEY or OPENAI_BASE_URL; or start an Ollama on this machine"
