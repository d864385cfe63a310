"""One group's work: the chain of its tables, each computed only when its inputs changed.

Belongs here: what an asset of a group gets to read, running the chain, and keeping the reason when a link of it fails.
How many chains run at once, and what Dagster is told, is for `group_step`.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from mlops_mentor.errors import MentorError, RepoError, SchemaError
from mlops_mentor.freshness import GROUP_TABLES, Inputs, input_keys
from mlops_mentor.lake import Lake
from mlops_mentor.metrics.repo_stats import empty_repo_stats_frame
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.repos.refs import Refs, mirror_refs
from mlops_mentor.roster import Group
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTORS,
    FILES,
    GROUP_OUTCOMES,
    READABLE_STATUSES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    STARTER_FILES,
    Table,
    empty,
)

log = logging.getLogger(__name__)
# One record a group when its chain has ended, `group_id` and `failed` in its attributes: what a progress bar follows.
progress = logging.getLogger("mlops_mentor.progress")


@dataclass
class GroupWork:
    """What an asset of a group works with: the group, the lake, the mirror's place, limits, the course.

    `refs` and `parts` hold what this very chain has read or computed, so that the next link need not read it again.
    """

    group: Group
    lake: Lake
    inputs: Inputs
    limits: Limits
    mirrors_dir: Path
    refs: Refs | None = None
    parts: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def mirror(self) -> Path:
        # By address, so that a group whose repository changes gets a mirror of its own and the old one stays whole.
        digest = hashlib.sha256(self.group.address.url.encode()).hexdigest()[:10]
        return self.mirrors_dir / f"{self.group.group_id.replace(' ', '_')}-{digest}.git"

    @cached_property
    def starter_blobs(self) -> pl.Series | None:
        """Ids of the starter code's blobs; None when they are not known."""
        return self.lake.read(STARTER_FILES)["blob_id"] if self.inputs.starter_key is not None else None

    @property
    def pull_request_shas(self) -> list[str]:
        """Heads of the pull requests in the mirror."""
        self.refs = self.refs or mirror_refs(self.mirror)
        return self.refs.pull_request_shas

    def read(self, table: Table) -> pl.DataFrame:
        """The group's part of a table that comes before."""
        if table.name not in self.parts:
            self.parts[table.name] = self.lake.read(table, self.group.group_id)
        return self.parts[table.name]

    @property
    def snapshot_sha(self) -> str | None:
        """The commit that counts; None for a repository without one.

        Raises:
            RepoError: the repository could not be read the last time.
        """
        status, reason, sha = self.read(REPO_SNAPSHOTS).select("status", "reason", "snapshot_sha").row(0)
        if status not in READABLE_STATUSES:
            raise RepoError(status, reason)
        return sha  # type: ignore[no-any-return]


# A table and what computes a group's part of it; for `repo_snapshots` also the key, known only when git has answered.
Compute = Callable[[GroupWork], "Computed"]


@dataclass(frozen=True)
class Computed:
    """A group's part of a table; `input_key` where only the computation knows it."""

    frame: pl.DataFrame
    input_key: str | None = None


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
    """Compute the tables of one group in their order, up to the first that fails. Never raises for a group's sake."""
    result = _run_links(work, links, locks_dir)
    has_failed = result.failed_table is not None
    extra = {"group_id": result.group_id, "failed": has_failed}
    progress.info("group %s %s", result.group_id, "failed" if has_failed else "done", extra=extra)
    return result


def _run_links(work: GroupWork, links: Sequence[tuple[Table, Compute]], locks_dir: Path) -> ChainResult:
    finished: list[Finished] = []
    table = links[0][0]
    try:
        with _locked(work, locks_dir):
            for table, compute in links:
                finished.append(_run_link(work, table, compute))
            _note_success(work)
    except Exception as error:
        reason = str(error) if isinstance(error, MentorError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, MentorError):
            log.exception("group %s, table %s", work.group.group_id, table.name)
        _note_failure(work, table, reason, is_invalid=isinstance(error, SchemaError))
        return ChainResult(work.group.group_id, tuple(finished), table.name, reason)
    return ChainResult(work.group.group_id, tuple(finished))


def _run_link(work: GroupWork, table: Table, compute: Compute) -> Finished:
    group_id = work.group.group_id
    before = work.lake.input_key(table, group_id)
    if table is REPO_SNAPSHOTS:
        computed = compute(work)
        key = computed.input_key or ""
    else:
        work.snapshot_sha  # noqa: B018 - raises when there is nothing to compute from
        key = _keys(work)[table.name]
        if before == key:
            return Finished(table, work.read(table), is_unchanged=True)
        computed = compute(work)
    work.parts[table.name] = work.lake.write(table, computed.frame, group_id, input_key=key)
    return Finished(table, work.parts[table.name], is_unchanged=before == key)


def _keys(work: GroupWork) -> Mapping[str, str]:
    return input_keys(work.group, work.lake.input_key(REPO_SNAPSHOTS, work.group.group_id) or "", work.inputs)


def _note_success(work: GroupWork) -> None:
    """The group is well once all its tables are current, whichever of them this run was asked for."""
    keys = _keys(work)
    group_id = work.group.group_id
    if all(work.lake.input_key(table, group_id) == keys[table.name] for table in GROUP_TABLES):
        _note(work, None, None, keys[GROUP_OUTCOMES.name])


def _note_failure(work: GroupWork, table: Table, reason: str, *, is_invalid: bool) -> None:
    try:
        _note(work, table.name, reason, is_invalid=is_invalid)
        _forget_other_repository(work, reason)
    except (OSError, MentorError):
        # A full disk: the reason is in the result all the same, and the other groups' results are not lost with it.
        log.exception("group %s: its failure could not be noted", work.group.group_id)


def _forget_other_repository(work: GroupWork, reason: str) -> None:
    """Where the roster's repository was never read, no numbers are shown: not those of one that it named before.

    Every group has its row of numbers, also such a one.
    """
    group_id = work.group.group_id
    has_snapshot = (
        work.lake.has_current(REPO_SNAPSHOTS, group_id)
        and work.lake.read(REPO_SNAPSHOTS, group_id)["snapshot_rule"].item() is not None
    )
    for table in (COMMITS, FILES, CONTRIBUTORS):
        if not has_snapshot and work.lake.has(table, group_id):
            work.lake.write(table, empty(table), group_id)
    if not has_snapshot or not work.lake.has(REPO_STATS, group_id):
        work.lake.write(REPO_STATS, empty_repo_stats_frame(work.group, reason), group_id)


def _note(
    work: GroupWork, failed_table: str | None, reason: str | None, input_key: str = "", *, is_invalid: bool = False
) -> None:
    row = (work.group.group_id, failed_table, reason, is_invalid, datetime.now(UTC))
    frame = pl.DataFrame([row], schema=GROUP_OUTCOMES.schema, orient="row")
    work.lake.write(GROUP_OUTCOMES, frame, work.group.group_id, input_key=input_key)


@contextmanager
def _locked(work: GroupWork, locks_dir: Path) -> Iterator[None]:
    """One run at a time works on a group: two could fetch into one mirror, or mix two snapshots in its tables."""
    locks_dir.mkdir(parents=True, exist_ok=True)
    timeout_s = work.limits.git_timeout_s + work.limits.ask_timeout_s
    try:
        with FileLock(locks_dir / f"{work.mirror.stem}.lock", timeout=timeout_s):
            yield
    except Timeout:
        raise MentorError(
            f"another run has been working on group {work.group.group_id} for {timeout_s:.0f} s"
        ) from None
