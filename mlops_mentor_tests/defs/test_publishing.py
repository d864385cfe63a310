"""What others see, through Dagster and the command line: exported and made into pages, pushed when told, and erased."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.assets import publish
from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.launch import launcher
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.publish.class_export import Exported, is_export_current
from mlops_mentor.publish.dataset.folder import Written
from mlops_mentor.publish.manifest import read_manifest
from mlops_mentor.publish.privacy.gate import Hit
from mlops_mentor_tests.cli.test_commands import of, type_in
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom
from mlops_mentor_tests.publish.hub.fake_hub import WRITER, FakeHub

REPO = "dtu/class"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class of three groups that was refreshed and exported."""
    room = make_classroom(tmp_path_factory.mktemp("class"), ["1", "2", "3"])
    with launcher(room.settings) as started:
        started.run_roster()
        started.run_groups({"1", "2", "3"})
        started.run_class()
        started.run_export()
    return room


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A Hub on this machine, and the settings that name a dataset on it."""
    with FakeHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_TOKEN", WRITER)
        monkeypatch.setenv("MENTOR_HF_REPO", REPO)
        yield hub


def events(room: Classroom, kind: dg.DagsterEventType) -> list[dg.EventLogEntry]:
    """Of the newest run."""
    with open_instance(room.settings) as instance:
        (run, *_) = instance.get_runs(limit=1)
        return list(instance.all_logs(run.run_id, of_type=kind))


def pages(room: Classroom) -> set[str]:
    return {file.name for file in (room.settings.site_dir / "group").iterdir()}


def test_an_export_and_its_pages_are_there_and_nothing_is_withheld(room: Classroom) -> None:
    assert read_manifest(room.settings.export_dir).groups == ("1", "2", "3")
    assert pages(room) == {"1.html", "2.html", "3.html"}
    assert is_export_current(room.settings)
    (checked,) = events(room, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    said = checked.get_dagster_event().asset_check_evaluation_data
    assert (said.check_name, said.passed) == ("nothing_is_withheld", True)


def test_what_is_withheld_fails_the_check_with_table_group_and_kind(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit = Hit("feedback", "2", "text", "e-mail")
    exported = Exported(Written((), False, 0), {"feedback": 1}, {"e-mail": 1}, (hit,), True)
    monkeypatch.setattr(publish, "export_class", lambda settings: exported)
    mentor = Mentor(data_dir=str(room.data), course=str(room.folder / "course.yaml"))
    result = dg.materialize([publish.dataset_export], resources={"mentor": mentor})
    assert result.success
    (said,) = result.get_asset_check_evaluations()
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    (record,) = said.metadata["withheld"].records  # type: ignore[attr-defined]
    assert record.data == {"table": "feedback", "group": "2", "column": "text", "kind": "e-mail"}


def test_without_a_token_the_push_says_so_and_is_skipped(room: Classroom) -> None:
    with launcher(room.settings) as started:
        assert started.run_push() == {}
    assert events(room, dg.DagsterEventType.ASSET_MATERIALIZATION) == []
    with open_instance(room.settings) as instance:
        (run, *_) = instance.get_runs(limit=1)
        said = [entry.user_message for entry in instance.all_logs(run.run_id)]
    assert run.is_success
    assert any(each.startswith("Nothing is pushed. MENTOR_HF_REPO is not set.") for each in said)
    command = type_in("push", *of(room))
    assert command.code == 1
    assert "MENTOR_HF_REPO is not set" in command.err


@pytest.mark.loopback
def test_the_export_is_pushed_once_tagged_by_its_run_and_a_group_is_erased(hub: FakeHub, tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1", "2", "3"])
    assert type_in("run", *of(room)).code == 0
    first = type_in("push", *of(room))
    assert (first.code, "in one commit" in first.out) == (0, True)
    dataset = hub.dataset(REPO)
    assert dataset.is_private
    assert len(dataset.history()) == 2  # the Hub's own first one
    assert [tag for tag in dataset.tags if tag.startswith("run-")]
    again = type_in("push", *of(room))
    assert (again.code, "Nothing has changed" in again.out, len(dataset.history())) == (0, True, 2)

    erased = type_in("erase", "2", *of(room))
    assert erased.code == 0, erased.err
    assert read_manifest(room.settings.export_dir).groups == ("1", "3")
    assert pages(room) == {"1.html", "3.html"}
    assert len(hub.dataset(REPO).history()) == 1
    assert b'"groups":["1","3"]' in hub.dataset(REPO).files()["export.json"].replace(b" ", b"").replace(b"\n", b"")
    # No later run brings it back.
    assert type_in("run", *of(room)).code == 0
    assert read_manifest(room.settings.export_dir).groups == ("1", "3")


def test_a_group_that_nobody_knows_is_not_erased(room: Classroom) -> None:
    said = type_in("erase", "17", *of(room))
    assert (said.code, "group 17: was never in" in said.err) == (2, True)
    assert not room.settings.unpublished_file.exists()


def test_a_run_goes_on_where_nothing_can_be_exported(make_room: Callable[..., Classroom]) -> None:
    room = make_room(["1"])
    with (room.folder / "course.yaml").open("a") as file:
        file.write("publish: {groups: alias}\n")
    said = type_in("run", *of(room))
    assert said.code == 0
    assert "not exported" in said.err
    assert "no alias for group 1" in said.err
    assert room.settings.warehouse_file.exists()


def test_nothing_is_started_where_nothing_has_changed(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_in("run", *of(room)).code == 0
    monkeypatch.setattr("mlops_mentor.defs.launch.launcher", lambda settings: pytest.fail("Dagster was started"))
    assert type_in("run", *of(room)).code == 0


def test_the_definitions_hold_the_jobs_of_publishing() -> None:
    definitions = build_defs()
    assert {"refresh_export", "push_dataset"} <= {job.name for job in definitions.get_repository_def().get_all_jobs()}
