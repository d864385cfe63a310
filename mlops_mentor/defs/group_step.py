"""The step that works on groups: many at once, each group's failure its own.

Belongs here: turning the assets by group into one Dagster step, its events, and the end of a run in which groups
failed. What is done for one group is in `group_work`.

One step and not one an asset, because a Dagster step that raises stops all steps after it for every group, and one
that does not raise shows failed partitions as merely missing. Here each group's tables are reported as they are
stored, and the step raises at its end: the groups that failed show as failed, the others as materialized.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import dagster as dg
from pydantic import Field

from mlops_mentor.chain.chain import ChainResult, Compute, run_chain
from mlops_mentor.chain.freshness import wanted_details
from mlops_mentor.chain.group_work import GroupWork
from mlops_mentor.defs.checks import evaluate_checks, group_check_specs
from mlops_mentor.defs.metadata import asset_metadata
from mlops_mentor.defs.part_metadata import part_metadata
from mlops_mentor.defs.partitions import group_partitions
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.github.access import github_access
from mlops_mentor.github.collector import collecting
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import GROUP_TABLES, GROUPS, Table
from mlops_mentor.settings import Settings

OWNER = "team:teaching-assistants"


class GroupConfig(dg.Config):
    """What may be said when groups are materialized."""

    ask_again: bool = Field(False, description="Ask GitHub for everything, also where nothing seems to have changed.")


class GroupAsset:
    """A table by group: what computes a group's part, and how the asset is described to Dagster."""

    def __init__(self, table: Table, compute: Compute, deps: Sequence[str], kinds: set[str]) -> None:
        self.table = table
        self.compute = compute
        self.spec = dg.AssetSpec(
            table.name,
            deps=deps,
            description=f"{table.description}\n\n{compute.__doc__}",
            metadata=asset_metadata(table),
            skippable=True,
            group_name=compute.__module__.rsplit(".", 1)[-1],
            code_version=table.version,
            owners=[OWNER],
            kinds=kinds,
            partitions_def=group_partitions,
        )


def group_asset(table: Table, *, deps: Sequence[str], kinds: set[str]) -> Callable[[Compute], GroupAsset]:
    """Declare the function below as the asset of a table by group."""
    return lambda compute: GroupAsset(table, compute, deps, kinds)


def group_step(assets: Sequence[GroupAsset], settings: Settings) -> dg.AssetsDefinition:
    """The one step of all assets by group; `settings` say how many groups go into a run of a backfill."""
    ordered = sorted(assets, key=lambda asset: GROUP_TABLES.index(asset.table))

    @dg.multi_asset(
        name="group_tables",
        specs=[asset.spec for asset in ordered],
        check_specs=group_check_specs(),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(settings.groups_per_run),
    )
    def group_tables(context: dg.AssetExecutionContext, config: GroupConfig, mentor: Mentor) -> Iterator[Any]:
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        links = [(asset.table, asset.compute) for asset in ordered if asset.table.name in selected]
        failed: list[ChainResult] = []
        for result in _results(mentor, context.partition_keys, links, config, context.log.info):
            yield from materializations(result)
            if result.failed_table is not None:
                failed.append(result)
                context.log.warning(f"group {result.group_id}: {result.failed_table}: {result.reason}")
        yield from evaluate_checks(context.selected_asset_check_keys, mentor.lake())
        if failed:
            raise group_failure(failed, len(context.partition_keys))

    return group_tables


def _results(
    mentor: Mentor,
    group_ids: Sequence[str],
    links: Sequence[tuple[Table, Compute]],
    config: GroupConfig,
    say: Callable[[str], None],
) -> Iterator[ChainResult]:
    """What became of each group, in the order in which they finish."""
    settings, lake = mentor.settings(), mentor.lake()
    inputs, limits = mentor.inputs(ask_again=config.ask_again), mentor.limits()
    lake.sweep()
    groups = {group.group_id: group for group in groups_from_frame(lake.read(GROUPS))}
    known = [groups[group_id] for group_id in group_ids if group_id in groups]
    for group_id in group_ids:
        if group_id not in groups:
            reason = f"group {group_id} is not in the roster any more. Materialize `groups`."
            yield ChainResult(group_id, (), links[0][0].name, reason)

    asking = collecting(
        github_access(settings),
        settings.github_server_url,
        known,
        lambda group, seen: wanted_details(lake, group, seen, inputs),
    )
    pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="group")
    with asking as collector:

        def work(group: Group) -> ChainResult:
            asked = collector.of(group)
            return run_chain(
                GroupWork(group, lake, inputs, limits, settings.mirrors_dir, asked), links, settings.locks_dir
            )

        try:
            for future in as_completed([pool.submit(work, group) for group in known]):
                yield future.result()
            if collector.usage is not None:
                say(f"GitHub: {collector.usage.summary()}")
        finally:
            # A run that is cancelled waits for the groups under way and begins no other.
            pool.shutdown(wait=True, cancel_futures=True)


def materializations(result: ChainResult) -> Iterator[dg.AssetMaterialization]:
    """What is reported of a group: each part that is stored, with what the UI shows of it."""
    for part in result.finished:
        yield dg.AssetMaterialization(part.table.name, partition=result.group_id, metadata=part_metadata(part))


def group_failure(failed: Sequence[ChainResult], num_groups: int) -> dg.Failure:
    """What ends a run in which groups failed: it names them, with their reasons."""
    lines = [f"- group {result.group_id}, {result.failed_table}: {result.reason}" for result in failed]
    return dg.Failure(
        description=f"{len(failed)} of {num_groups} groups failed; the others are done.\n" + "\n".join(lines),
        metadata={"failed groups": dg.MetadataValue.text("\n".join(lines))},
        # The same repositories would fail again at once; re-running the failed partitions is one click.
        allow_retries=False,
    )
