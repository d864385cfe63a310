"""Backup and restore by the commands of docs/operations.md, as they stand there: a restored class is the same class."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mlops_mentor.schemas import LEADERBOARD_HISTORY
from mlops_mentor_tests.defs.classroom import make_classroom
from mlops_mentor_tests.defs.programs import finish, start
from mlops_mentor_tests.deploy.classes import leaderboard_csv
from mlops_mentor_tests.deploy.services import ROOT

pytestmark = pytest.mark.slow
HOME = "/var/lib/mentor"
ARCHIVE = re.compile(r"mentor-.*?\.tgz")


def tar_commands() -> list[str]:
    """The commands of the section that begin with `tar`: one that makes the archive, one that unpacks it."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("## Backup and restore", 1)[1].split("\n## ", 1)[0].replace("\\\n", " ")
    return re.findall(r"^tar .*$", section, re.MULTILINE)


def run_tar(command: str, folder: Path, archive: Path) -> None:
    """The command, with this folder in the place of /var/lib/mentor and this archive in that of the dated one."""
    assert HOME in command
    told = ARCHIVE.sub(str(archive), command).replace(HOME, str(folder))
    subprocess.run(["sh", "-c", told], check=True)


def test_a_backup_restored_into_an_empty_folder_gives_the_same_class(tmp_path: Path) -> None:
    making, unpacking = tar_commands()
    room = make_classroom(tmp_path / "class", ["1", "2", "3"], missing=["4"])
    finish([start(room)])
    history = room.lake.path(LEADERBOARD_HISTORY)
    before = room.warehouse_tables(), leaderboard_csv(room), history.read_bytes()
    assert before[1].count(b"\n") > 4
    run_tar(making, room.data, tmp_path / "backup.tgz")
    shutil.rmtree(room.data)
    room.data.mkdir()
    run_tar(unpacking, room.data, tmp_path / "backup.tgz")
    assert not room.settings.warehouse_file.exists()
    finish([start(room)])
    assert room.warehouse_tables() == before[0]
    assert leaderboard_csv(room) == before[1]
    assert history.read_bytes() == before[2]
