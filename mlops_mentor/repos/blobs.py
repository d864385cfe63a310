"""Blobs of a mirror: contents by id.

Belongs here: reading them. What a content means is for the callers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from mlops_mentor.repos import git

# (ids, sizes in bytes) -> (id, content or None) of each: `KeptBlobs`, or whatever else gives blobs.
ReadBlobs = Callable[[Sequence[str], Sequence[int | None]], Iterable[tuple[str, bytes | None]]]

# Reading holds a blob twice, for every group that is worked on at that moment: a workstation has room for this much.
# Nobody wrote a larger text by hand; a local repository, where no server's limit holds, may have a dump of gigabytes.
MAX_READ_BYTES = 64 * 2**20
# So much is kept of what was read for one group, which asks for most of it several times.
_MAX_KEPT_BYTES = 48 * 2**20


def read_blobs(
    mirror: Path, blob_ids: Sequence[str], sizes: Sequence[int | None] | None = None
) -> Iterator[tuple[str, bytes | None]]:
    """(id, content) of each blob in one go; None where it is missing, or larger than `MAX_READ_BYTES`.

    All of it is held in memory. `sizes` (bytes) are asked of git where the caller does not know them already.
    """
    sizes = _sizes(mirror, blob_ids) if sizes is None else sizes
    readable = [blob_id for blob_id, size in zip(blob_ids, sizes, strict=True) if _is_readable(size)]
    output = git.read(mirror, "cat-file", "--batch", "--buffer", stdin=_lines(readable)) if readable else b""
    position = 0
    for blob_id, size in zip(blob_ids, sizes, strict=True):
        if size is None or not _is_readable(size):
            yield blob_id, None
            continue
        start = output.index(b"\n", position) + 1
        yield blob_id, output[start : start + size]
        position = start + size + 1


class KeptBlobs:
    """Reads blobs of a mirror as `read_blobs` does, each once as long as there is room for what was read."""

    def __init__(self, mirror: Path) -> None:
        self._mirror = mirror
        self._contents: dict[str, bytes | None] = {}
        self._bytes = 0

    def __call__(self, blob_ids: Sequence[str], sizes: Sequence[int | None]) -> Iterable[tuple[str, bytes | None]]:
        """(id, content) of each, in the order given.

        Raises:
            RepoError: git cannot read the mirror.
        """
        missing = {
            blob_id: size for blob_id, size in zip(blob_ids, sizes, strict=True) if blob_id not in self._contents
        }
        new = dict(read_blobs(self._mirror, list(missing), list(missing.values())))
        found = [(blob_id, new[blob_id] if blob_id in new else self._contents[blob_id]) for blob_id in blob_ids]
        for blob_id, content in new.items():
            if self._bytes + len(content or b"") <= _MAX_KEPT_BYTES:
                self._bytes += len(content or b"")
                self._contents[blob_id] = content
        return found


def _sizes(mirror: Path, blob_ids: Sequence[str]) -> list[int | None]:
    if not blob_ids:
        return []
    output = git.read(mirror, "cat-file", "--batch-check=%(objectsize)", "--buffer", stdin=_lines(blob_ids))
    # A missing one is answered with `<id> missing`.
    return [None if b" " in line else int(line) for line in output.splitlines()]


def _is_readable(size: int | None) -> bool:
    return size is not None and size <= MAX_READ_BYTES


def _lines(blob_ids: Sequence[str]) -> bytes:
    return ("\n".join(blob_ids) + "\n").encode()
