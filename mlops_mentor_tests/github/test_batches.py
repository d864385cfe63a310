"""Many repositories in a request: whose answer is whose, and what happens when it was too much."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import PullRequestsPage, RepositoryHeads, RunsAtCommit
from mlops_mentor.github.batches import Question, ask, ask_pages
from mlops_mentor.github.graphql import GraphQLAnswer, GraphQLError
from mlops_mentor_tests.github.graphql import Asked, FakeClient, FakeRepo, commit, pull, sha

T = TypeVar("T")
HEADS = {"branches": "String", "tags": "String", "pullRequests": "String"}


def use(client: FakeClient, work: Callable[[], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with client:
            return await work()

    return asyncio.run(opened())


def heads(client: FakeClient, names: Sequence[str]) -> list[RepositoryHeads | GitHubError]:
    questions = [Question(name) for name in names]
    return use(client, lambda: ask(client, "heads", HEADS, RepositoryHeads, questions))


def told(answers: Sequence[RepositoryHeads | GitHubError]) -> list[str]:
    """The repositories' names, or the status of the error in their place."""
    return [answer.status if isinstance(answer, GitHubError) else answer.name_with_owner for answer in answers]


def klass(num: int) -> list[FakeRepo]:
    return [FakeRepo(f"class/group-{number}", {"main": sha(number)}) for number in range(1, num + 1)]


def names(num: int) -> list[str]:
    return [repo.name for repo in klass(num)]


# --- whose is whose


def test_each_repository_gets_its_own_answer_in_the_order_of_the_questions() -> None:
    client = FakeClient(klass(12))
    asked = names(12)[::-1]
    answers = heads(client, asked)
    assert told(answers) == asked
    shas = [answer.branches.nodes[0].target for answer in answers if isinstance(answer, RepositoryHeads)]
    assert [target.oid for target in shas if target is not None] == [sha(number) for number in range(12, 0, -1)]
    assert len(client.asked) == 1


def test_the_variables_of_a_repository_are_for_it_alone() -> None:
    # More than ten: `$commit1` must not be taken for the beginning of `$commit11`.
    repos = [FakeRepo(f"class/group-{n}", history=[commit(n), commit(100 + n)]) for n in range(1, 13)]
    client = FakeClient(repos)
    questions = [Question(repo.name, {"commit": sha(100 + n)}) for n, repo in enumerate(repos, 1)]
    types = {"commit": "GitObjectID!"}
    answers = use(client, lambda: ask(client, "runs_at_commit", types, RunsAtCommit, questions))
    oids = [answer.object.oid for answer in answers if isinstance(answer, RunsAtCommit) and answer.object is not None]
    assert oids == [sha(100 + n) for n in range(1, 13)]


def test_nothing_that_a_repository_is_called_becomes_part_of_a_query() -> None:
    evil = 'class/x") { id } } # {$name0: $(",\\'
    client = FakeClient([FakeRepo(evil), *klass(1)])
    assert told(heads(client, [evil, "class/group-1"])) == [evil, "class/group-1"]
    assert told(heads(client, ["class/group-1", "class/group-1"])) == ["class/group-1"] * 2
    assert client.asked[0].query == client.asked[1].query


def test_no_questions_are_no_request() -> None:
    client = FakeClient([])
    assert heads(client, []) == []
    assert client.asked == []


# --- errors of a repository


@pytest.mark.parametrize(
    ("kind", "status", "remedy"),
    [
        ("NOT_FOUND", "not_found", "Correct the roster"),
        ("FORBIDDEN", "no_access", "Give the token access"),
        ("SOMETHING_NEW", "error", "Try again later"),
        (None, "error", "Try again later"),
    ],
)
@pytest.mark.parametrize("path", [(), ("branches",), ("branches", "nodes", 0, "target")])
def test_an_error_belongs_to_the_repository_that_it_names(
    kind: str | None, status: str, remedy: str, path: tuple[str | int, ...]
) -> None:
    client = FakeClient(klass(12), errors={"class/group-2": GraphQLError(type=kind, message="Oh.", path=path)})
    answers = heads(client, names(12))
    assert told(answers) == ["class/group-1", status, *names(12)[2:]]
    error = answers[1]
    assert isinstance(error, GitHubError)
    assert "class/group-2" in error.reason
    assert remedy in error.reason
    assert len(client.asked) == 1


