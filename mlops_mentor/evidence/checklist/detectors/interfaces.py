"""Detector of command lines: of scripts, and of the project as a whole.

Belongs here: W1-11. The template's own commands are no evidence; what was added to them is.
"""

import ast
import re

from mlops_mentor.evidence.checklist.detectors.clues import best, either, library_calls, of_calls, own, own_code
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.finding import Location


@detector("command_line")
def command_line(project: Project, options: Options) -> Shown:
    """Command lines of own code, and project commands: tasks, targets of a Makefile, scripts of the package."""
    calls = library_calls(project, options["calls"])
    places, is_used = best(project, of_calls([(file, call) for file, call in calls if not file.is_notebook]))
    commands = _commands(project, options)
    if places or commands:
        found = [text for text, has in (("a command line interface", places), ("project commands", commands)) if has]
        strength = "wired" if is_used or commands else "present"
        return yes(f"There {'are' if not places else 'is'} {' and '.join(found)}.", strength,
                   places[:3], commands[:2], places, commands)  # fmt: skip
    arguments = [(file, line) for file in own_code(project) if (line := _reads_arguments(file))]
    if arguments:
        return partial("Scripts read `sys.argv`, without a command line interface.", "present",
                       best(project, arguments)[0])  # fmt: skip
    return no("There is no command line interface, and no project command but those of the template.")


def _commands(project: Project, options: Options) -> list[Location]:
    scripts = project.entries(either(options["scripts"]), path=r"(^|/)(pyproject\.toml|setup\.cfg)$")
    tasks = [project.at(file, each.line) for file, each in project.definitions(r".*", project.own.all_python)
             if any(name in options["tasks"] for name in each.decorators)]  # fmt: skip
    is_left_out = re.compile(options["not_targets"], re.IGNORECASE)
    made = [(each, project.of_command(each)) for each in project.commands
            if each.origin == "make" and not is_left_out.search(f"{each.path}:{each.name}")]  # fmt: skip
    # One place a target: its first line.
    targets = {(each.path, each.name): place for each, place in reversed(made) if project.is_own(place)}
    in_order = sorted(targets.values(), key=lambda place: (place.path, place.line or 0))
    listed = [project.at(document, entry.line) for document, entry in scripts]
    return [*own(listed, project), *tasks, *in_order]


def _reads_arguments(file: PythonFile) -> int | None:
    """The first line that has `sys.argv`."""
    lines = [node.lineno for node in ast.walk(file.tree) if isinstance(node, ast.Attribute) and node.attr == "argv"
             and isinstance(node.value, ast.Name) and node.value.id == "sys"]  # fmt: skip
    return min(lines, default=None)
