"""Web applications: their routes, what these reach, and what puts an application into the cloud.

Belongs here: what several detectors ask about an API. What a route is for is theirs.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, Definition, PythonFile, Text
from mlops_mentor.evidence.finding import Location

_ROUTE = re.compile(
    r"(?i)(?:.{0,200}\.)?[\w()]{0,60}(?:api|app|application|router|server|flask|starlette|litestar|blueprint|bp)[\w()]{0,20}"
    r"\.(?:get|post|put|patch|delete|route|api_route|websocket)"
    r"|functions_framework\.(?:http|cloud_event)|bentoml\.(?:.{0,40}\.)?(?:api|service)|litestar\.(?:get|post)"
)
_LIBRARY = re.compile(r"(?i)(fastapi|flask|starlette|litestar|quart|sanic|functions_framework|bentoml)(\..*)?")
_HOPS = 3
# Nobody writes more; each costs a walk over what it reaches.
MAX_ROUTES = 300
_Placed = TypeVar("_Placed", Call, Text)
DEPLOYS = (
    r"\bgcloud\b.{0,30}\b(run|functions|app)\b.{0,20}\bdeploy\b|\bgcloud\b.{0,30}\b(run|functions) services update\b"
    r"|\bgcloud run services replace\b"
)
# What terraform and Knative say of a service.
_TERRAFORM = r"^\s{0,20}resource\s{1,9}[\"']?google_(?:cloud_run|cloudfunctions)\w{0,30}"
_SERVICE = r"^(?:serving\.knative\.dev|run\.googleapis\.com)/"
_DEPLOY_ACTION = re.compile(r"(?i)^google-github-actions/deploy-(cloudrun|cloud-functions|appengine)@")


@dataclass(frozen=True)
class Route:
    """A function behind an address; `address` as far as it is written there."""

    file: PythonFile
    definition: Definition
    address: str


@dataclass
class Endpoints:
    """The routes of a project, and the functions that they reach."""

    project: Project

    @cached_property
    def routes(self) -> list[Route]:
        """By path and line; those of tests are none."""
        files = [file for file in self.project.python if _is_of_app(file)]
        return [
            Route(file, each, _address(each))
            for file in files
            for each in file.functions
            if any(_ROUTE.fullmatch(name) for name in each.decorators)
        ][:MAX_ROUTES]

    @cached_property
    def files(self) -> list[PythonFile]:
        """Files with routes, then own files that these import."""
        first = list({route.file.path: route.file for route in self.routes}.values())
        second = [each for file in first for each in self.project.imported(file)]
        return list({each.path: each for each in [*first, *second] if not each.is_test}.values())

    def reached(self, routes: Iterable[Route] | None = None) -> list[tuple[PythonFile, Definition]]:
        """The functions of routes, then those that they name, a few steps far, in the files of the application."""
        start = [(route.file, route.definition) for route in (self.routes if routes is None else routes)]
        found = {(file.path, each.name, each.line): (file, each) for file, each in start}
        waiting = start
        for _ in range(_HOPS):
            names = {name for _, each in waiting for name in _mentioned(each.node)}
            following = [
                (file, each)
                for file in self.files
                for each in file.functions
                if each.name.rpartition(".")[2] in names and (file.path, each.name, each.line) not in found
            ]
            found |= {(file.path, each.name, each.line): (file, each) for file, each in following}
            waiting = following
        return list(found.values())


def _is_of_app(file: PythonFile) -> bool:
    """Imports a library for applications, or an application from elsewhere: `from .main import app`."""
    return any(
        _LIBRARY.fullmatch(each.name) or each.name.rpartition(".")[2] in ("app", "router", "api")
        for each in file.imports
    )


def _address(definition: Definition) -> str:
    for decorator in definition.node.decorator_list:
        values = decorator.args[:1] if isinstance(decorator, ast.Call) else []
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value[:200]
    return ""


def _mentioned(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr


def calls_in(file: PythonFile, definition: Definition) -> list[Call]:
    """Calls within a definition, those of functions within it included."""
    return list(_within(file.calls, definition))


def texts_in(file: PythonFile, definition: Definition) -> list[str]:
    """Texts within a definition."""
    return [text.value for text in _within(file.texts, definition)]


def _within(parts: Sequence[_Placed], definition: Definition) -> Sequence[_Placed]:
    """Those below the definition's first line; they are in the order of lines."""
    end = definition.node.end_lineno or definition.line
    first = bisect_right(parts, definition.line, key=_line)
    return parts[first : bisect_right(parts, end, key=_line)]


def _line(part: Call | Text) -> int:
    return part.line


def deployments(project: Project) -> list[tuple[str, Location]]:
    """(what it says, place) of commands, steps and settings that deploy to Google's cloud; none from prose."""
    wanted = re.compile(DEPLOYS)
    found = [(each.text, project.of_command(each)) for each in project.commands
             if each.origin != "docs" and wanted.search(each.text)]  # fmt: skip
    for workflow in project.workflows:
        for step in workflow.steps:
            if _DEPLOY_ACTION.match(step.uses):
                said = " ".join(value for _, value in step.options)[:2000]
                found.append((said, project.of_step(workflow, step)))
    found += [(place.snippet or "", place) for place in project.grep(_TERRAFORM, r"\.tf$")]
    for document, entry in project.entries(r"^apiVersion$", _SERVICE):
        found.append(("\n".join(document.lines)[:2000], project.at(document, entry.line)))
    return found
