"""The partitions: one a group of the roster.

Belongs here: the definition, its synchronisation with the table `groups`, and cutting a set of groups into the
contiguous stretches that a run can have, and saying to Dagster which a run has.
"""

from collections.abc import Collection, Sequence

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

group_partitions = dg.DynamicPartitionsDefinition(name="group")
NAME = "group"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def sync_partitions(instance: dg.DagsterInstance, group_ids: Sequence[str]) -> None:
    """Make the instance's partitions those of `group_ids`: new ones are appended, others are removed.

    While a backfill is under way nothing is removed: Dagster fails the whole backfill when one of its partitions goes.
    Whatever is left over is removed when the roster sensor looks next, or the command line starts.
    """
    known = instance.get_dynamic_partitions(NAME)
    stored = set(known)
    if added := [group_id for group_id in group_ids if group_id not in stored]:
        instance.add_dynamic_partitions(NAME, added)
    for group_id in set() if is_backfilling(instance) else stored - set(group_ids):
        instance.delete_dynamic_partition(NAME, group_id)


def is_backfilling(instance: dg.DagsterInstance) -> bool:
    """Whether a backfill is under way, whoever asked for it."""
    active = BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING])
    return bool(instance.get_backfills(filters=active, limit=1))


def stretches(known: Sequence[str], wanted: Collection[str]) -> list[tuple[str, str]]:
    """(first, last) of each run of neighbours in `known` that are all wanted: a run can have one contiguous range."""
    found: list[tuple[str, str]] = []
    is_open = False
    for key in known:
        if key in wanted:
            found = [*found[:-1], (found[-1][0], key)] if is_open else [*found, (key, key)]
        is_open = key in wanted
    return found


def runs_of(known: Sequence[str], wanted: Collection[str], *, max_groups: int) -> list[tuple[str, ...]]:
    """The groups of each run, in the order of `known`: contiguous stretches, cut to `max_groups`."""
    places = {key: place for place, key in enumerate(known)}
    whole = [known[places[first] : places[last] + 1] for first, last in stretches(known, wanted)]
    return [tuple(keys[i : i + max_groups]) for keys in whole for i in range(0, len(keys), max_groups)]


def range_tags(group_ids: Sequence[str]) -> dict[str, str]:
    """The tags of a run for these neighbours."""
    return {RANGE_START: group_ids[0], RANGE_END: group_ids[-1]}
