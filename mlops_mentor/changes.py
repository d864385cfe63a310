"""Changes: which groups must be worked on, because their repository or what else they depend on has changed.

Belongs here: asking every repository for its heads, many at once, and comparing with what is stored.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlops_mentor.errors import RepoError
from mlops_mentor.freshness import GROUP_TABLES, Inputs, is_current
from mlops_mentor.lake import Lake
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.repos.starter import starter_addresses, starter_files_key
from mlops_mentor.roster import Group, Roster, groups_frame, groups_from_frame, roster_change
from mlops_mentor.schemas import GROUPS, REPO_SNAPSHOTS, STARTER_FILES
from mlops_mentor.settings import Settings


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
    try:
        asked = [remote_refs(a, cwd=settings.root, timeout_s=settings.ask_timeout_s)[0] for a in addresses]
    except RepoError:
        return True
    return stored == starter_files_key(refs.refs_id for refs in asked)


def changed_groups(
    groups: Iterable[Group],
    lake: Lake,
    inputs: Inputs,
    *,
    cwd: Path,
    workers: int,
    timeout_s: float,
    on_asked: Callable[[Group], None] = lambda group: None,
) -> list[Group]:
    """Those of `groups` that are not stored as they would be computed now, in their order.

    Groups that lack a table are not asked: they are new, or failed. A repository that does not answer counts as
    changed, so that the work on it says why.
    """

    def is_changed(group: Group) -> bool:
        try:
            if not all(lake.input_key(table, group.group_id) for table in GROUP_TABLES):
                return True
            refs, _ = remote_refs(group.address, cwd=cwd, timeout_s=timeout_s)
            if not is_current(lake, group, refs.refs_id, inputs):
                return True
            lake.confirm(REPO_SNAPSHOTS, group.group_id)
            return False
        except RepoError:
            return True
        finally:
            on_asked(group)

    listed = list(groups)
    with ThreadPoolExecutor(workers, thread_name_prefix="ask") as pool:
        return [group for group, changed in zip(listed, pool.map(is_changed, listed), strict=True) if changed]
