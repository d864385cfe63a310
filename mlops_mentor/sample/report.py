"""Exam reports of the sample class, made of the course's own structure.

Belongs here: the empty template and filling it in. The questions, their limits and the boxes are those of the newest
template in `evidence/report/templates.yaml` and `evidence/checklist/items.yaml`, so that next year's are an edit there;
of a question's text only the beginning is known, which is what questions are recognised by. What a group answers
belongs to its `answers` below `content/`.

Answers: `boxes x: W1-01 EX-06` puts a mark into the boxes of items (`all`: of all items), `== tests` begins the answer
to the question about that topic, and a line with a lone `+` goes on, in the words of any group, until it is as long as
the course asks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from mlops_mentor.evidence.checklist.items import Item, checklist
from mlops_mentor.evidence.report.templates import Question, course
from mlops_mentor.sample import content

_BOXES = re.compile(r"boxes (.+?): (.+)")
_GO_ON = "+"
# Words beyond the least that are asked for, so that a slip in counting does no harm.
_TO_SPARE = 10

# What the course writes above the first question of a part.
_SECTIONS = {
    "group_number": "Group information",
    "third_party": "Coding environment",
    "code_quality": "Version control",
    "experiments": "Running code and tracking experiments",
    "cloud_services": "Working in the cloud",
    "api": "Deployment",
    "credits": "Overall discussion of project",
}
_OPENING = """\
# Exam template

This is the report template for the exam. Write your answers in place of the lines `--- question N fill here ---`, and
leave the headings as they are: they are looked for by a script.

## Overall project checklist

Nobody expects that you have done everything. Put an `x` in the box of what you have done.
"""


@dataclass(frozen=True)
class Answers:
    """What a group fills in: marks by item, texts by the question's topic."""

    marks: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def blank_report() -> str:
    """The template as the course hands it out."""
    return filled_report(Answers())


def report_of(answers: str) -> str:
    """The report that a group makes of its answers, in the notation of this module."""
    return filled_report(_read(answers))


def all_boxes(mark: str = "x") -> Answers:
    """The same mark in every box, and no question answered."""
    return Answers({item.id: mark for item in _items()})


def filled_report(answers: Answers) -> str:
    """The newest template with a group's marks and answers."""
    template = course().templates[-1]
    lines = [_OPENING, *_checklist(answers.marks)]
    for question in template.questions:
        if question.topic in _SECTIONS:
            lines += [f"## {_SECTIONS[question.topic]}", ""]
        answer = answers.texts.get(question.topic)
        said = _written_out(answer, question) if answer else f"--- question {question.number} fill here ---"
        lines += [*_question(question, template.version), said, ""]
    return "\n".join(lines)


def _read(answers: str) -> Answers:
    marks: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    topic = ""
    for line in answers.splitlines():
        if found := _BOXES.fullmatch(line):
            ids = [item.id for item in _items()] if found[2] == "all" else found[2].split()
            marks |= dict.fromkeys(ids, found[1])
        elif line.startswith("== "):
            topic = line.removeprefix("== ")
            texts[topic] = []
        elif topic:
            texts[topic].append(line)
    return Answers(marks, {topic: "\n".join(lines).strip() for topic, lines in texts.items()})


def _items() -> list[Item]:
    asked = checklist().asked(course().templates[-1].version)
    return [item for item in checklist().items if item.id in asked]


def _checklist(marks: Mapping[str, str]) -> Iterator[str]:
    week: int | None = 0
    for item in _items():
        if item.week != week:
            week = item.week
            yield f"\n### Week {week}\n" if week else "\n### Extra\n"
        module = f" ({item.module})" if item.module else ""
        yield f"* [{marks.get(item.id, ' ')}] {item.texts[0]}{module}"
    yield ""


def _question(question: Question, version: str) -> Iterator[str]:
    yield f"### Question {question.number}\n"
    yield f"> **{_beginning(question.topic, version)}?**\n>"
    if limits := question.limits.words:
        yield f"> Recommended answer length: {limits[0]}-{limits[1]} words.\n>"
    if limits := question.limits.images:
        yield f"> Figures: {limits[0]} to {limits[1]}, in the folder `figures`.\n>"
    yield "> Answer:\n"


def _written_out(answer: str, question: Question) -> str:
    """The answer; one that ends with `+` as long as is asked for."""
    if not answer.endswith(_GO_ON):
        return answer
    text = answer.removesuffix(_GO_ON).rstrip()
    least = (question.limits.words or (0, 0))[0]
    sentences = content.text("everybody", "sentences").splitlines()
    # Every question goes on elsewhere, so that no two answers are alike.
    number = 5 * question.number
    while len(text.split()) < least + _TO_SPARE:
        text += f"\n{sentences[number % len(sentences)]}"
        number += 1
    return text


@cache
def _topics() -> dict[str, Any]:
    stored = files("mlops_mentor.evidence.report").joinpath("templates.yaml").read_text(encoding="utf-8")
    topics: dict[str, Any] = yaml.safe_load(stored)["topics"]
    return topics


def _beginning(topic: str, version: str) -> str:
    fitting = [start for start in _topics()[topic]["starts"] if version in start.get("only", [version])]
    return str(fitting[-1]["text"])
