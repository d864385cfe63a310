"""Real repositories for tests, made and asked by plain git: what the package says is compared with what git says.

Nothing here uses the package's own way to git, so that a mistake there cannot hide itself.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlops_mentor.repos.mirror import Limits, MirrorState, update_mirror
from mlops_mentor.roster.addresses import Address

MAIN = "refs/heads/main"
BEGIN = datetime(2027, 1, 5, 9, tzinfo=UTC)
EXECUTABLE, LINK, GITLINK = b"100755", b"120000", b"160000"

# Content, (mode, content), or None for what is deleted.
Change = bytes | tuple[bytes, bytes] | None


def clean_environment(**more: str) -> dict[str, str]:
    """For plain git: nobody's configuration, fixed names."""
    names = {
        f"GIT_{role}_{what}": f"{role} {what}".lower() for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    isolation = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull, "LC_ALL": "C"}
    # Where git knows it, lazy fetches of partial clones are off, as they are for the package.
    return {"PATH": os.environ["PATH"], "GIT_NO_LAZY_FETCH": "1", **isolation, **names, **more}


def plain_git(repository: Path, *args: str, stdin: bytes = b"", **environment: str) -> bytes:
    """What git prints; raises CalledProcessError when it fails."""
    command = ["git", "-C", str(repository), *args]
    done = subprocess.run(command, input=stdin, capture_output=True, check=True, env=clean_environment(**environment))
    return done.stdout


class Source:
    """A bare repository of a student group. Every commit is an hour after the one before."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        plain_git(
            path.parent,
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            f"--object-format={object_format}",
            str(path),
        )
        self._num_commits = 0

    @property
    def address(self) -> Address:
        return Address(str(self.path), "file")

    def git(self, *args: str, stdin: bytes = b"") -> bytes:
        return plain_git(self.path, *args, stdin=stdin)

    def sha(self, ref: str = MAIN) -> str:
        return self.git("rev-parse", "--verify", ref).decode().strip()

    def commit(
        self,
        changes: Mapping[bytes, Change] | None = None,
        *,
        message: bytes = b"Work",
        ref: str = MAIN,
        parents: Sequence[str] | None = None,
        at: datetime | None = None,
        author: bytes = b"Ada Lovelace <ada@uni.example>",
    ) -> str:
        """Add a commit to `ref` and return its id; its parent is the ref's tip unless `parents` are given."""
        self._num_commits += 1
        seconds = int((at or BEGIN + timedelta(hours=self._num_commits)).timestamp())
        if parents is None:
            exists = self.git("for-each-ref", "--format=%(objectname)", ref).decode().split()
            parents = exists[:1]
        lines = [b"from %s\n" % parent.encode() for parent in parents[:1]]
        lines += [b"merge %s\n" % parent.encode() for parent in parents[1:]]
        # Built under a name of its own: fast-import would take the ref's tip for the parent of a root.
        stream = b"commit refs/building/%d\nauthor %s %d +0100\ncommitter %s %d +0100\ndata %d\n%s\n" % (
            self._num_commits, author, seconds, author, seconds, len(message), message,
        )  # fmt: skip
        stream += b"".join(lines) + b"".join(_file_command(path, change) for path, change in (changes or {}).items())
        self.git("fast-import", "--quiet", "--done", "--date-format=raw", stdin=stream + b"done\n")
        sha = self.sha(f"refs/building/{self._num_commits}")
        self.git("update-ref", "-d", f"refs/building/{self._num_commits}")
        self.git("update-ref", ref, sha)
        return sha

    def store(self, kind: str, content: bytes) -> str:
        """Store an object as it is, whether git would make such a one or not."""
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", stdin=content).decode().strip()


def _file_command(path: bytes, change: Change) -> bytes:
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
    if change is None:
        return b"D %s\n" % quoted
    mode, content = change if isinstance(change, tuple) else (b"100644", change)
    if mode == GITLINK:
        return b"M %s %s %s\n" % (mode, content, quoted)
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted, len(content), content)


def mirrored(source: Source | Path, mirror: Path, limits: Limits = Limits()) -> MirrorState:  # noqa: B008 - frozen
    """Bring a mirror of the repository up to date."""
    path = source.path if isinstance(source, Source) else source
    return update_mirror(Address(str(path), "file"), mirror, limits)
