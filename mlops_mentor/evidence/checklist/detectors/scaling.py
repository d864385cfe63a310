"""Speed by more workers, more devices, or a smaller model.

Belongs here: loading of data, distributed training, quantization, compilation and pruning.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.checklist.detectors.settings import Value, configured, spread_values, values_of
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, PythonFile
from mlops_mentor.evidence.finding import Location

# Nobody writes more; each costs a walk over its file.
_MAX_CALLS = 100
_TIMER = re.compile(r"(?:time\.(?:time|perf_counter|monotonic|process_time)|timeit\..*|.*\.(?:elapsed_time|timer))")


@detector("data_loading")
def data_loading(project: Project, options: Options) -> Shown:
    """Loaders with several workers, and a comparison of their times."""
    files = [*project.python, *project.own.notebooks]
    loaders = project.calls(rf"(?:.*\.)?(?:{options['loaders']})", files)[:_MAX_CALLS]
    # What trains tells more than what validates or serves.
    loaders.sort(key=lambda each: not re.search(r"(?i)train", f"{each[1].scope} {_line(*each)}"))
    several: list[Location] = []
    for file, call in loaders:
        several += _several(project, file, call, options)
    several += _targets(project, options)
    several += project.called(rf"(?:.*\.)?(?:{options['samplers']})", files)
    compared = [place for file in files for place in _comparison(project, file, options)]
    results = project.paths(options["results"], tool_output=True)
    if several and compared:
        return yes("Loaders of data have several workers, and code compares their times.", "executed" if results
                   else "wired", compared, several)  # fmt: skip
    if compared:
        return yes("Code compares times of loading data with several workers.", "present", compared, results)
    if several and results:
        return yes("Loaders of data have several workers; results of a comparison are there.", "executed",
                   several[:3], results)  # fmt: skip
    if several:
        return partial("Loaders of data have several workers; no comparison of times is there.", "present", several)
    if plain := [project.at(file, call.line) for file, call in loaders if call.last.endswith("Loader")]:
        return no("Loaders of data have no workers of their own.", plain)
    return no("No loader of data with several workers.")


def _line(file: PythonFile, call: Call) -> str:
    return file.lines[call.line - 1][:400] if 0 < call.line <= len(file.lines) else ""


def _several(project: Project, file: PythonFile, call: Call, options: Options) -> list[Location]:
    """Where it says that there are several workers; the call itself first."""
    for name in options["workers"]:
        if (given := call.keyword(name)) is not None:
            values = values_of(project, file, given)
        elif _has_spread(call):
            values = spread_values(project, file, name)
        else:
            continue
        if found := [value for value in values if _is_several(value)]:
            return [found[0].place, project.at(file, call.line)]
    return []


def _has_spread(call: Call) -> bool:
    return isinstance(call.node, ast.Call) and any(each.arg is None for each in call.node.keywords)


def _targets(project: Project, options: Options) -> list[Location]:
    """Loaders that a configuration makes."""
    found = []
    for document, entry in project.entries(r"(^|\.)_target_$", rf"\.(?:{options['loaders']}|\w{{1,60}}DataModule)$"):
        for name in options["workers"]:
            siblings = [each for each in document.entries if each.key == (*entry.key[:-1], name)]
            found += [place for each in siblings
                      if _is_several(Value(each.value, place := project.at(document, each.line)))]  # fmt: skip
    return found


def _is_several(value: Value) -> bool:
    number = value.number
    # One worker beside the training is none of several.
    return "cpu_count" in value.text or (number is not None and (number > 1 or number == -1))


def _comparison(project: Project, file: PythonFile, options: Options) -> list[Location]:
    """A loop over numbers of workers in a file that takes the time."""
    if not any(_TIMER.fullmatch(call.name) for call in file.calls):
        return []
    words = re.compile(options["names"])
    found = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name | ast.Tuple):
            names = [each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)]
            over = [each.id for each in ast.walk(node.iter) if isinstance(each, ast.Name)]
            if any(words.search(name) for name in [*names, *over]):
                found.append(project.at(file, node.lineno))
    return found


@detector("distributed_training")
def distributed_training(project: Project, options: Options) -> Shown:
    """Several devices or a distributed strategy: in calls, commands, or configurations that reach a call."""
    files = [*project.python, *project.own.notebooks]
    direct = project.called(rf"(?:.*\.)?(?:{options['calls']})", files)
    direct += project.run(options["commands"])
    chosen: list[Location] = []
    possible: list[Location] = []
    single: list[Location] = []
    for file, call in project.calls(rf"(?:.*\.)?(?:{options['trainers']})", files)[:_MAX_CALLS]:
        for value in _trainer_values(project, file, call, options):
            (chosen if value.is_chosen else possible).extend([value.place, project.at(file, call.line)])
        single += [value.place for value in _devices(project, file, call) if value.number in (0, 1)]
    for document, entry in project.entries(options["job_keys"], options["job_values"]):
        chosen.append(project.at(document, entry.line))
    if direct or chosen:
        return yes("Training is set to several devices or to a distributed strategy.", "wired" if direct and chosen
                   else "present", list(dict.fromkeys([*direct, *chosen])))  # fmt: skip
    if possible:
        return partial("A setting for several devices is there, and is not chosen, or takes as many as there are, or "
                       "comes with one device.", "present", list(dict.fromkeys(possible)))  # fmt: skip
    if removed := project.in_the_past(r"\b(DistributedDataParallel|strategy\s?=\s?['\"](ddp|fsdp|deepspeed))"):
        return no("Training is not distributed any more; a former version was.", removed)
    if single:
        return no("Training is set to one device.", list(dict.fromkeys(single)))
    return no("Nothing sets training to several devices or to a distributed strategy.")


def _trainer_values(project: Project, file: PythonFile, call: Call, options: Options) -> list[Value]:
    """Values of a trainer's arguments that spread the work."""
    strategy = re.compile(options["strategies"])
    devices = _devices(project, file, call)
    numbers = [value.number for value in devices if value.number is not None]
    is_one = bool(numbers) and max(numbers) == 1 and min(numbers) >= 0
    several = [replace(value, is_chosen=value.is_chosen and not _is_all(value)) for value in devices
               if (value.number or 0) > 1 or _is_all(value)]  # fmt: skip
    strategies = [replace(value, is_chosen=value.is_chosen and not is_one)
                  for value in _argument(project, file, call, "strategy") if strategy.search(value.text)]  # fmt: skip
    return [*strategies, *several]


