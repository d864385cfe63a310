"""Branches beside a snapshot, and the code that stands in them alone.

Belongs here: comparing trees. What a branch is for, and whether it should have been merged, is for the callers.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor.repos import git
from mlops_mentor.repos.files import is_vendored_or_generated

# The newest ones: nobody reads more, and an old branch is an old one.
MAX_BRANCHES = 20
_CODE = ("*.py", "*.ipynb")
_ADDED = re.compile(rb":\d{6} \d{6} [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]\d{0,3}\0([^\0]*)\0")
# Branches that a tool makes.
_NO_WORK = re.compile(r"^(gh[-_]pages|dependabot/.*|renovate/.*|pre-commit-ci.*)$")


@dataclass(frozen=True)
class Unmerged:
    """A branch, and how many files of code it has that the snapshot's history never had, under whatever name."""

    name: str
    num_files: int


def unmerged_branches(mirror: Path, sha: str) -> tuple[Unmerged, ...]:
    """Branches with code that the snapshot `sha` and its history lack, most of it first.

    Only files with paths that the snapshot lacks count: one that was merely changed may have been merged by squashing.

    Raises:
        RepoError: git cannot read the mirror.
    """
    listed = git.read(
        mirror, "for-each-ref", f"--no-merged={sha}", "--sort=-committerdate", f"--count={3 * MAX_BRANCHES}",
        "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/",
    )  # fmt: skip
    lines = listed.decode("utf-8", "backslashreplace").split("\n")[:-1]
    tips = {name: tip for tip, _, name in (line.partition(" ") for line in lines) if not _NO_WORK.match(name)}
    added = {name: _added(mirror, sha, tip) for name, tip in list(tips.items())[:MAX_BRANCHES]}
    if not any(added.values()):
        return ()
    known = _blobs(
        git.read(mirror, "log", "--raw", "-z", "--no-renames", "--no-abbrev", "--format=", sha, "--", *_CODE)
    )
    found = [Unmerged(name, len(blobs - known)) for name, blobs in added.items() if blobs - known]
    return tuple(sorted(found, key=lambda each: (-each.num_files, each.name)))


def _added(mirror: Path, sha: str, tip: str) -> set[bytes]:
    """Code in files that the tip has and the snapshot has not."""
    options = ("-r", "--raw", "-z", "--no-renames", "--diff-filter=A")
    return _blobs(git.read(mirror, "diff-tree", *options, sha, tip, "--", *_CODE))


def _blobs(output: bytes) -> set[bytes]:
    return {
        match[1]
        for match in _ADDED.finditer(output)
        if not is_vendored_or_generated(match[2].decode("utf-8", "backslashreplace"))
    }
