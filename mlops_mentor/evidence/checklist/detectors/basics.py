"""Detectors of what a repository begins with: that it is there, who writes, its structure, what it needs.

Belongs here: W1-01 to W1-04 and W1-07. They alone count starter code, because to have it is what their items ask.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import polars as pl

from mlops_mentor.evidence.checklist.detectors.clues import either
from mlops_mentor.evidence.checklist.detectors.registry import (
    Options,
    Shown,
    detector,
    no,
    not_available,
    not_checkable,
    partial,
    yes,
)
from mlops_mentor.evidence.code.declared import Declared, Dependency
from mlops_mentor.evidence.code.imports import Undeclared, compare, own_names
from mlops_mentor.evidence.code.locks import come_with
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.ranks import rank
from mlops_mentor.evidence.code.sources import LOCK_PATH, Source
from mlops_mentor.evidence.code.syntax import Module, imports_of
from mlops_mentor.evidence.finding import Location

_MAX_NAMED = 5


@detector("git_repository")
def git_repository(project: Project, options: Options) -> Shown:
    """Commits, and files in the snapshot."""
    num_files, commits = project.own.files.height, project.facts.num_commits
    if num_files and commits != 0:
        of_commits = "" if commits is None else f" and {_counted(commits, 'commit')}"
        return yes(f"The repository has {_counted(num_files, 'file')}{of_commits}.", "present")
    if commits is None and project.facts.snapshot_sha is None:
        return not_available("No snapshot of the repository is at hand.")
    return no("The repository has no files.")


@detector("write_access")
def write_access(project: Project, options: Options) -> Shown:
    """People with commits against members. Who has access and wrote nothing cannot be told, so it is never `no`."""
    people, members = project.facts.num_people, project.facts.group_size
    if people is None:
        return not_available("Who made the commits is not known.")
    wrote = f"Commits are of {_counted(people, 'person', 'people')}"
    if members and people > members:
        names = f"Commits are under {_counted(people, 'name')}"
        return yes(f"{names}, not yet assigned to the {_counted(members, 'member')}.", "present")
    if members and people == members:
        return yes(f"{wrote}, and the group has {_counted(members, 'member')}.", "executed")
    rest = f"the group has {_counted(members, 'member')}" if members else "how many members there are is not known"
    if people > 1:
        return partial(f"{wrote}; {rest}.", "executed")
    return not_checkable(f"{wrote}; {rest}. Whether others have access cannot be seen.")


@detector("environment")
def environment(project: Project, options: Options) -> Shown:
    """A lock file, or declarations that say which versions."""
    declared = project.own.declared
    is_installed = bool(project.run(either(options["install_commands"])))
    strength = "wired" if is_installed else "present"
    locks = project.paths(LOCK_PATH.pattern, own=False, tool_output=True) + _files(project, declared.compiled)
    if locks:
        return yes(f"Versions are kept in {_and(place.path for place in locks)}.", strength, locks)
    files = _files(project, declared.files)
    main = [each for each in declared.dependencies if each.is_main] or declared.dependencies
    if not main:
        places = project.paths(r"(^|/)\.python-version$", own=False)
        return no("No file declares the packages that are needed.", places)
    share = sum(each.is_pinned for each in main) / len(main)
    text = f"{share:.0%} of {_counted(len(main), 'dependency', 'dependencies')} name one version"
    if share >= options["pinned_share"]:
        return yes(f"{text}.", strength, files)
    return partial(f"{text}, and there is no lock file.", strength, files)


@detector("cookiecutter")
def cookiecutter(project: Project, options: Options) -> Shown:
    """How many parts of the template's structure are there, whatever is in them."""
    found = {name: place for name, pattern in options["parts"].items()
             if (place := _telling(project.paths(pattern, own=False), options["not_telling"]))}  # fmt: skip
    missing = [name for name in options["parts"] if name not in found]
    record = project.paths(options["records"], own=False)
    text = f"{len(found)} of {len(options['parts'])} parts of the template's structure are there"
    text += f"; missing: {_and(missing)}." if missing else "."
    places = [*record, *found.values()]
    if record or len(found) >= options["most"]:
        return yes(text, "present", places)
    if len(found) >= options["some"]:
        return partial(text, "present", places)
    return no(text, places)


