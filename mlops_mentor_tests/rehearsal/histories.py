"""What the groups of the class do in three weeks: commits by several people, pull requests, a report that fills up.

Belongs here: one group's whole history, made at once by plain git. When which part of it is pushed is for `world`.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from mlops_mentor.sample import content
from mlops_mentor.sample.history import MAIN, Entry, History, Person, pull_ref, regular
from mlops_mentor.sample.report import report_of
from mlops_mentor.sample.starter import REPORT, rendered_files, report_files
from mlops_mentor_tests.rehearsal.people import Student, make_token
from mlops_mentor_tests.repos.sources import plain_git

PROJECTS = ("birdcall", "cleanair", "potholes", "reviewmood", "wardrobe", "wineprice")
THREE_WEEKS = timedelta(days=21)
_GITHUB = Person("GitHub", "noreply@github.com")
_WINTER = timezone(timedelta(hours=1))
_STAGES = (1, 2, content.FINAL)
_VERBS = ("Add", "Mend", "Test", "Rework", "Describe", "Speed up")
# Made of several blobs or by tools: their number is not the point, and some count as generated.
_NOT_OURS = ("answers", "uv.lock")


@dataclass(frozen=True)
class Step:
    """A state of the default branch and, where a pull request was merged with it, that one's head."""

    sha: str
    at: datetime
    pulls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Told:
    """A history on disk, and what in it must not be seen outside."""

    original: Path
    steps: tuple[Step, ...]
    planted: tuple[str, ...]


class _Work:
    """One group's history while it is told."""

    def __init__(self, rng: random.Random, group_id: str, members: tuple[Student, ...], begin: datetime) -> None:
        self.rng, self.group_id, self.members = rng, group_id, members
        self.project = rng.choice(PROJECTS)
        self.history = History()
        self.at = begin.astimezone(_WINTER).replace(microsecond=0)
        self.pulls: dict[int, tuple[str, ...]] = {}
        self.num_commits = 0
        self.token = make_token(rng) if rng.random() < 0.3 else None

    def person(self) -> Person:
        # Some do more than others.
        member = self.members[min(int(self.rng.expovariate(0.8)), len(self.members) - 1)]
        return Person(member.name, member.email)

    def commit(self, ref: str, message: str, changes: dict[bytes, Entry | None]) -> None:
        tree = self.history.tree(ref)
        if any(tree.get(path) != entry for path, entry in changes.items()):
            self.history.commit(ref, self.person(), self.at, message, changes)
            self.num_commits += 1

    def entry(self, path: str, stage: int) -> Entry:
        text = content.text(self.project, path, stage)
        # Of its own, or each group would have copied from twenty others.
        mark = {".py": "# Group {}: {}\n", ".md": "\n<!-- {}: {} -->\n"}.get(Path(path).suffix, "")
        note = mark.format(self.group_id, path)
        return regular(note + text if path.endswith(".py") else text + note)

    def report(self, share: float) -> Entry:
        answers = content.text("birdcall", "answers", 1)
        head, *parts = answers.split("\n== ")
        kept = parts[: max(1, round(share * len(parts)))]
        numbers = ", ".join(member.study_number for member in self.members)
        told = [part for part in kept if not part.startswith(("group_number", "study_numbers", "credits"))]
        thanks = f"credits\n{self.members[0].name} ({self.members[0].email}) wrote the model; we used ChatGPT.\n+"
        own = [f"group_number\nGroup {self.group_id}", f"study_numbers\n{numbers}", *told, *([thanks] * (share > 0.6))]
        return regular(report_of("\n== ".join([head, *own])))


def tell_history(rng: random.Random, folder: Path, group_id: str, members: tuple[Student, ...], ends: datetime) -> Told:
    """A bare repository in `folder` with all that the group will have pushed by `ends`, three weeks after it began."""
    work = _Work(rng, group_id, members, ends - THREE_WEEKS)
    moments = sorted(rng.random() ** 0.8 for _ in range(rng.randint(9, 24)))
    begin = work.at
    work.at = begin + timedelta(hours=rng.uniform(1, 30))
    work.history.commit(
        MAIN, work.person(), work.at, "Initial commit", _starter(work.project, members[0].name), committer=_GITHUB
    )
    work.num_commits += 1
    work.commit(MAIN, "Report from the course", _blank_report())
    files = _files(rng, work.project)
    pending = [(stage, path) for stage in _STAGES for path in files]
    span = (ends - timedelta(minutes=10)) - work.at
    first = work.at
    for number, moment in enumerate(moments):
        work.at = first + span * moment
        share = (number + 1) / len(moments)
        chosen, pending = _next(pending, round(len(pending) / (len(moments) - number)))
        changes: dict[bytes, Entry | None] = {path.encode(): work.entry(path, stage) for stage, path in chosen}
        if number % 4 == 3 or number == len(moments) - 1:
            changes[REPORT.encode()] = work.report(share)
        if number == len(moments) // 2:
            changes |= _careless(work)
        _one(work, number, changes)
    return _stored(work, folder)