@pytest.mark.parametrize(("kind", "expected"), [("FORBIDDEN", "class/group-2"), (None, "error")])
def test_only_a_token_that_may_not_see_check_suites_does_without_them(kind: str | None, expected: str) -> None:
    path = ("defaultBranchRef", "target", "checkSuites")
    error = GraphQLError(type=kind, message="Resource not accessible by personal access token", path=path)
    client = FakeClient(klass(2), errors={"class/group-2": error})
    assert told(heads(client, names(2))) == ["class/group-1", expected]


def test_check_suites_that_a_token_may_not_see_cost_nothing_else() -> None:
    path = ("defaultBranchRef", "target", "checkSuites")
    refusal = GraphQLError(type="FORBIDDEN", message="Resource not accessible", path=path)
    answers = heads(FakeClient(klass(2), errors={"class/group-2": refusal}), names(2))
    assert told(answers) == names(2)


def test_repositories_that_are_all_unknown_are_asked_for_once() -> None:
    client = FakeClient([])
    assert told(heads(client, names(3))) == ["not_found"] * 3
    assert len(client.asked) == 1


def test_the_first_error_of_a_repository_counts() -> None:
    first = GraphQLError(type="FORBIDDEN", message="first", path=("r0", "refs"))
    second = GraphQLError(type=None, message="second", path=("r0", "refs"))
    client = FakeClient([], refuse=lambda asked: GraphQLAnswer({"r0": None}, (first, second)))
    assert told(heads(client, ["class/group-1"])) == ["no_access"]


def test_a_null_without_a_reason_is_a_repository_that_is_not_there() -> None:
    client = FakeClient([], refuse=lambda asked: GraphQLAnswer({"r0": None}))
    assert told(heads(client, ["class/group-1"])) == ["not_found"]


def test_an_answer_that_does_not_fit_is_an_error_of_its_repository_alone() -> None:
    broken = FakeRepo("class/group-2", {"main": "no id"})
    answers = heads(FakeClient([*klass(1), broken]), ["class/group-2", "class/group-1"])
    assert told(answers) == ["error", "class/group-1"]
    assert isinstance(answers[0], GitHubError)
    assert "class/group-2 is not what it should be, at branches.nodes.0.target.oid" in answers[0].reason


def test_what_only_an_error_of_the_whole_request_says_is_told_to_those_without_an_answer() -> None:
    def refuse(asked: Asked) -> GraphQLAnswer:
        return GraphQLAnswer({"r0": None, "r1": None}, (GraphQLError(message="Something went wrong."),))

    answers = heads(FakeClient([], refuse=refuse), names(2))
    assert told(answers) == ["error", "error"]
    assert all("Something went wrong." in error.reason for error in answers if isinstance(error, GitHubError))


# --- too much


def test_a_repository_that_github_cannot_answer_for_does_not_take_others_with_it() -> None:
    def refuse(asked: Asked) -> GitHubError | None:
        return GitHubError("error", "502") if "class/group-6" in asked.names else None

    client = FakeClient(klass(10), refuse=refuse)
    assert told(heads(client, names(10))) == [*names(5), "error", *names(10)[6:]]
    # 10 = 5 + 5; 5 = 2 + 3; 2 = 1 + 1. The last resort is tried harder.
    assert [len(asked.names) for asked in client.asked] == [10, 5, 5, 2, 1, 1, 3]
    assert [asked.attempts for asked in client.asked] == [3, 3, 3, 3, 5, 5, 3]
    assert client.asked[4].names == ("class/group-6",)


@pytest.mark.parametrize("kind", ["MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED", "TIMEOUT"])
@pytest.mark.parametrize("has_data", [True, False])
def test_what_is_too_much_at_once_is_asked_in_halves(kind: str, has_data: bool) -> None:
    def refuse(asked: Asked) -> GraphQLAnswer | None:
        # Where there is data, it is of those that came before the limit.
        data = {"r0": None} if has_data else {}
        error = GraphQLError(type=kind, message="too much")
        return GraphQLAnswer(data, (error,)) if len(asked.names) > 2 else None

    client = FakeClient(klass(7), refuse=refuse)
    assert told(heads(client, names(7))) == names(7)
    assert [len(asked.names) for asked in client.asked] == [7, 3, 1, 2, 4, 2, 2]


