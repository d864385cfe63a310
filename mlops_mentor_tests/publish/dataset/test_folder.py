"""The folder of an export: the same bytes for the same tables, and whole at every moment."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from mlops_mentor.course import Course
from mlops_mentor.publish.dataset.facts import Facts, latest_change
from mlops_mentor.publish.dataset.folder import CARD, write_folder
from mlops_mentor.publish.manifest import MANIFEST, Manifest, read_manifest
from mlops_mentor.schemas import LEADERBOARD_HISTORY, empty
from mlops_mentor.schemas.published import PUBLISHED, PUBLISHED_FEEDBACK

Frames = dict[str, pl.DataFrame]
MakeFrame = Callable[..., pl.DataFrame]
NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)


class KilledError(Exception):
    """The process ends here."""


@pytest.fixture
def make(make_frame: MakeFrame) -> Callable[..., Frames]:
    """`make(7)`: an export in which every number is 7; `feedback` has no row."""

    def frames(number: int) -> Frames:
        rows = {
            "leaderboard": {"num_commits_to_main": number},
            "history": {"num_commits": number},
            "statistics": {"num_files": number},
            "evidence": {"line": number},
        }
        return {
            each.name: make_frame(each.table, {"group": "1", **rows[each.name]})
            if each.name in rows
            else empty(each.table)
            for each in PUBLISHED
        }

    return frames


@pytest.fixture
def facts(course: Course) -> Facts:
    return Facts(course, ("1",), NOON, 5)


def _bytes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _numbers(folder: Path, manifest: Manifest) -> set[int]:
    """The numbers in the tables that the manifest names: one, where they belong together.

    Raises:
        FileNotFoundError: one of them is gone.
    """
    columns = {
        "leaderboard": "num_commits_to_main",
        "history": "num_commits",
        "statistics": "num_files",
        "evidence": "line",
    }
    files = {name: manifest.tables[name].file for name in columns}
    return {pl.read_parquet(folder / file, glob=False)[columns[name]].item() for name, file in files.items() if file}


def _named_in_card(folder: Path) -> list[str]:
    front = yaml.safe_load((folder / CARD).read_text(encoding="utf-8").split("---\n")[1])
    return [part["path"] for config in front["configs"] for part in config["data_files"]]


def test_the_same_tables_give_the_same_bytes(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    first = write_folder(tmp_path / "a", make(1), facts)
    second = write_folder(tmp_path / "b", make(1), facts)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    again = write_folder(tmp_path / "a", make(1), facts)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert (first.changed, second.changed, again.changed) == (True, True, False)
    assert first.files == again.files == tuple(_bytes(tmp_path / "a"))
    assert first.num_bytes == sum(file.stat().st_size for file in (tmp_path / "a").rglob("*") if file.is_file())


def test_unchanged_files_are_not_written_again(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    write_folder(tmp_path, make(1), facts)
    moved: list[str] = []
    one_other = make(1) | {"history": make(2)["history"]}

    def move(old: Path, new: Path) -> None:
        moved.append(new.name)
        old.replace(new)

    write_folder(tmp_path, one_other, facts, move=move)
    assert [name[:4] for name in moved] == ["all-", "READ", "expo"]


def test_names_hold_a_hash_of_what_is_in_the_file(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    write_folder(tmp_path, make(1), facts)
    tables = read_manifest(tmp_path).tables
    for name, table in tables.items():
        if table.file is None:
            assert name == "feedback"
            continue
        digest = hashlib.sha256((tmp_path / table.file).read_bytes()).hexdigest()
        assert table.file == f"{name}/all-{digest[:8]}.parquet"
    assert _named_in_card(tmp_path) == [table.file for table in tables.values() if table.file]


def test_a_file_that_the_disk_has_spoiled_is_written_again(
    tmp_path: Path, make: Callable[..., Frames], facts: Facts
) -> None:
    write_folder(tmp_path, make(1), facts)
    whole = _bytes(tmp_path)
    (file,) = (tmp_path / "history").iterdir()
    file.write_bytes(b"")
    assert write_folder(tmp_path, make(1), facts).changed
    assert _bytes(tmp_path) == whole


def test_files_of_older_exports_go_and_what_is_not_ours_stays(
    tmp_path: Path, make: Callable[..., Frames], facts: Facts
) -> None:
    foreign = ["notes.txt", "history/all.parquet", "history/all-0123456.parquet", "other/all-01234567.parquet",
               "history/mine-01234567.parquet", ".git/config", ".notes.1.tmp", "all-01234567.parquet"]  # fmt: skip
    ours = ["history/all-01234567.parquet", "history/.all-01234567.parquet.17.0123abcd.tmp",
            ".export.json.17.0123abcd.tmp", ".README.md.17.0123abcd.tmp"]  # fmt: skip
    for name in foreign + ours:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    write_folder(tmp_path, make(1), facts)
    written = write_folder(tmp_path, make(2), facts)
    assert set(_bytes(tmp_path)) == {*foreign, *written.files}


def test_a_table_that_has_lost_its_rows_has_no_file(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    write_folder(tmp_path, make(1), facts)
    frames = make(1)
    write_folder(tmp_path, frames | {"history": frames["history"].clear()}, facts)
    assert read_manifest(tmp_path).tables["history"].file is None
    assert list((tmp_path / "history").iterdir()) == []
    assert not any("history" in path for path in _named_in_card(tmp_path))


def test_an_export_of_nothing_is_one_too(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    frames = {name: frame.clear() for name, frame in make(1).items()}
    written = write_folder(tmp_path, frames, replace(facts, groups=()))
    assert written.files == (CARD, MANIFEST)
    assert "configs" not in (tmp_path / CARD).read_text(encoding="utf-8").split("---\n")[1]


@pytest.mark.parametrize("is_left_in_place", [False, True], ids=["before", "after"])
def test_whoever_is_killed_between_two_steps_leaves_a_whole_export(
    tmp_path: Path, make: Callable[..., Frames], facts: Facts, is_left_in_place: bool
) -> None:
    later = replace(facts, as_of=NOON.replace(hour=13))
    write_folder(tmp_path / "wanted", make(2), later)
    for step in range(6):
        folder, num_moved = tmp_path / f"killed-{step}", 0
        write_folder(folder, make(1), facts)

        def move(old: Path, new: Path, at: int = step) -> None:
            nonlocal num_moved
            num_moved += 1
            if num_moved - 1 == at and not is_left_in_place:
                raise KilledError
            old.replace(new)
            if num_moved - 1 == at:
                raise KilledError

        with pytest.raises(KilledError):
            write_folder(folder, make(2), later, move=move)
        manifest = read_manifest(folder)
        is_new = step == 5 and is_left_in_place
        assert (_numbers(folder, manifest), manifest.as_of) == (({2}, later.as_of) if is_new else ({1}, NOON))
        # The card stands before the manifest, and names a whole export as well.
        assert all((folder / name).is_file() for name in _named_in_card(folder))
        write_folder(folder, make(2), later)
        assert _bytes(folder) == _bytes(tmp_path / "wanted")


def test_a_reader_never_sees_two_exports_at_once(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    write_folder(tmp_path, make(1), facts)
    mixtures: list[set[int]] = []
    num_read = 0
    is_over = threading.Event()

    def read() -> None:
        nonlocal num_read
        while not is_over.is_set():
            try:
                numbers = _numbers(tmp_path, read_manifest(tmp_path))
            except FileNotFoundError:
                continue
            num_read += 1
            if len(numbers) > 1:
                mixtures.append(numbers)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(2, 60):
            write_folder(tmp_path, make(number), facts)
    finally:
        is_over.set()
        reader.join()
    assert num_read
    assert mixtures == []


def test_the_manifest_says_what_the_course_says(tmp_path: Path, make: Callable[..., Frames], facts: Facts) -> None:
    write_folder(tmp_path, make(1), replace(facts, withheld={"1": ("feedback",), "9": ("history",)}))
    manifest = read_manifest(tmp_path)
    assert (manifest.course, manifest.deadline) == (facts.course.course, facts.course.deadline_utc)
    assert (manifest.groups, manifest.most, manifest.withheld) == (("1",), 5, {"1": ("feedback",)})
    assert list(manifest.tables) == [each.name for each in PUBLISHED]
    assert all(list(manifest.tables[each.name].columns) == each.table.schema.names() for each in PUBLISHED)


def test_as_of_is_the_newest_work_or_release_of_the_groups_that_are_shown(make_frame: MakeFrame) -> None:
    seen = [{"group_id": "1", "snapshot_sha": "a", "first_seen_at": NOON.replace(day=18)},
            {"group_id": "2", "snapshot_sha": "b", "first_seen_at": NOON.replace(day=21)}]  # fmt: skip
    history = make_frame(LEADERBOARD_HISTORY, *seen)
    feedback = make_frame(PUBLISHED_FEEDBACK.table, {"group": "1", "area": "a", "released_at": NOON})
    assert latest_change(history, feedback, ["1"]) == NOON
    assert latest_change(history, feedback.clear(), ["1"]) == NOON.replace(day=18)
    assert latest_change(history, feedback, ["1", "2"]) == NOON.replace(day=21)
    assert latest_change(history.clear(), feedback.clear(), ["1"]) is None
