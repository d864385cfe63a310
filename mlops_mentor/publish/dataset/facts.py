"""Facts: what an export says besides its tables.

Belongs here: gathering them, and the manifest and the definitions made of them. None of it comes from a clock: an
export of the same tables says the same, byte for byte.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.publish.manifest import Manifest, PublishedFile
from mlops_mentor.publish.tables.small_counts import definitions, public_weights
from mlops_mentor.schemas.published import PUBLISHED


@dataclass(frozen=True)
class Facts:
    """What an export says besides its tables.

    `groups` are public names in the roster's order; `withheld` has, by group, tables of which the gate let nothing out;
    `most` is the highest score on the rubric's scale; `as_of` is when something last changed (UTC).
    """

    course: Course
    groups: tuple[str, ...]
    as_of: datetime | None
    most: int
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def latest_change(history: pl.DataFrame, feedback: pl.DataFrame, group_ids: Collection[str]) -> datetime | None:
    """The newest moment at which work of `group_ids` was first shown, or feedback was released (UTC).

    `history` is the lake's `leaderboard_history`, `feedback` the published table. A moment of the export itself would
    change it each time; these move only when there is something new to read. None where there is nothing yet.
    """
    shown = history.filter(pl.col("group_id").is_in(list(group_ids)))["first_seen_at"]
    moments = [at for at in (shown.max(), feedback["released_at"].max()) if isinstance(at, datetime)]
    return max(moments, default=None)


def manifest_of(facts: Facts, files: Mapping[str, PublishedFile]) -> Manifest:
    """The manifest of an export with these facts and tables."""
    course = facts.course
    return Manifest(
        course=course.course,
        term=course.term,
        time_zone=course.time_zone,
        project_start=course.project_start,
        deadline=course.deadline_utc,
        as_of=facts.as_of,
        contact=course.publish.contact,
        retention=course.publish.retention,
        licence=course.publish.licence,
        groups=facts.groups,
        withheld={group: facts.withheld[group] for group in facts.groups if group in facts.withheld},
        parts=public_weights(course),
        most=facts.most,
        tables=dict(files),
    )


def published_files(
    frames: Mapping[str, pl.DataFrame], names: Mapping[str, str | None], course: Course
) -> dict[str, PublishedFile]:
    """By table what the manifest says of it; `names` are the files, None for a table without rows."""
    fewest = course.publish.fewest_persons
    return {
        published.name: PublishedFile(
            file=names[published.name],
            num_rows=frames[published.name].height,
            description=published.table.description,
            columns=definitions(published, fewest),
        )
        for published in PUBLISHED
    }
