"""Reports for the tests: written from the templates' data, and groups that hold them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import polars as pl

from mlops_mentor.evidence.report.templates import Template, course
from mlops_mentor.repos.blobs import ReadBlobs
from mlops_mentor.schemas import FILES

NEWEST = course().templates[-1]
TEXT = "word " * 150


def template(version: str) -> Template:
    return next(one for one in course().templates if one.version == version)


def question_text(topic: str, version: str) -> str:
    starts = [start for group in course().starts.values() for start in group if start.topic == topic]
    return next(" ".join(start.words) for start in starts if not start.only or version in start.only)


def section(number: int, topic: str, version: str, answer: str | None) -> str:
    text = question_text(topic, version)
    half = len(text) // 2
    cut = text.index(" ", half) if " " in text[half:] else len(text)
    filled = f"--- question {number} fill here ---" if answer is None else answer
    return (
        f"### Question {number}\n\n> **{text[:cut]}**\n> **{text[cut:].strip()} and so on?**\n>\n"
        "> Recommended answer length: 100-200 words.\n>\n> Example:\n> *We used ... for ... .*\n>\n"
        f"> Answer:\n\n{filled}\n"
    )


def report(answers: Mapping[int, str] | None = None, version: str = NEWEST.version, boxes: str = "") -> str:
    """A report as the course's template has it; questions without an answer keep their placeholder."""
    parts = [
        "# Exam template\n",
        "```--- question 1 fill here ---```\n",
        "## Overall project checklist\n",
        f"{boxes}\n",
        "## Group information\n",
    ]
    for question in template(version).questions:
        if question.number == 4:
            parts.append("## Coding environment\n\n> In the following section we are interested in this.\n")
        parts.append(section(question.number, question.topic, version, (answers or {}).get(question.number)))
    return "\n".join(parts)


@dataclass
class Repo:
    """A group's files in memory: the frame `files`, and what reads their blobs."""

    contents: dict[str, bytes | None] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, path: str, content: str | bytes | None = b"x", **row: object) -> "Repo":
        data = content.encode() if isinstance(content, str) else content
        blob_id = sha256(path.encode() if data is None else data).hexdigest()[:40]
        self.contents[blob_id] = data
        kind = "image" if path.lower().endswith((".png", ".jpg", ".jpeg", ".gif")) else "docs"
        values: dict[str, object] = {
            "group_id": "1",
            "path": path,
            "bytes": None if data is None else len(data),
            "kind": kind,
            "lines": None,
            "blob_id": blob_id,
            "mode": "100644",
            "is_available": data is not None,
            "is_vendored": False,
            "is_generated": False,
            "is_starter_code": False,
        }
        self.rows.append(values | row)
        return self

    @property
    def files(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema=FILES.schema)

    @property
    def read(self) -> ReadBlobs:
        def read(blob_ids: Sequence[str], sizes: Sequence[int | None]) -> Iterable[tuple[str, bytes | None]]:
            assert len(blob_ids) == len(sizes)
            return [(blob_id, self.contents[blob_id]) for blob_id in blob_ids]

        return read
