"""The class that workers work on: a small one that is made, or a folder's that somebody gives.

`MENTOR_TEST_CLASS` names a folder with `course.yaml`, `group_info.csv`, other sheets and `repos/`, as a rehearsal
leaves it; `MENTOR_TEST_GROUPS` takes the first so many of its groups. The folder is only read.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

from mlops_mentor_tests.defs.classroom import Classroom, make_classroom
from mlops_mentor_tests.deploy.services import ROOT

# Read when the file is: tests themselves see no MENTOR_* of the surroundings.
GIVEN = os.environ.get("MENTOR_TEST_CLASS")
NUM_GROUPS = int(os.environ.get("MENTOR_TEST_GROUPS", "0"))
_SMALL = [str(number) for number in range(1, 9)]


def class_to_spread(folder: Path) -> Classroom:
    """The class that the surroundings ask for, below `folder`; nothing of it has been read yet."""
    if GIVEN is None:
        return make_classroom(folder, _SMALL, missing=["99"])
    room = same_class(Path(GIVEN), folder)
    if NUM_GROUPS:
        lines = (folder / "group_info.csv").read_text().splitlines()
        (folder / "group_info.csv").write_text("\n".join(lines[: 1 + NUM_GROUPS]) + "\n")
    return room


def same_class(given: Path, folder: Path) -> Classroom:
    """The same roster, sheets and repositories, with a data directory of its own."""
    room = Classroom(folder)
    room.data.mkdir(parents=True)
    for file in [given / "course.yaml", *given.glob("*.csv")]:
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "repos").symlink_to(given / "repos")
    return room


def group_ids(room: Classroom) -> list[str]:
    with (room.folder / "group_info.csv").open() as rows:
        return [row["group_nb"] for row in csv.DictReader(rows)]


def leaderboard_csv(room: Classroom) -> bytes:
    """What `mlops-mentor leaderboard` prints of the class."""
    place = ["--data-dir", str(room.data)]
    command = [sys.executable, "-W", "ignore", "-m", "mlops_mentor", "leaderboard", "--format", "csv", *place]
    return subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout
