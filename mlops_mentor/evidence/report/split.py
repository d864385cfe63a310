"""A report's answers, whatever became of the template around them.

Belongs here: which question stands where, which template it was, what of the text is the answer. Rules are for `rules`.

Every line is looked at a bounded number of times, and patterns see a line's head only: the time grows with the length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.report.comments import without_comments
from mlops_mentor.evidence.report.templates import Question, Start, Template, course, normal, words_of
from mlops_mentor.evidence.report.text import MAX_HEAD

_HEADING = re.compile(
    r"[ \t>]{0,12}(?P<level>#{1,6})[ \t]*[*_]{0,3}[ \t]*(?:question|q)[ \t.:#]{0,3}(?P<number>[0-9]{1,3})(?![0-9])",
    re.IGNORECASE,
)
_BARE_HEADING = re.compile(r"[ \t>*_]{0,12}question[ \t]{0,3}(?P<number>[0-9]{1,3})[ \t*_:.]{0,6}$", re.IGNORECASE)
_ANY_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_MARK = re.compile(r"^[ \t>*_#]{0,12}answers?[ \t*_]{0,6}:[*_]{0,3}", re.IGNORECASE)
_QUOTE = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+")
_PLACEHOLDER = re.compile(
    r"`{0,3}-{2,4}[ \t]{0,3}question[ \t]{0,3}[0-9]{0,3}[ \t]{0,3}fill here[ \t]{0,3}(?:-{2,4})?`{0,3}",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$")
_OPENING_DASHES = re.compile(r"^[ \t]*-{3}[ \t]+")
_FENCE = re.compile(r"[ \t>]{0,12}(`{3,}|~{3,})")
_NO_ANSWER = frozenset({"todo", "tbd", "tba", "to do", "fill here", "wip", "your answer here"})
# Template phrases beside the questions: enough of them make a text without questions' texts a report.
_FEWEST_QUESTIONS = 5
_FEWEST_STARTS = 3
# A question stands so often in one report, templates and drafts included.
_MOST_TIMES = 20


@dataclass(frozen=True)
class Answer:
    """What stands under a question. `line` (from 1) is where the answer begins, or its question where there is none.

    `line` is None where the question was not found. `lines` are the answer's own, from `line` on, without placeholders,
    quotation marks and comments.
    """

    question: Question
    line: int | None
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The answer as one text."""
        return "\n".join(self.lines).strip()

    @property
    def num_words(self) -> int:
        """Words as the course counts them: what blanks part in the Markdown, markup and links included."""
        return len(self.text.split())

    @property
    def is_answered(self) -> bool:
        """Something is there that is neither empty nor `TODO`."""
        words = normal(self.text[:MAX_HEAD])
        return bool(words) and words not in _NO_ANSWER


@dataclass(frozen=True)
class SplitReport:
    """The template, and the answers in its order. `num_found` counts the questions that were found."""

    template: Template
    answers: tuple[Answer, ...]
    num_found: int

    @property
    def num_answered(self) -> int:
        """Questions with an answer."""
        return sum(answer.is_answered for answer in self.answers)


@dataclass(frozen=True)
class _Anchor:
    """Where a question begins: the line (from 0), the number its heading has, the text recognised there."""

    line: int
    number: int | None
    start: Start | None
    level: int = 7


def split(lines: Sequence[str]) -> SplitReport | None:
    """The answers; None where this is no report."""
    anchors = _anchors(lines)
    starts = [anchor.start for anchor in anchors if anchor.start]
    numbers = {anchor.number for anchor in anchors if anchor.number}
    if not _is_report(lines, len({start.topic for start in starts}), numbers):
        return None
    template = _template(lines, starts, numbers)
    regions = _regions(anchors, template, len(lines))
    answers = []
    for question in template.questions:
        found = [_answer(lines, question, *region) for region in regions.get(question.topic, [])]
        answered = [answer for answer in found if answer.is_answered]
        answers.append((answered or found or [Answer(question, None, ())])[0])
    return SplitReport(template, tuple(answers), len(regions))


