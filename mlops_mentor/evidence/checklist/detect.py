"""All items of the checklist looked for in one project.

Belongs here: running the detectors, and what becomes of one that fails. What each looks for is for `detectors`.
"""

import importlib
import logging
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from mlops_mentor.evidence.checklist import detectors
from mlops_mentor.evidence.checklist.detectors.registry import DETECTORS, Detector, Shown
from mlops_mentor.evidence.checklist.items import Item
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.finding import Finding

log = logging.getLogger(__name__)
_MAX_NAMED = 3


@cache
def all_detectors() -> Mapping[str, Detector]:
    """Every detector there is, by name."""
    for module in pkgutil.iter_modules(detectors.__path__, f"{detectors.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(DETECTORS.items()))


def detect(project: Project, items: Iterable[Item]) -> dict[str, Finding]:
    """What the project shows of each item, by the item's id. A detector that fails is an `error` of its item alone.

    Raises:
        RepoError: git cannot read the mirror.
    """
    # Before any detector runs: what cannot be read is no failure of a detector.
    project.own.texts  # noqa: B018
    return {item.id: _detect(project, item) for item in items}


def _detect(project: Project, item: Item) -> Finding:
    check_id = f"checklist/{item.id}"
    try:
        shown = all_detectors()[item.detector](project, item.options)
    except Exception as error:
        log.exception("checklist item %s", item.id)
        return Finding(check_id, "error", f"The detector failed: {type(error).__name__}.")
    shown = _with_what_was_not_read(shown, project)
    remedy = item.remedy if shown.outcome in ("partial", "no") else None
    return Finding(check_id, shown.outcome, shown.reason, shown.strength, shown.places, remedy)


def _with_what_was_not_read(shown: Shown, project: Project) -> Shown:
    """Where something could not be read, that nothing was found says less."""
    if shown.outcome != "no":
        return shown
    if project.own.unread:
        named = ", ".join(project.own.unread[:_MAX_NAMED])
        return Shown("not_available", f"{shown.reason} But {len(project.own.unread)} files cannot be read: {named}.")
    if project.broken:
        named = ", ".join(list(project.broken)[:_MAX_NAMED])
        more = len(project.broken) - _MAX_NAMED
        and_more = f" and {more} more" if more > 0 else ""
        reason = f"{shown.reason} Broken, and not looked into: {named}{and_more}."
        return replace(shown, reason=reason)
    return shown
