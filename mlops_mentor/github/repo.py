"""The repository as GitHub has it: the table `github_repos`."""

from datetime import datetime

import polars as pl

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.access import NotAsked
from mlops_mentor.github.heads import Observation
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import GITHUB_REPOS


def github_repo_frame(group: Group, seen: Observation, now: datetime) -> pl.DataFrame:
    """The group's row of `github_repos` after GitHub answered."""
    row = {
        "group_id": group.group_id,
        "repo_url": group.address.url,
        "status": "ok",
        "reason": None,
        "full_name": seen.full_name,
        "is_private": seen.is_private,
        "is_archived": seen.is_archived,
        "is_empty": seen.is_empty,
        "is_fork": seen.is_fork,
        "default_branch": seen.default_branch,
        "created_at": seen.created_at,
        "pushed_at": seen.pushed_at,
        "num_pull_requests": seen.num_pull_requests,
        "observed_at": now,
    }
    return pl.DataFrame([row], schema=GITHUB_REPOS.schema)


def unasked_repo_frame(group: Group, why: NotAsked | GitHubError, known: pl.DataFrame | None) -> pl.DataFrame:
    """The group's row where GitHub was not asked or did not answer: what it said before stays, the status says why."""
    row = dict.fromkeys(GITHUB_REPOS.schema) if known is None else known.row(0, named=True)
    row |= {
        "group_id": group.group_id,
        "repo_url": group.address.url,
        "status": why.status,
        "reason": why.reason,
    }
    return pl.DataFrame([row], schema=GITHUB_REPOS.schema)
