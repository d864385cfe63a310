"""Assets of numbers, by group: `contributors`, `flags`, `repo_stats`."""

from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.group_work import Computed, GroupWork
from mlops_mentor.metrics.contributors import commit_identities, contributors_frame
from mlops_mentor.metrics.flags import flags_frame
from mlops_mentor.metrics.repo_stats import GitHubSays, repo_stats_frame, root_readme
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.identities import read_mailmap
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    WORKFLOW_RUNS,
)


@group_asset(CONTRIBUTORS, deps=["commits", "files"], kinds={"polars"})
def contributors(work: GroupWork) -> Computed:
    """Who wrote the commits, identities merged, bots and assistants told apart."""
    found = work.read(COMMITS)
    has_mailmap = (work.read(FILES)["path"] == ".mailmap").any()
    mailmap = read_mailmap(work.mirror, work.snapshot_sha or "", commit_identities(found)) if has_mailmap else {}
    return Computed(contributors_frame(work.group.group_id, found, mailmap, work.inputs.course.zone))


@group_asset(FLAGS, deps=["repo_snapshots", "pushes", "commits"], kinds={"polars"})
def flags(work: GroupWork) -> Computed:
    """From the snapshot, and where GitHub lists pushes, from the times at which commits arrived."""
    snapshot = work.read(REPO_SNAPSHOTS).row(0, named=True)
    pushes = work.said_by_github(PUSHES)
    return Computed(flags_frame(work.group.group_id, snapshot=snapshot, commits=work.read(COMMITS), pushes=pushes))


@group_asset(REPO_STATS, deps=["commits", "contributors", "files", "pull_requests", "workflow_runs"], kinds={"polars"})
def repo_stats(work: GroupWork) -> Computed:
    """The numbers of the group, one row: they inform and never grade."""
    tracked = work.read(FILES)
    readme = root_readme(tracked)
    reason, observed_at = work.read(GITHUB_REPOS).select("reason", "observed_at").row(0)
    return Computed(
        repo_stats_frame(
            work.group,
            work.inputs.course,
            snapshot=work.read(REPO_SNAPSHOTS).row(0, named=True),
            commits=work.read(COMMITS),
            contributors=work.read(CONTRIBUTORS),
            files=tracked,
            readme=dict(read_blobs(work.mirror, [readme]))[readme] if readme else None,
            github=GitHubSays(
                work.said_by_github(PULL_REQUESTS), work.said_by_github(WORKFLOW_RUNS), reason, observed_at
            ),
        )
    )
