"""A group's row of `repo_snapshots`, whatever became of reading its repository.

Belongs here: what the columns say. Choosing the commit is for `snapshot`.
"""

from datetime import datetime

import polars as pl

from mlops_mentor.errors import RepoError
from mlops_mentor.repos.mirror import MirrorState
from mlops_mentor.repos.snapshot import Snapshot
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import REPO_SNAPSHOTS


def snapshot_frame(
    group: Group, state: MirrorState, snapshot: Snapshot, *, deadline: datetime, now: datetime
) -> pl.DataFrame:
    """The group's row of `repo_snapshots` after its repository was read."""
    reason = None
    if snapshot.sha is None:
        empty = "The repository has no commits yet."
        late = f"No commit of {snapshot.default_branch} is dated at or before the deadline."
        reason = empty if snapshot.tip_sha is None else late
    row = {
        "group_id": group.group_id,
        "repo_url": group.address.url,
        "status": "ok" if reason is None else "empty",
        "reason": reason,
        "default_branch": snapshot.default_branch,
        "tip_sha": snapshot.tip_sha,
        "snapshot_sha": snapshot.sha,
        "snapshot_rule": snapshot.rule,
        "rule_reason": snapshot.rule_reason,
        "snapshot_at": snapshot.committed_at,
        "deadline_at": deadline,
        "num_late_commits": snapshot.num_late_commits,
        "last_late_at": snapshot.last_late_at,
        "rewritten_at": snapshot.rewritten_at,
        "rewritten_from": snapshot.rewritten_from,
        "renamed_to": state.renamed_to,
        "num_heads": state.refs.num_heads,
        "num_pull_request_heads": state.refs.num_pull_request_heads,
        "refs_id": state.refs.refs_id,
        "content_id": snapshot.content_id,
        "mirror_bytes": state.num_bytes,
        "fetched_at": now,
        "checked_at": now,
    }
    return pl.DataFrame([row], schema=REPO_SNAPSHOTS.schema)


def failed_snapshot_frame(
    group: Group, error: RepoError, previous: pl.DataFrame | None, *, deadline: datetime, now: datetime
) -> pl.DataFrame:
    """The group's row after its repository could not be read: the last good snapshot stays, the status says why."""
    row = dict.fromkeys(REPO_SNAPSHOTS.schema) if previous is None else previous.row(0, named=True)
    row |= {
        "group_id": group.group_id,
        "repo_url": group.address.url,
        "status": error.status,
        "reason": error.reason,
        "deadline_at": row["deadline_at"] or deadline,
        "checked_at": now,
    }
    return pl.DataFrame([row], schema=REPO_SNAPSHOTS.schema)
