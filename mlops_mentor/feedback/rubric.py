"""The rubric: areas, criteria, what each score means, weights and limits, from YAML.

Belongs here: the file's model, and the formulas that it names. `rubric.yaml` is the course's; `course.yaml` may name
another.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mlops_mentor.yaml_models import load_model

_DEFAULT = Path(__file__).with_name("rubric.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(_Part):
    """Least and most that a score may be, both included."""

    least: int = 1
    most: int = 5


class Overall(_Part):
    """round(least + (mean - scale.least) * factor)."""

    least: int = 1
    factor: float = 2.25


class Limits(_Part):
    """Words and numbers that an answer keeps to."""

    summary_words: int = Field(200, ge=20)
    remark_words: int = Field(60, ge=10)
    strengths: int = Field(5, ge=1)
    improvements: int = Field(6, ge=1)
    least_remarks: int = Field(2, ge=0)
    disagreement: int = Field(2, ge=1)


class Criterion(_Part):
    """What is looked at within an area. `topics` are those of the report's questions that it is about."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    question: str
    weight: float = Field(1.0, gt=0)
    topics: tuple[str, ...] = ()


class Area(_Part):
    """What is judged by itself: one row of `feedback`, one question to a model.

    `overall` names the overall score that it goes into; with `score_from` `criteria` the score is their weighted mean,
    else the reviewer's own.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    question: str
    overall: Literal["code", "report"]
    score_from: Literal["answer", "criteria"] = "answer"
    weight: float = Field(1.0, gt=0)
    scores: Mapping[int, str]
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    def mean(self, scores: Mapping[str, int]) -> float | None:
        """The weighted mean of criteria's scores; None where none of them has one."""
        pairs = [(scores[each.id], each.weight) for each in self.criteria if each.id in scores]
        total = sum(weight for _, weight in pairs)
        return sum(score * weight for score, weight in pairs) / total if pairs else None


class Rubric(_Part):
    """The rubric as its file has it."""

    version: str
    scale: Scale = Scale()
    overall: Overall = Overall()
    limits: Limits = Limits()
    areas: tuple[Area, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "Rubric":
        ids = [area.id for area in self.areas]
        if len(set(ids)) < len(ids):
            raise ValueError("an area stands in it twice")
        wanted = set(range(self.scale.least, self.scale.most + 1))
        for area in self.areas:
            if set(area.scores) != wanted:
                raise ValueError(f"area {area.id}: scores must say what each of {sorted(wanted)} means")
            if len({criterion.id for criterion in area.criteria}) < len(area.criteria):
                raise ValueError(f"area {area.id}: a criterion stands in it twice")
        return self

    def area(self, area_id: str) -> Area:
        """The area of that id.

        Raises:
            KeyError: there is none.
        """
        for area in self.areas:
            if area.id == area_id:
                return area
        raise KeyError(area_id)

    def key(self, area_id: str) -> str:
        """Changes with whatever the rubric says of an area."""
        parts = (self.version, self.scale, self.limits, self.area(area_id))
        text = "\x1f".join(part if isinstance(part, str) else part.model_dump_json() for part in parts)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def overall_of(self, means: Sequence[tuple[float, float]]) -> int | None:
        """The overall score, 1 to 10, of (score or mean, weight) pairs on the scale; None without any."""
        total = sum(weight for _, weight in means)
        if not means:
            return None
        mean = sum(score * weight for score, weight in means) / total
        return round(self.overall.least + (mean - self.scale.least) * self.overall.factor)


def load_rubric(file: Path | None = None) -> Rubric:
    """The rubric in a file; the course's own where none is given.

    Raises:
        ConfigError: it cannot be read, is no YAML, or something in it is missing, unknown or wrong.
    """
    remedy = "Correct `rubric` in course.yaml."
    return load_model(file or _DEFAULT, Rubric, what="the rubric", remedy=remedy, bundled="rubric.yaml")
