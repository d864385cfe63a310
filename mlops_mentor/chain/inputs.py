"""What a group's tables depend on besides its repository: the course, what TAs say, the starter code, the moment.

Belongs here: gathering it. What becomes a key of which table is for `freshness`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_mentor.course import Course
from mlops_mentor.evidence.quality.programs import program_versions
from mlops_mentor.identities.rules import IdentityMap, load_identity_map
from mlops_mentor.roster.extensions import Extensions, load_extensions
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import GROUPS, STARTER_FILES, STARTER_SHAPES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class Inputs:
    """What a group's tables depend on besides its repository: the course, extensions, starter code, the moment.

    `identities` is what TAs say of who is who, `programs` which linters there are in which versions; `ask_again` has
    GitHub's tables asked for although nothing seems to have changed. `starter_shapes_key` belongs into the
    key of what is computed with `GroupWork.starter_shapes`.
    """

    course: Course
    starter_key: str | None
    now: datetime
    until: Mapping[str, datetime] = field(default_factory=dict)
    identities: IdentityMap = field(default_factory=IdentityMap)
    programs: str = ""
    ask_again: bool = False
    starter_shapes_key: str | None = None

    def deadline(self, group: Group) -> datetime:
        """The group's deadline (UTC)."""
        return self.until.get(group.group_id, self.course.deadline_utc)

    def is_over(self, group: Group) -> bool:
        """Whether the group's deadline has passed."""
        return self.now > self.deadline(group)


def load_inputs(settings: Settings, *, ask_again: bool = False) -> Inputs:
    """The inputs as they are at this moment.

    Raises:
        ConfigError: course or extensions cannot be used.
    """
    lake = Lake(settings.lake_dir)
    groups = groups_from_frame(lake.read_or_empty(GROUPS))
    return Inputs(
        course=settings.the_course,
        starter_key=starter_key(lake),
        now=datetime.now(UTC),
        until=extensions_of(settings, [group.group_id for group in groups]).until,
        identities=identities_of(settings, groups),
        programs=program_versions(),
        ask_again=ask_again,
        starter_shapes_key=starter_shapes_key(lake),
    )


def identities_of(settings: Settings, groups: Iterable[Group]) -> IdentityMap:
    """What TAs say of who is who in these groups, and the rows that cannot be used.

    Raises:
        ConfigError: course or identities cannot be used.
    """
    return load_identity_map(settings.identities_file, students={group.group_id: group.students for group in groups})


def extensions_of(settings: Settings, group_ids: Collection[str]) -> Extensions:
    """The extensions of these groups, and the rows that cannot be used.

    Raises:
        ConfigError: course or extensions cannot be used.
    """
    course = settings.the_course
    return load_extensions(
        settings.extensions_file, zone=course.zone, deadline=course.deadline_utc, group_ids=group_ids
    )


def starter_key(lake: Lake) -> str | None:
    """The key of the starter code that is stored; None when none is."""
    return lake.input_key(STARTER_FILES) if lake.has(STARTER_FILES) else None


def starter_shapes_key(lake: Lake) -> str | None:
    """The key of the starter code's shapes that are stored; None when none are."""
    return lake.input_key(STARTER_SHAPES) if lake.has(STARTER_SHAPES) else None
