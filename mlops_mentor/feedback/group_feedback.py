"""One group's feedback: packs, the reviewer's word on each area, the page; each made only when its inputs changed.

Belongs here: their order, what is kept where the reviewer gives nothing, and the reason. How many groups are worked on
at once, and what a run may spend, is for `class_feedback`.
"""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import anyio
import polars as pl
from filelock import FileLock, Timeout

from mlops_mentor.chain.chain import ChainResult, Finished, locked
from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.errors import ConfigError, MentorError
from mlops_mentor.feedback.area import AreaResult, Asking, Reviewing, Row, review_area
from mlops_mentor.feedback.evidence import GroupEvidence, group_evidence
from mlops_mentor.feedback.inputs import FeedbackInputs, page_key
from mlops_mentor.feedback.judge.tables import feedback_frame, llm_calls_frame
from mlops_mentor.feedback.llm.calls import Call
from mlops_mentor.feedback.packs.build import build_packs, review_packs_frame, sources
from mlops_mentor.feedback.packs.cleaner import TextCleaner
from mlops_mentor.feedback.packs.identities import identities_of
from mlops_mentor.feedback.packs.pack import Cleaner, Pack, ReadSource
from mlops_mentor.feedback.packs.redaction import Redactor, secret_places
from mlops_mentor.feedback.packs.store import PackStore
from mlops_mentor.feedback.reports import feedback_reports_frame
from mlops_mentor.feedback.rubric import Area
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    FEEDBACK,
    FEEDBACK_REPORTS,
    LLM_CALLS,
    REVIEW_PACKS,
)
from mlops_mentor.storage.lake import Lake

log = logging.getLogger(__name__)
# Another run may be waiting for a slow model on the same group; then everything is there when it ends.
_LOCK_TIMEOUT_S = 3600.0
_LOCK_EVERY_S = 0.2


@dataclass
class GroupFeedback:
    """What one group's feedback is made with; `asking` is None where rules review, `threads` bounds what computes."""

    work: GroupWork
    inputs: FeedbackInputs
    store: PackStore
    locks_dir: Path
    asking: Asking | None = None
    threads: anyio.CapacityLimiter | None = None
    run_id: str | None = None
    calls: list[Call] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)
    is_page_new: bool = False

    @property
    def group_id(self) -> str:
        return self.work.group.group_id

    @property
    def lake(self) -> Lake:
        return self.work.lake

    @cached_property
    def evidence(self) -> GroupEvidence:
        return group_evidence(self.work)

    @cached_property
    def _cleaner(self) -> Cleaner:
        """Takes out whatever is known of the group's people, and its secrets."""
        work = self.work
        people = identities_of(
            students=work.group.students,
            repo_urls=(work.group.address.url,),
            commits=work.read(COMMITS),
            contributors=work.read(CONTRIBUTORS),
            contributions=work.read(CONTRIBUTIONS),
            pull_requests=self.evidence.pull_requests,
        )
        return TextCleaner(Redactor(people, secret_places(self.evidence.committed_secrets)))

    @cached_property
    def read_source(self) -> ReadSource:
        """Whole files as the reviewer may see them: what citations are checked against."""
        return sources(self.evidence, self.work.own_files, self.work.report, self._cleaner)

    def packs(self, max_tokens: int) -> list[Pack]:
        """The packs of all areas, each of at most so many tokens."""
        work, rubric = self.work, self.inputs.rubric
        return build_packs(self.evidence, work.own_files, work.report, rubric, self._cleaner, max_tokens)

    def stored_packs(self) -> dict[str, Pack]:
        """The packs that `review_packs` names, by area; made again where somebody deleted one."""
        rows = self.lake.read(REVIEW_PACKS, self.group_id).select("area", "pack_id")
        stored = [(area_id, self.store.read(pack_id)) for area_id, pack_id in rows.iter_rows()]
        found = {area_id: pack for area_id, pack in stored if pack is not None}
        if len(found) < len(stored):
            found = {pack.area: pack for pack in self.packs(self.inputs.pack_tokens)}
            for pack in found.values():
                self.store.write(pack)
        return found

    def note(self, call: Call) -> None:
        """Keep what a call cost, at once: a process that is killed has paid all the same."""
        self.calls.append(call)
        known = self.lake.read_or_empty(LLM_CALLS, self.group_id)
        self.lake.write(LLM_CALLS, pl.concat([known, llm_calls_frame([call], self.run_id)]), self.group_id)


