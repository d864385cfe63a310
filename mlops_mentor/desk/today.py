"""What waits for a TA today: flags first, then how far each group's feedback is.

Belongs here: the desk's first page, as values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.desk.members import count_unmapped
from mlops_mentor.desk.standing import AreaStanding, the_class
from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.reports import TO_REVIEW
from mlops_mentor.schemas import FLAGS, GROUP_STATUS, SAME_CODE
from mlops_mentor.schemas.flags import SEVERITIES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class Flag:
    """A question about a group: a row of `flags` or `same_code`. `path`, `line`, `sha` say where to look, or None."""

    group_id: str
    severity: str
    flag: str
    detail: str
    path: str | None = None
    line: int | None = None
    sha: str | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True)
class GroupState:
    """How far a group's feedback is: ids of areas, in the rubric's order.

    Every area with feedback is in exactly one of `released` (as it stands), `changed` (an earlier version is released)
    and `drafts`. `to_review` are those of them, not released as they stand, that a TA should look at before relying on
    them; `passing` those that can be released as they are. `state` is the group's in `group_status` (`ok`, `empty`,
    ...; None where it was never looked at) and `reason` why it is not `ok`.
    """

    group_id: str
    released: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    to_review: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    num_unmapped: int = 0
    state: str | None = None
    reason: str | None = None

    @property
    def has_feedback(self) -> bool:
        """Whether anything was written about the group."""
        return bool(self.released or self.changed or self.drafts)


@dataclass(frozen=True)
class Today:
    """What waits, at the moment `at`. `flags` weightiest first, then in the roster's order; `groups` in that order.

    `problems` are what cannot be used of `reviews.csv` and `identities.csv`, in sentences that quote no cell.
    """

    at: datetime

    flags: tuple[Flag, ...]
    groups: tuple[GroupState, ...]
    problems: tuple[str, ...] = ()

    @property
    def num_to_review(self) -> int:
        """Areas that a TA should look at."""
        return sum(len(each.to_review) for each in self.groups)

    @property
    def num_passing(self) -> int:
        """Areas that can be released as they are."""
        return sum(len(each.passing) for each in self.groups)


def today(lake: Lake, settings: Settings, now: datetime) -> Today:
    """The desk's first page at the moment `now` (UTC).

    Raises:
        ConfigError: course, rubric or `reviews.csv` cannot be used.
        LakeError: a stored table cannot be read.
    """
    known = the_class(lake, settings)
    group_ids = [each.group_id for each in known.groups]
    problems = [str(problem) for problem in known.reviews.problems]
    try:
        num_unmapped = count_unmapped(lake, settings)
    except ConfigError as error:
        num_unmapped, problems = {}, [*problems, str(error)]
    status = {row["group_id"]: row for row in lake.read_or_empty(GROUP_STATUS).iter_rows(named=True)}
    groups = tuple(
        _state(group_id, areas, num_unmapped.get(group_id, 0), status.get(group_id, {}))
        for group_id, areas in known.standings().items()
    )
    return Today(now, flags_of(lake, group_ids), groups, tuple(problems))


def flags_of(lake: Lake, group_ids: Sequence[str]) -> tuple[Flag, ...]:
    """Flags of these groups and the code that they share with others: weightiest first, then in that order."""
    wanted = ["group_id", "severity", "flag", "detail", "path", "line", "sha", "happened_at"]
    shared = lake.read_or_empty(SAME_CODE).filter(pl.col("group_id").is_in(list(group_ids)))
    rows = pl.concat(
        [lake.read_groups(FLAGS, group_ids).select(wanted), shared.select(set(wanted) & set(shared.columns))],
        how="diagonal",
    )
    places = {group_id: place for place, group_id in enumerate(group_ids)}
    flags = [Flag(**row) for row in rows.iter_rows(named=True)]
    return tuple(
        sorted(flags, key=lambda each: (SEVERITIES.index(each.severity), places[each.group_id], each.flag, each.detail))
    )


def _state(group_id: str, areas: Sequence[AreaStanding], num_unmapped: int, status: Mapping[str, Any]) -> GroupState:
    def ids(is_wanted: Callable[[AreaStanding], bool]) -> tuple[str, ...]:
        return tuple(each.area_id for each in areas if is_wanted(each))

    return GroupState(
        group_id,
        released=ids(lambda each: each.standing == "released"),
        changed=ids(lambda each: each.standing == "changed"),
        drafts=ids(lambda each: each.standing == "draft"),
        to_review=ids(lambda each: each.standing != "released" and each.row["state"] in TO_REVIEW),
        passing=ids(lambda each: each.is_passing),
        num_unmapped=num_unmapped,
        state=status.get("state"),
        reason=status.get("reason"),
    )
