"""Citations: whether what a model says it has read stands in the file at the commit, and where.

Belongs here: which file a citation means, and what becomes of it. Comparing texts is for `matching`.

A quote must stand in the file at the commit as a reviewer may see it, within what was shown or beside it: the file
proves it either way. Lines are corrected; a quote that stands only in another file is dropped, and so are one that is
paraphrased, one that leaves something out in its middle, and one too short to tell where it is from. What is kept is
the file's own text, never the model's.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mlops_mentor.feedback.judge.answer import GivenCitation
from mlops_mentor.feedback.judge.matching import FlatFile
from mlops_mentor.feedback.judge.plain_text import plain
from mlops_mentor.feedback.judgement import Citation
from mlops_mentor.feedback.packs.pack import ReadSource

_LINES_AT_END = re.compile(r"(?:#L|:)\d{1,7}(?:-L?\d{1,7})?$")
_MAX_LINE = 10_000_000


@dataclass(frozen=True)
class Dropped:
    """A citation that does not hold. In words: `path:line: reason`."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{' '.join(plain(self.path).split())[:200] or '?'}:{self.line}: {self.reason}"


@dataclass
class Verifier:
    """Checks citations against the sources of one commit.

    `shown` are the paths of which a reviewer was shown something, `paths` all of the commit: a path that is one of
    these is never taken for another.
    """

    read: ReadSource
    shown: Sequence[str]
    paths: Collection[str] = ()
    _files: dict[str, tuple[str, FlatFile] | None] = field(default_factory=dict)

    def verify(self, given: GivenCitation) -> Citation | Dropped:
        """The citation as the file has it, or why it does not hold."""
        first = min(max(given.start_line, 1), _MAX_LINE)
        last = min(max(given.end_line, first), _MAX_LINE)
        if not given.path.strip() or not given.quote.strip():
            return Dropped(given.path, first, "no path or no quote")
        path = self._path(given.path)
        found = self._file(path) if path is not None else None
        if path is None or found is None:
            return Dropped(given.path, first, "no such file of the group's own")
        blob_id, file = found
        place = file.find(given.quote, first, last)
        if place is None:
            return Dropped(path, first, "the quote does not stand in this file")
        if not place.is_distinctive:
            return Dropped(path, first, "the quote is too short to tell where it is from")
        is_moved = not first <= place.start_line <= last
        return Citation(path, place.start_line, place.end_line, place.text, blob_id, is_moved)

    def _path(self, named: str) -> str | None:
        """The path that is meant: as named, without what models add, or the only one shown that fits.

        It fits if it ends with the one named, or the one named with it: `train.py`, `the-repo/src/train.py`.
        """
        for path in _spellings(named):
            if path in self.paths or self._file(path) is not None:
                return path
        path = _spellings(named)[-1].casefold()
        fitting = {
            each for each in self.shown if _ends_with(each.casefold(), path) or _ends_with(path, each.casefold())
        }
        return fitting.pop() if len(fitting) == 1 else None

    def _file(self, path: str) -> tuple[str, FlatFile] | None:
        if path not in self._files:
            source = self.read(path)
            self._files[path] = (source.blob_id, FlatFile(source.lines)) if source is not None else None
        return self._files[path]


def _spellings(named: str) -> tuple[str, str]:
    """A path as it was named, and without fences, `./`, a slash before it and line numbers behind it."""
    path = _LINES_AT_END.sub("", named.strip(" \t\r\n`\"'<>[]"))
    return named, path.replace("\\", "/").removeprefix("./").lstrip("/")


def _ends_with(path: str, end: str) -> bool:
    return bool(end) and (path == end or path.endswith(f"/{end}"))
