"""The sensor of reviews.csv: what is taken over, which pages are renewed, and that every change is noticed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.partitions import NAME, RANGE_END, RANGE_START
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.sensors.reviews import make_reviews_sensor
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, LLM_CALLS, REVIEWS
from mlops_mentor_tests.feedback.classes import ReviewedClass

HEADER = "group_id,area,score,comment,reviewer,time,released\n"


@dataclass
class Watched:
    """A class with feedback, its reviews.csv, and a Dagster that starts every run key once."""

    made: ReviewedClass
    instance: dg.DagsterInstance
    run_keys: set[str | None] = field(default_factory=set)
    cursor: str | None = None

    def write(self, *rows: str) -> None:
        self.made.settings.reviews_file.write_text(HEADER + "".join(f"{row}\n" for row in rows))

    def tick(self) -> SensorExecutionData:
        mentor = Mentor(data_dir=str(self.made.folder), course=str(self.made.folder / "course.yaml"))
        with dg.build_sensor_context(self.instance, cursor=self.cursor, resources={"mentor": mentor}) as context:
            found = make_reviews_sensor().evaluate_tick(context)
        self.cursor = found.cursor
        return found

    def run(self) -> list[str | None]:
        """Names of the jobs that a tick starts, done at once."""
        mentor = Mentor(data_dir=str(self.made.folder), course=str(self.made.folder / "course.yaml"))
        definitions = build_defs(resource_overrides={"mentor": mentor})
        started = [each for each in self.tick().run_requests or [] if each.run_key not in self.run_keys]
        for request in started:
            self.run_keys.add(request.run_key)
            job = definitions.resolve_job_def(str(request.job_name))
            tags, config = dict(request.tags), dict(request.run_config)
            assert job.execute_in_process(instance=self.instance, tags=tags, run_config=config).success
        return [request.job_name for request in started]

    def page(self, group_id: str = "1") -> dict[str, object]:
        return self.made.lake.read(FEEDBACK_REPORTS, group_id).row(0, named=True)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")
    made = ReviewedClass(tmp_path / "data")
    for group_id in ("1", "2", "3"):
        made.commit(group_id)
    made.review()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(NAME, ["1", "2", "3"])
        found = Watched(made, instance)
        assert found.run() == ["refresh_reviews"]
        yield found


def now() -> str:
    return (datetime.now(UTC) + timedelta(seconds=1)).isoformat(timespec="seconds")


def test_nothing_is_asked_for_while_nothing_is_said(watched: Watched) -> None:
    result = watched.tick()
    assert not result.run_requests and "every page has them" in str(result.skip_message)


def test_pages_are_not_looked_at_again_until_something_behind_them_changes(watched: Watched) -> None:
    assert "every page has them" in str(watched.tick().skip_message)
    assert "since every page was made" in str(watched.tick().skip_message)
    watched.made.lake.confirm(FEEDBACK, "2")
    assert "every page has them" in str(watched.tick().skip_message)
    assert "since every page was made" in str(watched.tick().skip_message)


def test_a_release_is_taken_over_and_renews_the_page_of_its_group_alone(watched: Watched) -> None:
    watched.write(f"2,,,,Kim,{now()},yes")
    assert watched.run() == ["refresh_reviews"]
    (request,) = watched.tick().run_requests or []
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("2", "2")
    assert watched.run() == ["refresh_pages"]
    assert (watched.page("2")["state"], watched.page("1")["state"]) == ("released", "draft")
    assert watched.run() == []


def test_pages_of_groups_that_are_no_neighbours_are_one_run_which_leaves_the_others_alone(watched: Watched) -> None:
    watched.write(f"1,,,,Kim,{now()},yes", f"3,,,,Kim,{now()},yes")
    watched.run()
    (request,) = watched.tick().run_requests or []
    assert request.run_config["ops"]["group_feedback"]["config"]["only"] == ["1", "3"]
    before = watched.made.lake.confirmed_at(FEEDBACK_REPORTS, "2")
    assert watched.run() == ["refresh_pages"]
    assert [watched.page(group_id)["state"] for group_id in "123"] == ["released", "draft", "released"]
    assert watched.made.lake.confirmed_at(FEEDBACK_REPORTS, "2") == before
    assert watched.run() == []


def test_a_row_that_comes_and_goes_and_comes_again_is_noticed_every_time(watched: Watched) -> None:
    release = f"1,,,,Kim,{now()},yes"
    for _ in range(3):
        watched.write(release)
        assert (watched.run(), watched.run()) == (["refresh_reviews"], ["refresh_pages"])
        assert watched.page()["state"] == "released"
        watched.write()
        assert (watched.run(), watched.run()) == (["refresh_reviews"], ["refresh_pages"])
        assert watched.page()["released_markdown"] is None


def test_the_same_is_asked_for_once_while_its_run_is_under_way(watched: Watched) -> None:
    watched.write(f"1,,,,Kim,{now()},yes")
    first, second = watched.tick().run_requests or [], watched.tick().run_requests or []
    assert [each.run_key for each in first] == [each.run_key for each in second]


def test_rows_that_cannot_be_used_stop_no_others(watched: Watched) -> None:
    watched.write("99,,,Who?,Kim,2027-01-25T12:00,", "1,unit_testing,9,,Kim,2027-01-25T12:00,", f"1,,,,Kim,{now()},yes")
    assert watched.run() == ["refresh_reviews"]
    assert watched.made.lake.read(REVIEWS)["row"].to_list() == [4]


def test_a_sheet_without_a_header_is_the_reason_to_skip(watched: Watched) -> None:
    watched.made.settings.reviews_file.write_text("a,b\n1,2\n")
    result = watched.tick()
    assert not result.run_requests and "header" in str(result.skip_message)


def test_a_damaged_part_of_one_group_keeps_no_other_page_from_being_renewed(watched: Watched) -> None:
    watched.made.lake.path(LLM_CALLS, "1").write_bytes(b"no table")
    watched.write(f"1,,,,Kim,{now()},yes", f"3,,,,Kim,{now()},yes")
    assert (watched.run(), watched.run()) == (["refresh_reviews"], ["refresh_pages"])
    assert watched.page("3")["state"] == "released"


def test_a_group_whose_feedback_was_forgotten_is_left_alone(watched: Watched) -> None:
    lake = watched.made.lake
    lake.write(FEEDBACK, lake.read(FEEDBACK, "1").clear(), "1")
    lake.remove(FEEDBACK_REPORTS, "1")
    assert not watched.tick().run_requests
