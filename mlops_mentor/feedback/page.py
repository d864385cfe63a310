"""A group's feedback as a page of Markdown: what a TA reads, and what the group does.

Belongs here: how it is written down. Which areas are released is for `reports`, escaping for `markdown`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlops_mentor.feedback.markdown import blob_url, cited, code, code_block, plain, prose
from mlops_mentor.feedback.reviews import Comment, Text, Word
from mlops_mentor.feedback.rubric import Area, Rubric

_MAX_LISTED = 20
_MAX_IN_LINE = 160
_SCORES = (
    "Scores inform and never grade: the course is pass or fail. Every quoted line was looked up in the repository at "
    "the commit named."
)
_DRAFT = "DRAFT"


@dataclass(frozen=True)
class PageArea:
    """What a page says of one area: the rows of `feedback` and `review_packs`, the TAs' word, how far it is released.

    `kept` is what the group reads, where that is of an earlier draft, or of an earlier text of a TA; `text` the TA's
    own that stands in place of the draft.
    """

    area: Area
    feedback: Mapping[str, Any]
    word: Word = field(default_factory=Word)
    pack: Mapping[str, Any] | None = None
    is_released: bool = False
    kept: str | None = None
    text: Text | None = None

    @property
    def score(self) -> int | None:
        """The TA's where there is one."""
        return self.word.score if self.word.score is not None else self.feedback["score"]

    @property
    def seen(self) -> Mapping[str, Any] | None:
        """The pack that a model saw when it wrote this; rules go by the evidence of the whole repository."""
        is_seen = self.pack is not None and self.pack["pack_id"] == self.feedback["pack_id"]
        return self.pack if is_seen and self.feedback["reviewer"] == "model" else None

    @property
    def mean(self) -> float | None:
        """What goes into the overall score: the mean of the criteria where the rubric says so and no TA did."""
        if self.word.score is None and self.area.score_from == "criteria":
            scores = {each["criterion"]: each["score"] for each in self.feedback["criteria"]}
            if (mean := self.area.mean(scores)) is not None:
                return mean
        return None if self.score is None else float(self.score)


@dataclass(frozen=True)
class PageGroup:
    """Whose page it is. `repository_url` is the address as parsed; only https ones become links."""

    group_id: str
    repository_url: str
    snapshot_sha: str
    comments: tuple[Comment, ...] = ()


def feedback_page(group: PageGroup, areas: Sequence[PageArea], rubric: Rubric) -> str:
    """The page as a TA reads it: every area, drafts marked, the machine's score beside the TA's, notes for TAs."""
    parts = [f"# Feedback for group {plain(group.group_id)}", _of_commit(group), _SCORES, _overview(areas, rubric)]
    parts += _said(group.comments, has_names=True)
    for each in areas:
        parts += [_heading(each), *_body(each, group, rubric, is_for_students=False), *_replaced(each, group)]
        parts += _notes(each)
    return "\n\n".join(parts) + "\n"


def released_section(each: PageArea, group: PageGroup, rubric: Rubric, released_at: datetime) -> str:
    """What the group reads of one area, whole in itself: it is kept as it is when a newer draft is written."""
    about = f"About commit {code(each.feedback['snapshot_sha'][:12])}, released {_moment(released_at)}."
    parts = [f"## {plain(each.area.title)}", about, *_body(each, group, rubric, is_for_students=True)]
    return "\n\n".join([*parts, *_said(each.word.comments, has_names=False)])


def released_page(group: PageGroup, sections: Sequence[str], overall: Mapping[str, int | None]) -> str:
    """The page of a group from its released sections; overall scores where they are given."""
    parts = [f"# Feedback for group {plain(group.group_id)}", _SCORES]
    parts += [f"**{name}: {score} of 10**" for name, score in overall.items() if score is not None]
    parts += _said(group.comments, has_names=False)
    return "\n\n".join([*parts, *sections]) + "\n"


def overall_scores(areas: Iterable[PageArea], rubric: Rubric) -> dict[str, int | None]:
    """`code` and `report` by the rubric's formula, TAs' scores counting."""
    areas = list(areas)
    return {
        name: rubric.overall_of(
            [(each.mean, each.area.weight) for each in areas if each.area.overall == name and each.mean is not None]
        )
        for name in ("code", "report")
    }


