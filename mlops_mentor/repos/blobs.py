"""Blobs of a mirror: contents by id.

Belongs here: reading them. What a content means is for the callers.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlops_mentor.repos import git


def read_blobs(mirror: Path, blob_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """(id, content) of each blob in one go; None where it is missing. All of it is held in memory."""
    if not blob_ids:
        return
    stdin = ("\n".join(blob_ids) + "\n").encode()
    output = git.read(mirror, "cat-file", "--batch", "--buffer", stdin=stdin)
    position = 0
    for blob_id in blob_ids:
        end = output.index(b"\n", position)
        head = output[position:end].split(b" ")
        if head[1] == b"missing":
            yield blob_id, None
            position = end + 1
            continue
        size = int(head[2])
        yield blob_id, output[end + 1 : end + 1 + size]
        position = end + size + 2
