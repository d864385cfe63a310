"""The step that makes feedback: many groups at once, beside the step of the evidence and after it.

Belongs here: turning the domain's results into Dagster's events. A step of its own, because it may wait for a model for
minutes and cost money: leaderboard and evidence never wait for it, and the pool bounds how many of them run at once.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from mlops_mentor.chain.chain import ChainResult, Finished
from mlops_mentor.defs.checks import FEEDBACK_CHECKS, evaluate_checks
from mlops_mentor.defs.group_step import OWNER, group_failure, materializations
from mlops_mentor.defs.metadata import asset_metadata
from mlops_mentor.defs.part_metadata import part_metadata
from mlops_mentor.defs.partitions import group_partitions
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.feedback.class_feedback import reviewing
from mlops_mentor.feedback.inputs import load_feedback_inputs
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, FEEDBACK_TABLES, GROUPS, LLM_CALLS, REVIEW_PACKS, Table
from mlops_mentor.storage.lake import Lake

# What the UI calls the pool, under Deployment, Concurrency.
POOL = "llm"
_DEPS: dict[str, Sequence[str]] = {
    REVIEW_PACKS.name: ["files", "code_quality", "lint_hits", "committed_secrets", "hostile_content", "report_answers",
                        "report_checks", "commits", "contributors", "contributions", "pull_requests", "workflow_runs",
                        "checklist", "repo_stats"],
    FEEDBACK.name: [REVIEW_PACKS.name],
    LLM_CALLS.name: [FEEDBACK.name],
    FEEDBACK_REPORTS.name: [REVIEW_PACKS.name, FEEDBACK.name, LLM_CALLS.name, "reviews"],
}  # fmt: skip
_KINDS = {
    REVIEW_PACKS.name: "python",
    FEEDBACK.name: "openai",
    LLM_CALLS.name: "polars",
    FEEDBACK_REPORTS.name: "markdown",
}


class FeedbackConfig(dg.Config):
    """What may be said when feedback is materialized."""

    ask_again: bool = Field(
        False, description="Ask the model again, also where it has answered the same question before. Costs money."
    )
    only: list[str] = Field([], description="Of the run's groups these alone; all of them when empty.")


def _spec(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name,
        deps=_DEPS[table.name],
        description=table.description,
        metadata=asset_metadata(table),
        skippable=True,
        group_name="feedback",
        code_version=table.version,
        owners=[OWNER],
        kinds={_KINDS[table.name]},
        partitions_def=group_partitions,
    )


def _as_they_were(lake: Lake, groups: Sequence[Group], selected: Collection[str]) -> Iterator[dg.AssetMaterialization]:
    """Groups that only lie between those of a run that fails: Dagster would show them as failed too."""
    for group in groups:
        for table in (table for table in FEEDBACK_TABLES if table.name in selected):
            part = Finished(table, lake.read(table, group.group_id), is_unchanged=True)
            yield dg.AssetMaterialization(table.name, partition=group.group_id, metadata=part_metadata(part))


@dg.multi_asset(
    name="group_feedback",
    specs=[_spec(table) for table in FEEDBACK_TABLES],
    check_specs=FEEDBACK_CHECKS,
    can_subset=True,
    pool=POOL,
    # One run for all of a backfill: calls at the same time, and the budget of a run, are bounded within it.
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def group_feedback(context: dg.AssetExecutionContext, config: FeedbackConfig, mentor: Mentor) -> Iterator[Any]:
    """Ask the reviewer about every group of the run; see `feedback.class_feedback`."""
    settings, lake = mentor.settings(), mentor.lake()
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    inputs = load_feedback_inputs(settings, ask_again=config.ask_again)
    stored = {group.group_id: group for group in groups_from_frame(lake.read(GROUPS))}
    context.log.info(inputs.reviewer.summary)
    failed: list[ChainResult] = []
    wanted = [group_id for group_id in context.partition_keys if not config.only or group_id in config.only]
    known = [stored[group_id] for group_id in wanted if group_id in stored]
    with reviewing(settings, inputs, context.run.run_id) as review:
        for result in review(known, selected):
            yield from materializations(result)
            if result.failed_table is not None:
                failed.append(result)
                context.log.warning(f"group {result.group_id}: {result.failed_table}: {result.reason}")
        context.log.info(review.summary())
        # Of a whole run; the UI's list of runs shows tags. What a group's calls cost is in the table's metadata.
        context.instance.add_run_tags(
            context.run.run_id, {f"mentor/llm_{name}": n for name, n in review.spent().items()}
        )
    yield from evaluate_checks(context.selected_asset_check_keys, lake)
    if failed:
        others = [stored[each] for each in context.partition_keys if each not in wanted and each in stored]
        yield from _as_they_were(lake, [each for each in others if inputs.is_current(lake, each)], selected)
        raise group_failure(failed, len(wanted))
