"""What of a group's feedback outlives a change: of its repository, of a failed attempt to ask again, of damage."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.chain.freshness import class_key
from mlops_mentor.feedback.class_feedback import feedback_of
from mlops_mentor.feedback.estimate import Estimate, estimate_class
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, LLM_CALLS, REPO_SNAPSHOTS, REVIEW_PACKS, REVIEWS, empty
from mlops_mentor_tests.chains import COURSE, Chain, finished, recomputed
from mlops_mentor_tests.feedback.classes import CONTENTS, ReviewedClass
from mlops_mentor_tests.feedback.llm.fault_server import SERVER_ERROR, Asked, FaultServer, always, per_question
from mlops_mentor_tests.feedback.models import honest
from mlops_mentor_tests.repos.sources import Source

README = {b"README.md": b"# Another project\n\nIt trains a model of letters, in quite other words than before.\n"}
RELEASE = {"group_id": "1", "row": 2, "area": None, "score": None, "comment": None, "is_released": True,
           "reviewer": "Tina"}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest) as server:
        yield server


def with_model(folder: Path, server: FaultServer, **options: Any) -> ReviewedClass:
    chosen = {"reviewer": "model", "model": "large", "openai_base_url": server.url, "llm_price": "1,1,1"}
    made = ReviewedClass(folder / "data", options=chosen | options)
    made.commit("1")
    return made


def release(made: ReviewedClass) -> None:
    made.say(pl.DataFrame([RELEASE | {"reviewed_at": datetime.now(UTC)}], schema=REVIEWS.schema))
    made.review()


def estimate(made: ReviewedClass) -> Estimate:
    settings, inputs = made.settings, made.inputs()
    return estimate_class([feedback_of(group, made.lake, inputs, settings) for group in made.groups], inputs, settings)


@pytest.mark.loopback
def test_of_another_repository_nothing_is_kept_and_nothing_released(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    release(made)
    assert made.lake.read(FEEDBACK_REPORTS, "1")["released_markdown"].item()
    num_calls = made.calls().height
    made.sources["1"] = Source(tmp_path / "another")
    server.script = always(SERVER_ERROR)
    made.commit("1", dict(CONTENTS) | README)
    assert made.lake.read(FEEDBACK, "1").is_empty() and made.lake.read(FEEDBACK_REPORTS, "1").is_empty()
    made.review()
    # Where the other repository shows the very same, what was answered about that is as true of this one.
    assert "kept" not in {row["state"] for row in made.feedback().values()}
    assert made.lake.read(FEEDBACK_REPORTS, "1")["released_markdown"].item() is None
    assert made.calls().height > num_calls, "what was paid stays"


def test_where_no_commit_counts_any_more_no_feedback_is_left(tmp_path: Path) -> None:
    made = ReviewedClass(tmp_path / "data")
    made.commit("1")
    made.review()
    release(made)
    earlier = COURSE.model_copy(update={"deadline": datetime(2027, 1, 4)})
    result = Chain(made.folder, made.group("1")).run(now=datetime(2027, 2, 1, tzinfo=UTC), course=earlier)
    assert result.failed_table is None
    assert made.lake.read(REPO_SNAPSHOTS, "1")["snapshot_sha"].item() is None
    assert made.lake.read(FEEDBACK, "1").is_empty() and made.lake.read(REVIEW_PACKS, "1").is_empty()
    assert made.lake.read(FEEDBACK_REPORTS, "1").is_empty()


@pytest.mark.loopback
def test_asking_again_without_an_answer_loses_no_answer_that_was_paid(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    num_asked, before = len(server.seen), made.feedback()
    made.options["llm_budget_run_usd"] = 0.0
    made.review(ask_again=True)
    rows = made.feedback()
    assert {row["state"] for row in rows.values()} == {"kept"} and len(server.seen) == num_asked
    assert not any("state of the repository" in row["reason"] for row in rows.values())
    made.options["llm_budget_run_usd"] = 5.0
    made.review()
    assert len(server.seen) == num_asked, "the old answers are paid for"
    assert {area: row["written_at"] for area, row in made.feedback().items()} == {
        area: row["written_at"] for area, row in before.items()
    }
    assert {row["state"] for row in made.feedback().values()} == {"reviewed"}


@pytest.mark.loopback
def test_a_group_whose_reviewer_is_away_is_not_reported_as_made(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    server.script = always(SERVER_ERROR)
    assert finished(made.review()["1"]) == ["review_packs", "llm_calls", "feedback_reports"]
    server.script = per_question()
    assert "feedback" in finished(made.review()["1"])


@pytest.mark.loopback
def test_an_estimate_counts_what_a_run_would_ask_and_no_deleted_answers(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    assert sum(num_calls for _, num_calls, _ in estimate(made).areas) == 4
    made.review()
    shutil.rmtree(made.settings.answers_dir)
    made.commit("1", {b"tests/test_more.py": b"def test_more() -> None:\n    assert 1 + 1 == 2\n"})
    counted = sum(num_calls for _, num_calls, _ in estimate(made).areas)
    num_asked = len(server.seen)
    made.review()
    assert 0 < counted == len(server.seen) - num_asked < 4


@pytest.mark.loopback
def test_a_group_that_cannot_be_estimated_is_named_and_the_others_counted(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.commit("2", CONTENTS)
    made.lake.path(LLM_CALLS, "1").parent.mkdir(parents=True, exist_ok=True)
    made.lake.path(FEEDBACK, "1").parent.mkdir(parents=True, exist_ok=True)
    made.lake.path(FEEDBACK, "1").write_bytes(b"no table")
    found = estimate(made)
    assert (found.failed, found.num_groups) == (("1",), 1)
    assert any("groups 1." in line for line in found.lines())


@pytest.mark.parametrize("table", [FEEDBACK, LLM_CALLS, REVIEW_PACKS, FEEDBACK_REPORTS], ids=lambda table: table.name)
def test_a_damaged_part_makes_its_group_due_and_stops_nobody(tmp_path: Path, table: Any) -> None:
    made = ReviewedClass(tmp_path / "data")
    made.commit("1")
    made.review()
    path = made.lake.path(table, "1")
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 3] = b"\xff" * (len(content) // 3 - 4)
    path.write_bytes(bytes(content))
    # Nobody reads an old page to know whether it is current.
    assert table is FEEDBACK_REPORTS or not made.inputs().is_current(made.lake, made.group("1"))
    path.write_bytes(b"no table")
    assert not made.inputs().is_current(made.lake, made.group("1"))


def test_what_is_published_is_stale_when_tas_say_something_of_a_group_without_feedback(tmp_path: Path) -> None:
    made = ReviewedClass(tmp_path / "data")
    made.commit("1")
    before = class_key(made.lake)
    made.lake.write(REVIEWS, empty(REVIEWS), input_key="another sheet")
    assert class_key(made.lake) != before


def test_what_was_released_before_a_push_is_read_although_no_run_came_between(tmp_path: Path) -> None:
    made = ReviewedClass(tmp_path / "data")
    made.commit("1")
    made.review()
    before = made.feedback()["code_quality"]
    made.say(pl.DataFrame([RELEASE | {"reviewed_at": datetime.now(UTC)}], schema=REVIEWS.schema))
    made.commit("1", {b"src/digits/extra.py": b"def more(number):\n    return number + 1\n" * 40})
    result = made.review()["1"]
    assert FEEDBACK_REPORTS.name in recomputed(result)
    assert made.feedback()["code_quality"]["written_at"] > before["written_at"]
    report = made.lake.read(FEEDBACK_REPORTS, "1").row(0, named=True)
    assert report["state"] == "changed_since_release"
    assert "code_quality" not in report["areas_released"]
    told = {each["area"]: each["text"] for each in report["released"]}["code_quality"]
    assert before["snapshot_sha"][:12] in told


@pytest.mark.loopback
def test_what_is_released_while_the_model_is_asked_is_read_although_the_draft_is_another(
    tmp_path: Path, server: FaultServer
) -> None:
    made = with_model(tmp_path, server)
    made.review()
    before = made.feedback()["code_quality"]
    made.commit("1", {b"src/digits/extra.py": b"def more(number):\n    return number + 1\n" * 40})

    def release_then_answer(asked: Asked) -> str:
        # A TA at the desk, who reads the draft of before.
        now = datetime.now(UTC).isoformat()
        made.settings.reviews_file.write_text(f"group_id,area,reviewer,time,released\n1,code_quality,Tina,{now},yes\n")
        return honest(asked, score=4)

    server.answer = release_then_answer
    result = made.review()["1"]
    assert result.reason is None
    assert made.feedback()["code_quality"]["written_at"] > before["written_at"]
    (entry,) = made.lake.read(FEEDBACK_REPORTS, "1").row(0, named=True)["released"]
    assert entry["area"] == "code_quality"
    assert before["snapshot_sha"][:12] in entry["text"]
