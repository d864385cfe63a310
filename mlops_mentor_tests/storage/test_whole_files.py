import os
import stat
from pathlib import Path

import pytest

from mlops_mentor.storage.whole_files import PRIVATE, replace_whole, sweep_temporary, written_beside


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    for content in (b"old", b"new"):
        replace_whole(file, content)
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_private_file_is_nobody_elses_and_an_ordinary_one_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_whole(tmp_path / "ordinary", b"")
        replace_whole(tmp_path / "private", b"", mode=PRIVATE)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"ordinary": 0o640, "private": 0o600}


def test_what_cannot_be_moved_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_bytes(b"old")

    def refuse(source: Path, target: Path) -> None:
        assert source.read_bytes() == b"new"
        raise PermissionError(1, "no")

    with pytest.raises(PermissionError):
        replace_whole(file, b"new", move=refuse)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("notes.json", b"old")]


def test_what_is_written_beside_a_file_may_be_moved_and_is_gone_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    with written_beside(file, b"new") as temporary:
        assert (temporary.name[:1], temporary.suffix, temporary.read_bytes()) == (".", ".tmp", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_file_that_is_gone_when_it_is_looked_at_stops_nothing(tmp_path: Path) -> None:
    old = tmp_path / ".1.parquet.17.abcd.tmp"
    old.touch()
    os.utime(old, (0, 0))
    assert sweep_temporary([tmp_path / ".renamed.tmp", old]) == 1
    assert not old.exists()
