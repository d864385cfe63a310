"""Contributions: who did what.

Belongs here: counting, of what git, blame and GitHub's tables say, by contributor; and the identities that nobody has
mapped yet. Whose a commit is, is for `attribution`, how even the numbers are for `balance`. Definitions stand in
`schemas.contributions`. The numbers inform and never grade.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.identities.mapping import Member
from mlops_mentor.identities.merging import (
    Contributor,
    Identity,
    most_used,
    parse_co_author,
)
from mlops_mentor.metrics.areas import area_of
from mlops_mentor.metrics.attribution import Attribution
from mlops_mentor.metrics.logins import login_identity
from mlops_mentor.repos.blame import Surviving
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas.contributions import CONTRIBUTIONS, UNMAPPED_IDENTITIES

_PR_COLUMNS = ("num_prs_opened", "num_prs_merged", "num_prs_reviewed")


def contributions_frame(
    group: Group,
    attribution: Attribution,
    changes: pl.DataFrame,
    surviving: Surviving,
    *,
    zone: ZoneInfo,
    github_reason: str | None = None,
) -> pl.DataFrame:
    """The table `contributions` of one group.

    `changes` and `surviving` are what `repos.blame` reads; `github_reason` says why GitHub does not say it now.
    """
    lines = _lines_surviving(attribution, surviving)
    pulls = _pull_numbers(attribution)
    changed = _changed(attribution, changes, surviving.squashed)
    worked = _worked(attribution, zone)
    reasons = [f"{name}: {reason}" for name, reason in _reasons(surviving, attribution, github_reason).items()]
    logins: dict[str, list[str]] = defaultdict(list)
    for login, match in sorted(attribution.logins.items()):
        logins[match.contributor_id].append(login)
    rows: list[dict[str, Any]] = []
    for each in attribution.contributors:
        own = each.contributor_id
        member = attribution.mapped.members.get(own)
        rows.append(
            {
                "group_id": group.group_id,
                "contributor_id": own,
                "name": _name(each, attribution.counts, member),
                "kind": attribution.kind(each),
                "member": member.label if member else None,
                "member_source": member.source if member else None,
                "logins": logins[own],
                "login_reasons": [f"{login}: {attribution.logins[login].reason}" for login in logins[own]],
                **worked[own],
                **changed[own],
                "lines_surviving": lines[own] if lines is not None else None,
                **({name: pulls[name][own] for name in _PR_COLUMNS} if pulls is not None else {}),
                "not_available": reasons,
            }
        )
    _add_shares(rows)
    return pl.DataFrame([dict.fromkeys(CONTRIBUTIONS.schema) | row for row in rows], schema=CONTRIBUTIONS.schema)


def unmapped_identities_frame(group: Group, attribution: Attribution) -> pl.DataFrame:
    """The table `unmapped_identities` of one group, most commits first."""
    authored: dict[Identity, list[Any]] = defaultdict(list)
    named: dict[Identity, list[Any]] = defaultdict(list)
    for name, email, at, trailers in attribution.commits.select(
        "author_name", "author_email", "authored_at", "co_authors"
    ).iter_rows():
        authored[Identity(name, email)].append(at)
        for identity in {parse_co_author(trailer) for trailer in trailers}:
            named[identity].append(at)
    rows: list[dict[str, Any]] = []
    for each in attribution.contributors:
        if attribution.kind(each) != "person" or each.contributor_id in attribution.mapped.members:
            continue
        for identity in each.identities:
            moments = [at for at in authored[identity] + named[identity] if at is not None]
            rows.append(
                {
                    "name": identity.name,
                    "email": identity.email,
                    "contributor_id": each.contributor_id,
                    "contributor_name": _name(each, attribution.counts, None),
                    "num_commits": len(authored[identity]),
                    "num_co_authored": len(named[identity]),
                    "first_work_at": min(moments, default=None),
                    "last_work_at": max(moments, default=None),
                }
            )
    rows += [_unmatched_login(login, attribution) for login in attribution.unmatched]
    rows.sort(key=lambda row: (-row["num_commits"], -row["num_co_authored"], row["name"], row["email"]))
    filled = [dict.fromkeys(UNMAPPED_IDENTITIES.schema) | row | {"group_id": group.group_id} for row in rows]
    # An account without commits may be known to git by the same address, in a trailer.
    return pl.DataFrame(filled, schema=UNMAPPED_IDENTITIES.schema).unique(["name", "email"], maintain_order=True)


def _unmatched_login(login: str, attribution: Attribution) -> dict[str, Any]:
    pull_requests = attribution.pull_requests
    if pull_requests is None:
        raise ValueError("accounts are known by pull requests alone")
    opened = pull_requests.filter(pl.col("author") == login)
    return {
        "name": "",
        "email": login_identity(login).email,
        "num_commits": 0,
        "num_co_authored": 0,
        "num_prs_opened": opened.height,
        "num_prs_reviewed": pull_requests.filter(pl.col("reviewers").list.contains(login)).height,
        "first_work_at": opened["opened_at"].min(),
        "last_work_at": opened["opened_at"].max(),
    }


def _name(contributor: Contributor, counts: Mapping[Identity, int], member: Member | None) -> str:
    names = most_used((identity.name, counts.get(identity, 0)) for identity in contributor.identities)
    emails = most_used((identity.email, counts.get(identity, 0)) for identity in contributor.identities)
    return next(iter([*names, *([member.label] if member else []), *emails]), "")


def _worked(attribution: Attribution, zone: ZoneInfo) -> dict[str, dict[str, Any]]:
    """By contributor, what the commits say."""
    commits = attribution.commits
    assistants = [each.contributor_id for each in attribution.contributors if each.kind == "ai_assistant"]
    day = pl.col("authored_at").dt.convert_time_zone(zone.key).dt.date()
    authored = commits.group_by("contributor_id").agg(
        num_commits=pl.len().cast(pl.Int64),
        num_commits_on_default=pl.col("is_on_default").sum().cast(pl.Int64),
        num_merges=pl.col("is_merge").sum().cast(pl.Int64),
        num_with_assistant=pl.col("co_author_ids").list.eval(pl.element().is_in(assistants)).list.any().sum().cast(
            pl.Int64
        ),
        num_active_days=day.drop_nulls().n_unique().cast(pl.Int64),
    )  # fmt: skip
    named = commits.select("authored_at", contributor_id="co_author_ids").explode("contributor_id").drop_nulls(
        "contributor_id"
    )  # fmt: skip
    spans = (
        pl.concat([commits.select("authored_at", "contributor_id"), named])
        .group_by("contributor_id")
        .agg(first_work_at=pl.col("authored_at").min(), last_work_at=pl.col("authored_at").max())
    )
    co_authored = named.group_by("contributor_id").agg(num_co_authored=pl.len().cast(pl.Int64))
    every = pl.DataFrame({"contributor_id": [each.contributor_id for each in attribution.contributors]}).cast(pl.String)
    for counted in (authored, co_authored, spans):
        every = every.join(counted, on="contributor_id", how="left")
    every = every.with_columns(pl.selectors.starts_with("num_").fill_null(0))
    return {row.pop("contributor_id"): row for row in every.to_dicts()}


def _changed(attribution: Attribution, changes: pl.DataFrame, squashed: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """By contributor, lines added and removed, and the areas of their commits."""
    authors = attribution.commits.select("sha", "contributor_id")
    joined = changes.join(authors, on="sha").filter(~pl.col("sha").is_in(list(squashed)))
    sums = joined.filter("is_own").group_by("contributor_id").agg(pl.col("lines_added", "lines_removed").sum())
    lines = {own: (added, removed) for own, added, removed in sums.iter_rows()}
    touched = joined.select("contributor_id", "sha", area=area_of(pl.col("path"))).unique()
    per_commit: dict[tuple[str, str], set[str]] = defaultdict(set)
    for own, sha, area in touched.iter_rows():
        per_commit[own, sha].add(area)
    weights: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    for (own, _), found in per_commit.items():
        weights[own].update((area, len(found)) for area in found)
    return {
        each.contributor_id: {
            "lines_added": lines.get(each.contributor_id, (0, 0))[0],
            "lines_removed": lines.get(each.contributor_id, (0, 0))[1],
            "areas": _area_shares(weights[each.contributor_id]),
        }
        for each in attribution.contributors
    }


def _area_shares(weights: Counter[tuple[str, int]]) -> list[dict[str, Any]]:
    """Shares of the areas, from how many commits touch each together with so many areas in all."""
    sums: dict[str, float] = defaultdict(float)
    # In one order: floating-point sums depend on it.
    for (area, num_areas), number in sorted(weights.items()):
        sums[area] += number / num_areas
    total = sum(sums[area] for area in sorted(sums))
    shares = [{"area": area, "share": round(value / total, 6)} for area, value in sums.items()]
    return sorted(shares, key=lambda each: (-each["share"], each["area"]))


def _lines_surviving(attribution: Attribution, surviving: Surviving) -> Counter[str] | None:
    if not surviving.is_available:
        return None
    authors = dict(attribution.commits.select("sha", "contributor_id").iter_rows())
    lines: Counter[str] = Counter()
    for sha, number in surviving.frame.select("sha", "lines").iter_rows():
        if sha in authors:
            lines[authors[sha]] += number
    return lines


def _pull_numbers(attribution: Attribution) -> dict[str, Counter[str]] | None:
    if attribution.pull_requests is None:
        return None
    owner = {login: match.contributor_id for login, match in attribution.logins.items()}
    numbers: dict[str, Counter[str]] = {name: Counter() for name in _PR_COLUMNS}
    for author, state, reviewers in attribution.pull_requests.select("author", "state", "reviewers").iter_rows():
        opener = owner.get(author)
        if opener is not None:
            numbers["num_prs_opened"][opener] += 1
            numbers["num_prs_merged"][opener] += state == "merged"
        # Who has two accounts reviews nothing of others with the second.
        numbers["num_prs_reviewed"].update({owner[login] for login in reviewers if login in owner} - {opener})
    return numbers


def _reasons(surviving: Surviving, attribution: Attribution, github_reason: str | None) -> dict[str, str]:
    reasons = {}
    if surviving.left_out:
        state = "a lower bound" if surviving.is_available else "no file could be looked at"
        reasons["lines_surviving"] = f"{state}: {', '.join(surviving.left_out)}"
    # Merges have 0 in that table, so null is a diff that needs a missing blob.
    if surviving.without_copies:
        reasons.setdefault("lines_surviving", surviving.without_copies)
    if lacking := attribution.commits["lines_added"].null_count():
        reasons["lines_added"] = f"a lower bound: {lacking} commits need a file that is not in the mirror"
    if attribution.pull_requests is None:
        reasons["num_prs_opened"] = github_reason or "GitHub did not give it"
    elif github_reason is not None:
        reasons["num_prs_opened"] = f"as of an earlier look: {github_reason}"
    elif attribution.unmatched:
        reasons["num_prs_opened"] = (
            f"{len(attribution.unmatched)} accounts belong to no contributor for certain: see unmapped_identities"
        )
    return reasons


def _add_shares(rows: Sequence[dict[str, Any]]) -> None:
    persons = [row for row in rows if row["kind"] == "person"]
    commits = sum(row["num_commits"] - row["num_merges"] for row in persons)
    lines = sum(row["lines_surviving"] or 0 for row in persons)
    for row in persons:
        row["share_commits"] = (row["num_commits"] - row["num_merges"]) / commits if commits else None
        known = row["lines_surviving"] is not None and lines
        row["share_lines_surviving"] = row["lines_surviving"] / lines if known else None
