"""Squashed pull requests: commits of the default branch that stand for a merge.

Belongs here: finding them, with the head that they stand for. What is made of it is for `blame` and `metrics`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from mlops_mentor.repos import git

_SQUASH = r"^[^\n]* \(#(\d{1,9})\)[ \t]*(?:\n|$)"
_PULL_REF = re.compile(r"refs/pull/(\d+)/head ([0-9a-f]+)")


def squashed_pull_requests(mirror: Path, commits: pl.DataFrame) -> dict[str, str]:
    """Commits of the default branch (table `commits`) that squash a pull request, as `Title (#12)`, with its head.

    Only where the head did not come into the branch itself, and where it does not build on the commit.

    Raises:
        RepoError: git cannot read the mirror.
    """
    titled = commits.filter("is_on_default", pl.col("parents").list.len() == 1).select(
        "sha", number=pl.col("message").str.extract(_SQUASH)
    ).drop_nulls()  # fmt: skip
    if titled.is_empty():
        return {}
    listed = git.read(mirror, "for-each-ref", "--format=%(refname) %(objectname)", "refs/pull/").decode().splitlines()
    heads = {match[1]: match[2] for line in listed if (match := _PULL_REF.fullmatch(line))}
    on_default = set(commits.filter("is_on_default")["sha"])
    parents = {sha: list(found) for sha, found in commits.select("sha", "parents").iter_rows()}
    squashed: dict[str, str] = {}
    for sha, number in titled.sort("sha").iter_rows():
        head = heads.get(number)
        # With a circle among them git would go round for ever.
        if head is None or head not in parents or head in on_default or sha in _ancestors(head, parents):
            continue
        squashed[sha] = head
        parents[sha].append(head)
    return squashed


def _ancestors(sha: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [sha]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += parents.get(current, ())
    return seen
