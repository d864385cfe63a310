"""Heads of a repository: branches, tags, pull requests, and which branch is the default one.

Belongs here: reading them from a mirror or from a remote, and the id that changes whenever anybody pushed.
"""

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mlops_mentor.repos import git
from mlops_mentor.repos.login import Login
from mlops_mentor.roster.addresses import Address

_COUNTED = re.compile(r"^refs/(?:heads/.+|tags/.+|pull/\d+/head)$")
_PULL = re.compile(r"^refs/pull/\d+/head$")
_REDIRECT = re.compile(r"redirecting to (\S+)")
_LIKELY_DEFAULTS = ("main", "master")


@dataclass(frozen=True)
class Refs:
    """`head_target`: the branch that HEAD names (None when detached, hidden or unborn); `heads`: id by name of ref.

    `committed`: committer dates of the heads, seconds since the epoch; only a mirror knows them.
    """

    head_target: str | None
    heads: dict[str, str]
    committed: dict[str, int] = field(default_factory=dict)

    @cached_property
    def refs_id(self) -> str:
        """SHA-256 over HEAD and all heads."""
        lines = [f"HEAD {self.head_target}", *(f"{name} {self.heads[name]}" for name in sorted(self.heads))]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def default_ref(self) -> str | None:
        """The default branch's ref: HEAD's, else main, master, or the first branch there is; None without a branch."""
        if self.head_target in self.heads:
            return self.head_target
        branches = [name for name in sorted(self.heads) if name.startswith("refs/heads/")]
        likely = [f"refs/heads/{name}" for name in _LIKELY_DEFAULTS if f"refs/heads/{name}" in self.heads]
        return next(iter([*likely, *branches]), None)

    @property
    def num_heads(self) -> int:
        """Branches and tags."""
        return len(self.heads) - self.num_pull_request_heads

    @property
    def num_pull_request_heads(self) -> int:
        return sum(1 for name in self.heads if _PULL.match(name))

    @property
    def pull_request_shas(self) -> list[str]:
        """Ids of the pull requests' heads, each once."""
        return sorted({sha for name, sha in self.heads.items() if _PULL.match(name)})


def mirror_refs(mirror: Path) -> Refs:
    """The heads of a mirror.

    Raises:
        GitError: it is not a repository.
    """
    listed = git.read(mirror, "for-each-ref", "--format=%(objectname) %(refname) %(committerdate:unix)")
    heads: dict[str, str] = {}
    committed: dict[str, int] = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        sha, name, seconds = line.split(" ")
        if _COUNTED.match(name):
            heads[name] = sha
            # Annotated tags have a tagger's date instead.
            committed |= {name: int(seconds)} if seconds else {}
    target = _head_target(mirror)
    return Refs(target if target in heads else None, heads, committed)


def remote_refs(
    address: Address, *, cwd: Path, timeout_s: float, login: Login | None = None
) -> tuple[Refs, str | None]:
    """The heads of another repository, and where the server redirected us (None when it did not).

    Raises:
        RepoError: it cannot be read; `GitError` has what git says.
    """
    result = git.transfer(
        "ls-remote", "--symref", "--", address.url,
        transport=address.transport, cwd=cwd, timeout_s=timeout_s, login=login,
    )  # fmt: skip
    target, heads = None, {}
    for line in result.stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            target = value.removeprefix("ref: ")
        elif _COUNTED.match(name) and not name.endswith("^{}"):
            heads[name] = value
    redirect = _REDIRECT.search(result.stderr)
    return Refs(target if target in heads else None, heads), redirect[1].rstrip("/").removesuffix(
        ".git"
    ) if redirect else None


def _head_target(mirror: Path) -> str | None:
    # HEAD of a bare repository is a small file of ours: reading it spares a process for each group.
    content = (mirror / "HEAD").read_text(encoding="utf-8", errors="surrogateescape").strip()
    return content.removeprefix("ref: ") if content.startswith("ref: ") else None
