"""Pull requests: asked in batches, made into the table `pull_requests`."""

from collections.abc import AsyncIterator, Mapping, Sequence

import polars as pl

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import PullRequest, PullRequestsPage
from mlops_mentor.github.batches import GraphQLClient, Question, ask_pages
from mlops_mentor.schemas import PULL_REQUESTS

BATCH_SIZE = 8


async def fetch_pull_requests(
    client: GraphQLClient, names: Sequence[str]
) -> AsyncIterator[tuple[str, list[PullRequest] | GitHubError]]:
    """All pull requests of each repository (`owner/name`), or why they are not to be had, in no order.

    Raises:
        GitHubError: nothing can be asked at present.
    """
    found: dict[str, list[PullRequest]] = {name: [] for name in names}
    arriving = ask_pages(
        client, "pull_requests", {"cursor": "String"}, PullRequestsPage, [Question(name) for name in found],
        batch_size=BATCH_SIZE, next_page=_next_page,
    )  # fmt: skip
    async for question, page, is_last in arriving:
        if isinstance(page, GitHubError):
            yield question.name, page
            continue
        found[question.name] += page.pull_requests.nodes
        if is_last:
            yield question.name, found.pop(question.name)


def _next_page(page: PullRequestsPage) -> Mapping[str, str | None] | None:
    cursor = page.pull_requests.page_info.next_cursor
    return {"cursor": cursor} if cursor else None


def pull_requests_frame(group_id: str, pull_requests: Sequence[PullRequest]) -> pl.DataFrame:
    """The group's part of `pull_requests`, by number."""
    # Where one was opened while the pages were read, it may come twice.
    by_number = {pull.number: pull for pull in pull_requests}
    rows = [_row(group_id, by_number[number]) for number in sorted(by_number)]
    return pl.DataFrame(rows, schema=PULL_REQUESTS.schema)


def _row(group_id: str, pull: PullRequest) -> dict[str, object]:
    author = pull.author.name if pull.author is not None else None
    reviewers = {
        review.author.name
        for review in pull.reviews.nodes
        if review.author is not None and not review.author.is_bot and review.author.name != author
    }
    return {
        "group_id": group_id,
        "number": pull.number,
        "title": pull.title,
        "state": pull.state.lower(),
        "is_draft": pull.is_draft,
        "opened_at": pull.created_at,
        "merged_at": pull.merged_at,
        "closed_at": pull.closed_at,
        "updated_at": pull.updated_at,
        "author": author,
        "is_bot": pull.author is not None and pull.author.is_bot,
        "reviewers": sorted(reviewers),
        "num_reviews": pull.reviews.total_count,
        "num_comments": pull.comments.total_count,
        "num_commits": pull.commits.total_count,
        "num_files_changed": pull.changed_files,
        "additions": pull.additions,
        "deletions": pull.deletions,
        "base_branch": pull.base_ref_name,
        "head_sha": pull.head_ref_oid,
    }
