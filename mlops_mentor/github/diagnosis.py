"""What can be said about GitHub before anything is asked of it in earnest: the token, its limits, each repository.

Belongs here: looking, and the remedy for what is found. Printing is for the command line.
"""

from collections.abc import Callable, Sequence
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict

from mlops_mentor.diagnosis import Finding
from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import GitHubAccess, repo_name
from mlops_mentor.github.collector import make_client
from mlops_mentor.github.heads import Observation, observe
from mlops_mentor.roster.roster import Group

# A sweep of 130 groups takes five, the first look at everything three hundred.
_FEW_REQUESTS = 500
WITHOUT_TOKEN = "set GITHUB_TOKEN to have pull requests, push times and workflow runs"  # noqa: S105 - a text


class _Limit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: int
    remaining: int


class _Limits(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    core: _Limit
    graphql: _Limit


class _RateLimit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    resources: _Limits


def diagnose_github(
    access: GitHubAccess,
    server_url: str,
    groups: Sequence[Group],
    open_client: Callable[[GitHubAccess], Any] = make_client,
) -> list[Finding]:
    """What is found about the token and about the groups' repositories on that GitHub."""
    names = {group.group_id: name for group in groups if (name := repo_name(group.address, server_url)) is not None}
    findings: list[Finding] = []
    try:
        limits, observed = anyio.run(_look, access, sorted(set(names.values())), open_client)
    except GitHubError as error:
        return [Finding("GitHub", False, error.reason, _remedy(error))]
    findings.append(_of_limits(limits))
    for group_id, name in names.items():
        findings += _of_group(f"group {group_id} on GitHub", name, observed[name])
    return findings


async def _look(
    access: GitHubAccess, names: Sequence[str], open_client: Callable[[GitHubAccess], Any]
) -> tuple[_Limits | None, dict[str, Observation | GitHubError]]:
    async with open_client(access) as client:
        return await _limits(client), {name: seen async for name, seen in observe(client, names)}


async def _limits(client: Any) -> _Limits | None:
    try:
        answer: _RateLimit = await client.get("/rate_limit", model=_RateLimit)
    except GitHubError as error:
        # So a server of one's own answers that has no limits, which is how they are delivered.
        if error.status == "not_found":
            return None
        raise
    return answer.resources


def _of_limits(limits: _Limits | None) -> Finding:
    if limits is None:
        return Finding("GitHub", True, "answers, without limits")
    found = f"{limits.core.remaining} of {limits.core.limit} requests and {limits.graphql.remaining} points left"
    is_enough = min(limits.core.remaining, limits.graphql.remaining) >= _FEW_REQUESTS
    return Finding("GitHub", is_enough, found, "" if is_enough else "wait for the next hour")


def _of_group(what: str, name: str, seen: Observation | GitHubError) -> list[Finding]:
    if isinstance(seen, GitHubError):
        return [Finding(what, False, seen.reason, _remedy(seen))]
    findings = []
    if seen.full_name.casefold() != name.casefold():
        found = f"{name} is {seen.full_name} now"
        findings.append(Finding(what, False, found, "write the new address into the roster"))
    if seen.is_archived:
        found = f"{name} is archived: nothing can be pushed"
        findings.append(Finding(what, False, found, "ask the group whether that is meant"))
    if seen.is_empty:
        found = f"{name} has no commit yet"
        findings.append(Finding(what, False, found, "ask the group to push, or correct the roster"))
    return findings


def _remedy(error: GitHubError) -> str:
    return {
        "bad_token": "make a new token and set GITHUB_TOKEN",
        "not_found": "correct the roster, or give the token access",
        "no_access": "give the token access",
        "rate_limited": "wait; git is read meanwhile",
    }.get(error.status, "look at the network, then try again")
