"""What each contributor committed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.identities.merging import Identity
from mlops_mentor.metrics.contributors import commit_identities, contributors_frame
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import CONTRIBUTORS, validate

MakeFrame = Callable[..., pl.DataFrame]
ZONE = ZoneInfo("Europe/Copenhagen")
GROUP = Group("1", Address("https://github.com/class/group-1", "https"), ("s000001", "s000002"), 2)
BO = {"author_name": "Bo Holm", "author_email": "bo@uni.example"}
CLAUDE = "Claude <noreply@anthropic.com>"


def _rows(commits: pl.DataFrame, mailmap: dict[Identity, Identity] | None = None) -> list[dict[str, Any]]:
    return validate(CONTRIBUTORS, contributors_frame(GROUP, commits, mailmap or {}, ZONE)).to_dicts()


def test_a_group_without_commits_has_no_contributors(make_commits: MakeFrame) -> None:
    frame = contributors_frame(GROUP, make_commits(), {}, ZONE)
    assert frame.height == 0
    assert frame.schema == CONTRIBUTORS.schema


def test_each_person_s_commits_and_lines_are_counted(make_commits: MakeFrame) -> None:
    commits = make_commits(
        {"lines_added": 10, "lines_removed": 1},
        {"lines_added": 5, "is_on_default": False},
        {"is_merge": True},
        BO | {"lines_added": 7},
    )
    ada, bo = _rows(commits)
    assert (ada["name"], ada["num_commits"], ada["num_commits_on_default"], ada["num_merges"]) == (
        "Ada Lovelace",
        3,
        2,
        1,
    )
    assert (ada["lines_added"], ada["lines_removed"]) == (15, 1)
    assert (bo["name"], bo["num_commits"], bo["lines_added"]) == ("Bo Holm", 1, 7)
    assert {ada["kind"], bo["kind"]} == {"person"}


def test_merged_identities_are_one_row_with_names_and_addresses_by_use(make_commits: MakeFrame) -> None:
    other = {"author_name": "ada", "author_email": "ada@uni.example"}
    (ada,) = _rows(make_commits(other, {}, {}))
    assert ada["names"] == ["Ada Lovelace", "ada"]
    assert ada["emails"] == ["ada@uni.example"]
    assert ada["num_commits"] == 3
    assert ada["merge_reasons"][0].startswith("same e-mail (ada@uni.example): ")


def test_lines_of_missing_blobs_are_left_out(make_commits: MakeFrame) -> None:
    (ada,) = _rows(make_commits({"lines_added": None, "lines_removed": None}, {"lines_added": 4}))
    assert (ada["num_commits"], ada["lines_added"], ada["lines_removed"]) == (2, 4, 0)


def test_first_and_last_commit_go_by_author_date(make_commits: MakeFrame) -> None:
    late, early = datetime(2027, 1, 9, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC)
    (ada,) = _rows(make_commits({"authored_at": late}, {"authored_at": early}, {"authored_at": None}))
    assert (ada["first_commit_at"], ada["last_commit_at"]) == (early, late)


def test_active_days_are_the_course_s(make_commits: MakeFrame) -> None:
    evening, night = datetime(2027, 1, 5, 22, 30, tzinfo=UTC), datetime(2027, 1, 5, 23, 30, tzinfo=UTC)
    (ada,) = _rows(make_commits({"authored_at": evening}, {"authored_at": night}, {"authored_at": None}))
    assert ada["num_active_days"] == 2


def test_who_only_co_authored_is_there_with_no_commits(make_commits: MakeFrame) -> None:
    rows = _rows(make_commits({}, {"co_authors": ["Cy Berg <cy@uni.example>"]}))
    cy = next(row for row in rows if row["name"] == "Cy Berg")
    assert (cy["num_commits"], cy["num_co_authored"], cy["num_active_days"], cy["lines_added"]) == (0, 1, 0, 0)
    assert (cy["first_commit_at"], cy["last_commit_at"]) == (None, None)


def test_co_authorship_counts_once_a_commit_and_never_one_s_own(make_commits: MakeFrame) -> None:
    commits = make_commits(
        {"co_authors": ["Bo Holm <bo@uni.example>", "bo <bo@uni.example>", "Ada Lovelace <ada@uni.example>"]},
        {"co_authors": ["Bo Holm <bo@uni.example>"]},
        BO | {"co_authors": ["Bo Holm <bo@uni.example>"]},
    )
    co_authored = {row["name"]: row["num_co_authored"] for row in _rows(commits)}
    assert co_authored == {"Ada Lovelace": 0, "Bo Holm": 2}


def test_an_assistant_is_a_contributor_of_its_own(make_commits: MakeFrame) -> None:
    rows = _rows(
        make_commits({"co_authors": [CLAUDE]}, {"author_name": "dependabot[bot]", "author_email": "d@x.example"})
    )
    assert {row["name"]: row["kind"] for row in rows} == {
        "Ada Lovelace": "person", "Claude": "ai_assistant", "dependabot[bot]": "bot",
    }  # fmt: skip


def test_the_name_is_the_address_where_nobody_gave_a_name(make_commits: MakeFrame) -> None:
    (row,) = _rows(make_commits({"author_name": ""}))
    assert (row["name"], row["names"]) == ("ada@uni.example", [])


def test_nobody_at_all_is_still_a_row(make_commits: MakeFrame) -> None:
    (row,) = _rows(make_commits({"author_name": "", "author_email": ""}))
    assert (row["name"], row["num_commits"]) == ("", 1)


def test_the_mailmap_brings_identities_together(make_commits: MakeFrame) -> None:
    nick = {"author_name": "nick", "author_email": "n@home.example"}
    mailmap = {Identity("nick", "n@home.example"): Identity("Ada Lovelace", "ada@uni.example")}
    (ada,) = _rows(make_commits({}, {}, nick), mailmap)
    assert (ada["num_commits"], ada["name"]) == (3, "Ada Lovelace")


def test_identities_are_counted_as_authors_and_as_co_authors(make_commits: MakeFrame) -> None:
    counts = commit_identities(make_commits({}, {"co_authors": [CLAUDE, "Ada Lovelace <ada@uni.example>"]}))
    assert counts == {Identity("Ada Lovelace", "ada@uni.example"): 3, Identity("Claude", "noreply@anthropic.com"): 1}


def test_no_commit_is_lost_or_counted_twice(make_commits: MakeFrame) -> None:
    commits = make_commits({}, BO, {"author_name": "root", "author_email": ""}, BO | {"author_name": "b"}, {})
    assert sum(row["num_commits"] for row in _rows(commits)) == commits.height
