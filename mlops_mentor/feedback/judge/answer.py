"""A model's answer: what it must look like, and reading it from a text that may hold more.

Belongs here: form and bounds. Whether its citations hold is for `citations`, finding the JSON for `json_text`, what is
taken out of its texts for `plain_text`.

An answer is rejected for a score outside the rubric's scale, a criterion that is missing, unknown or scored twice, a
text that is empty or longer than half as much again as the rubric allows, and for repeating the fences' mark. It is not
rejected for more remarks than were asked for: the first and worst of them are kept, which costs nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mlops_mentor.feedback.judge.json_text import read_object
from mlops_mentor.feedback.judge.plain_text import plain
from mlops_mentor.feedback.rubric import Area, Rubric
from mlops_mentor.schemas.feedback import REMARK_SEVERITIES

# Raised with whatever changes what an answer must look like: answers stored before are of another form.
ANSWER_FORM = "1"
_MAX_REMARKS, _MAX_CITATIONS = 40, 20
_TOLERANCE = 1.5
CUT_OFF = "It was cut off for its length: write fewer remarks and fewer words."


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _no_truth(value: object) -> object:
    # pydantic takes true for 1.
    return str(value) if isinstance(value, bool) else value


_Text = Annotated[str, AfterValidator(plain), Field(min_length=1, max_length=20_000)]
_Number = Annotated[int, BeforeValidator(_no_truth)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class GivenCitation(_Part):
    """Lines and quote as a model names them; nothing of it is true before it was checked."""

    path: str = Field(max_length=1000)
    start_line: _Number
    end_line: _Number
    quote: str = Field(max_length=8000)


class GivenRemark(_Part):
    """A strength."""

    criterion: Annotated[str, BeforeValidator(_lower)]
    text: _Text
    citations: tuple[GivenCitation, ...] = Field(max_length=_MAX_CITATIONS)


class GivenImprovement(GivenRemark):
    severity: Annotated[Literal["minor", "major", "critical"], BeforeValidator(_lower)]
    advice: _Text


class GivenScore(_Part):
    criterion: Annotated[str, BeforeValidator(_lower)]
    score: _Number


class GivenAnswer(_Part):
    """What a model said of an area, within the rubric's bounds."""

    strengths: tuple[GivenRemark, ...] = Field(max_length=_MAX_REMARKS)
    improvements: tuple[GivenImprovement, ...] = Field(max_length=_MAX_REMARKS)
    summary: _Text
    criteria: tuple[GivenScore, ...]
    score: _Number
    confidence: Annotated[int, BeforeValidator(_no_truth), Field(ge=1, le=10)]


@dataclass(frozen=True)
class Rejected:
    """Why an answer cannot be used: sentences of ours for the model, none with a word of its answer in it."""

    problems: tuple[str, ...]


def read_answer(text: str, area: Area, rubric: Rubric, boundary: str) -> GivenAnswer | Rejected:
    """The one answer that a model's text holds, or why there is none.

    Around the JSON object may stand a byte order mark, a fence, prose, and what a model thought aloud in `<think>`; of
    two objects neither counts, nor does an object that says a thing twice.
    """
    if boundary.lower() in text.lower():
        return Rejected(("It repeats the mark of the fences, which belongs into no answer.",))
    content = read_object(text)
    if isinstance(content, str):
        return Rejected((content,))
    try:
        answer = GivenAnswer.model_validate(content)
    except ValidationError as error:
        return Rejected(tuple(_sentence(each) for each in error.errors(include_input=False, include_url=False)[:10]))
    problems = tuple(_problems(answer, area, rubric))
    return Rejected(problems[:10]) if problems else answer


def answer_schema(area: Area) -> Mapping[str, Any]:
    """The strict JSON schema of an answer about an area: minimal, since servers know little of bounds.

    Findings stand before scores: a model that writes the score first argues for it afterwards.
    """
    whole = {"type": "integer"}
    text = {"type": "string"}
    criterion = {"type": "string", "enum": [each.id for each in area.criteria]}
    citation = _object(path=text, start_line=whole, end_line=whole, quote=text)
    remark = {"criterion": criterion, "text": text}
    severity = {"type": "string", "enum": [*reversed(REMARK_SEVERITIES)]}
    return _object(
        strengths=_list(_object(**remark, citations=_list(citation))),
        improvements=_list(_object(**remark, severity=severity, advice=text, citations=_list(citation))),
        summary=text,
        criteria=_list(_object(criterion=criterion, score=whole)),
        score=whole,
        confidence=whole,
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _sentence(error: Mapping[str, Any]) -> str:
    # Names and numbers of our own model alone: what else an answer holds is ignored.
    place = ".".join(str(part) for part in error["loc"])
    return f"`{place}`: {error['msg']}." if place else f"{error['msg']}."


def _problems(answer: GivenAnswer, area: Area, rubric: Rubric) -> Iterator[str]:
    yield from _wrong_scores(answer, area, rubric)
    limits = rubric.limits
    yield from _too_long("summary", answer.summary, limits.summary_words)
    for name, remarks in (("strengths", answer.strengths), ("improvements", answer.improvements)):
        yield from _wrong_remarks(name, remarks, area, limits.remark_words)


def _wrong_scores(answer: GivenAnswer, area: Area, rubric: Rubric) -> Iterator[str]:
    least, most = rubric.scale.least, rubric.scale.most
    if not least <= answer.score <= most:
        yield f"`score` must be a whole number from {least} to {most}."
    if any(not least <= each.score <= most for each in answer.criteria):
        yield f"Each score in `criteria` must be a whole number from {least} to {most}."
    known, given = [each.id for each in area.criteria], [each.criterion for each in answer.criteria]
    if sorted(known) != sorted(given):
        yield f"`criteria` must hold each of these once, and nothing else: {', '.join(known)}."


def _wrong_remarks(name: str, remarks: Sequence[GivenRemark], area: Area, num_words: int) -> Iterator[str]:
    known = [each.id for each in area.criteria]
    for at, remark in enumerate(remarks):
        if remark.criterion not in known:
            yield f"`{name}.{at}.criterion` must be one of {', '.join(known)}."
        yield from _too_long(f"{name}.{at}.text", remark.text, num_words)
        if isinstance(remark, GivenImprovement):
            yield from _too_long(f"{name}.{at}.advice", remark.advice, num_words)


def _too_long(place: str, text: str, num_words: int) -> Iterator[str]:
    num = len(text.split())
    if num > _TOLERANCE * num_words:
        yield f"`{place}` has {num} words; at most {num_words} are allowed."
