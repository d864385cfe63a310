"""`mlops-mentor feedback` and `page`: asking the reviewer, what it would cost, and what a group may read.

Belongs here: what is asked for and what is printed. `run` makes feedback by the same functions.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
from rich.progress import Progress

from mlops_mentor.cli.output import say
from mlops_mentor.cli.progress import follow, progress_display, progress_task
from mlops_mentor.errors import ConfigError, MentorError
from mlops_mentor.feedback.class_feedback import feedback_of
from mlops_mentor.feedback.estimate import estimate_class
from mlops_mentor.feedback.inputs import FeedbackInputs, has_commit, load_feedback_inputs, reviews_of, sheet_key
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, GROUPS, LLM_CALLS, REVIEWS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

if TYPE_CHECKING:
    from mlops_mentor.defs.launch import Launcher


def make_feedback(settings: Settings, *, only: Sequence[str], ask_again: bool, dry_run: bool) -> None:
    """Bring feedback of the class, or of the groups `only`, up to date; or say what that would cost.

    Raises:
        MentorError: no groups are stored yet, or settings, rubric or sheets cannot be used.
    """
    groups = _stored_groups(settings, only)
    if dry_run:
        inputs = load_feedback_inputs(settings, ask_again=ask_again)
        lake = Lake(settings.lake_dir)
        asked = [feedback_of(group, lake, inputs, settings) for group in groups]
        for line in estimate_class(asked, inputs, settings).lines():
            say(line)
        return
    from mlops_mentor.defs.launch import launcher

    with progress_display() as progress, launcher(settings) as dagster:
        run_feedback(settings, dagster, only, progress, ask_again=ask_again)
        with progress_task(progress, "leaderboard and warehouse", total=None):
            dagster.run_class()
    say_feedback(settings)


def feedback_due(settings: Settings, groups: Sequence[Group], only: Sequence[str]) -> bool:
    """Whether feedback of these groups, or the TAs' sheet, is not stored as it would be made now."""
    lake = Lake(settings.lake_dir)
    sheet = reviews_of(settings, [group.group_id for group in groups])
    return lake.input_key(REVIEWS) != sheet_key(sheet) or bool(_due(lake, load_feedback_inputs(settings), groups, only))


def run_feedback(
    settings: Settings, dagster: "Launcher", only: Sequence[str], progress: Progress, *, ask_again: bool = False
) -> None:
    """Materialize the TAs' sheet and the feedback that is not current."""
    lake = Lake(settings.lake_dir)
    groups = groups_from_frame(lake.read(GROUPS))
    if lake.input_key(REVIEWS) != sheet_key(reviews_of(settings, [group.group_id for group in groups])):
        with progress_task(progress, "reviews", total=None):
            dagster.run_reviews()
    inputs = load_feedback_inputs(settings, ask_again=ask_again)
    if due := _due(lake, inputs, groups, only):
        with progress_task(progress, "feedback", total=len(due)) as advance, follow(advance) as followed:
            dagster.run_feedback({group.group_id for group in due}, ask_again=ask_again)
        # Of the others a draft says that the reviewer gave nothing, and why.
        for group_id, reason in followed.reasons.items():
            if not _waiting(lake.read_groups(FEEDBACK, [group_id])).height:
                say(f"  group {group_id}: no feedback: {reason}", err=True, fg="yellow")


def say_feedback(settings: Settings) -> None:
    """One line on the class's feedback."""
    lake = Lake(settings.lake_dir)
    group_ids = [group.group_id for group in groups_from_frame(lake.read_or_empty(GROUPS))]
    frame = lake.read_groups(FEEDBACK, group_ids)
    if frame.is_empty():
        return
    writers = sorted({model or "rules" for model in frame["model"]})
    counts = dict(frame["state"].value_counts().iter_rows())
    num_groups = frame["group_id"].n_unique()
    said = f"Feedback of {num_groups} groups by {', '.join(writers)}, {counts.get('needs_review', 0)} areas to review"
    cost = lake.read_groups(LLM_CALLS, group_ids)["cost_usd"].sum()
    say(f"{said}{f', {cost:.2f} US dollars in all' if cost else ''}. All of it is a draft until a TA releases it.")
    reasons = _waiting(frame).group_by("reason").agg(pl.col("group_id").unique(maintain_order=True)).sort("reason")
    for reason, ids in reasons.iter_rows():
        say(f"  groups {', '.join(ids)}: {reason}", err=True, fg="yellow")


def show_page(settings: Settings, group_id: str, *, released: bool) -> None:
    """Print a group's page of feedback as Markdown.

    Raises:
        MentorError: there is none.
    """
    _stored_groups(settings, [group_id])
    frame = Lake(settings.lake_dir).read_or_empty(FEEDBACK_REPORTS, group_id)
    text = frame["released_markdown" if released else "markdown"].item() if frame.height else None
    if text is None:
        remedy = "A TA releases it in reviews.csv." if released and frame.height else "Run `mlops-mentor run` first."
        raise MentorError(f"group {group_id}: there is no {'released ' if released else ''}feedback yet. {remedy}")
    say(text, keep="\n\t")


def _due(lake: Lake, inputs: FeedbackInputs, groups: Sequence[Group], only: Sequence[str]) -> list[Group]:
    wanted = [group for group in groups if (not only or group.group_id in only) and has_commit(lake, group)]
    return [group for group in wanted if inputs.ask_again or not inputs.is_current(lake, group)]


def _waiting(feedback: pl.DataFrame) -> pl.DataFrame:
    """Rows that wait for the reviewer that was asked for."""
    return feedback.filter(pl.col("state").is_in(["stand_in", "kept"]))


def _stored_groups(settings: Settings, only: Sequence[str]) -> list[Group]:
    groups = groups_from_frame(Lake(settings.lake_dir).read_or_empty(GROUPS))
    if not groups:
        raise MentorError("No groups are stored yet. Run `mlops-mentor run` first.")
    if unknown := sorted(set(only) - {group.group_id for group in groups}):
        raise ConfigError(f"group {', '.join(unknown)}: not in {settings.roster_file}.")
    return [group for group in groups if not only or group.group_id in only]
