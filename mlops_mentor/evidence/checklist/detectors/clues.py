"""What many detectors ask in the same way: is a library called, set up, started by a command, has it left results?

Belongs here: gathering such clues by patterns that are an item's options, the best first, and weighing them. What is of
one subject alone is for the module of that subject.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, PythonFile
from mlops_mentor.evidence.code.ranks import is_put_away, rank
from mlops_mentor.evidence.finding import Location

Hit = tuple[PythonFile, int]


@dataclass(frozen=True)
class Clues:
    """Places by their sort, each sort the best first.

    `code` calls it or derives from it, `imports` does no more than import it, `told` is what prose says to type.
    """

    code: tuple[Location, ...] = ()
    is_used: bool = False
    settings: tuple[Location, ...] = ()
    commands: tuple[Location, ...] = ()
    traces: tuple[Location, ...] = ()
    imports: tuple[Location, ...] = ()
    told: tuple[Location, ...] = ()
    declared: tuple[Location, ...] = ()

    @property
    def strength(self) -> str:
        """`executed` by what it left, `wired` where something starts the code that has it."""
        if self.traces:
            return "executed"
        return "wired" if self.is_used or self.commands else "present"


def either(patterns: Iterable[str]) -> str:
    """One pattern for several; one that nothing matches where there are none."""
    return "|".join(f"(?:{each})" for each in patterns) or r"(?!)"


def own_code(project: Project) -> tuple[PythonFile, ...]:
    """Python that is no test, notebooks last."""
    return (*project.python, *project.own.notebooks)


def library_calls(project: Project, patterns: Sequence[str]) -> list[tuple[PythonFile, Call]]:
    """Calls by full name in files that import what the name begins with: a parameter called `wandb` is no library."""
    found = project.calls(either(patterns), own_code(project)) if patterns else []
    roots = {file.path: _roots(file) for file, _ in found}
    return [(file, call) for file, call in found if _root(call.name) in roots[file.path]]


def best(project: Project, hits: Iterable[Hit], first: str = "train") -> tuple[tuple[Location, ...], bool]:
    """Places of hits, and whether anything uses a file among them: used files first, those called `first` of them
    before the rest (`ranks`), of each file one, then more. What was put away comes last.
    """
    times: Counter[str] = Counter()
    ranked: list[tuple[tuple[bool, bool, int, int, int], PythonFile, int]] = []
    for file, line in hits:
        is_unused = file.is_notebook or not project.is_used(file)
        order = (is_put_away(file.path), is_unused, times[file.path], rank(file.path, first), len(ranked))
        ranked.append((order, file, line))
        times[file.path] += 1
    ranked.sort(key=lambda each: each[0])
    places = tuple(dict.fromkeys(project.at(file, line) for _, file, line in ranked))
    return places, any(not order[1] for order, *_ in ranked)


def own(places: Iterable[Location], project: Project) -> list[Location]:
    """Without lines that the template has too."""
    return [place for place in places if project.is_own(place)]


def of_calls(found: Iterable[tuple[PythonFile, Call]]) -> list[Hit]:
    """Where calls stand."""
    return [(file, call.line) for file, call in found]


def settings(project: Project, patterns: Iterable[Sequence[str]]) -> list[Location]:
    """Entries of documents by pairs of a key's and a value's pattern; the workflows are none of them."""
    found = [each for key, value in patterns for each in project.entries(key, value, path=r"^(?!\.github/)")]
    return own([project.at(document, entry.line) for document, entry in found], project)


def look(project: Project, options: Options) -> Clues:
    """The clues that an item's options describe, by names that `Clues` and the file `items.yaml` explain."""
    given = options.get
    hits = of_calls(library_calls(project, given("calls", ())))
    if bases := given("bases", ()):
        hits += [(file, each.line) for file, each in project.subclasses(either(bases), own_code(project))]
    code, is_used = best(project, hits)
    commands = either(given("commands", ()))
    traces = given("traces", ())
    return Clues(
        code,
        is_used,
        tuple(settings(project, given("settings", ()))),
        tuple(own(project.run(commands), project)),
        tuple(project.paths(either(traces), tool_output=True)) if traces else (),
        tuple(project.imports(either(given("modules", ())), own_code(project))),
        tuple(own(project.run(commands, "docs"), project)),
        tuple(declared(project, given("packages", ()))),
    )


def declared(project: Project, packages: Sequence[str]) -> list[Location]:
    """Where dependencies are declared, by normalised names."""
    found = {(each.path, each.name) for each in project.own.declared.dependencies if each.name in packages}
    places = []
    for path, name in sorted(found):
        line = re.escape(name).replace(r"\-", "[-_.]")
        places += project.grep(rf"(?i)(?<![\w-]){line}(?![\w-])", f"^{re.escape(path)}$") or [Location(path)]
    return places


def weigh(project: Project, options: Options, name: str, clues: Clues | None = None) -> Shown:
    """The usual answer: code, settings, commands or results show it; an import or advice in part; all else does not.

    `name` is what it is called in reasons. Former versions of files are looked at last, by `options["past"]`.
    """
    clues = clues or look(project, options)
    sorts = {"called in code": clues.code, "set up in configuration": clues.settings, "started by commands":
             clues.commands, "known by what it left": clues.traces}  # fmt: skip
    if found := [sort for sort, places in sorts.items() if places]:
        how = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
        return yes(f"{name} is {how}.", clues.strength, *sorts.values())
    if clues.imports:
        return partial(f"{name} is imported, and nothing of it is called.", "present", clues.imports)
    if clues.told:
        return partial(f"{name} is written about in the documentation, and nothing else uses it.", "present",
                       clues.told)  # fmt: skip
    return absent(project, options, name, clues.declared)


def absent(project: Project, options: Options, name: str, declared_at: Iterable[Location] = ()) -> Shown:
    """Nothing was found now: was it once there? Where that is how one uses it (`removed: partial`), it is in part."""
    past = project.in_the_past(options["past"]) if options.get("past") else []
    if past and options.get("removed") == "partial":
        return partial(f"{name} was used in a former version, and was removed again.", "present", past)
    if past:
        return no(f"{name} was used in a former version, and is not used now.", past)
    if places := list(declared_at):
        return no(f"{name} is a declared dependency that no code uses.", places)
    return no(f"{name} is not used.")


def _root(name: str) -> str:
    return name.split(".", 1)[0].removesuffix("()")


def _roots(file: PythonFile) -> frozenset[str]:
    return frozenset(each.name.split(".", 1)[0] for each in file.imports)
