"""Flags about how a group handed in: late work, history that was replaced, dates that do not fit.

Belongs here: what follows from the snapshot, the commits and the push times. Working offline, renaming a branch and
mending a commit message raise some too.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from mlops_mentor.metrics.flags.facts import Facts, Flag, minutes, number_of, short
from mlops_mentor.repos.push_times import Push, is_zeros, ordered_pushes, pushed_at_by_commit

# Commits are made offline and pushed in the evening: only more than this looks like a date that was set.
_BACKDATED = timedelta(hours=24)


def hand_in_flags(facts: Facts) -> Iterator[Flag]:
    """What the snapshot, the commits and the push times say; without push times some cannot be raised."""
    snapshot, pushes = facts.snapshot, facts.pushes
    yield from _late_commits(snapshot)
    yield from _history_rewritten(snapshot)
    if pushes is not None and pushes.height:
        changes = ordered_pushes(pushes).get(f"refs/heads/{snapshot['default_branch']}", [])
        yield from _of_pushes(snapshot, changes)
        yield from _backdated_commits(facts.commits, pushes)


def _late_commits(snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    number, last = snapshot["num_late_commits"], snapshot["last_late_at"]
    if number:
        dated = f", the newest dated {minutes(last)}" if last is not None else ""
        detail = (
            f"Late, and not counted: {number_of(number, 'commit')} of the default branch, not in what stood at the "
            f"deadline of {minutes(snapshot['deadline_at'])}{dated}."
        )
        yield Flag("late_commits", last, snapshot["tip_sha"], detail)


def _history_rewritten(snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    at, sha = snapshot["rewritten_at"], snapshot["rewritten_from"]
    if at is not None:
        detail = f"When it was read at {minutes(at)}, the default branch no longer had its former tip {short(sha)}."
        yield Flag("history_rewritten", at, sha, detail)


def _of_pushes(snapshot: Mapping[str, Any], changes: Sequence[Push]) -> Iterator[Flag]:
    """What the pushes to the default branch, from the first to the last, say."""
    deadline = snapshot["deadline_at"]
    after = [change for change in changes if change.pushed_at > deadline]
    if after and is_zeros(after[0].before):
        first = after[0]
        detail = (
            f"The default branch was made at {minutes(first.pushed_at)}, after the deadline of {minutes(deadline)}."
        )
        yield Flag("branch_made_after_deadline", first.pushed_at, first.after, detail)
    forced: dict[str, list[datetime]] = {}
    for change in after:
        if change.is_forced:
            forced.setdefault(change.before, []).append(change.pushed_at)
    for sha, moments in forced.items():
        times = " and at ".join(minutes(moment) for moment in moments)
        detail = (
            f"A forced push at {times}, after the deadline of {minutes(deadline)}, replaced the default branch, "
            f"which was at {short(sha)}."
        )
        yield Flag("forced_push_over_deadline", moments[-1], sha, detail)


def _backdated_commits(commits: pl.DataFrame, pushes: pl.DataFrame) -> Iterator[Flag]:
    parents = dict(commits.select("sha", "parents").iter_rows())
    arrived = pushed_at_by_commit(parents, pushes)
    dated = commits.filter("is_on_default", pl.col("committed_at").is_not_null()).select("sha", "committed_at")
    lags = [(arrived[sha] - at, sha) for sha, at in dated.iter_rows() if sha in arrived]
    late = [(lag, sha) for lag, sha in lags if lag > _BACKDATED]
    if late:
        lag, sha = max(late)
        detail = (
            f"Dated more than a day before GitHub received them: {number_of(len(late), 'commit')} of the default "
            f"branch, {short(sha)} by the most, {lag.days} d {lag.seconds // 3600} h."
        )
        yield Flag("backdated_commits", arrived[sha], sha, detail)
