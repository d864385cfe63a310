"""Drift: code that looks for it, and an API that reports it.

Belongs here: items about drifting data. What an API keeps of its inputs is for `collected`.
"""

import ast
import re

from mlops_mentor.evidence.checklist.detectors.endpoints import Endpoints, calls_in, deployments
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Definition, PythonFile
from mlops_mentor.evidence.finding import Location

_DRIFT = re.compile(r"(?i)drift|(covariate|distribution|data)_?shift")
_REPORTS = r"drift[^/]{0,80}\.(html?|json|csv|png|jpe?g|pdf|txt)$"
_MANY = 3


@detector("drift_check")
def drift_check(project: Project, options: Options) -> Shown:
    """Code that compares data for drift: a library's, a statistical test, a function of the group's own."""
    used = _library_calls(project, options)
    reports = [place for place in project.paths(_REPORTS, tool_output=True) if not place.path.endswith(".py")]
    if used:
        files = {file.path: file for file, _ in used}
        is_wired = any(project.is_used(file) for file in files.values())
        strength = "executed" if reports else "wired" if is_wired else "present"
        places = _spread([place for _, place in used])
        return yes("Code looks for drift with a library or a statistical test.", strength, places, reports[:1])
    own = _own_functions(project)
    compares = [place for place, does_compare in own if does_compare]
    if compares:
        return yes("A function of your own compares data for drift.", "executed" if reports else "present",
                   compares, reports[:1])  # fmt: skip
    if own:
        return partial("A function is about drift, and no comparison is seen in it.", "present", [own[0][0]])
    if reports:
        return partial("A report about drift is there, and no code that made it.", "present", reports)
    robust = project.definitions(options["robustness"], [*project.python, *project.own.notebooks])
    if robust:
        return partial("Code changes its input to see how robust the model is, without a word of drift.", "present",
                       [project.at(file, each.line) for file, each in robust])  # fmt: skip
    if removed := project.in_the_past(rf"^\s{{0,20}}(from|import)\s{{1,9}}({options['libraries']})\b"):
        return no("Nothing looks for drift any more; a former version did.", removed)
    return no("No code looks for drift.")


def _library_calls(project: Project, options: Options) -> list[tuple[PythonFile, Location]]:
    # Some keep the check among their tests.
    files = [*project.python, *project.tests, *project.own.notebooks]
    library = rf"(?:{options['libraries']})(?:\..*)?"
    calls = project.calls(library, files)
    # What looks for drift before what prepares it.
    calls.sort(key=lambda each: not re.search(options["looks"], each[1].last))
    found = [(file, project.at(file, call.line)) for file, call in calls]
    for file, call in project.calls(rf"(?:.*\.)?(?:{options['statistics']})", files):
        if _DRIFT.search(f"{file.path} {call.scope}") or any(_DRIFT.search(each.name) for each in file.definitions):
            found.append((file, project.at(file, call.line)))
    return found


def _own_functions(project: Project) -> list[tuple[Location, bool]]:
    """Functions with drift in their names, and whether they compare anything."""
    files = [*project.python, *project.own.notebooks]
    found = [(file, each) for file in files for each in file.functions if _DRIFT.search(each.name.rpartition(".")[2])]
    return [(project.at(file, each.line), _compares(each)) for file, each in found]


def _compares(definition: Definition) -> bool:
    """A comparison of what is computed: `abs(new - old) > limit`, and not `if path is None`."""
    for node in ast.walk(definition.node):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Lt | ast.Gt | ast.LtE | ast.GtE)
                                                 for each in node.ops):  # fmt: skip
            return True
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Sub | ast.Div)
            and (isinstance(node.left, ast.Call) or isinstance(node.right, ast.Call))
        ):
            return True
    return False


@detector("drift_api")
def drift_api(project: Project, options: Options) -> Shown:
    """A route about drift, and what deploys it."""
    endpoints = Endpoints(project)
    library = re.compile(rf"(?:{options['libraries']})(?:\..*)?")
    found = []
    for route in endpoints.routes:
        is_named = bool(_DRIFT.search(f"{route.definition.name} {route.address}"))
        reached = endpoints.reached([route]) if is_named or re.search(options["addresses"], route.address) else []
        if any(_DRIFT.search(each.name) or _calls_one(file, each, library) for file, each in reached):
            found.append(route)
    if not found:
        if removed := project.in_the_past(r"@\w{1,40}\.(get|post|route)\(.{0,80}drift"):
            return no("No API reports drift any more; a former version did.", removed)
        return no("No API reports drift.")
    places = [project.at(route.file, route.definition.line) for route in found]
    paths = {route.file.path for route in found}
    deployed = deployments(project)
    about = [place for said, place in deployed if _DRIFT.search(said) or _names_one(said, paths)]
    if about:
        return yes("An API reports drift, and is deployed.", "wired", places[:_MANY], about)
    served = [place for place in project.run(r"\b(uvicorn|gunicorn|fastapi|flask|functions-framework)\b", "docker",
                                             "compose", "cloudbuild", "workflow")
              if _names_one(place.snippet or "", paths)]  # fmt: skip
    if deployed and served:
        return yes("An API reports drift; its image is served, and the project deploys.", "wired",
                   places[:_MANY], served[:1], deployed[0][1])  # fmt: skip
    return partial("An API reports drift; nothing in the repository deploys it.", "wired" if served else "present",
                   places, served[:1])  # fmt: skip


def _calls_one(file: PythonFile, definition: Definition, library: re.Pattern[str]) -> bool:
    """Whether a function calls the library."""
    return any(library.fullmatch(call.name) for call in calls_in(file, definition))


def _names_one(text: str, paths: set[str]) -> bool:
    """Whether a command names one of the files, as a path or as a module."""
    modules = [path.removesuffix(".py").split("/") for path in paths]
    names = {name for parts in modules for name in ("/".join(parts[-2:]), ".".join(parts[-2:]), f"{parts[-1]}:")}
    return any(name in text for name in names)


def _spread(places: list[Location]) -> list[Location]:
    """One place a file first, then the others."""
    firsts = list({place.path: place for place in reversed(places)}.values())[::-1]
    return [*firsts, *places]
