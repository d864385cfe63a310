"""The lake: parts are whole at every moment, and found again under whatever name a group has."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from mlops_mentor.errors import LakeError
from mlops_mentor.schemas import COMMITS, CONTRIBUTORS, GROUPS, LEADERBOARD, LEADERBOARD_HISTORY, STARTER_FILES
from mlops_mentor.storage.lake import Lake

MakeFrame = Callable[..., pl.DataFrame]


def test_what_is_written_is_read(lake: Lake, make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    commits, groups = make_commits({}, {"message": "Ærø\n😀"}), make_frame(GROUPS, {})
    assert lake.write(COMMITS, commits, "1").equals(commits)
    lake.write(GROUPS, groups)
    assert lake.read(COMMITS, "1").equals(commits)
    assert lake.read(GROUPS).equals(groups)


def test_a_part_is_replaced_and_leaves_nothing_behind(lake: Lake, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}, {}), "1", input_key="old")
    lake.write(COMMITS, make_commits({}), "1", input_key="new")
    assert lake.read(COMMITS, "1").height == 1
    assert lake.input_key(COMMITS, "1") == "new"
    assert [path for path in lake.root.rglob("*") if path.is_file()] == [lake.path(COMMITS, "1")]


def test_who_reads_while_a_part_is_replaced_keeps_the_old_one(lake: Lake, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}, {}), "1")
    with lake.path(COMMITS, "1").open("rb") as reader:
        lake.write(COMMITS, make_commits({}), "1")
        assert pl.read_parquet(reader).height == 2


def test_a_frame_that_does_not_fit_leaves_the_old_part(lake: Lake, make_commits: MakeFrame) -> None:
    good = make_commits({})
    lake.write(COMMITS, good, "1", input_key="old")
    with pytest.raises(LakeError, match="lines_added: below 0"):
        lake.write(COMMITS, good.with_columns(lines_added=pl.lit(-1, pl.Int64)), "1", input_key="new")
    assert lake.read(COMMITS, "1").equals(good)
    assert lake.input_key(COMMITS, "1") == "old"
    assert list(lake.path(COMMITS, "1").parent.iterdir()) == [lake.path(COMMITS, "1")]


def test_a_write_that_fails_midway_leaves_the_old_part_and_no_temporary(lake: Lake, make_frame: MakeFrame) -> None:
    folder = lake.path(GROUPS)
    folder.mkdir(parents=True)
    (folder / "in the way").touch()
    with pytest.raises(OSError, match=r"groups\.parquet"):
        lake.write(GROUPS, make_frame(GROUPS, {}))
    assert list(lake.root.iterdir()) == [folder]


@pytest.mark.parametrize("group_id", ["1", "A b", "a.b", "a/b", "a%2Fb", "ærø", "x.parquet", "#1?*[!"])
def test_a_group_of_any_name_has_its_own_part_within_the_lake(
    lake: Lake, make_commits: MakeFrame, group_id: str
) -> None:
    lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    assert lake.has(COMMITS, group_id)
    assert lake.path(COMMITS, group_id).resolve().parent == (lake.root / "commits").resolve()
    assert [path.suffix for path in lake.root.rglob("*") if path.is_file()] == [".parquet"]
    assert lake.read_groups(COMMITS, [group_id])["group_id"].to_list() == [group_id]


def test_groups_with_similar_names_do_not_share_a_part(lake: Lake) -> None:
    names = ["a b", "a_b", "a%20b", "a.b", "a/b", "a%2Fb"]
    assert len({lake.path(COMMITS, name) for name in names}) == len(names)


def test_a_temporary_file_is_invisible_to_readers(lake: Lake, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}), "1")
    (lake.root / "commits" / ".2.parquet.17.abcd.tmp").write_bytes(b"half")
    (lake.root / "commits" / ".3.parquet").write_bytes(b"half")
    assert lake.read_groups(COMMITS, ["1", "2", "3"]).height == 1


def test_temporary_files_are_swept_after_an_hour_and_nothing_else_is(lake: Lake, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}), "1")
    old = lake.root / "commits" / ".1.parquet.17.abcd.tmp"
    old_too = lake.root / ".groups.parquet.17.abcd.tmp"
    young = lake.root / "commits" / ".2.parquet.17.abcd.tmp"
    others = [lake.root / "commits" / "notes.tmp", lake.path(COMMITS, "1")]
    for path in (old, old_too, young, others[0]):
        path.write_bytes(b"half")
    for path in (old, old_too, *others):
        os.utime(str(path), (time.time() - 3700, time.time() - 3700))
    assert lake.sweep() == 2
    assert not old.exists()
    assert not old_too.exists()
    assert all(path.exists() for path in (young, *others))


def test_sweeping_a_lake_that_is_not_there_does_nothing(lake: Lake) -> None:
    assert lake.sweep() == 0


def test_the_key_of_the_inputs_comes_back(lake: Lake, make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}), "1", input_key="abc123 æ")
    lake.write(STARTER_FILES, make_frame(STARTER_FILES, {}), input_key="1:refs")
    assert lake.input_key(COMMITS, "1") == "abc123 æ"
    assert lake.input_key(STARTER_FILES) == "1:refs"


def test_there_is_no_key_where_there_is_no_readable_part(lake: Lake, make_commits: MakeFrame) -> None:
    assert lake.input_key(COMMITS, "1") is None
    lake.write(COMMITS, make_commits(), "1", input_key="key")
    lake.path(COMMITS, "1").write_bytes(b"PAR1 no more")
    assert lake.input_key(COMMITS, "1") is None


def test_a_part_written_without_a_key_has_an_empty_one(lake: Lake, make_commits: MakeFrame) -> None:
    lake.write(COMMITS, make_commits({}), "1")
    assert not lake.input_key(COMMITS, "1")


def test_groups_are_read_in_the_order_asked_and_missing_ones_are_left_out(lake: Lake, make_commits: MakeFrame) -> None:
    for group_id in ("1", "2", "3"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    assert lake.read_groups(COMMITS, ["3", "9", "1"])["group_id"].to_list() == ["3", "1"]


def test_no_groups_are_an_empty_table(lake: Lake) -> None:
    frame = lake.read_groups(CONTRIBUTORS, [])
    assert frame.schema == CONTRIBUTORS.schema
    assert frame.height == 0


def _outdate(lake: Lake, group_id: str) -> None:
    path = str(lake.path(COMMITS, group_id))
    pl.read_parquet(path).drop("message").write_parquet(path)


def test_parts_of_another_version_are_left_out(lake: Lake, make_commits: MakeFrame) -> None:
    for group_id in ("1", "2"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    _outdate(lake, "1")
    assert not lake.has_current(COMMITS, "1")
    assert lake.has_current(COMMITS, "2")
    assert lake.read_groups(COMMITS, ["1", "2"])["group_id"].to_list() == ["2"]
    with pytest.raises(LakeError, match=r"another version\. Materialize commits again"):
        lake.read(COMMITS, "1")


@pytest.mark.parametrize("content", [b"", b"no parquet at all"])
def test_a_damaged_part_is_left_out_as_an_outdated_one_is(lake: Lake, make_commits: MakeFrame, content: bytes) -> None:
    for group_id in ("1", "2"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    lake.path(COMMITS, "1").write_bytes(content)
    assert lake.read_groups(COMMITS, ["1", "2"])["group_id"].to_list() == ["2"]


@pytest.mark.parametrize("content", [b"", b"no parquet at all", b"PAR1" + b"\0" * 64 + b"PAR1"])
def test_a_damaged_part_names_its_file_and_the_remedy(lake: Lake, make_commits: MakeFrame, content: bytes) -> None:
    lake.write(COMMITS, make_commits({}), "1")
    lake.path(COMMITS, "1").write_bytes(content)
    with pytest.raises(LakeError, match=r"1\.parquet: cannot be read .*Delete it and materialize commits again"):
        lake.read(COMMITS, "1")


def test_a_part_that_is_not_there_says_which_and_what_to_do(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"table commits of group 7 is not there yet\. Materialize commits first"):
        lake.read(COMMITS, "7")
    with pytest.raises(LakeError, match=r"table leaderboard is not there yet"):
        lake.read(LEADERBOARD)


def test_a_table_that_was_never_written_is_empty_but_a_damaged_one_is_not(lake: Lake, make_frame: MakeFrame) -> None:
    assert lake.read_or_empty(LEADERBOARD).height == 0
    lake.write(LEADERBOARD, make_frame(LEADERBOARD, {}))
    assert lake.read_or_empty(LEADERBOARD).height == 1
    lake.path(LEADERBOARD).write_bytes(b"damaged")
    with pytest.raises(LakeError):
        lake.read_or_empty(LEADERBOARD)


def test_a_table_by_group_needs_a_group_and_others_have_none(lake: Lake) -> None:
    with pytest.raises(LakeError, match="table commits is by group"):
        lake.path(COMMITS)
    with pytest.raises(LakeError, match="table groups is one for all groups"):
        lake.path(GROUPS, "1")


def test_has_tells_a_file_from_a_folder(lake: Lake) -> None:
    assert not lake.has(GROUPS)
    lake.path(GROUPS).mkdir(parents=True)
    assert not lake.has(GROUPS)


def test_a_whole_table_of_an_older_version_keeps_its_rows(lake: Lake, make_frame: MakeFrame) -> None:
    rows = make_frame(LEADERBOARD_HISTORY, {"group_id": "1", "total_commits": 3})
    lake.write(LEADERBOARD_HISTORY, rows)
    older = rows.drop("repo_url").with_columns(gone=pl.lit(1))
    older.write_parquet(str(lake.path(LEADERBOARD_HISTORY)))
    with pytest.raises(LakeError, match="another version"):
        lake.read(LEADERBOARD_HISTORY)
    assert lake.read_or_empty(LEADERBOARD_HISTORY).equals(rows.with_columns(repo_url=pl.lit(None, pl.String)))


@pytest.mark.parametrize("how", ["read", "read_groups", "files"])
def test_a_part_that_is_replaced_while_it_is_read_is_read_whole(
    lake: Lake, tmp_path: Path, make_commits: MakeFrame, how: str
) -> None:
    """Polars and DuckDB open a file by its name more than once, and would read some of each of two."""
    frames = [make_commits(*({"group_id": "1", "message": "m" * size} for size in range(num))) for num in (40, 90)]
    lake.write(COMMITS, frames[0], "1")
    is_over = threading.Event()

    def replace_again_and_again() -> None:
        while not is_over.is_set():
            for frame in frames:
                lake.write(COMMITS, frame, "1")

    def num_rows(number: int) -> int:
        if how == "files":
            folder = tmp_path / f"copies-{number}"
            folder.mkdir()
            (file,) = lake.files(COMMITS, ["1"], folder)
            return len(duckdb.read_parquet(str(file)).fetchall())
        return lake.read(COMMITS, "1").height if how == "read" else lake.read_groups(COMMITS, ["1"]).height

    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    try:
        assert {num_rows(number) for number in range(300)} <= {40, 90}
    finally:
        is_over.set()
        writer.join()


def test_a_part_that_cannot_be_opened_is_not_left_out_in_silence(
    lake: Lake, make_commits: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks for the people of a class must not take a group for one without."""
    for group_id in ("1", "2"):
        lake.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    read_bytes = Path.read_bytes

    def stale(path: Path) -> bytes:
        if path.name == "2.parquet":
            raise OSError(errno.ESTALE, "Stale file handle")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", stale)
    with pytest.raises(OSError, match="Stale"):
        lake.read_groups(COMMITS, ["1", "2"])
