"""The figures that a report shows, by question and with what they are: for whoever asks beyond the course's rules.

Belongs here: one entry a figure. Whether an answer has as many as it should is for `rules`.
"""

import re
from dataclasses import dataclass

from mlops_mentor.evidence.finding import Location
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.evidence.report.rules import IMAGE_SUFFIXES, views
from mlops_mentor.evidence.report.targets import Tree

_DIAGRAM = re.compile(r"^[ \t>]{0,8}(`{3,}|~{3,})[ \t]{0,4}(mermaid|plantuml|graphviz|dot)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Figure:
    """A figure in the answer to the question of a topic, and the report's line that shows it.

    `status` is as of `targets.Target`, or `drawn` where the answer holds the source of a diagram. `path` and `blob_id`
    are those of the file, None where there is none. `is_starter` tells whether the course handed the file out.
    """

    topic: str
    status: str
    place: Location
    path: str | None = None
    blob_id: str | None = None
    is_starter: bool | None = None

    @property
    def is_image(self) -> bool:
        """A file of the repository that is an image."""
        return self.path is not None and self.blob_id is not None and self.path.lower().endswith(IMAGE_SUFFIXES)


def figures(report: Report | NoReport, tree: Tree, starter_blobs: frozenset[str] | None) -> tuple[Figure, ...]:
    """Every figure of the report, by question and line; none without a report.

    `starter_blobs` are ids of everything that the course ever handed out; without them the files' own mark counts.
    """
    if isinstance(report, NoReport):
        return ()
    found = []
    for view in views(report, tree):
        topic = view.answer.question.topic
        for linked in view.images:
            target, place = linked.target, report.at(linked.line)
            file = target.file
            if file is None:
                found.append(Figure(topic, target.status, place, target.path))
                continue
            is_starter = file.is_starter_code if starter_blobs is None else file.blob_id in starter_blobs
            found.append(Figure(topic, target.status, place, file.path, file.blob_id, is_starter))
        for number, line in enumerate(view.answer.lines, start=view.answer.line or 1):
            if _DIAGRAM.match(line[:60]):
                found.append(Figure(topic, "drawn", report.at(number)))
    return tuple(found)
