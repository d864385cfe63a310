"""The course's report templates, as `templates.yaml` has them.

Belongs here: what they ask and how they are told apart. Reading a report is for `split`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Limits:
    """What the course's check asks of an answer; None where it asks nothing."""

    words: tuple[int, int] | None = None
    images: tuple[int, int] | None = None


@dataclass(frozen=True)
class Question:
    """One question of a template: its number there, what it is about, a short title, its limits."""

    number: int
    topic: str
    title: str
    limits: Limits


@dataclass(frozen=True)
class Template:
    """One version: questions, boxes, and the items of its checklist that tell it from its neighbours."""

    version: str
    num_boxes: int
    questions: tuple[Question, ...]
    items_with: tuple[str, ...]
    items_without: tuple[str, ...]

    @property
    def topics(self) -> frozenset[str]:
        """What is asked about."""
        return frozenset(question.topic for question in self.questions)


@dataclass(frozen=True)
class Start:
    """How a question begins, as words; `only` names the templates where it began so, none meaning all."""

    words: tuple[str, ...]
    topic: str
    only: frozenset[str]


@dataclass(frozen=True)
class Course:
    """Everything in `templates.yaml`, ready for use."""

    templates: tuple[Template, ...]
    starts: dict[str, tuple[Start, ...]]
    sections: frozenset[str]
    leftovers: frozenset[str]
    suffixes: frozenset[str]
    other_suffixes: frozenset[str]
    agent_files: str


def words_of(text: str) -> tuple[str, ...]:
    """Words without case, punctuation and markup: what texts are compared by."""
    return tuple(_WORD.findall(text.casefold()))


def normal(text: str) -> str:
    """The same, as one text."""
    return " ".join(words_of(text))


@cache
def course() -> Course:
    """The templates that the course has had, oldest first."""
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("templates.yaml").read_text(encoding="utf-8"))
    titles = {topic: entry["title"] for topic, entry in content["topics"].items()}
    starts: dict[str, tuple[Start, ...]] = {}
    for topic, entry in content["topics"].items():
        for start in entry["starts"]:
            words = words_of(start["text"])
            found = Start(words, topic, frozenset(start.get("only", ())))
            starts[words[0]] = (*starts.get(words[0], ()), found)
    return Course(
        templates=tuple(_template(entry, titles) for entry in content["templates"]),
        starts=starts,
        sections=frozenset(map(normal, content["sections"])),
        leftovers=frozenset(map(normal, content["leftovers"])),
        suffixes=frozenset(content["suffixes"]),
        other_suffixes=frozenset(content["other_suffixes"]),
        agent_files="".join(content["agent_files"].split()),
    )


def _template(entry: dict[str, Any], titles: dict[str, str]) -> Template:
    changes = {change["topic"]: change for change in entry.get("changes", ())}
    asked = [changes.get(question["topic"], question) for question in entry["questions"]]
    questions = (
        Question(number, question["topic"], titles[question["topic"]], _limits(question))
        for number, question in enumerate(asked, start=1)
    )
    return Template(
        version=entry["version"],
        num_boxes=entry["boxes"],
        questions=tuple(questions),
        items_with=tuple(map(normal, entry.get("with", ()))),
        items_without=tuple(map(normal, entry.get("without", ()))),
    )


def _limits(question: dict[str, Any]) -> Limits:
    words, images = question.get("words"), question.get("images")
    return Limits(tuple(words) if words else None, tuple(images) if images else None)
