"""The tables `flags` and `flag_dates` of one group.

Belongs here: putting together what the other modules notice, in order, each with its weight and an innocent reading.

Some flags are raised by the passing of time alone. Each of them holds from one moment on that follows from what is
stored (`time.py`), so a group's flags are a function of what is stored and of how many of these moments have passed,
and no sentence says how long ago something was. `freshness` puts that number into the key of `flags`, not the day:
a group is worked on again when a flag is due, and at no other midnight; after the deadline never, because no moment is
later than that.
"""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.metrics.flags.facts import Facts, Flag
from mlops_mentor.metrics.flags.hand_in import hand_in_flags
from mlops_mentor.metrics.flags.time import timed_flags
from mlops_mentor.metrics.flags.who_and_when import who_and_when_flags
from mlops_mentor.metrics.flags.words import INNOCENT
from mlops_mentor.metrics.flags.work import work_flags
from mlops_mentor.schemas import FLAG_DATES, FLAG_SEVERITIES, FLAGS


def flags_frame(group_id: str, facts: Facts, course: Course, now: datetime) -> pl.DataFrame:
    """The table `flags` of one group at the moment `now`, weightiest first; what is not known raises nothing."""
    due = {flag.kind: flag for flag in timed_flags(facts, course) if flag.at is not None and flag.at <= now}
    found = [
        *hand_in_flags(facts),
        *due.values(),
        *who_and_when_flags(facts, course),
        *work_flags(facts, course.flags),
    ]
    rows = [_row(group_id, flag) for flag in _in_order(found)]
    return pl.DataFrame(rows, schema=FLAGS.schema, orient="row")


def flag_dates_frame(group_id: str, facts: Facts, course: Course) -> pl.DataFrame:
    """The table `flag_dates` of one group, earliest first: it does not depend on what time it is."""
    moments = dict.fromkeys((flag.kind, flag.at) for flag in timed_flags(facts, course))
    return pl.DataFrame([(group_id, *each) for each in moments], schema=FLAG_DATES.schema, orient="row")


def _in_order(flags: Iterable[Flag]) -> list[Flag]:
    kinds = list(FLAG_SEVERITIES)
    return sorted(flags, key=lambda flag: kinds.index(flag.kind))


def _row(group_id: str, flag: Flag) -> tuple[object, ...]:
    detail = f"{flag.detail} {INNOCENT[flag.kind]}"
    return group_id, flag.kind, FLAG_SEVERITIES[flag.kind], flag.at, flag.sha, flag.path, flag.line, detail
