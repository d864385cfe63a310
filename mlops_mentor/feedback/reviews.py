"""The TAs' word: `reviews.csv` -> scores, comments and releases, by group and area.

Belongs here: what the rows mean, and which of them counts. The spreadsheet's file is read in `sheets`; what a group
gets to read is for `reports`. Comments are for the group named, so no message quotes a cell.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.course import utc_from_local, with_time_of_day
from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.schemas import REVIEWS, empty
from mlops_mentor.sheets.reading import RowProblem, column_names, group_id_in, optional_rows, unguarded

HEADER = "group_id,area,score,comment,reviewer,time,released,text"
_COLUMNS = ("group id", "area", "score", "comment", "reviewer", "time", "released", "text")
_NEEDED = ("group id", "reviewer", "time")
ALIASES = {"group nb": "group id", "ta": "reviewer"}
_EXAMPLE = "2027-01-25T12:00"
_ALL_AREAS = ("", "*", "all")
# In the column `text`: the reviewer's own words stand again. An empty cell says nothing.
TAKEN_BACK = "-"
# A cell of a spreadsheet holds 32,767 characters, and what is longer is cut when it is saved.
MAX_CHARACTERS = 20_000
_RELEASED = {"": None, "yes": True, "true": True, "x": True, "1": True, "no": False, "false": False, "0": False}
# Clocks differ. A time further ahead would release what nobody has read yet, and win over every later row.
_MAX_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Reviews:
    """The usable rows (schema `REVIEWS`, in the file's order), and what is wrong with others."""

    frame: pl.DataFrame = field(default_factory=lambda: empty(REVIEWS))
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True)
class Comment:
    """What a TA tells a group besides."""

    text: str
    reviewer: str
    reviewed_at: datetime


@dataclass(frozen=True)
class Text:
    """A TA's own text on an area, in place of the reviewer's summary and remarks: paragraphs, no Markdown."""

    text: str
    reviewer: str
    reviewed_at: datetime

    def is_about(self, written_at: datetime) -> bool:
        """Whether it stands in place of a draft that was written at `written_at`: said before, it is about another."""
        return self.reviewed_at >= written_at


@dataclass(frozen=True)
class Word:
    """What the TAs say of one area of one group; None and empty where they say nothing.

    `is_released` is what the newest row says that speaks of release, `release_said_at` when it was written. `text` is
    the newest, `released_text` the one that was the newest when the release was written; None where there is none or
    it was taken back. Whether one is about the draft that stands, it says itself.
    """

    score: int | None = None
    score_by: str | None = None
    comments: tuple[Comment, ...] = ()
    is_released: bool | None = None
    release_said_at: datetime | None = None
    text: Text | None = None
    released_text: Text | None = None


def load_reviews(
    file: Path, *, zone: ZoneInfo, group_ids: Collection[str], rubric: Rubric, now: datetime | None = None
) -> Reviews:
    """Read the reviews as a spreadsheet writes them; a file that is not there means none.

    Times without an offset are in `zone`, and none may be more than five minutes after `now` (UTC; this moment when not
    given); `group_ids` are the roster's.

    Raises:
        ConfigError: the file cannot be read, or has no usable header.
    """
    latest = (now or datetime.now(UTC)) + _MAX_AHEAD
    names = {group_id.casefold(): group_id for group_id in group_ids}
    rows: list[dict[str, Any]] = []
    problems: list[RowProblem] = []
    for row, guarded_cells in optional_rows(file, "reviews", HEADER, _header):
        cells = [unguarded(cell) for cell in guarded_cells]
        known = names.get(group_id_in(cells[0]).casefold())
        try:
            rows.append({"row": row} | _review(dict(zip(_COLUMNS, cells, strict=True)), known, rubric, zone, latest))
        except ValueError as error:
            problems.append(RowProblem(file, row, str(error), known))
    return Reviews(pl.DataFrame(rows, schema=REVIEWS.schema), tuple(problems))


def check_review(
    cells: Mapping[str, str], group_ids: Mapping[str, str], rubric: Rubric, zone: ZoneInfo, now: datetime
) -> None:
    """Refuse a row that `load_reviews` would not take; `group_ids` are the roster's by their casefolded form.

    Raises:
        ValueError: it would not; the text says why and what to do (no full stop ends it).
    """
    known = group_ids.get(group_id_in(cells["group id"]).casefold())
    _review(cells, known, rubric, zone, now + _MAX_AHEAD)


def effective(reviews: pl.DataFrame, group_id: str, area: str) -> Word:
    """What counts for an area: of score and release the newest row that says something, and its comments, oldest first.

    A row without an area is about every area; its comment is one of `general_comments`. Of rows of the same time the
    later one in the file counts.
    """
    # Of most groups nothing is said, and asking the class's 500 areas takes a second.
    if reviews.is_empty():
        return Word()
    rows = reviews.filter((pl.col("group_id") == group_id) & (pl.col("area").is_null() | (pl.col("area") == area)))
    scored, spoken = _newest(rows, "score"), _newest(rows, "is_released")
    return Word(
        score=scored["score"],
        score_by=scored["reviewer"],
        comments=_comments(rows.filter(pl.col("area").is_not_null())),
        is_released=spoken["is_released"],
        release_said_at=spoken["reviewed_at"],
        text=_text(rows),
        released_text=_text(_until(rows, spoken)) if spoken["is_released"] else None,
    )


