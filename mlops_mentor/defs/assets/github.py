"""Assets from GitHub's API, by group: `github_repos`, `pushes`, `pull_requests`, `workflow_runs`."""

from mlops_mentor.chain.group_work import Computed, GroupWork
from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NotAsked
from mlops_mentor.github.pull_requests import pull_requests_frame
from mlops_mentor.github.pushes import pushes_frame
from mlops_mentor.github.repo import github_repo_frame, unasked_repo_frame
from mlops_mentor.github.workflow_runs import CommitsWithRuns, workflow_runs_frame
from mlops_mentor.schemas import GITHUB_REPOS, PULL_REQUESTS, PUSHES, WORKFLOW_RUNS, empty


@group_asset(GITHUB_REPOS, deps=["groups"], kinds={"github"})
def github_repos(work: GroupWork) -> Computed:
    """One look at the repository, many of them in a request."""
    known = work.known(GITHUB_REPOS)
    if known is not None and known["repo_url"].item() != work.group.address.url:
        known = None
        # The roster names another repository now: what was said of the old one is not true of it.
        work.forget(PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)
    if isinstance(work.github, NotAsked):
        return Computed(unasked_repo_frame(work.group, work.github, known))
    try:
        return Computed(github_repo_frame(work.group, work.github.observation(), work.inputs.now))
    except GitHubError as error:
        work.lake.write(GITHUB_REPOS, unasked_repo_frame(work.group, error, known), work.group.group_id)
        raise


@group_asset(PUSHES, deps=["github_repos"], kinds={"github"})
def pushes(work: GroupWork) -> Computed:
    """The feed of pushes, read down to what is known."""
    known = work.said_by_github(PUSHES)
    if isinstance(work.github, NotAsked):
        return Computed(empty(PUSHES))
    return Computed(pushes_frame(work.group.group_id, work.github.pushes(known), known))


@group_asset(PULL_REQUESTS, deps=["github_repos"], kinds={"github"})
def pull_requests(work: GroupWork) -> Computed:
    """All pages, those of many repositories in a request."""
    if isinstance(work.github, NotAsked):
        return Computed(empty(PULL_REQUESTS))
    return Computed(pull_requests_frame(work.group.group_id, work.github.pull_requests()))


@group_asset(WORKFLOW_RUNS, deps=["github_repos", "repo_snapshots"], kinds={"github"})
def workflow_runs(work: GroupWork) -> Computed:
    """Along the default branch, at the last commits of pull requests, and at the snapshot."""
    if isinstance(work.github, NotAsked):
        return Computed(empty(WORKFLOW_RUNS))
    found = work.github.workflow_runs()
    known = work.said_by_github(WORKFLOW_RUNS)
    sha = work.snapshot_sha
    if sha is not None and sha not in found.shas:
        # A forced push took it out of the branch.
        found = CommitsWithRuns([*found.commits, *work.github.workflow_runs_at(sha).commits])
    return Computed(workflow_runs_frame(work.group.group_id, found, known))
