"""Snapshots that counted, kept for good: refs of the mirror, `refs/counted/<deadline>/<rule>`.

Belongs here: noting, reading and carrying them over. As refs they keep their commits from being pruned, and need no
table of the lake. No address that is fetched from can write there: such refs are never fetched. They are not heads
either, so `refs_id` and the tables know nothing of them.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops_mentor.errors import GitError
from mlops_mentor.repos import git

_PREFIX = "refs/counted/"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Counted:
    """A commit that counted, with its committer date in seconds since the epoch (None when it has none)."""

    sha: str
    committed: int | None


def counted(mirror: Path, deadline: datetime) -> Mapping[str, Counted]:
    """By rule, what was noted for this very deadline."""
    prefix = _folder(deadline)
    listed = git.read(mirror, "for-each-ref", "--format=%(refname) %(objectname) %(committerdate:unix)", prefix)
    rows = (line.split(" ") for line in listed.decode().splitlines())
    return {name.removeprefix(prefix): Counted(sha, int(seconds) if seconds else None) for name, sha, seconds in rows}


def note_counted(mirror: Path, deadline: datetime, rule: str, sha: str, *, instead_of: str | None = None) -> None:
    """Keep `sha` as what counted at `deadline` by `rule`.

    Raises:
        GitError: another one than `instead_of` is noted there already, or the commit is not in the mirror.
    """
    # An empty old value means that the ref must not exist: a snapshot is never overwritten by accident.
    git.read(mirror, "update-ref", f"{_folder(deadline)}{rule}", sha, instead_of or "")


def all_counted(mirror: Path) -> dict[str, str]:
    """Ids of all snapshots that counted, by ref, also where the mirror is damaged."""
    try:
        listed = git.read(mirror, "for-each-ref", "--format=%(refname) %(objectname)", _PREFIX)
    except (GitError, OSError):
        listed = b""
    # Git leaves out what it cannot resolve, and says nothing where the repository is damaged; the files still know.
    return _in_files(mirror) | _pairs(listed.decode("utf-8", "surrogateescape").split("\n"))


def forget_counted(mirror: Path) -> None:
    """Drop all of them: the copy of a folder has the refs of its source, which are none of ours."""
    _update(mirror, [f"delete {ref}\0\0" for ref in all_counted(mirror)])


def put_counted(mirror: Path, refs: Mapping[str, str]) -> None:
    """Make `refs`, whose commits are there."""
    _update(mirror, [f"create {ref}\0{sha}\0" for ref, sha in refs.items()])


def carry_commit(old: Path, fresh: Path, sha: str) -> None:
    """Copy what a commit of the mirror `old` needs and `fresh` lacks.

    Blobs that `old` lacks stay missing. A fetch would give up there, so the objects are packed by name.

    Raises:
        GitError: a commit or a tree is in neither.
    """
    if _reaches(fresh, sha):
        return
    with _reader(old, fresh) as reader:
        listed = git.read(reader, "rev-list", "--objects", "--no-object-names", "--missing=print", sha, "--")
        ids = b"\n".join(line for line in listed.splitlines() if not line.startswith(b"?"))
        checked = git.read(fresh, "cat-file", "--batch-check", stdin=ids)
        lacking = [line.split(b" ")[0] for line in checked.splitlines() if line.endswith(b" missing")]
        if lacking:
            pack = fresh.absolute() / "objects" / "pack" / "pack"
            pack.parent.mkdir(parents=True, exist_ok=True)
            git.read(reader, "pack-objects", "--quiet", str(pack), stdin=b"\n".join(lacking) + b"\n")


@contextmanager
def _reader(old: Path, fresh: Path) -> Iterator[Path]:
    """A repository that borrows the objects of `old`, which may be damaged: only they are looked at."""
    reader = fresh.with_name(f"{fresh.name}.reader")
    try:
        git.init_bare(reader)
        # The format of ids is in it.
        shutil.copyfile(fresh / "config", reader / "config")
        alternates = reader / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text(f"{old.absolute() / 'objects'}\n", encoding="utf-8", errors="surrogateescape")
        yield reader
    finally:
        shutil.rmtree(reader, ignore_errors=True)


def _reaches(fresh: Path, sha: str) -> bool:
    """Whether heads of `fresh` reach the commit: one that is merely there may lack its parents or trees."""
    heads = ("--branches", "--tags", "--glob=refs/pull/*")
    found = git.read_until_failure(fresh, "rev-list", "--max-count=1", sha, "--not", *heads, "--")
    return found.exit_code == 0 and not found.stdout


def _update(mirror: Path, commands: list[str]) -> None:
    if commands:
        git.read(mirror, "update-ref", "-z", "--stdin", stdin="".join(commands).encode("utf-8", "surrogateescape"))


def _in_files(mirror: Path) -> dict[str, str]:
    """Refs as git stores them: each in a file of its own, or many in one."""
    loose = {
        path.relative_to(mirror).as_posix(): path.read_text("ascii", "replace").strip()
        for path in (mirror / _PREFIX).rglob("*")
        if path.is_file()
    }
    packed = mirror / "packed-refs"
    lines = packed.read_text("utf-8", "surrogateescape").split("\n") if packed.is_file() else []
    pairs = _pairs(" ".join(reversed(line.split(" "))) for line in lines)
    refs = pairs | loose
    return {ref: sha for ref, sha in refs.items() if ref.startswith(_PREFIX) and _OBJECT_ID.fullmatch(sha)}


def _pairs(lines: Iterable[str]) -> dict[str, str]:
    """`name id` on each line; other lines are left out."""
    return {pair[0]: pair[1] for line in lines if len(pair := line.split(" ")) == 2}


def _folder(deadline: datetime) -> str:
    return f"{_PREFIX}{deadline.astimezone(UTC):%Y%m%dT%H%M%SZ}/"
