"""Backfills under way while the roster changes: nothing that somebody asked for is lost."""

import time
from collections.abc import Callable

from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.partitions import NAME, group_partitions, sync_partitions
from mlops_mentor.defs.resources import Mentor
from mlops_mentor_tests.defs.classroom import Classroom


def test_a_group_that_leaves_during_a_backfill_does_not_end_it_for_the_others(
    make_room: Callable[..., Classroom],
) -> None:
    room = make_room(["1", "2", "3"])
    mentor = Mentor(data_dir=str(room.data), course=str(room.folder / "course.yaml"))
    graph = build_defs(resource_overrides={"mentor": mentor}).resolve_asset_graph()
    with open_instance(room.settings) as instance:
        sync_partitions(instance, ["1", "2", "3"])
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id="all",
            asset_graph=graph,
            partition_names=["1", "2", "3"],
            asset_selection=[key for key in graph.get_all_asset_keys() if key.path == ["commits"]],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        instance.add_backfill(backfill)
        sync_partitions(instance, ["1", "3", "4"])
        assert instance.get_dynamic_partitions(NAME) == ["1", "2", "3", "4"]
        # Dagster raises where a partition of a backfill is gone, and fails all of it.
        data = backfill.get_asset_backfill_data(graph)
        assert isinstance(data, AssetBackfillData)
        instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS))
        sync_partitions(instance, ["1", "3", "4"])
        assert instance.get_dynamic_partitions(group_partitions.name or "") == ["1", "3", "4"]