def _one(work: _Work, number: int, changes: dict[bytes, Entry | None]) -> None:
    """A commit to main, or a pull request of it."""
    subject = f"{work.rng.choice(_VERBS)} {Path(next(iter(changes)).decode()).name if changes else 'nothing'}"
    if not changes or work.rng.random() > 0.3:
        work.commit(MAIN, subject, changes or {b"notes.md": regular(f"{number}\n")})
        return
    pull = len(work.pulls) + 1
    work.history.branch(pull_ref(pull))
    work.commit(pull_ref(pull), subject, changes)
    if not any(work.history.tree(MAIN).get(path) != entry for path, entry in changes.items()):
        return
    work.at += timedelta(minutes=work.rng.randint(1, 9))
    message = f"Merge pull request #{pull} from group/{number}\n\n{subject}"
    work.history.merge(MAIN, pull_ref(pull), work.person(), work.at, message, _GITHUB)
    work.pulls[pull] = (pull_ref(pull),)


def _careless(work: _Work) -> dict[bytes, Entry | None]:
    """What people leave in repositories."""
    member = work.members[-1]
    name = member.name.replace(" ", "_").lower()
    changes: dict[bytes, Entry | None] = {
        f"src/{work.project}/{name}_{member.study_number}.py".encode(): regular(
            f'"""Ask {member.name} <{member.email}>, @{member.login}."""\n\nSTEPS = {work.rng.randint(2, 99)}\n'
        ),
        f"tests/test_{name}.py".encode(): regular(
            f"# {member.study_number}\ndef test_steps() -> None:\n    assert {work.rng.randint(2, 99)}\n"
        ),
    }
    if work.token:
        changes[b"scripts/upload.sh"] = regular(f'#!/bin/sh\nexport GITHUB_TOKEN="{work.token}"\n')
    return changes


def _next(pending: list[tuple[int, str]], number: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    return pending[:number], pending[number:]


def _files(rng: random.Random, project: str) -> list[str]:
    found = [path for path in content.paths(project) if not path.startswith(_NOT_OURS)]
    rng.shuffle(found)
    return found[: rng.randint(max(3, len(found) // 2), len(found))]


@cache
def _blank_report() -> dict[bytes, Entry | None]:
    return {path: entry for path, entry in report_files().items() if not path.startswith(b"reports/figures/")}


def _starter(project: str, author: str) -> dict[bytes, Entry | None]:
    return dict(rendered_files(project, author))


def _stored(work: _Work, folder: Path) -> Told:
    original = folder / f"{work.group_id}.git"
    original.mkdir(parents=True)
    plain_git(original, "init", "--quiet", "--bare", "--initial-branch=main")
    plain_git(
        original, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--done", stdin=work.history.stream()
    )
    planted = [word for member in work.members for word in member.planted]
    return Told(original, steps_of(original), (*planted, *([work.token] if work.token else [])))


def steps_of(repository: Path) -> tuple[Step, ...]:
    """The first-parent history of any bare repository, oldest first, with the pull requests that each step merged."""
    heads = dict(
        line.split()[::-1]
        for line in plain_git(repository, "for-each-ref", "--format=%(refname) %(objectname)", "refs/pull")
        .decode()
        .splitlines()
        if line.split()[0].endswith("/head")
    )
    lines = (
        plain_git(repository, "log", "--first-parent", "--reverse", "--format=%H %ct %P", "HEAD").decode().split("\n")
    )
    steps = []
    for line in filter(None, lines):
        sha, seconds, *parents = line.split()
        merged = tuple((heads[parent], parent) for parent in parents[1:] if parent in heads)
        steps.append(Step(sha, datetime.fromtimestamp(int(seconds), UTC), merged))
    return tuple(steps)