def general_comments(reviews: pl.DataFrame, group_id: str) -> tuple[Comment, ...]:
    """Comments for a group that are about no area in particular, oldest first."""
    return _comments(reviews.filter((pl.col("group_id") == group_id) & pl.col("area").is_null()))


def reviews_key(reviews: pl.DataFrame, group_id: str) -> str:
    """A hash over the rows of a group, wherever they stand in the file: changes when one of them does."""
    rows = reviews.filter(pl.col("group_id") == group_id).sort("reviewed_at", "row").drop("row").rows()
    return hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()[:32]


def _newest(rows: pl.DataFrame, column: str) -> Mapping[str, Any]:
    """The newest row that has something there; every value None without one."""
    said = rows.filter(pl.col(column).is_not_null()).sort("reviewed_at", "row").tail(1)
    return said.row(0, named=True) if said.height else dict.fromkeys(rows.columns)


def _until(rows: pl.DataFrame, last: Mapping[str, Any]) -> pl.DataFrame:
    """The rows that were said when `last` was, it among them."""
    at = pl.col("reviewed_at")
    is_before = (at < last["reviewed_at"]) | ((at == last["reviewed_at"]) & (pl.col("row") <= last["row"]))
    return rows.filter(is_before)


def _text(rows: pl.DataFrame) -> Text | None:
    said = _newest(rows, "text")
    return Text(said["text"], said["reviewer"], said["reviewed_at"]) if said["text"] else None


def _comments(rows: pl.DataFrame) -> tuple[Comment, ...]:
    said = rows.filter(pl.col("comment").is_not_null()).sort("reviewed_at", "row")
    return tuple(Comment(*row) for row in said.select("comment", "reviewer", "reviewed_at").iter_rows())


def _review(
    cells: Mapping[str, str], group_id: str | None, rubric: Rubric, zone: ZoneInfo, latest: datetime
) -> dict[str, Any]:
    if not cells["group id"].strip():
        raise ValueError("the group is missing. Fill in group_id, or delete the row")
    if group_id is None:
        raise ValueError("its group_id stands nowhere in the roster. Write it as the roster does, or delete the row")
    if not cells["reviewer"].strip():
        raise ValueError("the reviewer is missing. Write who says so, such as initials")
    review = {
        "group_id": group_id,
        "area": _area(cells["area"], rubric),
        "score": _score(cells["score"], rubric),
        "comment": _short(cells["comment"].strip(), "comment") or None,
        "text": _own_text(cells["text"]),
        "is_released": _release(cells["released"]),
        "reviewer": cells["reviewer"].strip(),
        "reviewed_at": _moment(cells["time"], zone, latest),
    }
    if all(review[name] is None for name in ("score", "comment", "text", "is_released")):
        raise ValueError("it says nothing. Fill in score, comment, text or released, or delete the row")
    if review["text"] is not None and review["area"] is None:
        raise ValueError("its text is about no area. Write which one, or make it a comment")
    return review


def _own_text(cell: str) -> str | None:
    """The TA's text with lines that end as ours do; empty where an earlier one is taken back."""
    text = _short("\n".join(re.split(r"\r\n|\r|\n", cell)).strip(), "text")
    return "" if text == TAKEN_BACK else text or None


def _short(text: str, name: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"its {name} has more than {MAX_CHARACTERS:,} characters. Shorten it")
    return text


def _area(cell: str, rubric: Rubric) -> str | None:
    """The area by its id or title; None for all."""
    wanted = cell.strip().casefold()
    if wanted in _ALL_AREAS:
        return None
    for area in rubric.areas:
        if wanted in (area.id.casefold(), area.id.replace("_", " ").casefold(), area.title.casefold()):
            return area.id
    raise ValueError(
        f"its area is none of the rubric's. Write one of {', '.join(area.id for area in rubric.areas)}, or leave it "
        "empty for all"
    )


def _score(cell: str, rubric: Rubric) -> int | None:
    least, most = rubric.scale.least, rubric.scale.most
    # Spreadsheets turn 4 into 4.0 once a cell of the column is empty.
    cell = group_id_in(cell)
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 4 and least <= int(cell) <= most):
        raise ValueError(f"its score is no whole number from {least} to {most}. Write one, or leave it empty")
    return int(cell)


def _release(cell: str) -> bool | None:
    try:
        return _RELEASED[group_id_in(cell).casefold()]
    except KeyError:
        raise ValueError("released is neither yes nor no. Write one of them, or leave it empty") from None


def _moment(cell: str, zone: ZoneInfo, latest: datetime) -> datetime:
    if not cell.strip():
        raise ValueError(f"the time is missing. Write when this was said, such as {_EXAMPLE}")
    try:
        # Read as midnight, a release would be older than what was written that morning, and release nothing.
        with_time_of_day(cell)
    except ValueError as error:
        raise ValueError(f"its time {error}") from None
    try:
        moment = utc_from_local(datetime.fromisoformat(cell.strip()), zone)
    except (ValueError, OverflowError):
        raise ValueError(f"its time is no date and time. Write it as {_EXAMPLE}") from None
    if moment > latest:
        raise ValueError(f"its time is in the future. Write when this was said, such as {_EXAMPLE}")
    return moment


def _header(file: Path, cells: Sequence[str]) -> list[int | None]:
    names = [ALIASES.get(name, name) for name in column_names(cells)]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise ConfigError(
            f"{file}: the header lacks {' and '.join(name.replace(' ', '_') for name in missing)}. "
            f"The first row must be: {HEADER}."
        )
    return [names.index(name) if name in names else None for name in _COLUMNS]
