"""Where the export is pushed to.

Belongs here: which dataset, as whom, and whether it may be public. Nothing of the Hub's client is imported, so that
looking for a target costs nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from mlops_mentor.settings import Settings


@dataclass(frozen=True)
class HubTarget:
    """A dataset on a Hub: `repo` as owner/name, `endpoint` without a slash at the end.

    `is_public` allows a public dataset: a missing one is made public. It changes none that exists: a private one stays
    private.
    """

    repo: str
    token: SecretStr
    endpoint: str
    is_public: bool = False

    @property
    def url(self) -> str:
        """Where people look at it."""
        return f"{self.endpoint}/datasets/{self.repo}"

    def without_token(self, text: str) -> str:
        """The text, with stars where it had the token."""
        return text.replace(self.token.get_secret_value(), "***")


@dataclass(frozen=True)
class NoTarget:
    """Why nothing is pushed, in sentences, with the remedy."""

    reason: str


def hub_target(settings: Settings) -> HubTarget | NoTarget:
    """The dataset that the settings name, or why they name none. A token of the machine's own client is never used."""
    if settings.hf_repo is None:
        return NoTarget("MENTOR_HF_REPO is not set. Set it to the dataset that the export is pushed to: owner/name.")
    token = settings.hf_token.get_secret_value() if settings.hf_token is not None else ""
    if not token:
        return NoTarget(
            f"HF_TOKEN is not set. Set it to a token of the Hub that may write to the dataset {settings.hf_repo}."
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        # The library that sends headers would quote it.
        return NoTarget("HF_TOKEN has characters that no token has. Set it anew.")
    return HubTarget(settings.hf_repo, SecretStr(token), settings.hf_endpoint, settings.hf_public)


def hub_lock(settings: Settings) -> Path:
    """The file by which pushes of one data directory wait for each other."""
    return settings.locks_dir / "hub.lock"