def _of_commit(group: PageGroup) -> str:
    return f"Repository {code(group.repository_url)}, commit {code(group.snapshot_sha[:12])}."


def _overview(areas: Sequence[PageArea], rubric: Rubric) -> str:
    lines = ["| Area | Score | Machine | TA | Written by | State |", "| --- | --- | --- | --- | --- | --- |"]
    for each in areas:
        cells = (
            plain(each.area.title),
            _number(each.score),
            _number(each.feedback["score"]),
            _number(each.word.score),
            f"{_author(each.feedback)}{', edited' if each.text is not None else ''}",
            _state(each),
        )
        lines.append(f"| {' | '.join(cells)} |")
    overall = overall_scores(areas, rubric)
    lines += ["", f"Overall: code {_number(overall['code'])} of 10, report {_number(overall['report'])} of 10."]
    return "\n".join(lines)


def _number(score: int | None) -> str:
    return "-" if score is None else str(score)


def _author(feedback: Mapping[str, Any]) -> str:
    if feedback["reviewer"] == "rules":
        return "fixed rules"
    model = feedback["model"]
    return f"language model {plain(model)}" if model else "a language model"


def _state(each: PageArea) -> str:
    if each.is_released:
        return "released"
    return f"{_DRAFT} (an earlier one is released)" if each.kept is not None else _DRAFT


def _heading(each: PageArea) -> str:
    mark = "" if each.is_released else f" [{_DRAFT}]"
    return f"## {plain(each.area.title)}{mark}"


def _body(each: PageArea, group: PageGroup, rubric: Rubric, *, is_for_students: bool) -> list[str]:
    parts = [_score(each, rubric)]
    if each.text is None:
        parts.append(f"Written by {_author(each.feedback)}, {_moment(each.feedback['written_at'])}.")
    else:
        by_whom = "a teaching assistant" if is_for_students else plain(each.text.reviewer)
        parts.append(f"Edited by {by_whom}, {_moment(each.text.reviewed_at)}; drafted by {_author(each.feedback)}.")
    parts += _criteria(each, _titles(each), is_for_students=is_for_students)
    parts += _drafted(each, group, "###") if each.text is None else [_paragraphs(each.text.text)]
    if each.seen is not None and each.text is None:
        parts.append(f"What the reviewer saw: {plain(each.seen['coverage'])}.")
    return parts


def _replaced(each: PageArea, group: PageGroup) -> list[str]:
    """What a TA's text stands in place of, for TAs to compare."""
    if each.text is None:
        return []
    return [f"### What {_author(each.feedback)} wrote instead", *_drafted(each, group, "####")]


def _drafted(each: PageArea, group: PageGroup, marks: str) -> list[str]:
    """The reviewer's summary and remarks; headings begin with `marks`."""
    feedback, titles = each.feedback, _titles(each)
    url = blob_url(group.repository_url, feedback["snapshot_sha"])
    parts = [_paragraphs(feedback["summary"])]
    if feedback["strengths"]:
        parts += [f"{marks} What is good", "\n".join(_remark(one, "-", titles, url) for one in feedback["strengths"])]
    if feedback["improvements"]:
        lines = [_remark(one, f"{place}.", titles, url) for place, one in enumerate(feedback["improvements"], start=1)]
        parts += [f"{marks} What could be better", "\n".join(lines)]
    return parts


def _titles(each: PageArea) -> Mapping[str, str]:
    return {criterion.id: criterion.title for criterion in each.area.criteria}


def _score(each: PageArea, rubric: Rubric) -> str:
    if each.score is None:
        return "**No score**: there was nothing that could be judged."
    by_whom = " (by a teaching assistant)" if each.word.score is not None else ""
    meaning = each.area.scores.get(each.score, "")
    return f"**{each.score} of {rubric.scale.most}**{by_whom}: {plain(meaning)}"


def _criteria(each: PageArea, titles: Mapping[str, str], *, is_for_students: bool) -> list[str]:
    """Scores of criteria; to a group none that a TA's score has replaced."""
    if is_for_students and each.word.score is not None:
        return []
    scores = [f"{plain(titles.get(one['criterion'], one['criterion']))} {one['score']}"
              for one in each.feedback["criteria"]]  # fmt: skip
    return ["; ".join(scores) + "."] if scores else []


