"""Starter code: every blob that the course handed out, so that nobody is credited for it.

Belongs here: the ids of these blobs, and where they were. Comparing code that was edited belongs to the evidence.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from mlops_mentor.errors import ConfigError
from mlops_mentor.repos import git
from mlops_mentor.roster.addresses import Address, AddressError, parse_address
from mlops_mentor.schemas import STARTER_FILES, STARTER_SHAPES

_CHANGE = re.compile(r"(?s):\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) [A-Z]\0([^\0]*)\0")
_FILE_MODES = ("100644", "100755")


def starter_addresses(texts: Iterable[str], course_file: Path) -> list[Address]:
    """The addresses of `course.yaml`, relative ones beside that file.

    Raises:
        ConfigError: one cannot be used.
    """
    try:
        return [parse_address(text, base=course_file.parent) for text in texts]
    except AddressError as error:
        raise ConfigError(f"{course_file}: starter_code: {error}.") from None


def starter_mirror(mirrors_dir: Path, address: Address) -> Path:
    """Where the mirror of a starter-code repository is."""
    return mirrors_dir / f"starter-{hashlib.sha256(address.url.encode()).hexdigest()[:10]}.git"


def starter_files_key(refs_ids: Iterable[str]) -> str:
    """The key of the table `starter_files`, from the heads of its repositories."""
    return f"{STARTER_FILES.version}:{':'.join(refs_ids)}"


def starter_shapes_key(refs_ids: Iterable[str]) -> str:
    """The key of the table `starter_shapes`, from the heads of its repositories."""
    return f"{STARTER_SHAPES.version}:{':'.join(refs_ids)}"


def read_starter_files(mirrors: Iterable[tuple[str, Path]]) -> pl.DataFrame:
    """The table `starter_files`, from (address, mirror) of each starter-code repository.

    Branches and tags count; pull requests do not, because students of earlier years may have opened them.

    Raises:
        RepoError: git cannot read a mirror.
    """
    frames = [pl.DataFrame(schema=STARTER_FILES.schema)]
    for url, mirror in mirrors:
        listed = git.read(
            mirror, "rev-list", "--objects", "--no-object-names", "--missing=print", "--filter=object:type=blob",
            "--filter-provided-objects", "--branches", "--tags",
        )  # fmt: skip
        blob_ids = sorted({line.removeprefix("?") for line in listed.decode().split()})
        frames.append(
            pl.DataFrame({"repo_url": [url] * len(blob_ids), "blob_id": blob_ids}, schema=STARTER_FILES.schema)
        )
    return pl.concat(frames).unique(maintain_order=True)


def read_starter_paths(mirror: Path) -> list[tuple[str, str]]:
    """(blob id, path) of every file that was in any commit of branches and tags, each pair once, in order.

    Raises:
        RepoError: git cannot read the mirror.
    """
    said = git.read(
        mirror, "log", "--format=", "--raw", "--no-abbrev", "--root", "-m", "--no-renames", "--diff-filter=AMT", "-z",
        "--branches", "--tags",
    )  # fmt: skip
    changes = _CHANGE.findall(said.decode("utf-8", "replace"))
    return sorted({(blob_id, path) for mode, blob_id, path in changes if mode in _FILE_MODES})


def read_starter_commits(mirrors: Iterable[Path]) -> frozenset[str]:
    """Ids of all commits of the starter code: a group that began with a clone of it has them too.

    Raises:
        RepoError: git cannot read a mirror.
    """
    listed = (git.read(mirror, "rev-list", "--branches", "--tags").decode() for mirror in mirrors)
    return frozenset(sha for text in listed for sha in text.split())
