"""Settings: the only reader of the environment (and of `.env`), and of `course.yaml`'s place.

Belongs here: where things are, how much may run at once, which limits hold. What the course is belongs to `course`.
"""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlops_mentor.course import Course, load_course
from mlops_mentor.errors import ConfigError
from mlops_mentor.roster.addresses import LOOPBACK_HOSTS
from mlops_mentor.storage.lake_files import LakePath, lake_path

_MAX_WORKERS = 64
_WORKERS_ASKING = 16
# Without login, query or fragment: a token goes there, and git gets it as the name of a setting.
_PLAIN_URL = re.compile(r"https?://[\w.-]+(:\d{1,5})?(/[\w./-]*)?")
# Our own settings about GitHub; its other names are GitHub's.
_OURS = ("GITHUB_TIMEOUT_S", "GITHUB_MAX_WAIT_S")
# Polars and DuckDB read a path with these as a pattern, and then find nothing or the wrong files.
_PATTERN_CHARACTERS = "[]*?"


class Settings(BaseSettings):
    """What the environment says, with `MENTOR_` before each name; paths are as given, defaults fit a checkout."""

    model_config = SettingsConfigDict(
        env_prefix="MENTOR_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    data_dir: Path = Field(
        Path("data"), description="Everything that is stored: mirrors, lake, warehouse, Dagster's own."
    )
    lake: str | None = Field(
        None, description="The tables; <data>/lake when not given. A directory, or an object store: s3://bucket/lake."
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
    dagster_config: Path | None = Field(
        None, description="Sections of dagster.yaml that take the place of ours: storage, launcher, monitoring."
    )
    groups_per_run: int = Field(33, ge=1, description="Groups in one run of a backfill.")
    look_every_s: int = Field(300, ge=5, description="Seconds between two looks of the sensor at all repositories.")
    git_timeout_s: float = Field(600.0, gt=0, description="Seconds that cloning or fetching one repository may take.")
    ask_timeout_s: float = Field(30.0, gt=0, description="Seconds that a repository may take to list its heads.")
    max_repo_mb: int = Field(4_000, ge=1, description="MB (10^6 bytes) that a mirror may have on disk.")
    max_blob_mb: float = Field(
        4.0,
        gt=0,
        description="Larger files are not fetched from servers (MiB); holds for what is fetched from then on.",
    )

    github_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("github_token", "GITHUB_TOKEN", "GH_TOKEN"),
        description="What GitHub's API is asked with. Without it everything that git alone gives.",
    )
    github_server_url: str = Field(
        "https://github.com",
        validation_alias=AliasChoices("github_server_url", "GITHUB_SERVER_URL"),
        description="The GitHub whose API is asked; repositories elsewhere are read with git alone.",
    )
    github_api_url: str | None = Field(
        None,
        validation_alias=AliasChoices("github_api_url", "GITHUB_API_URL"),
        description="Its REST API; follows from the server when not given.",
    )
    github_graphql_url: str | None = Field(
        None,
        validation_alias=AliasChoices("github_graphql_url", "GITHUB_GRAPHQL_URL"),
        description="Its GraphQL API; follows from the server when not given.",
    )
    github_timeout_s: float = Field(30.0, gt=0, description="Seconds that one call of GitHub's API may take.")
    github_max_wait_s: float = Field(
        120.0, ge=0, description="Seconds that a run waits for GitHub's rate limits; longer pauses end its asking."
    )

    reviewer: Literal["auto", "rules", "model"] = Field(
        "auto",
        description="Who writes feedback; `auto`: the model that is configured, else a local Ollama, else the rules.",
    )
    model: str | None = Field(None, description="The model that is asked, as its server calls it.")
    second_model: str | None = Field(None, description="A second model on the same server, which judges too.")
    openai_base_url: str | None = Field(
        None,
        validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"),
        description="The OpenAI-compatible server; OpenAI's own when not given.",
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"),
        description="Its key; local servers need none.",
    )
    llm_concurrency: int = Field(8, ge=1, le=256, description="Calls of a model at the same time within a run.")
    llm_timeout_s: float = Field(180.0, gt=0, description="Seconds that one call of a model may take in all.")
    llm_max_wait_s: float = Field(
        300.0, ge=0, description="Seconds that a run waits for the server's limits; longer pauses end its asking."
    )
    llm_max_tokens: int = Field(3_000, ge=200, description="Tokens that an answer may have, reasoning included.")
    llm_price: str | None = Field(
        None, description="Price of the model in US dollars per million tokens: input,cached input,output."
    )
    llm_budget_run_usd: float = Field(5.0, ge=0, description="US dollars that one run may spend on a model.")
    llm_budget_day_usd: float = Field(20.0, ge=0, description="US dollars that all runs of a day (UTC) may spend.")
    pack_tokens: int = Field(12_000, ge=1_000, description="Tokens (estimated) of what a model is shown for an area.")

    hf_repo: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$",
        description="The Hugging Face dataset that the export is pushed to, as owner/name.",
    )
    hf_public: bool = Field(False, description="Whether that dataset may be public; else a public one is refused.")
    hf_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("hf_token", "HF_TOKEN"), description="What the Hub is asked with."
    )
    hf_endpoint: str = Field(
        "https://huggingface.co",
        validation_alias=AliasChoices("hf_endpoint", "HF_ENDPOINT"),
        description="Where the Hub is.",
    )
    desk_password: SecretStr | None = Field(
        None, min_length=12, description="What TAs give to the desk; without it the desk is on 127.0.0.1 alone."
    )

    @field_validator("github_server_url", "github_api_url", "github_graphql_url", "openai_base_url", "hf_endpoint")
    @classmethod
    def _is_safe_for_a_token(cls, url: str | None) -> str | None:
        if url is None:
            return None
        is_loopback = url.startswith("http://") and urlsplit(url).hostname in LOOPBACK_HOSTS
        if not _PLAIN_URL.fullmatch(url) or not (url.startswith("https://") or is_loopback):
            raise ValueError("is no https address such as https://github.example.org")
        return url.rstrip("/")

    @field_validator("github_token", "openai_api_key", "hf_token", "desk_password")
    @classmethod
    def _without_line_break(cls, token: SecretStr | None) -> SecretStr | None:
        # What is read from a file often ends with one.
        return SecretStr(token.get_secret_value().strip()) if token is not None else None

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
    def workers_asking(self) -> int:
        """Repositories asked for their heads at the same time: that is waiting, and no work of this machine."""
        return max(self.workers, _WORKERS_ASKING)

    @property
    def extensions_file(self) -> Path:
        return (self.course_file.parent / self.the_course.extensions).resolve()

    @property
    def identities_file(self) -> Path:
        return (self.course_file.parent / self.the_course.identities).resolve()

    @property
    def reviews_file(self) -> Path:
        return (self.course_file.parent / self.the_course.reviews).resolve()

    @property
    def aliases_file(self) -> Path:
        return (self.course_file.parent / self.the_course.publish.aliases).resolve()

    @property
    def unpublished_file(self) -> Path:
        return (self.course_file.parent / self.the_course.publish.unpublished).resolve()

    @property
    def rubric_file(self) -> Path | None:
        """The course's own rubric; None for the bundled one."""
        rubric = self.the_course.rubric
        return (self.course_file.parent / rubric).resolve() if rubric is not None else None

    @property
    def earlier_years_dir(self) -> Path:
        return (self.course_file.parent / self.the_course.earlier_years).resolve()

    @property
    def lake_dir(self) -> LakePath:
        return lake_path(self.lake or str(self.root / "lake"))

    @property
    def mirrors_dir(self) -> Path:
        return self.root / "mirrors"

    @property
    def locks_dir(self) -> Path:
        return self.root / "locks"

    @property
    def packs_dir(self) -> Path:
        return self.root / "packs"

    @property
    def answers_dir(self) -> Path:
        return self.root / "answers"

    @property
    def spending_dir(self) -> Path:
        return self.root / "spending"

    @property
    def export_dir(self) -> Path:
        return self.root / "export"

    @property
    def site_dir(self) -> Path:
        return self.root / "site"

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
        name = str(first["loc"][0]).upper()
        name = (
            name
            if name.startswith(("GITHUB_", "GH_", "OPENAI_", "HF_TOKEN", "HF_ENDPOINT")) and name not in _OURS
            else f"MENTOR_{name}"
        )
        raise ConfigError(
            f"{name}: {first['msg'].removeprefix('Value error, ')}. Correct it in the environment or in .env."
        ) from None
    try:
        _refuse_patterns("MENTOR_DATA_DIR", settings.root)
        _refuse_patterns("MENTOR_LAKE", settings.lake_dir)
    except (OSError, RuntimeError):
        raise ConfigError(
            f"MENTOR_DATA_DIR: {settings.data_dir} leads nowhere (no such home directory?). Write the whole path."
        ) from None
    return settings


def _refuse_patterns(variable: str, place: LakePath) -> None:
    # The whole path counts: `data` in a directory `[2027]` is as unreadable.
    if found := sorted({char for char in str(place) if char in _PATTERN_CHARACTERS}):
        raise ConfigError(
            f"{variable}: {place} contains {' '.join(found)}, which programs that read the tables take for a "
            "pattern. Choose a data directory whose whole path has none of [ ] * ?."
        )
