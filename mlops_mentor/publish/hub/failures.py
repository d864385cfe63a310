"""What went wrong at the Hub, in words, and whether another try may help.

Belongs here: reading the client's exceptions. No text has the token or an address: those of uploads are keys.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)

from mlops_mentor.publish.hub.client import TRIED_AGAIN
from mlops_mentor.publish.hub.target import HubTarget

# What the client raises: its own errors, those of its connections (both are `httpx2.HTTPError`), an upload that ended
# badly (RuntimeError, OSError), an answer that is none (ValueError, KeyError).
CLIENT_ERRORS = (httpx2.HTTPError, RuntimeError, OSError, ValueError, KeyError)
_ADDRESS = re.compile(r"\b[a-z+]{2,10}://[^\s'\"<>]{1,2000}")
_MAX_SAID = 300
_RATE_LIMIT = re.compile(r"\bt=(\d{1,6})")


@dataclass(frozen=True)
class Failure:
    """`is_passing`: another try may help. `reason`: sentences. `wait_s`: how long the Hub asks to wait."""

    is_passing: bool
    reason: str
    wait_s: float | None = None


def failure_of(error: Exception, target: HubTarget) -> Failure:
    """What an error of the Hub's client means; `error` is one of `CLIENT_ERRORS`."""
    for cause in _causes(error):
        if isinstance(cause, OfflineModeIsEnabled):
            return Failure(False, "HF_HUB_OFFLINE is set, so that nothing can be pushed. Unset it.")
        if isinstance(cause, HfHubHTTPError):
            return _answered(cause, target)
        if isinstance(cause, httpx2.TransportError):
            return Failure(True, f"The Hub at {target.endpoint} did not answer ({_said(str(cause), target)}).")
    if isinstance(error, ValueError | KeyError):
        return Failure(True, f"What answers at {target.endpoint} does not answer as a Hub does.")
    return Failure(True, f"An upload to the Hub ended badly ({_said(str(error), target)}).")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: uploads run in threads, and wrap what stopped them."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _answered(error: HfHubHTTPError, target: HubTarget) -> Failure:
    status = error.response.status_code
    said = _said(error.server_message or "", target)
    words = f"status {status}" + (f": {said}" if said else "")
    if isinstance(error, RemoteEntryNotFoundError | RevisionNotFoundError):
        # A file that somebody else deleted meanwhile, a commit that not all of the Hub's machines have yet.
        return Failure(True, f"A file or commit of {target.repo} is not there ({words}).")
    if status in TRIED_AGAIN or status >= 500:
        return Failure(True, f"The Hub answered with {words}.", _wait_s(error.response))
    return Failure(False, _refusal(error, status, words, target))


def _refusal(error: HfHubHTTPError, status: int, words: str, target: HubTarget) -> str:
    if isinstance(error, GatedRepoError):
        return f"{target.repo} is gated, and the token has no access ({words}). Ask its owner, or push to another one."
    if isinstance(error, DisabledRepoError):
        return f"The Hub has disabled {target.repo} ({words}). Ask the Hub's support, or push to another dataset."
    if status == 401:
        return f"The Hub does not know the token in HF_TOKEN ({words}). Set a valid one."
    if status == 403:
        return (
            f"The token in HF_TOKEN may not write to {target.repo} ({words}). "
            "Give it the right to write there, or correct MENTOR_HF_REPO."
        )
    if status == 404:
        return (
            f"{target.repo} is not there, or the token in HF_TOKEN does not see it ({words}). Correct MENTOR_HF_REPO."
        )
    return f"The Hub refused the export for {target.repo} ({words}). See that MENTOR_HF_REPO and the card are right."


def _wait_s(response: httpx2.Response) -> float | None:
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    limit = _RATE_LIMIT.search(response.headers.get("RateLimit", "")) if response.status_code == 429 else None
    return float(limit[1]) if limit is not None else None


def _said(text: str, target: HubTarget) -> str:
    plain = _ADDRESS.sub("...", target.without_token(text))
    return " ".join(plain.split())[:_MAX_SAID].rstrip(".")
