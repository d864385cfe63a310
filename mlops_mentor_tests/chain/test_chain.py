"""A group's chain: what GitHub does not give leaves the rest, and what a deleted repository was stays known."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from mlops_mentor.errors import GitHubError
from mlops_mentor.evidence.quality.programs import Programs
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB, NotAsked
from mlops_mentor.github.answers import Activity
from mlops_mentor.identities.rules import IdentityMap, IdentityRule
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    CODE_QUALITY,
    COMMITS,
    CONTRIBUTIONS,
    FILES,
    FLAGS,
    GITHUB_REPOS,
    GITHUB_TABLES,
    GROUP_TABLES,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    WORKFLOW_RUNS,
    Table,
    empty,
)
from mlops_mentor_tests.chains import BEFORE, COURSE, Chain, OnGitHub, checked, finished, pull_request, recomputed
from mlops_mentor_tests.repos.sources import BEGIN, Source

AFTER = datetime(2027, 2, 1, tzinfo=UTC)
NAMES = [table.name for table in GROUP_TABLES]
ON_GITHUB = [table.name for table in GITHUB_TABLES]
FROM_GIT = [name for name in NAMES if name not in ON_GITHUB]
SILENT = GitHubError("timeout", "GitHub did not answer in time")
GONE = GitHubError("not_found", "GitHub shows this token no repository")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    source = Source(tmp_path / "sources" / "1")
    source.commit({b"README.md": b"# Group 1\n"})
    source.commit({b"main.py": b"x = 1\n"})
    return source


@pytest.fixture
def chain(tmp_path: Path, source: Source) -> Chain:
    return Chain(tmp_path, Group("1", source.address, ("s000001", "s000002"), 2))


@pytest.fixture
def github(source: Source) -> OnGitHub:
    """It has a push, a pull request, and a run that succeeded at the tip."""
    tip = source.sha()
    push = Activity(id=1, before="0" * 40, after=tip, ref="refs/heads/main", timestamp=BEGIN + timedelta(hours=3),
                    activity_type="branch_creation", actor=None)  # fmt: skip
    return OnGitHub(source, feed=[push], pulls=[pull_request(1)], runs=[checked(tip)])


def test_a_group_on_github_has_every_table(chain: Chain, github: OnGitHub) -> None:
    result = chain.run(github)
    assert (result.failed_table, finished(result)) == (None, NAMES)
    assert chain.status()["state"] == "ok"
    row = chain.row(REPO_STATS)
    assert (row["num_prs"], row["num_prs_merged"], row["actions_passing"], row["total_commits"]) == (1, 1, "passing", 2)
    assert chain.not_available().keys() == {"num_warnings", "lines"}


def test_a_second_chain_asks_github_for_nothing_and_changes_nothing(chain: Chain, github: OnGitHub) -> None:
    chain.run(github)
    github.asked.clear()
    assert recomputed(chain.run(github)) == []
    assert github.asked == []


def test_what_changed_on_github_alone_leaves_commits_and_files_alone(chain: Chain, github: OnGitHub) -> None:
    chain.run(github)
    after = replace(github, pulls=[pull_request(1), pull_request(2, state="OPEN")], pulls_id="more")
    result = chain.run(after)
    assert recomputed(result) == [
        "github_repos", "pull_requests", "workflow_runs", "contributions", "unmapped_identities", "checklist",
        "flag_dates", "flags", "progress", "repo_stats",
    ]  # fmt: skip
    assert chain.row(REPO_STATS)["num_prs_open"] == 1


def test_a_new_branch_leaves_commits_and_files_alone(chain: Chain, source: Source) -> None:
    chain.run()
    source.git("update-ref", "refs/heads/draft", source.sha())
    assert recomputed(chain.run()) == [
        "repo_snapshots", "report_checks", "checklist", "flag_dates", "flags", "repo_stats",
    ]  # fmt: skip


# --- what is not of the repository


def test_a_row_about_who_is_who_leaves_all_else_alone(chain: Chain) -> None:
    chain.run()
    author = chain.row(CONTRIBUTIONS)["name"]
    result = chain.run(identities=IdentityMap({"1": (IdentityRule(author.casefold(), None, member="s000002"),)}))
    assert recomputed(result) == [
        "contributors", "contributions", "unmapped_identities", "checklist", "flags", "progress", "repo_stats",
    ]  # fmt: skip
    assert (chain.row(CONTRIBUTIONS)["member"], chain.row(REPO_STATS)["num_members_known"]) == ("s000002", 1)


def test_without_its_linters_a_group_has_all_its_other_numbers_and_is_well(
    chain: Chain, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{uses: actions/checkout@v4}]\n"
    source.commit({b"Dockerfile": b"FROM python\n", b".github/workflows/a.yml": workflow})
    # Which programs there are is a fact of the machine.
    with monkeypatch.context() as bare:
        bare.setattr("mlops_mentor.chain.group_work.installed_programs", Programs)
        result = chain.run(programs="")
    assert (result.failed_table, finished(result), chain.status()["state"]) == (None, NAMES, "ok")
    row = chain.row(CODE_QUALITY)
    linted = ("num_violations", "max_complexity", "num_dockerfile_hits", "num_workflow_hits", "num_unpinned_actions",
              "num_secrets")  # fmt: skip
    assert {name: row[name] for name in linted} == dict.fromkeys(linted), "not looked at is no zero"
    missing = {text for text in row["not_available"] if "is not installed" in text}
    assert {text.split(": ")[0] for text in missing} == {"ruff", "Dockerfiles", "workflows", "secrets"}
    assert (row["num_own_python_files"], row["num_dockerfiles"], row["num_workflows"]) == (1, 1, 1)
    # Once they are installed, what they say is computed, and nothing else but what reads it.
    result = chain.run(programs="all of them")
    quality = ["code_quality", "lint_hits", "committed_secrets"]
    assert recomputed(result) == [*quality, "report_checks", "checklist", "flag_dates", "flags", "repo_stats"]
    row = chain.row(CODE_QUALITY)
    assert all(row[name] is not None for name in linted if name != "max_complexity")
    assert not any("is not installed" in text for text in row["not_available"])


# --- GitHub does not give all


def silent_about(table: Table, github: OnGitHub) -> OnGitHub:
    return {
        PUSHES.name: replace(github, feed=SILENT),
        PULL_REQUESTS.name: replace(github, pulls=SILENT),
        WORKFLOW_RUNS.name: replace(github, runs=SILENT),
    }[table.name]


@pytest.mark.parametrize("table", [PUSHES, PULL_REQUESTS, WORKFLOW_RUNS], ids=lambda table: table.name)
def test_a_table_that_github_does_not_give_leaves_the_others(chain: Chain, github: OnGitHub, table: Table) -> None:
    result = chain.run(silent_about(table, github))
    assert (result.failed_table, result.reason) == (table.name, SILENT.reason)
    assert finished(result) == [name for name in NAMES if name != table.name]
    assert not chain.lake.has(table, "1")
    status = chain.status()
    assert (status["state"], status["failed_table"], status["reason"]) == ("incomplete", table.name, SILENT.reason)
    assert chain.row(REPO_STATS)["total_commits"] == 2
    # Asked once more, it is well.
    again = chain.run(github)
    assert again.failed_table is None
    assert table.name in recomputed(again)
    assert (chain.status()["state"], chain.status()["reason"]) == ("ok", None)
    assert chain.row(REPO_STATS)["num_prs"] == 1


@pytest.mark.parametrize("table", [PUSHES, PULL_REQUESTS, WORKFLOW_RUNS], ids=lambda table: table.name)
def test_a_table_that_github_does_not_give_any_more_stays_as_it_was(
    chain: Chain, github: OnGitHub, source: Source, table: Table
) -> None:
    chain.run(github)
    before = chain.lake.read(table, "1")
    source.commit({b"more.py": b"y = 2\n"})
    result = chain.run(silent_about(table, replace(github, pulls_id="more")))
    assert result.failed_table == table.name
    assert chain.lake.read(table, "1").equals(before)
    assert chain.row(REPO_STATS)["total_commits"] == 3, "what git shows is of now"
    assert chain.status()["state"] == "incomplete"


def test_where_a_look_gives_nothing_git_is_read_all_the_same(chain: Chain, github: OnGitHub) -> None:
    result = chain.run(replace(github, look=SILENT))
    assert (result.failed_table, result.reason) == ("github_repos", SILENT.reason)
    assert finished(result) == FROM_GIT
    status = chain.status()
    assert (status["state"], status["reason"], status["github_status"]) == ("incomplete", SILENT.reason, "timeout")
    row = chain.row(REPO_STATS)
    assert (row["total_commits"], row["num_prs"], row["actions_passing"]) == (2, None, "not_available")
    assert chain.not_available()["num_prs"] == SILENT.reason


def test_where_a_look_gives_nothing_any_more_the_numbers_say_of_when_they_are(chain: Chain, github: OnGitHub) -> None:
    chain.run(github)
    result = chain.run(replace(github, look=SILENT), now=BEFORE + timedelta(hours=1))
    assert result.failed_table == "github_repos"
    assert chain.row(GITHUB_REPOS)["status"] == "timeout"
    assert chain.row(GITHUB_REPOS)["full_name"] == "class/group-1"
    row = chain.row(REPO_STATS)
    assert (row["num_prs"], row["actions_passing"]) == (1, "passing")
    told = chain.not_available()
    assert told["num_prs"] == told["actions_passing"] == f"as of 2027-01-10 12:00 UTC: {SILENT.reason}"
    # Another reason is another text.
    chain.run(replace(github, look=GitHubError("rate_limited", "the limit is used up")))
    assert chain.not_available()["num_prs"] == "as of 2027-01-10 12:00 UTC: the limit is used up"
    chain.run(github)
    assert (chain.status()["state"], chain.row(GITHUB_REPOS)["reason"]) == ("ok", None)
    assert "num_prs" not in chain.not_available()


def test_a_bug_weighs_more_than_what_github_did_not_give(
    chain: Chain, github: OnGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    # What the chain computes is fixed in its assets.
    monkeypatch.setattr("mlops_mentor.defs.assets.repos.read_files", broken)
    result = chain.run(replace(github, look=SILENT))
    assert (result.failed_table, result.reason) == ("files", "ZeroDivisionError: division by zero")
    assert chain.status()["state"] == "failed"


# --- the repository is gone


@pytest.mark.parametrize("is_on_github", [True, False])
def test_a_repository_that_was_deleted_after_the_deadline_keeps_its_numbers(
    chain: Chain, github: OnGitHub, source: Source, is_on_github: bool
) -> None:
    chain.run(github if is_on_github else NOT_ON_GITHUB, now=AFTER)
    before = {table: chain.lake.read(table, "1") for table in (COMMITS, FILES, FLAGS)}
    sha = chain.row(REPO_SNAPSHOTS)["snapshot_sha"]
    shutil.rmtree(source.path)
    # As a newer version of the code finds them.
    for table in (COMMITS, FILES):
        chain.lake.write(table, empty(table), "1", input_key="of an older version")
    result = chain.run(replace(github, look=GONE) if is_on_github else NOT_ON_GITHUB, now=AFTER + timedelta(days=9))
    assert result.failed_table == "repo_snapshots"
    assert "does not exist" in str(result.reason)
    assert {"commits", "files", "contributors", "flags", "repo_stats"} <= set(finished(result))
    assert {"commits", "files"} <= set(recomputed(result))
    assert all(chain.lake.read(table, "1").equals(frame) for table, frame in before.items())
    row, status = chain.row(REPO_STATS), chain.status()
    assert (row["total_commits"], row["snapshot_sha"]) == (2, sha)
    assert (status["state"], status["failed_table"], status["repo_status"]) == (
        "failed",
        "repo_snapshots",
        "not_found",
    )
    assert status["snapshot_sha"] == sha
    if is_on_github:
        assert row["num_prs"] == 1
        assert status["github_status"] == "not_found"


def test_a_repository_that_is_gone_keeps_its_numbers_where_an_older_version_read_it(
    chain: Chain, source: Source
) -> None:
    chain.run(now=AFTER)
    sha = chain.row(REPO_SNAPSHOTS)["snapshot_sha"]
    before = {table: chain.lake.read(table, "1") for table in (COMMITS, FILES)}
    # As the version before had it.
    columns = ["rule_reason", "num_late_commits", "last_late_at", "rewritten_at", "rewritten_from", "content_id"]
    older = chain.lake.read(REPO_SNAPSHOTS, "1").drop(columns)
    older.write_parquet(str(chain.lake.path(REPO_SNAPSHOTS, "1")))
    shutil.rmtree(source.path)
    result = chain.run(now=AFTER + timedelta(days=9))
    assert result.failed_table == "repo_snapshots"
    assert all(chain.lake.read(table, "1").equals(frame) for table, frame in before.items())
    row, kept = chain.row(REPO_STATS), chain.row(REPO_SNAPSHOTS)
    assert (row["total_commits"], row["snapshot_sha"]) == (2, sha)
    assert (kept["snapshot_sha"], kept["status"]) == (sha, "not_found")


def test_a_repository_that_was_never_read_ends_the_chain_with_a_row_that_says_why(chain: Chain, source: Source) -> None:
    shutil.rmtree(source.path)
    result = chain.run()
    assert (result.failed_table, finished(result)) == ("repo_snapshots", ["github_repos", "pushes"])
    assert chain.row(REPO_STATS)["total_commits"] is None
    assert "does not exist" in chain.not_available()["total_commits"]


def test_a_kept_snapshot_without_its_mirror_ends_the_chain_and_keeps_the_numbers(chain: Chain, source: Source) -> None:
    chain.run()
    shutil.rmtree(source.path)
    shutil.rmtree(chain.folder / "mirrors")
    assert finished(chain.run()) == ["github_repos", "pushes"]
    assert chain.row(REPO_STATS)["total_commits"] == 2


def test_a_repository_that_is_back_is_well_again(chain: Chain, source: Source) -> None:
    chain.run()
    source.path.rename(source.path.with_name("away"))
    chain.run()
    source.path.with_name("away").rename(source.path)
    assert chain.run().failed_table is None
    assert chain.status()["state"] == "ok"


# --- the roster names another repository


@pytest.fixture
def moved(chain: Chain, tmp_path: Path) -> Callable[[], Source]:
    """`moved()`: another repository, which the roster names from now on."""

    def move() -> Source:
        other = Source(tmp_path / "sources" / "other")
        other.commit({b"README.md": b"# Another\n"})
        chain.group = replace(chain.group, address=other.address)
        return other

    return move


def test_what_github_said_of_a_repository_is_gone_once_the_roster_names_another(
    chain: Chain, github: OnGitHub, moved: Callable[[], Source]
) -> None:
    chain.run(github)
    assert chain.run(OnGitHub(moved())).failed_table is None
    assert [chain.lake.read(table, "1").height for table in (PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)] == [0, 0, 0]
    row = chain.row(REPO_STATS)
    assert (row["num_prs"], row["actions_passing"], row["total_commits"]) == (0, "never_ran", 1)


@pytest.mark.parametrize("answer", ["silent", "no token", "elsewhere"])
def test_what_github_said_of_a_repository_is_gone_also_where_the_new_one_is_not_shown(
    chain: Chain, github: OnGitHub, moved: Callable[[], Source], answer: str
) -> None:
    chain.run(github)
    other = moved()
    now: dict[str, OnGitHub | NotAsked] = {
        "silent": OnGitHub(other, look=SILENT),
        "no token": NO_TOKEN,
        "elsewhere": NOT_ON_GITHUB,
    }
    chain.run(now[answer])
    assert [chain.lake.read(table, "1").height for table in (PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)] == [0, 0, 0]
    repo, row = chain.row(GITHUB_REPOS), chain.row(REPO_STATS)
    assert (repo["repo_url"], repo["full_name"], repo["observed_at"]) == (other.address.url, None, None)
    assert (row["num_prs"], row["actions_passing"], row["total_commits"]) == (None, "not_available", 1)
    assert not chain.not_available()["num_prs"].startswith("as of")


# --- asked again, and not asked any more


def test_what_a_look_does_not_see_is_seen_when_it_is_asked_again(chain: Chain, github: OnGitHub) -> None:
    chain.run(github)
    after = replace(github, pulls=[pull_request(1), pull_request(2, state="OPEN")], asked=[])
    chain.run(after)
    assert (after.asked, chain.row(REPO_STATS)["num_prs"]) == ([], 1)
    result = chain.run(after, ask_again=True)
    assert result.failed_table is None
    assert after.asked == ["pushes", "pull_requests", "workflow_runs"]
    assert chain.lake.read(PULL_REQUESTS, "1").height == 2
    assert chain.row(REPO_STATS)["num_prs"] == 2, "the numbers are those of what GitHub says now"
    assert recomputed(chain.run(after)) == []


@pytest.mark.parametrize("why", [NO_TOKEN, NOT_ON_GITHUB], ids=lambda why: why.status)
def test_to_ask_again_is_nothing_where_github_is_not_asked(chain: Chain, why: NotAsked) -> None:
    chain.run(why)
    assert recomputed(chain.run(why, ask_again=True)) == []


def test_a_token_that_is_taken_away_keeps_what_github_said_with_its_date(chain: Chain, github: OnGitHub) -> None:
    chain.run(github)
    result = chain.run(NO_TOKEN, now=BEFORE + timedelta(days=1))
    assert (result.failed_table, chain.status()["state"]) == (None, "ok")
    assert recomputed(result) == ["github_repos", "contributions", "checklist", "flags", "repo_stats"]
    assert "no token" in chain.row(CONTRIBUTIONS)["not_available"][0]
    row = chain.row(REPO_STATS)
    assert (row["num_prs"], row["actions_passing"]) == (1, "passing")
    told = chain.not_available()
    assert told["num_prs"] == told["actions_passing"] == "as of 2027-01-10 12:00 UTC: no token"
    assert recomputed(chain.run(NO_TOKEN)) == []
    assert chain.run(github).failed_table is None
    assert "num_prs" not in chain.not_available()


@pytest.mark.parametrize("was_on_github", [True, False])
def test_without_a_token_what_an_older_version_stored_stops_nothing(
    chain: Chain, github: OnGitHub, was_on_github: bool
) -> None:
    chain.run(github if was_on_github else NO_TOKEN)
    part = chain.lake.read(PULL_REQUESTS, "1")
    key = str(chain.lake.input_key(PULL_REQUESTS, "1"))
    older = part.drop("author")
    older.write_parquet(str(chain.lake.path(PULL_REQUESTS, "1")), metadata={"mlops_mentor.input_key": key})
    assert chain.run(NO_TOKEN).failed_table is None
    kept = chain.lake.read(PULL_REQUESTS, "1")
    assert kept.equals(part.with_columns(author=pl.lit(None, pl.String)))
    assert chain.row(REPO_STATS)["num_prs"] == (1 if was_on_github else None)


def test_a_token_that_is_given_has_everything_asked(chain: Chain, github: OnGitHub) -> None:
    chain.run(NO_TOKEN)
    assert chain.not_available()["num_prs"] == "no token"
    result = chain.run(github)
    assert set(ON_GITHUB) <= set(recomputed(result))
    assert not {"commits", "files"} & set(recomputed(result))
    assert chain.row(REPO_STATS)["num_prs"] == 1


def test_runs_at_a_snapshot_that_the_branch_lost_are_asked_for(chain: Chain, github: OnGitHub, source: Source) -> None:
    lost = source.sha()
    chain.run(github, now=AFTER)
    other = source.commit({b"new.py": b""}, parents=[], at=AFTER)
    after = replace(github, runs=[checked(other, 8, "FAILURE")], lost_runs=[checked(lost, 9)], asked=[])
    chain.run(after, now=AFTER + timedelta(days=1))
    assert chain.row(REPO_SNAPSHOTS)["snapshot_sha"] == lost
    assert lost in after.asked
    assert sorted(chain.lake.read(WORKFLOW_RUNS, "1")["run_id"]) == [7, 8, 9], "those that are known stay"
    assert chain.row(REPO_STATS)["actions_passing"] == "passing"


def test_what_one_repository_was_like_is_not_said_of_another_that_cannot_be_read(
    chain: Chain, moved: Callable[[], Source]
) -> None:
    chain.run()
    shutil.rmtree(moved().path)
    assert chain.run().failed_table == "repo_snapshots"
    assert chain.status()["failed_table"] == "repo_snapshots", "its failure is noted"
    assert chain.row(REPO_STATS)["total_commits"] is None
    others = [table for table in GROUP_TABLES if table.name in FROM_GIT and table not in (REPO_SNAPSHOTS, REPO_STATS)]
    assert [table.name for table in others if chain.lake.read_groups(table, ["1"]).height] == []


def test_a_mirror_belongs_to_its_address(chain: Chain, moved: Callable[[], Source]) -> None:
    chain.run()
    other = moved()
    chain.run()
    digest = hashlib.sha256(other.address.url.encode()).hexdigest()[:10]
    assert (chain.folder / "mirrors" / f"1-{digest}.git").exists()
    assert len(list((chain.folder / "mirrors").glob("*.git"))) == 2, "the old one stays whole"


def test_a_feed_of_before_the_deadline_decides_nothing_after_it(chain: Chain, github: OnGitHub, source: Source) -> None:
    """The push that counts came minutes before the deadline; when the feed first fails, dates have to do, for now."""
    chain.run(github)
    old = source.sha()
    source.commit({b"last.py": b"z = 1\n"})
    new, deadline = source.sha(), COURSE.deadline_utc
    push = Activity(
        id=2, before=old, after=new, ref="refs/heads/main", timestamp=deadline - timedelta(minutes=5),
        activity_type="push", actor=None,
    )  # fmt: skip
    chain.run(replace(github, feed=SILENT), now=deadline + timedelta(hours=3))
    row = chain.row(REPO_SNAPSHOTS)
    assert (row["snapshot_rule"], row["rule_reason"]) == ("deadline_commit_date", "GitHub did not list the pushes")
    feed = [*cast("list[Activity]", github.feed), push]
    chain.run(replace(github, feed=feed), now=deadline + timedelta(hours=4))
    row = chain.row(REPO_SNAPSHOTS)
    assert (row["snapshot_rule"], row["snapshot_sha"], row["num_late_commits"]) == ("deadline_push_time", new, 0)
