"""What the ticks of all sensors have in common: intervals, the clock, the groups, and that a tick never raises."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import dagster as dg

from mlops_mentor.chain.waves import Wave
from mlops_mentor.errors import MentorError
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import GROUPS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

INTERVAL_S = 300
# What is read from a file of this machine is looked at this often at least.
MINUTE_S = 60
_MAX_REASON_LINES = 5

Clock = Callable[[], datetime]


def now() -> datetime:
    """UTC."""
    return datetime.now(UTC)


def guarded(
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


def known_groups(settings: Settings, known: Sequence[str]) -> dict[str, Group]:
    """The stored groups that Dagster knows, in the roster's order; for others no run can be asked."""
    stored, has_partition = groups_from_frame(Lake(settings.lake_dir).read_or_empty(GROUPS)), set(known)
    return {group.group_id: group for group in stored if group.group_id in has_partition}


def until(wave: Wave) -> str:
    """When the first of those that rest is asked for again."""
    moments = [wave.cursor.requests[group_id].next_at for group_id in wave.resting]
    return f"{min(moments):%Y-%m-%d %H:%M} UTC"
