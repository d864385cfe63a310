"""The whole lake against one that nobody disturbed: a single run on an empty folder, of the class as it is at the end.

Belongs here: which tables and columns must be equal, row by row. Feedback and what remembers the past differ by design.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.schemas import FEEDBACK_TABLES, GROUP_TABLES, REVIEW_PACKS
from mlops_mentor_tests.rehearsal.world import World

# When something was done, how git happened to pack it, and what only those know who looked before.
_PASSING = {"fetched_at", "checked_at", "finished_at", "first_seen_at", "written_at", "mirror_bytes", "rewritten_at",
            "rewritten_from", "deadline_at", "rule_reason"}  # fmt: skip
# Dates at which flags were first seen.
_OF_THE_PAST = {"flag_dates"}
_OF_CLASS = ("groups", "starter_files", "starter_shapes", "same_code", "leaderboard", "group_status")
_COUNTED = ("num_flags", "num_serious_flags")


def check_against_undisturbed(world: World, data: Path, fresh: Path) -> Iterator[str]:
    """Groups whose repository can be read and was not rewritten."""
    tables = [table for table in GROUP_TABLES if table.name not in _OF_THE_PAST] + [REVIEW_PACKS]
    assert REVIEW_PACKS in FEEDBACK_TABLES
    teams = [each for each in world.teams.values() if each.repository.is_readable and not each.repository.num_forced]
    yield from _of_class(data / "lake", fresh / "lake", {team.group_id for team in teams})
    for team in teams:
        for table in tables:
            name = f"{team.group_id}.parquet"
            ours, theirs = data / "lake" / table.name / name, fresh / "lake" / table.name / name
            if ours.exists() != theirs.exists():
                yield f"{table.name} of group {team.group_id} is {'too much' if ours.exists() else 'missing'}"
            elif ours.exists() and (differing := _differing(ours, theirs)):
                yield f"{table.name} of group {team.group_id} differs from an undisturbed one in {differing}"


def _of_class(lake: Path, fresh: Path, group_ids: set[str]) -> Iterator[str]:
    """Rows of tables over all groups; flags count what others have as well."""
    for name in _OF_CLASS:
        one, other = (_chosen(pl.read_parquet(each / f"{name}.parquet"), group_ids) for each in (lake, fresh))
        if differing := _compared(one.drop(_COUNTED, strict=False), other.drop(_COUNTED, strict=False)):
            yield f"{name} differs from an undisturbed one in {differing}"


def _chosen(frame: pl.DataFrame, group_ids: set[str]) -> pl.DataFrame:
    columns = [name for name in ("group_id", "other_group") if name in frame.columns]
    return frame.filter(pl.all_horizontal(pl.col(name).is_in(group_ids) for name in columns)) if columns else frame


def _differing(ours: Path, theirs: Path) -> list[str]:
    return _compared(pl.read_parquet(ours), pl.read_parquet(theirs))


def _compared(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    if one.height != other.height:
        return [f"{one.height} rows and {other.height}"]
    columns = [name for name in one.columns if name not in _PASSING]
    rows, others = _sorted(one, columns), _sorted(other, columns)
    return [name for place, name in enumerate(columns) if [r[place] for r in rows] != [r[place] for r in others]]


def _sorted(frame: pl.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(frame.select(columns).rows(), key=repr)
