"""Freshness: what each part of a table was computed from, so that what is unchanged costs next to nothing.

Belongs here: the keys of inputs, and the question whether a group is up to date. A key covers the versions of the
table and of all tables before it, so that a change of code recomputes what it concerns and nothing else.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mlops_mentor.course import Course
from mlops_mentor.lake import Lake
from mlops_mentor.roster import Group
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    GROUP_OUTCOMES,
    GROUPS,
    LEADERBOARD,
    REPO_SNAPSHOTS,
    REPO_STATS,
    STARTER_FILES,
    Table,
)

GROUP_TABLES: tuple[Table, ...] = (REPO_SNAPSHOTS, COMMITS, FILES, CONTRIBUTORS, REPO_STATS)


@dataclass(frozen=True)
class Inputs:
    """What a group's tables depend on besides its repository: the course, its starter code, the moment."""

    course: Course
    starter_key: str | None
    now: datetime


def starter_key(lake: Lake) -> str | None:
    """The key of the starter code that is stored; None when none is."""
    return lake.input_key(STARTER_FILES) if lake.has(STARTER_FILES) else None


def snapshot_key(group: Group, refs_id: str, inputs: Inputs) -> str:
    """The key of the group's snapshot, given the heads of its repository. Passing the deadline changes it."""
    deadline = inputs.course.deadline_utc
    phase = "before" if inputs.now <= deadline else "after"
    return _key(REPO_SNAPSHOTS, group.address.url, refs_id, deadline.isoformat(), phase)


def input_keys(group: Group, snapshot: str, inputs: Inputs) -> Mapping[str, str]:
    """By table, the key of what its part for `group` is computed from, given the key of the group's snapshot."""
    course = inputs.course
    commits = _key(COMMITS, snapshot)
    files = _key(FILES, snapshot, inputs.starter_key)
    contributors = _key(CONTRIBUTORS, commits, files, course.time_zone)
    stats = _key(REPO_STATS, commits, files, contributors, str(len(group.students)), course.project_start.isoformat())
    return {
        REPO_SNAPSHOTS.name: snapshot,
        COMMITS.name: commits,
        CONTRIBUTORS.name: contributors,
        FILES.name: files,
        REPO_STATS.name: stats,
        # Noted last: without it the chain was cut short, whatever else is there.
        GROUP_OUTCOMES.name: _key(GROUP_OUTCOMES, stats),
    }


def is_current(lake: Lake, group: Group, refs_id: str, inputs: Inputs) -> bool:
    """Whether every table of the group is stored as it would be computed now. Failed parts carry no key, so never."""
    keys = input_keys(group, snapshot_key(group, refs_id, inputs), inputs)
    return all(lake.input_key(table, group.group_id) == keys[table.name] for table in (*GROUP_TABLES, GROUP_OUTCOMES))


def class_key(lake: Lake) -> str:
    """The key of what the tables over all groups and the warehouse are computed from."""
    groups = lake.read(GROUPS)
    outcomes = [lake.input_key(GROUP_OUTCOMES, group_id) for group_id in groups["group_id"]]
    return _key(LEADERBOARD, groups.write_json(), starter_key(lake), *outcomes)


def _key(table: Table, *parts: str | None) -> str:
    text = "\x1f".join([table.name, table.version, *(part if part is not None else "\x00" for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
