"""A sweep: what GitHub shows of many repositories at once, enough to tell whether anything has changed.

Belongs here: all heads, as git would list them, and ids that differ whenever pull requests or workflow runs do.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import Page, RepositoryHeads
from mlops_mentor.github.batches import GraphQLClient, Question, ask_pages
from mlops_mentor.repos.refs import Refs

# Larger ones save no request in a class, and GitHub ends a query after ten seconds.
BATCH_SIZE = 30
_TYPES = {"branches": "String", "tags": "String", "pullRequests": "String"}


@dataclass(frozen=True)
class Observation:
    """What a look at a repository on GitHub saw.

    `pull_requests_id` and `runs_id` (the check suites of the default branch's tip) are SHA-256 over what was seen.
    """

    full_name: str
    is_private: bool
    is_archived: bool
    is_empty: bool
    is_fork: bool
    default_branch: str | None
    created_at: datetime
    pushed_at: datetime | None
    num_pull_requests: int
    refs: Refs
    pull_requests_id: str
    runs_id: str

    @property
    def branches_id(self) -> str:
        """SHA-256 over the branches and which one is the default."""
        branches = [f"{name} {sha}" for name, sha in self.refs.heads.items() if name.startswith("refs/heads/")]
        return _sha256([f"HEAD {self.refs.head_target}", *sorted(branches)])

    @property
    def seen_id(self) -> str:
        """SHA-256 over everything that was seen."""
        flags = f"{self.full_name} {self.is_private} {self.is_archived} {self.is_empty} {self.is_fork}"
        return _sha256([flags, self.refs.refs_id, self.pull_requests_id, self.runs_id])


async def observe(client: GraphQLClient, names: Sequence[str]) -> AsyncIterator[tuple[str, Observation | GitHubError]]:
    """What GitHub shows of each of the repositories (`owner/name`), in no order.

    Raises:
        GitHubError: nothing can be asked at present: `rate_limited` or `bad_token`.
    """
    pages: dict[str, list[RepositoryHeads]] = {}
    questions = [Question(name) for name in dict.fromkeys(names)]
    arriving = ask_pages(
        client, "heads", _TYPES, RepositoryHeads, questions, batch_size=BATCH_SIZE, next_page=_next_page
    )
    async for question, page, is_last in arriving:
        if isinstance(page, GitHubError):
            yield question.name, page
            continue
        pages.setdefault(question.name, []).append(page)
        if is_last:
            yield question.name, _observation(pages.pop(question.name))


def _next_page(page: RepositoryHeads) -> Mapping[str, str | None] | None:
    if not any(each.page_info.has_next_page for each in (page.branches, page.tags, page.pull_requests)):
        return None
    return {
        "branches": _end(page.branches),
        "tags": _end(page.tags),
        "pullRequests": _end(page.pull_requests),
    }


def _end(page: Page) -> str | None:  # type: ignore[type-arg]  # of whatever
    # Behind the last item of a connection that is complete there is nothing, and no item comes twice.
    return page.page_info.end_cursor


def _observation(pages: Sequence[RepositoryHeads]) -> Observation:
    first = pages[0]
    heads = {
        f"refs/{kind}/{ref.name}": ref.target.oid
        for page in pages
        for kind, refs in (("heads", page.branches), ("tags", page.tags))
        for ref in refs.nodes
        if ref.target is not None
    }
    pull_requests = {pull.number: pull for page in pages for pull in page.pull_requests.nodes}
    heads |= {f"refs/pull/{number}/head": pull.head_ref_oid for number, pull in pull_requests.items()}
    branch = first.default_branch_ref
    target = f"refs/heads/{branch.name}" if branch is not None else None
    return Observation(
        full_name=first.name_with_owner,
        is_private=first.is_private,
        is_archived=first.is_archived,
        is_empty=first.is_empty,
        is_fork=first.is_fork,
        default_branch=branch.name if branch is not None else None,
        created_at=first.created_at,
        pushed_at=first.pushed_at,
        num_pull_requests=len(pull_requests),
        refs=Refs(target if target in heads else None, heads),
        pull_requests_id=_sha256(f"{n} {pull.updated_at.isoformat()}" for n, pull in sorted(pull_requests.items())),
        runs_id=_sha256(sorted(_suites(first))),
    )


def _suites(page: RepositoryHeads) -> list[str]:
    target = page.default_branch_ref.target if page.default_branch_ref is not None else None
    if target is None or target.check_suites is None:
        return []
    return [
        f"{suite.workflow_run.id} {suite.status} {suite.conclusion} {suite.updated_at.isoformat()}"
        for suite in target.check_suites.nodes
        if suite.workflow_run is not None
    ]


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
