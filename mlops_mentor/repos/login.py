"""What git may show to a server to be let into private repositories, besides the user's own credential helpers."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from mlops_mentor.settings import Settings


@dataclass(frozen=True)
class Login:
    """A token for the server at `server_url`, and for no other."""

    server_url: str
    token: SecretStr

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that make git show it: arguments could be read by every user of the machine."""
        # GitHub takes any name beside a token; this is the one that its documentation uses.
        pair = base64.b64encode(f"x-access-token:{self.token.get_secret_value()}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server_url}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {pair}",
        }


def github_login(settings: Settings) -> Login | None:
    """GITHUB_TOKEN for GITHUB_SERVER_URL; None without a token."""
    return Login(settings.github_server_url, settings.github_token) if settings.github_token is not None else None
