"""The one resource: the settings, as a run needs them.

Belongs here: bringing settings to the assets, so that tests and the command line can give others.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import dagster as dg

from mlops_mentor.chain.inputs import Inputs, load_inputs
from mlops_mentor.defs.orphans import run_lock
from mlops_mentor.errors import ConfigError
from mlops_mentor.repos.login import github_login
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.settings import Settings, load_settings
from mlops_mentor.storage.lake import Lake


class Mentor(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where things are. What is not given here comes from the environment."""

    data_dir: str | None = None
    course: str | None = None
    roster: str | None = None

    def settings(self) -> Settings:
        """The settings.

        Raises:
            ConfigError: one of them cannot be used.
        """
        return load_settings(data_dir=self.data_dir, course=self.course, roster=self.roster)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Mentor"]:
        """A run is seen to be alive while it has this resource."""
        try:
            locks_dir = self.settings().locks_dir
        except ConfigError:
            # The asset's to say.
            locks_dir = None
        with run_lock(locks_dir, context.run.run_id) if locks_dir and context.run else nullcontext():
            yield self

    def lake(self) -> Lake:
        return Lake(self.settings().lake_dir)

    def inputs(self, *, ask_again: bool = False) -> Inputs:
        """What the groups' tables depend on at this moment."""
        return load_inputs(self.settings(), ask_again=ask_again)

    def limits(self) -> Limits:
        settings = self.settings()
        return Limits(
            git_timeout_s=settings.git_timeout_s,
            ask_timeout_s=settings.ask_timeout_s,
            max_repo_bytes=settings.max_repo_mb * 1_000_000,
            max_blob_bytes=int(settings.max_blob_mb * 2**20),
            login=github_login(settings),
        )
