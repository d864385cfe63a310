"""Assembling the definitions. Belongs here: the list of what there is, and nothing that does work."""

from collections.abc import Mapping

import dagster as dg

from mlops_mentor.defs.assets import leaderboard, metrics, repos, roster
from mlops_mentor.defs.automation import refresh_sensor
from mlops_mentor.defs.group_step import group_step
from mlops_mentor.defs.jobs import refresh_class, refresh_groups, refresh_roster
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.settings import load_settings


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions; `resource_overrides` replace resources, as tests and the command line do."""
    by_group = [repos.repo_snapshots, repos.commits, repos.files, metrics.contributors, metrics.repo_stats]
    return dg.Definitions(
        assets=[
            roster.groups,
            roster.starter_files,
            group_step(by_group, load_settings()),
            leaderboard.group_status,
            leaderboard.leaderboard,
            leaderboard.leaderboard_history,
            leaderboard.warehouse,
        ],
        resources={"mentor": Mentor(), **(resource_overrides or {})},
        jobs=[refresh_roster, refresh_groups, refresh_class],
        sensors=[refresh_sensor],
        # One process a run: a process a step costs three seconds of CPU each, and the groups share theirs anyway.
        executor=dg.in_process_executor,
    )
