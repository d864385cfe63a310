"""What the tables say of repositories, against plain git: nothing lost, doubled or stale.

Belongs here: small code of its own; nothing of the product is asked but its Parquet files.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor_tests.rehearsal.simulated import SimulatedRepository
from mlops_mentor_tests.rehearsal.world import Team, World, counts

_ZONE = ZoneInfo("Europe/Copenhagen")


def check_repositories(world: World, data: Path) -> Iterator[str]:
    """Snapshots, commits, files, pull requests' heads and numbers of every group of the roster."""
    for team in world.teams.values():
        for problem in _of_team(world, data / "lake", team):
            yield f"group {team.group_id}: {problem}"


def part(lake: Path, table: str, group_id: str) -> list[dict[str, Any]]:
    """The group's rows of a table; none where it is not there."""
    file = lake / table / f"{group_id}.parquet"
    return pl.read_parquet(file).rows(named=True) if file.exists() else []


def _of_team(world: World, lake: Path, team: Team) -> Iterator[str]:
    found = part(lake, "repo_snapshots", team.group_id)
    if len(found) != 1:
        yield f"{len(found)} rows of repo_snapshots"
        return
    snapshot = found[0]
    repository = team.repository
    if not repository.is_readable:
        if snapshot["status"] in ("ok", "empty"):
            yield f"is {snapshot['status']} and cannot be read"
        if snapshot["snapshot_sha"] not in {None, *(push.sha for push in repository.pushes)}:
            yield f"shows {snapshot['snapshot_sha']}, where its branch never stood"
        return
    wanted = expected_shas(world, team)
    if snapshot["snapshot_sha"] not in wanted:
        yield f"counts {snapshot['snapshot_sha']} ({snapshot['snapshot_rule']}) in place of {wanted}"
        return
    if snapshot["tip_sha"] != repository.tip:
        yield f"tip {snapshot['tip_sha']} in place of {repository.tip}"
    state = "ok" if snapshot["snapshot_sha"] else "empty"
    if snapshot["status"] != state:
        yield f"is {snapshot['status']} in place of {state}"
    if snapshot["snapshot_sha"]:
        yield from _content(world, lake, team, snapshot["snapshot_sha"])


def expected_shas(world: World, team: Team) -> set[str | None]:
    """The commit that counts; several where a push came in the very seconds of the deadline."""
    repository, deadline = team.repository, world.deadline_of(team)
    if isinstance(repository, SimulatedRepository):
        return repository.counts(deadline)
    if repository.frozen_sha is not None:
        return {repository.frozen_sha}
    wanted = {counts(repository, deadline)}
    # Pushed after the deadline with dates of before: who looked in between has noted what stood there then.
    before = [push.sha for push in repository.pushes if push.ended_at <= deadline]
    after = [push.sha for push in repository.pushes if push.ended_at > deadline]
    late = [sha for sha in after if _date(repository.git, sha) <= deadline]
    return wanted | {*before[-1:], *late} if late else wanted


def _date(git: Any, sha: str) -> datetime:
    return datetime.fromtimestamp(int(git("log", "-1", "--format=%ct", sha)), ZoneInfo("UTC"))


def _content(world: World, lake: Path, team: Team, sha: str) -> Iterator[str]:
    git = team.repository.git
    pulls = [
        line.split()[0]
        for line in git("for-each-ref", "--format=%(objectname) %(refname)", "refs/pull").splitlines()
        if line.endswith("/head")
    ]
    on_main = set(git("rev-list", sha).split())
    everywhere = set(git("rev-list", sha, *pulls).split())
    commits = part(lake, "commits", team.group_id)
    stored = Counter(row["sha"] for row in commits)
    if set(stored) != everywhere:
        yield f"commits: {len(everywhere - set(stored))} are lost, {len(set(stored) - everywhere)} too many"
    if doubled := [each for each, number in stored.items() if number > 1]:
        yield f"commits: {len(doubled)} doubled"
    if {row["sha"] for row in commits if row["is_on_default"]} != on_main:
        yield "commits: not the same ones are on the default branch"
    yield from _files(lake, team, sha)
    yield from _numbers(world, lake, team, len(on_main), len(everywhere), pulls, sha)


def _files(lake: Path, team: Team, sha: str) -> Iterator[str]:
    listed = team.repository.git("-c", "core.quotePath=false", "ls-tree", "-r", "-z", sha).split("\0")
    wanted = Counter(
        (line.split("\t", 1)[1], line.split("\t", 1)[0].split()[2]) for line in listed if line and line.isascii()
    )
    rows = part(lake, "files", team.group_id)
    plain = [row for row in rows if row["path"].isascii() and "\\x" not in row["path"]]
    stored = Counter((row["path"], row["blob_id"]) for row in plain)
    if stored != wanted:
        yield f"files: {len(wanted - stored)} are lost, {len(stored - wanted)} too many"


def _numbers(
    world: World, lake: Path, team: Team, num_main: int, num_all: int, pulls: list[str], sha: str
) -> Iterator[str]:
    found = part(lake, "repo_stats", team.group_id)
    if len(found) != 1:
        yield f"{len(found)} rows of repo_stats"
        return
    git = team.repository.git
    wanted: dict[str, Any] = {"num_commits_to_main": num_main, "total_commits": num_all}
    if not world.is_real:
        days = git("log", "--format=%at", sha, *pulls).split()
        paths = git("ls-tree", "-r", "--name-only", sha).splitlines()
        wanted |= {
            # By construction everybody has one address, and no folder is another's.
            "num_contributors": len(set(git("log", "--format=%ae", sha, *pulls).splitlines())),
            "num_python_files": sum(path.endswith(".py") for path in paths),
            "num_active_days": len({datetime.fromtimestamp(int(each), _ZONE).date() for each in days}),
        }
    for name, number in wanted.items():
        if found[0][name] != number:
            yield f"repo_stats.{name} is {found[0][name]} in place of {number}"
