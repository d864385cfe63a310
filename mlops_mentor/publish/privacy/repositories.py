"""Repositories: what of their addresses names a group.

Belongs here: owner, name and whether the name alone leads there. A name such as `mlops` or `exam_project` is a word
that anybody writes; replacing it would spoil texts and hide nothing.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mlops_mentor.roster.roster import Group

_PART = re.compile(r"[a-z]+|\d+")
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MIN_NAME = 8


@dataclass(frozen=True)
class Repository:
    """Where a group's work lies: its address, the segments before the name, the name; all as they are written.

    `is_distinctive`: whoever reads the name alone finds the repository. `is_on_web`: the address may be a link.
    """

    group: str | None
    url: str = field(repr=False)
    owners: tuple[str, ...] = field(repr=False)
    name: str = field(repr=False)
    is_distinctive: bool
    is_on_web: bool

    @property
    def is_shown(self) -> bool:
        """Whether it may be shown where the class agreed: no folder of this machine, nor that of who is left out."""
        return self.is_on_web and self.group is not None


def repositories_of(
    groups: Sequence[Group], public_names: Mapping[str, str], common: Collection[str]
) -> tuple[Repository, ...]:
    """The repositories of the groups, in their order.

    A name is distinctive where no other repository of the class has it, it has at least eight characters and two
    parts, and one of the parts is neither a common word nor a part of another repository's name in the class: what
    several groups came upon says nothing about any of them.
    """
    # A repository in two rows of a roster is one.
    segments = {group.address.url: _segments(group.address.url) for group in groups}
    names = {url: each[-1] for url, each in segments.items() if each}
    num_parts = Counter(part for name in names.values() for part in set(name_parts(name)))
    num_names = Counter("".join(name_parts(name)) for name in names.values())

    def is_distinctive(name: str) -> bool:
        parts = name_parts(name)
        is_unique = num_names["".join(parts)] == 1 and len("".join(parts)) >= _MIN_NAME and len(parts) > 1
        return is_unique and any(num_parts[part] == 1 and part not in common and len(part) > 1 for part in parts)

    return tuple(
        Repository(
            public_names.get(group.group_id),
            group.address.url,
            tuple(each[:-1]) if not group.address.is_local else (),
            each[-1],
            is_distinctive(each[-1]),
            group.address.transport == "https",
        )
        for group in groups
        if (each := segments[group.address.url])
    )


def name_parts(name: str) -> list[str]:
    """Words and numbers of a name, in small letters: `myDTU_group97` is my, dtu, group and 97."""
    return _PART.findall(_SPLIT.sub(" ", name).lower())


def _segments(url: str) -> list[str]:
    path = urlsplit(url).path if "://" in url else url.rpartition(":")[2]
    return [segment for segment in path.removesuffix(".git").split("/") if segment]
