"""Starter code: every blob that the course handed out, so that nobody is credited for it.

Belongs here: the ids of these blobs. Comparing code that was edited belongs to the evidence.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from mlops_mentor.addresses import Address, AddressError, parse_address
from mlops_mentor.errors import ConfigError
from mlops_mentor.repos import git
from mlops_mentor.schemas import STARTER_FILES


def starter_addresses(texts: Iterable[str], course_file: Path) -> list[Address]:
    """The addresses of `course.yaml`, relative ones beside that file.

    Raises:
        ConfigError: one cannot be used.
    """
    try:
        return [parse_address(text, base=course_file.parent) for text in texts]
    except AddressError as error:
        raise ConfigError(f"{course_file}: starter_code: {error}.") from None


def starter_files_key(refs_ids: Iterable[str]) -> str:
    """The key of the table `starter_files`, from the heads of its repositories."""
    return f"{STARTER_FILES.version}:{':'.join(refs_ids)}"


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
