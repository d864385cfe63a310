"""Whether a group's workflows pass at the commit that counts."""

import polars as pl

# They say neither yes nor no.
_SAY_NOTHING = ("skipped", "neutral")


def actions_passing(runs: pl.DataFrame, commits: pl.DataFrame, snapshot_sha: str | None) -> str:
    """`passing|failing|running|never_ran`, as the column of `repo_stats` defines it.

    Where nothing ran at the snapshot (a change of the README alone often starts nothing), the newest earlier commit of
    the default branch with runs speaks for it.
    """
    spoken = runs.filter(pl.col("conclusion").is_null() | ~pl.col("conclusion").is_in(_SAY_NOTHING))
    on_default = commits.filter("is_on_default").select("sha", "committed_at").with_row_index("place")
    reached = spoken.join(on_default, left_on="head_sha", right_on="sha")
    is_snapshot = pl.col("head_sha") == (snapshot_sha or "")
    # Of commits made in one second, as a rebase makes them, the newest stands first in the table.
    order = [~is_snapshot, pl.col("committed_at"), pl.col("place")]
    newest = reached.sort(order, descending=[False, True, False], nulls_last=True).head(1)
    if newest.is_empty():
        return "never_ran"
    there = spoken.filter(pl.col("head_sha") == newest["head_sha"].item())
    last = there.sort("created_at", "run_id").unique(["workflow", "event"], keep="last")
    if (last["conclusion"].drop_nulls() != "success").any():
        return "failing"
    return "running" if last["conclusion"].null_count() else "passing"
