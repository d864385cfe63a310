"""Packs on disk, by the hash of what they show, and the boundary that fences are made of.

Belongs here: writing and reading them. A process killed at any moment leaves every pack whole.
"""

import contextlib
import gzip
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlops_mentor.feedback.packs.pack import Pack
from mlops_mentor.storage.whole_files import PRIVATE, replace_whole, written_beside

_PACK_ID = re.compile(r"[0-9a-f]{32}")
_SECRET_BYTES = 32
_BOUNDARY_CHARACTERS = 24
_LEVEL = 6


@dataclass(frozen=True)
class PackStore:
    """The packs under `root`: `<root>/<pack_id>.json.gz`; the secret of the fences lies beside them."""

    root: Path

    def path(self, pack_id: str) -> Path:
        """Where the pack is stored.

        Raises:
            ValueError: that is no id of a pack.
        """
        if not _PACK_ID.fullmatch(pack_id):
            raise ValueError(f"no id of a pack: {pack_id[:40]!r}")
        return self.root / f"{pack_id}.json.gz"

    def write(self, pack: Pack) -> Path:
        """Store the pack, unless it is stored already: equal packs are equal files."""
        target = self.path(pack.pack_id)
        if not target.is_file():
            content = gzip.compress(pack.to_json().encode(), compresslevel=_LEVEL, mtime=0)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(target, content, mode=PRIVATE)
        return target

    def read(self, pack_id: str) -> Pack | None:
        """The stored pack; None where there is none, or it is not what its name says."""
        try:
            pack = Pack.from_json(gzip.decompress(self.path(pack_id).read_bytes()).decode())
        except (OSError, EOFError, ValueError):
            return None
        return pack if pack.pack_id == pack_id else None

    def boundary(self, pack_id: str) -> str:
        """What fences of this pack are made of: always the same, and not to be guessed without the secret."""
        digest = hmac.new(self._secret, pack_id.encode(), hashlib.sha256).hexdigest()
        return digest[:_BOUNDARY_CHARACTERS]

    @cached_property
    def _secret(self) -> bytes:
        """Made once, whoever comes first."""
        file = self.root / ".fence-secret"
        with contextlib.suppress(FileNotFoundError):
            return file.read_bytes()
        self.root.mkdir(parents=True, exist_ok=True)
        with written_beside(file, secrets.token_bytes(_SECRET_BYTES), mode=PRIVATE) as made:
            try:
                # A link, unlike a move, never replaces what another process has made meanwhile.
                os.link(made, file)
            except FileExistsError:
                pass
            except OSError:
                # Some file systems have no links.
                made.replace(file)
        return file.read_bytes()
