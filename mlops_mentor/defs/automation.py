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


def refresh_sensor(target: dg.AssetSelection) -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions of `target`; on by default."""
    return dg.AutomationConditionSensorDefinition(
        "refresh_after_wave",
        target=target,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refreshes leaderboard, warehouse and checks once after groups were worked on.",
    )
