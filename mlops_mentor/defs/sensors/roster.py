"""`roster_sensor`: keeps the groups and their partitions equal to the roster."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from mlops_mentor.chain.changes import Look
from mlops_mentor.chain.waves import Cursor, plan_wave
from mlops_mentor.defs.in_flight import is_roster_in_flight
from mlops_mentor.defs.jobs import refresh_roster
from mlops_mentor.defs.orphans import end_orphaned_runs
from mlops_mentor.defs.partitions import NAME, group_partitions, is_backfilling
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.sensors.ticks import INTERVAL_S, MINUTE_S, Clock, guarded, now, until
from mlops_mentor.roster.roster import groups_frame, groups_from_frame, load_roster, roster_change
from mlops_mentor.schemas import GROUPS, STARTER_FILES, STARTER_SHAPES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

# The roster is asked for as if it were one group.
_ROSTER = "roster"


def make_roster_sensor(*, clock: Clock = now, interval_s: int = INTERVAL_S) -> dg.SensorDefinition:
    """The sensor; tests have their own `clock`. It looks every `interval_s` seconds, and once a minute at least."""

    @dg.sensor(
        name="roster_sensor",
        job=refresh_roster,
        minimum_interval_seconds=min(MINUTE_S, interval_s),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Keeps the groups and their partitions equal to the roster.",
    )
    def roster_sensor(context: dg.SensorEvaluationContext, mentor: Mentor) -> dg.SensorResult | dg.SkipReason:
        return guarded(context, "the roster", lambda: _roster_tick(context, mentor.settings(), clock()))

    return roster_sensor


def _roster_tick(
    context: dg.SensorEvaluationContext, settings: Settings, began_at: datetime
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
    wave = plan_wave((_ROSTER,), {_ROSTER: look}, (), Cursor.parse(context.cursor), began_at)
    if wave.wanted:
        context.log.info(
            f"{settings.roster_file} has changed: {stored.height} groups are stored, {wanted.height} in it"
        )
        request = dg.RunRequest(
            job_name=refresh_roster.name, run_key=wave.run_key(wave.wanted), asset_selection=_stale(lake)
        )
        return dg.SensorResult([request], cursor=wave.cursor.text())
    if wave.resting:
        reason = f"The roster was not taken over, as the run of refresh_roster says. Next attempt at {until(wave)}."
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
