"""Failures: what git says, as a status and a reason that somebody can act on.

Belongs here: telling them apart by git's words, with what to do about each. What can be tried again is for `git`.
"""

import contextlib
import re
from collections.abc import Iterator

from filelock import Timeout

from mlops_mentor.errors import GitError, RepoError
from mlops_mentor.repos import git
from mlops_mentor.roster.addresses import Address

_NOT_FOUND = re.compile(
    r"repository .*not found|not found$|does not exist|does not appear to be a git repository|error: 404|error: 410"
)
_NO_ACCESS = re.compile(
    r"could not read (username|password)|authentication failed|permission denied|access denied|error: 40[13]"
    r"|dubious ownership|host key verification failed"
)
_TIMEOUT = re.compile(r"timed? ?out|operation too slow")
_UNREACHABLE = re.compile(r"could not resolve|couldn't connect|failed to connect|connection refused|no route to host")


@contextlib.contextmanager
def classified(address: Address) -> Iterator[None]:
    """Turn what git says into a status and a reason that somebody can act on."""
    try:
        yield
    except GitError as error:
        said = error.stderr.strip().splitlines()[-1:] or [""]
        text = error.stderr.casefold()
        detail = f" (git: {said[0][:200]})"
        if _NOT_FOUND.search(text):
            reason = f"{address.url} answers that there is no such repository. Correct the roster, or ask for access."
            raise RepoError("not_found", reason + detail) from error
        if _NO_ACCESS.search(text):
            remedy = "Correct the roster, or give GITHUB_TOKEN or git's credentials access to it."
            reason = f"{address.url} is private or does not exist. {remedy}"
            raise RepoError("no_access", reason + detail) from error
        if _TIMEOUT.search(text):
            raise RepoError("timeout", f"{address.url} did not answer in time. Try again later{detail}.") from error
        if git.is_transient(error.stderr):
            reason = f"The server of {address.url} broke off, also when asked again. The next run tries again"
            raise RepoError("error", f"{reason}{detail}.") from error
        if _UNREACHABLE.search(text):
            raise RepoError(
                "error", f"{address.url} cannot be reached. Check the network and the address{detail}."
            ) from error
        raise
    except Timeout:
        raise RepoError("timeout", f"another process has been fetching {address.url} all the time") from None
    except PermissionError as error:
        raise RepoError("no_access", f"{error.filename} may not be read. Give this user access.") from error
