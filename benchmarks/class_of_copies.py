"""A class to measure on: copies of the sample repositories, or of bare repositories that are given.

Belongs here: making it, and a group's next commit. What is done with it is measured elsewhere.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor.sample import build_sample_class

_COURSE = """course: "benchmark"
term: "any"
time_zone: Europe/Copenhagen
project_start: 2022-01-03
deadline: "2099-01-01T12:00:00"
roster: group_info.csv
starter_code: []
"""
# Those of the sample that can be read and hold something.
_SAMPLES = ("group-01", "group-02", "group-03", "group-04", "group-05", "group-06", "group-10")
_MEMBERS = 3
_FIRST_MEMBER = 900_000


@dataclass(frozen=True)
class ClassOfCopies:
    """Where roster and course are, and the repositories in the roster's order, as git is given them."""

    roster: Path
    course: Path
    repositories: tuple[str, ...]
    num_sources: int

    @property
    def num_groups(self) -> int:
        return len(self.repositories)


def make_class(directory: Path, num_groups: int, given: Path | None = None) -> ClassOfCopies:
    """Each group has a repository of its own, with objects linked where the disk allows."""
    directory.mkdir(parents=True, exist_ok=True)
    sources = _sources(directory, given)
    repositories = []
    for number in range(1, num_groups + 1):
        copy = directory / "repositories" / f"{number:04d}.git"
        if not copy.exists():
            shutil.copytree(sources[number % len(sources)], copy, copy_function=_link)
        repositories.append(str(copy))
    return _written(directory, repositories, len(sources))


def class_on_server(directory: Path, addresses: Sequence[str]) -> ClassOfCopies:
    """A class whose repositories a server has already."""
    directory.mkdir(parents=True, exist_ok=True)
    return _written(directory, addresses, len(addresses))


def add_commit(repository: Path, message: str) -> str:
    """A commit on top of the default branch, with one file more; its id."""

    def git(*arguments: str, stdin: str = "") -> str:
        identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                    for what, value in (("NAME", "Bench Mark"), ("EMAIL", "bench@example.org"))}  # fmt: skip
        return subprocess.run(
            ["git", "-C", str(repository), *arguments],
            input=stdin, capture_output=True, text=True, check=True, env=os.environ | identity,
        ).stdout  # fmt: skip

    blob = git("hash-object", "-w", "--stdin", stdin=f"# {message}\n").strip()
    listed = git("ls-tree", "HEAD")
    tree = git("mktree", stdin=f"{listed}100644 blob {blob}\tbenchmark-{blob[:8]}.py\n").strip()
    commit = git("commit-tree", tree, "-p", "HEAD", "-m", message).strip()
    git("update-ref", "HEAD", commit)
    return commit


def _written(directory: Path, repositories: Sequence[str], num_sources: int) -> ClassOfCopies:
    lines = ["group_nb,student 1,student 2,student 3,student 4,student 5,github_repo"]
    for number, repository in enumerate(repositories, start=1):
        first = _FIRST_MEMBER + _MEMBERS * number
        members = ",".join(f"s{each:06d}" for each in range(first, first + _MEMBERS))
        lines.append(f"{number},{members},,,{repository}")
    roster, course = directory / "group_info.csv", directory / "course.yaml"
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    course.write_text(_COURSE, encoding="utf-8")
    return ClassOfCopies(roster, course, tuple(repositories), num_sources)


def _sources(directory: Path, given: Path | None) -> list[Path]:
    if given is None:
        sample = build_sample_class(directory / "sample")
        return [sample.repositories / name for name in _SAMPLES]
    return sorted(head.parent for head in given.glob("**/HEAD") if (head.parent / "objects").is_dir())


def _link(source: str, target: str) -> None:
    # References are written to by git and must be the copy's own; objects never change.
    if "objects" in Path(source).parts:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
