"""Sensors: what a tick asks for, what it remembers, and that a daemon killed at any moment asks for nothing twice."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from mlops_mentor.chain.changes import UNREADABLE, Look
from mlops_mentor.chain.waves import Cursor
from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.orphans import PROCESS_TAG
from mlops_mentor.defs.partitions import NAME, RANGE_END, RANGE_START, range_tags, runs_of
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.sensors.repositories import (
    LOOK_BUDGET_S,
    SPARE_BUDGET_S,
    WAVE_TAG,
    make_repository_sensor,
)
from mlops_mentor.defs.sensors.roster import make_roster_sensor
from mlops_mentor.errors import ConfigError
from mlops_mentor.roster.roster import Group, groups_frame, load_roster
from mlops_mentor.schemas import GROUPS, LEADERBOARD, STARTER_FILES, empty
from mlops_mentor.settings import Settings
from mlops_mentor_tests.defs.classroom import COURSE, Classroom

NOON = datetime(2099, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEVEN = ("3", "4", "5", "11", "17", "99", "130")
CLASS = tuple(str(number) for number in range(1, 131))


@dataclass
class Repositories:
    """What looking sees: every group is current but those of `seen`; those that are `unreached` give no answer."""

    seen: dict[str, Look] = field(default_factory=dict)
    unreached: set[str] = field(default_factory=set)
    calls: list[tuple[list[str], float]] = field(default_factory=list)

    def push(self, *group_ids: str, seen_id: str = "a") -> None:
        self.seen |= {group_id: Look(group_id, True, seen_id) for group_id in group_ids}

    def silence(self, *group_ids: str) -> None:
        self.seen |= {group_id: Look(group_id, True, UNREADABLE, "timeout") for group_id in group_ids}

    def __call__(self, settings: Settings, groups: Sequence[Group], *, budget_s: float) -> Mapping[str, Look]:
        ids = [group.group_id for group in groups]
        self.calls.append((ids, budget_s))
        return {i: self.seen.get(i, Look(i, False, "a")) for i in ids if i not in self.unreached}


@dg.job
def some_job() -> None:
    pass


@dataclass
class Watch:
    """A class whose groups are stored and known to Dagster, and its two sensors with a clock and looks of ours."""

    room: Classroom
    instance: dg.DagsterInstance
    repositories: Repositories = field(default_factory=Repositories)
    now: datetime = NOON
    cursors: dict[str, str | None] = field(default_factory=dict)

    @property
    def mentor(self) -> Mentor:
        return Mentor(data_dir=str(self.room.data), course=str(self.room.folder / "course.yaml"))

    def tick(self, *, is_killed: bool = False, definitions: dg.Definitions | None = None) -> SensorExecutionData:
        """A tick of the repository sensor; a daemon that is killed does not keep the cursor."""
        look, now = self.repositories, self.now
        made = make_repository_sensor(look=look, clock=lambda: now)
        return self._tick(made, is_killed, definitions)

    def roster_tick(self, *, is_killed: bool = False) -> SensorExecutionData:
        now = self.now
        return self._tick(make_roster_sensor(clock=lambda: now), is_killed, None)

    def _tick(self, made: dg.SensorDefinition, is_killed: bool, defs: dg.Definitions | None) -> SensorExecutionData:
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(made.name),
            resources={"mentor": self.mentor},
            definitions=defs,
        ) as context:
            result = made.evaluate_tick(context)
        if not is_killed:
            self.cursors[made.name] = result.cursor
        return result

    def launch(self, result: SensorExecutionData) -> list[dg.DagsterRun]:
        """The runs that Dagster starts for a tick: none whose key it has seen."""
        keys = {run.tags.get("dagster/run_key") for run in self.instance.get_runs()}
        return [
            self.begin_run({**request.tags, "dagster/run_key": request.run_key or ""})
            for request in result.run_requests or []
            if request.run_key not in keys
        ]

    def begin_run(
        self,
        tags: Mapping[str, str],
        status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
        job: Any = some_job,
    ) -> dg.DagsterRun:
        origins: dict[str, Any] = {}
        if status is dg.DagsterRunStatus.QUEUED:  # which Dagster takes from its own daemons alone
            here = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "repository")
            origins["remote_job_origin"] = RemoteJobOrigin(here, "some_job")
            origins["job_code_origin"] = dg.reconstructable(some_job).get_python_origin()
        return self.instance.create_run_for_job(job, tags=tags, status=status, **origins)

    def end(self, runs: Iterable[dg.DagsterRun]) -> None:
        for run in runs:
            self.instance.report_run_failed(run)

    def store_roster(self) -> list[str]:
        stored = groups_frame(load_roster(self.room.settings.roster_file).groups)
        return self.room.lake.write(GROUPS, stored)["group_id"].to_list()


@pytest.fixture
def make_watch(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    """`make_watch(["1", "2"])`: no repository is there, for looking is handed in."""
    with dg.DagsterInstance.ephemeral() as instance:

        def make(group_ids: Sequence[str]) -> Watch:
            room = Classroom(tmp_path / "class")
            room.data.mkdir(parents=True)
            (room.folder / "course.yaml").write_text(COURSE)
            room.write_roster(group_ids)
            watch = Watch(room, instance)
            instance.add_dynamic_partitions(NAME, watch.store_roster())
            room.lake.write(STARTER_FILES, empty(STARTER_FILES))
            return watch

        yield make


def ranges(result: SensorExecutionData) -> list[tuple[str, str]]:
    return [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in result.run_requests or []]


def keys(result: SensorExecutionData) -> list[str | None]:
    return [request.run_key for request in result.run_requests or []]


# What a tick asks for


def test_a_push_on_seven_repositories_asks_for_exactly_these_in_one_tick(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(CLASS)
    watch.repositories.push(*SEVEN)
    result = watch.tick()
    assert ranges(result) == [("3", "5"), ("11", "11"), ("17", "17"), ("99", "99"), ("130", "130")]
    assert {request.job_name for request in result.run_requests or []} == {"refresh_groups"}
    assert len({request.tags[WAVE_TAG] for request in result.run_requests or []}) == 1
    assert len(set(keys(result))) == 5
    assert result.skip_message is None
    assert [(sorted(ids) == sorted(CLASS), budget) for ids, budget in watch.repositories.calls] == [
        (True, LOOK_BUDGET_S)
    ]


def test_nothing_is_asked_for_where_nothing_changed(make_watch: Callable[..., Watch]) -> None:
    result = make_watch(CLASS).tick()
    assert not result.run_requests
    assert result.skip_message == "130 groups looked at, nothing new."


def test_many_changes_are_cut_into_runs_of_the_set_size(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(CLASS)
    watch.repositories.push(*CLASS)
    assert ranges(watch.tick()) == [("1", "33"), ("34", "66"), ("67", "99"), ("100", "130")]


def test_a_new_class_asks_for_all_its_groups_though_nothing_is_known_of_them(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["a", "b"])
    watch.repositories.push("a", "b", seen_id="new")
    assert ranges(watch.tick()) == [("a", "b")]


def test_without_groups_a_tick_says_what_to_do(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.instance.delete_dynamic_partition(NAME, "1")
    assert watch.tick().skip_message == "There are no groups yet. Materialize `groups`, or turn on roster_sensor."
    assert watch.repositories.calls == []


def test_a_group_that_dagster_does_not_know_yet_is_left_out(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3"])
    watch.instance.delete_dynamic_partition(NAME, "2")
    watch.repositories.push("1", "2", "3")
    assert ranges(watch.tick()) == [("1", "3")], "neighbours now"


def test_what_is_wrong_with_a_look_is_told_and_no_error(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    raised: list[Exception] = [ConfigError("course.yaml: wrong.\nMore."), ZeroDivisionError("division by zero")]

    def look(*_: object, **__: object) -> Mapping[str, Look]:
        raise raised.pop(0)

    watch.repositories = look  # type: ignore[assignment]
    watch.cursors["repository_sensor"] = before = Cursor(sequence=3).text()
    assert watch.tick().skip_message == "course.yaml: wrong.\nMore."
    told = "Looking at the repositories failed: ZeroDivisionError: division by zero"
    assert watch.tick().skip_message == told
    assert watch.cursors["repository_sensor"] == before


def test_a_course_that_cannot_be_read_is_told_and_no_error(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.room.lake.path(GROUPS).write_bytes(b"damaged")
    assert "cannot be read" in (watch.tick().skip_message or "")


# Twice, never, late


def test_a_group_is_not_asked_for_again_while_its_run_is_queued_or_running(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3"])
    watch.repositories.push("1", "2")
    runs = watch.launch(watch.tick())
    assert len(runs) == 1
    watch.now += timedelta(hours=7)
    watch.repositories.push("2", "3", seen_id="b")
    result = watch.tick()
    assert ranges(result) == [("3", "3")]
    watch.end([*runs, *watch.launch(result)])
    watch.now += 5 * MINUTE
    # What was pushed while the run was under way is not missed.
    assert ranges(watch.tick()) == [("1", "3")]


def test_the_run_of_a_command_line_that_was_killed_does_not_count(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    watch.room.settings.locks_dir.mkdir(parents=True)
    run = watch.begin_run({**range_tags(["1"]), PROCESS_TAG: "gone"})
    watch.repositories.push("1")
    assert ranges(watch.tick()) == [("1", "1")]
    ended = watch.instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("status", ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
@pytest.mark.parametrize("tags", [range_tags(["2", "3"]), {"dagster/partition": "2"}])
def test_runs_of_whomever_count(make_watch: Callable[..., Watch], status: str, tags: dict[str, str]) -> None:
    watch = make_watch(["1", "2", "3", "4"])
    watch.begin_run(tags, dg.DagsterRunStatus[status])
    watch.repositories.push("1", "2", "3", "4")
    expected = [("1", "1"), ("4", "4")] if RANGE_START in tags else [("1", "1"), ("3", "4")]
    assert ranges(watch.tick()) == expected


def test_a_backfill_whose_runs_are_not_there_yet_counts(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3", "4"])
    definitions = build_defs()
    names = ["commits", "files"]
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="clicked",
        asset_graph=definitions.resolve_asset_graph(),
        partition_names=["2", "3"],
        asset_selection=[dg.AssetKey(name) for name in names],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=watch.instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    watch.instance.add_backfill(backfill)
    watch.repositories.push("1", "2", "3", "4")
    assert ranges(watch.tick(definitions=definitions)) == [("1", "1"), ("4", "4")]
    watch.instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS))
    assert ranges(watch.tick(definitions=definitions)) == [("2", "3")]


def test_a_run_that_ended_while_was_looked_is_not_followed_by_a_second(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    run = watch.begin_run(range_tags(["1"]))

    class Ending(Repositories):
        def __call__(self, *args: Any, **kwargs: Any) -> Mapping[str, Look]:
            looks = super().__call__(*args, **kwargs)
            watch.instance.report_run_failed(run)
            return looks

    watch.repositories = Ending()
    watch.repositories.push("1", "2")
    watch.now = datetime.now(UTC) - timedelta(seconds=1)
    assert ranges(watch.tick()) == [("2", "2")]


def test_a_daemon_killed_before_it_kept_the_cursor_launches_nothing_twice(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3", "4"])
    watch.repositories.push("4")
    watch.end(watch.launch(watch.tick()))
    watch.repositories.push("1", "2")
    killed = watch.tick(is_killed=True)
    runs = watch.launch(killed)
    assert ranges(killed) == [("1", "2")]
    # While the run is under way, and when it has failed before anybody looked.
    assert ranges(watch.tick(is_killed=True)) == []
    watch.end(runs)
    again = watch.tick()
    assert keys(again) == keys(killed)
    assert watch.launch(again) == []
    # The failure is tried again all the same, after its pause.
    watch.now += 5 * MINUTE
    later = watch.tick()
    assert ranges(later) == [("1", "2"), ("4", "4")]
    assert len(watch.launch(later)) == 2


def test_a_cursor_that_cannot_be_read_costs_one_attempt_and_raises_nothing(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    watch.repositories.silence("1")
    watch.end(watch.launch(watch.tick()))
    watch.cursors["repository_sensor"] = '{"version": 0, "heads": {}}'
    watch.now += MINUTE
    result = watch.tick()
    assert ranges(result) == [("1", "1")]
    assert len(watch.launch(result)) == 1


def test_a_repository_that_fails_is_asked_for_after_growing_pauses(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    watch.repositories.silence("2")
    asked = []
    for minute in range(0, 400, 5):
        watch.now = NOON + minute * MINUTE
        result = watch.tick()
        watch.end(watch.launch(result))
        asked += [minute] * len(result.run_requests or [])
    assert asked == [0, 5, 15, 35, 75, 155, 315]
    assert watch.tick().skip_message == (
        "2 groups looked at, 1 unreadable, 1 failed before and rest until 2099-01-05 22:35 UTC, nothing new."
    )


def test_repositories_that_hang_are_looked_at_after_all_others_and_with_little_time(
    make_watch: Callable[..., Watch],
) -> None:
    watch = make_watch(["1", "2", "3"])
    watch.repositories.silence("1")
    watch.end(watch.launch(watch.tick()))
    watch.now += MINUTE
    watch.repositories.calls.clear()
    watch.tick()
    (first, budget), (second, spare) = watch.repositories.calls
    assert (first, second) == (["2", "3"], ["1"])
    assert 0 < spare <= SPARE_BUDGET_S < budget == LOOK_BUDGET_S
    assert budget < 40
    # Once it answers again it does not wait for its pause.
    watch.repositories.push("1")
    assert ranges(watch.tick()) == [("1", "1")]


def test_groups_that_were_not_reached_come_first_in_the_next_tick(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3", "4"])
    watch.repositories.unreached = {"3", "4"}
    assert "2 not reached, which come next" in (watch.tick().skip_message or "")
    watch.tick()
    assert [ids for ids, _ in watch.repositories.calls] == [["1", "2", "3", "4"], ["3", "4", "1", "2"]]


def test_the_cursor_is_small_and_readable(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(CLASS)
    watch.repositories.push(*CLASS, seen_id="f" * 32)
    cursor = watch.tick().cursor or ""
    assert len(Cursor.parse(cursor).requests) == 130
    assert len(cursor) < 20_000


# The roster


def test_a_roster_that_is_current_asks_for_nothing(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    result = watch.roster_tick()
    assert (result.skip_message, result.dynamic_partitions_requests) == ("2 groups, as in the roster.", [])


def test_a_changed_roster_is_asked_for_once_and_again_when_it_comes_back(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2"])
    seen = []
    for group_ids in (["1", "2", "3"], ["1", "2"], ["1", "2", "3"], ["1", "2"]):
        watch.room.write_roster(group_ids)
        result = watch.roster_tick()
        (request,) = result.run_requests or []
        assert request.job_name == "refresh_roster"
        assert request.asset_selection == [dg.AssetKey("groups")]
        seen.append(request.run_key)
        assert not watch.roster_tick().run_requests
        watch.store_roster()
        assert not watch.roster_tick().run_requests
    assert len(set(seen)) == 4


def test_the_very_first_roster_comes_with_the_starter_code(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.room.lake.path(GROUPS).unlink()
    watch.room.lake.path(STARTER_FILES).unlink()
    (request,) = watch.roster_tick().run_requests or []
    assert request.asset_selection == [dg.AssetKey(name) for name in ("groups", "starter_files", "starter_shapes")]


def test_a_roster_that_is_being_refreshed_is_waited_for(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.room.write_roster(["1", "2"])

    @dg.job(name="refresh_roster")
    def running() -> None:
        pass

    run = watch.begin_run({}, job=running)
    assert watch.roster_tick().skip_message == "The roster is being refreshed."
    watch.end([run])
    assert len(watch.roster_tick().run_requests or []) == 1


def test_a_daemon_killed_before_it_kept_the_cursor_asks_under_the_same_key(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.room.write_roster(["1", "2"])
    watch.roster_tick()
    watch.store_roster()
    watch.room.write_roster(["1", "2", "3"])
    assert keys(watch.roster_tick(is_killed=True)) == keys(watch.roster_tick())


def test_a_roster_that_is_not_taken_over_is_tried_again_after_a_pause(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1"])
    watch.room.write_roster(["1", "2"])
    first = watch.roster_tick()
    watch.now += MINUTE
    assert watch.roster_tick().skip_message == (
        "The roster was not taken over, as the run of refresh_roster says. Next attempt at 2099-01-05 12:05 UTC."
    )
    watch.now += 5 * MINUTE
    second = watch.roster_tick()
    assert len({*keys(first), *keys(second)}) == 2


@pytest.mark.parametrize("text", ["", "nonsense\n1,2\n", "group_nb,github_repo\n"])
def test_a_broken_roster_is_told_and_removes_nothing(make_watch: Callable[..., Watch], text: str) -> None:
    watch = make_watch(["1", "2"])
    watch.room.settings.roster_file.write_text(text)
    result = watch.roster_tick()
    assert str(watch.room.settings.roster_file) in (result.skip_message or "")
    assert not result.run_requests
    assert not result.dynamic_partitions_requests
    watch.room.settings.roster_file.unlink()
    assert "cannot be read" in (watch.roster_tick().skip_message or "")


def test_a_roster_that_lost_most_groups_changes_nothing(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3", "4", "5"])
    watch.room.write_roster(["1"])
    result = watch.roster_tick()
    assert not result.run_requests
    assert not result.dynamic_partitions_requests


def test_partitions_that_differ_from_the_stored_groups_are_mended(make_watch: Callable[..., Watch]) -> None:
    watch = make_watch(["1", "2", "3"])
    watch.instance.delete_dynamic_partition(NAME, "2")
    watch.instance.add_dynamic_partitions(NAME, ["ghost"])
    result = watch.roster_tick()
    assert result.dynamic_partitions_requests is not None
    added, removed = result.dynamic_partitions_requests
    assert isinstance(added, dg.AddDynamicPartitionsRequest)
    assert isinstance(removed, dg.DeleteDynamicPartitionsRequest)
    assert (list(added.partition_keys), list(removed.partition_keys)) == (["2"], ["ghost"])
    assert result.skip_message == "3 groups, as in the roster. Partitions mended: 1 added, 1 removed."


# Runs and the tables over all groups


def test_wanted_groups_are_cut_into_runs_of_neighbours() -> None:
    known = ["a", "b", "c", "d", "e"]
    assert runs_of(known, known, max_groups=2) == [("a", "b"), ("c", "d"), ("e",)]
    assert runs_of(known, {"e", "a", "b", "ghost"}, max_groups=9) == [("a", "b"), ("e",)]
    assert runs_of(known, set(), max_groups=9) == []


@pytest.mark.slow
def test_seven_pushes_are_one_wave_at_whose_end_the_leaderboard_is_refreshed_once(
    make_room: Callable[..., Classroom],
) -> None:
    ids = [str(number) for number in range(1, 11)]
    pushed = ["1", "2", "4", "6", "7", "8", "10"]
    room = make_room(ids)
    room.refresh(ids)
    mentor = Mentor(data_dir=str(room.data), course=str(room.folder / "course.yaml"))
    definitions = build_defs(resource_overrides={"mentor": mentor})
    class_tables = dg.AssetSelection.groups("leaderboard")
    job = definitions.resolve_job_def("refresh_groups")
    watching = make_repository_sensor()
    evaluated: dg.EvaluateAutomationConditionsResult | None = None
    with open_instance(room.settings) as instance:

        def num_refreshes() -> int:
            nonlocal evaluated
            evaluated = dg.evaluate_automation_conditions(
                definitions, instance, asset_selection=class_tables, cursor=evaluated.cursor if evaluated else None
            )
            return evaluated.total_requested

        def tick(cursor: str | None) -> SensorExecutionData:
            with dg.build_sensor_context(
                instance=instance, cursor=cursor, resources={"mentor": mentor}, definitions=definitions
            ) as context:
                return watching.evaluate_tick(context)

        assert num_refreshes() == 0
        quiet = tick(None)
        assert quiet.skip_message == "10 groups looked at, nothing new."
        for group_id in pushed:
            room.make_group(group_id, num_commits=1)
        result = tick(quiet.cursor)
        assert ranges(result) == [("1", "2"), ("4", "4"), ("6", "8"), ("10", "10")]
        requests = list(result.run_requests or [])
        # The last run is in the queue while the others are worked on.
        waiting = instance.create_run_for_job(job, tags=requests[-1].tags)
        others = ", 1 being worked on, 6 failed before and rest until "
        assert others in (tick(result.cursor).skip_message or "")
        for request in requests[:-1]:
            assert job.execute_in_process(instance=instance, tags=request.tags).success
            assert num_refreshes() == 0, "before the wave is over"
        instance.report_run_canceled(waiting)
        assert job.execute_in_process(instance=instance, tags=requests[-1].tags).success
        assert num_refreshes() == 5
        definitions.resolve_job_def("refresh_class").execute_in_process(instance=instance)
        assert [num_refreshes(), num_refreshes()] == [0, 0]
        assert tick(result.cursor).skip_message == "10 groups looked at, nothing new."
    board = room.lake.read(LEADERBOARD)
    commits = dict(board.select("group_id", "total_commits").iter_rows())
    assert commits == {group_id: 4 if group_id in pushed else 3 for group_id in ids}