async def review_group(group: GroupFeedback, selected: Collection[str]) -> ChainResult:
    """Make the tables of one group that are `selected`, in their order. Never raises for a group's sake.

    Where the reviewer that was asked for does not answer, what stands in its place is stored, and the group counts as
    failed, with the reason. A budget that is used up is no failure: such a group is not finished, and a later run goes
    on with it.
    """
    table = REVIEW_PACKS
    reasons: list[str] = []
    try:
        async with _one_at_a_time(group):
            if FEEDBACK.name in selected:
                await anyio.to_thread.run_sync(_keep_released, group, limiter=group.threads)
            if REVIEW_PACKS.name in selected:
                await anyio.to_thread.run_sync(_make_packs, group, limiter=group.threads)
            table = FEEDBACK
            if FEEDBACK.name in selected:
                reasons = await _review(group)
            if LLM_CALLS.name in selected:
                calls = group.lake.write(LLM_CALLS, group.lake.read_or_empty(LLM_CALLS, group.group_id), group.group_id)
                group.finished.append(Finished(LLM_CALLS, calls, is_unchanged=not group.calls))
            table = FEEDBACK_REPORTS
            if FEEDBACK_REPORTS.name in selected:
                await anyio.to_thread.run_sync(_make_page, group, limiter=group.threads)
    except Exception as error:
        reason = str(error) if isinstance(error, MentorError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, MentorError):
            log.exception("group %s, table %s", group.group_id, table.name)
        return ChainResult(group.group_id, tuple(group.finished), table.name, reason)
    if reasons:
        return ChainResult(group.group_id, tuple(group.finished), FEEDBACK.name, "; ".join(reasons))
    return ChainResult(group.group_id, tuple(group.finished))


def _make_packs(group: GroupFeedback) -> None:
    key = group.inputs.packs_key(group.lake, group.work.group)
    is_unchanged = group.lake.input_key(REVIEW_PACKS, group.group_id) == key and group.lake.has_current(
        REVIEW_PACKS, group.group_id
    )
    if not is_unchanged:
        # Its tables are read together: a run that refreshes the group at this moment would mix two snapshots.
        with locked(group.work, group.locks_dir):
            packs = group.packs(group.inputs.pack_tokens)
        for pack in packs:
            group.store.write(pack)
        frame = review_packs_frame(group.group_id, group.evidence.snapshot_sha, packs)
        group.lake.write(REVIEW_PACKS, frame, group.group_id, input_key=key)
    frame = group.lake.read(REVIEW_PACKS, group.group_id)
    group.finished.append(Finished(REVIEW_PACKS, frame, is_unchanged=is_unchanged))


async def _review(group: GroupFeedback) -> list[str]:
    """Store what the reviewer says of every area; why it said nothing, by area, where it should have."""
    key = group.inputs.feedback_key(group.lake, group.work.group)
    before = group.lake.read_or_empty(FEEDBACK, group.group_id)
    is_stored = group.lake.input_key(FEEDBACK, group.group_id) == key
    if is_stored and not group.inputs.ask_again and group.lake.has_current(FEEDBACK, group.group_id):
        group.finished.append(Finished(FEEDBACK, before, is_unchanged=True))
        return []
    reviewing = await anyio.to_thread.run_sync(_reviewing, group, limiter=group.threads)
    rows = {row["area"]: row for row in before.iter_rows(named=True)}
    found: dict[str, AreaResult] = {}

    async def review(area: Area) -> None:
        found[area.id] = await review_area(area, rows.get(area.id), reviewing)

    async with anyio.create_task_group() as tasks:
        for area in group.inputs.rubric.areas:
            tasks.start_soon(review, area)
    results = [found[area.id] for area in group.inputs.rubric.areas]
    is_final = all(result.row["input_key"] for result in results)
    await anyio.to_thread.run_sync(_hear_tas, group, limiter=group.threads)
    told = _written(before, [result.row for result in results], datetime.now(UTC))
    frame = group.lake.write(FEEDBACK, feedback_frame(told), group.group_id, input_key=key if is_final else "")
    if is_final:
        group.finished.append(Finished(FEEDBACK, frame, is_unchanged=frame.equals(before)))
    failures = {area_id: result.failure for area_id, result in found.items() if not result.is_over_budget}
    return [f"{area_id}: {failure}" for area_id, failure in failures.items() if failure is not None]