def _devices(project: Project, file: PythonFile, call: Call) -> list[Value]:
    """How many devices a trainer's arguments ask for."""
    return [value for name in ("devices", "gpus", "num_nodes", "num_processes")
            for value in _argument(project, file, call, name)]  # fmt: skip


def _is_all(value: Value) -> bool:
    """As many as there are."""
    return value.number == -1 or value.text == "auto"


def _argument(project: Project, file: PythonFile, call: Call, name: str) -> list[Value]:
    """What an argument may be, also where the call takes a configuration as a whole."""
    if (given := call.keyword(name)) is not None:
        return values_of(project, file, given)
    if call.last in ("instantiate", "LightningCLI") or _has_spread(call):
        return [*spread_values(project, file, name), *configured(project, name, "trainer")]
    return []


@detector("model_optimisation")
def model_optimisation(project: Project, options: Options) -> Shown:
    """Calls that quantize, compile or prune; a flag that guards them counts as it is set."""
    files = [*project.python, *project.own.notebooks]
    found = project.calls(rf"(?:.*\.)?(?:{options['calls']})", files)
    keyed = [(file, call) for file in files for call in file.calls
             if any(_is_true(call.keyword(name)) for name in options["keywords"])]  # fmt: skip
    done, unset = [], []
    for file, call in [*found, *keyed][:_MAX_CALLS]:
        place = project.at(file, call.line)
        off = _switched_off(project, file, call)
        if off is None:
            done.append(place)
        else:
            unset += [place, off]
    commands = project.run(options["commands"])
    if done or commands:
        users = {file.path: file for file, _ in [*found, *keyed]}
        is_wired = any(project.is_used(file) for file in users.values())
        return yes("Code quantizes, compiles or prunes the model.", "wired" if is_wired else "present", done, commands)
    if unset:
        return partial("Code quantizes, compiles or prunes; the setting that asks for it is off.", "present", unset)
    if removed := project.in_the_past(options["past"]):
        return no("Nothing quantizes, compiles or prunes any more; a former version did.", removed)
    return no("Nothing quantizes, compiles or prunes.")


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _switched_off(project: Project, file: PythonFile, call: Call) -> Location | None:
    """Where the flag of an `if` around a call is off, everywhere that it is set."""
    key = ("flags", file.path, file.blob_id)
    if key not in project.own.cache:
        project.own.cache[key] = list(_flags(file.tree))
    for first, last, flag in cast("list[tuple[int, int, ast.expr]]", project.own.cache[key]):
        values = values_of(project, file, flag) if first <= call.line <= last else []
        if values and all(value.text.casefold() in ("false", "0", "none", "no", "off") for value in values):
            return values[0].place
    return None


def _flags(tree: ast.Module) -> Iterator[tuple[int, int, ast.expr]]:
    """(first line, last line, condition) of the body of each `if` whose condition is a plain flag."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Attribute | ast.Name | ast.Subscript):
            yield node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno, node.test
