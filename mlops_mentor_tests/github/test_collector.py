"""A run's questions to GitHub: few requests, each group its own answer, and nobody waits for ever."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, GitHubAccess
from mlops_mentor.github.collector import PULLS, RUNS, Collector, RepoActivity, collecting
from mlops_mentor.github.graphql import GraphQLError
from mlops_mentor.github.heads import Observation
from mlops_mentor.github.limits import Usage
from mlops_mentor.roster.addresses import parse_address
from mlops_mentor.roster.roster import Group
from mlops_mentor_tests.github.fake import fake_access
from mlops_mentor_tests.github.graphql import Asked, FakeClient, FakeRepo, commit, pull, push, sha, suite

T = TypeVar("T")
MakeGroup = Callable[..., Group]
SERVER = "https://github.com"
# Whoever waits longer waits for ever.
PATIENCE_S = 10.0


@pytest.fixture
def access(tmp_path: Path) -> GitHubAccess:
    return fake_access(tmp_path)


class Threads:
    """A thread for each piece of work. The process does not wait for one that waits for ever, as an executor would."""

    def submit(self, work: Callable[..., T], *args: object) -> "Future[T]":
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work(*args))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the result
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


@pytest.fixture
def pool() -> Threads:
    return Threads()


def everything(group: Group, seen: Observation) -> set[str]:
    return {PULLS, RUNS}


def nothing(group: Group, seen: Observation) -> set[str]:
    return set()


def start(
    client: FakeClient,
    access: GitHubAccess | None,
    groups: Sequence[Group],
    wants: Callable[[Group, Observation], Collection[str]] = everything,
) -> AbstractContextManager[Collector]:
    return collecting(access, SERVER, groups, wants, lambda _: client)


def activity(collector: Collector, group: Group) -> RepoActivity:
    found = collector.of(group)
    assert isinstance(found, RepoActivity)
    return found


def error_of(pool: Threads, work: Callable[..., object], *args: object) -> GitHubError:
    with pytest.raises(GitHubError) as caught:
        pool.submit(work, *args).result(PATIENCE_S)
    return caught.value


def full_repo(number: int) -> FakeRepo:
    """A repository with a pull request, a run and a push whose numbers say whose they are."""
    return FakeRepo(
        f"class/group-{number}",
        {"main": sha(number)},
        history=[commit(number, suite(number))],
        pulls=[pull(number)],
        feed=[push(number, after=sha(number))],
    )


def numbers(repo: RepoActivity) -> list[object]:
    """What a chain asks for, in its order."""
    main = repo.observation().refs.heads["refs/heads/main"]
    pushes = [item.id for item in repo.pushes(None)]
    pulls = [each.number for each in repo.pull_requests()]
    runs = [
        each.workflow_run.run_id
        for found in repo.workflow_runs().commits
        if found.check_suites is not None
        for each in found.check_suites.nodes
        if each.workflow_run is not None
    ]
    return [main, pushes, pulls, runs]


def expected(number: int) -> list[object]:
    return [sha(number), [number], [number], [number]]


class Ended(Exception):  # noqa: N818 - no error
    """How a run is ended."""


# --- few requests, each its own


def test_a_class_costs_few_requests_and_each_thread_gets_its_own_answers(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 101)]
    client = FakeClient([full_repo(number) for number in range(1, 101)])
    with start(client, access, groups) as collector:
        started = {group.group_id: pool.submit(numbers, activity(collector, group)) for group in groups}
        found = {group_id: future.result(PATIENCE_S) for group_id, future in started.items()}
    assert found == {str(number): expected(number) for number in range(1, 101)}
    # Batches of 30, 8 and 6; the feeds of pushes one by one.
    assert Counter(asked.kind for asked in client.asked) == {"heads": 4, "pulls": 14, "runs": 17}
    assert len(client.paths) == 100
    assert client.was_closed


def test_groups_are_answered_while_others_are_still_asked_for(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 61)]
    go_on = threading.Event()
    client = FakeClient(
        [full_repo(number) for number in range(1, 61)],
        hold=lambda asked: go_on if "class/group-60" in asked.names else None,
    )
    with start(client, access, groups) as collector:
        assert pool.submit(numbers, activity(collector, groups[0])).result(PATIENCE_S) == expected(1)
        late = pool.submit(numbers, activity(collector, groups[59]))
        assert not late.done()
        go_on.set()
        assert late.result(PATIENCE_S) == expected(60)


def test_two_groups_with_one_repository_are_both_answered_and_it_is_asked_for_once(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    url = "https://github.com/class/group-1"
    groups = [make_group("1", url=url), make_group("2", url=url)]
    client = FakeClient([full_repo(1)])
    with start(client, access, groups) as collector:
        found = [pool.submit(numbers, activity(collector, group)).result(PATIENCE_S) for group in groups]
    assert found == [expected(1)] * 2
    assert [asked.names for asked in client.asked] == [("class/group-1",)] * 3


def test_runs_at_the_last_commits_of_pull_requests_come_with_the_others(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    merged, unmerged = commit(1, suite(1)), commit(2, suite(2))
    repo = FakeRepo("class/group-1", history=[merged], pulls=[pull(1, last=merged), pull(2, last=unmerged)])
    group = make_group("1")
    with start(FakeClient([repo]), access, [group]) as collector:
        found = pool.submit(activity(collector, group).workflow_runs).result(PATIENCE_S)
    assert [each.oid for each in found.commits] == [sha(1), sha(2)]


def test_runs_at_a_commit_are_asked_for_when_they_are_needed(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    group, gone = make_group("1"), make_group("2")
    repos = [FakeRepo("class/group-1", lost=[commit(9, suite(7))]), FakeRepo("class/group-2")]
    client = FakeClient(repos, errors={})
    with start(client, access, [group, gone]) as collector:
        found = pool.submit(activity(collector, group).workflow_runs_at, sha(9)).result(PATIENCE_S)
        assert found.shas == {sha(9)}
        assert pool.submit(activity(collector, gone).workflow_runs_at, sha(9)).result(PATIENCE_S).commits == []
        client.errors["class/group-1"] = GraphQLError(type="FORBIDDEN")
        assert error_of(pool, activity(collector, group).workflow_runs_at, sha(9)).status == "no_access"


# --- what is not wanted, and what is not there


def test_details_that_nobody_wanted_are_asked_for_singly_and_once(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group("1"), make_group("2")]
    client = FakeClient([full_repo(1), full_repo(2)])
    with start(client, access, groups, nothing) as collector:
        first = activity(collector, groups[0])
        for _ in range(2):
            assert pool.submit(numbers, first).result(PATIENCE_S) == expected(1)
    assert [(asked.kind, asked.names) for asked in client.asked] == [
        ("heads", ("class/group-1", "class/group-2")),
        ("pulls", ("class/group-1",)),
        ("runs", ("class/group-1",)),
    ]


def test_only_what_a_group_wants_is_fetched_for_it(access: GitHubAccess, pool: Threads, make_group: MakeGroup) -> None:
    groups = [make_group("1"), make_group("2"), make_group("3")]
    wanted = {"1": {PULLS}, "2": {RUNS}, "3": set()}
    client = FakeClient([full_repo(number) for number in (1, 2, 3)])
    with start(client, access, groups, lambda group, seen: wanted[group.group_id]) as collector:
        pool.submit(activity(collector, groups[0]).pull_requests).result(PATIENCE_S)
        pool.submit(activity(collector, groups[1]).workflow_runs).result(PATIENCE_S)
    assert Counter((asked.kind, asked.names) for asked in client.asked[1:]) == {
        ("pulls", ("class/group-1",)): 1,
        ("runs", ("class/group-2",)): 1,
    }


def test_what_an_empty_repository_cannot_have_is_not_asked_for(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    client = FakeClient([FakeRepo("class/group-1", {}, history=[])])
    group = make_group("1")
    with start(client, access, [group]) as collector:
        repo = activity(collector, group)
        assert pool.submit(repo.pushes, None).result(PATIENCE_S) == []
        assert pool.submit(repo.pull_requests).result(PATIENCE_S) == []
        assert pool.submit(repo.workflow_runs).result(PATIENCE_S).commits == []
    assert [asked.kind for asked in client.asked] == ["heads"]
    assert client.paths == []


def test_a_renamed_repository_is_asked_for_under_its_new_name(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    repo = full_repo(1)
    repo.name = "class/best-project"
    repo.lost = [commit(9)]
    client = FakeClient([repo], renamed={"class/group-1": "class/best-project"})
    group = make_group("1")
    with start(client, access, [group]) as collector:
        found = activity(collector, group)
        assert pool.submit(numbers, found).result(PATIENCE_S) == expected(1)
        assert pool.submit(found.workflow_runs_at, sha(9)).result(PATIENCE_S).shas == {sha(9)}
        assert found.moved_from(group.address.url) == "https://github.com/class/best-project"
    assert [asked.names for asked in client.asked] == [("class/group-1",)] + [("class/best-project",)] * 3
    assert client.paths == ["/repos/class/best-project/activity"]


@pytest.mark.parametrize(
    ("url", "moved_to"),
    [
        ("https://github.com/Class/GROUP-1", None),
        ("ssh://git@github.com/class/old", "ssh://git@github.com/class/group-1"),
        ("https://github.com/class/old", "https://github.com/class/group-1"),
        ("https://github.com//class//%6Fld", "https://github.com//class/group-1"),
    ],
)
def test_where_a_repository_is_now_is_told(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup, url: str, moved_to: str | None
) -> None:
    address = parse_address(url, base=Path("/"))
    group = Group("1", address if url.startswith("ssh") else make_group("1", url=url).address, (), 2)
    client = FakeClient([full_repo(1)], renamed={"class/old": "class/group-1"})
    with start(client, access, [group], nothing) as collector:
        assert pool.submit(activity(collector, group).moved_from, url).result(PATIENCE_S) == moved_to


# --- failures


def test_a_repository_that_fails_fails_alone(access: GitHubAccess, pool: Threads, make_group: MakeGroup) -> None:
    groups = [make_group(str(number)) for number in range(1, 6)]
    client = FakeClient(
        [full_repo(number) for number in (1, 3, 4, 5)],
        errors={"class/group-3": GraphQLError(type="FORBIDDEN", message="no")},
        # The heads of the fourth are well, its pull requests are not.
        refuse=lambda asked: (
            GitHubError("error", "502") if asked.kind == "pulls" and "class/group-4" in asked.names else None
        ),
    )
    with start(client, access, groups) as collector:
        first, second, third, fourth, fifth = (activity(collector, group) for group in groups)
        assert error_of(pool, second.observation).status == "not_found"
        assert error_of(pool, third.pull_requests).status == "no_access"
        assert fourth.observation().refs.heads
        assert error_of(pool, fourth.pull_requests).reason == "502"
        assert pool.submit(numbers, first).result(PATIENCE_S) == expected(1)
        assert pool.submit(numbers, fifth).result(PATIENCE_S) == expected(5)


def test_with_a_bad_token_everybody_is_told_and_the_run_goes_on(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 41)]
    client = FakeClient([], on_open=GitHubError("bad_token", "no token"))
    with start(client, access, groups) as collector:
        for group in groups:
            repo = activity(collector, group)
            for ask in (repo.observation, repo.pull_requests, repo.workflow_runs):
                assert error_of(pool, ask).status == "bad_token"
            assert error_of(pool, repo.pushes, None).status == "bad_token"
    assert client.asked == []


def test_a_token_that_is_refused_while_asking_is_told_to_everybody(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 41)]
    client = FakeClient([], refuse=lambda asked: GitHubError("bad_token", "401"))
    with start(client, access, groups) as collector:
        for group in groups:
            assert error_of(pool, activity(collector, group).observation).status == "bad_token"
    assert len(client.asked) == 2


def test_a_limit_that_is_reached_midway_leaves_what_was_answered(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 11)]

    def refuse(asked: Asked) -> GitHubError | None:
        # Of pull requests eight are asked for first, of runs six.
        is_late = asked.kind != "heads" and "class/group-10" in asked.names
        return GitHubError("rate_limited", "used up") if is_late else None

    client = FakeClient([full_repo(number) for number in range(1, 11)], refuse=refuse)
    with start(client, access, groups) as collector:
        repos = [activity(collector, group) for group in groups]
        assert [pool.submit(repo.observation).result(PATIENCE_S).full_name for repo in repos] == [
            f"class/group-{number}" for number in range(1, 11)
        ]
        for repo in repos[:6]:
            pool.submit(numbers, repo).result(PATIENCE_S)
        assert pool.submit(repos[7].pull_requests).result(PATIENCE_S)
        for repo in repos[8:]:
            assert error_of(pool, repo.pull_requests).status == "rate_limited"
        for repo in repos[6:]:
            assert error_of(pool, repo.workflow_runs).status == "rate_limited"


def test_a_limit_that_is_reached_between_batches_is_told_to_those_that_were_not_looked_at(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    groups = [make_group(str(number)) for number in range(1, 41)]
    client = FakeClient(
        [full_repo(number) for number in range(1, 41)],
        refuse=lambda asked: (
            GitHubError("rate_limited", "used up")
            if asked.kind == "heads" and "class/group-31" in asked.names
            else None
        ),
    )
    with start(client, access, groups) as collector:
        assert pool.submit(numbers, activity(collector, groups[29])).result(PATIENCE_S) == expected(30)
        assert error_of(pool, activity(collector, groups[39]).observation).status == "rate_limited"


def test_a_mistake_in_asking_is_told_to_whoever_waits(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    def refuse(asked: Asked) -> None:
        raise ZeroDivisionError

    group = make_group("1")
    with start(FakeClient([full_repo(1)], refuse=refuse), access, [group]) as collector:
        seen = pool.submit(activity(collector, group).observation)
        with pytest.raises(ZeroDivisionError):
            seen.result(PATIENCE_S)


def test_tables_of_one_group_that_cannot_be_read_are_no_matter_of_the_others(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    def wants(group: Group, seen: Observation) -> set[str]:
        if group.group_id == "1":
            raise OSError("damaged")
        return {PULLS, RUNS}

    groups = [make_group("1"), make_group("2")]
    client = FakeClient([full_repo(1), full_repo(2)])
    with start(client, access, groups, wants) as collector:
        found = [pool.submit(numbers, activity(collector, group)).result(PATIENCE_S) for group in groups]
    assert found == [expected(1), expected(2)]


# --- nobody waits for ever


def test_asking_for_oneself_goes_on_when_the_asking_for_all_is_over(
    access: GitHubAccess, pool: Threads, make_group: MakeGroup
) -> None:
    # The first group asks singly and is held back; that of the second, and with it all that was planned, ends before.
    single, planned = threading.Event(), threading.Event()

    def hold(asked: Asked) -> threading.Event | None:
        return {("pulls", "class/group-1"): single, ("pulls", "class/group-2"): planned}.get(
            (asked.kind, asked.names[0])
        )

    groups = [make_group("1"), make_group("2")]
    client = FakeClient([full_repo(1), full_repo(2)], hold=hold)
    with start(client, access, groups, lambda group, seen: {PULLS} if group.group_id == "2" else set()) as collector:
        own = pool.submit(activity(collector, groups[0]).pull_requests)
        while len(client.asked) < 3:
            threading.Event().wait(0.002)
        planned.set()
        other = activity(collector, groups[1])
        assert len(pool.submit(other.pull_requests).result(PATIENCE_S)) == 1
        # A round of the loop in which the asking for all comes to its end.
        assert pool.submit(other.pushes, None).result(PATIENCE_S)
        assert not own.done()
        single.set()
        assert [each.number for each in own.result(PATIENCE_S)] == [1]


def is_over(work: Callable[[], None]) -> bool:
    """Whether it ends before patience does."""
    working = threading.Thread(target=work, daemon=True)
    working.start()
    working.join(PATIENCE_S)
    return not working.is_alive()


@pytest.mark.parametrize("held", ["heads", "pulls", "runs"])
@pytest.mark.parametrize("wants", [everything, nothing])
@pytest.mark.parametrize("is_ended", [True, False])
def test_a_block_that_is_left_early_lets_nobody_wait(
    access: GitHubAccess,
    pool: Threads,
    make_group: MakeGroup,
    held: str,
    wants: Callable[[Group, Observation], set[str]],
    is_ended: bool,
) -> None:
    groups = [make_group(str(number)) for number in range(1, 41)]
    never = threading.Event()
    client = FakeClient(
        [full_repo(number) for number in range(1, 41)], hold=lambda asked: never if asked.kind == held else None
    )
    waiting: list[Future[list[object]]] = []

    def leave() -> None:
        with suppress(Ended), start(client, access, groups, wants) as collector:
            waiting.extend(pool.submit(numbers, activity(collector, group)) for group in groups[:8])
            while not any(asked.kind == held for asked in client.asked):
                threading.Event().wait(0.002)
            if is_ended:
                raise Ended

    assert is_over(leave)
    assert client.was_closed
    assert len(waiting) == 8
    for future in waiting:
        assert future.exception(PATIENCE_S) is not None


def test_a_block_in_which_nobody_waits_ends_at_once(access: GitHubAccess, make_group: MakeGroup) -> None:
    never = threading.Event()
    client = FakeClient([full_repo(1)], hold=lambda asked: never)

    def leave() -> None:
        with start(client, access, [make_group("1")]):
            pass

    assert is_over(leave)
    assert client.was_closed


def test_no_thread_outlives_the_block(access: GitHubAccess, make_group: MakeGroup) -> None:
    before = set(threading.enumerate())
    with start(FakeClient([full_repo(1)]), access, [make_group("1")]) as collector:
        activity(collector, make_group("1")).observation()
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


# --- who is not asked


def test_repositories_elsewhere_are_not_asked_for(access: GitHubAccess, pool: Threads, make_group: MakeGroup) -> None:
    groups = [make_group("1"), make_group("2", url="https://gitlab.com/class/group-2")]
    client = FakeClient([full_repo(1)])
    with start(client, access, groups) as collector:
        assert collector.of(groups[1]) == NOT_ON_GITHUB
        assert pool.submit(numbers, activity(collector, groups[0])).result(PATIENCE_S) == expected(1)
        assert isinstance(collector.usage, Usage)


def test_without_a_token_or_a_repository_on_github_no_client_is_made(
    access: GitHubAccess, make_group: MakeGroup
) -> None:
    def make_client(access: GitHubAccess) -> FakeClient:
        raise AssertionError("made")

    here, elsewhere = make_group("1"), make_group("2", url="https://gitlab.com/class/group-2")
    with collecting(None, SERVER, [here, elsewhere], everything, make_client) as collector:
        assert (collector.of(here), collector.of(elsewhere), collector.usage) == (NO_TOKEN, NOT_ON_GITHUB, None)
    with collecting(access, SERVER, [elsewhere], everything, make_client) as collector:
        assert collector.of(elsewhere) == NOT_ON_GITHUB
