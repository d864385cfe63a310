"""Settings: the only reader of the environment (and of `.env`), and of `course.yaml`'s place.

Belongs here: where things are, how much may run at once, which limits hold. What the course is belongs to `course`.
"""

import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlops_mentor.course import Course, load_course
from mlops_mentor.errors import ConfigError

_MAX_WORKERS = 64
# Polars and DuckDB read a path with these as a pattern, and then find nothing or the wrong files.
_PATTERN_CHARACTERS = "[]*?"


class Settings(BaseSettings):
    """What the environment says, with `MENTOR_` before each name; paths are as given, defaults fit a checkout."""

    model_config = SettingsConfigDict(
        env_prefix="MENTOR_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        Path("data"), description="Everything that is stored: mirrors, lake, warehouse, Dagster's own."
    )
    course: Path | None = Field(None, description="The course's file; <data>/course.yaml when not given.")
    roster: Path | None = Field(None, description="The roster; what course.yaml names when not given.")
    workers: int = Field(
        default_factory=lambda: min(max(4, os.cpu_count() or 1), _MAX_WORKERS),
        ge=1,
        le=_MAX_WORKERS,
        description="Groups worked on at the same time within a run.",
    )
    max_concurrent_runs: int = Field(4, ge=1, le=64, description="Dagster runs at the same time.")
    groups_per_run: int = Field(33, ge=1, description="Groups in one run of a backfill.")
    git_timeout_s: float = Field(600.0, gt=0, description="Seconds that cloning or fetching one repository may take.")
    ask_timeout_s: float = Field(30.0, gt=0, description="Seconds that a repository may take to list its heads.")
    max_repo_mb: int = Field(4_000, ge=1, description="MB (10^6 bytes) that a mirror may have on disk.")
    max_blob_mb: float = Field(
        4.0,
        gt=0,
        description="Larger files are not fetched from servers (MiB); holds for what is fetched from then on.",
    )

    @property
    def root(self) -> Path:
        """The data directory, absolute."""
        return self.data_dir.expanduser().resolve()

    @property
    def course_file(self) -> Path:
        return (self.course or self.root / "course.yaml").expanduser().resolve()

    @cached_property
    def the_course(self) -> Course:
        """The course as its file has it.

        Raises:
            ConfigError: the file is missing or wrong.
        """
        return load_course(self.course_file)

    @property
    def roster_file(self) -> Path:
        if self.roster is not None:
            return self.roster.expanduser().resolve()
        return (self.course_file.parent / self.the_course.roster).resolve()

    @property
    def lake_dir(self) -> Path:
        return self.root / "lake"

    @property
    def mirrors_dir(self) -> Path:
        return self.root / "mirrors"

    @property
    def locks_dir(self) -> Path:
        return self.root / "locks"

    @property
    def warehouse_file(self) -> Path:
        return self.root / "mentor.duckdb"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"


def load_settings(**overrides: Path | str | None) -> Settings:
    """The settings of this process; `overrides` (from the command line) win over the environment.

    Raises:
        ConfigError: a value cannot be used; the text names its variable.
    """
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "MENTOR_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']}. Correct it in the environment or in .env.") from None
    try:
        _refuse_patterns(settings.root)
    except (OSError, RuntimeError):
        raise ConfigError(
            f"MENTOR_DATA_DIR: {settings.data_dir} leads nowhere (no such home directory?). Write the whole path."
        ) from None
    return settings


def _refuse_patterns(data_dir: Path) -> None:
    # The whole path counts: `data` in a directory `[2027]` is as unreadable.
    if found := sorted({char for char in str(data_dir) if char in _PATTERN_CHARACTERS}):
        raise ConfigError(
            f"MENTOR_DATA_DIR: {data_dir} contains {' '.join(found)}, which programs that read the tables take for a "
            "pattern. Choose a data directory whose whole path has none of [ ] * ?."
        )
