"""Sensors: noticing that roster, repositories or the TAs' reviews have changed, and asking for the runs that follow.

Belongs here: what a tick reads, and turning a decision into requests for Dagster. Whether a group has changed is for
`changes`, which groups are asked for and when again for `waves`. All are off until somebody turns them on.
A tick never raises: what is wrong becomes the reason why it skipped, and the next tick tries again.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from mlops_mentor.chain.changes import Look, look_at_groups
from mlops_mentor.chain.waves import Cursor, Wave, due, plan_wave, resting_unread
from mlops_mentor.defs.in_flight import groups_in_flight, is_roster_in_flight
from mlops_mentor.defs.jobs import refresh_groups, refresh_pages, refresh_reviews, refresh_roster
from mlops_mentor.defs.orphans import end_orphaned_runs
from mlops_mentor.defs.partitions import NAME, group_partitions, is_backfilling, range_tags, runs_of
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.errors import LakeError, MentorError
from mlops_mentor.feedback.inputs import has_commit, page_key, reviews_of, sheet_key
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.roster.roster import Group, groups_frame, groups_from_frame, load_roster, roster_change
from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_REPORTS,
    GROUPS,
    LLM_CALLS,
    REPO_SNAPSHOTS,
    REVIEW_PACKS,
    REVIEWS,
    STARTER_FILES,
    STARTER_SHAPES,
    Table,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

WAVE_TAG = "mentor/wave"
INTERVAL_S = 300
# What is read from a file of this machine is looked at this often at least.
_MINUTE_S = 60
# A tick may take 60 seconds, or Dagster ends it.
LOOK_BUDGET_S = 25.0
# For repositories that did not answer and rest: what is left of the budget, and no more than this.
SPARE_BUDGET_S = 8.0
_MAX_REASON_LINES = 5
_MAX_LISTED = 20
# What pages are made of, and whether there is a page to make.
_BEHIND_PAGES = (REPO_SNAPSHOTS, REVIEW_PACKS, FEEDBACK, LLM_CALLS, FEEDBACK_REPORTS)
# The roster is asked for as if it were one group.
_ROSTER = "roster"

# `changes.look_at_groups`: the looks that came back in time, by group.
LookAtGroups = Callable[..., Mapping[str, Look]]
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def make_roster_sensor(*, clock: Clock = _now, interval_s: int = INTERVAL_S) -> dg.SensorDefinition:
    """The sensor; tests have their own `clock`. It looks every `interval_s` seconds, and once a minute at least."""

    @dg.sensor(
        name="roster_sensor",
        job=refresh_roster,
        minimum_interval_seconds=min(_MINUTE_S, interval_s),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Keeps the groups and their partitions equal to the roster.",
    )
    def roster_sensor(context: dg.SensorEvaluationContext, mentor: Mentor) -> dg.SensorResult | dg.SkipReason:
        return _guarded(context, "the roster", lambda: _roster_tick(context, mentor.settings(), clock()))

    return roster_sensor


def make_repository_sensor(
    *, look: LookAtGroups = look_at_groups, clock: Clock = _now, interval_s: int = INTERVAL_S
) -> dg.SensorDefinition:
    """The sensor, which looks every `interval_s` seconds; tests have their own `look` and `clock`."""

    @dg.sensor(
        name="repository_sensor",
        job=refresh_groups,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Looks at every repository and refreshes the groups whose repository has changed.",
    )
    def repository_sensor(context: dg.SensorEvaluationContext, mentor: Mentor) -> dg.SensorResult | dg.SkipReason:
        return _guarded(
            context, "the repositories", lambda: _repository_tick(context, mentor.settings(), look, clock())
        )

    return repository_sensor


def make_reviews_sensor(*, interval_s: int = INTERVAL_S) -> dg.SensorDefinition:
    """The sensor; it looks every `interval_s` seconds, and once a minute at least."""

    @dg.sensor(
        name="reviews_sensor",
        jobs=[refresh_reviews, refresh_pages],
        minimum_interval_seconds=min(_MINUTE_S, interval_s),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Takes over the TAs' reviews.csv, and renews the pages of the groups that it is about.",
    )
    def reviews_sensor(context: dg.SensorEvaluationContext, mentor: Mentor) -> dg.SensorResult | dg.SkipReason:
        return _guarded(context, "the reviews", lambda: _reviews_tick(context, mentor.settings()))

    return reviews_sensor


def _guarded(
    context: dg.SensorEvaluationContext, what: str, tick: Callable[[], dg.SensorResult | dg.SkipReason]
) -> dg.SensorResult | dg.SkipReason:
    try:
        return tick()
    except MentorError as error:
        return dg.SkipReason("\n".join(str(error).splitlines()[:_MAX_REASON_LINES]))
    except Exception as error:
        # A bug must not end the watching.
        context.log.exception(f"looking at {what} failed")
        return dg.SkipReason(f"Looking at {what} failed: {type(error).__name__}: {error}"[:1000])


# The roster


def _roster_tick(
    context: dg.SensorEvaluationContext, settings: Settings, now: datetime
) -> dg.SensorResult | dg.SkipReason:
    lake = Lake(settings.lake_dir)
    end_orphaned_runs(context.instance, settings.locks_dir)
    if is_roster_in_flight(context.instance):
        return dg.SkipReason("The roster is being refreshed.")
    roster = load_roster(settings.roster_file)
    stored = lake.read_or_empty(GROUPS)
    wanted = groups_frame(roster_change(groups_from_frame(stored), roster).groups)
    seen_id = hashlib.sha256(wanted.write_json().encode()).hexdigest()[:16]
    look = Look(_ROSTER, not lake.has(GROUPS) or not wanted.equals(stored), seen_id)
    wave = plan_wave((_ROSTER,), {_ROSTER: look}, (), Cursor.parse(context.cursor), now)
    if wave.wanted:
        context.log.info(
            f"{settings.roster_file} has changed: {stored.height} groups are stored, {wanted.height} in it"
        )
        request = dg.RunRequest(
            job_name=refresh_roster.name, run_key=wave.run_key(wave.wanted), asset_selection=_stale(lake)
        )
        return dg.SensorResult([request], cursor=wave.cursor.text())
    if wave.resting:
        reason = f"The roster was not taken over, as the run of refresh_roster says. Next attempt at {_until(wave)}."
        return dg.SensorResult(skip_reason=reason, cursor=wave.cursor.text())
    return _mended(context.instance, stored["group_id"].to_list(), wave.cursor)


def _stale(lake: Lake) -> list[dg.AssetKey]:
    # Without starter code a group's files count as all its own: at the very first it has to be there before them.
    tables = [GROUPS] if lake.has(STARTER_FILES) else [GROUPS, STARTER_FILES, STARTER_SHAPES]
    return [dg.AssetKey(table.name) for table in tables]


def _mended(instance: dg.DagsterInstance, group_ids: Sequence[str], cursor: Cursor) -> dg.SensorResult:
    """A process killed between storing the roster and telling Dagster has left them apart."""
    known = instance.get_dynamic_partitions(NAME)
    added = [group_id for group_id in group_ids if group_id not in known]
    removed = [] if is_backfilling(instance) else [group_id for group_id in known if group_id not in group_ids]
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if added:
        requests.append(group_partitions.build_add_request(added))
    if removed:
        requests.append(group_partitions.build_delete_request(removed))
    reason = f"{len(group_ids)} groups, as in the roster."
    if requests:
        reason = f"{reason} Partitions mended: {len(added)} added, {len(removed)} removed."
    return dg.SensorResult(skip_reason=reason, dynamic_partitions_requests=requests, cursor=cursor.text())


# The TAs' reviews


def _reviews_tick(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SensorResult | dg.SkipReason:
    lake = Lake(settings.lake_dir)
    known = context.instance.get_dynamic_partitions(NAME)
    groups = _groups(settings, known)
    key = sheet_key(reviews_of(settings, tuple(groups)))
    if key != lake.input_key(REVIEWS):
        # The same request as long as nothing has come of it, as Dagster starts it once; and another one where a row
        # is written, deleted and written again.
        run_key = f"reviews-{_stored_at(lake, REVIEWS)}-{key}"
        return dg.SensorResult([dg.RunRequest(job_name=refresh_reviews.name, run_key=run_key)])
    rubric, said = load_rubric(settings.rubric_file), lake.read_or_empty(REVIEWS)
    state = _pages_state(lake, groups, (key, settings.the_course.model_dump_json(), rubric.model_dump_json()))
    if state == context.cursor:
        return dg.SkipReason(
            f"{said.height} rows, as in {settings.reviews_file}, and no feedback since every page was made."
        )
    pages = _stale_pages(lake, groups, lambda group: page_key(lake, group, settings.the_course, rubric, said))
    if not pages:
        reason = f"{said.height} rows, as in {settings.reviews_file}; every page has them."
        return dg.SensorResult(skip_reason=reason, cursor=state)
    # One run for all: starting one takes longer than its pages, and few may run at once. What lies between is left out.
    wanted = [group_id for group_id in known if group_id in pages]
    digest = hashlib.sha256("".join(pages[group_id] for group_id in wanted).encode()).hexdigest()[:16]
    request = dg.RunRequest(
        job_name=refresh_pages.name,
        run_key=f"pages-{wanted[0]}-{wanted[-1]}-{digest}",
        tags=range_tags(wanted),
        run_config={"ops": {"group_feedback": {"config": {"only": wanted}}}},
    )
    return dg.SensorResult([request])


def _pages_state(lake: Lake, groups: Mapping[str, Group], course: Sequence[str]) -> str:
    """The hash of all that `_stale_pages` depends on, as far as dates of files tell: no file is read for it."""
    parts = [*course, *(f"{group_id} {group.address.url}" for group_id, group in groups.items())]
    parts += [_stored_at(lake, table, group_id) for table in _BEHIND_PAGES for group_id in groups]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _stale_pages(lake: Lake, groups: Mapping[str, Group], key_of: Callable[[Group], str]) -> dict[str, str]:
    """Groups whose page is not as it would be made now, with what tells this request from the last for the same."""
    found = {}
    for group_id, group in groups.items():
        try:
            if not has_commit(lake, group) or not lake.read_or_empty(FEEDBACK, group_id).height:
                continue
            key = key_of(group)
        except LakeError:
            # One damaged part must not keep the others' pages from being renewed; the group's next run says so.
            continue
        if lake.input_key(FEEDBACK_REPORTS, group_id) != key:
            found[group_id] = f"{key} {_stored_at(lake, FEEDBACK_REPORTS, group_id)}"
    return found


def _stored_at(lake: Lake, table: Table, group_id: str | None = None) -> str:
    moment = lake.confirmed_at(table, group_id)
    return "never" if moment is None else f"{moment.timestamp():.6f}"


# The repositories


def _repository_tick(
    context: dg.SensorEvaluationContext, settings: Settings, look: LookAtGroups, began_at: datetime
) -> dg.SensorResult | dg.SkipReason:
    # Runs of a killed command line would count as in flight for ever.
    end_orphaned_runs(context.instance, settings.locks_dir)
    known = context.instance.get_dynamic_partitions(NAME)
    groups = _groups(settings, known)
    if not groups:
        return dg.SkipReason("There are no groups yet. Materialize `groups`, or turn on roster_sensor.")
    cursor = Cursor.parse(context.cursor)
    looks = _looks(settings, groups, cursor, began_at, look)
    repository = context.repository_def
    in_flight = groups_in_flight(context.instance, repository.asset_graph if repository else None, since=began_at)
    wave = plan_wave(tuple(groups), looks, in_flight, cursor, began_at)
    said = _said(wave, len(looks))
    if not wave.wanted:
        return dg.SensorResult(skip_reason=said, cursor=wave.cursor.text())
    requests = [
        dg.RunRequest(
            job_name=refresh_groups.name,
            run_key=wave.run_key(group_ids),
            tags={**range_tags(group_ids), WAVE_TAG: str(wave.cursor.sequence)},
        )
        for group_ids in runs_of(known, wave.wanted, max_groups=settings.groups_per_run)
    ]
    for group_id in wave.wanted:
        if reason := looks[group_id].reason:
            context.log.warning(f"group {group_id} could not be looked at: {' '.join(reason.split())}")
    context.log.info(f"{said} Wave {wave.cursor.sequence}: {len(requests)} runs for {_listed(wave.wanted)}.")
    return dg.SensorResult(requests, cursor=wave.cursor.text())


def _groups(settings: Settings, known: Sequence[str]) -> dict[str, Group]:
    """The stored groups that Dagster knows, in the roster's order; for others no run can be asked."""
    stored, has_partition = groups_from_frame(Lake(settings.lake_dir).read_or_empty(GROUPS)), set(known)
    return {group.group_id: group for group in stored if group.group_id in has_partition}


