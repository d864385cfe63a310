"""The numbers of a group, and who did what, counted anew from git and from rows that other checks have confirmed.

Belongs here: snapshots' own columns, `repo_stats`, `contributors`, `contributions`, `progress`' days, `groups`. Shares
of the checklist and lines that survive are for `undisturbed`: they are not counted a second time.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor_tests.rehearsal.checks.repositories import part
from mlops_mentor_tests.rehearsal.histories import THREE_WEEKS
from mlops_mentor_tests.rehearsal.repository import Repository
from mlops_mentor_tests.rehearsal.simulated import SimulatedRepository
from mlops_mentor_tests.rehearsal.world import Team, World

_ZONE = ZoneInfo("Europe/Copenhagen")
_KINDS = {"lines_python": "python", "lines_test": "test", "lines_notebook": "notebook", "lines_docker": "docker",
          "lines_workflow": "workflow", "lines_config": "config", "lines_docs": "docs"}  # fmt: skip


def check_numbers(world: World, data: Path) -> Iterator[str]:
    """Of every group of the roster."""
    lake = data / "lake"
    yield from _groups(world, lake)
    for team in world.teams.values():
        snapshots = part(lake, "repo_snapshots", team.group_id)
        if not team.repository.is_readable or not snapshots:
            continue
        found = [*_snapshot(world, team, snapshots[0])]
        if snapshots[0]["snapshot_sha"] is not None:
            found += _stats(world, lake, team, snapshots[0])
            found += _people(world, lake, team)
            found += _days(world, lake, team, snapshots[0])
        yield from (f"group {team.group_id}: {problem}" for problem in found)


def _compared(table: str, row: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        is_near = isinstance(value, float) and row[name] is not None and abs(row[name] - value) < 1e-9
        if row[name] != value and not is_near:
            yield f"{table}.{name} is {row[name]} in place of {value}"


def _groups(world: World, lake: Path) -> Iterator[str]:
    rows = {row["group_id"]: row for row in pl.read_parquet(lake / "groups.parquet").iter_rows(named=True)}
    if list(rows) != list(world.teams):
        yield f"groups has {list(rows)} in place of {list(world.teams)}"
    for number, team in enumerate(world.teams.values(), start=2):
        if team.group_id in rows:
            wanted = {
                "repo_url": team.repository.address,
                "students": [member.study_number for member in team.members],
                "group_size": len(team.members),
                "roster_row": number,
            }
            for problem in _compared("groups", rows[team.group_id], wanted):
                yield f"group {team.group_id}: {problem}"


def _snapshot(world: World, team: Team, row: dict[str, Any]) -> Iterator[str]:
    git, sha = team.repository.git, row["snapshot_sha"]
    heads = git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").splitlines()
    pulls = git("for-each-ref", "--format=%(refname)", "refs/pull").splitlines()
    wanted: dict[str, Any] = {
        "repo_url": team.repository.address,
        "deadline_at": world.deadline_of(team),
        "num_heads": len(heads),
        "num_pull_request_heads": sum(line.endswith("/head") for line in pulls),
    }
    if team.repository.tip is not None and sha is not None:
        late = [int(line) for line in git("log", "--format=%ct", row["tip_sha"], "--not", sha).splitlines()]
        wanted |= {
            "default_branch": team.repository.branch.removeprefix("refs/heads/"),
            "snapshot_at": _at(int(git("log", "-1", "--format=%ct", sha))),
            "num_late_commits": len(late),
            "last_late_at": _at(max(late)) if late else None,
        }
    yield from _compared("repo_snapshots", row, wanted)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _stats(world: World, lake: Path, team: Team, snapshot: dict[str, Any]) -> Iterator[str]:
    commits, files = part(lake, "commits", team.group_id), part(lake, "files", team.group_id)
    found = part(lake, "repo_stats", team.group_id)
    if len(found) != 1:
        yield f"{len(found)} rows of repo_stats"
        return
    on_main = [len(row["message"]) for row in commits if row["is_on_default"]]
    own = [row for row in files if not (row["is_vendored"] or row["is_generated"] or row["is_starter_code"])]
    paths = [row["path"] for row in files]
    is_workflow = [path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml")) for path in paths]
    wanted = {
        "snapshot_sha": snapshot["snapshot_sha"],
        "snapshot_at": snapshot["snapshot_at"],
        "group_size": len(team.members),
        "average_commit_length_to_main": fmean(on_main),
        "average_commit_length": fmean(len(row["message"]) for row in commits),
        "latest_commit": _at(int(team.repository.git("log", "-1", "--format=%at", snapshot["snapshot_sha"]))),
        "num_late_commits": snapshot["num_late_commits"],
        "num_files": len(files),
        "num_files_unavailable": sum(not row["is_available"] for row in files),
        "repo_size": sum(row["bytes"] or 0 for row in files) / 1e6,
    }
    if not world.is_real:
        wanted["num_workflow_files"] = sum(path.count("/") == 2 for path, is_one in zip(paths, is_workflow, strict=True)
                                           if is_one)  # fmt: skip
        wanted |= {name: sum(row["lines"] or 0 for row in own if row["kind"] == kind) for name, kind in _KINDS.items()}
        wanted["activity_matrix"] = _matrix(commits, _start(world))
    yield from _compared("repo_stats", found[0], wanted)


def _start(world: World) -> Any:
    return (world.deadline - THREE_WEEKS).date()


def _matrix(commits: list[dict[str, Any]], start: Any) -> list[list[int]]:
    moments = [row["authored_at"].astimezone(_ZONE) for row in commits if row["authored_at"] is not None]
    kept = [moment for moment in moments if moment.date() >= start]
    if not kept:
        return [[0] * 24 for _ in range(7)]
    first = min(moment.date() for moment in kept)
    counted = Counter(((moment.date() - first).days, moment.hour) for moment in kept)
    last = max(day for day, _ in counted)
    weeks = min(3, last // 7 + 1)
    return [[counted[day, hour] for hour in range(24)] for day in range(7 * weeks)]


def _people(world: World, lake: Path, team: Team) -> Iterator[str]:
    """By construction everybody has one address."""
    if world.is_real:
        return
    commits = part(lake, "commits", team.group_id)
    rows = {row["emails"][0]: row for row in part(lake, "contributors", team.group_id) if row["emails"]}
    given = {row["contributor_id"]: row for row in part(lake, "contributions", team.group_id)}
    emails = {row["author_email"] for row in commits}
    if rows.keys() != emails:
        yield f"contributors has {len(rows.keys() - emails)} too many, {len(emails - rows.keys())} are lost"
    for email in sorted(rows.keys() & emails):
        mine = [row for row in commits if row["author_email"] == email]
        yield from _compared(
            "contributors",
            rows[email],
            {
                "num_commits": len(mine),
                "num_commits_on_default": sum(row["is_on_default"] for row in mine),
                "num_merges": sum(row["is_merge"] for row in mine),
                "lines_added": sum(row["lines_added"] for row in mine),
                "lines_removed": sum(row["lines_removed"] for row in mine),
                "first_commit_at": min(row["authored_at"] for row in mine),
                "last_commit_at": max(row["authored_at"] for row in mine),
            },
        )
        if rows[email]["contributor_id"] not in given:
            yield f"contributions lacks {rows[email]['contributor_id']}"


def _days(world: World, lake: Path, team: Team, snapshot: dict[str, Any]) -> Iterator[str]:
    """Which commit stood at the end of which day."""
    if world.is_real or isinstance(team.repository, SimulatedRepository):
        return
    stored = [(row["day"], row["sha"]) for row in part(lake, "progress", team.group_id)]
    wanted = _standing(team.repository, snapshot["snapshot_sha"], _start(world))
    if stored != wanted:
        yield f"progress has {stored} in place of {wanted}"


def _standing(repository: Repository, sha: str, start: Any) -> list[tuple[Any, str]]:
    lines = repository.git("log", "--first-parent", "--format=%H %ct", sha).splitlines()
    parents = [(each, _at(int(seconds)).astimezone(_ZONE).date()) for each, seconds in map(str.split, lines)]
    found: list[tuple[Any, str]] = []
    for day in sorted({max(day, start) for _, day in parents}):
        standing = next(each for each, own in parents if own < day + timedelta(days=1))
        if not found or found[-1][1] != standing:
            found.append((day, standing))
    return found
