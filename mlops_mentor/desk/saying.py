"""A TA's word from the desk into `reviews.csv`, unless the draft or another TA's word changed meanwhile.

Belongs here: what was seen against what is. How the sheet is written is for `feedback.review_sheet`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from mlops_mentor.desk.standing import seen_token, the_class
from mlops_mentor.feedback.review_sheet import NewReview, append_reviews
from mlops_mentor.schemas import FEEDBACK
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

AreaOfGroup = tuple[str, str]


def say(
    lake: Lake,
    settings: Settings,
    rows: Sequence[NewReview],
    *,
    seen: Mapping[AreaOfGroup, str],
    now: datetime,
) -> tuple[AreaOfGroup, ...]:
    """Append the rows, unless an area of `seen` ((group_id, area_id) -> `DeskArea.seen`) is another by now.

    Returns those that are: then nothing was written, and the TA should look again. Empty: all rows are in the file.
    What is not in `seen` is not looked at; a row about all areas needs each of them in `seen`.

    Raises:
        ValueError: a row cannot be used; the text says why and what to do.
        ConfigError: the file cannot be read or written, or another program holds it.
    """
    known = the_class(lake, settings)
    rows_of = {
        (row["group_id"], row["area"]): row
        for row in lake.read_groups(FEEDBACK, sorted({group_id for group_id, _ in seen})).iter_rows(named=True)
    }
    changed: list[AreaOfGroup] = []

    def is_unchanged(reviews: pl.DataFrame) -> bool:
        changed[:] = [
            key for key, token in seen.items() if key not in rows_of or seen_token(rows_of[key], reviews) != token
        ]
        return not changed

    append_reviews(
        settings.reviews_file,
        settings.locks_dir / "reviews.csv.lock",
        rows,
        zone=settings.the_course.zone,
        now=now,
        group_ids=[each.group_id for each in known.groups],
        rubric=known.rubric,
        is_wanted=is_unchanged,
    )
    return tuple(changed)
