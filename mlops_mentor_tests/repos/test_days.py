from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.repos.days import MAX_DAYS, commit_by_day, end_of_day
from mlops_mentor.schemas import COMMITS

ZONE = ZoneInfo("Europe/Copenhagen")
START = date(2027, 1, 4)


def commits(*chain: tuple[str, datetime | None], others: tuple[str, ...] = ()) -> pl.DataFrame:
    """First parents, oldest first; `others` are commits that were merged in."""
    rows: list[dict[str, object]] = []
    before: list[str] = []
    for sha, at in chain:
        rows.append({"sha": sha, "parents": [*before, *others] if before else [], "committed_at": at})
        before = [sha]
    rows += [{"sha": sha, "parents": [], "committed_at": datetime(2027, 1, 20, tzinfo=UTC)} for sha in others]
    wanted = {name: COMMITS.schema[name] for name in ("sha", "parents", "committed_at")}
    return pl.DataFrame(rows[::-1], schema=wanted)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2027, 1, day, hour, tzinfo=ZONE).astimezone(UTC)


def test_each_day_has_the_last_commit_of_it_and_days_without_one_have_no_row() -> None:
    found = commit_by_day(commits(("a", at(5)), ("b", at(5, 13)), ("c", at(8))), "c", ZONE, START)
    assert found == {date(2027, 1, 5): "b", date(2027, 1, 8): "c"}


def test_what_was_there_before_the_project_stands_at_its_first_day() -> None:
    early = datetime(2026, 12, 1, tzinfo=UTC)
    assert commit_by_day(commits(("a", early), ("b", at(6))), "b", ZONE, START) == {START: "a", date(2027, 1, 6): "b"}


def test_midnight_belongs_to_the_day_that_it_begins() -> None:
    midnight = datetime(2027, 1, 6, tzinfo=ZONE).astimezone(UTC)
    found = commit_by_day(commits(("a", midnight - timedelta(seconds=1)), ("b", midnight)), "b", ZONE, START)
    assert found == {date(2027, 1, 5): "a", date(2027, 1, 6): "b"}


def test_merged_commits_are_no_state_of_the_branch() -> None:
    found = commit_by_day(commits(("a", at(5)), ("b", at(7)), others=("x",)), "b", ZONE, START)
    assert found == {date(2027, 1, 5): "a", date(2027, 1, 7): "b"}


def test_an_empty_repository_has_no_day() -> None:
    assert commit_by_day(commits(), None, ZONE, START) == {}
    assert commit_by_day(commits(("a", None)), "a", ZONE, START) == {}


def test_dates_that_no_project_has_stand_at_its_first_and_last_day() -> None:
    last = START + timedelta(days=MAX_DAYS - 1)
    least, greatest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for zone in (ZONE, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")):
        assert commit_by_day(commits(("a", least), ("b", greatest)), "b", zone, START) == {START: "a", last: "b"}


def test_a_commit_for_each_day_of_many_years_gives_no_more_days_than_a_project_has() -> None:
    chain = [(str(number), at(5) + timedelta(days=number)) for number in range(3 * MAX_DAYS)]
    found = commit_by_day(commits(*chain), chain[-1][0], ZONE, START)
    assert len(found) == MAX_DAYS - 1
    assert list(found.values())[-1] == chain[-1][0]


@given(hours=st.lists(st.integers(0, 24 * 25), min_size=1, max_size=30))
def test_days_follow_each_other_and_the_last_has_the_newest_commit(hours: list[int]) -> None:
    start = datetime(2026, 12, 30, tzinfo=UTC)
    chain = [(str(number), start + timedelta(hours=hour)) for number, hour in enumerate(hours)]
    found = commit_by_day(commits(*chain), chain[-1][0], ZONE, START)
    assert list(found) == sorted(found)
    assert min(found) >= START
    assert len(set(found.values())) == len(found)
    dates = dict(chain)
    for day, sha in found.items():
        assert dates[sha] < end_of_day(day, ZONE)
    if hours == sorted(hours):
        assert list(found.values())[-1] == chain[-1][0]
