"""A commit history as a stream for `git fast-import`.

Belongs here: people, trees, commits, branches and merges as git stores them. Which commits a group made belongs to the
module of that group; running git belongs to `repository`. The same calls give the same bytes on every machine, and so
the same commit names: nothing here asks for the time, the user or the platform.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MAIN = "refs/heads/main"


@dataclass(frozen=True)
class Person:
    """The identity that a commit names."""

    name: str
    email: str


@dataclass(frozen=True)
class Entry:
    """What a tree holds at a path: a mode and the content (for a gitlink, the name of the commit)."""

    mode: str
    content: bytes


Changes = Mapping[bytes, Entry | None]


def regular(content: str | bytes) -> Entry:
    """An ordinary file."""
    return Entry("100644", content.encode() if isinstance(content, str) else content)


def symbolic_link(target: str) -> Entry:
    """A symbolic link."""
    return Entry("120000", target.encode())


def gitlink(commit: str) -> Entry:
    """A submodule's commit."""
    return Entry("160000", commit.encode())


def pull_ref(number: int) -> str:
    """Where a forge keeps the last commit of a pull request."""
    return f"refs/pull/{number}/head"


@dataclass
class _Branch:
    """A branch while it grows: its last commit (0: none yet), that commit's tree, and the tree at the fork."""

    commit: int = 0
    tree: dict[bytes, Entry] = field(default_factory=dict)
    fork: dict[bytes, Entry] = field(default_factory=dict)

    def changes(self) -> dict[bytes, Entry | None]:
        """What the branch did since it forked."""
        paths = sorted(self.tree.keys() | self.fork.keys())
        return {path: self.tree.get(path) for path in paths if self.tree.get(path) != self.fork.get(path)}


class History:
    """A repository's commits in the order in which they are made. Branches are named by their full ref."""

    def __init__(self) -> None:
        self._stream: list[bytes] = []
        self._blobs: dict[bytes, int] = {}
        self._marks = 0
        self._branches = {MAIN: _Branch()}

    def branch(self, ref: str, start: str = MAIN) -> None:
        """Start a branch at the last commit of another one."""
        origin = self._branches[start]
        self._branches[ref] = _Branch(origin.commit, dict(origin.tree), dict(origin.tree))

    def tree(self, ref: str) -> Mapping[bytes, Entry]:
        """What the branch holds now."""
        return self._branches[ref].tree

    def commit(
        self,
        ref: str,
        author: Person,
        at: datetime,
        message: str,
        changes: Changes,
        *,
        committer: Person | None = None,
        merged: str | None = None,
    ) -> None:
        """Add a commit to the branch; `merged` names the branch of a second parent.

        Raises:
            ValueError: the commit changes nothing, which is a slip in a group's history.
        """
        branch = self._branches[ref]
        changes = {path: entry for path, entry in changes.items() if branch.tree.get(path) != entry}
        if not changes:
            raise ValueError(f"{ref} at {at}: {message!r} changes nothing")
        lines = [self._file_command(path, entry) for path, entry in sorted(changes.items())]
        self._marks += 1
        self._stream += [
            f"commit {ref}\nmark :{self._marks}\n".encode(),
            _identity("author", author, at),
            _identity("committer", committer or author, at),
            _data(message.encode("utf-8", "surrogateescape") + b"\n"),
            f"from :{branch.commit}\n".encode() if branch.commit else b"",
            f"merge :{self._branches[merged].commit}\n".encode() if merged else b"",
            *lines,
        ]
        branch.commit = self._marks
        branch.tree |= {path: entry for path, entry in changes.items() if entry is not None}
        for path in [path for path, entry in changes.items() if entry is None]:
            del branch.tree[path]

    def merge(self, into: str, ref: str, author: Person, at: datetime, message: str, committer: Person) -> None:
        """Merge a branch with a merge commit."""
        self.commit(into, author, at, message, self._branches[ref].changes(), committer=committer, merged=ref)

    def squash(self, into: str, ref: str, author: Person, at: datetime, message: str, committer: Person) -> None:
        """Add the changes of a branch as one commit that does not name the branch."""
        self.commit(into, author, at, message, self._branches[ref].changes(), committer=committer)

    def stream(self) -> bytes:
        """The input of `git fast-import`; empty for a history without commits."""
        return b"".join([*self._stream, b"done\n"]) if self._stream else b""

    def _file_command(self, path: bytes, entry: Entry | None) -> bytes:
        if entry is None:
            return b"D " + _quoted(path) + b"\n"
        if entry.mode == "160000":
            return b"M 160000 " + entry.content + b" " + _quoted(path) + b"\n"
        return f"M {entry.mode} :{self._blob(entry.content)} ".encode() + _quoted(path) + b"\n"

    def _blob(self, content: bytes) -> int:
        if content not in self._blobs:
            self._marks += 1
            self._blobs[content] = self._marks
            # Three parts and not one, so that the largest file is not copied once more.
            self._stream += [f"blob\nmark :{self._marks}\ndata {len(content)}\n".encode(), content, b"\n"]
        return self._blobs[content]


def _identity(role: str, person: Person, at: datetime) -> bytes:
    return f"{role} {person.name} <{person.email}> {int(at.timestamp())} {at:%z}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: bytes) -> bytes:
    # Octal for every byte that could end or change a command of the stream.
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-"
    return b'"' + b"".join(bytes([byte]) if byte in plain else b"\\%03o" % byte for byte in path) + b'"'
