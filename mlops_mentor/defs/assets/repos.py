"""Assets read from git, by group: `repo_snapshots`, `commits`, `files`."""

from mlops_mentor.chain.freshness import snapshot_key
from mlops_mentor.chain.group_work import Computed, GroupWork
from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.errors import GitHubError, RepoError
from mlops_mentor.github.access import NotAsked
from mlops_mentor.repos.commits import read_commits
from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.mirror import fetch_commit, update_mirror
from mlops_mentor.repos.refs import Refs
from mlops_mentor.repos.snapshot import PushFeed, choose_snapshot
from mlops_mentor.repos.snapshot_row import failed_snapshot_frame, snapshot_frame
from mlops_mentor.schemas import COMMITS, FILES, PUSHES, REPO_SNAPSHOTS


@group_asset(REPO_SNAPSHOTS, deps=["groups", "pushes"], kinds={"git"})
def repo_snapshots(work: GroupWork) -> Computed:
    """A bare mirror of the repository, brought up to date, and the commit that counts."""
    group, now = work.group, work.inputs.now
    deadline = work.inputs.deadline(group)
    known = work.known(REPO_SNAPSHOTS)
    # The roster may name another repository now: what was read of the old one says nothing about it.
    previous = known if known is not None and known["repo_url"].item() == group.address.url else None
    try:
        state = update_mirror(group.address, work.mirror, work.limits, _heads_seen(work))
        snapshot = choose_snapshot(
            work.mirror,
            state,
            repo_url=group.address.url,
            deadline=deadline,
            now=now,
            feed=_feed(work),
            previous=previous.row(0, named=True) if previous is not None else None,
            fetch_commit=lambda sha: fetch_commit(group.address, work.mirror, sha, work.limits),
        )
    except RepoError as error:
        failed = failed_snapshot_frame(group, error, previous, deadline=deadline, now=now)
        work.lake.write(REPO_SNAPSHOTS, failed, group.group_id)
        raise
    work.refs = state.refs
    frame = snapshot_frame(group, state, snapshot, deadline=deadline, now=now)
    return Computed(frame, snapshot_key(work.lake, group, state.refs.refs_id, work.inputs))


def _heads_seen(work: GroupWork) -> tuple[Refs, str | None] | None:
    """The heads that a look on GitHub saw, and the repository's new address if it has one; None without a look."""
    if isinstance(work.github, NotAsked):
        return None
    try:
        return work.github.observation().refs, work.github.moved_from(work.group.address.url)
    except GitHubError:
        return None


def _feed(work: GroupWork) -> PushFeed:
    """The pushes that GitHub lists now: a feed of another day lacks those that decide."""
    try:
        seen = work.seen()
    except GitHubError as error:
        return PushFeed(reason=f"GitHub did not answer: {error.reason}")
    if isinstance(seen, NotAsked):
        return PushFeed(reason=seen.reason)
    # What was stored before this look lacks what was pushed since: the wrong commit would be noted for good.
    is_of_now = work.lake.input_key(PUSHES, work.group.group_id) == work.github_key(PUSHES, None)
    return PushFeed(work.read(PUSHES)) if is_of_now else PushFeed(reason="GitHub did not list the pushes")


@group_asset(COMMITS, deps=["repo_snapshots"], kinds={"git", "polars"})
def commits(work: GroupWork) -> Computed:
    """Every commit of the snapshot and of pull requests, once, with its line counts."""
    return Computed(read_commits(work.mirror, work.group.group_id, work.snapshot_sha, work.pull_request_shas))


@group_asset(FILES, deps=["repo_snapshots", "starter_files"], kinds={"git", "polars"})
def files(work: GroupWork) -> Computed:
    """Every tracked file at the snapshot: kind, size, lines, whether it is the group's own."""
    return Computed(read_files(work.mirror, work.group.group_id, work.snapshot_sha, work.starter_blobs))
