"""Workflows of GitHub Actions: what starts them, their jobs, steps and matrices.

Belongs here: their structure. What a step's commands do is for `commands` and the checks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from mlops_mentor.evidence.code.documents import Document, Entry

# What one expects of a workflow that watches the code.
ON_CODE = frozenset({"push", "pull_request", "pull_request_target", "merge_group"})
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$")
# Actions that use actions; two that use each other end here.
_MAX_NESTED = 3
_MAX_STEPS = 2000


@dataclass(frozen=True)
class Step:
    """One step: the job's name, `run` and the line where it begins, `uses`, `with` by key, and the step's own line.

    `action` is the local action in which the step stands, where it stands in none it is the workflow's own.
    """

    job: str
    number: str
    line: int | None
    run: str = ""
    uses: str = ""
    name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    action: Document | None = None

    def document(self, workflow: "Workflow") -> Document:
        """Where the step is written."""
        return self.action or workflow.document

    def line_of(self, workflow: "Workflow", *key: str) -> int | None:
        """The line of a key of the step (`uses`; `with`, `cache`), else the step's own."""
        around = ("runs",) if self.action else ("jobs", self.job)
        place = (*around, "steps", self.number, *key)
        return next((entry.line for entry in self.document(workflow).entries if entry.key == place), self.line)

    def option(self, name: str) -> str:
        """A value of `with`; empty where it is not there."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True)
class Workflow:
    """One workflow. `triggers` are the events under `on`; a broken document has none of anything.

    `steps` hold those of local composite actions, each behind the step that uses it.
    """

    document: Document
    triggers: frozenset[str]
    steps: tuple[Step, ...]

    @property
    def path(self) -> str:
        return self.document.path

    @property
    def is_on_code(self) -> bool:
        """Starts by itself when code is pushed or proposed."""
        return bool(self.triggers & ON_CODE)

    def paths(self, *events: str) -> list[tuple[str, int | None]]:
        """The patterns of `on.<event>.paths` with their lines, of all events where none is named."""
        found = [entry for entry in self.document.under("on") if len(entry.key) >= 3 and entry.key[2] == "paths"]
        return [(entry.value, entry.line) for entry in found if not events or entry.key[1] in events]

    def matrix(self) -> dict[str, tuple[list[str], int | None]]:
        """By `job.axis` of the matrices, the values and the line; texts such as `fromJSON(...)` are one value."""
        found: dict[str, tuple[list[str], int | None]] = {}
        for entry in self.document.under("jobs"):
            if len(entry.key) >= 5 and entry.key[2:4] == ("strategy", "matrix"):
                axis = f"{entry.key[1]}.{entry.key[4]}"
                found.setdefault(axis, ([], entry.line))[0].append(entry.value)
        return found


def read_workflow(document: Document, actions: Mapping[str, tuple[Step, ...]] | None = None) -> Workflow:
    """The workflow that a YAML document is; `actions` are what `local_actions` gives. Never raises."""
    steps = (each for step in _steps(document) for each in _with_action(step, actions or {}))
    return Workflow(document, frozenset(_triggers(document)), tuple(islice(steps, _MAX_STEPS)))


def local_actions(documents: Iterable[Document]) -> dict[str, tuple[Step, ...]]:
    """The steps of composite actions by the folder that `uses` names."""
    found = [document for document in documents if _ACTION.search(document.path)]
    return {
        document.path.rpartition("/")[0]: tuple(
            replace(step, action=document) for step in _read_steps(document.under("runs", "steps"), 3)
        )
        for document in found
    }


def _with_action(step: Step, actions: Mapping[str, tuple[Step, ...]], depth: int = 0) -> Iterator[Step]:
    """A step, and behind it those of the local action that it uses."""
    yield step
    if step.uses.startswith("./") and depth < _MAX_NESTED:
        for each in actions.get(step.uses[2:].strip("/"), ()):
            yield from _with_action(replace(each, job=step.job), actions, depth + 1)


def _triggers(document: Document) -> Iterator[str]:
    for entry in document.under("on"):
        if len(entry.key) == 1 or entry.key[1].isdigit():
            # `on: push` and `on: [push]`, also nested in a list once more.
            yield entry.value
        else:
            yield entry.key[1]


def _steps(document: Document) -> Iterator[Step]:
    yield from _read_steps([entry for entry in document.under("jobs") if entry.key[2:3] == ("steps",)], 4)


def _read_steps(listed: Iterable[Entry], at: int) -> Iterator[Step]:
    """The steps of jobs, or of a composite action; their own keys come after `at` others."""
    by_step: dict[tuple[str, str], list[Entry]] = {}
    for entry in listed:
        if len(entry.key) >= at:
            by_step.setdefault((entry.key[at - 3], entry.key[at - 1]), []).append(entry)
    for (job, number), entries in by_step.items():
        values = {entry.key[at]: entry.value for entry in entries if len(entry.key) == at + 1}
        options = tuple((each.key[at + 1], each.value) for each in entries
                        if len(each.key) == at + 2 and each.key[at] == "with")  # fmt: skip
        lines = [each.line for each in entries if each.line and (each.key[at:] == ("run",) or "run" not in values)]
        line = min(lines, default=None)
        text = values.get
        yield Step(job, number, line, text("run", ""), text("uses", ""), text("name", ""), options)
