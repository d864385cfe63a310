"""The commit that counts: before and after the deadline, by push time and by date, and whatever happens afterwards."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.errors import RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.counted import counted, forget_counted
from mlops_mentor.repos.mirror import Limits, MirrorState, fetch_commit
from mlops_mentor.repos.snapshot import PushFeed, Snapshot, choose_snapshot
from mlops_mentor.repos.snapshot_row import failed_snapshot_frame, snapshot_frame
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import PUSHES, REPO_SNAPSHOTS, validate
from mlops_mentor_tests.repos.sources import MAIN, Source, mirrored, plain_git

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EARLY, LATE = DEADLINE - timedelta(days=1), DEADLINE + timedelta(days=1)
BEFORE, AFTER = DEADLINE - MINUTE, DEADLINE + timedelta(days=30)
ZEROS = "0" * 40
NO_FEED = PushFeed(None, "no token")
Row = Mapping[str, Any]


def snapshot(source: Source, mirror: Path, *, now: datetime = AFTER) -> Snapshot:
    """What counts where there are no push times and nothing was noted before."""
    state = mirrored(source, mirror)
    forget_counted(mirror)
    return choose(source, mirror, state, now)


def choose(
    source: Source,
    mirror: Path,
    state: MirrorState,
    now: datetime,
    *,
    feed: PushFeed = NO_FEED,
    previous: Row | None = None,
    deadline: datetime = DEADLINE,
) -> Snapshot:
    return choose_snapshot(
        mirror,
        state,
        repo_url=source.address.url,
        deadline=deadline,
        now=now,
        feed=feed,
        previous=previous,
        fetch_commit=lambda sha: fetch_commit(source.address, mirror, sha, Limits(git_timeout_s=60)),
    )


def chosen(found: Snapshot) -> tuple[object, ...]:
    return (found.sha, found.committed_at, found.default_branch, found.tip_sha, found.rule)


def test_before_the_deadline_the_tip_counts_whatever_its_date(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    tip = source.commit({b"a": b"2\n"}, at=LATE)
    assert chosen(snapshot(source, mirror, now=BEFORE)) == (tip, LATE, "main", tip, "tip")


def test_at_the_very_deadline_the_tip_still_counts(source: Source, mirror: Path) -> None:
    tip = source.commit({b"a": b"1\n"}, at=LATE)
    assert snapshot(source, mirror, now=DEADLINE).sha == tip
    assert snapshot(source, mirror, now=DEADLINE + timedelta(microseconds=1)).sha is None


def test_after_the_deadline_the_newest_commit_not_after_it_counts(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    last = source.commit({b"a": b"2\n"}, at=DEADLINE - MINUTE)
    source.commit({b"a": b"3\n"}, at=DEADLINE + MINUTE)
    tip = source.commit({b"a": b"4\n"}, at=LATE)
    assert chosen(snapshot(source, mirror)) == (last, DEADLINE - MINUTE, "main", tip, "deadline_commit_date")


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
    found = choose(source, mirror, state, AFTER)
    frame = snapshot_frame(group_of(source), state, found, deadline=DEADLINE, now=AFTER)
    return validate(REPO_SNAPSHOTS, frame).row(0, named=True)


def group_of(source: Source) -> Group:
    return Group("1", source.address, ("s000001",), 2)


def test_after_a_failure_the_last_good_snapshot_stays_with_the_new_status(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, at=EARLY)
    state = mirrored(source, mirror)
    found = choose(source, mirror, state, BEFORE)
    good = snapshot_frame(group_of(source), state, found, deadline=DEADLINE, now=BEFORE)
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


class Story:
    """A group over time: pushes to its repository with GitHub's times, and what each look at it finds."""

    def __init__(self, source: Source, mirror: Path) -> None:
        self.source, self.mirror = source, mirror
        self.rows: list[dict[str, object]] = []
        self.previous: Row | None = None

    def push(self, at: datetime, *, dated: datetime | None = None, ref: str = MAIN, forced: bool = False) -> str:
        """One commit more, or one in place of all when `forced`, received by GitHub at `at`."""
        before = self._tip(ref)
        content = {b"a": b"%d\n" % len(self.rows)}
        sha = self.source.commit(content, at=dated or at, ref=ref, parents=[] if forced else None)
        self.note(at, ref, before, sha, forced=forced)
        return sha

    def note(self, at: datetime, ref: str, before: str, after: str, *, forced: bool = False) -> None:
        row = {"group_id": "1", "push_id": len(self.rows) + 1, "ref": ref, "kind": "push", "before": before}
        self.rows.append(row | {"after": after, "pushed_at": at, "actor": None, "is_forced": forced})

    def look(self, now: datetime = AFTER, *, has_feed: bool = True, deadline: datetime = DEADLINE) -> Row:
        """What is stored of the repository as it is now; the next look has it as the row before."""
        feed = PushFeed(self.pushes()) if has_feed else NO_FEED
        try:
            state = mirrored(self.source, self.mirror)
            found = choose(self.source, self.mirror, state, now, feed=feed, previous=self.previous, deadline=deadline)
            frame = snapshot_frame(group_of(self.source), state, found, deadline=deadline, now=now)
        except RepoError as error:
            previous = pl.DataFrame([self.previous], schema=REPO_SNAPSHOTS.schema) if self.previous else None
            frame = failed_snapshot_frame(group_of(self.source), error, previous, deadline=deadline, now=now)
        self.previous = validate(REPO_SNAPSHOTS, frame).row(0, named=True)
        return self.previous

    def pushes(self) -> pl.DataFrame:
        return validate(PUSHES, pl.DataFrame(self.rows, schema=PUSHES.schema))

    def noted(self, deadline: datetime = DEADLINE) -> dict[str, str]:
        return {rule: found.sha for rule, found in counted(self.mirror, deadline).items()}

    def _tip(self, ref: str) -> str:
        return self.source.git("for-each-ref", "--format=%(objectname)", ref).decode().strip() or ZEROS


