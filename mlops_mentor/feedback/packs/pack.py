"""A pack: what a reviewer is shown for one area, and the sources that its quotes are checked against.

Belongs here: the shapes. What is chosen, cut and replaced is for the modules beside it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Protocol


@dataclass(frozen=True)
class Cleaned:
    """A file's lines as they may be shown, as many as came in, and the numbers (from 1) of those that were changed.

    `num_replaced` are secrets and personal data, `num_withheld` lines that address a reviewer.
    """

    lines: tuple[str, ...]
    num_replaced: int = 0
    num_withheld: int = 0
    replaced: frozenset[int] = frozenset()
    withheld: frozenset[int] = frozenset()


class Cleaner(Protocol):
    """Takes out what must not leave the machine, and what speaks to whoever reads."""

    def clean(self, path: str, lines: Sequence[str]) -> Cleaned:
        """The lines of the file at `path`, cleaned. Lines stay where they were."""

    def clean_path(self, path: str) -> str | None:
        """The path as it may be shown; None where the path itself addresses a reviewer."""


@dataclass(frozen=True)
class Source:
    """A file of the snapshot as a reviewer may see it: all its lines, secrets and personal data replaced.

    `path` is the repository's own, also where a reviewer is shown another one.
    A replacement leaves lines where they were. Of a notebook the lines are those of its code cells, one after another.
    """

    path: str
    blob_id: str
    lines: tuple[str, ...]


# The source of a path at the commit, as it is or as it is shown; None for what is no file of the group's own, or
# cannot be read.
ReadSource = Callable[[str], Source | None]


@dataclass(frozen=True)
class Excerpt:
    """What is shown of a file: (line number from 1, text) of each line shown, ascending. Gaps are left out.

    `path` is as it may be shown: without people's names. `num_lines` are those of the whole file.
    """

    path: str
    blob_id: str
    num_lines: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Pack:
    """What a reviewer is shown for one area.

    `facts` are lines of ours: what was measured and found, each a sentence or a list item. Texts of students stand in
    `excerpts` alone. `left_out` says `path: reason`; the counts are those of the table `review_packs`.
    """

    area: str
    excerpts: tuple[Excerpt, ...]
    facts: tuple[str, ...]
    num_files: int
    num_lines: int
    left_out: tuple[str, ...] = ()
    num_replaced: int = 0
    num_withheld: int = 0

    @cached_property
    def pack_id(self) -> str:
        """Hash of what is shown, whichever commit it is from."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:32]

    @property
    def num_lines_shown(self) -> int:
        return sum(len(excerpt.lines) for excerpt in self.excerpts)

    @property
    def coverage(self) -> str:
        """`41 of 57 files, 62 % of their lines`."""
        share = f", {100 * self.num_lines_shown / self.num_lines:.0f} % of their lines" if self.num_lines else ""
        return f"{len(self.excerpts)} of {self.num_files} files{share}"

    def to_json(self) -> str:
        """For `packs/`; `from_json` reads it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Pack":
        """The pack that `to_json` wrote.

        Raises:
            ValueError: it is none.
        """
        try:
            content = json.loads(text)
            excerpts = tuple(
                Excerpt(**{**each, "lines": tuple((int(number), str(line)) for number, line in each["lines"])})
                for each in content.pop("excerpts")
            )
            facts, left_out = tuple(content.pop("facts")), tuple(content.pop("left_out"))
            return cls(excerpts=excerpts, facts=facts, left_out=left_out, **content)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no pack: {error}") from None
