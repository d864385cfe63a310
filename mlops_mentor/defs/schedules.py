"""Schedules: the nightly refresh, which catches whatever the sensors have not.

Belongs here: when it runs, and what it asks for. At night every group is asked anew, also for what shows in no head of
its repository, such as a workflow that ran again on an older commit. All are off until somebody turns them
on; the tables over all groups follow by themselves.
"""

from functools import partial

import dagster as dg

from mlops_mentor.defs.jobs import refresh_feedback, refresh_groups, refresh_roster
from mlops_mentor.defs.partitions import NAME, range_tags, runs_of
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.errors import MentorError
from mlops_mentor.settings import Settings

_ROSTER_AT, _GROUPS_AT, _FEEDBACK_AT = "30 2 * * *", "0 3 * * *", "0 5 * * *"
_ASK_AGAIN = {"ops": {"group_tables": {"config": {"ask_again": True}}}}


def nightly_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Roster at 02:30, groups at 03:00, feedback at 05:00, in the course's zone; in UTC where that cannot be read."""
    nightly = partial(dg.schedule, execution_timezone=_zone(settings), default_status=dg.DefaultScheduleStatus.STOPPED)

    @nightly(
        name="nightly_roster",
        job=refresh_roster,
        cron_schedule=_ROSTER_AT,
        description="Every night the roster and the starter code, before the groups.",
    )
    def nightly_roster(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=f"nightly-roster-{_night(context)}")

    @nightly(
        name="nightly_groups",
        job=refresh_groups,
        cron_schedule=_GROUPS_AT,
        description="Every night all groups, whether or not a change was noticed.",
    )
    def nightly_groups(context: dg.ScheduleEvaluationContext, mentor: Mentor) -> list[dg.RunRequest] | dg.SkipReason:
        known = context.instance.get_dynamic_partitions(NAME)
        if not known:
            return dg.SkipReason("There are no groups yet. Materialize `groups`.")
        try:
            max_groups = mentor.settings().groups_per_run
        except MentorError as error:
            return dg.SkipReason(str(error))
        return [
            dg.RunRequest(
                run_key=f"nightly-groups-{_night(context)}-{group_ids[0]}-{group_ids[-1]}",
                run_config=_ASK_AGAIN,
                tags=range_tags(group_ids),
            )
            for group_ids in runs_of(known, known, max_groups=max_groups)
        ]

    @nightly(
        name="nightly_feedback",
        job=refresh_feedback,
        cron_schedule=_FEEDBACK_AT,
        description="Every night the feedback of groups that have changed, within the budget.",
    )
    def nightly_feedback(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        known = context.instance.get_dynamic_partitions(NAME)
        if not known:
            return dg.SkipReason("There are no groups yet. Materialize `groups`.")
        # One run: what has not changed costs nothing in it, and the budget of a run holds for all.
        return dg.RunRequest(run_key=f"nightly-feedback-{_night(context)}", tags=range_tags(known))

    return [nightly_roster, nightly_groups, nightly_feedback]


def _zone(settings: Settings) -> str:
    try:
        return settings.the_course.time_zone
    except MentorError:
        return "UTC"


def _night(context: dg.ScheduleEvaluationContext) -> str:
    """The date for which the schedule runs, also when it runs late: a daemon that restarts asks for the same again."""
    return f"{context.scheduled_execution_time:%Y-%m-%d}"
