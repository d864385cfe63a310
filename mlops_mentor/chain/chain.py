"""One group's chain of tables, each computed only when its inputs changed.

Belongs here: running it, and keeping the reason when a link of it fails. How many chains run at once, and what Dagster
is told, is for `group_step`.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from mlops_mentor.chain.freshness import input_key
from mlops_mentor.chain.group_work import Computed, GroupWork
from mlops_mentor.errors import GitHubError, MentorError, RepoError, SchemaError
from mlops_mentor.github.access import NotAsked
from mlops_mentor.metrics.repo_stats import empty_repo_stats_frame
from mlops_mentor.schemas import (
    CHECKLIST,
    CONTRIBUTIONS,
    FEEDBACK_TABLES,
    FLAG_DATES,
    FLAGS,
    GITHUB_REPOS,
    GITHUB_TABLES,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    LLM_CALLS,
    PROGRESS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    UNMAPPED_IDENTITIES,
    Table,
)

log = logging.getLogger(__name__)
# One record a group when its chain has ended, `group_id` and `failed` in its attributes: what a progress bar follows.
progress = logging.getLogger("mlops_mentor.progress")


# What computes a group's part of a table; where the inputs are outside, it knows the key too.
Compute = Callable[[GroupWork], "Computed"]


@dataclass(frozen=True)
class Finished:
    """A part that is stored: its table, its rows, and whether it was there already."""

    table: Table
    frame: pl.DataFrame
    is_unchanged: bool


@dataclass(frozen=True)
class ChainResult:
    """What became of a group: the parts that are stored, and the table that failed with the reason, if one did."""

    group_id: str
    finished: tuple[Finished, ...]
    failed_table: str | None = None
    reason: str | None = None


def run_chain(work: GroupWork, links: Sequence[tuple[Table, Compute]], locks_dir: Path) -> ChainResult:
    """Compute the tables of one group in their order, up to the first that fails. Never raises for a group's sake.

    What GitHub does not give is left as it was, and the chain goes on; so it does where the repository cannot be read
    and a snapshot of it is there. Such a group has its numbers, and still counts as failed, with the reason.
    """
    result = _run_links(work, links, locks_dir)
    has_failed = result.failed_table is not None
    extra = {"group_id": result.group_id, "failed": has_failed}
    progress.info("group %s %s", result.group_id, "failed" if has_failed else "done", extra=extra)
    return result


def _run_links(work: GroupWork, links: Sequence[tuple[Table, Compute]], locks_dir: Path) -> ChainResult:
    finished: list[Finished] = []
    failures: list[tuple[Table, MentorError]] = []
    table = links[0][0]
    try:
        with locked(work, locks_dir):
            for table, compute in links:
                try:
                    finished.append(_run_link(work, table, compute))
                except (GitHubError, RepoError) as error:
                    failures.append((table, error))
                    # What was read of it before is not what it has noted of its failure.
                    work.parts.pop(table.name, None)
                    if not _can_go_on(work, table):
                        break
            if not failures and _is_well(work, {table.name for table, _ in links}):
                _note(work, None, None, input_key(work.lake, GROUP_OUTCOMES, work.group, None, work.inputs))
    except Exception as error:
        reason = str(error) if isinstance(error, MentorError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, MentorError):
            log.exception("group %s, table %s", work.group.group_id, table.name)
        _note_failure(work, table, reason, is_invalid=isinstance(error, SchemaError))
        return ChainResult(work.group.group_id, tuple(finished), table.name, reason)
    if not failures:
        return ChainResult(work.group.group_id, tuple(finished))
    # That git cannot read it weighs more than that GitHub does not answer.
    table, cause = next((each for each in failures if each[0] not in GITHUB_TABLES), failures[0])
    _note_failure(work, table, str(cause), is_invalid=False)
    return ChainResult(work.group.group_id, tuple(finished), table.name, str(cause))


def _can_go_on(work: GroupWork, failed: Table) -> bool:
    """Whether there is something to compute the tables after `failed` from."""
    if failed is not REPO_SNAPSHOTS:
        return failed in GITHUB_TABLES
    return work.read(REPO_SNAPSHOTS)["snapshot_rule"].item() is not None and work.mirror.exists()


def _run_link(work: GroupWork, table: Table, compute: Compute) -> Finished:
    group_id = work.group.group_id
    before = work.lake.input_key(table, group_id)
    if table is REPO_SNAPSHOTS:
        # Only git itself knows whether anything has changed.
        computed = compute(work)
        _forget_other_feedback(work, computed.frame)
        key = computed.input_key or ""
    else:
        try:
            key = _key(work, table)
        except GitHubError:
            if table is GITHUB_REPOS:
                # It notes why GitHub does not say, and raises that too.
                compute(work)
            raise
        is_there = before and (before == key or _is_kept(work, table)) and not _is_computed_anyway(work, table)
        if before and is_there and (known := work.known(table)) is not None:
            if not work.lake.has_current(table, group_id):
                # In the columns of now, or nobody could read what an older version was told by GitHub.
                work.parts[table.name] = work.lake.write(table, known, group_id, input_key=before)
            return Finished(table, work.read(table), is_unchanged=True)
        computed = compute(work)
    work.parts[table.name] = work.lake.write(table, computed.frame, group_id, input_key=key)
    return Finished(table, work.parts[table.name], is_unchanged=table is REPO_SNAPSHOTS and before == key)


def _is_computed_anyway(work: GroupWork, table: Table) -> bool:
    """Whether the key of a part cannot tell that what it is computed from has changed."""
    if table is REPO_STATS and not work.lake.input_key(GITHUB_REPOS, work.group.group_id):
        # Whatever the reason is for which GitHub does not say: a part that failed has no key.
        return True
    is_asked_again = work.inputs.ask_again and not isinstance(work.github, NotAsked)
    return is_asked_again and table in (
        *GITHUB_TABLES,
        CHECKLIST,
        CONTRIBUTIONS,
        UNMAPPED_IDENTITIES,
        FLAG_DATES,
        FLAGS,
        PROGRESS,
        REPO_STATS,
    )


def _is_kept(work: GroupWork, table: Table) -> bool:
    return isinstance(work.github, NotAsked) and table in GITHUB_TABLES and table is not GITHUB_REPOS


def _key(work: GroupWork, table: Table) -> str:
    if table in (GITHUB_REPOS, PUSHES):
        return work.github_key(table, None)
    work.snapshot_sha  # noqa: B018 - raises when there is nothing to compute from
    content = work.read(REPO_SNAPSHOTS)["content_id"].item()
    if table in GITHUB_TABLES:
        return work.github_key(table, content)
    return input_key(work.lake, table, work.group, content, work.inputs)


def _is_well(work: GroupWork, just_computed: Collection[str]) -> bool:
    """Whether all tables of the group are there as they would be computed, whichever of them were asked for now."""
    for table in GROUP_TABLES:
        key = work.lake.input_key(table, work.group.group_id)
        if not key:
            return False
        if table.name in just_computed or table is REPO_SNAPSHOTS or _is_kept(work, table):
            continue
        try:
            if key != _key(work, table):
                return False
        except GitHubError:
            return False
    return True


def _note_failure(work: GroupWork, table: Table, reason: str, *, is_invalid: bool) -> None:
    try:
        _note(work, table.name, reason, is_invalid=is_invalid)
        _forget_other_repository(work, reason)
    except Exception:
        # A full disk, or an object store that is away: the reason is in the result all the same, and the other groups'
        # results are not lost with it.
        log.exception("group %s: its failure could not be noted", work.group.group_id)


def _forget_other_repository(work: GroupWork, reason: str) -> None:
    """Where the roster's repository was never read, no numbers are shown: not those of one that it named before.

    Every group has its row of numbers, also such a one.
    """
    group_id = work.group.group_id
    snapshot = work.known(REPO_SNAPSHOTS)
    has_snapshot = snapshot is not None and snapshot["snapshot_rule"].item() is not None
    if not has_snapshot:
        kept = (*GITHUB_TABLES, REPO_SNAPSHOTS, REPO_STATS, LLM_CALLS)
        work.forget(*(table for table in (*GROUP_TABLES, *FEEDBACK_TABLES) if table not in kept))
    if not has_snapshot or not work.lake.has(REPO_STATS, group_id):
        work.lake.write(REPO_STATS, empty_repo_stats_frame(work.group, reason), group_id)


def _forget_other_feedback(work: GroupWork, snapshot: pl.DataFrame) -> None:
    """Where the roster names another repository now, or this one has no commit left, what was said of the other one
    is nobody's feedback: it is neither shown nor kept while a model is away.
    """
    known = work.known(REPO_SNAPSHOTS)
    is_another = known is not None and known["repo_url"].item() != snapshot["repo_url"].item()
    if is_another or snapshot["snapshot_sha"].item() is None:
        work.forget(*(table for table in FEEDBACK_TABLES if table is not LLM_CALLS))


def _note(
    work: GroupWork, failed_table: str | None, reason: str | None, input_key: str = "", *, is_invalid: bool = False
) -> None:
    row = (work.group.group_id, failed_table, reason, is_invalid, datetime.now(UTC))
    frame = pl.DataFrame([row], schema=GROUP_OUTCOMES.schema, orient="row")
    work.lake.write(GROUP_OUTCOMES, frame, work.group.group_id, input_key=input_key)


@contextmanager
def locked(work: GroupWork, locks_dir: Path) -> Iterator[None]:
    """One run at a time works on a group: two could fetch into one mirror, or mix two snapshots in its tables."""
    locks_dir.mkdir(parents=True, exist_ok=True)
    timeout_s = work.limits.git_timeout_s + work.limits.ask_timeout_s
    try:
        with FileLock(locks_dir / f"{work.mirror.stem}.lock", timeout=timeout_s), work.reading_once():
            yield
    except Timeout:
        raise MentorError(
            f"another run has been working on group {work.group.group_id} for {timeout_s:.0f} s"
        ) from None
