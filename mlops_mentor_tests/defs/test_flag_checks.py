"""Serious flags as a check: who has one, and what it says."""

from collections.abc import Callable

import dagster as dg
import polars as pl

from mlops_mentor.defs.checks import NO_SERIOUS_FLAGS, evaluate_checks, flag_failures
from mlops_mentor.schemas import FLAGS, GROUPS, empty
from mlops_mentor.storage.lake import Lake

MakeFrame = Callable[..., pl.DataFrame]


def _flags(make_frame: MakeFrame) -> pl.DataFrame:
    raised = [("1", "secrets", "serious"), ("1", "no_commits", "serious"), ("2", "late_commits", "notice")]
    return make_frame(FLAGS, *({"group_id": g, "flag": f, "severity": s, "detail": f"{f}?"} for g, f, s in raised))


def test_groups_with_serious_flags_are_named_with_all_of_them(make_frame: MakeFrame) -> None:
    assert flag_failures(_flags(make_frame)) == {"1": "secrets: secrets? no_commits: no_commits?"}
    assert flag_failures(empty(FLAGS)) == {}


def test_the_check_warns(lake: Lake, make_frame: MakeFrame) -> None:
    lake.write(GROUPS, make_frame(GROUPS, {"group_id": "1"}, {"group_id": "2"}))
    key = dg.AssetCheckKey(dg.AssetKey("flags"), NO_SERIOUS_FLAGS)
    (none,) = evaluate_checks([key], lake)
    assert none.passed
    for group_id in ("1", "2"):
        lake.write(FLAGS, _flags(make_frame).filter(pl.col("group_id") == group_id), group_id)
    (found,) = evaluate_checks([key], lake)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "1 of 2 groups: 1"
