"""Where a link in the report leads within the repository. Nothing is ever followed or asked.

Belongs here: from a target as written to a path of the tree. Whether that is well is for `rules`.
"""

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, unquote, urlsplit

import polars as pl

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)
_WORKFLOW_PAGE = re.compile(r"actions/workflows/([^/]+\.ya?ml)(/badge\.svg)?/?$", re.IGNORECASE)
_IN_TREE = frozenset({"blob", "tree", "raw", "blame", "edit"})
_USUAL_BRANCHES = frozenset({"main", "master", "head"})


@dataclass(frozen=True)
class TreeFile:
    """A tracked file: what is needed of it."""

    path: str
    blob_id: str
    kind: str
    is_starter_code: bool | None


@dataclass(frozen=True)
class Target:
    """Where a link leads.

    `status`: `found`; `misplaced` and `other_case`, which only people find; `missing`; `embedded` (data in the link);
    `run` (a run of the group's own workflows), `own_other` (another page or branch of its repository), `outside` and
    `anchor` (a place in the report), which the files cannot show. `path` is a file or folder of the tree.
    """

    status: str
    path: str | None = None
    file: TreeFile | None = None


class Tree:
    """The files of a snapshot, and which addresses are theirs."""

    def __init__(self, files: pl.DataFrame, repos: Iterable[str] = (), default_branch: str | None = None) -> None:
        """`repos` are `owner/name` on GitHub, former names included."""
        self._frame = files
        self._repos = frozenset(repo.casefold().removesuffix(".git") for repo in repos)
        self._branches = _USUAL_BRANCHES | ({default_branch.casefold()} if default_branch else set())

    @cached_property
    def files(self) -> dict[str, TreeFile]:
        """Files by path."""
        columns = self._frame.select("path", "blob_id", "kind", "is_starter_code")
        return {row[0]: TreeFile(*row) for row in columns.iter_rows()}

    @cached_property
    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.files:
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {_fold(path): path for path in (*self._folders, *self.files)}

    def files_below(self, folder: str) -> Iterable[TreeFile]:
        """The files of a folder, those of its folders included."""
        return (file for path, file in self.files.items() if path.startswith(folder + "/"))

    def resolve(self, target: str, folder: str) -> Target:
        """Where `target`, written in a file of `folder`, leads."""
        target = target.strip()
        if target.startswith("#"):
            return Target("anchor")
        if target[:5].casefold() == "data:":
            return Target("embedded")
        if target.startswith("//") or _SCHEME.match(target):
            return self._resolve_address(target)
        return self._resolve_path(target, folder)

    def _resolve_path(self, target: str, folder: str) -> Target:
        bare = re.split(r"[?#]", target, maxsplit=1)[0]
        # A `#` or `?` may belong to the name; `%20` may too.
        written = list(dict.fromkeys((unquote(bare), bare, unquote(target), target)))
        bases = [""] if target.startswith("/") else [folder]
        for path in written:
            for base in bases:
                if found := self._exact(_join(base, path)):
                    return found
        for path in written:
            slashed = path.replace("\\", "/")
            for base in {folder, ""}:
                joined = _join(base, slashed)
                if found := self._exact(joined):
                    return Target("misplaced", found.path, found.file)
                other = self._folded.get(_fold(joined)) if joined else None
                if other:
                    status = "other_case" if base in bases else "misplaced"
                    return Target(status, other, self.files.get(other))
        return Target("missing", _join(bases[0], written[0]))

    def _exact(self, path: str | None) -> Target | None:
        if path is None:
            return None
        if path in self.files:
            return Target("found", path, self.files[path])
        if path == "" or path in self._folders:
            return Target("found", path)
        normalised = unicodedata.normalize("NFC", path)
        return self._exact(normalised) if normalised != path else None

    def _resolve_address(self, address: str) -> Target:
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return Target("outside")
        segments = [segment for segment in unquote(parts.path).split("/") if segment]
        if "/".join(segments[:2]).casefold().removesuffix(".git") not in self._repos or len(segments) < 2:
            return Target("outside")
        if host == "raw.githubusercontent.com":
            return self._in_branch(segments[2:])
        if host != "github.com":
            return Target("outside")
        return self._page(segments[2:], parts)

    def _page(self, segments: list[str], parts: SplitResult) -> Target:
        if not segments:
            return Target("found", "")
        if segments[0] in _IN_TREE:
            return self._in_branch(segments[1:])
        if workflow := _WORKFLOW_PAGE.search("/".join(segments)):
            path = f".github/workflows/{workflow[1]}"
            return self._exact(path) or Target("missing", path)
        return Target("run" if "/actions" in parts.path else "own_other")

    def _in_branch(self, segments: list[str]) -> Target:
        """`<branch>/<path>`: a branch may have slashes in its name."""
        if segments[:2] == ["refs", "heads"]:
            segments = segments[2:]
        if len(segments) <= 1:
            return Target("found", "")
        is_usual = segments[0].casefold() in self._branches
        for i in range(1, 2 if is_usual else min(len(segments), 6)):
            if found := self._exact("/".join(segments[i:])):
                return found
        return Target("missing", "/".join(segments[1:])) if is_usual else Target("own_other")


def _join(base: str, path: str) -> str | None:
    """A path of the tree; None for what leads out of it."""
    if len(path) > 4000:
        return None
    joined = posixpath.normpath(posixpath.join(base, path.lstrip("/"))) if path else base
    if joined == "..":
        return None
    return "" if joined in (".", "/") else None if joined.startswith("../") else joined


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
