"""The rulebook: `rules.yaml`, checked.

Belongs here: the file's model, when a rule speaks, and what level a fact has. No text of the file is ever run: a
condition is a fact's name, a comparison and a number.
"""

import hashlib
import operator
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mlops_mentor.feedback.rules.facts import Fact
from mlops_mentor.feedback.rules.texts import fact_names
from mlops_mentor.yaml_models import load_model

_DEFAULT = Path(__file__).with_name("rules.yaml")
_CONDITION = re.compile(r"^(?P<fact>[\w.-]+) (?P<sign>==|!=|<=|>=|<|>) (?P<number>-?\d+(?:\.\d+)?)$")
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
LEAST_LEVEL, MOST_LEVEL = 1, 5
Facts = Mapping[str, Fact]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """`num_tests >= 1`; what is not known fulfils no condition."""

    fact: str
    sign: str
    number: float

    def holds(self, facts: Facts) -> bool:
        """Whether the fact is known and the comparison true."""
        fact = facts.get(self.fact)
        return fact is not None and fact.value is not None and _SIGNS[self.sign](fact.value, self.number)


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _CONDITION.match(value)
    if match is None:
        raise ValueError(f"{value!r} is no condition such as `num_tests >= 1`")
    return {"fact": match["fact"], "sign": match["sign"], "number": float(match["number"])}


Conditions = tuple[Annotated[Condition, BeforeValidator(_parsed)], ...]


class Praise(_Part):
    """What is said from a level on. `cite` names the fact whose places are cited, where that is another one."""

    from_level: int = Field(4, ge=LEAST_LEVEL, le=MOST_LEVEL)
    text: str
    cite: str | None = None


class Advice(_Part):
    """What is said up to a level: what could be better, how bad that is, and the next step."""

    to_level: int = Field(3, ge=LEAST_LEVEL, le=MOST_LEVEL)
    severity: Literal["minor", "major", "critical"]
    text: str
    advice: str
    cite: str | None = None


class Cap(_Part):
    """Where a rule's level is at most `to_level`, the area's is at most `level`, whatever else is good."""

    to_level: int = Field(1, ge=LEAST_LEVEL, le=MOST_LEVEL)
    level: int = Field(ge=LEAST_LEVEL, le=MOST_LEVEL)
    reason: str


class Outcomes(_Part):
    """Levels of an item of the checklist; null counts neither way."""

    absent: int | None = Field(1, ge=LEAST_LEVEL, le=MOST_LEVEL)
    partial: int | None = Field(3, ge=LEAST_LEVEL, le=MOST_LEVEL)
    shown: int | None = Field(4, ge=LEAST_LEVEL, le=MOST_LEVEL)


Steps = Annotated[tuple[float, ...], Field(min_length=4, max_length=4)]


class Rule(_Part):
    """One thing that is looked at. Exactly one of `at_least`, `at_most` and `outcomes` turns its fact into a level.

    `at_least`: what must be reached for levels 2, 3, 4, 5. `at_most`: what must not be exceeded for 5, 4, 3, 2.
    With weight 0 it has remarks and caps, and no part in the score.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    area: str
    criterion: str
    fact: str
    when: Conditions = ()
    at_least: Steps | None = None
    at_most: Steps | None = None
    outcomes: Outcomes | None = None
    weight: float = Field(1.0, ge=0)
    good: Praise | None = None
    better: tuple[Advice, ...] = ()
    caps: tuple[Cap, ...] = ()

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Rule":
        if sum(each is not None for each in (self.at_least, self.at_most, self.outcomes)) != 1:
            raise ValueError(f"rule {self.id}: needs one of at_least, at_most and outcomes")
        for steps in (self.at_least, self.at_most):
            if steps is not None and list(steps) != sorted(steps):
                raise ValueError(f"rule {self.id}: steps must ascend")
        if [each.to_level for each in self.better] != sorted(each.to_level for each in self.better):
            raise ValueError(f"rule {self.id}: the worst of `better` comes first")
        return self

    def level(self, facts: Facts) -> int | None:
        """1 to 5; None where the rule does not speak or its fact is not known."""
        fact = facts.get(self.fact)
        if fact is None or fact.value is None or not all(condition.holds(facts) for condition in self.when):
            return None
        if self.at_least is not None:
            return LEAST_LEVEL + sum(fact.value >= step for step in self.at_least)
        if self.at_most is not None:
            return LEAST_LEVEL + sum(fact.value <= step for step in self.at_most)
        outcomes = self.outcomes or Outcomes()
        return {0.0: outcomes.absent, 0.5: outcomes.partial, 1.0: outcomes.shown}.get(fact.value)

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that it asks for or fills in."""
        texts = [each for one in self.better for each in (one.text, one.advice)]
        texts += [self.good.text] if self.good else []
        cited = {each.cite for each in (*self.better, self.good) if each is not None and each.cite is not None}
        named = {self.fact, *(condition.fact for condition in self.when), *cited}
        return frozenset(named.union(*map(fact_names, texts)))


class Nothing(_Part):
    """When there is nothing to review in an area, and what is said then."""

    when: Conditions = Field(min_length=1)
    text: str
    advice: str


class AreaWords(_Part):
    """What the summary of an area says. `most` is the highest level that rules give there.

    `orders`: where text that addresses a reviewer is a reason to look at this area.
    """

    cannot_see: str
    nothing: Nothing | None = None
    orders: Literal["report", "elsewhere"] | None = None
    most: int = Field(MOST_LEVEL, ge=LEAST_LEVEL, le=MOST_LEVEL)


class Rulebook(_Part):
    """`rules.yaml`. `answers` are the levels of an answer of the report, by how it is answered."""

    version: str
    label: str
    strengths: int = Field(ge=1)
    improvements: int = Field(ge=1)
    citations: int = Field(ge=1)
    areas: Mapping[str, AreaWords]
    answers: Mapping[str, int]
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        """Changes with whatever the rules say."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _fits_together(self) -> "Rulebook":
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) < len(ids):
            raise ValueError("a rule stands in it twice")
        if strange := sorted({rule.area for rule in self.rules} - set(self.areas)):
            raise ValueError(f"areas: {', '.join(strange)} is missing")
        return self


@cache
def load_rulebook(file: Path | None = None) -> Rulebook:
    """The rules in a file; the bundled ones where none is given.

    Raises:
        ConfigError: it cannot be read, is no YAML, or something in it is missing, unknown or wrong.
    """
    return load_model(file or _DEFAULT, Rulebook, what="the rules", remedy="Put the file there.", bundled="rules.yaml")
