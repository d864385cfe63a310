"""Logins: an account belongs to a contributor for a reason that is given, or to nobody."""

from collections.abc import Callable
from typing import Any

import polars as pl

from mlops_mentor.identities.merging import merge_identities
from mlops_mentor.metrics.contributors import commit_identities
from mlops_mentor.metrics.logins import logins_in, match_logins
from mlops_mentor.schemas import PULL_REQUESTS

MakeFrame = Callable[..., pl.DataFrame]
BO = {"author_name": "Bo Holm", "author_email": "bo@uni.example"}


def _matched(commits: pl.DataFrame, pulls: pl.DataFrame) -> dict[str, tuple[str, str]]:
    contributors = merge_identities(commit_identities(commits), {})
    by_identity = {identity: each.contributor_id for each in contributors for identity in each.identities}
    names = {each.contributor_id: each.identities[0].name for each in contributors}
    found = match_logins(logins_in(pulls), contributors, pulls, commits, by_identity)
    return {login: (names[match.contributor_id], match.reason) for login, match in found.items()}


def _pull(number: int, author: str | None, head: int = 99, **more: Any) -> dict[str, Any]:
    return {"number": number, "author": author, "head_sha": f"{head:040x}", **more}


def test_a_noreply_address_names_the_account(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    commits = make_commits({}, {"author_email": "12+Countess@users.noreply.github.com"}, BO)
    pulls = make_frame(PULL_REQUESTS, _pull(1, "countess", reviewers=["stranger"]))
    assert _matched(commits, pulls) == {"countess": ("Ada Lovelace", "noreply address")}


def test_a_login_that_is_one_person_s_name_or_address_is_theirs(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    commits = make_commits({}, BO, {"author_name": "Cy", "author_email": "cyrano99@uni.example"})
    pulls = make_frame(PULL_REQUESTS, _pull(1, "bo-holm", reviewers=["cyrano99", "ada"]))
    assert _matched(commits, pulls) == {
        "bo-holm": ("Bo Holm", "name or address"),
        "cyrano99": ("Cy", "name or address"),
    }


def test_the_only_author_on_pull_requests_is_who_opened_them(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    first = {"parents": [f"{9:040x}"]}
    commits = make_commits(first, BO | {"parents": [f"{0:040x}"]}, {"parents": [f"{0:040x}"]}, BO)
    both, ada, bo = _pull(1, "xx", 1, num_commits=2), _pull(2, "xx", 2), _pull(3, "yy", 3)
    assert _matched(commits, make_frame(PULL_REQUESTS, both, ada, bo)) == {
        "xx": ("Ada Lovelace", "commits on pull requests"),
        "yy": ("Bo Holm", "commits on pull requests"),
    }
    assert _matched(commits, make_frame(PULL_REQUESTS, both)) == {}


def test_two_accounts_that_could_be_one_person_are_nobody_s(make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    pulls = make_frame(PULL_REQUESTS, _pull(1, "xx", 0), _pull(2, "yy", 1))
    assert _matched(make_commits({}, {}), pulls) == {}
