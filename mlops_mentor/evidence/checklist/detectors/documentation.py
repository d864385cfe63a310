"""Documentation, and where it is published.

Belongs here: pages for those who use the application. The report is none of them.
"""

import re
from dataclasses import replace
from functools import cache

from mlops_mentor.evidence.checklist.detectors.registry import (
    Options,
    Shown,
    detector,
    no,
    not_available,
    partial,
    yes,
)
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.commands import workflow_commands
from mlops_mentor.evidence.code.own_files import TextFile
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location
from mlops_mentor.evidence.report.templates import normal

_WORD = re.compile(r"[^\W\d_]{2,}")
_REFERENCE = re.compile(r"^\s{0,8}(:::\s{1,4}[\w.]{1,100}|\.\. auto(module|class|function)::)")
_SHORT = 60
_TOP = 20
_BOX = re.compile(r"^[ \t>]{0,20}(?:[*+-][ \t]{0,4})?(?:\[[^\[\]]{0,4}\])?")
# Behind an item stands its module.
_MODULES = re.compile(r"\(M\d{1,2}(?:[ +/,&]{1,3}M\d{1,2}){0,3}\)")
_FENCE = re.compile(r"^[ \t>]{0,12}(`{3,}|~{3,})")


@detector("documentation")
def documentation(project: Project, options: Options) -> Shown:
    """Pages beyond the template's, README and report."""
    pages = [text for text in project.own.texts
             if re.search(options["pages"], text.path.lower()) and not _is_of_generator(text, options)
             and not _is_of_course(text, options)]  # fmt: skip
    words = {page.path: _num_words(project, page) for page in pages}
    references = {page.path: line for page in pages if (line := _first_reference(project, page))}
    total = sum(words.values())
    pages.sort(key=lambda page: (-words[page.path], page.path))
    places = [project.at(page, _first_own(project, page)) for page in pages if words[page.path]]
    builders = project.paths(options["builders"], own=False)
    by_reference = [project.at(page, references[page.path]) for page in pages if page.path in references]
    if total >= options["words"] or (by_reference and builders):
        strength = "wired" if builders else "present"
        if project.facts.branches and _is_pages(project.facts.branches):
            strength = "executed"
        said = f"{total} words of your own" if total >= options["words"] else "A reference of your code"
        kept = f"{'stand' if total >= options['words'] else 'stands'} in {len(pages)} pages of documentation"
        return yes(f"{said} {kept}.", strength, places or by_reference)
    readmes = [text for text in project.own.texts if re.fullmatch(r"readme\.(md|rst|txt)", text.path.lower())]
    num_readme = sum(_num_words(project, each) for each in readmes)
    if total >= options["few_words"]:
        return partial(f"Pages of documentation have {total} words of your own.", "present", places)
    if num_readme >= options["readme_words"]:
        return partial(f"The README alone documents it, with {num_readme} words of your own.", "present",
                       [project.at(each, _first_own(project, each)) for each in readmes])  # fmt: skip
    return no("No documentation of your own beyond the template's.", places)


def _is_of_generator(text: TextFile, options: Options) -> bool:
    """One of the pages that a generator of projects makes, as it came or nearly."""
    marks = re.compile(options["generated"])
    return len(text.lines) <= _SHORT and any(marks.search(line[:400]) for line in text.lines)


def _is_of_course(text: TextFile, options: Options) -> bool:
    """A page that says near its top that it is the course's."""
    source = re.compile(options["source"])
    return any(source.search(line[:400]) for line in text.lines[:_TOP])


@cache
def _asked() -> frozenset[str]:
    """The checklist's texts, in every wording."""
    return frozenset(normal(text) for item in checklist().items for text in item.texts)


def _is_asked(line: str) -> bool:
    """Whether a line is an item of the course's checklist, ticked or not."""
    head = _BOX.sub("", line[:600], count=1)
    return normal(_MODULES.sub("", head)) in _asked()


def _own_text(project: Project, text: TextFile) -> list[tuple[int, str]]:
    """Own lines that are no code."""
    own, is_code, found = set(project.own_lines(text)), False, []
    for number, line in enumerate(text.lines, start=1):
        if _FENCE.match(line[:40]):
            is_code = not is_code
        elif number in own and not is_code and not _is_asked(line):
            found.append((number, line))
    return found


def _num_words(project: Project, text: TextFile) -> int:
    return sum(len(_WORD.findall(line[:4000])) for _, line in _own_text(project, text))


def _first_own(project: Project, text: TextFile) -> int | None:
    return next((number for number, line in _own_text(project, text) if _WORD.search(line[:4000])), None)


def _first_reference(project: Project, text: TextFile) -> int | None:
    return next((number for number, line in _own_text(project, text) if _REFERENCE.match(line[:200])), None)


@detector("published_docs")
def published_docs(project: Project, options: Options) -> Shown:
    """A branch of GitHub Pages, or what publishes there."""
    branches = project.facts.branches
    has_branch = branches is not None and _is_pages(branches)
    builders = project.paths(options["builders"], own=False)
    in_ci = _steps(project, options)
    commands = [place for origin in ("make", "task", "script") for place in project.run(options["commands"], origin)]
    if has_branch and (in_ci or builders):
        return yes("The branch gh-pages is there.", "executed", in_ci, commands, builders)
    if in_ci:
        return yes("A workflow publishes the documentation to GitHub Pages.", "wired", in_ci)
    if has_branch:
        return partial("The branch gh-pages is there, and nothing that makes documentation.", "executed")
    if commands:
        return partial("A command publishes to GitHub Pages; no trace of it having run.", "present", commands)
    if elsewhere := project.paths(r"(^|/)\.?readthedocs\.ya?ml$"):
        return partial("The documentation is published elsewhere than at GitHub Pages.", "present", elsewhere)
    told = project.run(options["commands"], "docs")
    if branches is None:
        return not_available("No workflow publishes documentation; which branches there are is not known.")
    if removed := project.in_the_past(options["commands"]):
        return no("Nothing publishes documentation any more; a former version did.", removed)
    return no("Nothing publishes documentation.", told)


def _is_pages(branches: tuple[str, ...]) -> bool:
    return any(branch in ("gh-pages", "gh_pages", "github-pages") for branch in branches)


def _steps(project: Project, options: Options) -> list[Location]:
    """Steps of workflows that publish, those first whose workflow is about documentation."""
    actions, commands = re.compile(options["actions"]), re.compile(options["commands"])
    found = []
    for workflow in project.workflows:
        lines = "\n".join(workflow.document.lines)[:20_000]
        is_about = re.search(options["makes"], lines) is not None
        for step in workflow.steps:
            is_action = actions.search(step.uses) is not None and is_about
            of_step = workflow_commands([replace(workflow, steps=(step,))]) if step.run else ()
            matching = [each for each in of_step if commands.search(each.text)]
            if matching:
                found.append(project.of_command(matching[0]))
            elif is_action:
                found.append(project.of_step(workflow, step))
    return found
