"""Who did what, and how evenly: counted by person, with what cannot be known as null and its reason."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from mlops_mentor.identities.rules import IdentityRule
from mlops_mentor.metrics.attribution import attribute
from mlops_mentor.metrics.balance import balance_numbers
from mlops_mentor.metrics.contributions import contributions_frame, unmapped_identities_frame
from mlops_mentor.repos.blame import Surviving
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import CONTRIBUTIONS, PULL_REQUESTS, UNMAPPED_IDENTITIES, validate
from mlops_mentor.schemas.metrics import BALANCE_COLUMNS

MakeFrame = Callable[..., pl.DataFrame]
MakeGroup = Callable[..., Group]
ZONE = ZoneInfo("Europe/Copenhagen")
BO = {"author_name": "Bo Holm", "author_email": "bo@uni.example"}
BOT = {"author_name": "dependabot[bot]", "author_email": "49699333+dependabot[bot]@users.noreply.github.com"}
CLAUDE = "Claude <noreply@anthropic.com>"
_SURVIVING = {"path": pl.String, "kind": pl.String, "sha": pl.String, "lines": pl.Int64}
_CHANGES = {
    "sha": pl.String,
    "path": pl.String,
    "is_own": pl.Boolean,
    "lines_added": pl.Int64,
    "lines_removed": pl.Int64,
}


def _surviving(*rows: tuple[int, int], **more: Any) -> Surviving:
    frame = pl.DataFrame([("a.py", "python", f"{n:040x}", lines) for n, lines in rows], schema=_SURVIVING, orient="row")
    return Surviving(frame, **{"num_files": 1, **more})


def _changes(*rows: tuple[int, str, bool, int | None]) -> pl.DataFrame:
    found = [(f"{n:040x}", path, is_own, added, added) for n, path, is_own, added in rows]
    return pl.DataFrame(found, schema=_CHANGES, orient="row")


def _frame(
    group: Group,
    commits: pl.DataFrame,
    *,
    changes: pl.DataFrame | None = None,
    surviving: Surviving | None = None,
    pulls: pl.DataFrame | None = None,
    rules: tuple[IdentityRule, ...] = (),
) -> pl.DataFrame:
    attribution = attribute(group, commits, {}, rules, pulls)
    frame = contributions_frame(
        group, attribution, _changes() if changes is None else changes, surviving or _surviving(), zone=ZONE
    )
    return validate(CONTRIBUTIONS, frame)


def _unmapped(
    group: Group, commits: pl.DataFrame, pulls: pl.DataFrame | None = None, rules: tuple[IdentityRule, ...] = ()
) -> pl.DataFrame:
    return validate(UNMAPPED_IDENTITIES, unmapped_identities_frame(group, attribute(group, commits, {}, rules, pulls)))


def test_a_group_without_commits_has_no_rows(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    frame = _frame(make_group(), make_commits())
    assert frame.height == _unmapped(make_group(), make_commits()).height == 0
    numbers = balance_numbers(frame, 2)
    assert set(numbers) == {column.name for column in BALANCE_COLUMNS}
    assert (numbers["num_silent_members"], numbers["equality_lines"], numbers["equality_commits"]) == (2, None, None)


def test_commits_lines_and_shares_are_each_person_s(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    commits = make_commits(
        {"co_authors": [CLAUDE]}, {"is_merge": True}, BO | {"co_authors": ["Ada <ada@uni.example>"]}, BOT
    )
    changes = _changes(
        (0, "src/train.py", True, 10), (0, "d.csv", False, 99), (2, "tests/test_a.py", True, 4), (3, "a.py", True, None)
    )
    frame = _frame(make_group(), commits, changes=changes, surviving=_surviving((0, 6), (2, 2), (3, 50)))
    rows = {row["name"]: row for row in frame.to_dicts()}
    ada, bo, bot, claude = (rows[name] for name in ("Ada Lovelace", "Bo Holm", "dependabot[bot]", "Claude"))
    assert [ada[name] for name in ("num_commits", "num_merges", "num_co_authored", "num_with_assistant")] == [
        2,
        1,
        1,
        1,
    ]
    assert (ada["lines_added"], ada["lines_removed"], ada["lines_surviving"]) == (10, 10, 6)
    assert (ada["share_commits"], ada["share_lines_surviving"], bo["share_lines_surviving"]) == (0.5, 0.75, 0.25)
    assert (bot["kind"], bot["share_commits"], claude["kind"], claude["num_co_authored"]) == (
        "bot",
        None,
        "ai_assistant",
        1,
    )
    assert ada["areas"] == [{"area": "data", "share": 0.5}, {"area": "model", "share": 0.5}]
    assert bo["areas"] == [{"area": "tests", "share": 1.0}]
    assert ada["last_work_at"] == bo["first_work_at"]
    assert ada["num_prs_opened"] is None
    assert balance_numbers(frame, 2)["equality_lines"] == pytest.approx(0.5)


def test_members_are_known_by_study_number_and_by_the_map(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    group = make_group(students=3)
    commits = make_commits({"author_email": "s000001@student.example"}, BO, {"author_name": "x", "author_email": "x@y"})
    rules = (IdentityRule(None, "bo@*", member="s000002"),)
    frame = _frame(group, commits, rules=rules)
    assert {(row["name"], row["member"], row["member_source"]) for row in frame.to_dicts()} == {
        ("Ada Lovelace", "s000001", "study number"),
        ("Bo Holm", "s000002", "identities.csv"),
        ("x", None, None),
    }
    assert _unmapped(group, commits, rules=rules).select("name", "email", "num_commits").rows() == [("x", "x@y", 1)]
    assert balance_numbers(frame, 3)["num_members_known"] == 2


def test_an_outsider_counts_for_no_share_and_need_not_be_mapped(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    rules = (IdentityRule("bo holm", None, kind="outsider"),)
    frame = _frame(make_group(), make_commits({}, BO), rules=rules)
    rows = {row["name"]: row for row in frame.to_dicts()}
    assert (rows["Bo Holm"]["kind"], rows["Bo Holm"]["share_commits"]) == ("outsider", None)
    assert rows["Ada Lovelace"]["share_commits"] == 1.0
    assert balance_numbers(frame, 2)["num_silent_members"] == 1
    assert _unmapped(make_group(), make_commits({}, BO), rules=rules)["name"].to_list() == ["Ada Lovelace"]


def test_pull_requests_and_reviews_are_counted_for_accounts_that_are_known(
    make_commits: MakeFrame, make_frame: MakeFrame, make_group: MakeGroup
) -> None:
    commits = make_commits({"author_email": "ada1@users.noreply.github.com"}, BO)
    pulls = make_frame(
        PULL_REQUESTS,
        {"number": 1, "author": "ada1", "state": "merged", "reviewers": ["boholm", "stranger"]},
        {"number": 2, "author": "ada1", "state": "open"},
        {"number": 3, "author": "dependabot", "is_bot": True, "reviewers": ["ada1"]},
        {"number": 4, "author": None},
    )
    frame = _frame(make_group(), commits, pulls=pulls)
    numbers = {
        row["name"]: [row[f"num_prs_{what}"] for what in ("opened", "merged", "reviewed")] for row in frame.to_dicts()
    }
    assert numbers == {"Ada Lovelace": [2, 1, 1], "Bo Holm": [0, 0, 1]}
    assert "1 accounts" in frame["not_available"][0][0]
    (account,) = [row for row in _unmapped(make_group(), commits, pulls).to_dicts() if row["contributor_id"] is None]
    assert account["email"] == "stranger@users.noreply.github.com"
    assert (account["num_prs_opened"], account["num_prs_reviewed"]) == (0, 1)


def test_a_member_of_whom_git_knows_nothing_is_a_contributor_once_the_account_is_mapped(
    make_commits: MakeFrame, make_frame: MakeFrame, make_group: MakeGroup
) -> None:
    pulls = make_frame(PULL_REQUESTS, {"number": 1, "author": "zz", "reviewers": ["Stranger", "s000001"]})
    rules = (IdentityRule(None, "stranger@users.noreply.github.com", member="s000000"),)
    frame = _frame(make_group(), make_commits({}), pulls=pulls, rules=rules)
    rows = {row["member"]: row for row in frame.to_dicts()}
    assert (rows["s000000"]["num_commits"], rows["s000000"]["num_prs_reviewed"]) == (0, 1)
    assert rows["s000000"]["login_reasons"] == ["Stranger: identities.csv"]
    assert rows["s000001"]["login_reasons"] == ["s000001: study number"]
    assert all("stranger" not in row["contributor_id"].casefold() for row in frame.to_dicts())


def test_a_squashed_pull_request_counts_by_its_own_commits(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    commits = make_commits({"message": "Add training (#7)"}, BO | {"is_on_default": False})
    changes = _changes((0, "a.py", True, 10), (1, "a.py", True, 10))
    squashed = _surviving(squashed={f"{0:040x}": f"{1:040x}"})
    frame = _frame(make_group(), commits, changes=changes, surviving=squashed)
    assert dict(frame.select("name", "lines_added").iter_rows()) == {"Ada Lovelace": 0, "Bo Holm": 10}
    assert _frame(make_group(), commits, changes=changes)["lines_added"].to_list() == [10, 10]


def test_what_blame_could_not_see_is_said_and_never_a_zero(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    nothing = _frame(
        make_group(), make_commits({}), surviving=_surviving(num_files=0, left_out=("not reached: 2 files",))
    )
    assert nothing["lines_surviving"].to_list() == [None]
    assert "lines_surviving: no file could be looked at: not reached: 2 files" in nothing["not_available"][0]
    assert balance_numbers(nothing, 2)["equality_lines"] is None
    part = _frame(make_group(), make_commits({}), surviving=_surviving((0, 3), left_out=("not reached: 2 files",)))
    assert part["lines_surviving"].to_list() == [3]
    assert "lines_surviving: a lower bound: not reached: 2 files" in part["not_available"][0]


def test_rows_are_the_same_whatever_the_order_of_commits(make_commits: MakeFrame, make_group: MakeGroup) -> None:
    commits = make_commits({}, BO, {"co_authors": ["Bo Holm <bo@uni.example>"]}, BOT)
    changes = _changes((0, "a.py", True, 1), (1, "tests/x.py", True, 2), (2, "Dockerfile", True, 3))
    first = _frame(make_group(), commits, changes=changes, surviving=_surviving((0, 1), (1, 2)))
    assert first.equals(
        _frame(make_group(), commits.reverse(), changes=changes.reverse(), surviving=_surviving((1, 2), (0, 1)))
    )
