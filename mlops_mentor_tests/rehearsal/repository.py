"""A group's repository while three weeks pass: pushed to, rewritten, moved, hidden, deleted.

Belongs here: what happens to one bare repository, by plain git, and the memory of what its branch has been. All objects
of the history are there from the beginning, as on a server; a push moves refs.
"""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlops_mentor_tests.rehearsal.histories import Step, Told
from mlops_mentor_tests.repos.sources import plain_git


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Push:
    """The branch stood at `sha` from some moment between `began_at` and `ended_at` on."""

    sha: str
    began_at: datetime
    ended_at: datetime


@dataclass
class Repository:
    """One bare repository; `branch` is its default branch's ref."""

    path: Path
    steps: tuple[Step, ...]
    branch: str
    place: int = 0
    pushes: list[Push] = field(default_factory=list)
    num_forced: int = 0
    # What counted when the branch was rewritten after the deadline.
    frozen_sha: str | None = None
    hidden: str | None = None

    @classmethod
    def from_history(cls, told: Told, path: Path) -> "Repository":
        """Served at `path`, with nothing pushed yet."""
        return cls.from_folder(told.original, told.steps, path)

    @classmethod
    def from_folder(cls, original: Path, steps: tuple[Step, ...], path: Path) -> "Repository":
        branch = plain_git(original, "symbolic-ref", "HEAD").decode().strip()
        path.mkdir(parents=True)
        plain_git(path, "init", "--quiet", "--bare", f"--initial-branch={branch.removeprefix('refs/heads/')}")
        shutil.copytree(original / "objects", path / "objects", dirs_exist_ok=True)
        return cls(path, steps, branch)

    @property
    def address(self) -> str:
        """What the roster says."""
        return str(self.path)

    @property
    def is_readable(self) -> bool:
        return self.hidden is None

    @property
    def tip(self) -> str | None:
        return self.pushes[-1].sha if self.pushes else None

    @property
    def num_left(self) -> int:
        return len(self.steps) - self.place

    def git(self, *args: str, stdin: bytes = b"", **variables: str) -> str:
        environment = {f"GIT_{name}": text for name, text in variables.items()}
        return plain_git(self.path, *args, stdin=stdin, **environment).decode().strip()

    def advance(self, number: int) -> int:
        """Push so many steps of the history; how many there were."""
        if not self.is_readable or self.num_forced or not (steps := self.steps[self.place : self.place + number]):
            return 0
        refs = [f"update {self.branch} {steps[-1].sha}"]
        refs += [f"update {ref} {sha}" for step in steps for ref, sha in step.pulls]
        self._move(steps[-1].sha, refs)
        self.place += len(steps)
        return len(steps)

    def force_push(self, at: datetime) -> str:
        """Replace the tip by a commit with the same content and other words."""
        parents = self.git("rev-list", "--parents", "--max-count=1", self.branch).split()[1:]
        who = self.git("log", "-1", "--format=%an%x00%ae", self.branch).split("\0")
        options = [part for parent in parents for part in ("-p", parent)]
        tree = f"{self.branch}^{{tree}}"
        more = {"AUTHOR_NAME": who[0], "AUTHOR_EMAIL": who[1], "AUTHOR_DATE": _raw(at), "COMMITTER_DATE": _raw(at)}
        sha = self.git("commit-tree", tree, *options, "-m", f"Hand in {self.num_forced}", stdin=b"", **more)
        self.num_forced += 1
        self._move(sha, [f"update {self.branch} {sha}"])
        return sha

    def commit(self, at: datetime, path: str, text: str) -> str:
        """Push one more commit, by whoever made the last one."""
        who = self.git("log", "-1", "--format=%an <%ae>", self.branch).encode()
        seconds, content = int(at.timestamp()), text.encode()
        stream = b"commit refs/building/one\nauthor %s %d +0000\ncommitter %s %d +0000\ndata 4\nMore\n" % (
            who, seconds, who, seconds,
        )  # fmt: skip
        stream += b"from %s^0\nM 100644 inline %s\n" % (self.branch.encode(), path.encode())
        stream += b"data %d\n%s\ndone\n" % (len(content), content)
        self.git("fast-import", "--quiet", "--done", stdin=stream)
        sha = self.git("rev-parse", "refs/building/one")
        self._move(sha, [f"update {self.branch} {sha}", "delete refs/building/one"])
        self.num_forced += 1  # The history that was told does not go on from here.
        return sha

    def hide(self, how: str) -> None:
        """`deleted`: it is gone. `private`: it is there and cannot be read."""
        self.hidden = how
        if how == "deleted":
            self.path.rename(self._aside)
        else:
            (self.path / "HEAD").rename(self.path / "HEAD.private")

    def show(self) -> None:
        """Have it back."""
        if self.hidden == "deleted":
            self._aside.rename(self.path)
        elif self.hidden == "private":
            (self.path / "HEAD.private").rename(self.path / "HEAD")
        self.hidden = None

    def move(self, path: Path) -> None:
        """Rename the repository."""
        self.path.rename(path)
        self.path = path

    def fork(self, path: Path) -> "Repository":
        """Another repository with the same content."""
        shutil.copytree(self.path, path)
        return Repository(path, self.steps, self.branch, self.place, list(self.pushes), self.num_forced)

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f".gone-{self.path.name}")

    def _move(self, sha: str, refs: list[str]) -> None:
        began_at = now()
        self.git("update-ref", "--stdin", stdin="\n".join([*refs, ""]).encode())
        self.pushes.append(Push(sha, began_at, now()))


def _raw(at: datetime) -> str:
    return f"{int(at.timestamp())} +0000"
