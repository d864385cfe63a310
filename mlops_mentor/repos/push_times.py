"""Push times: where a branch stood at a moment and when commits arrived, by GitHub's clock.

Belongs here: reading the table `pushes`, whatever the order and number of its rows. Which commit counts is decided in
`snapshot`; asking GitHub belongs to `github`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import polars as pl

_OBJECT_ID = r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$"


@dataclass(frozen=True)
class TipAt:
    """A branch's tip at a moment: `sha`, or `is_absent` (there was no such branch), or the `reason` it is unknown."""

    sha: str | None = None
    is_absent: bool = False
    reason: str | None = None


class Push(NamedTuple):
    """A row of `pushes`: what a branch was before and after; zeros stand for no branch."""

    push_id: int
    ref: str
    before: str
    after: str
    pushed_at: datetime
    is_forced: bool


def tip_at(pushes: pl.DataFrame, branch: str, moment: datetime) -> TipAt:
    """The tip of `branch` (without `refs/heads/`) at `moment`; a push at that very moment counts."""
    changes = ordered_pushes(pushes).get(f"refs/heads/{branch}", [])
    if not changes:
        return TipAt(reason=f"GitHub's list of pushes does not reach back to {branch}")
    earlier = [change for change in changes if change.pushed_at <= moment]
    sha = earlier[-1].after if earlier else changes[0].before
    return TipAt(is_absent=True) if is_zeros(sha) else TipAt(sha)


def pushed_at_by_commit(commits_parents: Mapping[str, Sequence[str]], pushes: pl.DataFrame) -> Mapping[str, datetime]:
    """When each commit first arrived with a push to any branch, given the parents of each commit.

    Left out is a commit that may have been there earlier: before the first push listed of a branch, between two that do
    not join, or below a tip that was pushed over and is not among `commits_parents` any more.
    """
    by_ref = ordered_pushes(pushes)
    seen: set[str] = set()
    for changes in by_ref.values():
        _arriving(changes[0].before, commits_parents, seen)
    arrived: dict[str, datetime] = {}
    # The order within a branch stays, also where times are equal; between branches it does not matter then.
    for change in sorted((change for changes in by_ref.values() for change in changes), key=lambda c: c.pushed_at):
        _arriving(change.before, commits_parents, seen)
        arriving = _arriving(change.after, commits_parents, seen)
        if is_zeros(change.before) or change.before in commits_parents:
            arrived |= dict.fromkeys(arriving, change.pushed_at)
    return arrived


def ordered_pushes(pushes: pl.DataFrame) -> Mapping[str, list[Push]]:
    """By ref, its changes from the first to the last, each once."""
    rows = pushes.filter(pl.all_horizontal(pl.col("before", "after").str.contains(_OBJECT_ID)))
    by_ref: dict[str, dict[int, Push]] = {}
    for row in rows.select(Push._fields).iter_rows():
        push = Push(*row)
        by_ref.setdefault(push.ref, {}).setdefault(push.push_id, push)
    return {ref: _ordered(list(changes.values())) for ref, changes in by_ref.items()}


def is_zeros(sha: str) -> bool:
    """Whether this stands for no commit: the branch was made or deleted."""
    return not sha.strip("0")


def _ordered(changes: list[Push]) -> list[Push]:
    """By time; within the same second each follows the one whose `after` is its `before`, else GitHub's ids decide."""
    by_time = sorted(changes, key=lambda change: (change.pushed_at, change.push_id))
    done: list[Push] = []
    for _, group in groupby(by_time, key=lambda change: change.pushed_at):
        tied = list(group)
        while tied:
            following = _following(tied, done[-1].after if done else None)
            tied.remove(following)
            done.append(following)
    return done


def _following(tied: Sequence[Push], tip: str | None) -> Push:
    """Which of `tied` came first, where the branch stood at `tip` before them (None when nobody knows)."""
    if len(tied) == 1:
        return tied[0]
    results = {change.after for change in tied}
    fitting = [change for change in tied if change.before == tip]
    beginning = [change for change in tied if change.before not in results]
    return (fitting or beginning or tied)[0]


def _arriving(tip: str, commits_parents: Mapping[str, Sequence[str]], seen: set[str]) -> list[str]:
    """The commits that `tip` reaches and that are not in `seen`, which they join."""
    arriving = []
    waiting = [tip]
    while waiting:
        sha = waiting.pop()
        if sha not in seen and sha in commits_parents:
            seen.add(sha)
            arriving.append(sha)
            waiting += commits_parents[sha]
    return arriving
