"""Jobs: the three parts of a refresh, as the command line runs them and the UI offers them.

Belongs here: which assets and checks make a job.
"""

import dagster as dg

from mlops_mentor.schemas import GROUP_TABLES

refresh_roster = dg.define_asset_job(
    "refresh_roster", dg.AssetSelection.groups("roster"), description="The roster and the starter code."
)
refresh_groups = dg.define_asset_job(
    "refresh_groups",
    dg.AssetSelection.assets(*(table.name for table in GROUP_TABLES)),
    description="Every table of the groups that are chosen, and the checks of every group.",
)
refresh_class = dg.define_asset_job(
    "refresh_class",
    dg.AssetSelection.groups("leaderboard"),
    description="The tables over all groups, and the warehouse.",
)