def _is_report(lines: Sequence[str], num_starts: int, numbers: set[int]) -> bool:
    if num_starts >= _FEWEST_QUESTIONS:
        return True
    if len(numbers) < _FEWEST_QUESTIONS:
        return False
    sections = {normal(line[:MAX_HEAD]) for line in lines if line.lstrip().startswith("#")} & course().sections
    return num_starts >= _FEWEST_STARTS or len(sections) >= _FEWEST_STARTS or len(numbers) >= 3 * _FEWEST_QUESTIONS


def _anchors(lines: Sequence[str]) -> list[_Anchor]:
    """Headings with the text below them as one; texts without a heading of their own alone."""
    found: list[_Anchor] = []
    has_content = True
    for number, line in enumerate(lines):
        head = line[:MAX_HEAD]
        heading = _HEADING.match(head) or _BARE_HEADING.match(head)
        start = _start(lines, number)
        last = found[-1] if found else None
        if heading:
            level = heading.groupdict().get("level")
            found.append(_Anchor(number, int(heading["number"]), start, len(level) if level else 7))
            has_content = start is not None
        elif start and last and last.start is None and not has_content:
            found[-1] = _Anchor(last.line, last.number, start, last.level)
        elif start and not (last and last.start and last.start.topic == start.topic):
            found.append(_Anchor(number, None, start))
        elif head.strip(" \t>") and not head.lstrip().startswith(">"):
            has_content = True
    return found


def _start(lines: Sequence[str], number: int) -> Start | None:
    """The question whose text begins in this line; texts are wrapped over up to three."""
    words = words_of(lines[number][:MAX_HEAD])
    if heading := _HEADING.match(lines[number][:MAX_HEAD]):
        words = words_of(lines[number][heading.end() : MAX_HEAD])
    candidates = course().starts.get(words[0], ()) if words else ()
    if not candidates:
        return None
    for line in lines[number + 1 : number + 3]:
        words += words_of(line[:MAX_HEAD])
    return next((start for start in candidates if words[: len(start.words)] == start.words), None)


def _template(lines: Sequence[str], starts: Sequence[Start], numbers: set[int]) -> Template:
    """By the questions' texts, then their numbers, then the items of the checklist; the newest of equals."""
    listed = normal("\n".join(line[:MAX_HEAD] for line in lines if "[" in line[:12]))
    most = max((number for number in numbers if number <= 99), default=0)

    def likeness(template: Template) -> tuple[int, int, int]:
        texts = sum(
            template.version in start.only if start.only else start.topic in template.topics for start in starts
        )
        has_items = all(item in listed for item in template.items_with)
        lacks_items = listed and not any(item in listed for item in template.items_without)
        return texts, -abs(len(template.questions) - most), int(bool(has_items and lacks_items))

    newest_first = reversed(course().templates)
    return max(newest_first, key=likeness)


def _regions(anchors: Sequence[_Anchor], template: Template, end: int) -> dict[str, list[tuple[int, int, int]]]:
    """(first line, line after the last, level of the heading) by topic: several where a question stands twice."""
    by_text = {anchor.start.topic for anchor in anchors if anchor.start}
    found: dict[str, list[tuple[int, int, int]]] = {}
    for i, anchor in enumerate(anchors):
        stop = anchors[i + 1].line if i + 1 < len(anchors) else end
        topic = anchor.start.topic if anchor.start else None
        if topic is None and anchor.number and anchor.number <= len(template.questions):
            topic = template.questions[anchor.number - 1].topic
            # A heading alone says less than a text: whoever renumbered questions kept their texts.
            topic = None if topic in by_text else topic
        if topic in template.topics:
            # The last question is where whatever follows the report would be taken for an answer.
            level = anchor.level if i + 1 == len(anchors) else 0
            found.setdefault(topic, []).append((anchor.line, stop, level))
            found[topic] = found[topic][:_MOST_TIMES]
    return found


def _answer(lines: Sequence[str], question: Question, first: int, stop: int, level: int) -> Answer:
    stop = _without_next_section(lines, first + 1, stop, level)
    mark = next((number for number in range(first, stop) if _MARK.match(lines[number][:MAX_HEAD])), None)
    if mark is None:
        kept = _unmarked(lines, first, stop)
    else:
        kept = [(mark, _MARK.sub("", lines[mark], count=1)), *((n, lines[n]) for n in range(mark + 1, stop))]
        if not normal("\n".join(_own(kept)[1]))[:1]:
            kept = [*_before_mark(lines, first, mark), *kept]
    begins, own = _own(kept)
    where = begins if begins is not None else (mark if mark is not None else first)
    return Answer(question, where + 1, tuple(own))


