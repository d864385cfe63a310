"""Items about workflows that something else than code starts: data, a model registry; and those that build images.

Belongs here: what starts a workflow and what it does then.
"""

import re
from collections.abc import Iterable

from mlops_mentor.evidence.checklist.detectors.integration import misplaced
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.pipelines import Pipeline
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.workflow import Workflow
from mlops_mentor.evidence.finding import Location


def own_pipelines(project: Project) -> list[Pipeline]:
    """Pipelines of the group's own that can be read."""
    return [each for each in project.pipelines if not each.is_starter and not each.is_broken]


@detector("data_workflow")
def data_workflow(project: Project, options: Options) -> Shown:
    """Workflows that start when paths of the data change."""
    started = [(each, places) for each in own_pipelines(project)
               if each.workflow.steps and (places := _on_data(project, each.workflow, options))]  # fmt: skip
    if started:
        started.sort(key=lambda found: not _handles_data(found[0], options))
        first, places = started[0]
        if not _handles_data(first, options) and _starts_on_code_too(first.workflow, options):
            reason = f"{first.name} starts on changed code and data alike, and does nothing with the data."
            return partial(reason, "wired", places)
        if any(each.has_succeeded for each, _ in started):
            return yes(f"{first.name} starts when data changes, and has succeeded.", "executed", *_second(started))
        return yes(f"{first.name} starts when data changes.", "wired", *_second(started))
    if cloud := project.run(options["cloud_triggers"]):
        return partial("A bucket starts something in the cloud; no workflow does.", "wired", cloud)
    for each in own_pipelines(project):
        if re.search(options["names"], each.name.lower()) and (places := _data_steps(project, each, options)):
            reason = f"{each.name} handles data, and no change of data starts it."
            return partial(reason, "wired" if each.is_started else "present", places)
    lost = [each for each in project.misplaced_workflows if _on_data(project, each, options)]
    return misplaced(project, lost) or no("No workflow starts when data changes.")


def _second(started: Iterable[tuple[Pipeline, list[Location]]]) -> list[list[Location]]:
    return [places for _, places in started]


def _on_data(project: Project, workflow: Workflow, options: Options) -> list[Location]:
    """Where it names paths of the data: as a trigger, or for an action that tells what has changed."""
    wanted, code = re.compile(options["paths"], re.IGNORECASE), re.compile(options["code_paths"], re.IGNORECASE)
    places = [project.at(workflow, line) for value, line in workflow.paths()
              if wanted.search(value) and not code.search(value)]  # fmt: skip
    for step in workflow.steps:
        if re.match(options["filter_actions"], step.uses):
            values = [value for _, value in step.options]
            named = [word.strip("'\" -") for value in values for word in value[:4000].split()]
            if any(wanted.search(word) and not code.search(word) for word in named):
                places.append(project.of_step(workflow, step))
    return places


def _starts_on_code_too(workflow: Workflow, options: Options) -> bool:
    return any(re.search(options["code_paths"], value) for value, _ in workflow.paths())


def _handles_data(pipeline: Pipeline, options: Options) -> bool:
    return bool(re.search(options["names"], pipeline.name.lower()) or pipeline.starts(options["commands"]))


def _data_steps(project: Project, pipeline: Pipeline, options: Options) -> list[Location]:
    return [project.of_command(command) for command in pipeline.starts(options["commands"])]


@detector("registry_workflow")
def registry_workflow(project: Project, options: Options) -> Shown:
    """Workflows that a model registry starts."""
    about = re.compile(options["about"], re.IGNORECASE)
    dispatched = [each for each in own_pipelines(project) if "repository_dispatch" in each.workflow.triggers]
    for each in dispatched:
        types = each.workflow.document.under("on", "repository_dispatch")
        text = "\n".join(each.workflow.document.lines)[:_MAX_TEXT]
        if any(about.search(entry.value) for entry in types) or about.search(text):
            line = next((entry.line for entry in types), None)
            places = [project.at(each.workflow, line)]
            if each.has_succeeded:
                return yes(f"{each.name} is started from outside for a model, and has succeeded.", "executed", places)
            return yes(f"{each.name} is started from outside (`repository_dispatch`) for a model.", "wired", places)
    for each in own_pipelines(project):
        wanted = re.compile(options["paths"], re.IGNORECASE)
        lines = [line for value, line in each.workflow.paths() if wanted.search(value)]
        if lines:
            reason = f"{each.name} starts when the repository's model changes; no registry starts it."
            return partial(reason, "wired", [project.at(each.workflow, line) for line in lines])
    for each in [each for each in own_pipelines(project) if re.search(options["names"], each.name.lower())]:
        lines = [number for number, line in enumerate(each.workflow.document.lines, start=1)
                 if not line.lstrip().startswith("#") and re.search(options["handles"], line[:2000])]  # fmt: skip
        if lines:
            reason = f"{each.name} handles registered models, and the registry does not start it."
            return partial(reason, "wired", [project.at(each.workflow, line) for line in lines])
    lost = [each for each in project.misplaced_workflows if "repository_dispatch" in each.triggers]
    return misplaced(project, lost) or no("No workflow starts when a model registry changes.")


_MAX_TEXT = 100_000


@detector("docker_trigger")
def docker_trigger(project: Project, options: Options) -> Shown:
    """Builds of images that a push starts, in a workflow or in Cloud Build."""
    builds = [(each, places) for each in own_pipelines(project) if (places := _builds(project, each, options))]
    started = [(each, places) for each, places in builds if each.is_started or _is_automatic(each)]
    places = [place for _, found in started for place in found]
    if done := [each for each, _ in started if each.has_succeeded]:
        return yes(f"{done[0].name} builds images, and has succeeded.", "executed", places)
    if started:
        return yes(f"{started[0][0].name} builds images by itself.", "wired", places)
    if triggers := [*project.run(options["triggers"]), *project.grep(options["terraform"], r"\.tf$")]:
        return yes("A trigger of Cloud Build is set up by a command or by terraform.", "wired", triggers)
    if builds:
        name = builds[0][0].name
        places = [place for _, found in builds for place in found]
        return partial(f"{name} builds images; somebody has to start it.", "present", places)
    if cloud := _cloud_builds(project, options):
        return partial("Cloud Build can build images; its trigger is not in the repository.", "present", cloud)
    lost = [each for each in project.misplaced_workflows
            if any(re.search(options["builds"], step.run) or re.match(options["actions"], step.uses)
                   for step in each.steps)]  # fmt: skip
    pattern = rf"{options['builds']}|{options['actions']}"
    return misplaced(project, lost, pattern) or no("Nothing builds images by itself.")


def _is_automatic(pipeline: Pipeline) -> bool:
    return bool(pipeline.workflow.triggers & {"release", "schedule", "create", "repository_dispatch"})


def _builds(project: Project, pipeline: Pipeline, options: Options) -> list[Location]:
    steps = [project.of_step(pipeline.workflow, step, "uses") for step in pipeline.uses(options["actions"])]
    return [*steps, *map(project.of_command, pipeline.starts(options["builds"]))]


def _cloud_builds(project: Project, options: Options) -> list[Location]:
    wanted = re.compile(options["builds"])
    return [project.of_command(each) for each in project.commands
            if each.origin == "cloudbuild" and any(map(wanted.match, programs(each.text)))]  # fmt: skip
