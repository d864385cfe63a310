"""The project as a whole: its architecture, its members, what is uploaded.

Belongs here: items that no single part of the code shows.
"""

import re

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, not_checkable, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location
from mlops_mentor.evidence.report.figures import Figure

_MERMAID = re.compile(r"^[ \t>]{0,8}(`{3,}|~{3,})[ \t]{0,4}mermaid\b", re.IGNORECASE)
_DRAWING = re.compile(r"^\s{0,20}(flowchart|graph|architecture-beta|C4\w{1,20}|sequenceDiagram|stateDiagram)\b")
_NOT_SHOWN = {
    "missing": "is not in the repository",
    "outside": "is kept outside of the repository",
    "own_other": "is not among the files of the snapshot",
    "embedded": "is written into the report and not a file",
}


@detector("project_revisited")
def project_revisited(project: Project, options: Options) -> Shown:
    """Nobody sees what a group thinks."""
    del project, options
    return not_checkable("What a group thinks of its project cannot be seen.")


@detector("shared_understanding")
def shared_understanding(project: Project, options: Options) -> Shown:
    """Nobody sees what members understand; in how many areas they worked is a hint."""
    breadths = project.facts.areas_of_people
    reason = "What members understand cannot be seen."
    if not breadths:
        return not_checkable(reason)
    wide = sum(number >= options["areas"] for number in breadths)
    members = project.facts.group_size
    has_more = members is not None and len(breadths) > members
    who = "names under which commits were made" if has_more else "people with commits"
    hint = f"{wide} of {len(breadths)} {who} worked on {options['areas']} areas of the code or more"
    if has_more:
        hint += f"; they are not yet assigned to the {members} members"
    return not_checkable(f"{reason} A hint: {hint}.")


@detector("architecture_figure")
def architecture_figure(project: Project, options: Options) -> Shown:
    """The figure of the report's question, a diagram's source, or a figure elsewhere that is called so."""
    asked = [figure for figure in project.facts.report_images if figure.topic == "architecture"]
    own = [figure for figure in asked if figure.is_image and not figure.is_starter]
    if own:
        places = [Location(figure.path or "", None, None, figure.blob_id) for figure in own]
        return yes("The report's question about the architecture shows a figure of your own.", "wired",
                   places, [figure.place for figure in own])  # fmt: skip
    sources = _sources(project, options)
    drawn = [figure.place for figure in asked if figure.status == "drawn"]
    if drawn or sources:
        return yes("The source of a diagram is there.", "present", drawn, sources)
    named = re.compile(options["names"])
    shown_ids = {figure.blob_id for figure in project.facts.report_images}
    elsewhere = [place for place in project.paths(options["images"]) if named.search(place.path.lower())]
    elsewhere.sort(key=lambda place: place.blob_id not in shown_ids)
    problem = _problem(asked)
    if elsewhere:
        where = f"The report's figure {problem}; another figure" if problem else "A figure"
        return partial(f"{where} is called as one of the architecture.", "present", elsewhere)
    if problem:
        return no(f"The report's figure of the architecture {problem}.")
    return no("No figure of the architecture.")


def _problem(asked: list[Figure]) -> str:
    """What is wrong with the figures of the question; empty without one."""
    if not asked:
        return ""
    if any(figure.is_starter for figure in asked):
        return "is the course's own"
    return _NOT_SHOWN.get(asked[0].status, "is no image of the repository")


def _sources(project: Project, options: Options) -> list[Location]:
    """Drawings as text or as code."""
    found = project.paths(options["sources"])
    for text in project.own.texts:
        if not text.path.lower().endswith((".md", ".markdown", ".mmd")):
            continue
        starts = [number for number, line in enumerate(text.lines, start=1) if _MERMAID.match(line[:60])]
        found += [project.at(text, number) for number in starts
                  if any(_DRAWING.match(line[:80]) for line in text.lines[number : number + 8])]  # fmt: skip
    return [*found, *project.called(r"diagrams\.Diagram", [*project.python, *project.own.notebooks])]


@detector("all_code_uploaded")
def all_code_uploaded(project: Project, options: Options) -> Shown:
    """Own code at the snapshot; what waits beside it speaks against."""
    python = [file for file in project.python if file.definitions or len(file.calls) >= options["calls"]]
    notebooks = list(project.own.notebooks)
    other = project.paths(r"\.(r|jl|js|jsx|ts|tsx|vue|java|cpp|go|rs)$")
    code = sorted(python, key=lambda file: (-len(file.calls), file.path)) + notebooks
    places = [Location(file.path, None, None, file.blob_id) for file in code] + other
    if not places:
        return no("No code of your own.")
    waiting = _waiting(project, options)
    if waiting:
        return partial(f"Code of your own is there; {waiting}.", "present", places)
    tests = [file for file in project.tests if file.functions]
    number = len(python) + len(tests)
    return yes(f"{number} Python files and {len(notebooks)} notebooks of your own are there.", "present", places)


def _waiting(project: Project, options: Options) -> str:
    """Pull requests and branches with code that the snapshot lacks."""
    requests = project.facts.pull_requests
    if requests is not None and requests.height:
        opened = requests.filter((requests["state"] == "open") & ~requests["is_bot"] & ~requests["is_draft"])
        added = int(opened["additions"].sum() or 0)
        if added >= options["lines"]:
            number = "a pull request" if opened.height == 1 else f"{opened.height} pull requests"
            return f"{number} with {added} added lines wait to be merged"
    ahead = project.facts.unmerged() if project.facts.unmerged is not None else ()
    large = [branch for branch in ahead if branch.num_files >= options["files"]]
    if large:
        number = f"{large[0].num_files} files of code stand in the branch {large[0].name} alone"
        return number if len(large) == 1 else f"{number}, and {len(large) - 1} other branches are like it"
    return ""
