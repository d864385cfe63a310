"""Lock files: which packages come with which.

Belongs here: reading `uv.lock`, `poetry.lock` and `pdm.lock`, and following what is needed from what is declared.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from mlops_mentor.evidence.code.depth import check_toml
from mlops_mentor.evidence.code.sources import Source

# What is installed with a package, by its normalised name. `name[extra]` is a name of its own.
Needs = Mapping[str, frozenset[str]]
# What one lock file says: packages, each with what it needs.
Lock = tuple[tuple[str, tuple[str, ...]], ...]

READABLE_LOCK = re.compile(r"(?i)(^|/)(uv|poetry|pdm)\.lock$")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,200}")
_MAX_PACKAGES = 20_000
# A file of a package, as tools write it, one a line: nine tenths of a lock file, and the parser takes its time.
_FILE = re.compile(
    r'(?m)^[ \t]+\{ ?(?:url|file) = "[^"\\\x00-\x1f\x7f]*", hash = "[^"\\\x00-\x1f\x7f]*"'
    r'(?:, size = \d{1,15})?(?:, upload-time = "[^"\\\x00-\x1f\x7f]*")? ?\},$'
)


def read_lock(source: Source) -> Lock:
    """What a lock file says; one that cannot be read says nothing. Never raises."""
    return tuple((name, tuple(needed)) for name, needed in _packages(source))


def needs_of(locks: Sequence[Lock]) -> Needs:
    """What lock files say together."""
    found: dict[str, set[str]] = {}
    for lock in locks:
        for name, needed in lock:
            found.setdefault(name, set()).update(needed)
    return {name: frozenset(needed) for name, needed in found.items()}


def _packages(source: Source) -> Iterator[tuple[str, Collection[str]]]:
    try:
        check_toml(source.text)
        content = tomllib.loads(_FILE.sub("", source.text))
    except (ValueError, RecursionError, MemoryError):
        return
    packages = content.get("package")
    for package in packages[:_MAX_PACKAGES] if isinstance(packages, list) else ():
        if isinstance(package, dict) and (name := _normal(package.get("name"))):
            # PDM writes a package once more for each set of its extras.
            extras = [f"{name}[{each}]" for each in _texts(package.get("extras"))]
            for key in extras or [name]:
                yield key, list(_names(package.get("dependencies")))
            # uv names the extras that something asked for, by what they need.
            for group in ("optional-dependencies", "extras"):
                for extra, needed in _pairs(package.get(group)):
                    yield f"{name}[{extra}]", list(_names(needed))


def _names(needed: Any) -> Iterator[str]:
    """Names in a list of tables (uv) or of requirements (PDM), or in a table by name (Poetry).

    Poetry's optional ones belong to extras, which have a list of their own.
    """
    if isinstance(needed, dict):
        needed = [name for name, wanted in needed.items()
                  if not (isinstance(wanted, dict) and wanted.get("optional") is True)]  # fmt: skip
    for each in needed if isinstance(needed, list) else ():
        name = _normal(each.get("name") if isinstance(each, dict) else each)
        if name:
            yield name
            extras = each.get("extra") if isinstance(each, dict) else _bracketed(each)
            yield from (f"{name}[{extra}]" for extra in _texts(extras))


def _bracketed(requirement: str) -> list[str]:
    found = re.match(r"[\w.-]{1,200}\s?\[([^\[\]]{1,200})\]", requirement)
    return [part.strip() for part in found[1].split(",")] if found else []


def _normal(name: Any) -> str:
    found = _NAME.match(name) if isinstance(name, str) else None
    return canonicalize_name(found[0]) if found else ""


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def come_with(declared: Collection[str], needs: Needs) -> dict[str, str]:
    """All that is installed together with declared packages: by name, the declared one by the shortest way."""
    found = {name: name for name in sorted(declared)}
    waiting = list(found)
    while waiting:
        ahead = []
        for name in waiting:
            for needed in sorted(needs.get(name, ())):
                if needed not in found:
                    found[needed] = found[name]
                    ahead.append(needed)
        waiting = ahead
    return {name: parent for name, parent in found.items() if name not in declared}
