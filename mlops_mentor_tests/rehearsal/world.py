"""The class: its groups with their repositories, its roster and what else people write, while three weeks pass.

Belongs here: making it, and each thing that can happen to it. When what happens is for `story`; nothing here knows of
the product, but for the files that it reads.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlops_mentor.sample.starter import course_history, starter_history
from mlops_mentor_tests.rehearsal.histories import THREE_WEEKS, steps_of, tell_history
from mlops_mentor_tests.rehearsal.people import Student, make_students
from mlops_mentor_tests.rehearsal.repository import Repository, now
from mlops_mentor_tests.rehearsal.simulated import simulated_repositories
from mlops_mentor_tests.repos.sources import plain_git

_HEADER = "group_nb,student 1,student 2,student 3,student 4,student 5,github_repo"
_MOST_MEMBERS = 5
_NEVER = datetime.max.replace(tzinfo=UTC)
_COURSE = """\
course: "02476 Machine Learning Operations"
term: "Rehearsal"
time_zone: Europe/Copenhagen
project_start: {start:%Y-%m-%d}
deadline: "{deadline:%Y-%m-%dT%H:%M:%S+00:00}"
roster: group_info.csv
starter_code: [repos/starter.git, repos/course.git]
"""


@dataclass
class Team:
    """A group of the roster."""

    group_id: str
    members: tuple[Student, ...]
    repository: Repository
    extended_until: datetime | None = None


@dataclass
class World:
    """Everything outside the data directory, below `folder`. Only one thread may change it."""

    folder: Path
    seed: int
    is_real: bool = False
    deadline: datetime = _NEVER
    teams: dict[str, Team] = field(default_factory=dict)
    # What must not be seen outside, of groups that have left as well.
    planted: set[str] = field(default_factory=set)
    num_students: int = 0

    @property
    def roster(self) -> Path:
        return self.folder / "group_info.csv"

    @property
    def course(self) -> Path:
        return self.folder / "course.yaml"

    @property
    def reviews(self) -> Path:
        return self.folder / "reviews.csv"

    @property
    def data(self) -> Path:
        """What the product has stored."""
        return self.folder / "data"

    @property
    def fresh(self) -> Path:
        """What it stores in a single run on an empty folder, where that was made."""
        return self.folder / "fresh"

    @property
    def repositories(self) -> Path:
        return self.folder / "repos"

    def build(self, num_groups: int, deadline: datetime, real: Path | None = None, github: str | None = None) -> None:
        """The class before its first day: repositories that are empty, the roster, the course's file."""
        self.deadline = deadline.replace(microsecond=0)
        self.repositories.mkdir(parents=True)
        for name, history in (("starter", starter_history()), ("course", course_history())):
            path = self.repositories / f"{name}.git"
            path.mkdir()
            plain_git(path, "init", "--quiet", "--bare", "--initial-branch=main")
            plain_git(path, "fast-import", "--quiet", "--done", stdin=history.stream())
        originals = _bare_repositories(real) if real is not None else []
        self.is_real = real is not None or github is not None
        for number in range(1, num_groups + 1) if github is None else ():
            self.add(str(number), originals[(number - 1) % len(originals)] if originals else None)
        for number, served in enumerate(simulated_repositories(github)[:num_groups] if github else (), start=1):
            self.teams[str(number)] = Team(str(number), self._students(str(number)), served)
        self.course.write_text(_COURSE.format(start=self.deadline - THREE_WEEKS, deadline=self.deadline))
        self.write_roster()

    def add(self, group_id: str, original: Path | None = None) -> Team:
        """A group that has pushed nothing yet; the roster is for `write_roster`."""
        rng = random.Random(f"{self.seed} {group_id}")
        members = self._students(group_id)
        path = self.repositories / f"group-{group_id}.git"
        if original is None:
            told = tell_history(rng, self.folder / "originals", group_id, members, self.deadline)
            self.planted.update(told.planted)
            repository = Repository.from_history(told, path)
        else:
            repository = Repository.from_folder(original, steps_of(original), path)
        self.teams[group_id] = Team(group_id, members, repository)
        return self.teams[group_id]

    def _students(self, group_id: str) -> tuple[Student, ...]:
        rng = random.Random(f"{self.seed} students of {group_id}")
        members = make_students(rng, self.num_students, rng.randint(2, _MOST_MEMBERS))
        self.num_students += len(members)
        return members

    def deadline_of(self, team: Team) -> datetime:
        return max(self.deadline, team.extended_until or self.deadline)

    def write_roster(self, *, share: float = 1.0) -> None:
        """The roster, or the first `share` of it, as a spreadsheet that was saved too early."""
        rows = [
            ",".join(
                [team.group_id, *_padded([member.study_number for member in team.members]), team.repository.address]
            )
            for team in self.teams.values()
        ]
        _replace(self.roster, "\n".join([_HEADER, *rows[: max(1, int(len(rows) * share))]]) + "\n")

    def split(self, group_id: str) -> tuple[Team, Team]:
        """The group goes on as two: one with the repository, one with a copy."""
        team = self.teams[group_id]
        half = max(1, len(team.members) // 2)
        one = Team(f"{group_id}a", team.members[:half], team.repository, team.extended_until)
        other = Team(f"{group_id}b", team.members[half:] or team.members, team.repository.fork(
            self.repositories / f"group-{group_id}b.git"), team.extended_until)  # fmt: skip
        found: dict[str, Team] = {}
        for key, each in self.teams.items():
            found |= {one.group_id: one, other.group_id: other} if key == group_id else {key: each}
        self.teams = found
        return one, other

    def extend(self, group_id: str) -> None:
        """A later deadline for one group."""
        self.teams[group_id].extended_until = self.deadline + timedelta(days=3)
        rows = [
            f"{team.group_id},{team.extended_until.isoformat()},ask the office"
            for team in self.teams.values()
            if team.extended_until is not None
        ]
        _replace(self.folder / "extensions.csv", "\n".join(["group_id,until,reason", *rows]) + "\n")

    def is_over(self) -> bool:
        return now() > self.deadline


def counts(repository: Repository, deadline: datetime) -> str | None:
    """By the course's rule without push times: the newest first-parent commit that is not dated after the deadline."""
    if repository.tip is None:
        return None
    if now() <= deadline:
        return repository.tip
    lines = repository.git("log", "--first-parent", "--format=%H %ct", repository.branch).splitlines()
    dated = (line.split() for line in lines)
    return next((sha for sha, seconds in dated if int(seconds) <= deadline.timestamp()), None)


def _padded(cells: list[str]) -> list[str]:
    return [*cells, *[""] * (_MOST_MEMBERS - len(cells))]


def _bare_repositories(folder: Path) -> list[Path]:
    """Bare repositories below a folder, those without a commit left out."""
    heads = sorted(head.parent for head in folder.glob("**/HEAD") if (head.parent / "objects").is_dir())
    found = [each for each in heads if (each / "packed-refs").exists() or any((each / "refs").rglob("*/*"))]
    if not found:
        raise SystemExit(f"{folder} has no bare repository with a commit.")
    return found


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text)
    temporary.replace(file)
