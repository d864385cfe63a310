"""What GitHub's answers must look like: checked where they enter, so that nothing behind them need ask again.

Belongs here: models of GraphQL's and REST's answers, the fields alone that are used. Names are GitHub's.
"""

from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

T = TypeVar("T")
Sha = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class PageInfo(_Answer):
    has_next_page: bool
    end_cursor: str | None = None

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None after the last one."""
        return self.end_cursor if self.has_next_page else None


class Page(_Answer, Generic[T]):
    """A page of a connection; GraphQL may leave single nodes null."""

    nodes: Annotated[tuple[T, ...], BeforeValidator(lambda nodes: [node for node in nodes or () if node is not None])]
    page_info: PageInfo = PageInfo(has_next_page=False)


class Counted(_Answer):
    total_count: int = Field(ge=0)


class Account(_Answer):
    """Who did something: a user, an organization or an app."""

    login: str
    kind: str = Field("User", alias="__typename")

    @property
    def is_bot(self) -> bool:
        return self.kind == "Bot" or self.login.endswith("[bot]")

    @property
    def name(self) -> str:
        """The login as REST and commits write it: GraphQL calls `dependabot[bot]` a Bot named `dependabot`."""
        return f"{self.login}[bot]" if self.kind == "Bot" and not self.login.endswith("[bot]") else self.login


# --- heads


class Target(_Answer):
    oid: Sha


class Ref(_Answer):
    name: str
    target: Target | None


class RunId(_Answer):
    id: str


class TipSuite(_Answer):
    status: str
    conclusion: str | None
    updated_at: AwareDatetime
    workflow_run: RunId | None


class Tip(_Answer):
    check_suites: Page[TipSuite] | None = None


class DefaultBranch(_Answer):
    name: str
    target: Tip | None


class PullRequestHead(_Answer):
    number: int
    head_ref_oid: Sha
    updated_at: AwareDatetime


class RepositoryHeads(_Answer):
    name_with_owner: str
    is_private: bool
    is_archived: bool
    is_empty: bool
    is_fork: bool
    created_at: AwareDatetime
    pushed_at: AwareDatetime | None
    default_branch_ref: DefaultBranch | None
    branches: Page[Ref]
    tags: Page[Ref]
    pull_requests: Page[PullRequestHead]


# --- workflow runs


class Workflow(_Answer):
    name: str


class WorkflowRun(_Answer):
    # Its `databaseId` is null: ids of runs have outgrown GraphQL's 32 bits.
    url: Annotated[str, Field(pattern=r"/actions/runs/\d+")]
    event: str
    run_number: int = Field(ge=1)
    created_at: AwareDatetime
    updated_at: AwareDatetime
    workflow: Workflow

    @property
    def run_id(self) -> int:
        return int(self.url.partition("/actions/runs/")[2].partition("/")[0])


class CheckSuite(_Answer):
    status: str
    conclusion: str | None
    workflow_run: WorkflowRun | None


class CheckedCommit(_Answer):
    oid: Sha
    check_suites: Page[CheckSuite] | None


class HistoryOfBranch(_Answer):
    history: Page[CheckedCommit]


class BranchWithHistory(_Answer):
    target: HistoryOfBranch | None


class WorkflowRunsPage(_Answer):
    default_branch_ref: BranchWithHistory | None


class RunsAtCommit(_Answer):
    object: CheckedCommit | None


# --- pull requests


class Review(_Answer):
    author: Account | None


class Reviews(Page[Review], Counted):
    pass


class CommitOfPullRequest(_Answer):
    commit: CheckedCommit


class CommitsOfPullRequest(Page[CommitOfPullRequest], Counted):
    pass


class PullRequest(_Answer):
    number: int = Field(ge=1)
    title: str
    state: Annotated[str, Field(pattern="^(OPEN|CLOSED|MERGED)$")]
    is_draft: bool
    created_at: AwareDatetime
    merged_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    updated_at: AwareDatetime
    author: Account | None
    base_ref_name: str
    head_ref_oid: Sha
    changed_files: int = Field(ge=0)
    additions: int = Field(ge=0)
    deletions: int = Field(ge=0)
    commits: CommitsOfPullRequest
    comments: Counted
    reviews: Reviews


class PullRequestsPage(_Answer):
    pull_requests: Page[PullRequest]


# --- REST


class Activity(BaseModel):
    """An item of `GET /repos/{owner}/{repo}/activity`: REST has its names in snake case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    before: Sha
    after: Sha
    ref: str
    timestamp: AwareDatetime
    activity_type: str
    actor: Account | None


class RestRun(BaseModel):
    """An item of `GET /repos/{owner}/{repo}/actions/runs`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    html_url: str
    name: str | None
    head_sha: Sha
    event: str
    status: str
    conclusion: str | None
    run_number: int = Field(ge=1)
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def suite(self) -> CheckSuite:
        """As GraphQL has it."""
        run = WorkflowRun(
            url=self.html_url, event=self.event, run_number=self.run_number, created_at=self.created_at,
            updated_at=self.updated_at, workflow=Workflow(name=self.name or "unnamed"),
        )  # fmt: skip
        return CheckSuite(status=self.status, conclusion=self.conclusion, workflow_run=run)


class RestRuns(BaseModel):
    """A page of `GET /repos/{owner}/{repo}/actions/runs`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    workflow_runs: tuple[RestRun, ...]
