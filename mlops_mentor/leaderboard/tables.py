"""The tables over all groups: `leaderboard`, `leaderboard_history`, `group_status`.

Belongs here: bringing the groups' tables together. Every group of the roster is in, also those that failed. There is
no rank: numbers inform, and the order is the roster's.
"""

from datetime import datetime

import polars as pl

from mlops_mentor.schemas import (
    GITHUB_TABLES,
    GROUP_STATUS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    READABLE_STATUSES,
    REPO_SNAPSHOTS,
)

_NUM_FLAGS = ("num_flags", "num_serious_flags")


def group_status_frame(
    groups: pl.DataFrame, snapshots: pl.DataFrame, github: pl.DataFrame, outcomes: pl.DataFrame
) -> pl.DataFrame:
    """The table `group_status`: from `groups`, and the groups' `repo_snapshots`, `github_repos`, `group_outcomes`."""
    described = snapshots.select(
        "group_id", "snapshot_sha", "snapshot_rule", "deadline_at", "renamed_to", "fetched_at", "checked_at",
        repo_status="status", repo_reason="reason",
    )  # fmt: skip
    failures = outcomes.select("group_id", "failed_table", failure="reason")
    joined = groups.select("group_id", "repo_url").join(described, "group_id", "left", maintain_order="left")
    joined = joined.join(failures, "group_id", "left", maintain_order="left")
    on_github = github.select("group_id", "is_archived", github_status="status")
    joined = joined.join(on_github, "group_id", "left", maintain_order="left")
    is_unreadable = ~pl.col("repo_status").is_in(READABLE_STATUSES)
    state = (
        pl.when(pl.col("repo_status").is_null() & pl.col("failed_table").is_null())
        .then(pl.lit("not_run"))
        .when(~is_unreadable & pl.col("failed_table").is_in([table.name for table in GITHUB_TABLES]))
        .then(pl.lit("incomplete"))
        .when(is_unreadable | pl.col("failed_table").is_not_null())
        .then(pl.lit("failed"))
        .otherwise(pl.col("repo_status"))
    )
    not_run = pl.when(pl.col("repo_status").is_null()).then(pl.lit("Not run yet. Materialize the group's assets."))
    frame = joined.with_columns(
        state=state,
        failed_table=pl.when(is_unreadable).then(pl.lit(REPO_SNAPSHOTS.name)).otherwise("failed_table"),
        reason=pl.coalesce(pl.when(is_unreadable).then("repo_reason"), "failure", "repo_reason", not_run),
    )
    return frame.select(GROUP_STATUS.schema.names())


def leaderboard_frame(
    groups: pl.DataFrame,
    status: pl.DataFrame,
    stats: pl.DataFrame,
    flags: pl.DataFrame,
    same_code: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The table `leaderboard`, in the roster's order; what `same_code` has of a group counts as flags of it."""
    raised = [frame.select("group_id", "severity") for frame in (flags, same_code) if frame is not None]
    is_serious = pl.col("severity") == "serious"
    num_flags = (
        pl.concat(raised).group_by("group_id").agg(num_flags=pl.len(), num_serious_flags=is_serious.sum())
    ).cast(dict.fromkeys(_NUM_FLAGS, pl.Int64))
    has_run = pl.col("state").is_in(["ok", "empty", "incomplete"])
    frame = (
        groups.select("group_id", "group_size")
        .join(status.select("group_id", "state", "reason"), "group_id", "left", maintain_order="left")
        .join(stats.drop("group_size"), "group_id", "left", maintain_order="left")
        .join(num_flags, "group_id", "left", maintain_order="left")
        .with_columns(
            pl.when(has_run).then(pl.col(name).fill_null(0)).otherwise(name).alias(name) for name in _NUM_FLAGS
        )
    )
    return frame.select(LEADERBOARD.schema.names())


def leaderboard_history_frame(
    history: pl.DataFrame, leaderboard: pl.DataFrame, groups: pl.DataFrame, now: datetime
) -> pl.DataFrame:
    """The table `leaderboard_history`: groups' new snapshots are added, what is there already stays.

    The row of a snapshot that is still shown gets the numbers of now, which a newer version may count otherwise.
    """
    key = list(LEADERBOARD_HISTORY.key)
    shown = (
        leaderboard.filter(pl.col("snapshot_sha").is_not_null(), pl.col("state") != "failed")
        .join(groups.select("group_id", "repo_url"), "group_id", "left", maintain_order="left")
        .join(history.select(*key, "first_seen_at"), key, "left", maintain_order="left")
        .with_columns(pl.col("first_seen_at").fill_null(pl.lit(now)))
        .select(LEADERBOARD_HISTORY.schema.names())
        .cast(LEADERBOARD_HISTORY.schema)
    )
    past = history.join(shown, key, "anti", maintain_order="left")
    places = history.select(key).with_row_index("place")
    together = pl.concat([past, shown]).join(places, key, "left", maintain_order="left")
    return together.sort("place", nulls_last=True, maintain_order=True).drop("place")