def _without_next_section(lines: Sequence[str], first: int, stop: int, level: int) -> int:
    """Where the answer ends: before the heading of the next section, or of what follows the last question."""
    is_code = False
    for number in range(first, stop):
        head = lines[number][:MAX_HEAD]
        if _FENCE.match(head):
            is_code = not is_code
        heading = _ANY_HEADING.match(head)
        if not heading or is_code:
            continue
        if len(heading[1]) < level < 7:
            return number
        if len(heading[1]) <= 2 and normal(heading[2]) in course().sections and _is_bare(lines, number + 1, stop):
            return number
    return stop


def _is_bare(lines: Sequence[str], first: int, stop: int) -> bool:
    """Nothing but blank and quoted lines: what the template has below a section's heading."""
    return all(not line.strip() or line.lstrip().startswith(">") for line in lines[first:stop])


def _unmarked(lines: Sequence[str], first: int, stop: int) -> list[tuple[int, str]]:
    """Without `Answer:`: what follows the question's text."""
    own: list[tuple[int, str]] = []
    is_prompt = True
    for number in range(first, stop):
        line = lines[number]
        if is_prompt and (number == first or not line.strip() or _is_prompt(line) or _start(lines, number)):
            continue
        is_prompt = False
        own.append((number, line))
    return own


def _before_mark(lines: Sequence[str], first: int, mark: int) -> list[tuple[int, str]]:
    """What somebody wrote above `Answer:`, outside the quotation that holds the question."""
    return [
        (number, lines[number])
        for number in range(first + 1, mark)
        if not lines[number].lstrip().startswith(">") and not _is_prompt(lines[number]) and not _start(lines, number)
    ]


def _is_prompt(line: str) -> bool:
    """As the template's lines look: the question bold, its example in italics, what it says of the length."""
    text = _QUOTE.sub("", line[:MAX_HEAD], count=1).strip()
    is_quoted = line.lstrip().startswith(">")
    if not text:
        return is_quoted
    if text.startswith("**") and text.endswith("**") and len(line) <= MAX_HEAD:
        return True
    lowered = text.casefold()
    if "answer length:" in lowered[:40] or lowered.startswith(("example:", "**example")):
        return True
    return is_quoted and text.startswith("*") and not text.startswith("* ") and text.endswith(("*", "*."))


def _own(kept: Sequence[tuple[int, str]]) -> tuple[int | None, list[str]]:
    """(where it begins, lines) of what is the group's: no quotation marks, placeholders, comments, rules around it."""
    cleaned = [(number, _PLACEHOLDER.sub("", _QUOTE.sub("", line, count=1))) for number, line in kept]
    cleaned = without_comments(cleaned)
    leftovers = course().leftovers
    while cleaned and (_is_nothing(cleaned[-1][1]) or _is_leftover(cleaned[-1][1], leftovers)):
        cleaned.pop()
    first = next((i for i, (_, line) in enumerate(cleaned) if not _is_nothing(line)), len(cleaned))
    cleaned = cleaned[first:]
    if not cleaned:
        return None, []
    own = [line for _, line in cleaned]
    # Some answer between the dashes of the placeholder.
    bare = _OPENING_DASHES.sub("", own[0])
    own[-1] = own[-1].rstrip()
    if len(bare) < len(own[0]) or own[-1].endswith(" ---"):
        own[0] = _OPENING_DASHES.sub("", own[0])
        own[-1] = own[-1].removesuffix("---").rstrip()
    return cleaned[0][0], own


def _is_nothing(line: str) -> bool:
    return not line.strip() or bool(_RULE.match(line[:MAX_HEAD]))


def _is_leftover(line: str, leftovers: frozenset[str]) -> bool:
    words = words_of(line[:MAX_HEAD])
    if len(words) <= 2:
        return " ".join(words) in leftovers
    return any(" ".join(words[:n]) in leftovers for n in (1, 2, 3) if len(" ".join(words[:n])) > 10)
