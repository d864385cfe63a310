"""Items about continuous integration: that it runs, its matrix and cache, linting, and hooks before a commit.

Belongs here: what workflows do with code. Those that data, registries and images start are for `triggers`.
"""

import re
from collections.abc import Iterable, Iterator

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.checklist.detectors.testing import RUNS_TESTS
from mlops_mentor.evidence.code.commands import workflow_commands
from mlops_mentor.evidence.code.pipelines import Pipeline
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.workflow import Step, Workflow
from mlops_mentor.evidence.finding import Location


@detector("ci")
def ci(project: Project, options: Options) -> Shown:
    """Workflows that run tests or linting on code."""
    working = [(each, places) for each in project.pipelines if (places := _checks(project, each, options))]
    started = [(each, places) for each, places in working if each.is_started]
    own = [(each, places) for each, places in started if not each.is_starter]
    if done := [(each, places) for each, places in started if each.has_succeeded and _is_of_use(project, each)]:
        return yes(f"{done[0][0].name} runs tests or linting, and has succeeded.", "executed", _all(done))
    if own and all(each.has_succeeded is False for each, _ in own):
        return partial(f"{own[0][0].name} runs tests or linting, and none of its runs succeeded.", "wired", _all(own))
    if own:
        return yes(f"{own[0][0].name} runs tests or linting on code that is pushed or proposed.", "wired", _all(own))
    if of_use := [(each, places) for each, places in started if _is_of_use(project, each)]:
        return partial("The template's workflow, as it came, runs over the group's code.", "wired", _all(of_use))
    if idle := [(each, places) for each, places in working if not each.is_starter]:
        return partial(f"{idle[0][0].name} runs tests or linting; no push or pull request starts it.", "present",
                       _all(idle))  # fmt: skip
    return _without_checks(project, options)


def _without_checks(project: Project, options: Options) -> Shown:
    own = [each for each in project.pipelines if not each.is_starter]
    if broken := [each for each in own if each.is_broken]:
        places = [project.at(each.workflow, None) for each in broken]
        return partial(f"{broken[0].name} is broken: it {broken[0].workflow.document.error}.", "present", places)
    if others := [each for each in own if each.workflow.steps]:
        places = [project.at(each.workflow, _first(each.workflow)) for each in others]
        return partial(f"{others[0].name} runs neither tests nor linting.", "present", places)
    if shown := misplaced(project, project.misplaced_workflows, rf"{RUNS_TESTS}|{options['linters']}"):
        return shown
    if elsewhere := project.paths(options["other_systems"]):
        return partial("There is a configuration of another system, and no workflow of GitHub.", "present", elsewhere)
    return no("No workflow of its own.")


def misplaced(project: Project, workflows: Iterable[Workflow], pattern: str = "") -> Shown | None:
    """What to say of workflows that would show it, and that GitHub does not find; `pattern`: which programs or actions.

    Where one is given, the lines that match it come first.
    """
    wanted = re.compile(pattern, re.IGNORECASE)
    workflows = list(workflows)
    started = [each for each in workflow_commands(workflows) if pattern and any(map(wanted.match, programs(each.text)))]
    places = [project.of_command(each) for each in started]
    places += [project.of_step(each, step, "uses") for each in workflows for step in each.steps
               if pattern and step.uses and wanted.match(step.uses)]  # fmt: skip
    named = {place.path for place in places}
    places += [project.at(each, _first(each)) for each in workflows if each.path not in named]
    if not places:
        return None
    return partial("Workflows lie in a subfolder, where GitHub does not run them.", "present", places)


def _first(workflow: Workflow) -> int | None:
    return next((step.line for step in workflow.steps), None)


def _checks(project: Project, pipeline: Pipeline, options: Options) -> list[Location]:
    """Where it runs tests or a linter."""
    commands = [*pipeline.starts(RUNS_TESTS), *pipeline.starts(options["linters"])]
    steps = pipeline.uses(options["actions"])
    return [*map(project.of_command, commands), *(_used(project, pipeline, step) for step in steps)]


def _used(project: Project, pipeline: Pipeline, step: Step) -> Location:
    return project.of_step(pipeline.workflow, step, "uses")


