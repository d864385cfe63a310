"""Excerpts: files cut to a budget, so that no file takes all of it.

Belongs here: sharing the room between files, and cutting each within its share. What is a declaration of Python is for
`declarations`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mlops_mentor.feedback.packs.choose import Choice
from mlops_mentor.feedback.packs.declarations import Part, cut, own_lines, parts_of, signature_lines
from mlops_mentor.feedback.packs.pack import Cleaned, Excerpt
from mlops_mentor.feedback.packs.quoting import quoted
from mlops_mentor.feedback.packs.sections import sections_of

# Characters of a line that are shown: what is longer is data, or one line of a whole page.
MAX_LINE = 300
# A file that would get less room is left out. In bytes, as all room here: three are about one token.
LEAST_ROOM = 450
# Where there is much room: so many of the weightiest files at the most, rather than a little of all.
_MOST_CUT = 12
BYTES_A_TOKEN = 3
_CUT_MARK = "…"
# Bar, blank and line break.
BAR = 3
# The lines before and after a file, its path apart.
FENCES = 110
# The widest number, where the file is not known.
_WIDEST = 6
# Above so much of what fits a border is looked for; else the file would be cut too short.
_SHARE_BEFORE_BORDER = 0.6


@dataclass(frozen=True)
class Piece:
    """A chosen file, its path as it is shown, and what cleans its lines: only files that have room are cleaned."""

    choice: Choice
    path: str
    clean: Callable[[], Cleaned]

    @cached_property
    def cleaned(self) -> Cleaned:
        """Its lines as they may be shown."""
        return self.clean()

    @cached_property
    def wanted(self) -> list[int]:
        """Numbers of the lines that would be shown were there room for all."""
        file = self.choice.file
        if file.python is None or file.python.error:
            return list(range(1, len(file.lines) + 1))
        if self.choice.is_brief:
            return [number for number in signature_lines(file.python) if number <= len(file.lines)]
        return own_lines(self.parts, file.python, len(file.lines))

    @cached_property
    def parts(self) -> list[Part]:
        """Where it may be cut; none where it may be cut anywhere."""
        file = self.choice.file
        if file.python is None or file.python.error:
            return sections_of(file.path, self.cleaned.lines)
        return parts_of(file.python)

    @cached_property
    def frame(self) -> int:
        """Bytes beside its lines."""
        return FENCES + len(quoted(self.path).encode())

    @cached_property
    def claim(self) -> int:
        """About as many bytes as all that is wanted, from lines that are not cleaned yet."""
        lines = self.choice.file.lines
        return self.frame + sum(self._cost_of_text(lines[number - 1]) for number in self.wanted)

    @cached_property
    def cost(self) -> int:
        """Bytes of all that is wanted."""
        return self.frame + sum(map(self.cost_of, self.wanted))

    @cached_property
    def _width(self) -> int:
        return len(str(len(self.choice.file.lines)))

    def cost_of(self, number: int) -> int:
        return self._cost_of_text(self.cleaned.lines[number - 1])

    def _cost_of_text(self, text: str) -> int:
        return len(shown_line(text).encode("utf-8", "replace")) + self._width + BAR

    def fit(self, room: int) -> list[int]:
        """Numbers of the lines that are shown within `room` bytes, ascending; none where nothing sensible has room."""
        room -= self.frame
        if sum(map(self.cost_of, self.wanted)) <= room:
            return self.wanted
        if self.choice.is_brief or not self.parts:
            return self._from_the_top(room, at_borders=not self.choice.is_brief)
        limit = len(self.choice.file.lines)
        numbers = cut(self.parts, room, self._cost_within(limit), in_order=self.choice.file.python is None)
        return [number for number in numbers if number <= limit]

    def excerpt(self, numbers: Sequence[int]) -> Excerpt:
        """The excerpt of these lines."""
        file = self.choice.file
        lines = tuple((number, shown_line(self.cleaned.lines[number - 1])) for number in numbers)
        return Excerpt(self.path, file.blob_id, len(file.lines), lines)

    def _from_the_top(self, room: int, *, at_borders: bool) -> list[int]:
        """The first lines that fit, up to a blank line or the next key or paragraph at the top level."""
        fitting = 0
        for number in self.wanted:
            room -= self.cost_of(number)
            if room < 0:
                break
            fitting += 1
        end = _border(self.wanted, self.cleaned.lines, fitting) if at_borders else fitting
        return self.wanted[:end]

    def _cost_within(self, limit: int) -> Callable[[int], int]:
        # What the parser counts as lines may go beyond those of the file by form feeds.
        return lambda number: self.cost_of(number) if number <= limit else 0


def shown_line(text: str, most: int = MAX_LINE) -> str:
    """The line as it is shown: cut where it is longer than any that people write."""
    return text if len(text) <= most else text[: most - 1] + _CUT_MARK


def line_cost(text: str, most: int = MAX_LINE) -> int:
    """Bytes that a line takes, its number included."""
    return len(shown_line(text, most).encode("utf-8", "replace")) + _WIDEST + BAR


def fill(pieces: Sequence[Piece], room: int) -> list[tuple[Piece, list[int]]]:
    """The pieces that have room, with the lines that are shown of each; `room` is in bytes."""
    costs, weights = [piece.claim for piece in pieces], [piece.choice.weight for piece in pieces]
    most = room / _MOST_CUT / max(weights, default=1)
    shares = share(costs, weights, room, [max(LEAST_ROOM, int(most * weight)) for weight in weights])
    shown = {at: numbers for at, given in enumerate(shares) if given and (numbers := pieces[at].fit(given))}
    left = room - sum(_cost(pieces[at], numbers) for at, numbers in shown.items())
    # Borders leave something over: small files that had no room have it, then those that come first.
    for at, piece in enumerate(pieces):
        room_for_it = min(left, LEAST_ROOM)
        if at not in shown and piece.wanted and piece.claim <= room_for_it and piece.cost <= room_for_it:
            shown[at] = piece.wanted
            left -= piece.cost
    for at in sorted(shown):
        used = _cost(pieces[at], shown[at])
        more = pieces[at].fit(used + left) if used < pieces[at].cost else shown[at]
        if len(more) > len(shown[at]):
            shown[at] = more
            left -= _cost(pieces[at], more) - used
    return [(pieces[at], shown[at]) for at in sorted(shown)]


def share(costs: Sequence[int], weights: Sequence[int], room: int, least: Sequence[int]) -> list[int]:
    """Room of each: all that it costs or, where there is too little, by weight; 0 for those that have none.

    Nobody gets less than its part of `least` or what it costs: those that come last give way.
    """
    kept = list(range(len(costs)))
    while kept:
        filled = _filled([costs[at] for at in kept], [weights[at] for at in kept], room)
        if all(given >= min(costs[at], least[at]) for at, given in zip(kept, filled, strict=True)):
            break
        kept.pop()
    given_to = dict(zip(kept, filled, strict=True)) if kept else {}
    return [given_to.get(at, 0) for at in range(len(costs))]


def _filled(costs: Sequence[int], weights: Sequence[int], room: int) -> list[int]:
    """What is needed by whoever needs less than the share of its weight; the rest is shared among the others."""
    given = [0] * len(costs)
    hungry = list(range(len(costs)))
    while hungry:
        level = room / sum(weights[at] for at in hungry)
        content = [at for at in hungry if costs[at] <= level * weights[at]]
        if not content:
            for at in hungry:
                given[at] = int(level * weights[at])
            return given
        for at in content:
            given[at] = costs[at]
            room -= costs[at]
        hungry = [at for at in hungry if not given[at] and costs[at]]
    return given


def _cost(piece: Piece, numbers: Sequence[int]) -> int:
    return piece.frame + sum(map(piece.cost_of, numbers))


def _border(numbers: Sequence[int], lines: Sequence[str], fitting: int) -> int:
    """Where to end, of so many lines that fit."""
    if fitting == len(numbers):
        return fitting
    for indent in (0, 2):
        for end in range(fitting, int(fitting * _SHARE_BEFORE_BORDER), -1):
            text = lines[numbers[end] - 1]
            if not text.strip() or len(text) - len(text.lstrip()) <= indent:
                return end
    return fitting
