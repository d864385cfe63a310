"""Logins: which account on GitHub belongs to which contributor.

Belongs here: the rules and the reason for each match. An account that no rule gives to exactly one contributor stays
without one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from mlops_mentor.identities.merging import Contributor, Identity, name_key

NOREPLY = "users.noreply.github.com"
_MIN_LOGIN = 4


@dataclass(frozen=True)
class LoginMatch:
    """The contributor whom an account belongs to, and why."""

    contributor_id: str
    reason: str


def login_identity(login: str) -> Identity:
    """An account as `identities.csv` can name it."""
    return Identity("", f"{login}@{NOREPLY}")


def logins_in(pull_requests: pl.DataFrame) -> list[str]:
    """Accounts that opened or reviewed a pull request."""
    found = set(pull_requests["author"].drop_nulls()) | set(pull_requests["reviewers"].explode().drop_nulls())
    return sorted(found)


def match_logins(
    logins: Sequence[str],
    contributors: Sequence[Contributor],
    pull_requests: pl.DataFrame,
    commits: pl.DataFrame,
    by_identity: Mapping[Identity, str],
) -> dict[str, LoginMatch]:
    """By account, its contributor: by noreply address, then by name or address, then by the commits on pull requests.

    The two weaker rules want a match to be the only one from both sides, and leave accounts and contributors alone
    that a stronger one has matched.
    """
    found: dict[str, LoginMatch] = {}
    persons = {each.contributor_id for each in contributors if each.kind == "person"}
    for reason, claims in (
        ("noreply address", _by_noreply(logins, contributors)),
        ("name or address", _by_name(logins, contributors, persons)),
    ):
        _add_unique(found, claims, reason)
    _add_unique(found, _by_heads(pull_requests, commits, by_identity, persons), "commits on pull requests")
    return found


def _add_unique(found: dict[str, LoginMatch], claims: Mapping[str, set[str]], reason: str) -> None:
    """Add what is one to one; an address says it by itself, where one person has two accounts."""
    is_certain = reason == "noreply address"
    taken = {match.contributor_id for match in found.values()}
    wanted: dict[str, int] = defaultdict(int)
    for login, ids in claims.items():
        for contributor_id in ids if login not in found else ():
            wanted[contributor_id] += 1
    for login, ids in sorted(claims.items()):
        if login in found or len(ids) != 1:
            continue
        (contributor_id,) = ids
        if is_certain or (contributor_id not in taken and wanted[contributor_id] == 1):
            found[login] = LoginMatch(contributor_id, reason)


def _by_noreply(logins: Sequence[str], contributors: Sequence[Contributor]) -> dict[str, set[str]]:
    holders: dict[str, set[str]] = defaultdict(set)
    for each in contributors:
        for identity in each.identities:
            local, _, host = identity.email.strip().casefold().partition("@")
            if host == NOREPLY:
                holders[local.rpartition("+")[2].removesuffix("[bot]")].add(each.contributor_id)
    return {login: holders[key] for login in logins if (key := login.casefold().removesuffix("[bot]")) in holders}


def _by_name(logins: Sequence[str], contributors: Sequence[Contributor], persons: set[str]) -> dict[str, set[str]]:
    """A login that is somebody's name without spaces, or what stands before the @ of an address."""
    holders: dict[str, set[str]] = defaultdict(set)
    for each in contributors:
        if each.contributor_id in persons:
            for identity in each.identities:
                local = identity.email.strip().casefold().partition("@")[0]
                for text in (local, name_key(identity.name)):
                    holders[_joined(text)].add(each.contributor_id)
    return {login: holders[key] for login in logins if len(key := _joined(login)) >= _MIN_LOGIN and key in holders}


def _joined(text: str) -> str:
    return "".join(char for char in name_key(text) if char.isalnum())


def _by_heads(
    pull_requests: pl.DataFrame, commits: pl.DataFrame, by_identity: Mapping[Identity, str], persons: set[str]
) -> dict[str, set[str]]:
    """By account, the one person who wrote commits in each of its pull requests; nobody where all were written by two.

    A pull request that several worked on does not say by itself whose account opened it.
    """
    authors = {
        sha: (by_identity.get(Identity(name, email)), list(parents), bool(is_merge))
        for sha, name, email, parents, is_merge in commits.select(
            "sha", "author_name", "author_email", "parents", "is_merge"
        ).iter_rows()
    }
    seen: dict[str, list[set[str]]] = defaultdict(list)
    opened = pull_requests.filter(pl.col("author").is_not_null(), ~pl.col("is_bot"))
    for login, sha, num_commits in opened.select("author", "head_sha", "num_commits").iter_rows():
        here = _authors_at(sha, num_commits, authors) & persons
        if here:
            seen[login].append(here)
    claims = {}
    for login, sets in seen.items():
        common = set.intersection(*sets)
        if len(common) == 1 and common in sets:
            claims[login] = common
    return claims


def _authors_at(head_sha: str, num_commits: int, authors: Mapping[str, tuple[str | None, list[str], bool]]) -> set[str]:
    """Who wrote the last commits of a pull request, as many as it has, along first parents."""
    found: set[str] = set()
    sha: str | None = head_sha
    for _ in range(num_commits):
        if sha is None or sha not in authors:
            break
        author, parents, is_merge = authors[sha]
        if author is not None and not is_merge:
            found.add(author)
        sha = parents[0] if parents else None
    return found
