"""Contributors: what each person, bot or assistant committed.

Belongs here: counting. Which identities are one contributor is decided in `identities.merging`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.identities.mapping import apply_identity_map
from mlops_mentor.identities.merging import Contributor, Identity, merge_identities, most_used, parse_co_author
from mlops_mentor.identities.rules import IdentityRule
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import CONTRIBUTORS


def commit_identities(commits: pl.DataFrame) -> Counter[Identity]:
    """Authors and co-authors of the table `commits`, with the number of commits that name them."""
    counts = Counter(Identity(*row) for row in commits.select("author_name", "author_email").iter_rows())
    counts.update(parse_co_author(trailer) for trailer in commits["co_authors"].explode().drop_nulls())
    return counts


def contributors_frame(
    group: Group,
    commits: pl.DataFrame,
    mailmap: Mapping[Identity, Identity],
    zone: ZoneInfo,
    rules: Sequence[IdentityRule] = (),
) -> pl.DataFrame:
    """The table `contributors` of one group, from its table `commits`; `rules` of TAs win over the merging."""
    counts = commit_identities(commits)
    automatic = merge_identities(counts, mailmap)
    contributors = apply_identity_map(automatic, rules, students=group.students, counts=counts).contributors
    by_identity = {identity: c.contributor_id for c in contributors for identity in c.identities}
    authors = [by_identity[Identity(*row)] for row in commits.select("author_name", "author_email").iter_rows()]
    authored = commits.with_columns(contributor_id=pl.Series(authors, dtype=pl.String))
    co_authored = _co_authored(authored, by_identity)
    frame = _described(group.group_id, contributors, counts).join(
        _counted(authored, zone), on="contributor_id", how="left"
    )
    counted = ["num_commits", "num_commits_on_default", "num_merges", "lines_added", "lines_removed", "num_active_days"]
    frame = frame.with_columns(
        pl.col(counted).fill_null(0),
        num_co_authored=pl.Series([co_authored[c.contributor_id] for c in contributors], dtype=pl.Int64),
    )
    return frame.select(CONTRIBUTORS.schema.names())


def _co_authored(authored: pl.DataFrame, by_identity: Mapping[Identity, str]) -> Counter[str]:
    """Commits of others that name the contributor."""
    counts: Counter[str] = Counter()
    for author, trailers in authored.select("contributor_id", "co_authors").iter_rows():
        counts.update({by_identity[parse_co_author(trailer)] for trailer in trailers} - {author})
    return counts


def _described(group_id: str, contributors: Sequence[Contributor], counts: Mapping[Identity, int]) -> pl.DataFrame:
    rows = []
    for contributor in contributors:
        names = most_used((identity.name, counts[identity]) for identity in contributor.identities)
        emails = most_used((identity.email, counts[identity]) for identity in contributor.identities)
        rows.append(
            {
                "group_id": group_id,
                "contributor_id": contributor.contributor_id,
                "name": next(iter([*names, *emails]), ""),
                "kind": contributor.kind,
                "names": names,
                "emails": emails,
                "merge_reasons": list(contributor.merge_reasons),
            }
        )
    schema = {name: CONTRIBUTORS.schema[name] for name in CONTRIBUTORS.schema.names()[:7]}
    return pl.DataFrame(rows, schema=schema)


def _counted(authored: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    day = pl.col("authored_at").dt.convert_time_zone(zone.key).dt.date()
    return authored.group_by("contributor_id").agg(
        num_commits=pl.len().cast(pl.Int64),
        num_commits_on_default=pl.col("is_on_default").sum().cast(pl.Int64),
        num_merges=pl.col("is_merge").sum().cast(pl.Int64),
        lines_added=pl.col("lines_added").sum(),
        lines_removed=pl.col("lines_removed").sum(),
        num_active_days=day.drop_nulls().n_unique().cast(pl.Int64),
        first_commit_at=pl.col("authored_at").min(),
        last_commit_at=pl.col("authored_at").max(),
    )
