import json
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.content import read_content
from mlops_mentor.publish.manifest import MANIFEST
from mlops_mentor_tests.publish.hub.exports import write_export


def test_only_manifest_card_and_its_tables_are_read(tmp_path: Path) -> None:
    wanted = write_export(tmp_path)
    (tmp_path / "roster.csv").write_text("made up")
    (tmp_path / "leaderboard" / "all-00000000.parquet").write_bytes(b"of an earlier export")
    assert read_content(tmp_path).files == wanted


def test_an_export_that_is_written_meanwhile_is_read_again_from_the_start(tmp_path: Path) -> None:
    write_export(tmp_path, "first")
    gone = next(tmp_path.glob("history/*"))
    gone.unlink()
    wanted: dict[str, bytes] = {}
    read = read_content(tmp_path, sleep=lambda _: wanted.update(write_export(tmp_path, "second")))
    assert read.files == wanted


def test_a_card_of_the_next_export_is_not_taken_with_the_tables_of_this(tmp_path: Path) -> None:
    write_export(tmp_path / "a", "first")
    wanted = write_export(tmp_path / "b", "second")
    (tmp_path / "a" / "README.md").write_bytes(wanted["README.md"])
    read = read_content(tmp_path / "a", sleep=lambda _: wanted.update(write_export(tmp_path / "a", "third")))
    assert read.files == write_export(tmp_path / "a", "third")


def test_whatever_is_read_while_exports_follow_each_other_belongs_together(tmp_path: Path) -> None:
    exports = [write_export(tmp_path, f"export {number}") for number in range(8)]
    is_over = Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            write_export(tmp_path, f"export {number % 8}")
            time.sleep(0.002)
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        for _ in range(40):
            try:
                read = read_content(tmp_path, sleep=lambda _: None)
            except PublishError:
                continue
            tables = {path: content for path, content in read.files.items() if "/" in path}
            assert any(tables.items() <= export.items() for export in exports)
    finally:
        is_over.set()
        writer.join()


def test_an_export_without_a_card_is_not_pushed(tmp_path: Path) -> None:
    write_export(tmp_path)
    (tmp_path / "README.md").unlink()
    with pytest.raises(PublishError, match="files of it are missing"):
        read_content(tmp_path, sleep=lambda _: None)


def test_without_an_export_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="there is no export"):
        read_content(tmp_path / "nowhere")
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(PublishError, match="no manifest"):
        read_content(tmp_path)


@pytest.mark.parametrize(
    "name", ["../lake/commits/all-0123456789.parquet", "/etc/passwd", "x/../../all-012345.parquet"]
)
def test_a_manifest_that_names_other_files_is_refused(tmp_path: Path, name: str) -> None:
    write_export(tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["tables"]["history"]["file"] = name
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(PublishError, match="no table's file"):
        read_content(tmp_path)


def test_a_link_to_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    write_export(tmp_path / "export")
    (tmp_path / "secret").write_bytes(b"of the lake")
    table = next((tmp_path / "export").glob("history/*"))
    table.unlink()
    table.symlink_to(tmp_path / "secret")
    with pytest.raises(PublishError, match="no table's file"):
        read_content(tmp_path / "export")
