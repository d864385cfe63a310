"""Jobs: the parts of a refresh, as the command line runs them and the UI offers them.

Belongs here: which assets and checks make a job.
"""

import dagster as dg

from mlops_mentor.schemas import FEEDBACK_REPORTS, FEEDBACK_TABLES, GROUP_TABLES, REVIEWS

refresh_roster = dg.define_asset_job(
    "refresh_roster", dg.AssetSelection.groups("roster"), description="The roster and the starter code."
)
refresh_groups = dg.define_asset_job(
    "refresh_groups",
    dg.AssetSelection.assets(*(table.name for table in GROUP_TABLES)),
    description="Every table of the groups that are chosen, and the checks of every group.",
)
refresh_reviews = dg.define_asset_job(
    "refresh_reviews", dg.AssetSelection.assets(REVIEWS.name), description="The TAs' sheet of scores and releases."
)
refresh_feedback = dg.define_asset_job(
    "refresh_feedback",
    dg.AssetSelection.assets(*(table.name for table in FEEDBACK_TABLES)),
    description="Packs, feedback and pages of the groups that are chosen. May ask a model, within its budget.",
    # A model of one's own may take a night; where runs are watched (deploy/dagster) others end after two hours.
    tags={"dagster/max_runtime": str(12 * 3600)},
)
refresh_pages = dg.define_asset_job(
    "refresh_pages",
    dg.AssetSelection.assets(FEEDBACK_REPORTS.name),
    description="The pages of feedback of the groups that are chosen, as the TAs' sheet has it. Asks no model.",
)
refresh_class = dg.define_asset_job(
    "refresh_class",
    dg.AssetSelection.groups("leaderboard"),
    description="The tables over all groups, and the warehouse.",
)
refresh_export = dg.define_asset_job(
    "refresh_export",
    dg.AssetSelection.assets("dataset_export", "static_site"),
    description="The export and the static site. Nothing is sent anywhere.",
)
push_dataset = dg.define_asset_job(
    "push_dataset",
    dg.AssetSelection.assets("dataset_push"),
    description="The export to the Hugging Face Hub, where one is configured.",
)
