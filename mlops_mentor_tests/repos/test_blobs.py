"""Reading blobs: what is missing or too large to hold is not read, and does not disturb the others."""

from pathlib import Path

import pytest

from mlops_mentor.repos import blobs
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.sample.hostile_files import BIG_FILE_BYTES
from mlops_mentor_tests.repos.plain import files_of
from mlops_mentor_tests.repos.sources import Source, mirrored

_FILES = {b"a.py": b"1\n2\n", b"b.py": b"x\n" * 6, b"c.py": b"x\n" * 5, b"empty": b"", b"z.py": b"1\n"}


@pytest.fixture(autouse=True)
def _low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "MAX_READ_BYTES", 10)


def test_missing_and_large_blobs_have_no_content_and_the_others_do(source: Source, mirror: Path) -> None:
    source.commit(_FILES)
    mirrored(source, mirror)
    ids = [source.git("rev-parse", f"main:{path.decode()}").decode().strip() for path in _FILES]
    contents = [None if len(content) > 10 else content for content in _FILES.values()]
    assert contents.count(None) == 1
    found = list(read_blobs(mirror, ["0" * 40, *ids, "1" * 40]))
    assert found == [("0" * 40, None), *zip(ids, contents, strict=True), ("1" * 40, None)]


def test_nothing_but_large_blobs_is_nothing_to_read(source: Source, mirror: Path) -> None:
    source.commit({b"b.py": _FILES[b"b.py"]})
    mirrored(source, mirror)
    blob_id = source.git("rev-parse", "main:b.py").decode().strip()
    assert list(read_blobs(mirror, [blob_id])) == [(blob_id, None)]
    assert list(read_blobs(mirror, [])) == []


def test_a_large_file_is_there_with_its_size_and_without_lines(source: Source, mirror: Path) -> None:
    source.commit(_FILES | {b".gitattributes": b"*.png filter=lfs\n"})
    table = files_of(mirrored(source, mirror), mirror)
    found = {path: (size, lines) for path, size, lines in table.select("path", "bytes", "lines").iter_rows()}
    assert found["b.py"] == (12, None)
    assert found["c.py"] == (10, 5)
    assert found["z.py"] == (2, 1)
    assert table["is_available"].all()


def test_the_largest_file_of_the_sample_class_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert blobs.MAX_READ_BYTES >= BIG_FILE_BYTES
