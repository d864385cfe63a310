"""A run's questions to GitHub: asked in batches beside the work on the groups, answered to each group's chain.

Belongs here: what is asked when, and handing answers from the event loop, in which GitHub is asked, to the threads in
which groups are worked on.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import polars as pl
from anyio.from_thread import BlockingPortal, start_blocking_portal

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, GitHubAccess, NotAsked, repo_name
from mlops_mentor.github.answers import Activity, PullRequest
from mlops_mentor.github.heads import BATCH_SIZE, Observation, observe
from mlops_mentor.github.limits import Usage
from mlops_mentor.github.pull_requests import fetch_pull_requests
from mlops_mentor.github.pushes import fetch_pushes
from mlops_mentor.github.workflow_runs import CommitsWithRuns, fetch_runs_at, fetch_workflow_runs
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import PULL_REQUESTS, WORKFLOW_RUNS

log = logging.getLogger(__name__)

PULLS, RUNS = PULL_REQUESTS.name, WORKFLOW_RUNS.name
_FETCHERS: dict[str, Any] = {PULLS: fetch_pull_requests, RUNS: fetch_workflow_runs}

# Which details of a repository a run will need, given what a look at it saw.
Wants = Callable[[Group, Observation], Collection[str]]


@dataclass
class RepoActivity:
    """What GitHub says of one repository. Each method waits until it is known, and asks where nobody has yet.

    All of them raise GitHubError where GitHub does not say.
    """

    name: str
    portal: BlockingPortal
    client: Any
    seen: "Future[Observation]" = field(default_factory=Future)
    details: "dict[str, Future[Any]]" = field(default_factory=dict)

    def observation(self) -> Observation:
        """What the look at the repository saw."""
        return self.seen.result()

    def moved_from(self, url: str) -> str | None:
        """Where the repository that was at `url` is now; None where it is still there."""
        full_name = self.observation().full_name
        if full_name.casefold() == self.name.casefold():
            return None
        # Not by the name's length: there may be `%` or `//` in the address.
        return re.sub(r"[^/:]+/+[^/]+$", lambda _: full_name, url)

    def pushes(self, known: pl.DataFrame | None) -> list[Activity]:
        """The feed of pushes, as far as it is not `known`."""
        if self.observation().is_empty:
            return []
        return self.portal.call(fetch_pushes, self.client, self.observation(), known)

    def pull_requests(self) -> list[PullRequest]:
        """All of them."""
        return cast("list[PullRequest]", self._detail(PULLS)) if self.observation().num_pull_requests else []

    def workflow_runs(self) -> CommitsWithRuns:
        """Runs along the default branch, and at the last commits of the pull requests where these are fetched too."""
        if self.observation().is_empty:
            return CommitsWithRuns()
        along = cast("CommitsWithRuns", self._detail(RUNS))
        pulls = self.pull_requests() if PULLS in self.details else []
        last = [each.commit for pull in pulls for each in pull.commits.nodes]
        return CommitsWithRuns([*along.commits, *(commit for commit in last if commit.oid not in along.shas)])

    def workflow_runs_at(self, sha: str) -> CommitsWithRuns:
        """Runs at a commit that neither the default branch nor a pull request has any more."""
        name = self.observation().full_name
        return cast("CommitsWithRuns", _value(self.portal.call(fetch_runs_at, self.client, name, sha)))

    def _detail(self, kind: str) -> object:
        self.observation()
        if kind not in self.details:
            self.portal.call(_fetch, self.client, kind, [self])
        return self.details[kind].result()


@dataclass
class Collector:
    """What GitHub says of a run's groups. Use through `collecting`."""

    activities: Mapping[str, RepoActivity | NotAsked]
    usage: Usage | None = None

    def of(self, group: Group) -> RepoActivity | NotAsked:
        return self.activities[group.group_id]


def make_client(access: GitHubAccess) -> Any:
    """The client, whose import takes half a second: only where GitHub is asked."""
    from mlops_mentor.github.client import GitHubClient

    return GitHubClient(access)


