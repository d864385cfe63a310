"""Failures of a request: those that another attempt may mend, those that wait for a limit, and all others.

Belongs here: how they are told to `client`, which tries again. What an answer with a status means is for `client`.
"""

import httpx

from mlops_mentor.errors import GitHubError


class Again(Exception):  # noqa: N818 - not an error by itself
    """A failure that another attempt may mend."""

    def __init__(self, error: GitHubError) -> None:
        super().__init__(error.reason)
        self.error = error


class Refused(Exception):  # noqa: N818
    """GitHub refused because of a limit; the gate knows until when."""


def broken(name: str, error: httpx.HTTPError) -> Exception:
    """A request without an answer. The texts of most errors are not quoted: one holds the header with the token."""
    kind = type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return Again(GitHubError("error", f"GitHub cannot be reached ({kind}: {error}). Look at the network."))
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | httpx.DecodingError):
        return Again(GitHubError("error", f"The connection to GitHub broke at {name} ({kind}). Try again later."))
    return GitHubError("error", f"GitHub could not be asked for {name} ({kind}). Report this.")
