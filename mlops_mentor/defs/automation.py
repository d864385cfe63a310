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
    target=dg.AssetSelection.groups("leaderboard"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Refreshes leaderboard and warehouse once after groups were worked on.",
)
