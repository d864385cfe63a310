"""Assets of numbers, by group: `contributors`, `repo_stats`."""

from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.group_work import Computed, GroupWork
from mlops_mentor.metrics.contributors import commit_identities, contributors_frame
from mlops_mentor.metrics.repo_stats import repo_stats_frame, root_readme
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.identities import read_mailmap
from mlops_mentor.schemas import COMMITS, CONTRIBUTORS, FILES, REPO_STATS


@group_asset(CONTRIBUTORS, deps=["commits", "files"], kinds={"polars"})
def contributors(work: GroupWork) -> Computed:
    """Who wrote the commits, identities merged, bots and assistants told apart."""
    found = work.read(COMMITS)
    has_mailmap = (work.read(FILES)["path"] == ".mailmap").any()
    mailmap = read_mailmap(work.mirror, work.snapshot_sha or "", commit_identities(found)) if has_mailmap else {}
    return Computed(contributors_frame(work.group.group_id, found, mailmap, work.inputs.course.zone))


@group_asset(REPO_STATS, deps=["commits", "contributors", "files"], kinds={"polars"})
def repo_stats(work: GroupWork) -> Computed:
    """The numbers of the group, one row: they inform and never grade."""
    tracked = work.read(FILES)
    readme = root_readme(tracked)
    return Computed(
        repo_stats_frame(
            work.group,
            work.inputs.course,
            commits=work.read(COMMITS),
            contributors=work.read(CONTRIBUTORS),
            files=tracked,
            snapshot_sha=work.snapshot_sha,
            readme=dict(read_blobs(work.mirror, [readme]))[readme] if readme else None,
        )
    )
