"""Contributions: who did what, and how evenly it is shared.

Belongs here: counting, of what git, blame and GitHub's tables say. Which identities are one contributor is decided in
`repos.identities` and `identity_map`, which accounts are theirs in `logins`. Definitions stand in
`schemas.contributions`. The numbers inform and never grade.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import yaml

from mlops_mentor.identity_map import IdentityRule, MappedContributors, Member, apply_identity_map
from mlops_mentor.metrics.contributors import commit_identities
from mlops_mentor.metrics.logins import LoginMatch, login_identity, logins_in, match_logins
from mlops_mentor.repos.blame import Surviving
from mlops_mentor.repos.identities import (
    Contributor,
    Identity,
    merge_identities,
    most_used,
    parse_co_author,
)
from mlops_mentor.roster import Group
from mlops_mentor.schemas.contributions import CONTRIBUTIONS, UNMAPPED_IDENTITIES

_PR_COLUMNS = ("num_prs_opened", "num_prs_merged", "num_prs_reviewed")


@dataclass(frozen=True)
class Attribution:
    """Whose the commits and the accounts of a group are.

    `commits` is the table with `contributor_id` and `co_author_ids`; `unmatched` are accounts without a contributor.
    """

    mapped: MappedContributors
    counts: Mapping[Identity, int]
    commits: pl.DataFrame
    pull_requests: pl.DataFrame | None
    logins: Mapping[str, LoginMatch]
    unmatched: tuple[str, ...]

    @property
    def contributors(self) -> tuple[Contributor, ...]:
        return self.mapped.contributors

    def kind(self, contributor: Contributor) -> str:
        """Its kind as the table has it."""
        return "outsider" if contributor.contributor_id in self.mapped.outsiders else contributor.kind


def attribute(
    group: Group,
    commits: pl.DataFrame,
    mailmap: Mapping[Identity, Identity],
    rules: Sequence[IdentityRule],
    pull_requests: pl.DataFrame | None,
) -> Attribution:
    """Whose the commits (table `commits`) and the accounts (table `pull_requests`) of the group are.

    `rules` are the group's rows of `identities.csv`; `pull_requests` is None where GitHub never said.
    """
    counts = commit_identities(commits)
    automatic = merge_identities(counts, mailmap)
    mapped = apply_identity_map(automatic, rules, students=group.students, counts=counts)
    by_identity = {identity: each.contributor_id for each in mapped.contributors for identity in each.identities}
    authors = [by_identity[Identity(*row)] for row in commits.select("author_name", "author_email").iter_rows()]
    co_authors = [
        sorted({by_identity[parse_co_author(trailer)] for trailer in trailers} - {author})
        for author, trailers in zip(authors, commits["co_authors"], strict=True)
    ]
    attributed = commits.with_columns(
        contributor_id=pl.Series(authors, dtype=pl.String),
        co_author_ids=pl.Series(co_authors, dtype=pl.List(pl.String)),
    )
    if pull_requests is None:
        return Attribution(mapped, counts, attributed, None, {}, ())
    logins = logins_in(pull_requests)
    found, mapped = _mapped_logins(logins, mapped, rules, group)
    free = [login for login in logins if login not in found]
    found |= match_logins(free, mapped.contributors, pull_requests, commits, by_identity)
    apps = _apps(pull_requests)
    unmatched = tuple(login for login in logins if login not in found and login not in apps)
    return Attribution(mapped, counts, attributed, pull_requests, found, unmatched)


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


def balance_numbers(contributions: pl.DataFrame, group_size: int) -> dict[str, object]:
    """The columns `BALANCE_COLUMNS` of a group, from its table `contributions`."""
    persons = contributions.filter(pl.col("kind") == "person")
    # Where there is nobody, nobody wrote a line.
    is_known = persons["lines_surviving"].null_count() == 0
    size = max(group_size, persons.height)
    commits = (persons["num_commits"] - persons["num_merges"]).to_list()
    return {
        "lines_surviving": persons["lines_surviving"].sum() if is_known else None,
        "num_members_known": persons["member"].drop_nulls().n_unique(),
        "num_silent_members": max(0, group_size - persons.height),
        "equality_lines": equality(persons["lines_surviving"].to_list(), size) if is_known else None,
        "equality_commits": equality(commits, size),
    }


def equality(values: Iterable[float], size: int) -> float | None:
    """1 - G * n / (n - 1), G being the Gini coefficient of `values` filled up with zeros to n = `size`.

    1 where all are equal, 0 where one has everything; None for fewer than two and where all are 0. Values are not
    negative. (Gini 1912; the factor makes 0 reachable in small groups: G itself ends at (n - 1) / n.)
    """
    ordered = sorted(values)
    ordered = [0.0] * (size - len(ordered)) + ordered
    n, total = len(ordered), sum(ordered)
    if n < 2 or total <= 0:
        return None
    # The sum of |x_i - x_j| over all i and j, by ranks.
    differences = 2 * sum((2 * rank - n + 1) * value for rank, value in enumerate(ordered))
    gini = differences / (2 * n * total)
    return min(1.0, max(0.0, 1 - gini * n / (n - 1)))


def area_of(path: pl.Expr) -> pl.Expr:
    """The area that a path belongs to (`areas.yaml`)."""
    lowered = path.str.to_lowercase()
    found = [pl.when(lowered.str.contains(pattern)).then(pl.lit(name)) for name, pattern in _areas()]
    return pl.coalesce(*found, pl.lit("other"))


def _mapped_logins(
    logins: Sequence[str], mapped: MappedContributors, rules: Sequence[IdentityRule], group: Group
) -> tuple[dict[str, LoginMatch], MappedContributors]:
    """Accounts that rows are about, or that are study numbers; they make contributors of members without commits."""
    found: dict[str, LoginMatch] = {}
    by_row = {login for login in logins if any(rule.fits(login_identity(login)) for rule in rules)}
    numbers = {student.strip().casefold() for student in group.students}
    about = [login for login in logins if login in by_row or login.casefold() in numbers]
    held = {identity: each.contributor_id for each in mapped.contributors for identity in each.identities}
    known = {login.casefold(): login for login in about}
    new = [identity for login in about if (identity := login_identity(login)) not in held]
    alone = [contributor for identity in new for contributor in merge_identities({identity: 0}, {})]
    again = apply_identity_map([*mapped.contributors, *alone], rules, students=group.students, counts={})
    contributors = {each.contributor_id: each for each in mapped.contributors}
    members, outsiders = dict(mapped.members), set(mapped.outsiders)
    for each in again.contributors:
        here = [i for i in each.identities if i.name == "" and known.get(i.email.partition("@")[0].casefold())]
        if not here:
            continue
        owners = {held[identity] for identity in each.identities if identity in held}
        contributor_id = min(owners, default=None)
        if contributor_id is None:
            contributor_id = each.contributor_id
            contributors[contributor_id] = each
            if each.contributor_id in again.members:
                members[contributor_id] = again.members[each.contributor_id]
            if each.contributor_id in again.outsiders:
                outsiders.add(contributor_id)
        for identity in here:
            login = known[identity.email.partition("@")[0].casefold()]
            found[login] = LoginMatch(contributor_id, "identities.csv" if login in by_row else "study number")
    return found, MappedContributors(tuple(contributors.values()), members, frozenset(outsiders))


def _apps(pull_requests: pl.DataFrame) -> set[str]:
    """Accounts of apps: nobody maps these."""
    return set(pull_requests.filter("is_bot")["author"].drop_nulls())


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


@cache
def _areas() -> tuple[tuple[str, str], ...]:
    content = yaml.safe_load(Path(__file__).with_name("areas.yaml").read_text(encoding="utf-8"))
    return tuple((name, pattern) for name, pattern in content["areas"])
