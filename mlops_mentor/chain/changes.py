"""Changes: which groups must be worked on, because their repository or what else they depend on has changed.

Belongs here: looking at every repository and comparing with what is stored. Those on GitHub are looked at in a few
requests where there is a token, all others by asking git for their heads, many at once.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio

from mlops_mentor.chain.freshness import Seen, is_current
from mlops_mentor.chain.inputs import Inputs, load_inputs
from mlops_mentor.errors import GitHubError, RepoError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, GitHubAccess, github_access, repo_name
from mlops_mentor.github.collector import make_client
from mlops_mentor.github.heads import Observation, observe
from mlops_mentor.repos.login import github_login
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.repos.starter import starter_addresses, starter_files_key, starter_shapes_key
from mlops_mentor.roster.roster import Group, Roster, groups_frame, groups_from_frame, roster_change
from mlops_mentor.schemas import GROUP_OUTCOMES, GROUPS, REPO_SNAPSHOTS, STARTER_FILES, STARTER_SHAPES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


def is_roster_current(roster: Roster, lake: Lake, *, accept_shorter: bool = False) -> bool:
    """Whether the table `groups` says what the roster says now, or what was kept against it unless `accept_shorter`."""
    if not lake.has(GROUPS):
        return False
    stored = lake.read_or_empty(GROUPS)
    change = roster_change(groups_from_frame(stored), roster, accept_shorter=accept_shorter)
    return groups_frame(change.groups).equals(stored)


def is_starter_code_current(settings: Settings, lake: Lake) -> bool:
    """Whether the starter-code repositories have the heads that are stored; a silent one has not changed."""
    stored = lake.input_key(STARTER_FILES)
    addresses = starter_addresses(settings.the_course.starter_code, settings.course_file)
    if stored is None or stored.count(":") != max(1, len(addresses)):
        return False
    refs_ids = stored.partition(":")[2].split(":")
    if lake.input_key(STARTER_SHAPES) != starter_shapes_key(refs_ids):
        return False
    ask = partial(remote_refs, cwd=settings.root, timeout_s=settings.ask_timeout_s, login=github_login(settings))
    try:
        asked = [ask(address)[0] for address in addresses]
    except RepoError:
        return True
    return stored == starter_files_key(refs.refs_id for refs in asked)


@dataclass(frozen=True)
class Look:
    """What a look at a group's repository saw.

    `is_changed`: the group is not stored as it would be computed now. `seen_id` differs whenever what was seen does, or
    its deadline; behind `|` stands what GitHub alone shows, where it was asked. It is `UNREADABLE` wherever nothing
    could be seen, for the `reason`.
    """

    group_id: str
    is_changed: bool
    seen_id: str
    reason: str | None = None


log = logging.getLogger(__name__)
UNREADABLE = "unreadable"
# Asking git for the heads of one repository, so that one that hangs does not keep the others waiting.
_MAX_ASK_S = 10.0


def look_at_groups(
    settings: Settings,
    groups: Sequence[Group],
    *,
    budget_s: float,
    skip_unstored: bool = False,
    on_seen: Callable[[Group], None] = lambda group: None,
    open_client: Callable[[GitHubAccess], Any] = make_client,
) -> dict[str, Look]:
    """A look at each of `groups`, by group; those that were not reached within `budget_s` seconds are absent.

    With `skip_unstored` groups whose chain has not ended well are not looked at: they are new, or failed, and changed
    at any rate.

    Raises:
        ConfigError: course, extensions or settings cannot be used.
    """
    end = time.monotonic() + budget_s
    lake, inputs = Lake(settings.lake_dir), load_inputs(settings)
    looks: dict[str, Look] = {}
    to_see: list[Group] = []
    for group in groups:
        if skip_unstored and not lake.input_key(GROUP_OUTCOMES, group.group_id):
            looks[group.group_id] = Look(group.group_id, True, "unstored")
            on_seen(group)
        else:
            to_see.append(group)
    seen = _seen_on_github(settings, to_see, end, open_client)

    def look(group: Group) -> None:
        looks[group.group_id] = _look(settings, lake, inputs, group, seen[group.group_id])
        on_seen(group)

    # Those that GitHub has shown take no time; the others must not wait behind a repository that hangs.
    to_see.sort(key=lambda group: not isinstance(seen[group.group_id], Observation))
    pool = ThreadPoolExecutor(settings.workers_asking, thread_name_prefix="ask")
    try:
        wait([pool.submit(look, group) for group in to_see], timeout=max(0.0, end - time.monotonic()))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    # A thread that still waits for its repository may add its look meanwhile.
    return dict(looks)


def _look(settings: Settings, lake: Lake, inputs: Inputs, group: Group, seen: Seen) -> Look:
    group_id = group.group_id
    if isinstance(seen, Observation):
        refs_id, details = seen.refs.refs_id, f"|{seen.seen_id}"
    else:
        try:
            timeout_s = min(settings.ask_timeout_s, _MAX_ASK_S)
            login = github_login(settings)
            refs, _ = remote_refs(group.address, cwd=settings.root, timeout_s=timeout_s, login=login)
        except RepoError as error:
            return Look(group_id, True, UNREADABLE, error.reason)
        refs_id, details = refs.refs_id, ""
    is_changed = not is_current(lake, group, seen, refs_id, inputs)
    if not is_changed:
        lake.confirm(REPO_SNAPSHOTS, group_id)
    phase = "after" if inputs.is_over(group) else "before"
    return Look(group_id, is_changed, f"{refs_id}, {phase} {inputs.deadline(group).isoformat()}{details}")


def _seen_on_github(
    settings: Settings, groups: Sequence[Group], end: float, open_client: Callable[[GitHubAccess], Any]
) -> dict[str, Seen]:
    """By group, what GitHub shows of its repository, or why it shows nothing."""
    access = github_access(settings)
    names = {group.group_id: repo_name(group.address, settings.github_server_url) for group in groups}
    if access is None:
        return {group_id: NOT_ON_GITHUB if name is None else NO_TOKEN for group_id, name in names.items()}
    on_github = [name for name in names.values() if name is not None]
    # Half of the time, so that git can still be asked where GitHub does not answer.
    budget_s = max(0.0, end - time.monotonic()) / 2
    observed = anyio.run(partial(_observe_all, access, on_github, budget_s, open_client)) if on_github else {}
    late = GitHubError("timeout", "GitHub did not answer in time")
    return {group_id: NOT_ON_GITHUB if name is None else observed.get(name, late) for group_id, name in names.items()}


async def _observe_all(
    access: GitHubAccess, names: Sequence[str], budget_s: float, open_client: Callable[[GitHubAccess], Any]
) -> dict[str, Observation | GitHubError]:
    observed: dict[str, Observation | GitHubError] = {}
    with anyio.move_on_after(budget_s):
        try:
            async with open_client(access) as client:
                async for name, seen in observe(client, names):
                    observed[name] = seen  # noqa: PERF403 - what came before an error counts
        except GitHubError as error:
            log.warning("%s Git alone is looked at.", error.reason)
            for name in names:
                observed.setdefault(name, error)
    return observed


def changed_groups(
    settings: Settings, groups: Sequence[Group], *, on_seen: Callable[[Group], None] = lambda group: None
) -> list[Group]:
    """Those of `groups` that are not stored as they would be computed now, in their order.

    A repository that does not answer counts as changed, so that the work on it says why.
    """
    longest_s = (len(groups) / settings.workers_asking + 1) * _MAX_ASK_S * 2
    looks = look_at_groups(settings, groups, budget_s=longest_s, skip_unstored=True, on_seen=on_seen)
    return [group for group in groups if group.group_id not in looks or looks[group.group_id].is_changed]