@contextmanager
def collecting(
    access: GitHubAccess | None,
    server_url: str,
    groups: Sequence[Group],
    wants: Wants,
    make_client: Callable[[GitHubAccess], Any] = make_client,
) -> Iterator[Collector]:
    """Ask GitHub for `groups` while the block runs: first what all look like, then the details that are wanted."""
    activities: dict[str, RepoActivity | NotAsked] = {}
    asked = [(group, name) for group in groups if (name := repo_name(group.address, server_url)) is not None]
    for group in groups:
        activities[group.group_id] = NOT_ON_GITHUB
    if access is None or not asked:
        activities |= {group.group_id: NO_TOKEN for group, _ in asked}
        yield Collector(activities)
        return
    with start_blocking_portal() as portal, ExitStack() as opened:
        # Last of all, also where nothing was raised: what single groups still ask for is not waited for.
        opened.callback(portal.call, portal.stop, True)
        client = make_client(access)
        repos = [(group, RepoActivity(name, portal, client)) for group, name in asked]
        activities |= {group.group_id: repo for group, repo in repos}
        try:
            opened.enter_context(portal.wrap_async_context_manager(client))
        except GitHubError as error:
            # No group can be told anything else, and git is read all the same.
            for _, repo in repos:
                repo.seen.set_exception(error)
        else:
            asking = portal.start_task_soon(_ask_all, client, repos, wants)
            opened.callback(asking.cancel)
        yield Collector(activities, client.usage)


async def _ask_all(client: Any, repos: Sequence[tuple[Group, RepoActivity]], wants: Wants) -> None:
    try:
        async with anyio.create_task_group() as tasks:
            for start in range(0, len(repos), BATCH_SIZE):
                tasks.start_soon(_ask_some, client, repos[start : start + BATCH_SIZE], wants)
    finally:
        # Nobody may wait for ever, whatever went wrong here. Details end with who fetches them: a group may be asking
        # for its own at this moment.
        for _, repo in repos:
            _resolve(repo.seen, _ended())


async def _ask_some(client: Any, repos: Sequence[tuple[Group, RepoActivity]], wants: Wants) -> None:
    wanted: dict[str, list[RepoActivity]] = {PULLS: [], RUNS: []}
    try:
        await _observe_some(client, repos, wants, wanted)
        async with anyio.create_task_group() as tasks:
            for kind, several in wanted.items():
                tasks.start_soon(_fetch, client, kind, several)
    finally:
        for kind, several in wanted.items():
            for repo in several:
                _resolve(repo.details[kind], _ended())


async def _observe_some(
    client: Any, repos: Sequence[tuple[Group, RepoActivity]], wants: Wants, wanted: Mapping[str, list[RepoActivity]]
) -> None:
    by_name: dict[str, list[tuple[Group, RepoActivity]]] = {}
    for group, repo in repos:
        by_name.setdefault(repo.name, []).append((group, repo))
    try:
        async for name, seen in observe(client, list(by_name)):
            for group, repo in by_name[name]:
                for kind in _to_fetch(group, seen, wants):
                    # Before the look is told of: from then on the group's own thread looks here.
                    repo.details[kind] = Future()
                    wanted[kind].append(repo)
                _resolve(repo.seen, seen)
    except Exception as error:  # noqa: BLE001 - whoever waits is told
        for _, repo in repos:
            _resolve(repo.seen, error)


def _to_fetch(group: Group, seen: Observation | GitHubError, wants: Wants) -> set[str]:
    if isinstance(seen, GitHubError):
        return set()
    try:
        wanted = wants(group, seen)
    except Exception:
        # What is wrong with one group's tables comes up in its own chain, which asks for what it needs.
        log.warning("group %s: what to ask GitHub for is not known", group.group_id, exc_info=True)
        return set()
    nothing = {PULLS} if not seen.num_pull_requests else set()
    return set(wanted) - nothing - ({RUNS} if seen.is_empty else set())


async def _fetch(client: Any, kind: str, repos: Sequence[RepoActivity]) -> None:
    """Fetch a kind of detail for several repositories, and tell whoever waits."""
    by_name: dict[str, list[RepoActivity]] = {}
    for repo in repos:
        repo.details.setdefault(kind, Future())
        by_name.setdefault(repo.observation().full_name, []).append(repo)
    try:
        async for name, found in _FETCHERS[kind](client, list(by_name)):
            for repo in by_name[name]:
                _resolve(repo.details[kind], found)
    except Exception as error:  # noqa: BLE001 - whoever waits is told
        for repo in repos:
            _resolve(repo.details[kind], error)
    finally:
        for repo in repos:
            _resolve(repo.details[kind], _ended())


def _ended() -> GitHubError:
    return GitHubError("error", "the asking of GitHub was ended")


def _resolve(future: "Future[Any]", found: object) -> None:
    if future.done():
        return
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(found)


def _value(found: object) -> object:
    if isinstance(found, GitHubError):
        raise found
    return found
