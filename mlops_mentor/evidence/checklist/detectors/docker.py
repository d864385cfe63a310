"""Docker files of the group's own, and what builds them.

Belongs here: what a Docker file holds. Whether a push builds the images is an item of the second week.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, not_checkable, partial, yes
from mlops_mentor.evidence.code.own_files import TextFile
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location

_INSTRUCTION = re.compile(r"^[ \t]{0,8}(?P<name>[A-Za-z]{2,12})[ \t](?P<rest>.{0,2000})")
# A path of the repository that is copied to get dependencies, and no code.
_NO_CODE = re.compile(r"(requirements|pyproject|uv\.lock|poetry\.lock|setup\.|readme|license|\.env|environment)", re.I)
_BRINGS_CODE = re.compile(r"\bgit clone\b|\bpip install\b.{0,200}\bgit\+|\bgsutil .{0,40}cp\b", re.I)
_RUNS = ("CMD", "ENTRYPOINT")


@dataclass(frozen=True)
class _DockerFile:
    text: TextFile
    instructions: tuple[tuple[int, str, str], ...]

    def first(self, *names: str) -> int | None:
        """The line of the first such instruction."""
        return next((line for line, name, _ in self.instructions if name in names), None)

    @property
    def copies_code(self) -> int | None:
        """The line that brings more than declarations of dependencies into the image."""
        for line, name, rest in self.instructions:
            sources = [each for each in rest.split() if not each.startswith("--")][:-1]
            is_copy = name in ("COPY", "ADD") and "--from=" not in rest
            if is_copy and any(not _NO_CODE.search(source) for source in sources):
                return line
            if name == "RUN" and _BRINGS_CODE.search(rest):
                return line
        return None


@detector("dockerfiles")
def dockerfiles(project: Project, options: Options) -> Shown:
    """Docker files that copy the code and say what to run."""
    del options
    found = list(_docker_files(project))
    whole = [each for each in found if each.copies_code and each.first(*_RUNS)]
    builds = _builds(project)
    if whole:
        # The one that is built by something comes first.
        whole.sort(key=lambda each: not _names(each.text.path, builds))
        places = [project.at(each.text, each.first("FROM")) for each in whole]
        built = [place for each in whole for place in _names(each.text.path, builds)]
        number = (
            "One Docker file copies code and says"
            if len(whole) == 1
            else f"{len(whole)} Docker files copy code and say"
        )
        return yes(f"{number} what to run.", "wired" if built else "present", places, built[:1])
    if found:
        each = found[0]
        lacks = "copies no code" if not each.copies_code else "does not say what to run"
        return partial(f"A Docker file of your own {lacks}.", "present",
                       [project.at(each.text, each.first("FROM")) for each in found])  # fmt: skip
    handed_out = project.paths(r"(^|/)dockerfile[^/]*$|\.dockerfile$", own=False)
    if used := [place for path in handed_out for place in _names(path.path, builds)]:
        return partial("The template's Docker files as they came are built.", "wired", used, handed_out)
    composed = _composed(project)
    if composed:
        return partial("A compose file alone says what to run.", "present", composed)
    if handed_out:
        return no("Only the template's Docker files as they came.", handed_out)
    return no("No Docker file.")


@detector("docker_builds")
def docker_builds(project: Project, options: Options) -> Shown:
    """What was built locally nobody sees; what builds images elsewhere is a hint."""
    del options
    built = [place for _, place in _builds(project) if not place.path.lower().endswith((".md", ".rst", ".txt"))]
    reason = "What was built on your own computers cannot be seen."
    if built:
        return not_checkable(f"{reason} A hint: something of the repository builds images.", built)
    return not_checkable(reason)


def _docker_files(project: Project) -> Iterator[_DockerFile]:
    """Own ones, that begin an image and have an instruction of the group's own."""
    for text in project.own.texts:
        if text.kind != "docker" or text.path.lower().endswith((".yml", ".yaml")):
            continue
        instructions = tuple(_instructions(text))
        own = set(project.own_lines(text))
        if any(name == "FROM" for _, name, _ in instructions) and any(line in own for line, _, _ in instructions):
            yield _DockerFile(text, instructions)


def _instructions(text: TextFile) -> Iterator[tuple[int, str, str]]:
    """(line, name, what follows on it and on the lines that continue it)."""
    waiting: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(text.lines, start=1):
        is_comment = line.lstrip()[:1] == "#"
        if waiting:
            waiting[2].append("" if is_comment else line[:2000])
            if not is_comment and not line.rstrip().endswith("\\"):
                yield waiting[0], waiting[1], " ".join(waiting[2])[:4000]
                waiting = None
        elif not is_comment and (found := _INSTRUCTION.match(line[:2000])):
            name, rest = found["name"].upper(), found["rest"]
            if line.rstrip().endswith("\\"):
                waiting = number, name, [rest]
            else:
                yield number, name, rest
    if waiting:
        yield waiting[0], waiting[1], " ".join(waiting[2])[:4000]


def _composed(project: Project) -> list[Location]:
    entries = project.entries(r"^services\.[^.]{1,100}\.(build|image)", path=r"compose[^/]*\.ya?ml$")
    return [project.at(document, entry.line) for document, entry in entries]


_BUILDS = (
    r"\b(docker|podman)( buildx| compose|-compose)? build\b|\bdocker-compose build\b|\bgcloud builds submit\b"
    r"|^docker\b.{0,40}\bbuild\b|^executor\b|\bkaniko\b|\bdocker compose up\b.{0,80}--build"
)
_BUILD_ACTION = re.compile(r"^(docker/(build-push-action|bake-action)|google-github-actions/deploy-cloudrun)@", re.I)


def _builds(project: Project) -> list[tuple[str, Location]]:
    """(what it says, place) of commands and steps that build images, those told in prose left out."""
    wanted = re.compile(_BUILDS)
    origins = ("workflow", "cloudbuild", "make", "task", "script")
    found = [(each.text, project.of_command(each)) for each in project.commands
             if each.origin in origins and wanted.search(each.text)]  # fmt: skip
    found.sort(key=lambda each: not each[1].path.startswith(".github/"))
    for workflow in project.workflows:
        for step in workflow.steps:
            if _BUILD_ACTION.match(step.uses):
                said = " ".join(value for _, value in step.options)[:2000]
                found.append((said, project.of_step(workflow, step)))
    composed = project.entries(r"^services\.[^.]{1,100}\.build(\.|$)", path=r"compose[^/]*\.ya?ml$")
    return found + [(entry.value, project.at(document, entry.line)) for document, entry in composed]


def _names(path: str, builds: list[tuple[str, Location]]) -> list[Location]:
    """Builds that name a Docker file; one at the root needs no name, and none where a variable stands for it."""
    name = path.rpartition("/")[2]
    is_default = name.lower() == "dockerfile"
    return [place for text, place in builds if name in text or is_default or re.search(r"\$\{|\$\(|\{\w", text)]
