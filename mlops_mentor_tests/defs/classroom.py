"""A small class for tests that run Dagster: a roster, a course file, and real repositories."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_mentor.defs.launch import Launcher, launcher
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.schemas import GROUP_STATUS, TABLES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.repos.sources import Source

COURSE = """\
course: "02476 Machine Learning Operations"
term: "January 2027"
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2099-01-22T12:00:00"
roster: group_info.csv
starter_code: [repos/starter]
"""

# When something was done, and how git happened to pack it: different in every run.
PASSING = {"fetched_at", "checked_at", "first_seen_at", "finished_at", "written_at", "markdown", "mirror_bytes"}


@dataclass
class Classroom:
    """A data directory with its course file, and beside it the groups' repositories."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.data, course=self.folder / "course.yaml", workers=2)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_dir)

    def repository(self, group_id: str) -> Path:
        return self.folder / "repos" / group_id

    def make_group(self, group_id: str, *, num_commits: int = 3) -> Source:
        source = Source(self.repository(group_id))
        for number in range(num_commits):
            name = b"Student %d <s%d@uni.example>" % (number % 2, number % 2)
            changes = {
                b"README.md": b"# Group %s\n" % group_id.encode(),
                b"src/m%d.py" % number: b"x = 1\n" * (number + 1),
            }
            source.commit(changes, author=name, message=b"Commit %d" % number)
        return source

    def write_roster(self, group_ids: Iterable[str]) -> None:
        rows = [
            f"{group_id},s{number:06},s9{number:05},{self.repository(group_id)}"
            for number, group_id in enumerate(group_ids)
        ]
        (self.folder / "group_info.csv").write_text(
            "\n".join(["group_nb,student 1,student 2,github_repo", *rows]) + "\n"
        )

    def status(self) -> dict[str, dict[str, Any]]:
        """`group_status`, by group."""
        return dict(self.lake.read(GROUP_STATUS).rows_by_key("group_id", named=True, unique=True))

    def refresh(self, group_ids: Iterable[str]) -> None:
        """The three steps of `mlops-mentor run`, for these groups."""
        with launcher(self.settings) as started:
            refresh(started, group_ids)

    def warehouse_tables(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of every published table in an order of their own, without what differs in every run."""
        found = {}
        for table in TABLES:
            result = query(self.settings.warehouse_file, f'select * from "{table.name}"')
            records = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
            found[table.name] = sorted(
                ({k: v for k, v in each.items() if k not in PASSING} for each in records), key=repr
            )
        return found


def make_classroom(folder: Path, group_ids: Iterable[str], *, missing: Iterable[str] = ()) -> Classroom:
    """A class of these groups; those that are `missing` stand in the roster and have no repository."""
    room = Classroom(folder)
    room.data.mkdir(parents=True)
    (folder / "course.yaml").write_text(COURSE)
    starter = Source(room.repository("starter"))
    starter.commit({b"README.md": b"# Starter\n", b"src/m0.py": b"x = 1\n"})
    listed = list(group_ids)
    for group_id in listed:
        room.make_group(group_id)
    room.write_roster([*listed, *missing])
    return room


def refresh(started: Launcher, group_ids: Iterable[str]) -> None:
    started.run_roster()
    started.run_groups(set(group_ids))
    started.run_class()
