"""Detector of versions of data: DVC above all, Git LFS and others.

Belongs here: W1-10. Where the data are kept is for the items of the cloud.
"""

from mlops_mentor.evidence.checklist.detectors.clues import best, declared, either, library_calls, of_calls
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location

_CONFIG = r"(^|/)\.dvc/config$"


@detector("data_versions")
def data_versions(project: Project, options: Options) -> Shown:
    """What DVC tracks, with its settings; `.dvcignore` alone is neither."""
    tracked, config = _tracked(project), project.paths(_CONFIG)
    remotes = [project.at(document, entry.line) for document, entry in project.entries(r"\.url$", path=_CONFIG)]
    runs = project.run(either(options["commands"]))
    if tracked and config:
        locks = project.paths(r"(^|/)dvc\.lock$", tool_output=True)
        strength = "executed" if locks else "wired" if runs else "present"
        where = "a remote is set" if remotes else "no remote is set"
        return yes(f"DVC tracks data, and {where}.", strength, tracked[:2], remotes, tracked, config, runs)
    if others := _others(project, options):
        return yes("Versions of data are kept by another tool than DVC.", "present", others, tracked)
    if tracked:
        return partial("DVC tracks data, and there is no `.dvc/config` in the repository.", "present", tracked)
    if config:
        return partial("DVC is set up, and no data that it tracks is in the repository.", "present", remotes or config)
    looks_like = [*declared(project, options["packages"]), *project.paths(r"(^|/)\.dvcignore$")]
    past = project.in_the_past(options["past"])
    if past:
        return no("Data had versions in a former state of the repository, and have none now.", past)
    return no("Nothing keeps versions of data.", looks_like)


def _tracked(project: Project) -> list[Location]:
    """Outputs that `.dvc` files or stages of `dvc.yaml` name, and the lock of stages that ran."""
    entries = [
        *project.entries(r"^outs\.\d+\.path$", path=r"\.dvc$"),
        *project.entries(r"^stages\.[^.]+\.outs\.", path=r"(^|/)dvc\.yaml$"),
    ]
    firsts = {(document.path, entry.key[:2]): project.at(document, entry.line) for document, entry in reversed(entries)}
    by_file = [firsts[key] for key in sorted(firsts)]
    # Too long to be read where every file of a folder stands in it; its name alone tells that DVC wrote it.
    read = {document.path for document in project.own.documents}
    by_file += [place for place in project.paths(r"(^|/)[^/]+\.dvc$") if place.path not in read]
    # Stages say what would be made; what was made stands in the lock.
    return by_file or project.paths(r"(^|/)dvc\.lock$", tool_output=True)


def _others(project: Project, options: Options) -> list[Location]:
    """Git LFS of data's types, artifacts of the type dataset, and tools of their own."""
    lfs = project.grep(options["lfs"], r"(^|/)\.gitattributes$")
    artifacts = [(file, call) for file, call in library_calls(project, options["artifacts"])
                 if any(each in options["artifact_types"] for each in call.strings)]  # fmt: skip
    tools = library_calls(project, options["others"])
    return [*best(project, of_calls([*artifacts, *tools]))[0], *lfs]
