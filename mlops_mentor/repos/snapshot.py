"""The commit that counts: which one, and by what rule.

Belongs here: choosing the snapshot of a mirror. Its row in `repo_snapshots` is for `snapshot_row`. Where a branch stood
by push time is read in `push_times`; what counted once is kept in `counted`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.errors import GitError, RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.counted import Counted, counted, note_counted
from mlops_mentor.repos.mirror import MirrorState
from mlops_mentor.repos.push_times import TipAt, tip_at
from mlops_mentor.repos.refs import Refs

_TIP = "tip"
_PUSH_TIME = "deadline_push_time"
_COMMIT_DATE = "deadline_commit_date"
# What was chosen so soon after the deadline may still move forward: GitHub lists a push some seconds after it, and our
# clock may be fast.
_SETTLING = timedelta(minutes=10)
# Committer dates are the student's: what is pushed longer after the deadline moves nothing, whatever its date.
_SETTLING_BY_DATE = timedelta(hours=1)


@dataclass(frozen=True)
class PushFeed:
    """The group's part of `pushes`, or the reason why there is none: `no token`, `not on GitHub`, ..."""

    pushes: pl.DataFrame | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """The commit that counts, its committer date (UTC), the default branch and its tip, and the rule that chose.

    Then why committer dates had to do, the commits of the branch that do not count, when and from which tip the branch
    was last rewritten, and the hash of what other tables read from git. Times are in UTC.
    """

    sha: str | None
    committed_at: datetime | None
    default_branch: str | None
    tip_sha: str | None
    rule: str
    rule_reason: str | None = None
    num_late_commits: int = 0
    last_late_at: datetime | None = None
    rewritten_at: datetime | None = None
    rewritten_from: str | None = None
    content_id: str | None = None


@dataclass(frozen=True)
class _Choice:
    """A commit, its committer date in seconds since the epoch, the rule that chose it, and why not the better one."""

    sha: str | None
    committed: int | None
    rule: str
    reason: str | None = None


def choose_snapshot(
    mirror: Path,
    state: MirrorState,
    *,
    repo_url: str,
    deadline: datetime,
    now: datetime,
    feed: PushFeed,
    previous: Mapping[str, Any] | None,
    fetch_commit: Callable[[str], bool],
) -> Snapshot:
    """The commit that counts for a group, given its row of `repo_snapshots` before (None where it has none).

    Until the deadline it is the default branch's tip. Afterwards, the first of these that there is:

    1. what counted for this deadline by push time, as it was noted then;
    2. the branch's tip at the deadline by push time, asked of `fetch_commit` where the mirror does not have it;
    3. what counted for this deadline by committer date, as it was noted then;
    4. the branch's newest first-parent commit whose committer date is not after the deadline. First parents, because
       they are what the branch was: a commit that was written before the deadline on another branch and merged after it
       was not handed in.

    2 and 4 are noted in the mirror. `sha` is None when there is no such commit, which is never noted.

    Raises:
        RepoError: git cannot read the mirror, or `fetch_commit` got no answer in time: the next run asks again.
    """
    ref = state.refs.default_ref
    tip = state.refs.heads[ref] if ref is not None else None
    branch = _branch_name(ref) if ref is not None else None
    known = previous if previous is not None and previous["repo_url"] == repo_url else {}
    if now <= deadline:
        choice = _Choice(tip, state.refs.committed.get(ref or ""), _TIP)
    else:
        choice = _Search(mirror, state.refs, branch, tip, deadline, now, feed, known, fetch_commit).choice()
    num_late, last_late_at = (0, None) if choice.sha == tip or tip is None else _late(mirror, tip, choice.sha)
    rewritten_at, rewritten_from = _rewriting(mirror, tip, known, now)
    return Snapshot(
        sha=choice.sha,
        committed_at=utc_from_epoch(choice.committed) if choice.committed is not None else None,
        default_branch=branch,
        tip_sha=tip,
        rule=choice.rule,
        rule_reason=choice.reason,
        num_late_commits=num_late,
        last_late_at=last_late_at,
        rewritten_at=rewritten_at,
        rewritten_from=rewritten_from,
        content_id=_content_id(repo_url, choice.sha, state.refs),
    )


