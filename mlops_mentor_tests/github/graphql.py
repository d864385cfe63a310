"""A GitHub of plain Python repositories, in the place of the client: what is asked of it is really carried out.

A query is parsed, its variables are checked as GitHub checks them, and a cursor is good only for the list of the
repository that gave it: a query that pages wrongly or mixes repositories fails, with an AssertionError.
"""

import asyncio
import re
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from pydantic import BaseModel, TypeAdapter

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.graphql import GraphQLAnswer, GraphQLError
from mlops_mentor.github.limits import Usage

T = TypeVar("T", bound=BaseModel)
Object = dict[str, Any]

AT = "2027-01-05T12:00:00Z"
ADA = {"__typename": "User", "login": "ada"}
DEPENDABOT = {"__typename": "Bot", "login": "dependabot"}
_MAX_PAGE = 100
_TYPES = {"owner": "String!", "name": "String!", "after": "String", "oid": "GitObjectID!"}


def sha(number: int) -> str:
    return f"{number:040x}"


def suite(run_id: int | None = None, *, repo: str = "class/group-1", **more: Any) -> Object:
    """A check suite, of a workflow's run or (without an id) of another app."""
    run = {
        "id": f"WFR_{run_id}", "databaseId": None, "url": f"https://github.com/{repo}/actions/runs/{run_id}",
        "event": "push", "runNumber": 1, "createdAt": AT, "updatedAt": AT, "workflow": {"name": "Tests"},
    }  # fmt: skip
    made = {"status": "COMPLETED", "conclusion": "SUCCESS", "updatedAt": AT, "workflowRun": run if run_id else None}
    return made | more


def commit(number: int, *suites: Object) -> Object:
    return {"__typename": "Commit", "oid": sha(number), "checkSuites": list(suites)}


def pull(number: int, **more: Any) -> Object:
    """A pull request of Ada's, open; `reviewers` are accounts, `last` its last commit."""
    reviewers = more.pop("reviewers", ())
    last = more.pop("last", commit(1_000 + number))
    made = {
        "number": number, "title": f"Change {number}", "state": "OPEN", "isDraft": False, "createdAt": AT,
        "mergedAt": None, "closedAt": None, "updatedAt": AT, "author": ADA, "baseRefName": "main",
        "headRefOid": last["oid"], "changedFiles": 1, "additions": 2, "deletions": 3,
        "commits": [{"commit": last}], "comments": [], "reviews": [{"author": author} for author in reviewers],
    }  # fmt: skip
    return made | more


def push(number: int, *, ref: str = "refs/heads/main", after: str | None = None, **more: Any) -> Object:
    """An item of the feed of pushes; its number is its id, and says when: minutes after noon."""
    return {
        "id": number, "before": sha(0), "after": after or sha(number), "ref": ref,
        "timestamp": f"2027-01-05T{12 + number // 60:02}:{number % 60:02}:00Z", "activity_type": "push",
        "actor": {"login": "ada", "type": "User"},
    } | more  # fmt: skip


