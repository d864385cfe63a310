"""Detectors of what is watched while code runs: profiling, logging, tracking of experiments, sweeps.

Belongs here: W1-16 to W1-19.
"""

import ast
import re
from collections.abc import Sequence

from mlops_mentor.evidence.checklist.detectors.clues import (
    Clues,
    best,
    declared,
    either,
    library_calls,
    look,
    of_calls,
    own_code,
    weigh,
)
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.documents import Document
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location


@detector("profiling")
def profiling(project: Project, options: Options) -> Shown:
    """A profiler in code, settings or commands, or its results."""
    clues = look(project, options)
    chosen = [(file, call) for file in own_code(project) for call in file.calls
              if _is_on(call.keyword(options["keyword"]))]  # fmt: skip
    places, is_used = best(project, of_calls(chosen))
    code = tuple(dict.fromkeys([*clues.code, *places]))
    return weigh(project, options, "A profiler", _replaced(clues, code, is_used or clues.is_used))


def _is_on(value: ast.expr | None) -> bool:
    """A text or something made: `None`, `False` and a name that says nothing are not."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and bool(value.value)
    return isinstance(value, ast.Call)


def _replaced(clues: Clues, code: Sequence[Location], is_used: bool) -> Clues:
    return Clues(tuple(code), is_used, clues.settings, clues.commands, clues.traces, clues.imports, clues.told,
                 clues.declared)  # fmt: skip


@detector("logging")
def logging(project: Project, options: Options) -> Shown:
    """Messages that are logged: calls of a logger's levels, wherever the logger was made."""
    makes = project.imports(either(options["modules"]), own_code(project))
    levels, is_logger = set(options["levels"]), re.compile(either(options["loggers"]))
    calls = [(file, call) for file in own_code(project) for call in file.calls
             if makes and call.last in levels and is_logger.fullmatch(call.name.rpartition(".")[0])]  # fmt: skip
    places, is_used = best(project, of_calls(calls))
    if len(calls) >= options["several"]:
        return yes(f"{len(calls)} messages are logged.", "wired" if is_used else "present", places)
    if calls:
        return partial(f"No more than {len(calls)} messages are logged.", "present", places)
    if makers := library_calls(project, options["makers"]):
        return partial("A logger is made, and no message is seen that it logs.", "present",
                       best(project, of_calls(makers))[0])  # fmt: skip
    if makes:
        return no("A library for logging is imported, and no message is logged.", makes)
    return no("No message is logged.", declared(project, options["packages"]))


@detector("experiment_tracking")
def experiment_tracking(project: Project, options: Options) -> Shown:
    """What is logged to a tracker; that a run is begun shows a part of it alone."""
    clues = look(project, options)
    reports = [(file, call) for file in own_code(project) for call in file.calls
               if _names(call.keyword("report_to"), options["trackers"])]  # fmt: skip
    places, is_used = best(project, of_calls(reports))
    code = tuple(dict.fromkeys([*clues.code, *places]))
    clues = _replaced(clues, code, is_used or clues.is_used)
    begun = library_calls(project, options["begins"])
    reporters = library_calls(project, options["reporters"])
    if begun and reporters and not clues.code:
        # A framework that logs to whatever run was begun.
        places, is_used = best(project, of_calls([*begun, *reporters]))
        return yes("A run of a tracker is begun, and a trainer that logs to it is used.",
                   "executed" if clues.traces else "wired" if is_used else "present", places, clues.traces)  # fmt: skip
    if not clues.code and not clues.settings and not clues.traces and begun:
        return partial("A run of a tracker is begun, and nothing is logged to it.", "present",
                       best(project, of_calls(begun))[0])  # fmt: skip
    return weigh(project, options, _tracker(project, options, clues), clues)


def _names(value: ast.expr | None, words: Sequence[str]) -> bool:
    listed = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return any(isinstance(each, ast.Constant) and each.value in words for each in listed)


def _tracker(project: Project, options: Options, clues: Clues) -> str:
    """Weights & Biases, unless what was found is of another one, or nothing was."""
    places = [*clues.code, *clues.settings, *clues.traces]
    is_main = re.compile(options["main"], re.IGNORECASE)
    is_found = any(is_main.search(f"{place.path} {place.snippet}") for place in places)
    if is_found or project.imports(options["main"], own_code(project)):
        return "Weights & Biases"
    return "A tracker other than Weights & Biases" if places else "A tracker of experiments"


@detector("sweep")
def sweep(project: Project, options: Options) -> Shown:
    """A sweep's configuration, code that searches parameters, or commands that do."""
    clues = look(project, options)
    configs = _sweeps(project, has_method=True)
    searches = [*library_calls(project, options["searches"])]
    if configs or clues.code or clues.settings or clues.commands or clues.traces:
        found = Clues(clues.code, clues.is_used, (*configs, *clues.settings), clues.commands, clues.traces)
        return weigh(project, options, "A hyperparameter sweep", found)
    if halves := _sweeps(project, has_method=False):
        return partial("There is a sweep's configuration without a method.", "present", halves)
    if searches:
        return partial("A library for searches is used, and no search is begun.", "present",
                       best(project, of_calls(searches))[0])  # fmt: skip
    return weigh(project, options, "A hyperparameter sweep", clues)


def _sweep_line(document: Document, *, has_method: bool) -> int | None:
    """Where a sweep begins: a method and parameters, at the top or below one key; without a method, parameters that
    are given several values, and a program.
    """
    if not has_method:
        values = [entry for entry in document.under("parameters") if len(entry.key) >= 3 and (
                  entry.key[-2] == "values" or entry.key[-1] in ("min", "max", "distribution"))]  # fmt: skip
        return values[0].line if values and document.value("program") else None
    methods = [entry for entry in document.entries if entry.key[-1:] == ("method",)
               and entry.value in ("grid", "random", "bayes")]  # fmt: skip
    for method in methods:
        parameters = document.under(*method.key[:-1], "parameters")
        if any(len(each.key) > len(method.key) for each in parameters):
            return method.line
    return None


def _sweeps(project: Project, *, has_method: bool) -> list[Location]:
    lines = [(document, _sweep_line(document, has_method=has_method)) for document in project.own.documents]
    return [project.at(document, line) for document, line in lines if line]
