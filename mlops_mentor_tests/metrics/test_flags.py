"""Flags: each is raised by what it is about and by nothing else, with numbers and without names."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import Course
from mlops_mentor.metrics.flags import Facts, flags_frame
from mlops_mentor.metrics.flags.words import INNOCENT
from mlops_mentor.schemas import FLAGS, PUSHES, REPO_SNAPSHOTS, validate

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZEROS = "0" * 40
A, B, C, D = (letter * 40 for letter in "abcd")
MakeFrame = Callable[..., pl.DataFrame]
Flag = dict[str, Any]


@pytest.fixture
def flags(course: Course, make_frame: MakeFrame, make_commits: MakeFrame) -> Callable[..., list[Flag]]:
    """`flags(snapshot, commits=(sha, parents, committed_at)..., pushes=(before, after, pushed_at, more)...)`."""

    def raised(
        snapshot: Mapping[str, Any] | None = None,
        commits: list[tuple[str, list[str], datetime | None]] = [],  # noqa: B006 - never changed
        pushes: list[tuple[Any, ...]] | None = None,
    ) -> list[Flag]:
        default = {"group_id": "1", "default_branch": "main", "tip_sha": D, "deadline_at": DEADLINE}
        default |= {"snapshot_rule": "deadline_push_time", "num_late_commits": 0}
        row = make_frame(REPO_SNAPSHOTS, default | dict(snapshot or {})).row(0, named=True)
        table = make_commits(*({"sha": sha, "parents": up, "committed_at": at} for sha, up, at in commits))
        rows = [_push(number, *push) for number, push in enumerate(pushes or [])]
        feed = make_frame(PUSHES, *rows) if pushes is not None else None
        # Before the project began no time has passed.
        frame = validate(FLAGS, flags_frame("1", Facts(row, table, pushes=feed), course, DEADLINE - 90 * DAY))
        assert frame["path"].null_count() == frame["line"].null_count() == frame.height
        return [_without_reading(flag) for flag in frame.drop("group_id", "severity", "path", "line").to_dicts()]

    return raised


def _without_reading(flag: Flag) -> Flag:
    """Each sentence ends with an innocent reading."""
    reading = f" {INNOCENT[flag['flag']]}"
    assert flag["detail"].endswith(reading)
    return flag | {"detail": flag["detail"].removesuffix(reading)}


def _push(
    number: int, before: str, after: str, at: datetime, branch: str = "main", is_forced: bool = False
) -> dict[str, Any]:
    row = {"group_id": "1", "push_id": number, "ref": f"refs/heads/{branch}", "before": before, "after": after}
    return row | {"pushed_at": at, "is_forced": is_forced, "actor": "ada-lovelace"}


def forced(before: str, after: str, at: datetime, branch: str = "main") -> tuple[Any, ...]:
    return (before, after, at, branch, True)


def test_an_ordinary_group_has_no_flag(flags: Callable[..., list[Flag]]) -> None:
    commits = [(A, [], DEADLINE - DAY), (B, [A], DEADLINE - HOUR)]
    assert flags({}, commits, [(ZEROS, A, DEADLINE - DAY + HOUR), (A, B, DEADLINE)]) == []


def test_late_commits_are_counted_with_the_newest(flags: Callable[..., list[Flag]]) -> None:
    last = DEADLINE + DAY
    (flag,) = flags({"num_late_commits": 3, "last_late_at": last})
    assert flag == {
        "flag": "late_commits",
        "happened_at": last,
        "sha": D,
        "detail": "Late, and not counted: 3 commits of the default branch, not in what stood at the deadline of "
        "2027-01-22 11:00 UTC, the newest dated 2027-01-23 11:00 UTC.",
    }


def test_a_late_commit_without_a_date_is_a_flag_without_one(flags: Callable[..., list[Flag]]) -> None:
    (flag,) = flags({"num_late_commits": 1})
    assert flag["happened_at"] is None
    assert "1 commit of" in flag["detail"]
    assert "newest" not in flag["detail"]


def test_rewritten_history_is_told_with_the_tip_that_went(flags: Callable[..., list[Flag]]) -> None:
    (flag,) = flags({"rewritten_at": DEADLINE - HOUR, "rewritten_from": C})
    assert (flag["flag"], flag["happened_at"], flag["sha"]) == ("history_rewritten", DEADLINE - HOUR, C)
    assert flag["detail"] == (
        "When it was read at 2027-01-22 10:00 UTC, the default branch no longer had its former tip cccccccccc."
    )


def test_each_forced_push_of_the_default_branch_after_the_deadline_is_flagged(
    flags: Callable[..., list[Flag]],
) -> None:
    pushes = [
        (ZEROS, A, DEADLINE - 2 * DAY),
        forced(A, B, DEADLINE),
        forced(B, C, DEADLINE + HOUR),
        forced(C, D, DEADLINE + 2 * HOUR),
        forced(A, B, DEADLINE + HOUR, "side"),
        (D, A, DEADLINE + 3 * HOUR),
    ]
    found = flags({}, [], pushes)
    assert [(flag["flag"], flag["happened_at"], flag["sha"]) for flag in found] == [
        ("forced_push_over_deadline", DEADLINE + HOUR, B),
        ("forced_push_over_deadline", DEADLINE + 2 * HOUR, C),
    ]
    assert found[0]["detail"] == (
        "A forced push at 2027-01-22 12:00 UTC, after the deadline of 2027-01-22 11:00 UTC, replaced the default "
        "branch, which was at bbbbbbbbbb."
    )


def test_forced_pushes_from_the_same_commit_are_one_flag_with_all_times(flags: Callable[..., list[Flag]]) -> None:
    times = [DEADLINE + number * HOUR for number in (1, 2, 3)]
    pushes = [(ZEROS, A, DEADLINE - DAY), forced(A, B, times[0]), forced(B, A, times[1]), forced(A, C, times[2])]
    found = {flag["sha"]: flag for flag in flags({}, [], pushes)}
    assert found.keys() == {A, B}
    assert "at 2027-01-22 12:00 UTC and at 2027-01-22 14:00 UTC" in found[A]["detail"]
    assert found[A]["happened_at"] == times[2]


def test_an_extension_moves_what_is_after_the_deadline(flags: Callable[..., list[Flag]]) -> None:
    pushes = [(ZEROS, A, DEADLINE - DAY), forced(A, B, DEADLINE + HOUR)]
    assert flags({"deadline_at": DEADLINE + DAY}, [], pushes) == []


@pytest.mark.parametrize(("lag", "is_flagged"), [(24 * HOUR, False), (24 * HOUR + timedelta(seconds=1), True)])
def test_commits_dated_more_than_a_day_before_their_push_are_flagged(
    flags: Callable[..., list[Flag]], lag: timedelta, is_flagged: bool
) -> None:
    pushed = DEADLINE - HOUR
    found = flags({}, [(A, [], pushed - lag)], [(ZEROS, A, pushed)])
    assert [flag["flag"] for flag in found] == ["backdated_commits"] * is_flagged


def test_backdated_commits_are_one_flag_with_their_number_and_the_worst(flags: Callable[..., list[Flag]]) -> None:
    commits = [(A, [], DEADLINE - 2 * DAY), (B, [A], DEADLINE - 5 * DAY - 3 * HOUR), (C, [B], DEADLINE - HOUR)]
    (flag,) = flags({}, [*commits, (D, [C], None)], [(ZEROS, D, DEADLINE)])
    assert flag == {
        "flag": "backdated_commits",
        "happened_at": DEADLINE,
        "sha": B,
        "detail": "Dated more than a day before GitHub received them: 2 commits of the default branch, bbbbbbbbbb by "
        "the most, 5 d 3 h.",
    }


def test_a_commit_that_was_pushed_to_another_branch_in_time_is_not_backdated(flags: Callable[..., list[Flag]]) -> None:
    commits = [(A, [], DEADLINE - 9 * DAY), (B, [A], DEADLINE - 8 * DAY)]
    side = (ZEROS, B, DEADLINE - 8 * DAY + HOUR, "side")
    assert flags({}, commits, [side, (ZEROS, A, DEADLINE - 9 * DAY + HOUR), (A, B, DEADLINE - HOUR)]) == []


def test_commits_whose_push_is_not_known_are_not_backdated(flags: Callable[..., list[Flag]]) -> None:
    commits = [(A, [], DEADLINE - 90 * DAY), (B, [A], DEADLINE - HOUR)]
    assert flags({}, commits, [(A, B, DEADLINE)]) == []


def test_a_commit_dated_after_its_push_is_no_flag(flags: Callable[..., list[Flag]]) -> None:
    assert flags({}, [(A, [], DEADLINE + 90 * DAY)], [(ZEROS, A, DEADLINE)]) == []


def test_a_default_branch_made_after_the_deadline_is_flagged(flags: Callable[..., list[Flag]]) -> None:
    pushes = [(ZEROS, A, DEADLINE - DAY, "old"), (ZEROS, A, DEADLINE + HOUR), (A, B, DEADLINE + DAY)]
    (flag,) = flags({}, [], pushes)
    assert (flag["flag"], flag["happened_at"], flag["sha"]) == ("branch_made_after_deadline", DEADLINE + HOUR, A)
    assert flag["detail"] == (
        "The default branch was made at 2027-01-22 12:00 UTC, after the deadline of 2027-01-22 11:00 UTC."
    )


def test_without_push_times_only_what_git_shows_is_flagged(flags: Callable[..., list[Flag]]) -> None:
    found = flags({"num_late_commits": 1, "rewritten_at": DEADLINE, "rewritten_from": A}, [(A, [], DEADLINE)])
    assert [flag["flag"] for flag in found] == ["history_rewritten", "late_commits"]


def test_a_group_that_was_never_read_has_no_flags(flags: Callable[..., list[Flag]]) -> None:
    nothing = {"default_branch": None, "tip_sha": None, "num_late_commits": None, "snapshot_rule": None}
    assert flags(nothing) == flags(nothing, [], []) == []


def test_no_detail_has_a_name_a_login_or_the_name_of_a_branch(flags: Callable[..., list[Flag]]) -> None:
    late = {"num_late_commits": 1, "rewritten_at": DEADLINE, "rewritten_from": A, "default_branch": "ada"}
    pushes = [(ZEROS, A, DEADLINE + DAY, "ada"), forced(A, B, DEADLINE + 2 * DAY, "ada")]
    found = flags(late, [(A, [], DEADLINE - DAY)], pushes)
    assert len(found) == 5
    assert not any("ada" in flag["detail"].casefold() for flag in found)
