"""Running the assets from a program: what the command line starts, through Dagster and into its instance.

Belongs here: which runs a refresh of the class takes, and what they left.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.jobs import (
    push_dataset,
    refresh_class,
    refresh_export,
    refresh_feedback,
    refresh_groups,
    refresh_reviews,
    refresh_roster,
)
from mlops_mentor.defs.orphans import PROCESS_TAG, end_orphaned_runs, process_lock
from mlops_mentor.defs.partitions import NAME, range_tags, stretches, sync_partitions
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.errors import MentorError
from mlops_mentor.schemas import GROUPS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

# The console shows our own summary; Dagster's events are in its instance.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Launcher:
    """Runs of the assets in this process. Use through `launcher`."""

    def __init__(self, instance: dg.DagsterInstance, definitions: dg.Definitions, process_id: str) -> None:
        self._instance = instance
        self._definitions = definitions
        self._process_id = process_id

    def run_roster(self, *, accept_shorter: bool = False) -> None:
        """Materialize `groups`, `starter_files` and `starter_shapes`.

        Raises:
            MentorError: what the roster or the course's file has wrong.
        """
        ops = {"groups": {"config": {"accept_shorter_roster": accept_shorter}}}
        self._run(refresh_roster.name, config={"ops": ops}, raise_on_error=True)

    def run_groups(self, group_ids: Collection[str]) -> None:
        """Materialize the tables of these groups: a run for each contiguous stretch of partitions.

        Raises:
            MentorError: the run failed for another cause than its groups.
        """
        for first, last in stretches(self._instance.get_dynamic_partitions(NAME), group_ids):
            result = self._run(refresh_groups.name, tags=range_tags((first, last)), raise_on_error=False)
            _raise_unless_of_groups(result)

    def run_reviews(self) -> None:
        """Materialize `reviews`.

        Raises:
            MentorError: the sheet cannot be used.
        """
        self._run(refresh_reviews.name, raise_on_error=True)

    def run_feedback(self, group_ids: Collection[str], *, ask_again: bool = False) -> None:
        """Materialize the feedback of these groups.

        Raises:
            MentorError: the run failed for another cause than its groups.
        """
        known = [each for each in self._instance.get_dynamic_partitions(NAME) if each in set(group_ids)]
        if not known:
            return
        # One run and not one a stretch: a run's budget is that of the command.
        config = {"ops": {"group_feedback": {"config": {"ask_again": ask_again, "only": known}}}}
        tags = range_tags(known)
        _raise_unless_of_groups(self._run(refresh_feedback.name, config=config, tags=tags, raise_on_error=False))

    def run_class(self) -> None:
        """Materialize the tables over all groups and publish the warehouse."""
        self._run(refresh_class.name, raise_on_error=True)

    def run_export(self) -> None:
        """Export what the class may see, and make the static site of it.

        Raises:
            MentorError: something that must not get out has no rule, or a sheet cannot be used.
        """
        self._run(refresh_export.name, raise_on_error=True)

    def run_push(self) -> Mapping[str, Any]:
        """Push the export to the Hub; what the asset says of it.

        Raises:
            MentorError: the Hub did not take it.
        """
        result = self._run(push_dataset.name, raise_on_error=True)
        for event in result.get_asset_materialization_events():
            return {name: value.value for name, value in event.materialization.metadata.items()}
        return {}

    def _run(self, job: str, *, raise_on_error: bool, tags: dict[str, str] | None = None, config: Any = None) -> Any:
        return self._definitions.resolve_job_def(job).execute_in_process(
            instance=self._instance,
            run_config={**_QUIET, **(config or {})},
            tags={PROCESS_TAG: self._process_id, **(tags or {})},
            raise_on_error=raise_on_error,
        )


def _raise_unless_of_groups(result: dg.ExecuteInProcessResult) -> None:
    """Our own `dg.Failure` says that groups failed, which is no failure of the run; anything else is."""
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.user_failure_data is None:
            error = event.step_failure_data.error
            cause = error.cause or error if error else None
            raise MentorError(f"the groups' run failed: {cause.message.strip() if cause else 'no message'}")


@contextmanager
def launcher(settings: Settings, *, is_ui_starting: bool = False) -> Iterator[Launcher]:
    """A launcher on the instance under the data directory."""
    from mlops_mentor.defs.build import build_defs

    mentor = Mentor(
        data_dir=str(settings.root),
        course=str(settings.course_file),
        roster=str(settings.roster_file),
    )
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    process_id = secrets.token_hex(8)
    with open_instance(settings) as instance, process_lock(settings.locks_dir, process_id):
        end_orphaned_runs(instance, settings.locks_dir, is_ui_starting=is_ui_starting)
        # A process killed between storing the roster and telling Dagster has left them apart.
        lake = Lake(settings.lake_dir)
        if lake.has(GROUPS):
            sync_partitions(instance, lake.read_or_empty(GROUPS)["group_id"].to_list())
        yield Launcher(instance, build_defs(resource_overrides={"mentor": mentor}), process_id)
