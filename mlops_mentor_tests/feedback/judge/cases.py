"""What tests of the judge work with: evidence, a pack, answers, and a model that says what it is told to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judge.judge import Case, Judge
from mlops_mentor.feedback.llm.calls import Answer, Question, Usage
from mlops_mentor.feedback.packs.pack import Excerpt, Pack, Source
from mlops_mentor.feedback.prompts import load_prompts
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITTED_SECRETS,
    FILES,
    HOSTILE_CONTENT,
    LINT_HITS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
)
from mlops_mentor.schemas.table import Table, empty

RUBRIC = load_rubric()
PROMPTS = load_prompts()
BOUNDARY = "MARK-4f1d"
PATH = "tests/test_model.py"
LINES = (
    "from project.model import MyAwesomeModel",
    "",
    "def test_the_model_gives_ten_numbers():",
    "    model = MyAwesomeModel()",
    "    assert model(torch.randn(1, 1, 28, 28)).shape == (1, 10)",
)
AREA = "unit_testing"


def frame(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    """Rows that say nothing but what is given; no table's bounds are checked."""
    return pl.DataFrame([{**dict.fromkeys(table.schema), **row} for row in rows], schema=table.schema)


def evidence(
    *,
    answers: Sequence[tuple[str, bool, int]] = (),
    conclusions: Sequence[str] | None = None,
    shown: dict[str, str] | None = None,
    **quality: Any,
) -> GroupEvidence:
    """`answers` of the report are (topic, is answered, words), `conclusions` those of workflow runs."""
    runs = None
    if conclusions is not None:
        runs = frame(WORKFLOW_RUNS, *({"group_id": "1", "conclusion": each} for each in conclusions))
    return GroupEvidence(
        group_id="1",
        snapshot_sha="c" * 40,
        group_size=4,
        files=frame(FILES, {"group_id": "1", "path": PATH}),
        code_quality=frame(CODE_QUALITY, {"group_id": "1", **quality}),
        lint_hits=empty(LINT_HITS),
        committed_secrets=empty(COMMITTED_SECRETS),
        hostile_content=empty(HOSTILE_CONTENT),
        report_answers=frame(
            REPORT_ANSWERS,
            *({"topic": topic, "is_answered": is_answered, "num_words": num} for topic, is_answered, num in answers),
        ),
        report_checks=empty(REPORT_CHECKS),
        checklist=frame(CHECKLIST, *({"item": item, "shown": each} for item, each in (shown or {}).items())),
        repo_stats=empty(REPO_STATS),
        workflow_runs=runs,
    )


def pack(num_lines: int = len(LINES), area: str = AREA, num_withheld: int = 0) -> Pack:
    shown = tuple(enumerate(LINES[:num_lines], 1))
    return Pack(
        area, (Excerpt(PATH, "blob", len(LINES), shown),), ("1 test was found.",), 1, 5, num_withheld=num_withheld
    )


def render(shown: Pack, boundary: str) -> str:
    lines = [f"{boundary} {shown.excerpts[0].path}", *(f"{at}| {line}" for at, line in shown.excerpts[0].lines)]
    return "\n".join([*lines, boundary, *shown.facts])


def read(path: str) -> Source | None:
    return Source(PATH, "blob", LINES) if path == PATH else None


def citation(quote: str = LINES[2], line: int = 3, path: str = PATH) -> dict[str, Any]:
    return {"path": path, "start_line": line, "end_line": line, "quote": quote}


def strength(text: str = "Tests have telling names.", *citations: dict[str, Any]) -> dict[str, Any]:
    return {"criterion": "naming", "text": text, "citations": list(citations) or [citation()]}


def improvement(text: str = "No wrong input is tested.", *citations: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = list(citations) or [citation(LINES[4], 5)]
    remark = {"criterion": "edge_cases", "severity": "major", "text": text, "advice": "Add one.", "citations": given}
    return {**remark, **more}


def content(area: str = AREA, score: int = 3, **changes: Any) -> dict[str, Any]:
    """An answer as it should be, but for `changes`."""
    answer = {
        "strengths": [strength()],
        "improvements": [improvement()],
        "summary": "Your tests are a good beginning.",
        "criteria": [{"criterion": each.id, "score": score} for each in RUBRIC.area(area).criteria],
        "score": score,
        "confidence": 6,
    }
    return {**answer, **changes}


def text(**changes: Any) -> str:
    return json.dumps(content(**changes))


@dataclass
class Scripted:
    """A model that gives what is in its script: a text, or an error that is raised."""

    script: list[str | Exception]
    finish_reason: str = "stop"
    questions: list[Question] = field(default_factory=list)

    async def __call__(self, question: Question) -> Answer:
        self.questions.append(question)
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return Answer(
            question.answer_id, said, question.model, self.finish_reason, Usage(1000, 900, 100), 0.01, 1, False
        )


@dataclass
class Shelf:
    """Smaller packs of fewer and fewer lines; `asked` are the tokens that each was to take."""

    asked: list[int] = field(default_factory=list)

    def smaller(self, num_tokens: int) -> Pack:
        self.asked.append(num_tokens)
        return pack(len(LINES) - len(self.asked))


def case(shelf: Shelf | None = None, *, area: str = AREA, num_withheld: int = 0, **found: Any) -> Case:
    return Case(
        area=RUBRIC.area(area),
        pack=pack(area=area, num_withheld=num_withheld),
        read=read,
        evidence=evidence(**{"num_tests": 1, "num_assertions": 1, "num_tests_without_assertion": 0, **found}),
        render=render,
        boundary=lambda pack_id: f"{BOUNDARY}-{pack_id[:6]}",
        smaller=(shelf or Shelf()).smaller,
    )


def judge(second_model: str | None = None) -> Judge:
    return Judge(RUBRIC, PROMPTS, "big-model", {"temperature": 0, "seed": 1}, second_model)
