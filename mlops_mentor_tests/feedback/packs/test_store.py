"""Packs on disk, and the secret that boundaries are made of."""

import gzip
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlops_mentor.feedback.packs.pack import Excerpt, Pack
from mlops_mentor.feedback.packs.store import PackStore

PACK = Pack("ci_cd", (Excerpt("ø.yaml", "b" * 40, 2, ((1, "on: push"), (2, "é"))),), ("A fact.",), 1, 2)


def test_a_pack_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = PackStore(tmp_path / "packs")

    assert store.write(PACK).name == f"{PACK.pack_id}.json.gz"
    assert store.read(PACK.pack_id) == PACK


def test_the_same_pack_is_the_same_bytes(tmp_path: Path) -> None:
    first, second = PackStore(tmp_path / "a").write(PACK), PackStore(tmp_path / "b").write(PACK)

    assert first.read_bytes() == second.read_bytes()


def test_what_is_not_there_or_damaged_or_of_another_name_is_no_pack(tmp_path: Path) -> None:
    store = PackStore(tmp_path)
    assert store.read("0" * 32) is None

    path = store.write(PACK)
    store.path("0" * 32).write_bytes(path.read_bytes())
    assert store.read("0" * 32) is None

    path.write_bytes(path.read_bytes()[:-20])
    assert store.read(PACK.pack_id) is None
    path.write_bytes(gzip.compress(b'{"area": 1}'))
    assert store.read(PACK.pack_id) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 32, "0" * 31])
def test_only_ids_are_names_of_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        PackStore(tmp_path).path(name)


def test_boundaries_are_stable_differ_by_pack_and_by_data_directory(tmp_path: Path) -> None:
    boundary = PackStore(tmp_path / "a").boundary("0" * 32)

    assert re.fullmatch(r"[0-9a-f]{24}", boundary)
    assert PackStore(tmp_path / "a").boundary("0" * 32) == boundary
    assert PackStore(tmp_path / "a").boundary("1" * 32) != boundary
    assert PackStore(tmp_path / "b").boundary("0" * 32) != boundary


def test_the_secret_is_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    PackStore(tmp_path).boundary("0" * 32)

    (secret,) = tmp_path.iterdir()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and secret.stat().st_size == 32


def test_many_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: PackStore(tmp_path / "packs").boundary("0" * 32), range(64)))

    assert len(found) == 1
