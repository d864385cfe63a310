"""One schema a table. The table's name is the asset's name, the file's name and the warehouse's name.

Raise a table's `version` whenever the code that computes it changes what it says: stored parts of older versions are
then recomputed.
"""

from mlops_mentor.schemas.contributions import CONTRIBUTIONS, UNMAPPED_IDENTITIES
from mlops_mentor.schemas.evidence import CHECKLIST, REPORT_ANSWERS, REPORT_CHECKS
from mlops_mentor.schemas.feedback import (
    FEEDBACK,
    FEEDBACK_AGREEMENT,
    FEEDBACK_REPORTS,
    LLM_CALLS,
    REVIEW_PACKS,
    REVIEWS,
)
from mlops_mentor.schemas.flags import (
    FLAG_DATES,
    FLAG_SEVERITIES,
    FLAGS,
    HOSTILE_CONTENT,
    SAME_CODE,
    SAME_CODE_SEVERITIES,
    SEVERITIES,
)
from mlops_mentor.schemas.github import GITHUB_REPOS, NOT_ASKED_STATUSES, PULL_REQUESTS, PUSHES, WORKFLOW_RUNS
from mlops_mentor.schemas.leaderboard import GROUP_OUTCOMES, GROUP_STATUS, LEADERBOARD, LEADERBOARD_HISTORY
from mlops_mentor.schemas.metrics import CONTRIBUTORS, PROGRESS, REPO_STATS
from mlops_mentor.schemas.quality import CODE_QUALITY, COMMITTED_SECRETS, LINT_HITS
from mlops_mentor.schemas.repos import COMMITS, FILES, READABLE_STATUSES, REPO_SNAPSHOTS
from mlops_mentor.schemas.roster import GROUPS, STARTER_FILES, STARTER_SHAPES
from mlops_mentor.schemas.table import Column, Table, empty, problems, validate

# In the order of the data flow.
TABLES: tuple[Table, ...] = (
    GROUPS,
    STARTER_FILES,
    STARTER_SHAPES,
    GITHUB_REPOS,
    PUSHES,
    REPO_SNAPSHOTS,
    COMMITS,
    FILES,
    PULL_REQUESTS,
    WORKFLOW_RUNS,
    CODE_QUALITY,
    LINT_HITS,
    COMMITTED_SECRETS,
    HOSTILE_CONTENT,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    CONTRIBUTORS,
    CONTRIBUTIONS,
    UNMAPPED_IDENTITIES,
    CHECKLIST,
    FLAG_DATES,
    FLAGS,
    PROGRESS,
    REPO_STATS,
    GROUP_OUTCOMES,
    REVIEW_PACKS,
    FEEDBACK,
    LLM_CALLS,
    REVIEWS,
    FEEDBACK_REPORTS,
    FEEDBACK_AGREEMENT,
    SAME_CODE,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    GROUP_STATUS,
)

# In the order in which a group's chain computes them: pushes say which commit counts.
# Feedback comes after it, in a step of its own: it may cost money and wait for a model.
FEEDBACK_TABLES: tuple[Table, ...] = (REVIEW_PACKS, FEEDBACK, LLM_CALLS, FEEDBACK_REPORTS)
GROUP_TABLES: tuple[Table, ...] = tuple(
    each for each in TABLES if each.is_by_group and each not in (GROUP_OUTCOMES, *FEEDBACK_TABLES)
)
GITHUB_TABLES: tuple[Table, ...] = (GITHUB_REPOS, PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)

__all__ = [
    "CHECKLIST",
    "CODE_QUALITY",
    "COMMITS",
    "COMMITTED_SECRETS",
    "CONTRIBUTIONS",
    "CONTRIBUTORS",
    "FEEDBACK",
    "FEEDBACK_AGREEMENT",
    "FEEDBACK_REPORTS",
    "FEEDBACK_TABLES",
    "FILES",
    "FLAGS",
    "FLAG_DATES",
    "FLAG_SEVERITIES",
    "GITHUB_REPOS",
    "GITHUB_TABLES",
    "GROUPS",
    "GROUP_OUTCOMES",
    "GROUP_STATUS",
    "GROUP_TABLES",
    "HOSTILE_CONTENT",
    "LEADERBOARD",
    "LEADERBOARD_HISTORY",
    "LINT_HITS",
    "LLM_CALLS",
    "NOT_ASKED_STATUSES",
    "PROGRESS",
    "PULL_REQUESTS",
    "PUSHES",
    "READABLE_STATUSES",
    "REPORT_ANSWERS",
    "REPORT_CHECKS",
    "REPO_SNAPSHOTS",
    "REPO_STATS",
    "REVIEWS",
    "REVIEW_PACKS",
    "SAME_CODE",
    "SAME_CODE_SEVERITIES",
    "SEVERITIES",
    "STARTER_FILES",
    "STARTER_SHAPES",
    "TABLES",
    "UNMAPPED_IDENTITIES",
    "WORKFLOW_RUNS",
    "Column",
    "Table",
    "empty",
    "problems",
    "validate",
]