@pytest.fixture
def story(source: Source, mirror: Path) -> Story:
    return Story(source, mirror)


def of(row: Row) -> tuple[object, ...]:
    return (row["snapshot_sha"], row["snapshot_rule"])


PUSH, DATE = "deadline_push_time", "deadline_commit_date"


def test_a_backdated_commit_pushed_after_the_deadline_counts_by_its_date_but_not_by_push_time(story: Story) -> None:
    good = story.push(EARLY)
    backdated = story.push(LATE, dated=DEADLINE - MINUTE)
    by_date = story.look(has_feed=False)
    assert (*of(by_date), by_date["rule_reason"]) == (backdated, DATE, "no token")
    by_push = story.look()
    assert (*of(by_push), by_push["rule_reason"]) == (good, PUSH, None)
    assert (by_push["num_late_commits"], by_push["last_late_at"]) == (1, DEADLINE - MINUTE)


def test_a_push_at_the_very_second_of_the_deadline_counts_and_one_a_second_later_does_not(story: Story) -> None:
    exact = story.push(DEADLINE, dated=LATE)
    story.push(DEADLINE + timedelta(seconds=1), dated=EARLY)
    assert of(story.look()) == (exact, PUSH)


def test_before_the_deadline_the_tip_counts_and_nothing_is_noted(story: Story) -> None:
    tip = story.push(EARLY)
    row = story.look(BEFORE)
    assert (*of(row), row["num_late_commits"], row["last_late_at"]) == (tip, "tip", 0, None)
    assert story.noted() == {}


def test_late_commits_are_counted_and_the_newest_dated(story: Story) -> None:
    good = story.push(EARLY)
    for hours in (3, 1, 2):
        story.push(LATE, dated=LATE + timedelta(hours=hours))
    row = story.look()
    assert (row["snapshot_sha"], row["num_late_commits"]) == (good, 3)
    assert row["last_late_at"] == LATE + timedelta(hours=3)


def test_where_nothing_was_handed_in_all_commits_are_late_and_nothing_is_noted(story: Story) -> None:
    story.push(LATE)
    story.push(LATE + MINUTE)
    row = story.look()
    assert (*of(row), row["status"], row["num_late_commits"]) == (None, DATE, "empty", 2)
    assert row["rule_reason"] == "main was made after the deadline"
    assert story.noted() == {}