def _paragraphs(text: str) -> str:
    return "\n\n".join(prose(each) for each in text.splitlines() if each.strip())


def _remark(remark: Mapping[str, Any], bullet: str, titles: Mapping[str, str], url: str | None) -> str:
    indent = " " * (len(bullet) + 1)
    severity = f"**{plain(remark['severity'])}**" if remark["severity"] else ""
    about = plain(titles.get(remark["criterion"], "")) if remark["criterion"] else ""
    lead = ", ".join(each for each in (severity, about) if each)
    lines = [f"{bullet} {lead}{': ' if lead else ''}{prose(remark['text'])}"]
    if remark["advice"]:
        lines += ["", f"{indent}*Next step:* {prose(remark['advice'])}"]
    lines += [line for citation in remark["citations"] for line in _citation(citation, indent, url)]
    return "\n".join(lines)


def _citation(citation: Mapping[str, Any], indent: str, url: str | None) -> list[str]:
    where = cited(citation["path"], citation["start_line"], citation["end_line"], url)
    quote = citation["quote"] or ""
    is_short = len(quote) <= _MAX_IN_LINE and len(quote.splitlines()) <= 1
    if is_short:
        shown = code(quote)
        return [f"{indent}- {where}{': ' if shown else ''}{shown}"]
    return [f"{indent}- {where}", code_block(quote, f"{indent}  ")]


def _said(comments: Iterable[Comment], *, has_names: bool) -> list[str]:
    """Comments of TAs; a group does not read who wrote them."""
    return [
        f"> **{plain(each.reviewer) if has_names else 'A teaching assistant'}**"
        f"{', ' + _moment(each.reviewed_at) if has_names else ''}: {prose(each.text)}"
        for each in comments
    ]


def _notes(each: PageArea) -> list[str]:
    """What only TAs read."""
    feedback, word = each.feedback, each.word
    notes = []
    if feedback["state"] != "reviewed":
        notes.append(f"State {code(feedback['state'])}: {plain(feedback['reason'] or 'no reason was given')}")
    if word.score is not None:
        machine = _number(feedback["score"])
        notes.append(f"{plain(word.score_by or '')} gives {word.score}; the reviewer gave {machine}.")
    if feedback["second_model"]:
        score = _number(feedback["second_score"])
        notes.append(f"A second model, {code(feedback['second_model'])}, gives {score}.")
    if feedback["confidence"] is not None:
        notes.append(f"The reviewer's own confidence: {feedback['confidence']} of 10. It says little.")
    if feedback["num_remarks_dropped"] or feedback["num_citations_dropped"]:
        notes.append(
            f"Dropped for want of a line that bears them out: {feedback['num_remarks_dropped']} remarks, "
            f"{feedback['num_citations_dropped']} of {feedback['num_citations']} citations."
        )
        notes += _listing(feedback["dropped"])
    if each.seen is not None and each.seen["left_out"]:
        notes.append(f"Not shown to the reviewer: {len(each.seen['left_out'])} files or parts.")
        notes += _listing(each.seen["left_out"])
    parts = _said(word.comments, has_names=True)
    if word.text is not None and each.text is None:
        notes.append(
            f"The text of {plain(word.text.reviewer)}, {_moment(word.text.reviewed_at)}, is about an earlier draft and "
            "does not stand for this one: write it again, or release what stands here."
        )
    if each.kept is not None:
        notes.append("The group reads an earlier version of this area, until this one is released.")
    elif word.is_released and word.release_said_at is not None and not each.is_released:
        notes.append(f"Released {_moment(word.release_said_at)}, before this was written: it has to be released again.")
    listed = "\n".join(note if note.startswith("  ") else f"- {note}" for note in notes)
    return [*parts, *(["### For teaching assistants only", listed] if notes else [])]


def _listing(lines: Sequence[str]) -> list[str]:
    shown = [f"  - {plain(line)}" for line in lines[:_MAX_LISTED]]
    more = len(lines) - len(shown)
    return [*shown, *([f"  - and {more} more"] if more else [])]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
