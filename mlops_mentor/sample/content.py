"""The texts of the sample repositories, as they stood at each stage of the work.

Belongs here: finding and reading the files below `content/`. A stored file is the file of a repository with `.txt`
added, and with `dot-` for a leading dot (package data with a leading dot is easily lost). A line `%% 2` says: what
follows is there from stage 2 on; `%% 1-2` says: in stages 1 and 2 only. So one stored text gives several versions, and
a history of believable changes.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

# The stage of a file of which no stage is named: after all the work.
FINAL = 99

_MARKER = re.compile(r"%% (\d+)(?:-(\d+))?")


def text(project: str, path: str, stage: int = FINAL) -> str:
    """A file of a project at a stage."""
    stored = [f"dot-{part[1:]}" if part.startswith(".") else part for part in f"{path}.txt".split("/")]
    return at_stage(_root().joinpath(project, *stored).read_text(encoding="utf-8"), stage)


def paths(project: str) -> list[str]:
    """The paths of all files of a project."""
    return sorted(_walk(_root().joinpath(project), ""))


def course_settings() -> str:
    """The course file of the sample class."""
    return _root().joinpath("course.yaml.txt").read_text(encoding="utf-8")


def at_stage(stored: str, stage: int) -> str:
    """The lines of a stored text that are there at the stage."""
    kept, present = [], True
    for line in stored.splitlines(keepends=True):
        marker = _MARKER.fullmatch(line.rstrip("\n"))
        if marker is not None:
            present = int(marker[1]) <= stage <= int(marker[2] or FINAL)
        elif present:
            kept.append(line)
    return "".join(kept)


def _root() -> Traversable:
    return files("mlops_mentor.sample").joinpath("content")


def _walk(folder: Traversable, prefix: str) -> list[str]:
    found = []
    for child in folder.iterdir():
        name = f".{child.name[4:]}" if child.name.startswith("dot-") else child.name
        if child.is_dir():
            found += _walk(child, f"{prefix}{name}/")
        else:
            found.append(prefix + name.removesuffix(".txt"))
    return found
