"""An exported folder is read once per export, and a reader never meets half of one."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.errors import PublishError
from mlops_mentor.pages.published import PublishedClass, PublishedFolder
from mlops_mentor.publish.manifest import MANIFEST, read_manifest
from mlops_mentor_tests.pages.exports import Made, write_export, write_manifest


def commits(folder: PublishedFolder, group: str = "1") -> int:
    numbers = folder.current().groups[group].numbers
    assert numbers is not None
    return int(numbers["num_commits_to_main"])


def rewritten(folder: Path, table: str, frame: pl.DataFrame) -> None:
    """A table replaced by another, as a newer or a broken version would write it."""
    manifest = read_manifest(folder)
    name = f"{table}/other.parquet"
    frame.write_parquet(folder / name)
    entry = manifest.tables[table].model_copy(update={"file": name, "num_rows": frame.height})
    write_manifest(folder, manifest.model_copy(update={"tables": {**manifest.tables, table: entry}}))


def frame_of(folder: Path, table: str) -> pl.DataFrame:
    file = read_manifest(folder).tables[table].file
    assert file is not None
    return pl.read_parquet(folder / file)


def test_groups_stand_in_the_manifests_order(tmp_path: Path) -> None:
    write_export(tmp_path, Made(names=("10", "9", "blue whales")))
    cls = PublishedFolder(tmp_path).current()
    assert list(cls.groups) == ["10", "9", "blue whales"]
    assert cls.groups["9"].place == 1
    assert {len(group.history) for group in cls.groups.values()} == {18}


def test_an_export_is_read_once(tmp_path: Path) -> None:
    write_export(tmp_path)
    folder = PublishedFolder(tmp_path)
    first = folder.current()
    (tmp_path / MANIFEST).touch()
    assert folder.current() is first


def test_a_new_export_is_picked_up(tmp_path: Path) -> None:
    write_export(tmp_path)
    folder = PublishedFolder(tmp_path)
    before = commits(folder)
    write_export(tmp_path, Made(offset=1))
    assert commits(folder) == before + 1


def test_a_new_export_is_prepared_once_before_it_is_given_to_anybody(tmp_path: Path) -> None:
    write_export(tmp_path)
    prepared: list[PublishedClass] = []
    folder = PublishedFolder(tmp_path, prepare=prepared.append)
    first = folder.current()
    (tmp_path / MANIFEST).touch()
    assert folder.current() is first
    write_export(tmp_path, Made(offset=1))
    second = folder.current()
    assert [each is cls for each, cls in zip(prepared, (first, second), strict=True)] == [True, True]


def test_a_file_that_goes_meanwhile_is_looked_for_in_the_new_manifest(tmp_path: Path) -> None:
    write_export(tmp_path)
    for file in (tmp_path / "history").iterdir():
        file.unlink()
    folder = PublishedFolder(tmp_path, pause=lambda _: write_export(tmp_path, Made(offset=5)))
    assert commits(folder) == 25


def test_the_last_good_export_is_served_while_a_new_one_is_broken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_export(tmp_path)
    now = [0.0]
    tries: list[float] = []
    folder = PublishedFolder(tmp_path, clock=lambda: now[0], pause=tries.append)
    before = commits(folder)
    whole = (tmp_path / MANIFEST).read_text()
    (tmp_path / MANIFEST).write_text(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        assert commits(folder) == before
    assert "last good export" in caplog.text
    num_tries = len(tries)
    assert num_tries > 0
    assert commits(folder) == before
    assert len(tries) == num_tries, "a broken export is not tried again by every viewer"
    now[0] += 60
    assert commits(folder) == before
    assert len(tries) > num_tries, "but tried again after a while"
    write_export(tmp_path, Made(offset=2))
    assert commits(folder) == before + 2


def test_a_table_that_is_no_parquet_leaves_the_last_good_export(tmp_path: Path) -> None:
    write_export(tmp_path)
    folder = PublishedFolder(tmp_path, pause=lambda _: None)
    before = commits(folder)
    write_export(tmp_path, Made(offset=3))
    for file in (tmp_path / "evidence").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert commits(folder) == before


def test_the_whole_folder_may_go(tmp_path: Path) -> None:
    write_export(tmp_path / "export")
    folder = PublishedFolder(tmp_path / "export", pause=lambda _: None)
    before = commits(folder)
    (tmp_path / "export").rename(tmp_path / "away")
    assert commits(folder) == before


def test_no_export_at_all_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="mlops-mentor run") as error:
        PublishedFolder(tmp_path / "nowhere", pause=lambda _: pytest.fail("waited")).current()
    assert "nowhere" in str(error.value)


def test_a_broken_first_export_says_what_is_wrong(tmp_path: Path) -> None:
    write_export(tmp_path)
    rewritten(tmp_path, "statistics", frame_of(tmp_path, "statistics").drop("num_files", "activity"))
    with pytest.raises(PublishError, match="statistics: columns are missing: num_files, activity"):
        PublishedFolder(tmp_path, pause=lambda _: None).current()


def test_a_first_export_with_a_file_gone_names_it(tmp_path: Path) -> None:
    write_export(tmp_path)
    for file in (tmp_path / "history").iterdir():
        file.unlink()
    with pytest.raises(PublishError, match=r"all-\w+\.parquet of the export is missing"):
        PublishedFolder(tmp_path, pause=lambda _: None).current()


def test_columns_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    write_export(tmp_path)
    rewritten(tmp_path, "leaderboard", frame_of(tmp_path, "leaderboard").with_columns(num_cats=pl.lit(3)))
    numbers = PublishedFolder(tmp_path).current().groups["1"].numbers
    assert numbers is not None
    assert "num_cats" not in numbers


def test_values_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    write_export(tmp_path)
    rewritten(tmp_path, "leaderboard", frame_of(tmp_path, "leaderboard").with_columns(progress=pl.lit(170.0)))
    with pytest.raises(PublishError, match="progress: above 100"):
        PublishedFolder(tmp_path, pause=lambda _: None).current()


@pytest.mark.parametrize("name", ["../secret.parquet", "/etc/passwd", "history/../../secret.parquet"])
def test_a_manifest_names_files_of_its_folder_alone(tmp_path: Path, name: str) -> None:
    folder = write_export(tmp_path / "export")
    frame_of(folder, "history").write_parquet(tmp_path / "secret.parquet")
    manifest = read_manifest(folder)
    entry = manifest.tables["history"].model_copy(update={"file": name})
    write_manifest(folder, manifest.model_copy(update={"tables": {**manifest.tables, "history": entry}}))
    with pytest.raises(PublishError, match="no file of the folder"):
        PublishedFolder(folder, pause=lambda _: None).current()


def test_tables_without_rows_are_empty(tmp_path: Path) -> None:
    write_export(tmp_path, Made(empty=("leaderboard", "history", "statistics", "evidence", "feedback")))
    group = PublishedFolder(tmp_path).current().groups["1"]
    assert group.numbers is None
    assert not (group.history or group.evidence or group.feedback)


def test_marks_that_turn_the_direction_are_gone(tmp_path: Path) -> None:
    write_export(tmp_path, Made(hostile=True, names=("a\u202eb", "2")))
    cls = PublishedFolder(tmp_path).current()
    assert list(cls.groups) == ["a b", "2"]
    texts = [str(row[name]) for row in cls.groups["2"].evidence for name in ("title", "reason", "path", "remedy")]
    assert any("gnp.exe" in text for text in texts)
    assert not any(mark in text for text in texts for mark in "\u202e\u202c\u200b\u2066")


def test_many_readers_and_a_writer_never_meet(tmp_path: Path) -> None:
    write_export(tmp_path)
    folder = PublishedFolder(tmp_path)
    seen: list[int] = []
    failures: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        try:
            while not is_over.is_set():
                seen.append(commits(folder))
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for offset in range(1, 8):
        write_export(tmp_path, replace(Made(), offset=offset))
    is_over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert commits(folder) == 27
    assert set(seen) <= set(range(20, 28))
