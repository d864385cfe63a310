"""Items about serving the model: the API, its load test, specialized serving, the frontend.

Belongs here: applications and what uses them. Their tests are for `testing`, where they are deployed for `cloud`.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mlops_mentor.evidence.checklist.detectors.endpoints import MAX_ROUTES
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, Definition, PythonFile
from mlops_mentor.evidence.code.reach import Index, calls_of, index, reached
from mlops_mentor.evidence.finding import Location

# Names of routes that are for nothing else.
_PREDICTS = re.compile(r"(?i)predict|infer|classif")
Route = tuple[PythonFile, Definition]


@detector("inference_api")
def inference_api(project: Project, options: Options) -> Shown:
    """Routes of FastAPI that lead to the model."""
    known = index(project.python)
    routes = _routes(project, options["imports"], options["decorators"])
    found = [(use, file, route) for file, route in routes if (use := _model_use(project, file, route, known, options))]
    if found:
        # The nearest use tells most: a route about health may lead to the model too, far away.
        use, file, route = min(found, key=lambda each: (not _PREDICTS.search(each[2].name), each[0].rank))
        decorated = project.at(file, _decorator_line(route))
        strength = "wired" if _is_served(project, [file for file, _ in routes]) else "present"
        return yes(f"The route `{route.name[:60]}` leads to the model.", strength, decorated, use.place)
    others = _routes(project, options["other_imports"], options["other_decorators"])
    for file, route in others:
        if use := _model_use(project, file, route, known, options):
            where = project.at(file, _decorator_line(route))
            return partial("An application that is not FastAPI leads to the model.", "present", where, use.place)
    places = [project.at(file, _decorator_line(route)) for file, route in routes]
    if routes:
        return partial("There is a FastAPI application; no route of it leads to a model.", "present", places)
    if made := project.called(options["applications"], project.python):
        return partial("There is a FastAPI application without routes.", "present", made)
    return no("There is no FastAPI application.", project.imports(options["imports"], project.python))


def _routes(project: Project, imports: str, decorators: str) -> list[Route]:
    """Functions under such a decorator in files that import the framework or an application of their own."""
    wanted = re.compile(decorators)
    with_framework = {place.path for place in project.imports(imports, project.python)}
    return [(file, each) for file in project.python if file.path in with_framework
            for each in file.functions if any(map(wanted.fullmatch, each.decorators))][:MAX_ROUTES]  # fmt: skip


def _decorator_line(route: Definition) -> int:
    return min([route.line, *(each.lineno for each in route.node.decorator_list)])


@dataclass(frozen=True)
class _Use:
    """Where a route comes to use a model; `rank` is lower for a prediction than for loading, and for what is near."""

    rank: tuple[bool, int]
    place: Location


def _model_use(project: Project, file: PythonFile, route: Definition, known: Index, options: Options) -> _Use | None:
    predicts, loads = re.compile(options["predictions"]), re.compile(options["loads"])
    loaded = None
    for distance, (where, part) in enumerate(reached(file, route, known)):
        for call in calls_of(where, part):
            if predicts.fullmatch(_plain_name(call)):
                return _Use((False, distance), project.at(where, call.line))
            if loaded is None and loads.fullmatch(call.name):
                loaded = _Use((True, distance), project.at(where, call.line))
    return loaded


def _plain_name(call: Call) -> str:
    """What is called, as it is written: `model` of `model(x)`, `predict` of `self.model.predict(x)`."""
    function = call.node.func if isinstance(call.node, ast.Call) else None
    while isinstance(function, ast.Subscript):
        function = function.value
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_served(project: Project, files: Iterable[PythonFile]) -> bool:
    """Something starts it, or another file uses it."""
    serves = re.compile(r"(?:uvicorn|fastapi (?:run|dev)|gunicorn|hypercorn|granian)\b")
    if any(serves.match(program) for each in project.commands if each.origin != "docs"
           for program in programs(each.text)):  # fmt: skip
        return True
    return any(map(project.is_used, files))


@detector("load_test")
def load_test(project: Project, options: Options) -> Shown:
    """Scripts of a load test, commands that run one, and its results."""
    results = project.paths(options["results"], tool_output=True)
    users = [(file, each) for file, each in project.subclasses(options["users"])]
    users = [(file, each) for file, each in users if _has_tasks(file, each, options)]
    places = [project.at(file, each.line) for file, each in users]
    places += project.grep(options["other_scripts"], r"\.(js|ts|ya?ml|jmx|scala|lua)$")
    started = [project.of_command(each) for each in project.commands if each.origin != "docs"
               and any(re.match(options["commands"], program) for program in programs(each.text))]  # fmt: skip
    if places or started:
        if results:
            return yes("There is a load test, and results of it.", "executed", places, started, results)
        strength = "wired" if started else "present"
        return yes("There is a load test.", strength, places, started)
    named = [file for file in project.own.all_python if re.search(options["names"], file.path.lower())]
    if calls := project.called(options["clients"], named):
        return yes("A script of its own sends many requests.", "present", calls, results)
    if results:
        return partial("There are results of a load test, and no script.", "executed", results)
    told = [project.of_command(each) for each in project.commands if each.origin == "docs"
            and any(re.match(options["commands"], program) for program in programs(each.text))]  # fmt: skip
    if told:
        return partial("The documentation tells how to load test; there is no script.", "present", told)
    if came := project.paths(options["examples"], own=False):
        return no("There is a load test's file, and no task of its own in it.", came)
    return _nothing(project, "There is no load test.", options)


def _has_tasks(file: PythonFile, user: Definition, options: Options) -> bool:
    """A user of locust does something: it has tasks of its own or is given some."""
    inside = [each for each in file.definitions if each.name.startswith(f"{user.name}.")]
    is_task = re.compile(options["tasks"])
    has_decorated = any(is_task.fullmatch(name) for each in inside for name in each.decorators)
    names = {getattr(target, "id", "") for statement in user.node.body for target in getattr(statement, "targets", ())}
    return has_decorated or "tasks" in names


@detector("specialized_serving")
def specialized_serving(project: Project, options: Options) -> Shown:
    """Code that exports to or runs ONNX, or serves with BentoML."""
    calls = [(file, call) for file, call in project.calls(options["calls"]) if not file.is_test]
    notebooks = project.calls(options["calls"], project.own.notebooks)
    commands = [project.of_command(each) for each in project.commands if each.origin != "docs"
                and any(re.match(options["commands"], program) for program in programs(each.text))]  # fmt: skip
    models = project.paths(options["results"], tool_output=True)
    if calls:
        places = [project.at(file, call.line) for file, call in calls]
        serving = [place for place, (_, call) in zip(places, calls, strict=True)
                   if re.fullmatch(options["serving_calls"], call.name)]  # fmt: skip
        reason = "The model is served with ONNX or BentoML." if serving else "The model is exported to ONNX."
        if models:
            return yes(f"{reason} A model of it is committed.", "executed", serving, places, models)
        is_wired = bool(commands) or any(project.is_used(file) for file, _ in calls)
        return yes(reason, "wired" if is_wired else "present", serving, places, commands)
    if commands:
        return yes("A command builds or serves with BentoML.", "wired", commands)
    if notebooks:
        places = [project.at(file, call.line) for file, call in notebooks]
        return partial("A notebook exports to or runs ONNX or BentoML; no code of the project does.", "present", places)
    settings = project.paths(options["settings"])
    if settings or models:
        reason = "There is a model or a file of settings for it, and no code that makes or serves it."
        return partial(reason, "present", settings, models)
    return _nothing(project, "No code uses ONNX or BentoML.", options)


@detector("frontend")
def frontend(project: Project, options: Options) -> Shown:
    """Applications and pages for people who use the API."""
    made = project.calls(options["calls"], project.python)
    if made:
        return _python_frontend(project, made, options)
    skipped = re.compile(options["not_pages"], re.IGNORECASE)
    pages = [place for place in project.grep(options["page_calls"], options["pages"])
             if not skipped.search(place.path)]  # fmt: skip
    if pages:
        return yes("Pages call an API.", "present", pages)
    answering = [file for file in project.python if project.called(options["page_answers"], [file])]
    if inside := project.strings(options["page_calls"], answering):
        return yes("The API answers with a page that calls it.", "wired", inside)
    plain = [place for place in project.paths(options["pages"]) if not skipped.search(place.path)]
    if plain:
        return partial("There are pages, and none calls an API.", "present", plain)
    return _nothing(project, "There is no frontend.", options)


def _python_frontend(project: Project, made: list[tuple[PythonFile, Call]], options: Options) -> Shown:
    files = list({file.path: file for file, _ in made}.values())
    asking = project.called(options["clients"], files)
    # One place a file, else the first has them all.
    telling = re.compile(options["telling"])
    ranked = sorted(made, key=lambda each: (not telling.fullmatch(each[1].name), each[1].line))
    first = {file.path: project.at(file, call.line) for file, call in reversed(ranked)}
    places = [first[file.path] for file in files]
    names = "|".join(re.escape(PurePosixPath(file.path).name) for file in files)
    is_wired = bool(project.run(names)) or any(map(project.is_used, files))
    reason = "There is a frontend that sends requests to an API." if asking else "There is a frontend; it calls no API."
    return yes(reason, "wired" if is_wired else "present", places, asking)


def _nothing(project: Project, reason: str, options: Options) -> Shown:
    """Not there; where it is declared or was there before, that is said."""
    names = options["distributions"]
    declared = [each for each in project.own.declared.dependencies if each.name in names]
    places = [Location(each.path) for each in declared]
    if declared:
        reason = f"{reason} {declared[0].name} is declared, and no code uses it."
    if past := project.in_the_past(options["past"]):
        return no(f"{reason} A former version had it.", past, places)
    return no(reason, places)