def _is_of_use(project: Project, pipeline: Pipeline) -> bool:
    """Not the template's over nothing but the template's code."""
    return not pipeline.is_starter or project.has_code


def _all(found: Iterable[tuple[Pipeline, list[Location]]]) -> list[Location]:
    return [place for _, places in found for place in places]


@detector("ci_matrix_and_cache")
def ci_matrix_and_cache(project: Project, options: Options) -> Shown:
    """Caches and matrices of the workflows that code starts."""
    started = [each for each in project.pipelines if each.is_started and _is_of_use(project, each)]
    matrices = [(each, list(_matrix(project, each, options))) for each in started if _is_test(each)]
    caches = [(each, list(_caches(project, each, options))) for each in started]
    matrices = [each for each in matrices if each[1]]
    caches = [each for each in caches if each[1]]
    places = [*_all(matrices)[:3], *_all(caches)[:2]]
    if matrices and caches:
        involved = [each for each, _ in (*matrices, *caches)]
        if any(each.has_succeeded for each, _ in matrices):
            return yes("A matrix and a cache, in workflows that have succeeded.", "executed", places)
        if all(each.is_starter for each in involved):
            return partial("Matrix and cache of the template, as they came.", "wired", places)
        return yes("Workflows test in a matrix and cache what they install.", "wired", places)
    if matrices:
        return partial("Workflows test in a matrix, and cache nothing.", "wired", places)
    if caches:
        return partial("Workflows cache what they install, and test on one system and version.", "wired", places)
    idle = [each for each in project.pipelines if not each.is_starter and not each.is_started]
    found = [place for each in idle for place in (*_matrix(project, each, options), *_caches(project, each, options))]
    if found:
        return partial("No push or pull request starts the workflow with matrix or cache.", "present", found)
    lost = [each for each in project.misplaced_workflows if _parts(each, options)]
    return misplaced(project, lost, options["cache_actions"]) or no("No workflow has a matrix or a cache.")


def _parts(workflow: Workflow, options: Options) -> bool:
    return any(_axes(workflow, options)) or any(_cached_steps(workflow, options))


def _is_test(pipeline: Pipeline) -> bool:
    return bool(pipeline.starts(RUNS_TESTS))


def _matrix(project: Project, pipeline: Pipeline, options: Options) -> Iterator[Location]:
    for line in _axes(pipeline.workflow, options):
        yield project.at(pipeline.workflow, line)


def _axes(workflow: Workflow, options: Options) -> Iterator[int | None]:
    """Lines of axes of systems or versions with more than one value, and of jobs on several systems."""
    wanted = re.compile(options["axes"], re.IGNORECASE)
    for name, (values, line) in workflow.matrix().items():
        axis = name.rpartition(".")[2]
        several = sum(max(1, _num_listed(value)) for value in dict.fromkeys(values)) > 1
        if several and axis not in ("include", "exclude") and (wanted.search(axis) or wanted.search(" ".join(values))):
            yield line
    combined: dict[tuple[str, str], set[str]] = {}
    for entry in workflow.document.under("jobs"):
        if entry.key[2:5] == ("strategy", "matrix", "include") and len(entry.key) == 7 and wanted.search(entry.key[6]):
            seen = combined.setdefault((entry.key[1], entry.key[6]), set())
            seen.add(entry.value)
            if len(seen) == 2:
                yield entry.line
    systems = {entry.value: entry.line for entry in workflow.document.under("jobs")
               if len(entry.key) == 3 and entry.key[2] == "runs-on" and "${{" not in entry.value}  # fmt: skip
    families = {name.partition("-")[0] for name in systems}
    if len(families) > 1:
        yield from systems.values()


def _num_listed(value: str) -> int:
    """Values in a list that is written as a text, as for `fromJSON`."""
    return value.count(",") + 1 if "fromJSON" in value and "[" in value else 1


def _caches(project: Project, pipeline: Pipeline, options: Options) -> Iterator[Location]:
    for step, key in _cached_steps(pipeline.workflow, options):
        yield project.of_step(pipeline.workflow, step, *key)


