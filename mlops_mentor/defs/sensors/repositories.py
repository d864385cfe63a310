"""`repository_sensor`: looks at every repository, and refreshes the groups that have changed."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import dagster as dg

from mlops_mentor.chain.changes import Look, look_at_groups
from mlops_mentor.chain.waves import Cursor, Wave, due, plan_wave, resting_unread
from mlops_mentor.defs.in_flight import groups_in_flight
from mlops_mentor.defs.jobs import refresh_groups
from mlops_mentor.defs.orphans import end_orphaned_runs
from mlops_mentor.defs.partitions import NAME, range_tags, runs_of
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.sensors.ticks import INTERVAL_S, Clock, guarded, known_groups, now, until
from mlops_mentor.roster.roster import Group
from mlops_mentor.settings import Settings

WAVE_TAG = "mentor/wave"
# A tick may take 60 seconds, or Dagster ends it.
LOOK_BUDGET_S = 25.0
# For repositories that did not answer and rest: what is left of the budget, and no more than this.
SPARE_BUDGET_S = 8.0
_MAX_LISTED = 20

# `changes.look_at_groups`: the looks that came back in time, by group.
LookAtGroups = Callable[..., Mapping[str, Look]]


def make_repository_sensor(
    *, look: LookAtGroups = look_at_groups, clock: Clock = now, interval_s: int = INTERVAL_S
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
        return guarded(context, "the repositories", lambda: _repository_tick(context, mentor.settings(), look, clock()))

    return repository_sensor


def _repository_tick(
    context: dg.SensorEvaluationContext, settings: Settings, look: LookAtGroups, began_at: datetime
) -> dg.SensorResult | dg.SkipReason:
    # Runs of a killed command line would count as in flight for ever.
    end_orphaned_runs(context.instance, settings.locks_dir)
    known = context.instance.get_dynamic_partitions(NAME)
    groups = known_groups(settings, known)
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
    parts += [f"{len(wave.resting)} failed before and rest until {until(wave)}"] if wave.resting else []
    return f"{', '.join(parts)}, {f'{len(wave.wanted)} asked for' if wave.wanted else 'nothing new'}."


def _listed(group_ids: Sequence[str]) -> str:
    rest = len(group_ids) - _MAX_LISTED
    return ", ".join(group_ids[:_MAX_LISTED]) + (f" and {rest} more" if rest > 0 else "")
