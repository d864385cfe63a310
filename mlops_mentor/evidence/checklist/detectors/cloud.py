"""Items about the cloud: the bucket of the data, training, deployment.

Belongs here: what a repository shows of Google's cloud. What is only there cannot be seen.
"""

import re
from collections.abc import Iterable

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.commands import Command
from mlops_mentor.evidence.code.documents import Document, Entry
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location


@detector("dvc_bucket")
def dvc_bucket(project: Project, options: Options) -> Shown:
    """Where DVC keeps the data."""
    urls = project.entries(r"\.url$", "", r"(^|/)\.dvc/config$")
    gcs = [(document, entry) for document, entry in urls if re.match(options["gcs"], entry.value.strip("'\""))]
    if gcs:
        places = [project.at(document, entry.line) for document, entry in gcs]
        uses = re.compile(r"dvc (?:pull|push|fetch|repro|get|import)\b")
        syncing = [each for each in project.pipelines if each.starts(uses.pattern)]
        if any(each.has_succeeded for each in syncing):
            reason = "DVC keeps the data in a bucket; a workflow that fetches them has succeeded."
            return yes(reason, "executed", places)
        if syncing or project.run(uses.pattern) or project.paths(options["tracked"], tool_output=True):
            return yes("DVC keeps the data in a bucket.", "wired", places)
        return yes("DVC is set up with a bucket; no data is tracked here.", "present", places)
    if buckets := [project.at(document, line) for document, line in _matching(urls, options["other_buckets"])]:
        return partial("DVC keeps the data in a bucket of another provider than Google.", "wired", buckets)
    used = [*project.called(options["calls"]), *_started(project, options["commands"])]
    used += project.strings(options["addresses"], project.python)
    used += [project.at(document, entry.line) for document, entry in project.entries("", options["addresses"])]
    if used:
        return partial("Code or commands use a bucket; DVC is not linked with it.", "wired", used)
    others = [project.at(document, entry.line) for document, entry in urls]
    if others:
        return no("DVC keeps the data elsewhere, not in a bucket.", others)
    broken = [each for each in project.paths(r"(^|/)\.dvc/config$") if each.path in project.broken]
    if broken:
        return partial("DVC's configuration is broken.", "present", broken)
    return no("Neither DVC nor code uses a bucket.")


@detector("cloud_training")
def cloud_training(project: Project, options: Options) -> Shown:
    """Configurations, commands and code that start training on Vertex AI or Compute Engine."""
    commands = _started(project, options["commands"])
    calls = project.called(options["calls"])
    configs = [project.at(document, entry.line) for document, entry in _first_each(project, options["config_keys"])]
    if shown := _in_the_cloud(project, options, commands, [*calls, *configs], "starts training in Google's cloud"):
        return shown
    told = _told(project, options["commands"])
    hints = [*_started(project, options["hint_commands"]), *project.called(options["hint_calls"])]
    hints += project.grep(options["hint_lines"], options["hint_paths"])
    hints += project.strings(options["hint_texts"], project.python)
    if hints:
        reason = "There are traces of machines or paths in Google's cloud; nothing here starts training there."
        return partial(reason, "present", hints, told)
    if told:
        return partial("The documentation tells how to start training in the cloud.", "present", told)
    return no("Nothing starts training in Google's cloud.")


@detector("cloud_deployment")
def cloud_deployment(project: Project, options: Options) -> Shown:
    """Commands and settings that deploy to Cloud Run or Functions, and the address of what was deployed."""
    commands = _started(project, options["commands"])
    own = [each for each in project.pipelines if not each.is_starter]
    steps = [project.of_step(each.workflow, step, "uses")
             for each in own for step in each.uses(options["actions"])]  # fmt: skip
    settings = [project.at(document, entry.line) for document, entry in project.entries(*options["settings"])]
    settings += project.grep(options["terraform"], r"\.tf$")
    if shown := _in_the_cloud(project, options, [*steps, *commands], settings, "deploys to Cloud Run or Functions"):
        return shown
    addresses = project.strings(options["addresses"], project.own.all_python)
    kinds = ("code", "config", "docker", "workflow")
    addresses += project.grep(options["addresses"], r"", kinds)
    if addresses:
        return yes("The address of a service in Cloud Run or Functions is used.", "wired", addresses)
    told = [*_told(project, options["commands"]), *project.grep(options["addresses"], r"", ("docs",))]
    hints = [*_started(project, options["hint_commands"]), *project.called(options["hint_calls"])]
    if hints:
        reason = "There are traces of a deployment in Google's cloud, and none of Cloud Run or Functions."
        return partial(reason, "present", hints, told)
    if told:
        return partial("The documentation has a deployment's command or address.", "present", told)
    return no("Nothing deploys to Cloud Run or Functions.")


def _in_the_cloud(
    project: Project, options: Options, commands: list[Location], others: list[Location], what: str
) -> Shown | None:
    """Shown by commands, best those of workflows, or by settings and code."""
    pattern = options["commands"]
    running = [each for each in project.pipelines if not each.is_starter
               and (each.starts(pattern) or ("actions" in options and each.uses(options["actions"])))]  # fmt: skip
    if done := [each for each in running if each.has_succeeded]:
        return yes(f"{done[0].name} {what}, and has succeeded.", "executed", commands, others)
    if running:
        return yes(f"{running[0].name} {what}.", "wired", commands, others)
    if commands:
        return yes(f"A command of the project {what}.", "wired", commands, others)
    if others:
        return yes(f"Code or a configuration {what}.", "present", others)
    return None


def _first_each(project: Project, key: str) -> list[tuple[Document, Entry]]:
    """The first such entry of each document."""
    found: dict[str, tuple[Document, Entry]] = {}
    for document, entry in project.entries(key):
        found.setdefault(document.path, (document, entry))
    return list(found.values())


def _matching(urls: Iterable[tuple[Document, Entry]], pattern: str) -> list[tuple[Document, int | None]]:
    return [(document, entry.line) for document, entry in urls if re.match(pattern, entry.value.strip("'\""))]


def _commands(project: Project, pattern: str, *, docs: bool = False) -> list[Command]:
    """Commands that start such a program; those of the documentation alone, or all but those."""
    wanted = re.compile(pattern)
    return [each for each in project.commands if (each.origin == "docs") is docs
            and any(map(wanted.match, programs(each.text)))]  # fmt: skip


def _started(project: Project, pattern: str) -> list[Location]:
    return [project.of_command(each) for each in _commands(project, pattern)]


def _told(project: Project, pattern: str) -> list[Location]:
    return [project.of_command(each) for each in _commands(project, pattern, docs=True)]
