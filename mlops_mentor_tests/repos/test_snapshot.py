"""The commit that counts: before and after the deadline, and after a repository could not be read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_mentor.errors import RepoError
from mlops_mentor.repos.snapshot import Snapshot, choose_snapshot, failed_snapshot_frame, snapshot_frame
from mlops_mentor.roster import Group
from mlops_mentor_tests.repos.sources import MAIN, Source, mirrored

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EARLY, LATE = DEADLINE - timedelta(days=1), DEADLINE + timedelta(days=1)
BEFORE, AFTER = DEADLINE - MINUTE, DEADLINE + timedelta(days=30)


def snapshot(source: Source, mirror: Path, *, now: datetime = AFTER) -> Snapshot:
    return choose_snapshot(mirror, mirrored(source, mirror), deadline=DEADLINE, now=now)


def test_before_the_deadline_the_tip_counts_whatever_its_date(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    tip = source.commit({b"a": b"2\n"}, at=LATE)
    assert snapshot(source, mirror, now=BEFORE) == Snapshot(tip, LATE, "main", tip, "tip")


def test_at_the_very_deadline_the_tip_still_counts(source: Source, mirror: Path) -> None:
    tip = source.commit({b"a": b"1\n"}, at=LATE)
    assert snapshot(source, mirror, now=DEADLINE).sha == tip
    assert snapshot(source, mirror, now=DEADLINE + timedelta(microseconds=1)).sha is None


def test_after_the_deadline_the_newest_commit_not_after_it_counts(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    last = source.commit({b"a": b"2\n"}, at=DEADLINE - MINUTE)
    source.commit({b"a": b"3\n"}, at=DEADLINE + MINUTE)
    tip = source.commit({b"a": b"4\n"}, at=LATE)
    assert snapshot(source, mirror) == Snapshot(last, DEADLINE - MINUTE, "main", tip, "deadline_commit_date")


def test_a_commit_exactly_at_the_deadline_counts_and_one_a_second_later_does_not(source: Source, mirror: Path) -> None:
    exact = source.commit({b"a": b"1\n"}, at=DEADLINE)
    assert snapshot(source, mirror).sha == exact
    source.commit({b"a": b"2\n"}, at=DEADLINE + timedelta(seconds=1))
    assert snapshot(source, mirror).sha == exact


def test_a_branch_written_before_the_deadline_and_merged_after_it_does_not_count(source: Source, mirror: Path) -> None:
    base = source.commit({b"a": b"1\n"}, at=EARLY)
    side = source.commit({b"b": b"1\n"}, at=DEADLINE - MINUTE, ref="refs/heads/side", parents=[base])
    source.commit({b"b": b"1\n"}, at=DEADLINE + MINUTE, parents=[base, side])
    assert snapshot(source, mirror).sha == base


def test_a_merge_before_the_deadline_counts(source: Source, mirror: Path) -> None:
    base = source.commit({b"a": b"1\n"}, at=EARLY)
    side = source.commit({b"b": b"1\n"}, at=EARLY, ref="refs/heads/side", parents=[base])
    merge = source.commit({b"b": b"1\n"}, at=DEADLINE - MINUTE, parents=[base, side])
    source.commit({b"c": b"1\n"}, at=LATE)
    assert snapshot(source, mirror).sha == merge


def test_the_newest_by_position_counts_where_dates_go_back_and_forth(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    source.commit({b"a": b"2\n"}, at=LATE)
    last = source.commit({b"a": b"3\n"}, at=EARLY - MINUTE)
    source.commit({b"a": b"4\n"}, at=LATE)
    assert snapshot(source, mirror).sha == last


def test_a_late_commit_is_found_below_many(source: Source, mirror: Path) -> None:
    wanted = source.commit({b"a": b"1\n"}, at=DEADLINE)
    for number in range(30):
        source.commit({b"a": b"%d\n" % number}, at=LATE + number * MINUTE)
    assert snapshot(source, mirror).sha == wanted


def test_the_default_branch_counts_and_not_main(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    work = source.commit({b"b": b"1\n"}, at=EARLY, ref="refs/heads/work/now")
    source.git("symbolic-ref", "HEAD", "refs/heads/work/now")
    found = snapshot(source, mirror)
    assert (found.sha, found.default_branch) == (work, "work/now")


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)])
def test_a_forged_date_is_taken_at_its_word(source: Source, mirror: Path, at: datetime) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    tip = source.commit({b"a": b"2\n"}, at=at)
    assert (snapshot(source, mirror).sha == tip) is (at < DEADLINE)


def commit_object(source: Source, committer: bytes) -> None:
    tree = source.sha("main^{tree}").encode()
    sha = source.store("commit", b"tree %s\nauthor A <a@b> 1 +0000\ncommitter %s\n\nx\n" % (tree, committer))
    source.git("update-ref", MAIN, sha)


@pytest.mark.parametrize("date", [b"99999999999999999 +0000", b"1 +9999", b"-5 +0000", b"now"])
def test_impossible_dates_are_answered(source: Source, mirror: Path, date: bytes) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    commit_object(source, b"A <a@b> " + date)
    for now in (BEFORE, AFTER):
        found = snapshot(source, mirror, now=now)
        assert found.tip_sha == source.sha()


@pytest.mark.parametrize("committer", [b"A <a@b>", b"A <a@b> 18446744073709551615 +0000", b"nonsense"])
def test_a_commit_without_a_date_is_answered(source: Source, mirror: Path, committer: bytes) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    commit_object(source, committer)
    assert snapshot(source, mirror, now=BEFORE).sha == source.sha()


def test_without_a_commit_before_the_deadline_the_group_is_empty_and_the_reason_says_so(
    source: Source, mirror: Path
) -> None:
    tip = source.commit({b"a": b"1\n"}, at=LATE)
    state = mirrored(source, mirror)
    row = frame_row(source, mirror)
    assert (row["status"], row["snapshot_sha"], row["tip_sha"], row["snapshot_at"]) == ("empty", None, tip, None)
    assert row["reason"] == "No commit of main is dated at or before the deadline."
    assert row["refs_id"] == state.refs.refs_id


def test_a_repository_without_commits_is_empty_and_the_reason_says_so(source: Source, mirror: Path) -> None:
    row = frame_row(source, mirror)
    assert (row["status"], row["default_branch"], row["reason"]) == (
        "empty",
        None,
        "The repository has no commits yet.",
    )


def test_the_row_of_a_readable_repository_says_what_was_read(source: Source, mirror: Path) -> None:
    sha = source.commit({b"a": b"1\n"}, at=EARLY)
    source.commit({b"a": b"2\n"}, ref="refs/pull/1/head")
    row = frame_row(source, mirror)
    expected = {"status": "ok", "reason": None, "snapshot_sha": sha, "snapshot_at": EARLY, "num_heads": 1}
    expected |= {"num_pull_request_heads": 1, "fetched_at": AFTER, "checked_at": AFTER, "deadline_at": DEADLINE}
    assert expected.items() <= row.items()


def frame_row(source: Source, mirror: Path) -> dict[str, object]:
    state = mirrored(source, mirror)
    chosen = choose_snapshot(mirror, state, deadline=DEADLINE, now=AFTER)
    return snapshot_frame(group_of(source), state, chosen, deadline=DEADLINE, now=AFTER).row(0, named=True)


def group_of(source: Source) -> Group:
    return Group("1", source.address, ("s000001",), 2)


def test_after_a_failure_the_last_good_snapshot_stays_with_the_new_status(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    state = mirrored(source, mirror)
    chosen = choose_snapshot(mirror, state, deadline=DEADLINE, now=BEFORE)
    good = snapshot_frame(group_of(source), state, chosen, deadline=DEADLINE, now=BEFORE)
    error = RepoError("timeout", "did not answer")
    failed = failed_snapshot_frame(group_of(source), error, good, deadline=LATE, now=AFTER)
    changed: dict[str, object] = {"status": "timeout", "reason": "did not answer", "checked_at": AFTER}
    # The deadline is the one that the snapshot was chosen by.
    assert failed.row(0, named=True) == good.row(0, named=True) | changed


def test_a_group_that_was_never_read_has_a_row_with_the_reason(source: Source) -> None:
    error = RepoError("not_found", "no such repository")
    row = failed_snapshot_frame(group_of(source), error, None, deadline=DEADLINE, now=AFTER).row(0, named=True)
    told: dict[str, object] = {
        "group_id": "1",
        "repo_url": str(source.path),
        "status": "not_found",
        "reason": "no such repository",
    }
    told |= {"deadline_at": DEADLINE, "checked_at": AFTER}
    assert row == dict.fromkeys(row) | told
