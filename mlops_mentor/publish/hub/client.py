"""The Hub's client as we use it: one try a request, no progress bars, no telemetry, no token but ours.

Belongs here: how requests are sent. When something is tried again is for `attempts`, so that one limit holds for all:
the Hub's client would wait by itself, without an end where the Hub asks it to. Files go up by plain HTTP and not
through Xet, which tries again by itself too: with its storage out of order one push took more than eight minutes.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, hf_raise_for_status, set_client_factory
from huggingface_hub.utils._http import default_client_factory
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.target import HubTarget

_TIMEOUT_S = 60.0
# Of these the Hub's client would ask again by itself; of a conflict in making a dataset without an end or a pause.
TRIED_AGAIN = frozenset({408, 409, 412, 425, 429, 500, 502, 503, 504})


class LostError(httpx2.TransportError):
    """A request without an answer. The Hub's client tries the kinds below this class again by itself, and not this."""


class _OneTry(httpx2.Client):
    """Raises at once where the Hub's client would wait and ask again."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            response = super().send(request, **options)
            if response.status_code in TRIED_AGAIN:
                response.read()
        except httpx2.TransportError as error:
            raise LostError(str(error) or type(error).__name__) from error
        if response.status_code in TRIED_AGAIN:
            hf_raise_for_status(response)
        return response


@contextmanager
def connected(target: HubTarget) -> Iterator[HfApi]:
    """The Hub's client for that target. While it is open, all of this process that asks the Hub goes its way.

    Raises:
        PublishError: the client is told to stay offline.
    """
    if constants.is_offline_mode():
        raise PublishError("HF_HUB_OFFLINE is set, so that nothing can be pushed. Unset it.")
    set_client_factory(lambda: _OneTry(follow_redirects=True, timeout=_TIMEOUT_S))
    try:
        with _quiet():
            yield HfApi(endpoint=target.endpoint, token=target.token.get_secret_value(), library_name="mlops-mentor")
    finally:
        set_client_factory(default_client_factory)


@contextmanager
def _quiet() -> Iterator[None]:
    had_bars = not are_progress_bars_disabled()
    was_silent, had_no_xet = constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET
    requests = logging.getLogger("httpx2")
    level = requests.level
    disable_progress_bars()
    # The environment is read when the client is imported, which may have happened long ago.
    constants.HF_HUB_DISABLE_TELEMETRY = constants.HF_HUB_DISABLE_XET = True
    # It logs every address, and those that files are uploaded to are keys in themselves.
    requests.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        requests.setLevel(level)
        constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET = was_silent, had_no_xet
        if had_bars:
            enable_progress_bars()
