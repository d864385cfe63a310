"""A group whose tables are stored as its chain would store them, without a repository: for tests of what is current."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from mlops_mentor.chain.freshness import github_keys, input_key, snapshot_key
from mlops_mentor.chain.inputs import Inputs
from mlops_mentor.github.access import NOT_ON_GITHUB, NotAsked
from mlops_mentor.github.heads import Observation
from mlops_mentor.repos.refs import Refs
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import GITHUB_TABLES, GROUP_OUTCOMES, GROUP_TABLES, REPO_SNAPSHOTS, Table
from mlops_mentor.storage.lake import Lake

MAIN = "refs/heads/main"
ALL_TABLES = (*GROUP_TABLES, GROUP_OUTCOMES)
MakeFrame = Callable[..., pl.DataFrame]

_SEEN = Observation(
    full_name="class/group-1", is_private=False, is_archived=False, is_empty=False, is_fork=False,
    default_branch="main", created_at=datetime(2027, 1, 4, tzinfo=UTC), pushed_at=None, num_pull_requests=1,
    refs=Refs(MAIN, {MAIN: "a" * 40, "refs/pull/1/head": "b" * 40}), pull_requests_id="pulls", runs_id="runs",
)  # fmt: skip


def observation(heads: dict[str, str] | None = None, **changes: Any) -> Observation:
    """What a look at a repository on GitHub saw; its `heads` besides its default branch and pull request 1."""
    return replace(_SEEN, refs=Refs(MAIN, _SEEN.refs.heads | (heads or {})), **changes)


@dataclass(frozen=True)
class Shown:
    """What GitHub (if it is asked) and git show of a repository."""

    seen: Observation | NotAsked = field(default_factory=observation)
    content_id: str = "content"
    git_refs_id: str = "refs"

    @property
    def refs_id(self) -> str:
        return self.git_refs_id if isinstance(self.seen, NotAsked) else self.seen.refs.refs_id


ELSEWHERE = Shown(NOT_ON_GITHUB)


def store(lake: Lake, group: Group, inputs: Inputs, shown: Shown, make_frame: MakeFrame) -> dict[str, str]:
    """Store every table of the group, and return the keys of its parts, by table."""
    keys: dict[str, str] = {}
    for table in ALL_TABLES:
        keys[table.name] = _key(lake, table, group, inputs, shown)
        row = {"group_id": group.group_id} | ({"content_id": shown.content_id} if table is REPO_SNAPSHOTS else {})
        lake.write(table, make_frame(table, row), group.group_id, input_key=keys[table.name])
    return keys


def _key(lake: Lake, table: Table, group: Group, inputs: Inputs, shown: Shown) -> str:
    if table is REPO_SNAPSHOTS:
        return snapshot_key(lake, group, shown.refs_id, inputs)
    if table in GITHUB_TABLES:
        return github_keys(group, shown.seen, shown.content_id, is_over=inputs.is_over(group))[table.name]
    return input_key(lake, table, group, shown.content_id, inputs)
