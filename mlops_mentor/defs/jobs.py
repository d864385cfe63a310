"""Jobs: the three parts of a refresh, as the command line runs them and the UI offers them.

Belongs here: which assets and checks make a job.
"""

import dagster as dg

from mlops_mentor.defs.checks import group_check_specs
from mlops_mentor.freshness import GROUP_TABLES

_GROUP_TABLES = dg.AssetSelection.assets(*(table.name for table in GROUP_TABLES)).without_checks()

CLASS = dg.AssetSelection.groups("leaderboard") | dg.AssetSelection.checks(*(spec.key for spec in group_check_specs()))

refresh_roster = dg.define_asset_job(
    "refresh_roster", dg.AssetSelection.groups("roster"), description="The roster and the starter code."
)
refresh_groups = dg.define_asset_job(
    "refresh_groups", _GROUP_TABLES, description="Every table of the groups that are chosen."
)
refresh_class = dg.define_asset_job(
    "refresh_class",
    CLASS,
    description="The tables over all groups, the warehouse, and the checks of every group.",
)
