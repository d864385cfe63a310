"""Detectors of how code is written: pep8, type hints and docstrings.

Belongs here: W1-08 and W1-09. The numbers of pep8 are measured elsewhere and come with the project's facts.
"""

import ast
import re
from collections.abc import Iterator

from mlops_mentor.evidence.checklist.detectors.clues import Hit, either, own
from mlops_mentor.evidence.checklist.detectors.registry import (
    Options,
    Shown,
    detector,
    no,
    not_available,
    partial,
    yes,
)
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.code.ranks import rank
from mlops_mentor.evidence.finding import Location

# What of pep8 the figure measures.
_MEASURED = "ruff's E and W rules (pep8, blank lines and spaces left out)"


@detector("pep8")
def pep8(project: Project, options: Options) -> Shown:
    """Few violations where they were measured; else what can be said of a linter."""
    if not any(file.tree.body for file in project.own.all_python):
        return no("There is no Python of the group's own.")
    runs = _runs(project, options)
    places = [*runs, *_settings(project, options)]
    strength = "wired" if runs else "present"
    found = project.facts.style_per_1000_lines
    if found is not None:
        text = f"{found:.1f} violations of {_MEASURED} in a thousand lines"
        if found <= options["few"]:
            return yes(f"{text}.", strength, places)
        if found <= options["some"] or runs:
            linter = " A linter is run all the same." if runs and found > options["some"] else ""
            return partial(f"{text}, which is more than {options['few']}.{linter}", strength, runs[:1],
                           _worst(project, options), places)  # fmt: skip
        return no(f"{text}, which is more than {options['some']}.", _worst(project, options), places)
    if runs:
        return yes("A linter or formatter is run by pre-commit or a workflow.", strength, places)
    if places:
        return partial("A linter or formatter is configured, and nothing of the group's own runs it.", strength, places)
    return not_available("Violations of pep8 were not measured, and no linter is configured.")


def _worst(project: Project, options: Options) -> list[Location]:
    """Of the file with most lines that are too long or end with blanks, the first of them: what anybody sees."""
    found: dict[PythonFile, list[int]] = {}
    for file in project.own.all_python:
        lines = [number for number, line in enumerate(file.lines, start=1)
                 if len(line) > options["line_length"] or line[-1:] in (" ", "\t")]  # fmt: skip
        if lines:
            found[file] = lines
    worst = min(found, key=lambda file: (-len(found[file]), file.path), default=None)
    return [project.at(worst, found[worst][0])] if worst else []


def _runs(project: Project, options: Options) -> list[Location]:
    """Hooks of pre-commit, and what workflows run that start on code, by themselves or through a Makefile."""
    of_hook, of_path = r"^repos\.\d+\.hooks\.\d+\.id$", r"(^|/)\.pre-commit-config\.ya?ml$"
    hooks = project.entries(of_hook, either(options["hooks"]), of_path)
    steps = [(workflow, step) for workflow in project.workflows if workflow.is_on_code for step in workflow.steps]
    is_wanted = re.compile(either(options["commands"]))
    found = [
        *(project.at(document, entry.line) for document, entry in hooks),
        *(project.of_command(each) for each in project.ci_commands if is_wanted.search(each.text)),
        *(project.of_step(workflow, step) for workflow, step in steps if _is_linter_action(step.uses, options)),
    ]
    return own(found, project)


def _is_linter_action(uses: str, options: Options) -> bool:
    return any(uses.startswith(name) for name in options["actions"])


def _settings(project: Project, options: Options) -> list[Location]:
    sections = project.entries(either(options["sections"]), path=r"(^|/)(pyproject\.toml|setup\.cfg|tox\.ini)$")
    found = own([project.at(document, entry.line) for document, entry in sections], project)
    firsts = {place.path: place for place in reversed(found)}
    commands = project.run(either(options["commands"]), "make", "task", "script")
    return [*firsts.values(), *project.paths(options["files"]), *own(commands, project)]


@detector("typing_and_docs")
def typing_and_docs(project: Project, options: Options) -> Shown:
    """Shares among own functions that are no tests: with hints, of those with parameters; with docstrings, of all
    that are public, classes included.
    """
    hinted, bare, documented, silent = _by_craft(project)
    if not bare and not hinted and not documented and not silent:
        return no("There are no functions of the group's own.")
    typed_share = len(hinted) / (len(hinted) + len(bare)) if hinted or bare else None
    doc_share = len(documented) / (len(documented) + len(silent)) if documented or silent else None
    texts = []
    if typed_share is not None:
        texts.append(f"{typed_share:.0%} of {len(hinted) + len(bare)} functions with parameters have type hints")
    if doc_share is not None:
        texts.append(f"{doc_share:.0%} of {len(documented) + len(silent)} public functions and classes have docstrings")
    text = ", and ".join(texts) + "."
    is_typed = typed_share is not None and typed_share >= options["typed_share"]
    is_documented = doc_share is not None and doc_share >= options["documented_share"]
    # With both first: the line shows it at once. By paths, because a file's own hash is that of all it holds.
    with_docs = {(file.path, line) for file, line in documented}
    both = [(file, line) for file, line in hinted if (file.path, line) in with_docs]
    good = _spread(project, [*both, *hinted, *documented])
    if is_typed and is_documented:
        return yes(text, "present", good)
    if is_typed or is_documented:
        return partial(text, "present", _spread(project, silent if is_typed else bare))
    return no(text, _spread(project, [*bare, *silent]))


def _by_craft(project: Project) -> tuple[list[Hit], list[Hit], list[Hit], list[Hit]]:
    """Definitions with hints and without, with docstrings and without."""
    hinted: list[Hit] = []
    bare: list[Hit] = []
    documented: list[Hit] = []
    silent: list[Hit] = []
    for file in sorted(project.python, key=lambda file: rank(file.path)):
        for each in file.definitions:
            if _has_parameters(each.node):
                (hinted if _has_hints(each.node) else bare).append((file, each.line))
            if not each.name.rpartition(".")[2].startswith("_"):
                is_documented = ast.get_docstring(each.node, clean=False) is not None
                (documented if is_documented else silent).append((file, each.line))
    return hinted, bare, documented, silent


def _arguments(node: ast.AST) -> Iterator[ast.arg]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        given = node.args
        yield from (each for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)
                    if each.arg not in ("self", "cls"))  # fmt: skip


def _has_parameters(node: ast.AST) -> bool:
    return any(True for _ in _arguments(node))


def _has_hints(node: ast.AST) -> bool:
    return any(each.annotation is not None for each in _arguments(node))


def _spread(project: Project, hits: list[Hit]) -> list[Location]:
    """One place a file first, then the rest."""
    by_file = {file.path: (file, line) for file, line in reversed(hits)}
    firsts = [hit for hit in hits if by_file[hit[0].path] == hit]
    return [project.at(file, line) for file, line in [*firsts, *hits[:20]]]
