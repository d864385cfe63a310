"""Freshness: what each part of a table was computed from, so that what is unchanged costs next to nothing.

Belongs here: the keys of inputs, and the question whether a group is up to date. A key covers the version of its table
and the keys of what it is computed from, so that a change of code recomputes what it concerns and nothing else.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_mentor.course import Course
from mlops_mentor.errors import GitHubError, LakeError
from mlops_mentor.extensions import Extensions, load_extensions
from mlops_mentor.github.access import NotAsked
from mlops_mentor.github.heads import Observation
from mlops_mentor.lake import Lake
from mlops_mentor.roster import Group
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    GROUP_OUTCOMES,
    GROUPS,
    LEADERBOARD,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    STARTER_FILES,
    WORKFLOW_RUNS,
    Table,
)
from mlops_mentor.settings import Settings

# In the order in which a group's chain computes them: pushes say which commit counts.
GROUP_TABLES: tuple[Table, ...] = (
    GITHUB_REPOS,
    PUSHES,
    REPO_SNAPSHOTS,
    COMMITS,
    FILES,
    PULL_REQUESTS,
    WORKFLOW_RUNS,
    CONTRIBUTORS,
    FLAGS,
    REPO_STATS,
)
GITHUB_TABLES: tuple[Table, ...] = (GITHUB_REPOS, PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)

# What a look at a repository on GitHub gave.
Seen = Observation | NotAsked | GitHubError
# Begins the key of an empty part that stands where GitHub was not asked.
_NOT_ASKED = "not asked: "


@dataclass(frozen=True)
class Inputs:
    """What a group's tables depend on besides its repository: the course, extensions, starter code, the moment.

    `ask_again` has GitHub's tables asked for although nothing seems to have changed.
    """

    course: Course
    starter_key: str | None
    now: datetime
    until: Mapping[str, datetime] = field(default_factory=dict)
    ask_again: bool = False

    def deadline(self, group: Group) -> datetime:
        """The group's deadline (UTC)."""
        return self.until.get(group.group_id, self.course.deadline_utc)

    def is_over(self, group: Group) -> bool:
        """Whether the group's deadline has passed."""
        return self.now > self.deadline(group)


def load_inputs(settings: Settings, *, ask_again: bool = False) -> Inputs:
    """The inputs as they are at this moment.

    Raises:
        ConfigError: course or extensions cannot be used.
    """
    lake = Lake(settings.lake_dir)
    extensions = extensions_of(settings, lake.read_or_empty(GROUPS)["group_id"].to_list())
    return Inputs(settings.the_course, starter_key(lake), datetime.now(UTC), extensions.until, ask_again)


def extensions_of(settings: Settings, group_ids: Collection[str]) -> Extensions:
    """The extensions of these groups, and the rows that cannot be used.

    Raises:
        ConfigError: course or extensions cannot be used.
    """
    course = settings.the_course
    return load_extensions(
        settings.extensions_file, zone=course.zone, deadline=course.deadline_utc, group_ids=group_ids
    )


def starter_key(lake: Lake) -> str | None:
    """The key of the starter code that is stored; None when none is."""
    return lake.input_key(STARTER_FILES) if lake.has(STARTER_FILES) else None


def github_keys(
    group: Group, seen: Observation | NotAsked, content_id: str | None, *, is_over: bool
) -> Mapping[str, str]:
    """By table from GitHub, the key of the group's part, given what a look saw and what git shows.

    Once the deadline `is_over` the pushes are read once more, though all branches be where they were before: one may
    have been moved and moved back between two looks.
    """
    url = group.address.url
    if isinstance(seen, NotAsked):
        keys = {table.name: f"{_NOT_ASKED}{seen.status}" for table in GITHUB_TABLES}
        return keys | {GITHUB_REPOS.name: _key(GITHUB_REPOS, url, seen.status)}
    return {
        GITHUB_REPOS.name: _key(GITHUB_REPOS, url, seen.seen_id),
        PUSHES.name: _key(PUSHES, url, seen.branches_id, "after" if is_over else "before"),
        PULL_REQUESTS.name: _key(PULL_REQUESTS, url, seen.pull_requests_id),
        WORKFLOW_RUNS.name: _key(WORKFLOW_RUNS, url, content_id, seen.branches_id, seen.pull_requests_id, seen.runs_id),
    }


def wanted_details(lake: Lake, group: Group, seen: Observation, inputs: Inputs) -> set[str]:
    """Names of the tables whose details GitHub will have to be asked for, given what a look saw."""
    keys = github_keys(group, seen, content_id(lake, group), is_over=inputs.is_over(group))
    stored = {table.name: lake.input_key(table, group.group_id) for table in (PULL_REQUESTS, WORKFLOW_RUNS)}
    wanted = {name for name, key in stored.items() if inputs.ask_again or key != keys[name]}
    # The last commits of pull requests have runs too: without any runs stored, none of them may be left out.
    is_first = not was_asked(lake, WORKFLOW_RUNS, group.group_id)
    return wanted | ({PULL_REQUESTS.name} if is_first else set())


