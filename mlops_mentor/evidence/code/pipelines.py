"""Workflows with all that they run, as checks ask about them: who starts them, what they call, whether they succeeded.

Belongs here: putting a project's workflows and commands together. What a workflow is worth is for the checks.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import polars as pl

from mlops_mentor.evidence.code.commands import Command, with_called, workflow_commands
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.workflow import Step, Workflow

_FOLDER = ".github/workflows/"


@dataclass(frozen=True)
class Pipeline:
    """A workflow and its commands, with those of what it calls (`make test`).

    `is_starter`: as it was handed out. `is_started`: code that is pushed or proposed starts it, by itself or through a
    workflow that calls it. `has_succeeded`: a run of it did; None where no run of it is known.
    """

    workflow: Workflow
    commands: tuple[Command, ...]
    is_starter: bool
    is_started: bool
    has_succeeded: bool | None

    @property
    def path(self) -> str:
        return self.workflow.path

    @property
    def name(self) -> str:
        """The file's name."""
        return PurePosixPath(self.workflow.path).name

    @property
    def is_broken(self) -> bool:
        return self.workflow.document.error is not None

    @cached_property
    def programs(self) -> tuple[tuple[Command, str], ...]:
        """Each program that it starts, with the command in which it stands."""
        return tuple((command, program) for command in self.commands for program in programs(command.text))

    def starts(self, pattern: str) -> list[Command]:
        """Commands that start a program which begins with a pattern."""
        wanted = re.compile(pattern)
        return list(dict.fromkeys(command for command, program in self.programs if wanted.match(program)))

    def uses(self, pattern: str) -> list[Step]:
        """Steps that use an action whose name begins with a pattern."""
        wanted = re.compile(pattern, re.IGNORECASE)
        return [step for step in self.workflow.steps if wanted.match(step.uses)]


def read_pipelines(
    own: Sequence[Workflow], starter: Sequence[Workflow], commands: Sequence[Command], runs: pl.DataFrame | None
) -> Iterator[Pipeline]:
    """Pipelines by path. `commands` are the project's, `runs` the table `workflow_runs`."""
    called = [command for command in commands if command.origin != "workflow"]
    starters = {workflow.path for workflow in starter}
    started = _started([*own, *starter])
    known = _known(runs)
    for workflow in sorted([*own, *starter], key=lambda each: each.path):
        all_of_it = with_called([*workflow_commands([workflow]), *called], "workflow")
        succeeded = known.get(workflow.document.value("name") or workflow.path)
        if succeeded is None:
            succeeded = known.get(workflow.path)
        yield Pipeline(workflow, tuple(all_of_it), workflow.path in starters, workflow.path in started, succeeded)


def _started(workflows: Iterable[Workflow]) -> set[str]:
    """Those that code starts, those that these call, and those that wait for these to end."""
    workflows = [workflow for workflow in workflows if workflow.document.error is None]
    by_file = {PurePosixPath(workflow.path).name: workflow for workflow in workflows}
    started = {workflow.path: None for workflow in workflows if workflow.is_on_code}
    waiting = [workflow for workflow in workflows if workflow.is_on_code]
    while waiting:
        workflow = waiting.pop()
        title = workflow.document.value("name") or workflow.path
        after = [each for each in workflows if "workflow_run" in each.triggers and title in _awaited(each)]
        for each in [*_calls(workflow, by_file), *after]:
            if each.path not in started:
                started[each.path] = None
                waiting.append(each)
    return set(started)


def _awaited(workflow: Workflow) -> set[str]:
    return {entry.value for entry in workflow.document.under("on", "workflow_run", "workflows")}


def _calls(workflow: Workflow, by_file: dict[str, Workflow]) -> Iterator[Workflow]:
    for entry in workflow.document.under("jobs"):
        is_call = len(entry.key) == 3 and entry.key[2] == "uses" and _FOLDER in entry.value
        if is_call and (found := by_file.get(PurePosixPath(entry.value).name)):
            yield found


def _known(runs: pl.DataFrame | None) -> dict[str, bool]:
    """By a workflow's name, whether one of its runs succeeded."""
    if runs is None or runs.is_empty():
        return {}
    ended = runs.group_by("workflow").agg((pl.col("conclusion") == "success").fill_null(False).any())
    return dict(ended.sort("workflow").iter_rows())
