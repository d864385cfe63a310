"""The TAs' word into `reviews.csv`: rows at its end, so that nothing that anybody wrote is lost.

Belongs here: what a row says, and that it will be read as it was meant. Writing sheets is for `sheets.writing`, what
rows mean for `reviews`.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor.feedback.reviews import ALIASES, HEADER, TAKEN_BACK, Reviews, check_review, load_reviews
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.sheets.writing import Sheet, change_sheet

# The name by which each column is found, and what a new one is called.
_COLUMNS = {name.replace("_", " "): name for name in HEADER.split(",")}


@dataclass(frozen=True)
class NewReview:
    """What a TA says of an area (None: of the whole group); None where nothing is said.

    `text` stands in place of the reviewer's summary and remarks; an empty one takes an earlier text back.
    `is_released`: True releases, False takes back.
    """

    group_id: str
    area: str | None
    reviewer: str
    score: int | None = None
    comment: str | None = None
    text: str | None = None
    is_released: bool | None = None


def append_reviews(
    file: Path,
    lock_file: Path,
    rows: Sequence[NewReview],
    *,
    zone: ZoneInfo,
    now: datetime,
    group_ids: Collection[str],
    rubric: Rubric,
    is_wanted: Callable[[pl.DataFrame], bool] = lambda _: True,
) -> bool:
    """Append the rows, said at `now` (UTC), and tell whether they were.

    `is_wanted` is asked under the lock, with the usable rows that stand in the file by then; where it says no, nothing
    is written. A file that is not there is made.

    Raises:
        ValueError: a row would not be usable; the text says why and what to do (no full stop ends it).
        ConfigError: the file cannot be read or written, or another program holds the lock.
    """
    known = {group_id.casefold(): group_id for group_id in group_ids}

    def change(sheet: Sheet, there: Path | None) -> Sheet | None:
        found = Reviews() if there is None else load_reviews(
            there, zone=zone, group_ids=group_ids, rubric=rubric, now=now
        )  # fmt: skip
        if not is_wanted(found.frame):
            return None
        moment = _not_before(found.frame, {row.group_id for row in rows}, now).astimezone(zone)
        new = [_cells(row, moment) for row in rows]
        for cells in new:
            check_review(cells, known, rubric, zone, now)
        filled = {name: _COLUMNS[name] for name in _COLUMNS if any(cells[name] for cells in new)}
        wider = sheet.with_columns(filled)
        return wider.appended([{name: cells[name] for name in wider.names if name in cells} for cells in new])

    return bool(rows) and change_sheet(file, lock_file, HEADER, ALIASES, change)


def _not_before(found: pl.DataFrame, group_ids: Collection[str], now: datetime) -> datetime:
    """`now` in whole seconds, or the newest moment in the file if that is later: what is said last is to count."""
    newest = found.filter(pl.col("group_id").is_in(list(group_ids)))["reviewed_at"].max()
    begun = now.replace(microsecond=0)
    return max(begun, newest) if isinstance(newest, datetime) else begun


def _cells(row: NewReview, moment: datetime) -> Mapping[str, str]:
    text = None if row.text is None else row.text.strip() or TAKEN_BACK
    cells = {
        "group id": row.group_id,
        "area": row.area,
        "score": None if row.score is None else str(row.score),
        "comment": row.comment,
        "reviewer": row.reviewer,
        # With its offset, for the hour that there is twice in autumn.
        "time": moment.isoformat(),
        "released": None if row.is_released is None else "yes" if row.is_released else "no",
        "text": text,
    }
    return {name: _writable(text or "") for name, text in cells.items()}


def _writable(text: str) -> str:
    """The text with our line ends, and without what no file of text can hold."""
    lines = "\n".join(re.split(r"\r\n|\r|\n", text)).strip()
    return lines.replace("\x00", "").encode("utf-8", "replace").decode()