def was_asked(lake: Lake, table: Table, group_id: str) -> bool:
    """Whether the group's part of a table from GitHub is what GitHub said, now or before."""
    key = lake.input_key(table, group_id)
    return bool(key) and not str(key).startswith(_NOT_ASKED)


def snapshot_key(lake: Lake, group: Group, refs_id: str, inputs: Inputs) -> str:
    """The key of the group's snapshot, given the heads of its repository. Passing the deadline changes it."""
    deadline, is_over = inputs.deadline(group), inputs.is_over(group)
    pushes = lake.input_key(PUSHES, group.group_id) if is_over else None
    phase = "after" if is_over else "before"
    return _key(REPO_SNAPSHOTS, group.address.url, refs_id, deadline.isoformat(), phase, pushes)


def content_id(lake: Lake, group: Group) -> str | None:
    """What git shows of the group at its snapshot, as stored; None where nothing is."""
    try:
        return lake.read(REPO_SNAPSHOTS, group.group_id)["content_id"].item()  # type: ignore[no-any-return]
    except LakeError:
        return None


def input_key(lake: Lake, table: Table, group: Group, content: str | None, inputs: Inputs) -> str:
    """The key of a part that is computed from stored parts, given what git shows at the snapshot.

    Tables from GitHub and the snapshots depend on what is outside: `github_keys`, `snapshot_key`.
    """
    course = inputs.course

    def of(upstream: Table) -> str | None:
        return lake.input_key(upstream, group.group_id)

    if table is COMMITS:
        return _key(COMMITS, content)
    if table is FILES:
        return _key(FILES, content, inputs.starter_key)
    if table is CONTRIBUTORS:
        return _key(CONTRIBUTORS, of(COMMITS), of(FILES), course.time_zone)
    if table is FLAGS:
        return _key(FLAGS, of(REPO_SNAPSHOTS), of(COMMITS), of(PUSHES))
    if table is REPO_STATS:
        upstream = (GITHUB_REPOS, REPO_SNAPSHOTS, COMMITS, FILES, PULL_REQUESTS, WORKFLOW_RUNS, CONTRIBUTORS)
        size, start = str(len(group.students)), course.project_start.isoformat()
        return _key(REPO_STATS, *(of(each) for each in upstream), size, start)
    if table is GROUP_OUTCOMES:
        # Noted last: without it the chain was cut short, whatever else is there.
        return _key(GROUP_OUTCOMES, *(of(each) for each in GROUP_TABLES))
    raise ValueError(f"{table.name} is computed from no stored part")


def is_current(lake: Lake, group: Group, seen: Seen, refs_id: str, inputs: Inputs) -> bool:
    """Whether every table of the group is stored as it would be computed now. Failed parts carry no key, so never.

    Where GitHub does not answer at present, what it said before counts.
    """
    stored = {table.name: lake.input_key(table, group.group_id) for table in (*GROUP_TABLES, GROUP_OUTCOMES)}
    if not all(stored.values()):
        return False
    content = content_id(lake, group)
    expected: dict[str, str] = {}
    if not isinstance(seen, GitHubError):
        expected |= github_keys(group, seen, content, is_over=inputs.is_over(group))
    if isinstance(seen, NotAsked):
        # What GitHub said while there was a token stays.
        expected = {GITHUB_REPOS.name: expected[GITHUB_REPOS.name]}
    expected[REPO_SNAPSHOTS.name] = snapshot_key(lake, group, refs_id, inputs)
    # From here on keys follow from what is stored, which is what is expected as far as it was compared.
    if any(stored[name] != key for name, key in expected.items()):
        return False
    others = [table for table in (*GROUP_TABLES, GROUP_OUTCOMES) if table not in (*GITHUB_TABLES, REPO_SNAPSHOTS)]
    return all(stored[table.name] == input_key(lake, table, group, content, inputs) for table in others)


def class_key(lake: Lake) -> str:
    """The key of what the tables over all groups and the warehouse are computed from."""
    groups = lake.read(GROUPS)
    outcomes = [lake.input_key(GROUP_OUTCOMES, group_id) for group_id in groups["group_id"]]
    return _key(LEADERBOARD, groups.write_json(), starter_key(lake), *outcomes)


def _key(table: Table, *parts: str | None) -> str:
    text = "\x1f".join([table.name, table.version, *(part if part is not None else "\x00" for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
