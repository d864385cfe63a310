"""The lake in an object store: the same tables, a request a part, and nothing that others write is missed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from mlops_mentor.errors import LakeError
from mlops_mentor.schemas import COMMITS, GROUPS
from mlops_mentor.storage.lake import Lake
from mlops_mentor.storage.lake_files import lake_path
from mlops_mentor_tests.conftest import MakeFrame


@pytest.fixture
def stored() -> Iterator[Lake]:
    MemoryFileSystem.store.clear()
    yield Lake(lake_path("memory://lake"))
    MemoryFileSystem.store.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the store was asked for each object, by the end of its name."""
    counted: Counter[str] = Counter()
    real = MemoryFileSystem.cat_file

    def cat_file(self: Any, path: str, **options: Any) -> bytes:
        counted[path.rsplit("/", 1)[-1]] += 1
        return bytes(real(self, path, **options))

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    return counted


def test_what_is_written_is_read_and_removed(stored: Lake, make_commits: MakeFrame, make_frame: MakeFrame) -> None:
    commits = make_commits({}, {})
    stored.write(COMMITS, commits, "1", input_key="key")
    stored.write(GROUPS, make_frame(GROUPS, {}))
    assert stored.read(COMMITS, "1").equals(commits)
    assert stored.read_groups(COMMITS, ["9", "1"]).equals(commits)
    assert (stored.input_key(COMMITS, "1"), stored.input_key(COMMITS, "9")) == ("key", None)
    assert (stored.has(COMMITS, "1"), stored.has(COMMITS, "9")) == (True, False)
    assert stored.usable(COMMITS, ["1", "9"]) == {"1": True}
    stored.remove(COMMITS, "1")
    assert stored.read_or_empty(COMMITS, "1").is_empty()
    with pytest.raises(LakeError, match="not there yet"):
        stored.read(COMMITS, "1")


def test_a_part_is_asked_for_once_while_it_is_kept(
    stored: Lake, asked: Counter[str], make_commits: MakeFrame, make_frame: MakeFrame
) -> None:
    stored.write(COMMITS, make_commits({}), "1", input_key="old")
    stored.write(GROUPS, make_frame(GROUPS, {}))
    keeping = stored.keeping([COMMITS])
    for _ in range(3):
        assert keeping.input_key(COMMITS, "1") == "old"
        assert keeping.has_current(COMMITS, "1")
        assert not keeping.has(COMMITS, "2")
        assert keeping.read_groups(COMMITS, ["1", "2"]).height == 1
        assert keeping.read(GROUPS).height == 1
    assert asked == {"1.parquet": 1, "2.parquet": 1, "groups.parquet": 3}
    keeping.write(COMMITS, make_commits({}, {}), "1", input_key="new")
    assert (keeping.input_key(COMMITS, "1"), keeping.read(COMMITS, "1").height) == ("new", 2)
    keeping.remove(COMMITS, "1")
    assert not keeping.has(COMMITS, "1")
    assert asked["1.parquet"] == 1


def test_what_others_write_is_seen_at_once_and_by_whoever_keeps_anew(stored: Lake, make_commits: MakeFrame) -> None:
    other = Lake(lake_path("memory://lake"))
    keeping = stored.keeping([COMMITS])
    for number, key in enumerate(("first", "second"), start=1):
        other.write(COMMITS, make_commits(*[{}] * number), "1", input_key=key)
        assert stored.input_key(COMMITS, "1") == key
        assert stored.keeping([COMMITS]).read(COMMITS, "1").height == number
        assert keeping.input_key(COMMITS, "1") == "first"


def test_other_readers_get_plain_files_of_usable_parts(stored: Lake, make_commits: MakeFrame, tmp_path: Path) -> None:
    for group_id in ("1", "3"):
        stored.write(COMMITS, make_commits({"group_id": group_id}), group_id)
    stored.path(COMMITS, "2").write_bytes(b"PAR1 no more")
    files = stored.files(COMMITS, ["3", "2", "1"], tmp_path)
    assert pl.read_parquet(files)["group_id"].to_list() == ["3", "1"]
    assert stored.files(GROUPS, [], tmp_path) == []


def test_a_store_that_does_not_answer_is_not_an_empty_one(stored: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise PermissionError("no")

    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    for look in (stored.has, stored.read_or_empty):
        with pytest.raises(PermissionError):
            look(GROUPS)
    with pytest.raises(PermissionError):
        stored.read_groups(COMMITS, ["1"])
