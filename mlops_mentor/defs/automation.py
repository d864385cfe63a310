"""Automation: when Dagster works by itself.

Belongs here: conditions, and the sensor that evaluates them.
"""

import dagster as dg

# Also when a group failed: its reason must get into `group_status`, and a failure updates nothing.
_SOMETHING_HAPPENED = dg.AutomationCondition.any_deps_updated() | dg.AutomationCondition.any_deps_match(
    dg.AutomationCondition.execution_failed().newly_true()
)
ONCE_A_WAVE = (
    _SOMETHING_HAPPENED.since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("once a wave of groups")

refresh_sensor = dg.AutomationConditionSensorDefinition(
    "refresh_after_wave",
    # Nothing leaves this machine by itself: `dataset_push` is not among them.
    target=dg.AssetSelection.groups("leaderboard") | dg.AssetSelection.assets("dataset_export", "static_site"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Refreshes leaderboard, warehouse, export and site once after groups were worked on.",
)
