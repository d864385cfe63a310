"""Pull requests in numbers: how many, and whether anybody but their author looked at them."""

import polars as pl


def review_numbers(pull_requests: pl.DataFrame) -> dict[str, object]:
    """The numbers of `repo_stats` about pull requests, by column; definitions stand in `schemas.metrics`."""
    is_merged, is_reviewed = pl.col("state") == "merged", pl.col("reviewers").list.len() > 0
    # Nobody is asked to review what Dependabot opens.
    by_people = pull_requests.filter(is_merged, ~pl.col("is_bot"))
    return {
        "num_prs": pull_requests.height,
        "num_prs_merged": pull_requests.filter(is_merged).height,
        "num_prs_open": pull_requests.filter(pl.col("state") == "open").height,
        "num_prs_reviewed": pull_requests.filter(is_reviewed).height,
        "share_merged_prs_reviewed": by_people.select(is_reviewed.mean()).item(),
        "num_reviewers": pull_requests["reviewers"].explode().drop_nulls().n_unique(),
    }
