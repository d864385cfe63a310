"""What a TA says of an area in one form: read, checked, and made rows of `reviews.csv`.

Belongs here: the form's fields and what each button means. Writing rows is for `saying`, showing forms for templates.

The form holds the whole text although it is seldom changed: `text_was` tells whether the TA has changed it, also where
the draft is another by now.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData

from mlops_mentor.desk.drafts import DeskArea, Draft
from mlops_mentor.desk.forms import text_of
from mlops_mentor.feedback.judgement import Remark
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.pages.texts import visible

MAX_TEXT, MAX_COMMENT = 20_000, 4_000
_FIELDS = ("do", "seen", "score", "text", "text_was", "comment")
_MESSAGES = {
    "score": "Choose one of the scores.",
    "text": f"The text is too long: {MAX_TEXT:,} characters at most.",
    "comment": f"The comment is too long: {MAX_COMMENT:,} characters at most.",
}


class AreaWord(BaseModel):
    """The form as it was sent. `do`: `accept` saves and releases, `save` saves alone, `take_back` ends a release,
    `restore` has the reviewer's text stand again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    do: Literal["accept", "save", "take_back", "restore"]
    seen: str = Field(max_length=200)
    score: Annotated[int | None, BeforeValidator(lambda cell: cell or None)] = None
    text: str = Field("", max_length=MAX_TEXT)
    text_was: str = Field("", max_length=64)
    comment: str = Field("", max_length=MAX_COMMENT)

    @property
    def has_new_text(self) -> bool:
        """Whether the TA has changed the text that the form came with."""
        return text_id(self.text) != self.text_was


@dataclass(frozen=True)
class AreaForm:
    """What the form of an area holds when it is shown: `problems` by field, `stale` why it was not taken yet."""

    score: int | None = None
    text: str = ""
    text_was: str = ""
    comment: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    stale: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is something in it that the TA has to see."""
        return bool(self.problems or self.stale)


def text_id(text: str) -> str:
    """Tells texts apart, whatever blanks end their lines."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(lines.encode("utf-8", "replace")).hexdigest()[:32]


def fresh_form(area: DeskArea) -> AreaForm:
    """The form as nobody has touched it: the text that stands, the TA's score where there is one."""
    text = standing_text(area)
    return AreaForm(score=area.word.score, text=text, text_was=text_id(text))


def read_word(form: FormData) -> tuple[AreaWord | None, dict[str, str]]:
    """The form's word, or None and what is wrong with which field."""
    try:
        return AreaWord.model_validate({name: text_of(form, name) for name in _FIELDS}), {}
    except ValidationError as error:
        fields = [str(problem["loc"][0]) for problem in error.errors()]
        return None, {name: _MESSAGES.get(name, "This form cannot be read. Load the page again.") for name in fields}


def typed_form(area: DeskArea, form: FormData, problems: Mapping[str, str], stale: str | None = None) -> AreaForm:
    """The form again as it was sent; a text that the TA had not touched is the one that stands by now."""
    fresh = fresh_form(area)
    text, score = text_of(form, "text"), text_of(form, "score")
    is_changed = text_id(text) != text_of(form, "text_was")
    return AreaForm(
        score=int(score) if score.isascii() and score.isdigit() and len(score) < 4 else fresh.score,
        text=text if is_changed else fresh.text,
        text_was=fresh.text_was,
        comment=text_of(form, "comment"),
        problems=problems,
        stale=stale,
    )


def row_of(word: AreaWord, area: DeskArea, group_id: str, who: str) -> NewReview | None:
    """The row that the form makes; None where it says nothing that does not stand already.

    Raises:
        ValueError: it cannot be a row; the text is about the field `text`.
    """
    text = None
    if word.do == "restore":
        text = ""
    elif word.do != "take_back" and word.has_new_text:
        if not word.text.strip():
            raise ValueError("Write a text, or choose the reviewer's text again below.")
        text = word.text.strip()
    releases = {"accept": True, "take_back": False}
    is_scored = word.do in ("accept", "save") and word.score is not None and word.score != area.word.score
    row = NewReview(
        group_id,
        area.area.id,
        who,
        score=word.score if is_scored else None,
        comment=(word.comment.strip() or None) if word.do != "restore" else None,
        text=text,
        is_released=releases.get(word.do),
    )
    said = (row.score, row.comment, row.text, row.is_released)
    return None if all(each is None for each in said) else row


def standing_text(area: DeskArea) -> str:
    """The text that the group gets as things stand, as plain text: the TA's own, else the reviewer's."""
    return area.text.text if area.text is not None else draft_text(area.draft)


def draft_text(draft: Draft) -> str:
    """The reviewer's summary and remarks as paragraphs, for a TA to edit."""
    parts = [draft.summary.strip()]
    if draft.strengths:
        parts += ["What is good:", *(_remark(each) for each in draft.strengths)]
    if draft.improvements:
        parts += ["What could be better:", *(_remark(each) for each in draft.improvements)]
    return visible("\n\n".join(part for part in parts if part))


def _remark(remark: Remark) -> str:
    places = [
        f"`{each.path}:{each.start_line}`"
        if each.end_line <= each.start_line
        else f"`{each.path}:{each.start_line}-{each.end_line}`"
        for each in remark.citations
    ]
    parts = [f"{remark.severity}: {remark.text}" if remark.severity else remark.text]
    parts += [f"Next step: {remark.advice}"] if remark.advice else []
    parts += [f"See {', '.join(places)}."] if places else []
    return " ".join(part.strip() for part in parts)
