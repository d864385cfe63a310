"""Former versions of a snapshot's texts: what its history holds and the snapshot itself does not.

Belongs here: listing them in one pass over the history, and reading a bounded number of them. What they show is for
the callers.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from mlops_mentor.repos import git
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.files import is_vendored_or_generated

# Of what people write by hand; prose and notebooks are left out.
_PATHS = (
    "*.py", "*.yaml", "*.yml", "*.toml", "*.sh", "*.bash", "*.cfg", "*.ini", "*.tf", "*.dockerfile", "*Dockerfile*",
    "*Makefile", "*.dvc/config",
)  # fmt: skip
# Newest first: what is older than these is not looked at.
MAX_COMMITS = 5000
MAX_BLOBS = 4000
MAX_TOTAL_BYTES = 8 * 2**20
MAX_BYTES = 128 * 2**10
_BATCH = 250
_CHANGE = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [A-Z]\d{0,3}\0([^\0]*)\0")
_REGULAR = (b"100644", b"100755")


def past_texts(mirror: Path, sha: str, current_blob_ids: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """(path, blob id, text) of former versions of code and settings that the snapshot `sha` reaches, newest first.

    Blobs in `current_blob_ids` are left out, as are vendored and generated files, those that the mirror lacks, and what
    is beyond the limits above. Git runs when the first is asked for; what is not asked for is not read.

    Raises:
        RepoError: git cannot read the mirror.
    """
    listed = list(islice(_former(mirror, sha, frozenset(current_blob_ids)), MAX_BLOBS))
    paths = {blob_id: path for path, blob_id in listed}
    sizes = _sizes(mirror, list(paths))
    total = 0
    chosen = []
    for blob_id, size in sizes.items():
        if size is not None and size <= MAX_BYTES and total + size <= MAX_TOTAL_BYTES:
            total += size
            chosen.append((blob_id, size))
    for start in range(0, len(chosen), _BATCH):
        batch = chosen[start : start + _BATCH]
        for blob_id, content in read_blobs(mirror, [each for each, _ in batch], [size for _, size in batch]):
            if content is not None and b"\0" not in content:
                yield paths[blob_id], blob_id, content.decode("utf-8", "replace")


def _former(mirror: Path, sha: str, current: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(path, blob id), each blob once. Both sides of a change count: what a merge brought in has no other trace."""
    options = ("--raw", "-z", "--no-renames", "--no-abbrev", "--format=", f"--max-count={MAX_COMMITS}")
    output = git.read(mirror, "log", *options, sha, "--", *_PATHS)
    seen = set(current)

    @cache
    def is_own(path: str) -> bool:
        return not is_vendored_or_generated(path)

    for match in _CHANGE.finditer(output):
        path = match[5].decode("utf-8", "backslashreplace")
        for mode, found in ((match[2], match[4]), (match[1], match[3])):
            blob_id = found.decode()
            if blob_id not in seen and mode in _REGULAR and is_own(path):
                seen.add(blob_id)
                yield path, blob_id


def _sizes(mirror: Path, blob_ids: list[str]) -> dict[str, int | None]:
    if not blob_ids:
        return {}
    stdin = ("\n".join(blob_ids) + "\n").encode()
    output = git.read(mirror, "cat-file", "--batch-check=%(objectsize)", "--buffer", stdin=stdin)
    # A missing one is answered with `<id> missing`.
    sizes = (None if b" " in line else int(line) for line in output.splitlines())
    return dict(zip(blob_ids, sizes, strict=True))
