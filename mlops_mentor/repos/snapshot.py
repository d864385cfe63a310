"""The commit that counts: which one, and by what rule.

Belongs here: choosing the snapshot of a mirror, and its row in `repo_snapshots`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from mlops_mentor.errors import RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.mirror import MirrorState
from mlops_mentor.roster import Group
from mlops_mentor.schemas import REPO_SNAPSHOTS


@dataclass(frozen=True)
class Snapshot:
    """The commit that counts, its committer date (UTC), the default branch and its tip, and the rule that chose."""

    sha: str | None
    committed_at: datetime | None
    default_branch: str | None
    tip_sha: str | None
    rule: str


def choose_snapshot(mirror: Path, state: MirrorState, *, deadline: datetime, now: datetime) -> Snapshot:
    """Before the deadline the default branch's tip, afterwards its newest first-parent commit not after the deadline.

    First parents, because they are what the branch was: a commit that was written before the deadline on another
    branch and merged after it was not handed in. `sha` is None when there is no such commit.
    """
    ref = state.refs.default_ref
    rule = "tip" if now <= deadline else "deadline_commit_date"
    if ref is None:
        return Snapshot(None, None, None, None, rule)
    tip = state.refs.heads[ref]
    sha: str | None = tip
    # A committer line that git cannot read has no date; git's own rule decides then.
    seconds = state.refs.committed.get(ref)
    if rule != "tip" and (seconds is None or seconds > deadline.timestamp()):
        limit = f"--min-age={int(deadline.timestamp())}"
        found = git.read(mirror, "rev-list", "--max-count=1", "--first-parent", "--timestamp", limit, tip, "--").split()
        seconds, sha = (int(found[0]), found[1].decode()) if found else (None, None)
    return Snapshot(
        sha=sha,
        committed_at=utc_from_epoch(seconds) if seconds is not None else None,
        default_branch=ref.removeprefix("refs/heads/").encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        tip_sha=tip,
        rule=rule,
    )


def snapshot_frame(
    group: Group, state: MirrorState, snapshot: Snapshot, *, deadline: datetime, now: datetime
) -> pl.DataFrame:
    """The group's row of `repo_snapshots` after its repository was read."""
    reason = None
    if snapshot.tip_sha is None:
        reason = "The repository has no commits yet."
    elif snapshot.sha is None:
        reason = f"No commit of {snapshot.default_branch} is dated at or before the deadline."
    row = {
        "group_id": group.group_id,
        "repo_url": group.address.url,
        "status": "ok" if reason is None else "empty",
        "reason": reason,
        "default_branch": snapshot.default_branch,
        "tip_sha": snapshot.tip_sha,
        "snapshot_sha": snapshot.sha,
        "snapshot_rule": snapshot.rule,
        "snapshot_at": snapshot.committed_at,
        "deadline_at": deadline,
        "renamed_to": state.renamed_to,
        "num_heads": state.refs.num_heads,
        "num_pull_request_heads": state.refs.num_pull_request_heads,
        "refs_id": state.refs.refs_id,
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


def utc_from_epoch(seconds: int) -> datetime | None:
    """The moment, or None outside the years 1 to 9999, which git allows."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
