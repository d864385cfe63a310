"""What a group's repository showed at several commits: the checklist and the report, as of each.

Belongs here: reading many snapshots of one repository without reading what they share twice. What is made of it is for
`metrics.progress`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from mlops_mentor.evidence.checklist.detect import detect
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.code.own_files import OwnFiles
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.report.locate import Report, find_report
from mlops_mentor.repos.blobs import ReadBlobs

# What can be looked at and was, and how much of it was there.
_VALUES = {"yes": 1.0, "partial": 0.5, "no": 0.0}


@dataclass(frozen=True)
class Standing:
    """What one commit showed, each from 0 to 1 and None where nothing could be looked at.

    Of items that are shown in part a half counts.
    """

    checklist_shown: float | None
    report_answered: float | None
    tests_shown: float | None
    reproducibility: float | None


def standings(
    files: Mapping[str, pl.DataFrame],
    read: ReadBlobs,
    shapes: StarterShapes,
    facts: Facts,
    cache: dict[tuple[str, str, str], object],
) -> Iterator[tuple[str, Standing]]:
    """By commit, given the table `files` as it would be at each, in that order.

    `facts` are those that hold at all of them, `cache` is what `OwnFiles` shares between snapshots of one repository.
    What `read` raises is raised.
    """
    for sha, frame in files.items():
        found = find_report(frame, read)
        project = Project(OwnFiles(frame, read, shapes, found.path, cache), facts)
        outcomes = {item_id: each.outcome for item_id, each in detect(project, checklist().items).items()}
        parts = checklist().parts
        answered: float | None = 0.0
        if isinstance(found, Report):
            answered = found.content.num_answered / len(found.content.answers)
        elif found.outcome == "not_available":
            answered = None
        yield (
            sha,
            Standing(
                checklist_shown=_mean(outcomes, outcomes),
                report_answered=answered,
                tests_shown=_mean(outcomes, parts.tests),
                reproducibility=_mean(outcomes, parts.reproducibility),
            ),
        )


def _mean(outcomes: Mapping[str, str], items: Iterable[str]) -> float | None:
    values = [_VALUES[outcomes[item]] for item in items if outcomes[item] in _VALUES]
    return sum(values) / len(values) if values else None
