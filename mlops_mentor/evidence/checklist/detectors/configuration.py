"""Detectors of configurations for experiments: the files, and Hydra.

Belongs here: W1-14 and W1-15. Settings of tools (linters, workflows, DVC) configure no experiment.
"""

import re
from pathlib import PurePosixPath

from mlops_mentor.evidence.checklist.detectors.clues import (
    absent,
    best,
    declared,
    either,
    library_calls,
    of_calls,
    own,
    own_code,
)
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.documents import Document
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.ranks import is_put_away
from mlops_mentor.evidence.finding import Location

_FILE_NAME = re.compile(r"[\w-][\w.-]{0,100}\.(?:ya?ml|toml|json|ini|cfg)(?![\w-])")


@detector("config_files")
def config_files(project: Project, options: Options) -> Shown:
    """Files with values that experiments have, and own code that reads such files."""
    found = _with_values(project, options)
    places = [place for _, place in found]
    if found:
        readers = _readers(project, options, [document.path for document, _ in found])
        if readers:
            named = _named(project, options)
            first = [place for place in places if _is_named(place.path, named)]
            text = "There are configuration files for experiments, and code that loads such files."
            if first:
                counted = "a configuration file" if len(first) == 1 else f"{len(first)} configuration files"
                text = f"The code names {counted} for experiments, and loads such files."
            return yes(text, "wired", first[:3] or places[:3], readers[:2], places)
        return partial("There are configuration files for experiments, and no code that reads them is seen.",
                       "present", places)  # fmt: skip
    if in_python := project.paths(options["python"]):
        return partial("Settings stand in Python, not in configuration files.", "present", in_python)
    empty = [project.at(document, None) for document in project.own.documents if _is_config(document, options)]
    return no("There is no configuration file with values for experiments.", empty)


def _is_config(document: Document, options: Options) -> bool:
    path = document.path.lower()
    if any(name in options["not_keys"] for name in document.children()):
        return False
    return re.search(options["paths"], path) is not None and re.search(options["not_paths"], path) is None


def _with_values(project: Project, options: Options) -> list[tuple[Document, Location]]:
    """Configurations of experiments with their telling line, those with more than a few of such values first."""
    is_key, is_value = re.compile(options["keys"], re.IGNORECASE), re.compile(r"\S")
    found = []
    for document in project.own.documents:
        if _is_config(document, options):
            values = [entry for entry in document.entries if entry.key and is_value.search(entry.value)]
            telling = [entry for entry in values if is_key.search(entry.key[-1])]
            places = own([project.at(document, entry.line) for entry in telling], project)
            if places:
                # What a run wrote down of itself is longer than what people write.
                rank = -min(len(places), options["many_values"]) if len(values) < options["too_many_values"] else 0
                found.append((rank, document, places[0]))
    found.sort(key=lambda each: (each[0], each[1].path.count("/"), each[1].path))
    return [(document, place) for _, document, place in found]


def _readers(project: Project, options: Options, paths: list[str]) -> list[Location]:
    """Calls that load configurations as such, or read structured files where a line or a text names one of these."""
    hits = of_calls(library_calls(project, options["loaders"]))
    names = {PurePosixPath(path).name for path in paths}
    is_name = re.compile(either(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(names)))
    is_word = re.compile(options["words"], re.IGNORECASE)
    for file, call in library_calls(project, options["readers"]):
        around = " ".join(line[:300] for line in file.lines[max(call.line - 4, 0) : call.line])
        if is_word.search(around) or any(is_name.search(text.value) for text in file.texts):
            hits.append((file, call.line))
    return list(best(project, hits)[0])


def _named(project: Project, options: Options) -> frozenset[str]:
    """Names of files that the code writes out, and those that it gives to what loads configurations (`train`)."""
    given = {PurePosixPath(text[:400]).name for _, call in library_calls(project, options["loaders"])
             for text in call.strings}  # fmt: skip
    written = {
        name for file in own_code(project) for text in file.texts for name in _FILE_NAME.findall(text.value[:400])
    }
    return frozenset(given | written) - {"", ".", ".."}


def _is_named(path: str, names: frozenset[str]) -> bool:
    pure = PurePosixPath(path)
    return pure.name in names or pure.stem in names


@detector("hydra")
def hydra(project: Project, options: Options) -> Shown:
    """`hydra.main` or `compose`, and configurations that they can load."""
    hits = library_calls(project, options["calls"])
    mains = [each for each in hits if each[1].last == "main"]
    (places, is_used), (others_of_it, is_other_used) = (
        best(project, of_calls(each)) for each in (mains, [hit for hit in hits if hit not in mains])
    )
    places = tuple(sorted((*places, *others_of_it), key=lambda place: is_put_away(place.path)))
    is_used |= is_other_used
    stored = best(project, of_calls(library_calls(project, options["stores"])))[0]
    configs = _configs(project, options)
    traces = project.paths(options["traces"], tool_output=True)
    if places and (configs or stored):
        strength = "executed" if traces else "wired" if is_used else "present"
        return yes("Hydra loads configurations.", strength, places[:3], stored[:1], configs[:2], traces, places)
    if places:
        return partial("Hydra is called, and there is no configuration that it could load.", "present", places)
    if others := best(project, of_calls(library_calls(project, options["parts"])))[0]:
        return partial("A part of Hydra or OmegaConf is used, and Hydra loads no configuration.", "present", others)
    if imports := project.imports(either(options["modules"]), own_code(project)):
        return partial("Hydra is imported, and nothing of it is called.", "present", imports)
    if traces and configs:
        return partial("Hydra has left runs and its configurations are there; the code that loaded them was removed.",
                       "executed", configs[:2], traces, configs)  # fmt: skip
    if traces:
        return no("Hydra has left runs, and no code uses it now.", traces)
    return absent(project, options, "Hydra", declared(project, options["packages"]))


def _configs(project: Project, options: Options) -> list[Location]:
    """What Hydra can load: documents in a folder, or of a name, that is given to it; else all that look like it."""
    calls = library_calls(project, options["calls"])
    given = [PurePosixPath(text) for _, call in calls for text in call.strings]
    names = {path.stem for path in given} - {"", ".", ".."}
    documents = [document for document in project.own.documents if _is_config(document, options)]
    told = [document for document in documents if names & {PurePosixPath(document.path).stem,
                                                           *PurePosixPath(document.path).parts[:-1]}]  # fmt: skip
    found = []
    for document in told or [each for each in documents if re.search(options["usual"], each.path, re.IGNORECASE)]:
        line = next((entry.line for entry in document.entries if entry.value), None)
        if line is not None:
            found.append((PurePosixPath(document.path).stem not in names, document.path, project.at(document, line)))
    return [place for *_, place in sorted(found, key=lambda each: each[:2])]
