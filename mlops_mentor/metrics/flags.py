"""Flags: what a TA should look at in how a group handed in.

Belongs here: the table `flags`, from the snapshot, the commits and the push times. A flag is a question: working
offline, renaming a branch and mending a commit message raise some too. No text of a student goes into it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from mlops_mentor.repos.push_times import Push, is_zeros, ordered_pushes, pushed_at_by_commit
from mlops_mentor.schemas import FLAGS

# Commits are made offline and pushed in the evening: only more than this looks like a date that was set.
_BACKDATED = timedelta(hours=24)


@dataclass(frozen=True)
class _Flag:
    flag: str
    at: datetime | None
    sha: str | None
    detail: str


def flags_frame(
    group_id: str, *, snapshot: Mapping[str, Any], commits: pl.DataFrame, pushes: pl.DataFrame | None
) -> pl.DataFrame:
    """The table `flags` of one group, given its row of `repo_snapshots`; without `pushes` some cannot be raised."""
    found = [*_late_commits(snapshot), *_history_rewritten(snapshot)]
    if pushes is not None and pushes.height:
        found += _of_pushes(snapshot, ordered_pushes(pushes).get(f"refs/heads/{snapshot['default_branch']}", []))
        found += _backdated_commits(commits, pushes)
    rows = [(group_id, flag.flag, flag.at, flag.sha, flag.detail) for flag in found]
    return pl.DataFrame(rows, schema=FLAGS.schema, orient="row")


def _late_commits(snapshot: Mapping[str, Any]) -> Iterator[_Flag]:
    number, last = snapshot["num_late_commits"], snapshot["last_late_at"]
    if number:
        dated = f", the newest dated {_minutes(last)}" if last is not None else ""
        detail = (
            f"Late, and not counted: {_commits(number)} of the default branch, not in what stood at the deadline of "
            f"{_minutes(snapshot['deadline_at'])}{dated}."
        )
        yield _Flag("late_commits", last, snapshot["tip_sha"], detail)


def _history_rewritten(snapshot: Mapping[str, Any]) -> Iterator[_Flag]:
    at, sha = snapshot["rewritten_at"], snapshot["rewritten_from"]
    if at is not None:
        detail = f"When it was read at {_minutes(at)}, the default branch no longer had its former tip {_short(sha)}."
        yield _Flag("history_rewritten", at, sha, detail)


def _of_pushes(snapshot: Mapping[str, Any], changes: Sequence[Push]) -> Iterator[_Flag]:
    """What the pushes to the default branch, from the first to the last, say."""
    deadline = snapshot["deadline_at"]
    after = [change for change in changes if change.pushed_at > deadline]
    if after and is_zeros(after[0].before):
        first = after[0]
        detail = (
            f"The default branch was made at {_minutes(first.pushed_at)}, after the deadline of {_minutes(deadline)}."
        )
        yield _Flag("branch_made_after_deadline", first.pushed_at, first.after, detail)
    forced: dict[str, list[datetime]] = {}
    for change in after:
        if change.is_forced:
            forced.setdefault(change.before, []).append(change.pushed_at)
    for sha, moments in forced.items():
        times = " and at ".join(_minutes(moment) for moment in moments)
        detail = (
            f"A forced push at {times}, after the deadline of {_minutes(deadline)}, replaced the default branch, "
            f"which was at {_short(sha)}."
        )
        yield _Flag("forced_push_over_deadline", moments[-1], sha, detail)


def _backdated_commits(commits: pl.DataFrame, pushes: pl.DataFrame) -> Iterator[_Flag]:
    parents = dict(commits.select("sha", "parents").iter_rows())
    arrived = pushed_at_by_commit(parents, pushes)
    dated = commits.filter("is_on_default", pl.col("committed_at").is_not_null()).select("sha", "committed_at")
    lags = [(arrived[sha] - at, sha) for sha, at in dated.iter_rows() if sha in arrived]
    late = [(lag, sha) for lag, sha in lags if lag > _BACKDATED]
    if late:
        lag, sha = max(late)
        detail = (
            f"Dated more than a day before GitHub received them: {_commits(len(late))} of the default branch, "
            f"{_short(sha)} by the most, {lag.days} d {lag.seconds // 3600} h."
        )
        yield _Flag("backdated_commits", arrived[sha], sha, detail)


def _commits(number: int) -> str:
    return f"{number} commit{'' if number == 1 else 's'}"


def _minutes(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _short(sha: str) -> str:
    return sha[:10]
