"""`mlops-mentor export`, `push`, `erase`, `space`: what others see of the class, and how it gets there.

Belongs here: what is asked for and what is printed. `run` exports by the same functions; only `push` and `erase` send
anything anywhere.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from mlops_mentor.cli.output import say
from mlops_mentor.cli.progress import progress_display, progress_task
from mlops_mentor.erasure import erase_stored
from mlops_mentor.errors import ConfigError, MentorError, PublishError
from mlops_mentor.publish.hub.target import HubTarget, NoTarget, hub_lock, hub_target
from mlops_mentor.publish.manifest import read_manifest
from mlops_mentor.publish.names import leave_out, load_left_out
from mlops_mentor.schemas import GROUPS, LEADERBOARD_HISTORY
from mlops_mentor.settings import Settings
from mlops_mentor.sheets.reading import group_id_in
from mlops_mentor.storage.lake import Lake

if TYPE_CHECKING:
    from mlops_mentor.defs.launch import Launcher


def export(settings: Settings) -> None:
    """Export what is stored, and make the static site of it.

    Raises:
        MentorError: nothing is stored yet, or the export was refused.
    """
    from mlops_mentor.defs.launch import launcher

    with progress_display() as progress, launcher(settings) as dagster:
        run_export(dagster, progress)
    say_export(settings)


def run_export(dagster: "Launcher", progress: Progress) -> None:
    """Materialize the export and the static site."""
    with progress_task(progress, "export and site", total=None):
        dagster.run_export()


def say_export(settings: Settings) -> None:
    """Where the export and the site are, and what of them the privacy gate let nothing out of."""
    if not settings.export_dir.is_dir():
        return
    say(f"Export: {settings.export_dir}, site: {settings.site_dir}. `mlops-mentor app` shows it.")
    with suppress(OSError, ValueError):
        withheld = read_manifest(settings.export_dir).withheld
        for group, tables in withheld.items():
            say(f"  group {group}: withheld from {', '.join(tables)}, by the privacy gate.", fg="yellow")
        if withheld:
            say("  The check `nothing_is_withheld` of `dataset_export` says why: `mlops-mentor ui`.", fg="yellow")


def publishing_problems(settings: Settings, group_ids: Collection[str]) -> list[str]:
    """Rows of `unpublished.csv` that leave nobody out; none where the sheet stops the export, which says so itself."""
    try:
        return [str(problem) for problem in load_left_out(settings.unpublished_file, group_ids).problems]
    except ConfigError:
        return []


def push(settings: Settings) -> None:
    """Push the export to the Hub.

    Raises:
        PublishError: nothing is exported yet, no Hub is configured, or it did not take the export.
    """
    target = hub_target(settings)
    if isinstance(target, NoTarget):
        raise PublishError(target.reason)
    with progress_display() as progress, progress_task(progress, f"pushing to {target.repo}", total=None):
        said = _pushed(settings)
    if said.get("changed"):
        say(f"Pushed {said['num_files']} files in one commit, {str(said['commit'])[:12]}: {said['url']}")
    else:
        say(f"Nothing has changed since the last push: {said.get('url', target.repo)}")


def _pushed(settings: Settings) -> Mapping[str, Any]:
    from mlops_mentor.defs.launch import launcher

    with launcher(settings) as dagster:
        return dagster.run_push()


def erase(settings: Settings, group_id: str, *, make_anew: bool, stored_too: bool = False) -> None:
    """Leave a group out of everything published, from now on and in what was published before; `stored_too` deletes
    what is stored of it here as well.

    Raises:
        MentorError: the group is not known, or the Hub could not be asked or still shows something old; then this may
            be called again.
    """
    group_id = _as_stored(settings, group_id)
    _erase_published(settings, group_id, make_anew=make_anew)
    if stored_too:
        _erase_stored(settings, group_id)


def _erase_stored(settings: Settings, group_id: str) -> None:
    erased = erase_stored(settings, group_id)
    from mlops_mentor.defs.launch import launcher

    # The warehouse and the tables over all groups still had it.
    with launcher(settings) as dagster:
        dagster.run_class()
    say(f"Deleted {erased.num_files} files of group {group_id}, and {erased.num_history_rows} rows of the history.")
    for sheet in erased.sheets:
        say(f"  {sheet} has rows of the group: delete them by hand.", fg="yellow")
    say(f"  Left are {settings.dagster_home}, which notes what runs did, and your backups.", fg="yellow")


def _erase_published(settings: Settings, group_id: str, *, make_anew: bool) -> None:
    leave_out(settings.unpublished_file, settings.locks_dir / "unpublished.lock", group_id, datetime.now(UTC))
    say(f"Group {group_id} is left out from now on: {settings.unpublished_file}")
    export(settings)
    target = hub_target(settings)
    if isinstance(target, NoTarget):
        say(f"Nothing was erased on the Hub. {target.reason}", fg="yellow")
        return
    _erase_from_hub(settings, target, make_anew=make_anew)


def _as_stored(settings: Settings, group_id: str) -> str:
    """The id as the roster wrote it; of a group that has left the roster, too, for what was pushed still has it.

    Raises:
        ConfigError: no such group was ever stored.
    """
    lake = Lake(settings.lake_dir)
    stored = [*lake.read_or_empty(GROUPS)["group_id"], *lake.read_or_empty(LEADERBOARD_HISTORY)["group_id"]]
    names: dict[str, str] = {each.casefold(): each for each in reversed(stored)}
    try:
        return names[group_id_in(group_id).casefold()]
    except KeyError:
        raise ConfigError(f"group {group_id}: was never in {settings.roster_file}.") from None


def _erase_from_hub(settings: Settings, target: HubTarget, *, make_anew: bool) -> None:
    from mlops_mentor.publish.hub.erase import erase_from_hub

    tag = f"erased-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    lock = hub_lock(settings)
    erased = erase_from_hub(settings.export_dir, target, tag=tag, lock=lock, may_make_anew=make_anew)
    if erased.commit is None:
        say(f"There is no dataset {target.repo} on the Hub: nothing to erase there.")
        return
    say(
        f"{target.repo} is one commit now, {erased.commit[:12]}: {erased.num_old_commits} older ones, "
        f"{erased.num_refs_deleted} branches and tags and {erased.num_stored_files_deleted} stored files are gone."
    )
    for line in erased.not_verified:
        say(f"  {line}")
    if not erased.is_complete:
        raise PublishError(f"{target.repo} still shows something old. " + " ".join(erased.still_reachable))


def space(settings: Settings, directory: Path) -> None:
    """Write a folder that is a whole Space.

    Raises:
        ConfigError: no dataset is configured for it to read.
    """
    from mlops_mentor.app.space import write_space

    if settings.hf_repo is None:
        raise ConfigError("MENTOR_HF_REPO is not set: a Space reads the dataset of that name. Set it to owner/name.")
    try:
        write_space(directory, dataset=settings.hf_repo)
    except OSError as error:
        raise MentorError(f"{error.filename}: {error.strerror}.") from None
    say(f"Made {directory}. Upload it as a Space, and give it HF_TOKEN as a secret if the dataset is private.")
