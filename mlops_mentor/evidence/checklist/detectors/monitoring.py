"""Metrics of an API, and what watches it in the cloud.

Belongs here: instruments in code, and settings of monitoring and alerts where a repository has them.
"""

import re

from mlops_mentor.evidence.checklist.detectors.endpoints import Endpoints, calls_in
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, not_checkable, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Location


@detector("api_metrics")
def api_metrics(project: Project, options: Options) -> Shown:
    """Metrics that the API defines, and a way to read them."""
    endpoints = Endpoints(project)
    served = project.called(rf"(?:{options['libraries']})\.(?:.*\.)?(?:{options['serves']})", project.python)
    defined = project.called(rf"(?:{options['libraries']})\.(?:.*\.)?(?:{options['metrics']})", project.python)
    in_api = {file.path for file in endpoints.files}
    if defined or served:
        of_api = [place for place in [*defined, *served] if place.path in in_api]
        if of_api and served:
            return yes("The API has metrics, and serves them.", "wired", defined[:3], served)
        if of_api and defined:
            return partial("The API has metrics, and nothing serves them.", "present", defined)
        if served:
            return yes("Metrics are defined and served.", "present", defined[:3], served)
        return partial("Metrics are defined, and no API uses them.", "present", defined)
    measured = [
        project.at(file, call.line)
        for file, each in endpoints.reached()
        for call in calls_in(file, each)
        if re.fullmatch(options["measures"], call.name)
    ]
    routes = [project.at(route.file, route.definition.line) for route in endpoints.routes
              if re.search(options["addresses"], route.address)]  # fmt: skip
    if measured:
        return partial("The API measures its own load without a library for metrics.", "present", measured, routes)
    if routes:
        return partial("A route for metrics of your own making, without a library for metrics.", "present", routes)
    imported = rf"^\s{{0,20}}(from|import)\s{{1,9}}({options['libraries']})\b"
    if removed := project.in_the_past(imported):
        return no("The API has no metrics any more; a former version had.", removed)
    return no("The API has no metrics.")


@detector("cloud_monitoring")
def cloud_monitoring(project: Project, options: Options) -> Shown:
    """Settings of monitoring in Google's cloud; a console keeps them mostly."""
    settings = _settings(project, options["settings"], options["commands"], options["calls"])
    if settings:
        return yes("The repository has settings of cloud monitoring.", _applied(project), settings)
    reason = "Monitoring is mostly set up in the cloud's console, where it cannot be seen."
    hints = _settings(project, options["hints"], options["hints"], options["hints"])
    if hints:
        return not_checkable(f"{reason} A hint: settings of monitoring outside of the cloud.", hints)
    return not_checkable(reason)


@detector("alerts")
def alerts(project: Project, options: Options) -> Shown:
    """Policies of alerts in Google's cloud; a console keeps them mostly."""
    settings = _settings(project, options["settings"], options["commands"], options["calls"])
    # A policy as the cloud exports it.
    for document in project.own.documents:
        keys = {entry.key[-1] for entry in document.entries if entry.key} | {
            part for entry in document.entries for part in entry.key
        }
        if "conditions" in keys and "combiner" in keys:
            settings += [project.at(document, document.entries[0].line)]
    if settings:
        return yes("The repository has a policy of alerts.", _applied(project), list(dict.fromkeys(settings)))
    if budgets := _settings(project, options["budgets"], options["budget_commands"], r"(?!)"):
        return partial("The repository has a budget, which warns of cost; no alert watches the application.",
                       _applied(project), budgets)  # fmt: skip
    reason = "Alerts are mostly set up in the cloud's console, where they cannot be seen."
    hints = _settings(project, options["hints"], options["hints"], options["hints"])
    if hints:
        return not_checkable(f"{reason} A hint: settings of alerts outside of the cloud.", hints)
    return not_checkable(reason)


def _applied(project: Project) -> str:
    """Whether a workflow brings the settings into the cloud."""
    applies = r"(?:terraform|tofu)\b.{0,200}\bapply\b"
    return "wired" if any(each.starts(applies) for each in project.pipelines) else "present"


def _settings(project: Project, settings: str, commands: str, calls: str) -> list[Location]:
    """Lines of infrastructure, entries of documents, commands, and calls; comments and prose are none."""
    wanted = re.compile(settings)
    found = []
    for text in project.own.texts:
        if text.path.lower().endswith((".tf", ".tf.json", ".hcl")):
            lines = [number for number, line in enumerate(text.lines, start=1)
                     if line.lstrip()[:1] not in ("#", "/") and wanted.search(line[:2000])
                     # Other lines only speak of what a resource makes.
                     and (line.lstrip().startswith("resource") or "google_" not in line)]  # fmt: skip
            found += [project.at(text, number) for number in lines[:3]]
    for document in project.own.documents:
        hits = [entry for entry in document.entries if wanted.search(f"{entry.dotted}: {entry.value[:500]}")]
        found += [project.at(document, entry.line) for entry in hits[:2]]
    found += project.run(commands)
    return [*found, *project.called(calls, project.python)]
