"""A small class lives through three weeks in seconds; the checks agree, and would not if anything were wrong.

Without the UI, which takes longer to start than all of it: `make rehearsal` has it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from mlops_mentor_tests.rehearsal.checks.all import Lived, all_problems
from mlops_mentor_tests.rehearsal.checks.money import num_unlisted
from mlops_mentor_tests.rehearsal.rehearsal import Plan, Report, rehearse

pytestmark = [pytest.mark.slow, pytest.mark.loopback, pytest.mark.xdist_group("rehearsal")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("rehearsal")
    return rehearse(Plan(folder, num_groups=6, minutes=0.25, is_compared=False, has_ui=False), lambda line: None)


@pytest.fixture
def lived(report: Report) -> Lived:
    assert report.lived is not None
    return report.lived


def test_a_class_lives_through_three_weeks_and_nothing_is_wrong(report: Report) -> None:
    assert report.problems == []


def test_there_was_something_to_get_wrong(report: Report, lived: Lived) -> None:
    events = report.figures["events"]
    assert isinstance(events, dict)
    assert events["push"] > 10
    assert events["cli run"] >= 2
    assert report.figures["requests to the model"]
    assert lived.world.planted


# What a mutant does to the file of a table, and what the checks say of it.
Change = Callable[[pl.DataFrame], pl.DataFrame]


def _one_more(name: str) -> Change:
    return lambda frame: frame.with_columns(pl.col(name) + 1)


def _other(name: str) -> Change:
    return lambda frame: frame.with_columns(pl.lit("other").alias(name))


def _without_last(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.head(frame.height - 1)


def _doubled(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.head(1)])


# Each table with the checks that look at it.
_LOOK_AT = {
    "commits": {"repositories"}, "files": {"repositories"}, "contributors": {"numbers", "class"},
    "contributions": {"numbers", "class"}, "progress": {"numbers"}, "checklist": {"published", "class"},
    "report_checks": {"published"}, "review_packs": {"words", "class"}, "feedback": {"words"},
    "feedback_reports": {"words", "class"},
    "llm_calls": {"money"}, "repo_stats": {"numbers"}, "repo_snapshots": {"repositories"},
    "group_outcomes": {"repeated", "class"}, "groups": {"numbers", "class"}, "leaderboard": {"class"},
    "group_status": {"repeated", "class"},
    "reviews": {"words"}, "starter_files": {"rows", "class"}, "leaderboard_history": {"class"},
}  # fmt: skip
_LEAKS_AND_MONEY = {"leaks", "money"}
_LOST_AND_DOUBLED = [
    (table, _LOOK_AT[table], change)
    for change in (_without_last, _doubled)
    for table in _LOOK_AT
    if (table, change) != ("llm_calls", _without_last)
]
_CHANGED = [
    ("commits", {"rows"}, _one_more("lines_added")),
    ("commits", {"rows"}, _other("author_name")),
    ("files", {"rows"}, _one_more("lines")),
    ("files", {"repositories"}, _other("blob_id")),
    ("repo_snapshots", {"numbers"}, _one_more("num_late_commits")),
    ("repo_snapshots", {"repositories"}, _other("snapshot_sha")),
    ("repo_stats", {"numbers"}, _one_more("lines_python")),
    ("repo_stats", {"repositories"}, _one_more("num_active_days")),
    ("contributors", {"numbers"}, _one_more("num_commits")),
    ("contributions", {"numbers"}, _other("contributor_id")),
    ("progress", {"numbers"}, _other("sha")),
    ("checklist", {"published"}, _other("shown")),
    ("groups", {"numbers"}, _other("repo_url")),
    ("leaderboard", {"repeated"}, _one_more("num_commits_to_main")),
    ("leaderboard", {"export"}, _one_more("lines_python")),
    ("leaderboard", {"repeated"}, _one_more("num_flags")),
    ("leaderboard_history", {"repeated"}, _one_more("total_commits")),
    ("group_status", {"repeated"}, _other("state")),
    ("feedback", {"words"}, _other("pack_id")),
    ("feedback_reports", {"words"}, _other("snapshot_sha")),
    ("llm_calls", {"money"}, _other("answer_id")),
    ("reviews", {"words"}, _other("reviewer")),
]


def _file_of(lived: Lived, table: str) -> Path:
    lake = lived.data / "lake"
    if (lake / f"{table}.parquet").exists():
        return lake / f"{table}.parquet"
    readable = {team.group_id for team in lived.world.teams.values() if team.repository.is_readable}
    files = [file for file in sorted((lake / table).glob("[!.]*.parquet")) if file.stem in readable]
    return max(files, key=lambda file: pl.read_parquet(file).height)


@pytest.mark.parametrize(("table", "checks", "change"), [*_LOST_AND_DOUBLED, *_CHANGED])
def test_the_checks_find_a_row_that_is_lost_or_doubled_and_a_cell_that_is_wrong(
    lived: Lived, table: str, checks: set[str], change: Change
) -> None:
    file = _file_of(lived, table)
    before = file.read_bytes()
    changed = change(pl.read_parquet(file))
    assert not changed.equals(pl.read_parquet(file))
    changed.write_parquet(file)
    problems = all_problems(lived, only=checks)
    file.write_bytes(before)
    assert problems


def test_the_checks_find_a_part_that_is_damaged_and_one_that_is_gone(lived: Lived) -> None:
    file = _file_of(lived, "commits")
    before = file.read_bytes()
    file.write_bytes(before[: len(before) // 2])
    damaged = all_problems(lived, only={"rows"})
    file.unlink()
    gone = all_problems(lived, only={"repositories"})
    file.write_bytes(before)
    assert any("the check met" in problem for problem in damaged)
    assert any("are lost" in problem for problem in gone)


def test_the_checks_find_a_call_that_is_lost_beyond_those_that_kills_may_cost(lived: Lived) -> None:
    file = _file_of(lived, "llm_calls")
    before = file.read_bytes()
    exact = replace(lived, may_be_lost=num_unlisted(lived.data))
    _without_last(pl.read_parquet(file)).write_parquet(file)
    problems = all_problems(exact, only={"money"})
    file.write_bytes(before)
    assert any("not in llm_calls" in problem for problem in problems)


@pytest.mark.parametrize("table", ["commits", "leaderboard", "feedback"])
def test_the_checks_find_a_warehouse_that_is_not_the_lake(lived: Lived, table: str) -> None:
    file = lived.data / "mentor.duckdb"
    before = file.read_bytes()
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"update \"{table}\" set group_id = group_id || 'x'")
    problems = all_problems(lived, only={"warehouse"})
    file.write_bytes(before)
    assert any("only there" in problem for problem in problems)


def _of_export(lived: Lived, table: str) -> Path:
    manifest = json.loads((lived.data / "export" / "export.json").read_text())
    return lived.data / "export" / str(manifest["tables"][table]["file"])


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("leaderboard", _one_more("lines_python")),
        ("leaderboard", _one_more("progress")),
        ("leaderboard", _without_last),
        ("history", _one_more("checklist_shown")),
        ("history", _without_last),
        ("statistics", _one_more("num_files")),
        ("statistics", _doubled),
        ("evidence", _without_last),
        ("evidence", _other("shown")),
        ("feedback", _without_last),
    ],
)
def test_the_checks_find_an_export_that_is_not_the_lake(lived: Lived, table: str, change: Change) -> None:
    file = _of_export(lived, table)
    before = file.read_bytes()
    change(pl.read_parquet(file)).write_parquet(file)
    problems = all_problems(lived, only={"export", "published"})
    file.write_bytes(before)
    assert problems


def test_the_checks_find_what_was_planted_in_whatever_leaves(lived: Lived) -> None:
    word = sorted(lived.world.planted)[0]
    page = next((lived.data / "site" / "group").glob("*.html"))
    drafts = pl.read_parquet(_file_of(lived, "feedback"))
    for text in (word.upper(), drafts["summary"][0] if drafts.height else word):
        before = page.read_text()
        page.write_text(before + text)
        problems = all_problems(lived, only={"leaks", "published"})
        page.write_text(before)
        assert any("planted" in problem or "nobody released" in problem for problem in problems)
    file = _of_export(lived, "evidence")
    stored = file.read_bytes()
    pl.read_parquet(file).with_columns(reason=pl.lit(f"seen by {word}")).write_parquet(file)
    assert any("planted" in problem for problem in all_problems(lived, only=_LEAKS_AND_MONEY))
    file.write_bytes(stored)


def test_the_checks_find_a_snapshot_that_the_history_forgot(lived: Lived) -> None:
    lived.shown.add(("1", "0" * 40))
    problems = all_problems(lived, only={"class"})
    lived.shown.remove(("1", "0" * 40))
    assert any("history lost 1" in problem for problem in problems)


def test_the_checks_find_money_that_was_not_written_down_and_an_answer_that_is_gone(lived: Lived) -> None:
    ledger = next(file for file in sorted((lived.data / "spending").glob("*")) if file.stat().st_size)
    before = ledger.read_bytes()
    ledger.write_bytes(b"")
    assert any("the ledger has" in problem for problem in all_problems(lived, only=_LEAKS_AND_MONEY))
    ledger.write_bytes(before)
    answer = next((lived.data / "answers").rglob("[!.]*.json"))
    stored = answer.read_bytes()
    answer.unlink()
    assert any("are not stored" in problem for problem in all_problems(lived, only=_LEAKS_AND_MONEY))
    answer.write_bytes(stored)
