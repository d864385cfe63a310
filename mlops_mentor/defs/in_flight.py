"""Work in flight: which groups, and whether the roster, an unfinished run or backfill of the instance is about.

Belongs here: reading that from Dagster, whoever asked for the work: sensors, schedules, the UI, the command line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.errors import DagsterDefinitionChangedDeserializationError
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill

from mlops_mentor.defs.jobs import refresh_pages, refresh_roster
from mlops_mentor.defs.orphans import UNFINISHED
from mlops_mentor.defs.partitions import NAME, RANGE_END, RANGE_START
from mlops_mentor.schemas import GROUPS

_PARTITION = "dagster/partition"


def groups_in_flight(
    instance: dg.DagsterInstance, asset_graph: BaseAssetGraph[Any] | None, *, since: datetime
) -> frozenset[str]:
    """The groups that runs and backfills work on, or did at any time since `since`.

    Who looks at a group while the run on it ends sees what was before the run: that must not count as a change.
    """
    known = instance.get_dynamic_partitions(NAME)
    runs = [*_unfinished(instance), *instance.get_runs(dg.RunsFilter(updated_after=since))]
    # Pages change nothing that a look sees, and theirs are ranges with gaps.
    at_work = [run for run in runs if run.job_name != refresh_pages.name]
    found = {group_id for run in at_work for group_id in _groups_of(run.tags, known)}
    if asset_graph is not None:
        found.update(_groups_of_backfills(instance, asset_graph))
    return frozenset(found)


def is_roster_in_flight(instance: dg.DagsterInstance) -> bool:
    """Whether an unfinished run refreshes the table `groups`."""
    table = dg.AssetKey(GROUPS.name)
    return any(
        table in run.asset_selection if run.asset_selection else run.job_name == refresh_roster.name
        for run in _unfinished(instance)
    )


def _unfinished(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))


def _groups_of(tags: Mapping[str, str], known: Sequence[str]) -> Iterable[str]:
    if (one := tags.get(_PARTITION)) is not None:
        return [one]
    first, last = tags.get(RANGE_START), tags.get(RANGE_END)
    if first is None or last is None:
        return []
    if first not in known or last not in known:
        # One of them has left meanwhile, and what was between them is not known any more.
        return [first, last]
    return known[known.index(first) : known.index(last) + 1]


def _groups_of_backfills(instance: dg.DagsterInstance, asset_graph: BaseAssetGraph[Any]) -> Iterator[str]:
    """Of backfills whose runs are not all there yet; those that are count as runs."""
    active = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING]
    for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=active)):
        yield from _groups_of_backfill(backfill, asset_graph)


def _groups_of_backfill(backfill: PartitionBackfill, asset_graph: BaseAssetGraph[Any]) -> Iterator[str]:
    if not backfill.is_asset_backfill:
        yield from backfill.partition_names or ()
        return
    try:
        data = backfill.get_asset_backfill_data(asset_graph)
    except DagsterDefinitionChangedDeserializationError:
        return
    left = data.target_subset - data.materialized_subset - data.failed_and_downstream_subset
    for subset in left.partitions_subsets_by_asset_key.values():
        yield from subset.get_partition_keys()
