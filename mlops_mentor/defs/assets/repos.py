"""Assets read from git, by group: `repo_snapshots`, `commits`, `files`."""

from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.errors import RepoError
from mlops_mentor.freshness import snapshot_key
from mlops_mentor.group_work import Computed, GroupWork
from mlops_mentor.repos.commits import read_commits
from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.mirror import update_mirror
from mlops_mentor.repos.snapshot import choose_snapshot, failed_snapshot_frame, snapshot_frame
from mlops_mentor.schemas import COMMITS, FILES, REPO_SNAPSHOTS


@group_asset(REPO_SNAPSHOTS, deps=["groups"], kinds={"git"})
def repo_snapshots(work: GroupWork) -> Computed:
    """A bare mirror of the repository, brought up to date, and the commit that counts."""
    deadline, now = work.inputs.course.deadline_utc, work.inputs.now
    try:
        state = update_mirror(work.group.address, work.mirror, work.limits)
        snapshot = choose_snapshot(work.mirror, state, deadline=deadline, now=now)
    except RepoError as error:
        has_previous = work.lake.has_current(REPO_SNAPSHOTS, work.group.group_id)
        previous = work.read(REPO_SNAPSHOTS) if has_previous else None
        if previous is not None and previous["repo_url"].item() != work.group.address.url:
            # The roster names another repository now: what was read of the old one says nothing about it.
            previous = None
        failed = failed_snapshot_frame(work.group, error, previous, deadline=deadline, now=now)
        work.lake.write(REPO_SNAPSHOTS, failed, work.group.group_id)
        raise
    work.refs = state.refs
    frame = snapshot_frame(work.group, state, snapshot, deadline=deadline, now=now)
    return Computed(frame, snapshot_key(work.group, state.refs.refs_id, work.inputs))


@group_asset(COMMITS, deps=["repo_snapshots"], kinds={"git", "polars"})
def commits(work: GroupWork) -> Computed:
    """Every commit of the snapshot and of pull requests, once, with its line counts."""
    return Computed(read_commits(work.mirror, work.group.group_id, work.snapshot_sha, work.pull_request_shas))


@group_asset(FILES, deps=["repo_snapshots", "starter_files"], kinds={"git", "polars"})
def files(work: GroupWork) -> Computed:
    """Every tracked file at the snapshot: kind, size, lines, whether it is the group's own."""
    return Computed(read_files(work.mirror, work.group.group_id, work.snapshot_sha, work.starter_blobs))