def _cached_steps(workflow: Workflow, options: Options) -> Iterator[tuple[Step, tuple[str, ...]]]:
    """Steps that cache, and by which key: an action for it, or an option of another."""
    action, option = re.compile(options["cache_actions"], re.IGNORECASE), re.compile(options["cache_options"])
    for step in workflow.steps:
        switched = [name for name, value in step.options if option.fullmatch(name) and value.lower() != "false"]
        if action.match(step.uses):
            yield step, ("uses",)
        elif step.uses and switched:
            yield step, ("with", switched[0])


@detector("ci_linting")
def ci_linting(project: Project, options: Options) -> Shown:
    """Linters in workflows that code starts."""
    found = [(each, places) for each in project.pipelines
             if _is_of_use(project, each) and (places := _lints(project, each, options))]  # fmt: skip
    started = [(each, places) for each, places in found if each.is_started]
    if done := [each for each in started if each[0].has_succeeded]:
        return yes(f"{done[0][0].name} runs a linter, and has succeeded.", "executed", _all(done))
    if written := [each for each in started if not each[0].is_starter]:
        return yes(f"{written[0][0].name} runs a linter.", "wired", _all(written))
    if started:
        return partial("The template's workflow, as it came, lints the group's code.", "wired", _all(started))
    if found:
        return partial(f"{found[0][0].name} runs a linter; no push or pull request starts it.", "present", _all(found))
    own = [each for each in project.pipelines if each.is_started and not each.is_starter]
    formats = [project.of_command(command) for each in own for command in each.starts(options["formatters"])]
    if formats:
        return partial("A workflow formats or checks types, and runs no linter.", "wired", formats)
    hosted = project.own_entries(r"^ci\.", "", r"^\.pre-commit-config\.ya?ml$")
    if hosted:
        places = [project.at(document, entry.line) for document, entry in hosted]
        return partial("Hooks are set up for pre-commit.ci; no workflow runs a linter.", "present", places)
    wanted = re.compile(options["linters"])
    lost = [each for each in project.misplaced_workflows if any(wanted.search(step.run) for step in each.steps)]
    pattern = rf"{options['linters']}|{options['actions']}"
    return misplaced(project, lost, pattern) or no("No workflow runs a linter.")


def _lints(project: Project, pipeline: Pipeline, options: Options) -> list[Location]:
    commands, steps = pipeline.starts(options["linters"]), pipeline.uses(options["actions"])
    return [*map(project.of_command, commands), *(_used(project, pipeline, step) for step in steps)]


@detector("pre_commit")
def pre_commit(project: Project, options: Options) -> Shown:
    """Hooks of pre-commit, or of another tool for it."""
    own = project.own_entries(r"^repos\.\d+\.hooks\.\d+\.id$", "", options["path"])
    places = [project.at(document, entry.line) for document, entry in own]
    if own:
        return _hooks(project, places, options)
    if other := project.paths(options["other_tools"]):
        return yes("Another tool runs hooks before a commit.", "present", other)
    came = [each for each in project.own.starter_documents if re.search(options["path"], each.path)]
    changed = project.entries(r"^repos\.\d+\.hooks\.\d+\.id$", "", options["path"])
    if (came or changed) and project.has_code:
        places = [project.at(document, entry.line) for document, entry in changed]
        places += [project.at(each, None) for each in came]
        return partial("The template's hooks, as they came.", "present", places)
    if files := project.paths(options["path"]):
        broken = project.broken.get(files[0].path)
        return partial(f"The configuration has no hooks{f': it {broken}' if broken else ''}.", "present", files)
    return no("There is no configuration of hooks.")


def _hooks(project: Project, places: list[Location], options: Options) -> Shown:
    reason = f"{len(places)} hooks of its own" if len(places) > 1 else "One hook of its own"
    running = [each for each in project.pipelines
               if each.starts(options["commands"]) or each.uses("pre-commit/action")]  # fmt: skip
    if any(each.has_succeeded for each in running):
        return yes(f"{reason}; a workflow that runs them has succeeded.", "executed", places)
    if running or project.run(options["installs"]):
        return yes(f"{reason}.", "wired", places)
    return yes(f"{reason}.", "present", places)