def test_a_forced_push_after_the_deadline_does_not_change_what_counted(story: Story, tmp_path: Path) -> None:
    good = story.push(EARLY)
    story.look(DEADLINE + timedelta(hours=1))
    other = story.push(LATE, dated=EARLY, forced=True)
    row = story.look()
    assert (*of(row), row["tip_sha"], row["num_late_commits"]) == (good, PUSH, other, 1)
    assert (row["rewritten_at"], row["rewritten_from"]) == (AFTER, good)
    plain_git(story.mirror, "gc", "--quiet", "--prune=now")
    assert of(story.look()) == (good, PUSH)
    (story.mirror / "HEAD").write_bytes(b"\0")
    story.push(LATE)
    assert of(story.look()) == (good, PUSH)
    plain_git(story.mirror, "fsck", "--connectivity-only")


def test_what_a_forced_push_dropped_before_the_first_look_is_fetched_by_its_id(story: Story) -> None:
    good = story.push(EARLY)
    story.push(LATE, dated=EARLY, forced=True)
    shutil.rmtree(story.mirror, ignore_errors=True)
    mirrored(story.source, story.mirror)
    plain_git(story.mirror, "gc", "--quiet", "--prune=now")
    row = story.look()
    assert (*of(row), row["num_late_commits"]) == (good, PUSH, 1)
    assert row["snapshot_at"] == EARLY
    assert story.noted() == {PUSH: good}


def test_a_tip_that_nobody_has_any_more_leaves_dates_and_says_so(story: Story) -> None:
    story.note(EARLY, MAIN, ZEROS, "ab" * 20)
    tip = story.push(LATE, dated=EARLY, forced=True)
    row = story.look()
    assert of(row) == (tip, DATE)
    assert row["rule_reason"] == (
        "the tip at the deadline by push time, ababababab, cannot be read: the server no longer has it"
    )


def test_a_fetch_that_gets_no_answer_in_time_is_a_failure_and_not_another_snapshot(story: Story) -> None:
    story.note(EARLY, MAIN, ZEROS, "ab" * 20)
    story.push(LATE, dated=EARLY, forced=True)
    state = mirrored(story.source, story.mirror)

    def no_answer(sha: str) -> bool:
        raise RepoError("timeout", "did not answer")

    with pytest.raises(RepoError, match="did not answer"):
        choose_snapshot(
            story.mirror, state, repo_url="x", deadline=DEADLINE, now=AFTER, feed=PushFeed(story.pushes()),
            previous=None, fetch_commit=no_answer,
        )  # fmt: skip
    assert story.noted() == {}


def test_a_repository_deleted_afterwards_keeps_its_snapshot(story: Story) -> None:
    good = story.push(EARLY)
    before = story.look(DEADLINE + timedelta(hours=1))
    shutil.rmtree(story.source.path)
    after = story.look()
    assert (after["status"], *of(after)) == ("not_found", good, PUSH)
    kept = {name for name in before if before[name] == after[name]}
    assert set(before) - kept == {"status", "reason", "checked_at"}
    assert plain_git(story.mirror, "cat-file", "-t", good) == b"commit\n"
    assert story.noted() == {PUSH: good}


def test_a_repository_made_anew_at_its_address_keeps_what_counted(story: Story) -> None:
    good = story.push(EARLY)
    story.look(DEADLINE + timedelta(hours=1))
    shutil.rmtree(story.source.path)
    Source(story.source.path).commit({b"else": b"1\n"}, at=EARLY)
    assert of(story.look(has_feed=False)) == (good, PUSH)


def test_an_extension_given_late_counts_and_taken_back_what_counted_before_counts_again(story: Story) -> None:
    until = DEADLINE + timedelta(days=3)
    first = story.push(EARLY)
    assert of(story.look(DEADLINE + timedelta(hours=1))) == (first, PUSH)
    second = story.push(LATE)
    during = story.look(LATE + MINUTE, deadline=until)
    assert (*of(during), during["num_late_commits"], during["deadline_at"]) == (second, "tip", 0, until)
    story.push(until + MINUTE)
    assert of(story.look(deadline=until)) == (second, PUSH)
    assert of(story.look()) == (first, PUSH)
    assert (story.noted(), story.noted(until)) == ({PUSH: first}, {PUSH: second})


def test_push_times_that_come_later_replace_dates_and_those_that_go_leave_their_snapshot(story: Story) -> None:
    good = story.push(EARLY)
    backdated = story.push(LATE, dated=EARLY)
    assert of(story.look(has_feed=False)) == (backdated, DATE)
    assert of(story.look()) == (good, PUSH)
    row = story.look(has_feed=False)
    assert (*of(row), row["rule_reason"]) == (good, PUSH, None)
    assert story.noted() == {PUSH: good, DATE: backdated}


