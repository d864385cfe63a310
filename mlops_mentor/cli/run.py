"""`mlops-mentor run`: find what has changed, have Dagster materialize it, say what became of it."""

import time
from collections.abc import Sequence

from rich.progress import Progress

from mlops_mentor.chain.changes import changed_groups, is_roster_current, is_starter_code_current
from mlops_mentor.chain.freshness import class_inputs_key, class_key
from mlops_mentor.chain.inputs import extensions_of, identities_of
from mlops_mentor.cli.feedback import feedback_due, run_feedback, say_feedback
from mlops_mentor.cli.output import Format, say
from mlops_mentor.cli.progress import follow, progress_display, progress_task
from mlops_mentor.cli.publish import publishing_problems, run_export, say_export
from mlops_mentor.cli.show import failed_groups, show_leaderboard
from mlops_mentor.errors import ConfigError, MentorError
from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.leaderboard.warehouse import published_key
from mlops_mentor.publish.class_export import is_export_current, is_site_current
from mlops_mentor.roster.roster import Group, Roster, RosterChange, groups_from_frame, load_roster, roster_change
from mlops_mentor.schemas import GROUPS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


def run_class(settings: Settings, *, only: Sequence[str], accept_shorter: bool) -> None:
    """Bring the class, or the groups `only`, up to date and print the leaderboard.

    Raises:
        MentorError: roster, course or warehouse cannot be used. Groups that fail are listed and raise nothing.
    """
    began = time.monotonic()
    settings.the_course  # noqa: B018 - a mistake in course.yaml is reported before anything is done
    roster = load_roster(settings.roster_file)
    for problem in roster.problems:
        say(f"roster: {problem}", err=True, fg="yellow")
    known = groups_from_frame(Lake(settings.lake_dir).read_or_empty(GROUPS))
    change = roster_change(known, roster, accept_shorter=accept_shorter)
    _name_kept(change, roster)
    for problem in extensions_of(settings, [group.group_id for group in change.groups]).problems:
        say(f"extensions: {problem}", err=True, fg="yellow")
    for problem in identities_of(settings, change.groups).problems:
        say(f"identities: {problem}", err=True, fg="yellow")
    for problem in reviews_of(settings, [group.group_id for group in change.groups]).problems:
        say(f"reviews: {problem}", err=True, fg="yellow")
    for line in publishing_problems(settings, [group.group_id for group in change.groups]):
        say(f"publishing: {line}", err=True, fg="yellow")
    unknown = sorted(set(only) - {group.group_id for group in change.groups})
    if unknown:
        raise ConfigError(f"--group: {', '.join(unknown)} not in {settings.roster_file}.")
    with progress_display() as progress:
        num_done = _refresh(settings, roster, only, accept_shorter, progress)
    _summarize(settings, num_done, len(set(only)) or len(change.groups), time.monotonic() - began)


def _name_kept(change: RosterChange, roster: Roster) -> None:
    """Say which groups stand against the roster, and what would remove them."""
    broken = {problem.group_id.casefold() for problem in roster.problems if problem.group_id is not None}
    unreadable = [group_id for group_id in change.kept if group_id.casefold() in broken]
    absent = [group_id for group_id in change.kept if group_id.casefold() not in broken]
    if unreadable:
        say(f"roster: kept as before, until their rows are corrected: {', '.join(unreadable)}.", err=True, fg="yellow")
    if absent:
        say(
            f"roster: {len(absent)} groups are no longer in it, more than a fifth of all, and were kept: "
            f"{', '.join(absent)}. Correct the roster, or remove them with --accept-shorter-roster.",
            err=True,
            fg="yellow",
        )


def _refresh(settings: Settings, roster: Roster, only: Sequence[str], accept_shorter: bool, progress: Progress) -> int:
    """Materialize what is not current; the number of groups that were worked on."""
    lake = Lake(settings.lake_dir)
    has_roster = is_roster_current(roster, lake, accept_shorter=accept_shorter) and is_starter_code_current(
        settings, lake
    )
    if has_roster:
        groups = groups_from_frame(lake.read(GROUPS))
        changed = _changed(settings, groups, only, progress)
        is_published = published_key(settings.warehouse_file) == class_key(lake, class_inputs_key(settings))
        is_done = is_published and is_export_current(settings) and is_site_current(settings)
        if not changed and is_done and not feedback_due(settings, groups, only):
            return 0
    # Dagster takes seconds to import: only once there is work.
    with progress_task(progress, "starting Dagster", total=None):
        from mlops_mentor.defs.launch import launcher
    with launcher(settings) as dagster:
        if not has_roster:
            with progress_task(progress, "roster and starter code", total=None):
                dagster.run_roster(accept_shorter=accept_shorter)
            changed = _changed(settings, groups_from_frame(lake.read(GROUPS)), only, progress)
        if changed:
            with progress_task(progress, "groups", total=len(changed)) as advance, follow(advance):
                dagster.run_groups({group.group_id for group in changed})
        try:
            run_feedback(settings, dagster, only, progress)
        finally:
            # The leaderboard never waits for a reviewer that is not set up well.
            with progress_task(progress, "leaderboard and warehouse", total=None):
                dagster.run_class()
        try:
            run_export(dagster, progress)
        except MentorError as error:
            # The leaderboard is there all the same, and what was exported before stays.
            say(f"not exported: {error}", err=True, fg="yellow")
    return len(changed)


def _changed(settings: Settings, groups: Sequence[Group], only: Sequence[str], progress: Progress) -> list[Group]:
    if only:
        return [group for group in groups if group.group_id in only]
    with progress_task(progress, "asking repositories", total=len(groups)) as advance:
        return changed_groups(settings, groups, on_seen=lambda group: advance())


def _summarize(settings: Settings, num_done: int, num_asked: int, seconds: float) -> None:
    show_leaderboard(settings, Format.TABLE)
    failed = failed_groups(settings)
    worked = f"{num_done} of {num_asked} groups worked on" if num_done else f"nothing changed in {num_asked} groups"
    say("")
    say(f"{worked} in {seconds:.1f} s; {len(failed)} could not be read or computed in full.")
    for group_id, reason in failed:
        say(f"  group {group_id}: {reason}")
    say_feedback(settings)
    say(f"Warehouse: {settings.warehouse_file}")
    say_export(settings)
