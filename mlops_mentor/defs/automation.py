"""Automation: when Dagster works by itself.

Belongs here: conditions, and the sensor that evaluates them. Evaluating takes a third of a second for 130 groups, and
whoever waits for a group's numbers waits for the next evaluation: so the sensor looks every few seconds, and evaluates
where something has happened.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

# Dagster's daemon looks at its sensors every five seconds.
_LOOK_EVERY_S = 5
# A daemon that is killed may lose what an evaluation asked for: it is made again within minutes, whatever has happened.
_EVALUATE_EVERY_S = 300.0

# Also when a group failed: its reason must get into `group_status`, and a failure updates nothing.
_SOMETHING_HAPPENED = dg.AutomationCondition.any_deps_updated() | dg.AutomationCondition.any_deps_match(
    dg.AutomationCondition.execution_failed().newly_true()
)
ONCE_A_WAVE = (
    _SOMETHING_HAPPENED.since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("once a wave of groups")


class WaveSensor(dg.AutomationConditionSensorDefinition):
    """Evaluates the conditions of its assets, in the code location, where anything has happened since it last did."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic, **options: Any) -> None:
        with warnings.catch_warnings():
            # In the version that the lock file pins it works; the tests hold it to it.
            warnings.simplefilter("ignore", dg.BetaWarning)
            super().__init__(name, use_user_code_server=True, minimum_interval_seconds=_LOOK_EVERY_S, **options)
        self._clock = clock
        self._evaluated: tuple[object, float] | None = None
        self._evaluate: Callable[..., Any] = self._evaluation_fn
        self._evaluation_fn = self._look

    def _look(
        self, context: dg.SensorEvaluationContext
    ) -> Sequence[dg.SensorResult | dg.SkipReason | dg.RunRequest | None]:
        # What happens while the conditions are evaluated has not been seen by them.
        seen, now = happened(context.instance), self._clock()
        if self._evaluated is not None:
            before, at = self._evaluated
            if before == seen and now - at < _EVALUATE_EVERY_S:
                return [dg.SkipReason("Nothing has happened since the conditions were evaluated.")]
        found: Sequence[dg.SensorResult] = self._evaluate(context)
        self._evaluated = seen, now
        return found


def happened(instance: dg.DagsterInstance) -> object:
    """What changes with every event of an asset, a check or a run's state, and with a backfill's end."""
    active = BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING])
    backfills = sorted(each.backfill_id for each in instance.get_backfills(filters=active))
    return instance.event_log_storage.get_maximum_record_id(), backfills


refresh_sensor = WaveSensor(
    "refresh_after_wave",
    # Nothing leaves this machine by itself: `dataset_push` is not among them.
    target=dg.AssetSelection.groups("leaderboard") | dg.AssetSelection.assets("dataset_export", "static_site"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Refreshes leaderboard, warehouse, export and site once after groups were worked on.",
)
