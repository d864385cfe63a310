"""A group's chain that tests run over and over, on one lake, with a GitHub that says what they want."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import polars as pl

from mlops_mentor.chain.chain import ChainResult, run_chain
from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.chain.inputs import Inputs
from mlops_mentor.course import Course
from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NOT_ON_GITHUB, NotAsked
from mlops_mentor.github.answers import Activity, CheckedCommit, PullRequest
from mlops_mentor.github.collector import RepoActivity
from mlops_mentor.github.heads import Observation
from mlops_mentor.github.workflow_runs import CommitsWithRuns
from mlops_mentor.leaderboard.tables import group_status_frame
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.repos.refs import Refs, remote_refs
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import GITHUB_REPOS, GROUP_OUTCOMES, REPO_SNAPSHOTS, REPO_STATS, Table
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.repos.chain import ASSETS
from mlops_mentor_tests.repos.sources import BEGIN, Source

COURSE = Course(
    course="02476", term="January 2027", time_zone="Europe/Copenhagen", project_start=date(2027, 1, 4),
    deadline=datetime(2027, 1, 22, 12),
)  # fmt: skip
BEFORE = datetime(2027, 1, 10, 12, tzinfo=UTC)


def pull_request(number: int, *, state: str = "MERGED") -> PullRequest:
    return PullRequest.model_validate(
        {
            "number": number, "title": "Work", "state": state, "isDraft": False, "createdAt": BEGIN, "mergedAt": None,
            "closedAt": None, "updatedAt": BEGIN, "author": None, "baseRefName": "main", "headRefOid": "b" * 40,
            "changedFiles": 1, "additions": 1, "deletions": 0, "commits": {"nodes": [], "totalCount": 1},
            "comments": {"totalCount": 0}, "reviews": {"nodes": [], "totalCount": 0},
        }
    )  # fmt: skip


def checked(sha: str, run_id: int = 7, conclusion: str = "SUCCESS") -> CheckedCommit:
    run = {"url": f"https://github.com/class/group-1/actions/runs/{run_id}", "event": "push", "runNumber": 1,
           "createdAt": BEGIN, "updatedAt": BEGIN, "workflow": {"name": "Tests"}}  # fmt: skip
    suite = {"status": "COMPLETED", "conclusion": conclusion, "workflowRun": run}
    return CheckedCommit.model_validate({"oid": sha, "checkSuites": {"nodes": [suite]}})


@dataclass
class OnGitHub:
    """What GitHub says of a repository, in the place of `RepoActivity`: an error is raised wherever one stands."""

    source: Source
    look: GitHubError | None = None
    feed: Sequence[Activity] | GitHubError = ()
    pulls: Sequence[PullRequest] | GitHubError = ()
    runs: Sequence[CheckedCommit] | GitHubError = ()
    lost_runs: Sequence[CheckedCommit] = ()
    # What of the details an id sees; it is the same where nobody touched anything that a look sees.
    pulls_id: str = "pulls"
    asked: list[str] = field(default_factory=list)

    def observation(self) -> Observation:
        refs = _given(self.look or self._refs())
        return Observation(
            full_name="class/group-1", is_private=False, is_archived=False, is_empty=not refs.heads, is_fork=False,
            default_branch="main", created_at=BEGIN, pushed_at=None, num_pull_requests=1, refs=refs,
            pull_requests_id=self.pulls_id, runs_id="runs",
        )  # fmt: skip

    def moved_from(self, url: str) -> str | None:
        self.observation()
        return None

    def pushes(self, known: pl.DataFrame | None) -> Sequence[Activity]:
        return self._said("pushes", self.feed)

    def pull_requests(self) -> Sequence[PullRequest]:
        return self._said("pull_requests", self.pulls)

    def workflow_runs(self) -> CommitsWithRuns:
        return CommitsWithRuns(list(self._said("workflow_runs", self.runs)))

    def workflow_runs_at(self, sha: str) -> CommitsWithRuns:
        self.asked.append(sha)
        return CommitsWithRuns([commit for commit in self.lost_runs if commit.oid == sha])

    def _said(self, what: str, found: Sequence[Any] | GitHubError) -> Sequence[Any]:
        self.observation()
        self.asked.append(what)
        return cast("Sequence[Any]", _given(found))

    def _refs(self) -> Refs:
        return remote_refs(self.source.address, cwd=self.source.path.parent, timeout_s=30)[0]


def _given(found: Any) -> Any:
    if isinstance(found, GitHubError):
        raise found
    return found


@dataclass
class Chain:
    """Runs a group's chain over and over, on one lake."""

    folder: Path
    group: Group

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    def run(
        self,
        github: OnGitHub | NotAsked = NOT_ON_GITHUB,
        *,
        now: datetime = BEFORE,
        **changes: Any,
    ) -> ChainResult:
        """`changes` are other `Inputs` than those of a course without starter code."""
        inputs = replace(Inputs(COURSE, None, now), **changes)
        asked = cast("RepoActivity | NotAsked", github)
        work = GroupWork(self.group, self.lake, inputs, Limits(), self.folder / "mirrors", asked)
        return run_chain(work, [(asset.table, asset.compute) for asset in ASSETS], self.folder / "locks")

    def row(self, table: Table) -> dict[str, Any]:
        return self.lake.read(table, "1").row(0, named=True)

    def status(self) -> dict[str, Any]:
        """The group's row of `group_status`."""
        parts = [self.lake.read_groups(table, ["1"]) for table in (REPO_SNAPSHOTS, GITHUB_REPOS, GROUP_OUTCOMES)]
        return group_status_frame(groups_frame([self.group]), *parts).row(0, named=True)

    def not_available(self) -> dict[str, str]:
        return dict(text.split(": ", 1) for text in self.row(REPO_STATS)["not_available"])


def finished(result: ChainResult) -> list[str]:
    return [part.table.name for part in result.finished]


def recomputed(result: ChainResult) -> list[str]:
    return [part.table.name for part in result.finished if not part.is_unchanged]