@dataclass(frozen=True)
class _Search:
    """Looking for the commit that counts once the deadline has passed."""

    mirror: Path
    refs: Refs
    branch: str | None
    tip: str | None
    deadline: datetime
    now: datetime
    feed: PushFeed
    known: Mapping[str, Any]
    fetch_commit: Callable[[str], bool]

    def choice(self) -> _Choice:
        noted = counted(self.mirror, self.deadline)
        if _PUSH_TIME in noted and not self._is_settling:
            return _as_noted(noted[_PUSH_TIME], _PUSH_TIME)
        by_push_time = self._by_push_time()
        if by_push_time.sha is not None or _PUSH_TIME in noted:
            return self._noting(by_push_time, noted.get(_PUSH_TIME))
        reason = by_push_time.reason
        if _COMMIT_DATE in noted and not (self._is_settling and self.now <= self.deadline + _SETTLING_BY_DATE):
            return _as_noted(noted[_COMMIT_DATE], _COMMIT_DATE, reason)
        return self._noting(self._by_commit_date(reason), noted.get(_COMMIT_DATE))

    @property
    def _is_settling(self) -> bool:
        """Whether the last look was so soon after the deadline that what it noted may not have been all."""
        seen_at = self.known.get("fetched_at")
        return seen_at is not None and self.deadline < seen_at <= self.deadline + _SETTLING

    def _noting(self, found: _Choice, noted: Counted | None) -> _Choice:
        """`found`, noted from now on; or what is noted already, unless `found` goes on from there."""
        if noted is not None and not self._goes_on(found.sha, noted.sha):
            return _as_noted(noted, found.rule, found.reason if found.rule == _COMMIT_DATE else None)
        if found.sha is not None:
            instead_of = noted.sha if noted is not None else None
            note_counted(self.mirror, self.deadline, found.rule, found.sha, instead_of=instead_of)
        return found

    def _goes_on(self, sha: str | None, noted: str) -> bool:
        return sha is not None and sha != noted and _is_ancestor(self.mirror, noted, sha)

    def _by_push_time(self) -> _Choice:
        at = self._tip_at_deadline()
        if at.sha is None:
            return _Choice(None, None, _PUSH_TIME, at.reason)
        if found := self._in_mirror(at.sha):
            return found
        try:
            reason = None if self.fetch_commit(at.sha) else "the server no longer has it"
        except RepoError as error:
            if error.status == "timeout":
                raise
            reason = error.reason
        lacking = f"the tip at the deadline by push time, {at.sha[:10]}, cannot be read: "
        found = self._in_mirror(at.sha) if reason is None else None
        return found or _Choice(None, None, _PUSH_TIME, lacking + (reason or "it is no commit"))

    def _in_mirror(self, sha: str) -> _Choice | None:
        """The commit by its id, unless the mirror lacks it."""
        if sha == self.tip:
            return _Choice(sha, self.refs.committed.get(self.refs.default_ref or ""), _PUSH_TIME)
        found = git.read_until_failure(self.mirror, "log", "--no-walk", "--format=%ct", sha, "--")
        if found.exit_code != 0:
            return None
        return _Choice(sha, int(found.stdout) if found.stdout.strip() else None, _PUSH_TIME)

    def _by_commit_date(self, reason: str | None) -> _Choice:
        # A committer line that git cannot read has no date; git's own rule decides then.
        seconds = self.refs.committed.get(self.refs.default_ref or "")
        limit = int(self.deadline.timestamp())
        if self.tip is None or (seconds is not None and seconds <= limit):
            return _Choice(self.tip, seconds, _COMMIT_DATE, reason)
        arguments = ("--max-count=1", "--first-parent", "--timestamp", f"--min-age={limit}", self.tip, "--")
        found = git.read(self.mirror, "rev-list", *arguments).split()
        sha, seconds = (found[1].decode(), int(found[0])) if found else (None, None)
        return _Choice(sha, seconds, _COMMIT_DATE, reason)

    def _tip_at_deadline(self) -> TipAt:
        pushes = self.feed.pushes
        if pushes is None:
            return TipAt(reason=self.feed.reason or "no push times")
        at = TipAt(is_absent=True) if self.branch is None else tip_at(pushes, self.branch, self.deadline)
        before = self.known.get("default_branch")
        if at.is_absent and before not in (None, self.branch):
            # Renamed after the deadline: it was pushed under the name that we saw before.
            renamed = tip_at(pushes, before, self.deadline)
            at = renamed if renamed.sha is not None else at
        if at.is_absent:
            return TipAt(reason=f"{self.branch or 'the default branch'} was made after the deadline")
        return at


def _as_noted(noted: Counted, rule: str, reason: str | None = None) -> _Choice:
    return _Choice(noted.sha, noted.committed, rule, reason)


def _branch_name(ref: str) -> str:
    return ref.removeprefix("refs/heads/").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _late(mirror: Path, tip: str, sha: str | None) -> tuple[int, datetime | None]:
    """How many commits `tip` reaches and `sha` does not, and the newest committer date among them."""
    without = ("--not", sha) if sha is not None else ()
    seconds = git.read(mirror, "rev-list", "--timestamp", tip, *without, "--").split()[::2]
    dates = [moment for moment in (utc_from_epoch(int(value)) for value in set(seconds)) if moment is not None]
    return len(seconds), max(dates, default=None)


def _rewriting(
    mirror: Path, tip: str | None, known: Mapping[str, Any], now: datetime
) -> tuple[datetime | None, str | None]:
    """When the branch was last found to have lost its tip, and which; once found it stays."""
    before = known.get("tip_sha")
    if before is not None and tip is not None and before != tip and not _is_ancestor(mirror, before, tip):
        return now, before
    return known.get("rewritten_at"), known.get("rewritten_from")


def _is_ancestor(mirror: Path, sha: str, tip: str) -> bool:
    result = git.read_until_failure(mirror, "merge-base", "--is-ancestor", sha, tip)
    # 128: the mirror lacks the commit, as it was made anew since. It has all that the tip reaches.
    if result.exit_code not in (0, 1, 128):
        raise GitError("merge-base", result.exit_code, result.stderr)
    return result.exit_code == 0


def _content_id(repo_url: str, sha: str | None, refs: Refs) -> str:
    text = "\n".join([repo_url, sha or "", *refs.pull_request_shas])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def utc_from_epoch(seconds: int) -> datetime | None:
    """The moment, or None outside the years 1 to 9999, which git allows."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
