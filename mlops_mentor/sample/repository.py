"""A history on disk: a bare repository, made at once or left as it is.

Belongs here: git init, git fast-import and the swap into place. What is in a history belongs to `history` and to the
modules of the groups.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

from mlops_mentor.errors import GitError
from mlops_mentor.repos import git
from mlops_mentor.sample.history import History

# Larger files go straight into the pack: fast-import would otherwise look for a delta.
_BIG_FILE = "1m"


def write_repository(path: Path, history: History) -> None:
    """Make `path` a bare repository of exactly this history; an equal one that is there already stays untouched."""
    workspace = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        fresh = workspace / "fresh"
        fresh.mkdir()
        _import(fresh, history)
        if path.exists() and _refs(path) == _refs(fresh):
            return
        # A directory cannot replace one that holds files, so the old one steps aside first.
        with contextlib.suppress(FileNotFoundError):
            path.rename(workspace / "stale")
        fresh.rename(path)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _import(repository: Path, history: History) -> None:
    git.read(repository, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--object-format=sha1")
    stream = history.stream()
    if stream:
        # One pack even for few objects: thousands of loose files would be slower to write and to clone.
        unpack_never = ("-c", "fastimport.unpackLimit=1")
        importing = ("fast-import", "--quiet", "--done", f"--big-file-threshold={_BIG_FILE}")
        git.read(repository, *unpack_never, *importing, stdin=stream)


def _refs(repository: Path) -> bytes | None:
    try:
        head = git.read(repository, "symbolic-ref", "HEAD")
        return head + git.read(repository, "for-each-ref", "--format=%(objectname) %(refname)")
    except (GitError, OSError):
        return None
