"""Runs of GitHub Actions: asked in batches along the default branch, made into the table `workflow_runs`.

REST lists runs too, a hundred in a request and only one repository: a busy group costs sixteen requests there. It is
asked where the token may see runs but not the check suites, by which GraphQL has them: the newest runs only.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import CheckedCommit, CheckSuite, Page, RestRuns, RunsAtCommit, WorkflowRunsPage
from mlops_mentor.github.batches import GraphQLClient, Question, ask, ask_pages
from mlops_mentor.schemas import WORKFLOW_RUNS

BATCH_SIZE = 6
_REST_PAGE = 100
_MAX_REST_PAGES = 3
# 1,000 commits: of a fork of something old the newest are enough, as the project has lasted three weeks.
MAX_PAGES = 20


class RunsClient(GraphQLClient, Protocol):
    """What of the client is needed here."""

    async def get(self, path: str, params: Mapping[str, str | int], *, model: type[RestRuns]) -> RestRuns: ...


@dataclass
class CommitsWithRuns:
    """Commits, newest first, with the check suites that GitHub has for them."""

    commits: list[CheckedCommit] = field(default_factory=list)

    @property
    def shas(self) -> set[str]:
        return {commit.oid for commit in self.commits}


async def fetch_workflow_runs(
    client: RunsClient, names: Sequence[str]
) -> AsyncIterator[tuple[str, CommitsWithRuns | GitHubError]]:
    """The runs on the newest commits of each default branch, or why they are not to be had, in no order.

    Raises:
        GitHubError: nothing can be asked at present.
    """
    found = {name: CommitsWithRuns() for name in names}
    arriving = ask_pages(
        client, "workflow_runs", {"cursor": "String"}, WorkflowRunsPage, [Question(name) for name in found],
        batch_size=BATCH_SIZE, next_page=_next_page, max_pages=MAX_PAGES,
    )  # fmt: skip
    async for question, page, is_last in arriving:
        if isinstance(page, GitHubError):
            is_shut = page.status == "no_access"
            yield question.name, await _fetch_by_rest(client, question.name) if is_shut else page
            continue
        if history := _history(page):
            found[question.name].commits += history.nodes
        if is_last:
            yield question.name, found.pop(question.name)


async def fetch_runs_at(client: RunsClient, name: str, sha: str) -> CommitsWithRuns | GitHubError:
    """The runs on one commit, which the default branch may have lost."""
    question = Question(name, {"commit": sha})
    [answer] = await ask(client, "runs_at_commit", {"commit": "GitObjectID!"}, RunsAtCommit, [question])
    if isinstance(answer, GitHubError):
        return await _fetch_by_rest(client, name, head_sha=sha) if answer.status == "no_access" else answer
    return CommitsWithRuns([answer.object] if answer.object is not None else [])


async def _fetch_by_rest(client: RunsClient, name: str, **only: str) -> CommitsWithRuns | GitHubError:
    """The newest runs of a repository, or those that `only` leaves, by the commit that they ran on."""
    suites: dict[str, list[CheckSuite]] = {}
    try:
        for number in range(1, _MAX_REST_PAGES + 1):
            params: dict[str, str | int] = {"per_page": _REST_PAGE, "page": number, **only}
            page = await client.get(f"/repos/{name}/actions/runs", params, model=RestRuns)
            for run in page.workflow_runs:
                suites.setdefault(run.head_sha, []).append(run.suite)
            if len(page.workflow_runs) < _REST_PAGE:
                break
    except GitHubError as error:
        if error.status in ("rate_limited", "bad_token"):
            raise
        return error
    return CommitsWithRuns(
        [CheckedCommit(oid=sha, check_suites=Page[CheckSuite](nodes=tuple(found))) for sha, found in suites.items()]
    )


def workflow_runs_frame(group_id: str, found: CommitsWithRuns, known: pl.DataFrame | None) -> pl.DataFrame:
    """The group's part of `workflow_runs`, oldest first: what was found, and of what was `known` before the rest."""
    rows = {row["run_id"]: row for row in _rows(group_id, found.commits)}
    fresh = pl.DataFrame(list(rows.values()), schema=WORKFLOW_RUNS.schema)
    kept = known.join(fresh, "run_id", "anti") if known is not None else fresh.clear()
    return pl.concat([kept, fresh]).sort("created_at", "run_id")


def _rows(group_id: str, commits: Iterable[CheckedCommit]) -> Iterator[dict[str, object]]:
    for commit in commits:
        for suite in commit.check_suites.nodes if commit.check_suites is not None else ():
            if run := suite.workflow_run:
                yield {
                    "group_id": group_id,
                    "run_id": run.run_id,
                    "workflow": run.workflow.name,
                    "event": run.event,
                    "status": suite.status.lower(),
                    "conclusion": suite.conclusion.lower() if suite.conclusion is not None else None,
                    "head_sha": commit.oid,
                    "run_number": run.run_number,
                    "created_at": run.created_at,
                    "updated_at": run.updated_at,
                }


def _history(page: WorkflowRunsPage) -> Page[CheckedCommit] | None:
    branch = page.default_branch_ref
    return branch.target.history if branch is not None and branch.target is not None else None


def _next_page(page: WorkflowRunsPage) -> Mapping[str, str | None] | None:
    history = _history(page)
    cursor = history.page_info.next_cursor if history is not None else None
    return {"cursor": cursor} if cursor else None
