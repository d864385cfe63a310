"""Many repositories in one GraphQL request, and what to do when that was too much.

Belongs here: composing such a request, telling which repository an error belongs to, and paging. Names and cursors go
in as variables, so that nothing a repository is called becomes part of a query.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from mlops_mentor.errors import GitHubError

log = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)

# GraphQL's kinds of errors that say something of one repository; others are of the request as a whole.
_STATUSES = {"NOT_FOUND": "not_found", "FORBIDDEN": "no_access"}
# Not every token may see check suites (fine-grained ones have no permission for them): what else was said counts.
_OPTIONAL = {"heads": "checkSuites", "pull_requests": "checkSuites"}
# The request was more than GitHub does at once: half of it may be well.
_TOO_MUCH = ("MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED", "TIMEOUT")


class GraphQLClient(Protocol):
    """What of the client is needed here."""

    async def graphql(self, query: str, variables: Mapping[str, object], *, attempts: int) -> Any:
        """The answer: `data` by alias and `errors` with `type`, `message` and `path`."""
        ...


@dataclass(frozen=True)
class Question:
    """One repository, `owner/name`, and the values of the query's variables for it."""

    name: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    page: int = 1


@cache
def selection(query: str) -> str:
    """What is asked of each repository, from `queries/<query>.graphql`."""
    return (resources.files("mlops_mentor.github") / "queries" / f"{query}.graphql").read_text(encoding="utf-8")


async def ask(
    client: GraphQLClient, query: str, types: Mapping[str, str], model: type[T], questions: Sequence[Question]
) -> list[T | GitHubError]:
    """What GitHub says of each repository, or why it does not, in their order; `types` are GraphQL's, by variable.

    Where many at once fail, halves are asked: a repository that GitHub cannot answer for does not take others with it.

    Raises:
        GitHubError: nothing can be asked at present: `rate_limited` or `bad_token`.
    """
    if not questions:
        return []
    is_last_resort = len(questions) == 1
    try:
        # Fewer attempts while there is something to halve: what is too much stays so.
        answer = await client.graphql(*_compose(query, types, questions), attempts=5 if is_last_resort else 3)
    except GitHubError as error:
        if error.status in ("rate_limited", "bad_token"):
            raise
        if is_last_resort:
            return [error]
        return await _ask_halves(client, query, types, model, questions)
    if not is_last_resort and (not answer.data or any(error.type in _TOO_MUCH for error in answer.errors)):
        return await _ask_halves(client, query, types, model, questions)
    return list(_sorted_out(answer, query, model, questions))


async def ask_pages(
    client: GraphQLClient,
    query: str,
    types: Mapping[str, str],
    model: type[T],
    questions: Sequence[Question],
    *,
    batch_size: int,
    next_page: "NextPage[T]",
    max_pages: int | None = None,
) -> AsyncIterator[tuple[Question, T | GitHubError, bool]]:
    """Each page as it arrives, with whether it is the repository's last; pages of many repositories share requests."""
    pending = deque(questions)
    while pending:
        batch = [pending.popleft() for _ in range(min(batch_size, len(pending)))]
        for question, answer in zip(batch, await ask(client, query, types, model, batch), strict=True):
            following = None
            if not isinstance(answer, GitHubError) and question.page != max_pages:
                following = next_page(answer)
            if following is not None:
                pending.append(_following(question, following))
            yield question, answer, following is None


def _following(question: Question, cursors: Mapping[str, str | None]) -> Question:
    # An empty page has no cursor, and without one a list that is complete would begin again.
    later = {name: cursor for name, cursor in cursors.items() if cursor is not None}
    return Question(question.name, {**question.variables, **later}, question.page + 1)


class NextPage(Protocol[T]):  # type: ignore[misc]  # used as an argument alone
    """The variables of the page that follows, where one is None it stays as it was; None after the last page."""

    def __call__(self, page: T, /) -> Mapping[str, str | None] | None: ...


async def _ask_halves(
    client: GraphQLClient, query: str, types: Mapping[str, str], model: type[T], questions: Sequence[Question]
) -> list[T | GitHubError]:
    middle = len(questions) // 2
    log.info("asking for %d repositories at once failed; asking for halves", len(questions))
    first = await ask(client, query, types, model, questions[:middle])
    return first + await ask(client, query, types, model, questions[middle:])


def _compose(query: str, types: Mapping[str, str], questions: Sequence[Question]) -> tuple[str, dict[str, object]]:
    declared: list[str] = []
    asked: list[str] = []
    values: dict[str, object] = {}
    for number, question in enumerate(questions):
        owner, name = question.name.split("/")
        values |= {f"owner{number}": owner, f"name{number}": name}
        declared += [f"$owner{number}: String!", f"$name{number}: String!"]
        text = selection(query)
        for variable, graphql_type in types.items():
            values[f"{variable}{number}"] = question.variables.get(variable)
            declared.append(f"${variable}{number}: {graphql_type}")
            text = text.replace(f"${variable})", f"${variable}{number})")
        asked.append(f"r{number}: repository(owner: $owner{number}, name: $name{number}) {{\n{text}}}")
    return f"query({', '.join(declared)}) {{\n{chr(10).join(asked)}\n}}", values


def _sorted_out(answer: Any, query: str, model: type[T], questions: Sequence[Question]) -> Iterator[T | GitHubError]:
    errors = {
        str(error.path[0]): error for error in reversed(answer.errors) if error.path and not _is_optional(query, error)
    }
    general = next((error for error in answer.errors if not error.path), None)
    for number, question in enumerate(questions):
        alias = f"r{number}"
        found = (answer.data or {}).get(alias)
        if error := errors.get(alias) or (general if found is None else None):
            yield _refusal(question.name, error.type, error.message)
        elif found is None:
            yield _refusal(question.name, "NOT_FOUND", "")
        else:
            yield _checked(model, found, question.name)


def _is_optional(query: str, error: Any) -> bool:
    return error.type == "FORBIDDEN" and _OPTIONAL.get(query) in error.path


def _checked(model: type[T], found: object, name: str) -> T | GitHubError:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        return GitHubError("error", f"GitHub's answer for {name} is not what it should be, at {place}. Report this.")


def _refusal(name: str, kind: str | None, message: str) -> GitHubError:
    status = _STATUSES.get(kind or "", "error")
    if status == "not_found":
        reason = f"GitHub shows this token no repository {name}. Correct the roster, or give the token access."
    elif status == "no_access":
        reason = f"GitHub does not let this token read all of {name} ({message[:120]}). Give the token access."
    else:
        reason = f"GitHub could not answer for {name}: {(message or kind or 'no reason given')[:120]}. Try again later."
    return GitHubError(status, reason)
