"""One schema a table. The table's name is the asset's name, the file's name and the warehouse's name.

Raise a table's `version` whenever the code that computes it changes what it says: stored parts of older versions are
then recomputed.
"""

from mlops_mentor.schemas.github import GITHUB_REPOS, NOT_ASKED_STATUSES, PULL_REQUESTS, PUSHES, WORKFLOW_RUNS
from mlops_mentor.schemas.leaderboard import GROUP_OUTCOMES, GROUP_STATUS, LEADERBOARD, LEADERBOARD_HISTORY
from mlops_mentor.schemas.metrics import CONTRIBUTORS, FLAGS, REPO_STATS
from mlops_mentor.schemas.repos import COMMITS, FILES, READABLE_STATUSES, REPO_SNAPSHOTS
from mlops_mentor.schemas.roster import GROUPS, STARTER_FILES
from mlops_mentor.schemas.table import Column, Table, empty, problems, validate

# In the order of the data flow.
TABLES: tuple[Table, ...] = (
    GROUPS,
    STARTER_FILES,
    GITHUB_REPOS,
    PUSHES,
    REPO_SNAPSHOTS,
    COMMITS,
    FILES,
    PULL_REQUESTS,
    WORKFLOW_RUNS,
    CONTRIBUTORS,
    FLAGS,
    REPO_STATS,
    GROUP_OUTCOMES,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    GROUP_STATUS,
)

__all__ = [
    "COMMITS",
    "CONTRIBUTORS",
    "FILES",
    "FLAGS",
    "GITHUB_REPOS",
    "GROUPS",
    "GROUP_OUTCOMES",
    "GROUP_STATUS",
    "LEADERBOARD",
    "LEADERBOARD_HISTORY",
    "NOT_ASKED_STATUSES",
    "PULL_REQUESTS",
    "PUSHES",
    "READABLE_STATUSES",
    "REPO_SNAPSHOTS",
    "REPO_STATS",
    "STARTER_FILES",
    "TABLES",
    "WORKFLOW_RUNS",
    "Column",
    "Table",
    "empty",
    "problems",
    "validate",
]
