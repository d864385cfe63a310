"""Imports against declarations: what is used and not declared, what is declared and not used.

Belongs here: whose module an import is. The names that differ between modules and distributions are data
(`distributions.yaml`).
"""

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from mlops_mentor.evidence.code.declared import Declared, distributions
from mlops_mentor.evidence.code.syntax import Import, Module

# Of the standard library in Pythons that students have and this one has not.
_GONE = frozenset(
    {
        "distutils",
        "parser",
        "symbol",
        "formatter",
        "binhex",
        "imp",
        "asyncore",
        "asynchat",
        "smtpd",
        "annotationlib",
        "compression",
    }
)
_FREEZE_SIZE, _FREEZE_SHARE = 60, 0.9


@dataclass(frozen=True)
class Undeclared:
    """A distribution that code imports and no file names: the module, and where it is first imported."""

    distribution: str
    module: str
    path: str
    line: int


@dataclass(frozen=True)
class Hygiene:
    """Declarations against imports. `unused` is None where a dump of an environment says nothing of what is meant."""

    undeclared: tuple[Undeclared, ...]
    unused: tuple[str, ...] | None


def own_names(paths: Iterable[str]) -> frozenset[str]:
    """Names under which code of the repository itself may be imported: folders with Python in them, and files."""
    names: set[str] = set()
    for path in paths:
        pure = PurePosixPath(path)
        names.update(pure.parts[:-1])
        names.add(pure.stem)
    return frozenset(names)


def compare(
    modules: Sequence[Module], notebook_imports: Collection[Import], declared: Declared, own: Collection[str]
) -> Hygiene:
    """`modules` are those of the starter code too: what only they import is used, and not undeclared."""
    names = {dependency.name for dependency in declared.dependencies}
    with_extras = {f"{each.name}[{extra}]" for each in declared.dependencies for extra in each.extras}
    used: set[str] = set()
    undeclared: dict[str, Undeclared] = {}
    for module in modules:
        for each in module.imports:
            candidates = _candidates(each.module)
            used.update(candidates)
            if module.source.is_starter or each.is_optional or not candidates or _is_own(each.module, own):
                continue
            if not names.intersection(candidates) and not with_extras.intersection(candidates):
                place = Undeclared(candidates[0], each.module.split(".")[0], module.source.path, each.line)
                undeclared.setdefault(candidates[0], place)
    for each in notebook_imports:
        used.update(_candidates(each.module))
    return Hygiene(tuple(sorted(undeclared.values(), key=lambda each: each.distribution)), _unused(declared, used, own))


def _is_own(module: str, own: Collection[str]) -> bool:
    return module.split(".", maxsplit=1)[0] in own


def _candidates(module: str) -> tuple[str, ...]:
    """Distributions that the module may come from, the likeliest first; none for the standard library."""
    parts = module.split(".")
    if parts[0] in sys.stdlib_module_names or parts[0] in _GONE:
        return ()
    known: Mapping[str, Sequence[str]] = distributions()["modules"]
    for length in range(len(parts), 0, -1):
        if found := known.get(".".join(parts[:length])):
            return tuple(found)
    if parts[0] == "google" and len(parts) > 1:
        return (canonicalize_name("-".join(parts[: 3 if parts[1] == "cloud" else 2])),)
    return (canonicalize_name(parts[0]),)


def _unused(declared: Declared, used: Collection[str], own: Collection[str]) -> tuple[str, ...] | None:
    by_file: dict[str, dict[str, bool]] = {}
    for each in declared.dependencies:
        if each.is_main:
            by_file.setdefault(each.path, {})[each.name] = each.is_pinned
    meant = [pinned for pinned in by_file.values() if not _is_dump(pinned)]
    if by_file and not meant:
        return None
    tools = re.compile("|".join(distributions()["not_imported"]))
    themselves = {canonicalize_name(name) for name in own}
    names = {name for pinned in meant for name in pinned if not tools.fullmatch(name)}
    return tuple(sorted(names - set(used) - themselves))


def _is_dump(pinned: Mapping[str, bool]) -> bool:
    """Whether a file is what `pip freeze` printed: it says nothing of what the code needs."""
    return len(pinned) >= _FREEZE_SIZE and sum(pinned.values()) >= _FREEZE_SHARE * len(pinned)