@dataclass
class FakeRepo:
    """A repository: ids by branch and by tag, the default branch's commits newest first, pull requests, pushes."""

    name: str
    branches: dict[str, str] = field(default_factory=lambda: {"main": sha(1)})
    tags: dict[str, str] = field(default_factory=dict)
    default: str | None = "main"
    history: list[Object] = field(default_factory=lambda: [commit(1)])
    # Commits that no branch has.
    lost: list[Object] = field(default_factory=list)
    pulls: list[Object] = field(default_factory=list)
    feed: list[Object] = field(default_factory=list)
    facts: Object = field(default_factory=dict)

    def object(self) -> Object:
        """It as GraphQL has it; a list is a connection, a function takes arguments."""
        refs = {"refs/heads/": self.branches, "refs/tags/": self.tags}
        by_oid = {each["oid"]: each for each in [*self.history, *self.lost]}
        tip = {**self.history[0], "history": self.history} if self.history else None
        return {
            "nameWithOwner": self.name, "isPrivate": False, "isArchived": False, "isEmpty": not self.branches,
            "isFork": False, "createdAt": AT, "pushedAt": AT,
            "defaultBranchRef": {"name": self.default, "target": tip} if self.default in self.branches else None,
            "refs": lambda refPrefix: [  # noqa: N803 - GitHub's name
                {"name": name, "target": {"oid": oid}} for name, oid in sorted(refs[refPrefix].items())
            ],
            "pullRequests": self.pulls,
            "object": lambda oid: by_oid[oid] if oid in by_oid else None,  # noqa: SIM401 - `get` has no `oid=`
        } | self.facts  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request that arrived: for which repositories, for what of them, and with how many attempts."""

    names: tuple[str, ...]
    fields: frozenset[str]
    attempts: int
    query: str
    variables: Mapping[str, object]

    @property
    def kind(self) -> str:
        kinds = {"nameWithOwner": "heads", "pullRequests": "pulls", "object": "runs at"}
        return next((kind for name, kind in kinds.items() if name in self.fields), "runs")


@dataclass
class FakeClient:
    """Takes the client's place. What it should refuse or hold back is set in its attributes."""

    repos: Sequence[FakeRepo]
    # By name of a repository: what GraphQL says of it instead, or of a part of it (a longer path).
    errors: dict[str, GraphQLError] = field(default_factory=dict)
    # Decides over a whole request, before it is carried out.
    refuse: Callable[[Asked], GraphQLAnswer | GitHubError | None] = lambda asked: None
    on_open: GitHubError | None = None
    # Requests that are held back until the event is set.
    hold: Callable[[Asked], threading.Event | None] = lambda asked: None
    # Old names; what follows a rename is answered under the old name too.
    renamed: dict[str, str] = field(default_factory=dict)
    # By path of REST.
    answers: dict[str, object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    is_open: bool = False
    was_closed: bool = False

    async def __aenter__(self) -> Self:
        if self.on_open is not None:
            raise self.on_open
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open, self.was_closed = False, True

    async def graphql(self, query: str, variables: Mapping[str, object], *, attempts: int = 4) -> GraphQLAnswer:
        assert self.is_open, "asked while not open"
        await asyncio.sleep(0)
        aliases = parse(query, variables)
        names = tuple(f"{each.arguments['owner']}/{each.arguments['name']}" for each in aliases)
        inner = frozenset(each.name for alias in aliases for each in alias.selected)
        asked = Asked(names, inner, attempts, query, variables)
        self.asked.append(asked)
        if (event := self.hold(asked)) is not None:
            while not event.is_set():  # noqa: ASYNC110 - set by another thread
                await asyncio.sleep(0.002)
        refusal = self.refuse(asked)
        if isinstance(refusal, GitHubError):
            raise refusal
        return refusal or self._carry_out(aliases, names)

    async def pages(self, path: str, params: Mapping[str, str | int], model: type[T]) -> AsyncIterator[list[T]]:
        assert self.is_open, "asked while not open"
        name = path.removeprefix("/repos/").removesuffix("/activity")
        assert path == f"/repos/{name}/activity"
        repo = self._find(name)
        if repo is None:
            raise GitHubError("not_found", f"nothing at {path}")
        size = int(params["per_page"])
        feed = list(repo.feed)
        for start in range(0, len(feed) or 1, size):
            await asyncio.sleep(0)
            self.paths.append(path)
            yield [model.model_validate(item) for item in feed[start : start + size]]

    async def get(self, path: str, params: Mapping[str, str | int] | None = None, *, model: type[T]) -> T:
        assert self.is_open, "asked while not open"
        self.paths.append(path)
        answer = self.answers.get(path, GitHubError("no_access", f"nothing at {path} for this token"))
        if isinstance(answer, GitHubError):
            raise answer
        return TypeAdapter(model).validate_python(answer)

    def _find(self, name: str) -> FakeRepo | None:
        name = self.renamed.get(name, name)
        return next((repo for repo in self.repos if repo.name.casefold() == name.casefold()), None)

    def _carry_out(self, aliases: Sequence["Selected"], names: Sequence[str]) -> GraphQLAnswer:
        data: dict[str, Any] = {}
        errors: list[GraphQLError] = []
        for alias, name in zip(aliases, names, strict=True):
            repo, error = self._find(name), self.errors.get(name)
            if repo is None:
                error = GraphQLError(type="NOT_FOUND", message=f"Could not resolve to {name!r}.")
            if error is not None:
                errors.append(error.model_copy(update={"path": (alias.alias, *error.path)}))
            is_gone = repo is None or (error is not None and not error.path)
            data[alias.alias] = None if is_gone or repo is None else _answer(repo.object(), alias.selected, name)
            if error is not None and error.path and repo is not None:
                _blank(data[alias.alias], error.path)
        return GraphQLAnswer(data, tuple(errors))


# --- GraphQL


@dataclass(frozen=True)
class Selected:
    """A field of a query; `condition` where it is `... on Type` instead."""

    alias: str
    name: str
    arguments: Mapping[str, Any]
    selected: tuple["Selected", ...]
    condition: str | None = None


def parse(query: str, variables: Mapping[str, object]) -> tuple[Selected, ...]:
    """What a query selects; AssertionError where GitHub would not take it or its variables."""
    tokens = deque(re.findall(r'#[^\n]*|\.\.\.|"[^"\n]*"|\w+|[^\s,]', query))
    return _Parser(deque(token for token in tokens if not token.startswith("#")), variables).query()


class _Parser:
    def __init__(self, tokens: deque[str], variables: Mapping[str, object]) -> None:
        self._tokens = tokens
        self._values = variables
        self._types: dict[str, str] = {}
        self._used: set[str] = set()

    def query(self) -> tuple[Selected, ...]:
        self._take("query", "(")
        while not self._skip(")"):
            self._take("$")
            name = self._tokens.popleft()
            self._take(":")
            assert name not in self._types, f"${name} is declared twice"
            self._types[name] = self._tokens.popleft() + ("!" if self._skip("!") else "")
        selected = self._selected()
        assert not self._tokens, f"something follows the query: {self._tokens}"
        assert self._used == set(self._types), f"declared and not used: {set(self._types) - self._used}"
        assert set(self._values) == set(self._types), "other values than were declared"
        return selected

    def _selected(self) -> tuple[Selected, ...]:
        self._take("{")
        found: list[Selected] = []
        while not self._skip("}"):
            found.append(self._field())
        aliases = [each.alias for each in found]
        assert found, "nothing is selected"
        assert len(set(aliases)) == len(aliases), f"a name twice: {aliases}"
        return tuple(found)

    def _field(self) -> Selected:
        if self._skip("..."):
            self._take("on")
            condition = self._tokens.popleft()
            return Selected(f"... on {condition}", "", {}, self._selected(), condition)
        alias = name = self._tokens.popleft()
        if self._skip(":"):
            name = self._tokens.popleft()
        assert re.fullmatch(r"\w+", alias + name), f"no name: {alias} {name}"
        arguments = dict(self._arguments()) if self._skip("(") else {}
        return Selected(alias, name, arguments, self._selected() if self._tokens[0] == "{" else ())

    def _arguments(self) -> Iterator[tuple[str, object]]:
        while not self._skip(")"):
            name = self._tokens.popleft()
            self._take(":")
            yield name, self._value(name)

    def _value(self, argument: str) -> object:
        token = self._tokens.popleft()
        if token != "$":
            return int(token) if token.isdigit() else token.strip('"')
        variable = self._tokens.popleft()
        assert self._types.get(variable) == _TYPES[argument], f"${variable} is no {_TYPES[argument]}"
        value = self._values[variable]
        assert isinstance(value, str) or (value is None and not _TYPES[argument].endswith("!")), f"${variable}: {value}"
        self._used.add(variable)
        return value

    def _take(self, *expected: str) -> None:
        for token in expected:
            assert self._tokens.popleft() == token, f"{token} is missing"

    def _skip(self, token: str) -> bool:
        if self._tokens[0] != token:
            return False
        self._tokens.popleft()
        return True


def _answer(value: Any, selected: Sequence[Selected], place: str) -> Any:
    """What of an object is selected; `place` is where it is, by which cursors are told apart."""
    if value is None:
        return None
    answer: Object = {}
    for each in selected:
        if each.condition is not None:
            if value["__typename"] == each.condition:
                answer |= _answer(value, each.selected, place)
            continue
        assert each.name in value, f"{place} has no field {each.name}"
        found, arguments = value[each.name], dict(each.arguments)
        if callable(found):
            own = {name: arguments.pop(name) for name in list(arguments) if name in ("refPrefix", "oid")}
            found = found(**own)
        inner = f"{place}/{each.alias}"
        if isinstance(found, list):
            answer[each.alias] = _page(found, each.selected, inner, **arguments)
        elif isinstance(found, dict):
            assert each.selected, f"of {inner} nothing is selected"
            answer[each.alias] = _answer(found, each.selected, inner)
        else:
            answer[each.alias] = found
    return answer


def _blank(answer: Any, path: Sequence[str | int]) -> None:
    """What an error leads to is null."""
    *way, last = path
    for step in way:
        answer = answer[step]
    answer[last] = None


def _page(
    items: Sequence[Object],
    selected: Sequence[Selected],
    place: str,
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
) -> Object:
    inner = {each.name: each.selected for each in selected}
    if "nodes" in inner:
        assert (first is None) != (last is None), f"{place} needs `first` or `last`"
        assert 1 <= (first or last or 0) <= _MAX_PAGE, f"too many of {place} in a page"
    start = 0
    if after is not None:
        came_from, _, position = after.rpartition("#")
        assert came_from == place, f"the cursor {after} is none of {place}"
        start = int(position)
    elif last is not None:
        start = max(0, len(items) - last)
    end = min(len(items), start + (first or last or 0))
    # After the last item there is an empty page, and that has no cursor.
    page_info = {"hasNextPage": end < len(items), "endCursor": f"{place}#{end}" if end > start else None}
    nodes = [_answer(item, inner.get("nodes", ()), place) for item in items[start:end]]
    answer = {"totalCount": len(items), "pageInfo": page_info, "nodes": nodes}
    if "pageInfo" in inner:
        page_info = {each.name: page_info[each.name] for each in inner["pageInfo"]}
        answer["pageInfo"] = page_info
    return {name: answer[name] for name in inner}
