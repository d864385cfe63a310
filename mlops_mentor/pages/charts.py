"""Small drawings as SVG: colours come from classes, sizes from attributes, so that no style attribute is needed.

Belongs here: the drawings. Each says in words what it shows, or is hidden from those who listen, where words are
beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from mlops_mentor.pages.numbers import day as day_text
from mlops_mentor.pages.spread import Day, Spread

_SPARK = (96, 22)
_CELL, _LEFT, _TOP = 17, 74, 18
_HOURS = 24
# Sides of a cell's square: more commits are larger, not only darker.
_SIDES = (0, 6, 9, 12, 15)


def bar(value: float) -> Markup:
    """A bar of 0 to 100; the number stands beside it."""
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="8"/><rect class="fill" width="{:.1f}" height="8"/></svg>'
    ).format(min(max(value, 0), 100))


def sparkline(points: Sequence[tuple[date, float]], first: date, last: date) -> Markup:
    """Progress (0 to 100) over the days, from `first` to `last` or as far as there are points."""
    width, height = _SPARK
    start = min(first, points[0][0])
    span = max((max(last, points[-1][0]) - start).days, 1)
    at = [
        (2 + (day - start).days / span * (width - 6), height - 3 - value / 100 * (height - 6)) for day, value in points
    ]
    words = f"from {points[0][1]:.0f} to {points[-1][1]:.0f}"
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<path class="base" d="M0 {}h{}"/><polyline points="{}"/><circle cx="{:.1f}" cy="{:.1f}" r="2.2"/></svg>'
    ).format(width, height, width, height, words, height - 1, width, _points(at), *at[-1])


@dataclass(frozen=True)
class Frame:
    """The plane of the curve: days on one axis, 0 to 100 on the other."""

    first: date
    last: date
    width: int = 460
    height: int = 210
    left: int = 32
    right: int = 14
    top: int = 10
    bottom: int = 26

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return self.left + (day - self.first).days / span * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        return self.top + (1 - min(max(value, 0), 100) / 100) * (self.height - self.top - self.bottom)


def curve(points: Sequence[tuple[date, float]], band: Sequence[Day], first: date, last: date) -> Markup:
    """A group's progress over the days, before the band between the class's quartiles and its median."""
    days = [day for day, _ in points] + [each.day for each in band]
    frame = Frame(min([first, *days]), max([last, *days]))
    own = [(frame.x(day), frame.y(value)) for day, value in points]
    parts = [_grid(frame), _band(frame, band)]
    if own:
        parts.append(Markup('<polyline class="own" points="{}"/>').format(_points(own)))
        parts.append(Markup('<circle class="own-end" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(*own[-1]))
    return Markup('<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        frame.width, frame.height, curve_words(points, band), Markup("").join(parts)
    )


def curve_words(points: Sequence[tuple[date, float]], band: Sequence[Day]) -> str:
    """What the curve shows, as a sentence."""
    if not points:
        return "No progress is known yet."
    (begin, start), (end, value) = points[0], points[-1]
    words = f"Progress was {start:.0f} of 100 on {day_text(begin)} and {value:.0f} on {day_text(end)}"
    if band:
        last = band[-1].spread
        words += (
            f"; on {day_text(band[-1].day)} the middle half of the class lay between {last.lower:.0f} "
            f"and {last.upper:.0f}, the median at {last.median:.0f}"
        )
    return f"{words}."


def _grid(frame: Frame) -> Markup:
    lines = Markup("").join(
        Markup('<path class="grid" d="M{} {:.1f}H{}"/><text class="tick y" x="{}" y="{:.1f}">{}</text>').format(
            frame.left, frame.y(value), frame.width - frame.right, frame.left - 6, frame.y(value) + 4, value
        )
        for value in (0, 25, 50, 75, 100)
    )
    num_days = (frame.last - frame.first).days
    step = max(7, -(-num_days // 28) * 7) if num_days > 10 else 2
    ticks = [frame.first + timedelta(days=number) for number in range(0, num_days + 1, step)]
    return lines + Markup("").join(
        Markup('<text class="tick x" x="{:.1f}" y="{}">{}</text>').format(frame.x(day), frame.height - 8, day_text(day))
        for day in ticks
    )


def _band(frame: Frame, band: Sequence[Day]) -> Markup:
    if not band:
        return Markup("")
    above = [(frame.x(each.day), frame.y(each.spread.upper)) for each in band]
    below = [(frame.x(each.day), frame.y(each.spread.lower)) for each in reversed(band)]
    middle = [(frame.x(each.day), frame.y(each.spread.median)) for each in band]
    return Markup('<polygon class="band" points="{}"/><polyline class="median" points="{}"/>').format(
        _points(above + below), _points(middle)
    )


def box_strip(own: float | None, spread: Spread, top: float | None = None) -> Markup:
    """Quartiles as a box, the median as a line, the own number as a diamond; from 0 to `top`.

    Without a `top` the strip ends a little above what is drawn: the class's largest number stays with its group.
    """
    end = top or 1.15 * max(spread.upper, own or 0) or 1
    lower, median, upper = (_at(value, end) for value in (spread.lower, spread.median, spread.upper))
    mark = Markup("")
    if own is not None:
        place = _at(own, end)
        mark = Markup('<path class="mark" d="M{:.1f} 2l5 6l-5 6l-5-6z"/>').format(place)
    return Markup(
        '<svg class="strip" viewBox="0 0 140 16" width="140" height="16" aria-hidden="true" focusable="false">'
        '<path class="axis" d="M4 8H136"/><rect class="box" x="{:.1f}" y="4" width="{:.1f}" height="8"/>'
        '<path class="middle" d="M{:.1f} 2v12"/>{}</svg>'
    ).format(lower, max(upper - lower, 1), median, mark)


def _at(value: float, end: float) -> float:
    return 6 + min(max(value / end, 0), 1) * 128


def heat_map(activity: Sequence[Sequence[int]], first: date) -> Markup:
    """Commits by day (rows) and hour (columns): a square an hour, the larger and darker the more commits."""
    width, height = _LEFT + _HOURS * _CELL + 2, _TOP + len(activity) * _CELL + 2
    most = max((count for hours in activity for count in hours), default=0)
    return Markup('<svg class="hours" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        width, height, activity_words(activity, first), _hours_axes(activity, first), _squares(activity, first, most)
    )


def _hours_axes(activity: Sequence[Sequence[int]], first: date) -> Markup:
    hours = Markup("").join(
        Markup('<text class="tick" x="{}" y="12">{:02}</text>').format(_LEFT + hour * _CELL + 1, hour)
        for hour in range(0, _HOURS, 3)
    )
    rows = Markup("").join(
        Markup(
            '<text class="tick" x="0" y="{}">{}</text><rect class="row{}" x="{}" y="{}" width="{}" height="{}"/>'
        ).format(
            _TOP + number * _CELL + 13,
            f"{first + timedelta(days=number):%a} {day_text(first + timedelta(days=number))}",
            " weekend" if (first + timedelta(days=number)).weekday() > 4 else "",
            _LEFT, _TOP + number * _CELL + 1, _HOURS * _CELL, _CELL - 2,
        )
        for number in range(len(activity))
    )  # fmt: skip
    return hours + rows


def _squares(activity: Sequence[Sequence[int]], first: date, most: int) -> Markup:
    return Markup("").join(
        Markup('<rect class="a{}" x="{:g}" y="{:g}" width="{}" height="{}" rx="2"><title>{}</title></rect>').format(
            step := _step(count, most),
            _LEFT + hour * _CELL + (_CELL - _SIDES[step]) / 2,
            _TOP + number * _CELL + (_CELL - _SIDES[step]) / 2,
            _SIDES[step],
            _SIDES[step],
            f"{day_text(first + timedelta(days=number))}, {hour:02} h: {count}",
        )
        for number, hours in enumerate(activity)
        for hour, count in enumerate(hours[:_HOURS])
        if count > 0
    )


def _step(count: int, most: int) -> int:
    """1 to 4, by the root of the count: one commit and two differ more than twenty and twenty-one."""
    return max(1, min(4, round(4 * (count / most) ** 0.5))) if most else 1


def activity_words(activity: Sequence[Sequence[int]], first: date) -> str:
    """What the heat map shows, as a sentence."""
    days = [sum(hours) for hours in activity]
    if not sum(days):
        return "No commits in these days."
    hours = [sum(row[hour] for row in activity if hour < len(row)) for hour in range(_HOURS)]
    busiest, hour = days.index(max(days)), hours.index(max(hours))
    return (
        f"{sum(days)} {_plural(sum(days), 'commit')} on {_plural_days(sum(1 for each in days if each))} of "
        f"{len(days)}; most on {first + timedelta(days=busiest):%a} {day_text(first + timedelta(days=busiest))} "
        f"({max(days)}), most often between {hour:02} and {(hour + 1) % _HOURS:02} h."
    )


def _plural(number: int, word: str) -> str:
    return word if number == 1 else f"{word}s"


def _plural_days(number: int) -> str:
    return f"{number} {_plural(number, 'day')}"


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
