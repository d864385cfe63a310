"""The whole chain of a group without a Dagster run: from its repository to the published warehouse.

Also a program, so that a test can watch all that it does from outside: `python chain.py REPOSITORY DATA_DIR`.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from mlops_mentor.chain.chain import ChainResult, run_chain
from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.chain.inputs import Inputs
from mlops_mentor.course import Course
from mlops_mentor.defs.assets import evidence, github, metrics, repos
from mlops_mentor.defs.group_step import GroupAsset
from mlops_mentor.github.access import NOT_ON_GITHUB
from mlops_mentor.leaderboard.tables import group_status_frame, leaderboard_frame
from mlops_mentor.leaderboard.warehouse import publish_warehouse
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import (
    FLAGS,
    GITHUB_REPOS,
    GROUP_OUTCOMES,
    GROUP_STATUS,
    GROUP_TABLES,
    GROUPS,
    LEADERBOARD,
    REPO_SNAPSHOTS,
    REPO_STATS,
)
from mlops_mentor.storage.lake import Lake

# As the step of all groups orders them.
ASSETS = sorted(
    (asset for module in (github, repos, evidence, metrics) for asset in vars(module).values()
     if isinstance(asset, GroupAsset)),
    key=lambda asset: GROUP_TABLES.index(asset.table),
)  # fmt: skip
COURSE = Course(
    course="02476", term="January 2026", time_zone="Europe/Copenhagen", project_start=date(2026, 1, 5),
    deadline=datetime(2026, 1, 23, 12),
)  # fmt: skip
BEFORE_THE_DEADLINE = datetime(2026, 1, 20, tzinfo=UTC)


def run_group(repository: Path, data_dir: Path) -> tuple[ChainResult, Lake]:
    """Every table of group 1, whose repository this is, and the tables of the class."""
    lake = Lake(data_dir / "lake")
    group = Group("1", Address(str(repository), "file"), ("s000001", "s000002"), 2)
    inputs = Inputs(COURSE, None, BEFORE_THE_DEADLINE)
    work = GroupWork(group, lake, inputs, Limits(), data_dir / "mirrors", NOT_ON_GITHUB)
    result = run_chain(work, [(asset.table, asset.compute) for asset in ASSETS], data_dir / "locks")
    groups = lake.write(GROUPS, groups_frame([group]))
    parts = [lake.read_groups(table, ["1"]) for table in (REPO_SNAPSHOTS, GITHUB_REPOS, GROUP_OUTCOMES)]
    status = lake.write(GROUP_STATUS, group_status_frame(groups, *parts))
    stats, flags = lake.read_groups(REPO_STATS, ["1"]), lake.read_groups(FLAGS, ["1"])
    lake.write(LEADERBOARD, leaderboard_frame(groups, status, stats, flags))
    publish_warehouse(lake, data_dir / "mentor.duckdb", ["1"])
    return result, lake


if __name__ == "__main__":
    finished, _ = run_group(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.exit(finished.reason)