def test_what_counted_by_date_stays_when_history_changes_afterwards(story: Story) -> None:
    good = story.push(EARLY)
    story.look(DEADLINE + timedelta(hours=1), has_feed=False)
    story.push(LATE, dated=EARLY, forced=True)
    row = story.look(has_feed=False)
    assert (*of(row), row["rule_reason"], row["num_late_commits"]) == (good, DATE, "no token", 1)


def test_a_push_that_github_lists_late_still_counts(story: Story) -> None:
    first = story.push(EARLY)
    assert of(story.look(DEADLINE + timedelta(seconds=5))) == (first, PUSH)
    last = story.push(DEADLINE)
    assert of(story.look()) == (last, PUSH)
    assert story.noted() == {PUSH: last}


def test_with_a_clock_that_is_fast_a_commit_made_in_time_still_counts(story: Story) -> None:
    story.push(EARLY)
    story.look(DEADLINE + MINUTE, has_feed=False)
    last = story.push(DEADLINE)
    assert of(story.look(DEADLINE + 20 * MINUTE, has_feed=False)) == (last, DATE)


def test_what_was_noted_right_after_the_deadline_does_not_move_to_what_was_backdated_later(story: Story) -> None:
    # As the sensor looks: a few minutes after the deadline, and again when somebody pushes.
    good = story.push(EARLY)
    story.look(DEADLINE + MINUTE, has_feed=False)
    story.push(LATE, dated=DEADLINE - MINUTE)
    assert of(story.look(LATE + MINUTE, has_feed=False)) == (good, DATE)
    assert story.noted() == {DATE: good}


def test_what_was_noted_right_after_the_deadline_never_goes_back(story: Story) -> None:
    story.push(EARLY)
    last = story.push(DEADLINE - MINUTE)
    story.look(DEADLINE + MINUTE, has_feed=False)
    story.push(DEADLINE + MINUTE, dated=EARLY, forced=True)
    assert of(story.look(has_feed=False)) == (last, DATE)
    assert of(story.look(has_feed=False)) == (last, DATE)


def test_what_was_noted_an_hour_after_the_deadline_stays_whatever_is_pushed(story: Story) -> None:
    good = story.push(EARLY)
    story.look(DEADLINE + timedelta(hours=1), has_feed=False)
    story.push(LATE, dated=EARLY)
    assert of(story.look(has_feed=False)) == (good, DATE)


def test_a_clock_of_a_student_does_not_matter_by_push_time(story: Story) -> None:
    ahead = story.push(EARLY, dated=LATE + timedelta(days=400))
    row = story.look()
    assert (*of(row), row["num_late_commits"]) == (ahead, PUSH, 0)
    assert of(Story(story.source, story.mirror).look(has_feed=False)) == (ahead, PUSH)


def test_an_amended_tip_is_history_rewritten_once_found_and_for_good(story: Story) -> None:
    base = story.push(EARLY)
    story.push(EARLY + MINUTE)
    first = story.look(BEFORE)
    assert (first["rewritten_at"], first["rewritten_from"]) == (None, None)
    amended = story.source.commit({b"a": b"mended\n"}, at=EARLY + 2 * MINUTE, parents=[base])
    then = story.look(BEFORE)
    assert (then["tip_sha"], then["rewritten_at"], then["rewritten_from"]) == (amended, BEFORE, first["tip_sha"])
    story.push(EARLY + 3 * MINUTE)
    last = story.look(AFTER)
    assert (last["rewritten_at"], last["rewritten_from"]) == (BEFORE, first["tip_sha"])


