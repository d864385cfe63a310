"""Attribution: whose the commits and the accounts of a group are.

Belongs here: putting together what merges identities (`identities.merging`), what TAs say (`identities.mapping`) and
which accounts are whose (`logins`). What is counted of it is for `contributions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from mlops_mentor.identities.mapping import MappedContributors, apply_identity_map
from mlops_mentor.identities.merging import (
    Contributor,
    Identity,
    merge_identities,
    parse_co_author,
)
from mlops_mentor.identities.rules import IdentityRule
from mlops_mentor.metrics.contributors import commit_identities
from mlops_mentor.metrics.logins import LoginMatch, login_identity, logins_in, match_logins
from mlops_mentor.roster.roster import Group


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
