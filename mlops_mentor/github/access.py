"""Which GitHub is asked, with which token, and which repositories are there.

Belongs here: addresses. Asking is for `client`.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from mlops_mentor.roster.addresses import Address
from mlops_mentor.settings import Settings

_PUBLIC = "https://github.com"


@dataclass(frozen=True)
class GitHubAccess:
    """How to ask a GitHub: with which token, at which addresses, with which patience (seconds).

    `cache_file` keeps answers with their ETags, so that asking again for what has not changed is free.
    """

    token: SecretStr
    api_url: str
    graphql_url: str
    cache_file: Path
    timeout_s: float = 30.0
    max_wait_s: float = 120.0


@dataclass(frozen=True)
class NotAsked:
    """Why GitHub is not asked for a group: `status` as in the table `github_repos`, and `reason` for people."""

    status: str
    reason: str


NO_TOKEN = NotAsked("no_token", "no token")
NOT_ON_GITHUB = NotAsked("not_github", "not on GitHub")


def github_access(settings: Settings) -> GitHubAccess | None:
    """How to ask the GitHub of the settings; None without a token."""
    if settings.github_token is None:
        return None
    server = settings.github_server_url
    # Where a server of one's own has its APIs: the documentation of GitHub Enterprise Server.
    rest, graphql = ("https://api.github.com", "/graphql") if server == _PUBLIC else (f"{server}/api/v3", "")
    api_url = settings.github_api_url or rest
    return GitHubAccess(
        token=settings.github_token,
        api_url=api_url,
        graphql_url=settings.github_graphql_url or (f"{api_url}{graphql}" if graphql else f"{server}/api/graphql"),
        cache_file=settings.root / "github" / "answers.db",
        timeout_s=settings.github_timeout_s,
        max_wait_s=settings.github_max_wait_s,
    )


def repo_name(address: Address, server_url: str) -> str | None:
    """`owner/name` of a repository on the GitHub at `server_url`; None for one that is elsewhere."""
    if address.is_local:
        return None
    server = urlsplit(server_url)
    if address.transport == "ssh":
        # By the host alone: the port of its pages says nothing of ssh's.
        host, path = _ssh_parts(address.url)
        is_there = host.lower() == server.hostname
    else:
        parts = urlsplit(address.url)
        path, is_there = unquote(parts.path), _host_and_port(parts) == _host_and_port(server)
    segments = [segment for segment in path.split("/") if segment]
    return "/".join(segments) if is_there and len(segments) == 2 else None


def _ssh_parts(url: str) -> tuple[str, str]:
    if url.startswith("ssh://"):
        parts = urlsplit(url)
        return parts.hostname or "", unquote(parts.path)
    host, _, path = url.rpartition("@")[2].partition(":")
    return host, path


def _host_and_port(parts: SplitResult) -> tuple[str | None, int]:
    return parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)