def _written(before: pl.DataFrame, rows: Sequence[Row], now: datetime) -> list[Row]:
    """The rows, what is new in them written now, as it is stored.

    A model takes minutes for a group. Until all is stored TAs read, and release, the draft that was there before: a
    release of that time must not hold for a text that nobody could read.
    """
    times = {row["area"]: row["written_at"] for row in before.iter_rows(named=True)}
    return [row if row["written_at"] == times.get(row["area"]) else {**row, "written_at": now} for row in rows]


def _reviewing(group: GroupFeedback) -> Reviewing:
    """What the areas of the group are reviewed with; reading and parsing its files takes a second."""
    return Reviewing(
        evidence=group.evidence,
        inputs=group.inputs,
        packs=group.stored_packs(),
        read_source=group.read_source,
        boundary=group.store.boundary,
        keep=group.store.write,
        asking=group.asking,
    )


def _hear_tas(group: GroupFeedback) -> None:
    """What TAs have released while the reviewer was at it is about the draft that is replaced now, and goes first."""
    if group.inputs.said_by_now is None or group.lake.read_or_empty(FEEDBACK, group.group_id).is_empty():
        return
    try:
        said = group.inputs.said_by_now(group.group_id)
    except ConfigError as error:
        log.warning("group %s: what TAs said meanwhile cannot be read: %s", group.group_id, error)
        return
    known = group.inputs.reviews.filter(pl.col("group_id") == group.group_id)
    # Not by the newest moment: two rows may have the same, where times are typed by the minute.
    if set(said.drop("row").rows()) - set(known.drop("row").rows()):
        group.inputs = replace(group.inputs, reviews=said)
        _keep_released(group)


def _keep_released(group: GroupFeedback) -> None:
    """What TAs have released since the page was made goes into it, before the draft that they read is another."""
    said = group.inputs.reviews.filter((pl.col("group_id") == group.group_id) & pl.col("is_released"))
    if said.height and not group.lake.read_or_empty(FEEDBACK, group.group_id).is_empty():
        _, is_unchanged = _page(group)
        group.is_page_new = not is_unchanged


def _make_page(group: GroupFeedback) -> None:
    frame, is_unchanged = _page(group)
    is_unchanged = is_unchanged and not group.is_page_new
    group.finished.append(Finished(FEEDBACK_REPORTS, frame, is_unchanged=is_unchanged))


def _page(group: GroupFeedback) -> tuple[pl.DataFrame, bool]:
    """The group's page as things stand, stored; and whether it was so already."""
    lake, group_id, inputs = group.lake, group.group_id, group.inputs
    known = group.work.group
    key = page_key(lake, known, inputs.inputs.course, inputs.rubric, inputs.reviews)
    before = lake.read_or_empty(FEEDBACK_REPORTS, group_id)
    if lake.input_key(FEEDBACK_REPORTS, group_id) == key and lake.has_current(FEEDBACK_REPORTS, group_id):
        return before, True
    feedback = lake.read(FEEDBACK, group_id)
    frame = feedback_reports_frame(
        known,
        feedback,
        lake.read_or_empty(REVIEW_PACKS, group_id),
        inputs.reviews,
        inputs.rubric,
        previous=before if before.height else None,
    )
    return lake.write(FEEDBACK_REPORTS, frame, group_id, input_key=key), False


@asynccontextmanager
async def _one_at_a_time(group: GroupFeedback) -> AsyncIterator[None]:
    """One run at a time makes feedback of a group: two would ask, and pay, for the same."""
    group.locks_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(group.locks_dir / f"{group.work.mirror.stem}.feedback.lock")
    try:
        with anyio.fail_after(_LOCK_TIMEOUT_S):
            # No thread waits for it: that could not be cancelled, and would keep others from computing.
            while not _is_taken(lock):  # noqa: ASYNC110 - another process gives it back
                await anyio.sleep(_LOCK_EVERY_S)
    except TimeoutError:
        raise MentorError(
            f"another run has been making feedback of group {group.group_id} for {_LOCK_TIMEOUT_S:.0f} s"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _is_taken(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