def test_one_repository_that_is_too_much_is_an_error() -> None:
    error = GraphQLError(type="RESOURCE_LIMITS_EXCEEDED", message="too much")
    client = FakeClient([], refuse=lambda asked: GraphQLAnswer({}, (error,)))
    assert told(heads(client, ["class/group-1"])) == ["error"]
    assert len(client.asked) == 1


@pytest.mark.parametrize("status", ["rate_limited", "bad_token"])
def test_what_holds_for_all_questions_is_raised_at_once(status: str) -> None:
    client = FakeClient(klass(8), refuse=lambda asked: GitHubError(status, "no more"))
    with pytest.raises(GitHubError) as caught:
        heads(client, names(8))
    assert caught.value.status == status
    assert len(client.asked) == 1


def test_a_limit_that_is_reached_among_halves_is_raised() -> None:
    requests = itertools.count(1)

    def refuse(asked: Asked) -> GitHubError:
        return GitHubError("error" if next(requests) < 3 else "rate_limited", "no")

    client = FakeClient(klass(8), refuse=refuse)
    with pytest.raises(GitHubError) as caught:
        heads(client, names(8))
    assert caught.value.status == "rate_limited"
    assert len(client.asked) == 3


# --- paging


def next_page(page: PullRequestsPage) -> Mapping[str, str | None] | None:
    cursor = page.pull_requests.page_info.next_cursor
    return {"cursor": cursor} if cursor else None


def paged(
    client: FakeClient, num: int, *, batch_size: int = 4, max_pages: int | None = None
) -> list[tuple[str, int, list[int] | str, bool]]:
    """Repository, page, numbers on it (or the error's status), whether it is the last."""

    def arriving() -> AsyncIterator[tuple[Question, PullRequestsPage | GitHubError, bool]]:
        return ask_pages(
            client, "pull_requests", {"cursor": "String"}, PullRequestsPage, [Question(name) for name in names(num)],
            batch_size=batch_size, next_page=next_page, max_pages=max_pages,
        )  # fmt: skip

    async def all_pages() -> list[tuple[str, int, list[int] | str, bool]]:
        return [
            (
                question.name,
                question.page,
                page.status if isinstance(page, GitHubError) else [each.number for each in page.pull_requests.nodes],
                is_last,
            )
            async for question, page, is_last in arriving()
        ]

    return use(client, all_pages)


def test_each_repository_is_read_to_its_own_end_and_pages_share_requests() -> None:
    sizes = [0, 25, 26, 60, 3]
    repos = [
        FakeRepo(f"class/group-{n}", pulls=[pull(i) for i in range(1, size + 1)]) for n, size in enumerate(sizes, 1)
    ]
    client = FakeClient(repos)
    found = paged(client, 5)
    for repo, size in zip(repos, sizes, strict=True):
        pages = [(page, numbers, is_last) for name, page, numbers, is_last in found if name == repo.name]
        numbers = [number for _, on_page, _ in pages for number in on_page]
        assert numbers == list(range(1, size + 1))
        assert [page for page, _, _ in pages] == list(range(1, len(pages) + 1))
        assert [is_last for _, _, is_last in pages] == [False] * (len(pages) - 1) + [True]
    assert [len(asked.names) for asked in client.asked] == [4, 3, 1]


def test_no_more_pages_are_read_than_may_be() -> None:
    client = FakeClient([FakeRepo("class/group-1", pulls=[pull(i) for i in range(1, 101)])])
    found = paged(client, 1, max_pages=2)
    assert [(page, is_last) for _, page, _, is_last in found] == [(1, False), (2, True)]
    assert len(client.asked) == 2


def test_a_repository_that_fails_on_a_later_page_ends_there() -> None:
    repos = [FakeRepo(name, pulls=[pull(i) for i in range(1, 61)]) for name in names(2)]

    def refuse(asked: Asked) -> GitHubError | None:
        is_second = any(str(value).endswith("#25") for value in asked.variables.values())
        return GitHubError("timeout", "slow") if is_second and "class/group-1" in asked.names else None

    found = paged(FakeClient(repos, refuse=refuse), 2)
    assert [(page, numbers, is_last) for name, page, numbers, is_last in found if name == "class/group-1"] == [
        (1, list(range(1, 26)), False),
        (2, "timeout", True),
    ]
    assert [is_last for name, _, _, is_last in found if name == "class/group-2"] == [False, False, True]
