"""Schedules: every night, where the course is, everything is asked for once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.partitions import NAME, RANGE_END, RANGE_START
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.schedules import nightly_schedules
from mlops_mentor.settings import Settings
from mlops_mentor_tests.defs.classroom import COURSE

THREE = datetime(2027, 1, 10, 2, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "course.yaml").write_text(COURSE)
    return Settings(data_dir=tmp_path / "data", course=tmp_path / "course.yaml")


def ask(
    schedule: dg.ScheduleDefinition, settings: Settings, group_ids: Sequence[str] = (), at: datetime = THREE
) -> tuple[Sequence[dg.RunRequest], str | None]:
    with open_instance(settings) as instance:
        instance.add_dynamic_partitions(NAME, list(group_ids))
        mentor = Mentor(data_dir=str(settings.data_dir), course=str(settings.course))
        with dg.build_schedule_context(instance, at, {"mentor": mentor}) as context:
            data = schedule.evaluate_tick(context)
    return data.run_requests or [], data.skip_message


def test_the_roster_comes_before_the_groups_at_night_where_the_course_is(settings: Settings) -> None:
    found = {each.name: (each.cron_schedule, each.execution_timezone) for each in nightly_schedules(settings)}
    assert found == {
        "nightly_roster": ("30 2 * * *", "Europe/Copenhagen"),
        "nightly_groups": ("0 3 * * *", "Europe/Copenhagen"),
        "nightly_feedback": ("0 5 * * *", "Europe/Copenhagen"),
    }


@pytest.mark.parametrize("text", [None, "time_zone: Mars/Olympus\n", "{"])
def test_where_the_course_cannot_be_read_the_night_is_that_of_utc(settings: Settings, text: str | None) -> None:
    file = settings.course_file
    file.unlink() if text is None else file.write_text(text)
    assert {each.execution_timezone for each in nightly_schedules(settings)} == {"UTC"}


def test_schedules_are_off_until_somebody_turns_them_on(settings: Settings) -> None:
    assert {each.default_status for each in nightly_schedules(settings)} == {dg.DefaultScheduleStatus.STOPPED}


def test_the_roster_is_asked_for_once_a_night(settings: Settings) -> None:
    roster, _, _ = nightly_schedules(settings)
    (first,), _ = ask(roster, settings)
    (again,), _ = ask(roster, settings)
    (next_night,), _ = ask(roster, settings, at=datetime(2027, 1, 11, 2, tzinfo=UTC))
    assert first.run_key == again.run_key == "nightly-roster-2027-01-10"
    assert next_night.run_key == "nightly-roster-2027-01-11"


def test_all_groups_are_asked_for_in_runs_of_the_set_size(settings: Settings) -> None:
    _, groups, _ = nightly_schedules(settings)
    requests, _ = ask(groups, settings, [str(number) for number in range(1, 71)])
    assert [(each.tags[RANGE_START], each.tags[RANGE_END]) for each in requests] == [
        ("1", "33"), ("34", "66"), ("67", "70"),
    ]  # fmt: skip
    assert [each.run_key for each in requests] == [
        "nightly-groups-2027-01-10-1-33",
        "nightly-groups-2027-01-10-34-66",
        "nightly-groups-2027-01-10-67-70",
    ]
    assert requests == ask(groups, settings, [str(number) for number in range(1, 71)])[0]


def test_at_night_every_group_is_asked_anew(settings: Settings) -> None:
    _, groups, _ = nightly_schedules(settings)
    (request,), _ = ask(groups, settings, ["1"])
    job = build_defs().resolve_job_def("refresh_groups")
    assert dg.validate_run_config(job, dict(request.run_config))
    assert request.run_config["ops"]["group_tables"]["config"] == {"ask_again": True}


def test_a_night_without_groups_says_so(settings: Settings) -> None:
    _, groups, _ = nightly_schedules(settings)
    assert ask(groups, settings) == ([], "There are no groups yet. Materialize `groups`.")


def test_feedback_is_asked_for_in_one_run_whose_budget_holds_for_all(settings: Settings) -> None:
    _, _, feedback = nightly_schedules(settings)
    (request,), _ = ask(feedback, settings, [str(number) for number in range(1, 71)])
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("1", "70")
    assert request.run_key == "nightly-feedback-2027-01-10"


def test_a_night_without_groups_asks_for_no_feedback(settings: Settings) -> None:
    _, _, feedback = nightly_schedules(settings)
    requests, reason = ask(feedback, settings)
    assert not requests and "no groups" in str(reason)