def test_new_commits_are_no_rewriting_and_cost_no_question_where_there_are_none(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.push(EARLY)
    story.look(BEFORE)
    story.push(EARLY + MINUTE)
    assert story.look(BEFORE)["rewritten_at"] is None
    state = mirrored(story.source, story.mirror)

    def no_git(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr("mlops_mentor.repos.git._run", no_git)
    choose(story.source, story.mirror, state, BEFORE, previous=story.previous)


def test_history_rewritten_while_the_mirror_was_made_anew_is_found(story: Story) -> None:
    lost = story.push(EARLY)
    story.look(BEFORE)
    story.push(EARLY + MINUTE, forced=True)
    story.source.git("gc", "--quiet", "--prune=now")
    shutil.rmtree(story.mirror)
    assert story.look(BEFORE)["rewritten_from"] == lost


def test_the_row_of_another_repository_says_nothing_about_this_one(story: Story) -> None:
    story.push(EARLY)
    story.previous = dict(story.look(BEFORE)) | {"repo_url": "elsewhere", "tip_sha": "ab" * 20, "rewritten_at": EARLY}
    row = story.look(BEFORE)
    assert (row["rewritten_at"], row["rewritten_from"]) == (None, None)


def test_a_default_branch_renamed_after_the_deadline_keeps_what_was_pushed_to_it(story: Story) -> None:
    good = story.push(EARLY)
    story.look(BEFORE)
    story.source.git("branch", "--move", "main", "trunk")
    story.note(LATE, MAIN, good, ZEROS)
    story.note(LATE, "refs/heads/trunk", ZEROS, good)
    backdated = story.push(LATE + MINUTE, dated=EARLY, ref="refs/heads/trunk")
    row = story.look()
    assert (*of(row), row["default_branch"], row["tip_sha"]) == (good, PUSH, "trunk", backdated)
    assert (row["num_late_commits"], row["rewritten_at"]) == (1, None)


def test_another_default_branch_without_the_former_tip_is_history_rewritten(story: Story) -> None:
    former = story.push(EARLY)
    story.look(BEFORE)
    story.push(EARLY, ref="refs/heads/other")
    story.source.git("symbolic-ref", "HEAD", "refs/heads/other")
    row = story.look(BEFORE)
    assert (row["default_branch"], row["rewritten_at"], row["rewritten_from"]) == ("other", BEFORE, former)


def test_a_fetch_that_fails_for_good_leaves_dates_and_says_why(story: Story) -> None:
    story.note(EARLY, MAIN, ZEROS, "ab" * 20)
    tip = story.push(LATE, dated=EARLY, forced=True)
    state = mirrored(story.source, story.mirror)

    def too_large(sha: str) -> bool:
        raise RepoError("error", "larger than 1 MB")

    found = choose_snapshot(
        story.mirror, state, repo_url="x", deadline=DEADLINE, now=AFTER, feed=PushFeed(story.pushes()),
        previous=None, fetch_commit=too_large,
    )  # fmt: skip
    assert (found.sha, found.rule) == (tip, DATE)
    assert (found.rule_reason or "").endswith("cannot be read: larger than 1 MB")


def test_once_noted_a_snapshot_costs_one_git_process_and_late_commits_one_more(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    run = git._run

    def counting(args: list[str], **more: Any) -> git.GitResult:
        asked.append(args)
        return run(args, **more)

    story.push(EARLY)
    for expected in (1, 2):
        story.look()
        state = mirrored(story.source, story.mirror)
        with monkeypatch.context() as patch:
            patch.setattr("mlops_mentor.repos.git._run", counting)
            choose(story.source, story.mirror, state, AFTER, feed=PushFeed(story.pushes()), previous=story.previous)
        assert len(asked) == expected, asked
        asked.clear()
        story.push(LATE)


def test_a_branch_made_after_the_deadline_counts_by_date_and_the_reason_says_so(story: Story) -> None:
    sha = story.push(LATE, dated=EARLY)
    row = story.look()
    assert (*of(row), row["rule_reason"]) == (sha, DATE, "main was made after the deadline")


def test_a_list_of_pushes_that_does_not_reach_back_leaves_dates_and_says_so(story: Story) -> None:
    sha = story.push(EARLY)
    story.rows.clear()
    row = story.look()
    assert (*of(row), row["rule_reason"]) == (sha, DATE, "GitHub's list of pushes does not reach back to main")


def test_an_empty_repository_has_nothing_late_before_and_after_the_deadline(story: Story) -> None:
    for now in (BEFORE, AFTER):
        row = story.look(now)
        assert (row["status"], row["snapshot_sha"], row["num_late_commits"]) == ("empty", None, 0)
        assert row["reason"] == "The repository has no commits yet."
    assert story.noted() == {}


def test_the_content_changes_with_the_snapshot_and_pull_requests_alone(story: Story) -> None:
    story.push(EARLY)
    first = story.look()["content_id"]
    story.push(LATE)
    story.source.commit({b"b": b"1\n"}, ref="refs/heads/side")
    assert story.look()["content_id"] == first
    story.source.commit({b"b": b"2\n"}, ref="refs/pull/1/head")
    assert story.look()["content_id"] != first
