"""Detectors of the code that does the work: data, model, training, and Lightning.

Belongs here: W1-05, W1-06 and W1-20. Tests are no evidence of it: they make models and data of their own.
"""

import ast
import re

from mlops_mentor.evidence.checklist.detectors.clues import (
    Hit,
    best,
    either,
    library_calls,
    look,
    of_calls,
    own_code,
    weigh,
)
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, PythonFile


@detector("data_script")
def data_script(project: Project, options: Options) -> Shown:
    """A module that is about data by its name or by what it defines, and reads, downloads or writes some."""
    is_named = re.compile(options["paths"], re.IGNORECASE)
    by_type = {file.path for file, _ in project.subclasses(either(options["bases"]), project.python)}
    modules = [file for file in project.python if is_named.search(file.path) or file.path in by_type]
    modules = [file for file in modules if file.definitions or file.calls]
    handled = _without(project.calls(either(options["calls"]), modules), options["not_calls"])
    if handled:
        places, is_used = best(project, of_calls(_outer_first(handled, options)), "data")
        return yes("A data module of the group's own handles data.", "wired" if is_used else "present", places)
    elsewhere = library_calls(project, options["sources"])
    if elsewhere:
        places, _ = best(project, of_calls(elsewhere))
        return partial("Data are loaded by other code than a data module.", "present", places)
    if modules:
        places, _ = best(project, [(file, _first_line(file)) for file in modules])
        return partial("There is a data module, which neither reads nor writes data.", "present", places)
    return no("There is no data module of the group's own.")


def _outer_first(calls: list[tuple[PythonFile, Call]], options: Options) -> list[tuple[PythonFile, Call]]:
    """What fetches data before what reads and writes it."""
    fetches = re.compile(either(options["sources"]))
    return sorted(calls, key=lambda each: fetches.fullmatch(each[1].name) is None)


def _first_line(file: PythonFile) -> int:
    return min([*(each.line for each in file.definitions), *(call.line for call in file.calls)], default=1)


@detector("model_and_training")
def model_and_training(project: Project, options: Options) -> Shown:
    """A model that is defined or loaded, and code that trains one."""
    models = [(file, each.line) for file, each in project.subclasses(either(options["bases"]), own_code(project))]
    models += of_calls(_without(library_calls(project, options["models"]), options["not_models"]))
    trains = _trainings(project, options)
    model_places, is_model_used = best(project, models, "model")
    places, is_used = best(project, of_calls(trains))
    if models and trains:
        strength = "wired" if is_used and is_model_used else "present"
        return yes("A model is there, and code that trains.", strength, places[:2], model_places[:2], places)
    if commands := project.run(either(options["commands"])):
        return yes("A model is trained by a command.", "wired", commands, model_places)
    if models:
        return partial("A model is there, and no code that trains it.", "present", model_places)
    if trains:
        return partial("Code that trains is there, and no model.", "present", places)
    return no("There is neither a model nor code that trains one.")


def _trainings(project: Project, options: Options) -> list[tuple[PythonFile, Call]]:
    """Calls that train, those in files about training first."""
    is_known, is_called = re.compile(either(options["training"])), re.compile(options["trainer_names"])
    found = []
    for file in own_code(project):
        steps = any(call.last == "step" for call in file.calls)
        for call in file.calls:
            if call.last == "backward":
                # Without a step of an optimizer it explains a model, it does not train one.
                is_training = steps
            else:
                is_training = is_known.fullmatch(call.name) is not None
                is_training |= is_called.fullmatch(f"{_receiver(call)}.{call.last}") is not None
            if is_training:
                found.append((file, call))
    is_named = re.compile(options["training_paths"], re.IGNORECASE)
    return sorted(_without(found, options["not_training"]), key=lambda each: is_named.search(each[0].path) is None)


def _receiver(call: Call) -> str:
    """The plain name of what a method is called on, as the code has it: `trainer`, `model` of `self.model`."""
    function = call.node.func if isinstance(call.node, ast.Call) else None
    value = function.value if isinstance(function, ast.Attribute) else None
    return value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""


def _without(calls: list[tuple[PythonFile, Call]], pattern: str) -> list[tuple[PythonFile, Call]]:
    """Without what has a model's words and is none: tokenizers, scalers."""
    unwanted = re.compile(pattern)
    return [each for each in calls if not unwanted.search(each[1].name)]


@detector("lightning")
def lightning(project: Project, options: Options) -> Shown:
    """Its module or its trainer; in part what else saves one the loop of training."""
    clues = look(project, options)
    if clues.code or clues.settings:
        return weigh(project, options, "Lightning", clues)
    others: list[Hit] = of_calls(library_calls(project, options["others"]))
    if others:
        places, _ = best(project, others)
        return partial("Another framework's trainer is used, not Lightning.", "present", places)
    return weigh(project, options, "Lightning", clues)