def _telling(places: list[Location], not_telling: str) -> Location | None:
    """The best of a part's files: none that tells nothing, hidden ones (`.gitkeep`) last."""
    kept = [place for place in places if not re.search(not_telling, place.path.lower())]
    return min(kept, key=lambda place: PurePosixPath(place.path).name.startswith("."), default=None)


@detector("dependencies_complete")
def dependencies_complete(project: Project, options: Options) -> Shown:
    """What own code imports against what all files together declare."""
    declared = project.own.declared
    if not declared.dependencies and not declared.compiled:
        if declared.broken:
            return not_available(f"{declared.broken[0][0]} cannot be read: {declared.broken[0][1]}.")
        return no("No file declares the packages that are needed.")
    coming = _coming(project, declared, options["comes_with"])
    with_coming = replace(declared, dependencies=(*declared.dependencies, *(Dependency(name, "", is_pinned=False)
                                                                            for name in coming)))  # fmt: skip
    always_there = options["always_there"]
    undeclared, missing = ([each for each in _undeclared(project, known) if each.distribution not in always_there
                            and not _is_compiled(project, each)] for known in (declared, with_coming))  # fmt: skip
    missing.sort(key=lambda each: (rank(each.path), each.distribution))
    num_imported = len(_undeclared(project, Declared()))
    files = _files(project, declared.files or declared.compiled)
    if not missing:
        text = f"Every package that the code imports is declared in {_and(place.path for place in files)}"
        indirect = _and(_with_parent(each.distribution, coming) for each in undeclared)
        return yes(f"{text}, or comes with one that is: {indirect}." if indirect else f"{text}.", "present", files)
    if declared.broken:
        return not_available(f"{_missing(missing)}, but {declared.broken[0][0]} cannot be read.")
    by_path = {file.path: file for file in project.own.all_python}
    places = [project.at(by_path[each.path], each.line) for each in missing]
    if len(missing) <= max(options["few"], options["few_share"] * num_imported):
        return partial(f"{_missing(missing)}.", "present", places)
    return no(f"{_missing(missing)}.", places)


def _coming(project: Project, declared: Declared, comes_with: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What comes with the declared packages, by the lock; by the table for packages that no lock knows."""
    usual: dict[str, set[str]] = {}
    for name, parents in comes_with.items():
        for parent in parents:
            usual.setdefault(parent, set()).add(name)
    locked = project.own.locked
    needs = {name: frozenset(needed) for name, needed in usual.items() if name.partition("[")[0] not in locked}
    names = {each.name for each in declared.dependencies}
    extras = {f"{each.name}[{extra}]" for each in declared.dependencies for extra in each.extras}
    return come_with(names | extras, {**needs, **locked})


def _with_parent(name: str, coming: Mapping[str, str]) -> str:
    return f"{name} (with {coming[name]})" if name in coming else name


def _undeclared(project: Project, declared: Declared) -> tuple[Undeclared, ...]:
    modules = [Module(Source(file.path, "test" if file.is_test else "python", file.blob_id), file.is_test,
                      imports=imports_of(file.tree))
               for file in sorted(project.own.all_python, key=lambda file: rank(file.path))]  # fmt: skip
    files = project.own.files
    own = own_names(files.filter(pl.col("kind").is_in(["python", "test"]))["path"])
    return compare(modules, [], declared, own).undeclared


def _is_compiled(project: Project, missing: Undeclared) -> bool:
    """Whether a requirements file that a tool compiled has it: what is in there is installed."""
    name = re.escape(missing.distribution).replace(r"\-", "[-_.]")
    paths = project.own.declared.compiled
    return any(project.grep(rf"(?i)^{name}(\[|\s|=)", f"^{re.escape(path)}$") for path in paths)


def _missing(missing: list[Undeclared]) -> str:
    names = _and(each.distribution for each in missing)
    return f"{_counted(len(missing), 'package')} that the code imports {'is' if len(missing) == 1 else 'are'} not " + (
        f"declared: {names}"
    )


def _files(project: Project, paths: Iterable[str]) -> list[Location]:
    return [place for path in paths for place in project.paths(f"^{re.escape(path)}$", own=False)]


def _and(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _MAX_NAMED} more" if len(listed) > _MAX_NAMED else ""
    return ", ".join(listed[:_MAX_NAMED]) + more


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
