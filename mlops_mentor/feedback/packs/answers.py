"""The report as it is shown: the answers alone, each within its share of the room.

Belongs here: which lines of the report are answers, and cutting them. What was measured of them is for `facts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlops_mentor.evidence.report.locate import Report
from mlops_mentor.evidence.report.split import Answer
from mlops_mentor.feedback.packs.excerpts import line_cost, share, shown_line
from mlops_mentor.feedback.packs.pack import Cleaned, Excerpt

# A paragraph is one line of Markdown: longer ones are no paragraphs.
MAX_LINE = 3000
# Less of an answer says nothing. In bytes.
_LEAST_ROOM = 120


@dataclass(frozen=True)
class ShownAnswers:
    """What is shown of the report: None without any answer. `cut` are numbers of questions whose answers were cut."""

    excerpt: Excerpt | None
    num_lines: int
    cut: tuple[int, ...] = ()


def answer_lines(answer: Answer, cleaned: Cleaned) -> list[int]:
    """Numbers of the lines in which the answer stands: neither blank ones nor placeholders and comments."""
    if answer.line is None or not answer.is_answered:
        return []
    numbers = range(answer.line, min(answer.line + len(answer.lines), len(cleaned.lines) + 1))
    return [
        number
        for number, line in zip(numbers, answer.lines, strict=False)
        if line.strip() and cleaned.lines[number - 1].strip()
    ]


def show_answers(report: Report, path: str, cleaned: Cleaned, num_lines: int, room: int) -> ShownAnswers:
    """The report's answers within `room` bytes; `path` and `num_lines` are what is said of it."""
    wanted = [(answer, answer_lines(answer, cleaned)) for answer in report.content.answers]
    wanted = [(answer, numbers) for answer, numbers in wanted if numbers]
    costs = [sum(line_cost(cleaned.lines[number - 1], MAX_LINE) for number in numbers) for _, numbers in wanted]
    shares = share(costs, [1] * len(costs), room, [_LEAST_ROOM] * len(costs))
    shown: dict[int, str] = {}
    shortened = []
    for (answer, numbers), cost, given in zip(wanted, costs, shares, strict=True):
        if given < cost or any(len(cleaned.lines[number - 1]) > MAX_LINE for number in numbers):
            shortened.append(answer.question.number)
        shown |= _within([(number, cleaned.lines[number - 1]) for number in numbers], given)
    lines = tuple(sorted(shown.items()))
    excerpt = Excerpt(path, report.blob_id, num_lines, lines) if lines else None
    return ShownAnswers(excerpt, len({number for _, numbers in wanted for number in numbers}), tuple(shortened))


def thinned(excerpt: Excerpt, room: int) -> Excerpt:
    """The excerpt within fewer bytes: of each of its passages the beginning, so that no answer is lost for another."""
    passages: list[list[tuple[int, str]]] = []
    for number, text in excerpt.lines:
        # A blank line is left out of an answer, and parts no passages.
        if not passages or number > passages[-1][-1][0] + 2:
            passages.append([])
        passages[-1].append((number, text))
    costs = [sum(line_cost(text, MAX_LINE) for _, text in passage) for passage in passages]
    shares = share(costs, [1] * len(costs), room, [_LEAST_ROOM] * len(costs))
    kept: dict[int, str] = {}
    for passage, given in zip(passages, shares, strict=True):
        kept |= _within(passage, given)
    return replace(excerpt, lines=tuple(kept.items()))


def _within(lines: Sequence[tuple[int, str]], room: int) -> dict[int, str]:
    """Lines by number until the room is used up; the last is cut between words."""
    found = {}
    for number, line in lines:
        text = shown_line(line, MAX_LINE)
        cost = line_cost(text, MAX_LINE)
        if cost > room:
            if room >= _LEAST_ROOM:
                found[number] = _shortened(text, room - line_cost("", MAX_LINE))
            break
        found[number] = text
        room -= cost
    return found


def _shortened(text: str, room: int) -> str:
    """So many bytes of the text, up to a blank; with the mark that says so."""
    head = text.encode("utf-8", "replace")[: room - len("…".encode())].decode("utf-8", "ignore")
    return (head.rpartition(" ")[0] or head) + "…"