def _looks(
    settings: Settings, groups: Mapping[str, Group], cursor: Cursor, now: datetime, look: LookAtGroups
) -> dict[str, Look]:
    """What was seen within the budget, by group: first of those that are due, then of some that rest."""
    end = time.monotonic() + LOOK_BUDGET_S
    ids = tuple(groups)
    looks = dict(look(settings, [groups[i] for i in due(ids, cursor, now)], budget_s=LOOK_BUDGET_S))
    resting = [groups[group_id] for group_id in resting_unread(ids, cursor, now)]
    left = min(end - time.monotonic(), SPARE_BUDGET_S)
    if resting and left > 1:
        looks |= look(settings, resting, budget_s=left)
    return looks


def _said(wave: Wave, num_looks: int) -> str:
    """What a tick says for itself: `130 groups looked at, 3 unreadable, 3 failed before and rest until ...`."""
    parts = [f"{num_looks} groups looked at"]
    parts += [f"{wave.num_unreadable} unreadable"] if wave.num_unreadable else []
    parts += [f"{len(wave.unreached)} not reached, which come next"] if wave.unreached else []
    parts += [f"{len(wave.waiting)} being worked on"] if wave.waiting else []
    parts += [f"{len(wave.resting)} failed before and rest until {_until(wave)}"] if wave.resting else []
    return f"{', '.join(parts)}, {f'{len(wave.wanted)} asked for' if wave.wanted else 'nothing new'}."


def _until(wave: Wave) -> str:
    """When the first of those that rest is asked for again."""
    moments = [wave.cursor.requests[group_id].next_at for group_id in wave.resting]
    return f"{min(moments):%Y-%m-%d %H:%M} UTC"


def _listed(group_ids: Sequence[str]) -> str:
    rest = len(group_ids) - _MAX_LISTED
    return ", ".join(group_ids[:_MAX_LISTED]) + (f" and {rest} more" if rest > 0 else "")
