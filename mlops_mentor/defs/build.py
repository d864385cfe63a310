"""Assembling the definitions. Belongs here: the list of what there is, and nothing that does work."""

from collections.abc import Mapping

import dagster as dg

from mlops_mentor.defs.assets import evidence, feedback, github, leaderboard, metrics, publish, repos, roster
from mlops_mentor.defs.automation import refresh_sensor
from mlops_mentor.defs.feedback_step import group_feedback
from mlops_mentor.defs.group_step import group_step
from mlops_mentor.defs.jobs import (
    push_dataset,
    refresh_class,
    refresh_export,
    refresh_feedback,
    refresh_groups,
    refresh_pages,
    refresh_reviews,
    refresh_roster,
)
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.schedules import nightly_schedules
from mlops_mentor.defs.sensors.repositories import make_repository_sensor
from mlops_mentor.defs.sensors.reviews import make_reviews_sensor
from mlops_mentor.defs.sensors.roster import make_roster_sensor
from mlops_mentor.settings import load_settings


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions; `resource_overrides` replace resources, as tests and the command line do."""
    settings = load_settings()
    by_group = [
        github.github_repos,
        github.pushes,
        repos.repo_snapshots,
        repos.commits,
        repos.files,
        github.pull_requests,
        github.workflow_runs,
        evidence.code_quality,
        evidence.lint_hits,
        evidence.committed_secrets,
        evidence.hostile_content,
        evidence.report_answers,
        evidence.report_checks,
        metrics.contributors,
        metrics.contributions,
        metrics.unmapped_identities,
        evidence.checklist,
        metrics.flag_dates,
        metrics.flags,
        metrics.progress,
        metrics.repo_stats,
    ]
    return dg.Definitions(
        assets=[
            roster.groups,
            roster.starter_files,
            roster.starter_shapes,
            group_step(by_group, settings),
            feedback.reviews,
            group_feedback,
            leaderboard.group_status,
            leaderboard.same_code,
            leaderboard.leaderboard,
            leaderboard.leaderboard_history,
            feedback.feedback_agreement,
            leaderboard.warehouse,
            publish.dataset_export,
            publish.static_site,
            publish.dataset_push,
        ],
        resources={"mentor": Mentor(), **(resource_overrides or {})},
        jobs=[
            refresh_roster,
            refresh_groups,
            refresh_reviews,
            refresh_feedback,
            refresh_pages,
            refresh_class,
            refresh_export,
            push_dataset,
        ],
        schedules=nightly_schedules(settings),
        sensors=[
            make_roster_sensor(interval_s=settings.look_every_s),
            make_repository_sensor(interval_s=settings.look_every_s),
            make_reviews_sensor(interval_s=settings.look_every_s),
            refresh_sensor,
        ],
        # One process a run: a process a step costs three seconds of CPU each, and the groups share theirs anyway.
        executor=dg.in_process_executor,
    )
