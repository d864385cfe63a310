"""`course.yaml`: what the course is, when it begins and ends, where its roster, extensions and starter code are.

Belongs here: the file's model and its validation. Where the file is, is a setting.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mlops_mentor.yaml_models import load_model


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Copenhagen")
    return name


def with_time_of_day(value: Any) -> Any:
    """`value`, unless it is a date alone: read as the midnight that begins it, a deadline would come a day early.

    Raises:
        ValueError: it is one; the text has no full stop at its end.
    """
    try:
        is_date = not isinstance(value, datetime) and date.fromisoformat(str(value).strip()) is not None
    except ValueError:
        is_date = False
    if is_date:
        raise ValueError(f"has no time of day. Write it with one, such as {value}T23:59:00")
    return value


def utc_from_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC; without an offset it is local time of `zone`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


class ProgressWeights(BaseModel):
    """What the parts of the progress measure weigh against each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checklist_shown: float = Field(40, ge=0)
    report_answered: float = Field(20, ge=0)
    tests_and_ci: float = Field(20, ge=0)
    reproducibility: float = Field(10, ge=0)
    balance: float = Field(10, ge=0)

    @model_validator(mode="after")
    def _weigh_something(self) -> "ProgressWeights":
        if not sum(self.model_dump().values()):
            raise ValueError("all weights are 0")
        return self


class FlagThresholds(BaseModel):
    """From when on something is a flag: the section `flags` of `course.yaml`.

    The first two count project days, Mondays to Fridays; all other days are 24 hours. Shares are between 0 and 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_commit_days: int = Field(5, ge=1)
    no_commits_days: int = Field(3, ge=1)
    report_days: int = Field(4, ge=0)
    report_answers: int = Field(3, ge=1)
    ci_failing_days: int = Field(2, ge=1)
    end_days: int = Field(3, ge=1)
    end_share: float = Field(0.9, gt=0, le=1)
    min_commits: int = Field(20, ge=1)
    silent_share: float = Field(0.02, ge=0, le=1)
    nearly_all_share: float = Field(0.9, gt=0.5, le=1)
    unsupported_claims: int = Field(5, ge=1)
    same_code_file_lines: int = Field(20, ge=1)
    same_code_lines: int = Field(60, ge=1)
    same_code_share: float = Field(0.25, gt=0, le=1)
    same_code_groups: int = Field(4, ge=2)


class Publishing(BaseModel):
    """What others may see of the class: the section `publish` of `course.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: Literal["number", "alias"] = "number"
    aliases: Path = Path("aliases.csv")
    unpublished: Path = Path("unpublished.csv")
    show_repositories: bool = False
    # Numbers behind which fewer persons stand are withheld.
    fewest_persons: int = Field(3, ge=1)
    contact: str = Field("the teachers of the course", min_length=1)
    retention: str = Field("Deleted within six months of the exam.", min_length=1)
    licence: str = Field("other", pattern=r"^[a-z0-9][a-z0-9.-]{0,40}$")


class Course(BaseModel):
    """A course, as `course.yaml` describes it; times without an offset are in `time_zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    course: str = Field(min_length=1)
    term: str = Field(min_length=1)
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    project_start: date
    deadline: Annotated[datetime, BeforeValidator(with_time_of_day)]
    roster: Path = Path("group_info.csv")
    extensions: Path = Path("extensions.csv")
    identities: Path = Path("identities.csv")
    reviews: Path = Path("reviews.csv")
    rubric: Path | None = None
    earlier_years: Path = Path("earlier_years")
    starter_code: tuple[str, ...] = ()
    progress: ProgressWeights = ProgressWeights()
    flags: FlagThresholds = FlagThresholds()
    publish: Publishing = Publishing()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Course":
        if self.deadline_utc.astimezone(self.zone).date() < self.project_start:
            raise ValueError("deadline: is before project_start")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def deadline_utc(self) -> datetime:
        """The deadline in UTC, for groups without an extension."""
        return utc_from_local(self.deadline, self.zone)


def load_course(file: Path) -> Course:
    """Read and check `course.yaml`.

    Raises:
        ConfigError: it cannot be read, is no YAML, or a field is missing, unknown or wrong.
    """
    remedy = "Set MENTOR_COURSE to the course's file, or put one there."
    return load_model(file, Course, remedy=remedy, bundled="data/course.yaml")
