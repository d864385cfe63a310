"""Feedback of groups with stored evidence: what is asked, what is kept, and what stands in for a model."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import polars as pl
import pytest

from mlops_mentor.feedback import group_feedback
from mlops_mentor.feedback.area import AreaResult, review_area
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, FEEDBACK_TABLES, LLM_CALLS, REVIEW_PACKS, REVIEWS
from mlops_mentor_tests.chains import Chain, finished, recomputed
from mlops_mentor_tests.feedback.classes import CONTENTS, NAMES, ReviewedClass
from mlops_mentor_tests.feedback.llm.fault_server import (
    SERVER_ERROR,
    WRONG_SCHEMA,
    Asked,
    FaultServer,
    always,
    per_question,
)
from mlops_mentor_tests.feedback.models import honest
from mlops_mentor_tests.repos.sources import Source

AREAS = ("code_quality", "unit_testing", "ci_cd", "report")
README = {b"README.md": b"# Another project\n\nIt trains a model of letters, in quite other words than before.\n"}
CODE = {b"src/digits/extra.py": b'"""More."""\n\n\ndef more(number: int) -> int:\n    return number + 1\n'}


@pytest.fixture
def by_rules(tmp_path: Path) -> ReviewedClass:
    """One group, reviewed by rules."""
    made = ReviewedClass(tmp_path / "data")
    made.commit("1")
    return made


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest) as server:
        yield server


def with_model(folder: Path, server: FaultServer, **options: Any) -> ReviewedClass:
    chosen = {"reviewer": "model", "model": "large", "openai_base_url": server.url, "llm_timeout_s": 10.0}
    made = ReviewedClass(folder / "data", options=chosen | options)
    made.commit("1")
    return made


def test_rules_write_about_every_area_and_no_model_is_asked(by_rules: ReviewedClass) -> None:
    result = by_rules.review()["1"]
    assert (result.failed_table, finished(result)) == (None, list(NAMES))
    rows = by_rules.feedback()
    assert tuple(rows) == AREAS
    assert {row["reviewer"] for row in rows.values()} == {"rules"}
    assert {row["state"] for row in rows.values()} == {"reviewed"}
    assert all(row["score"] and row["summary"] and row["input_key"] for row in rows.values())
    assert by_rules.calls().is_empty()
    page = by_rules.lake.read(FEEDBACK_REPORTS, "1").row(0, named=True)
    assert page["state"] == "draft" and page["released_markdown"] is None
    assert "DRAFT" in page["markdown"] and "fixed rules" in page["markdown"]


def test_a_second_run_changes_nothing(by_rules: ReviewedClass) -> None:
    by_rules.review()
    before = {name: by_rules.lake.read(table, "1") for name, table in zip(NAMES, FEEDBACK_TABLES, strict=True)}
    assert by_rules.inputs().is_current(by_rules.lake, by_rules.group("1"))
    result = by_rules.review()["1"]
    assert recomputed(result) == []
    assert all(by_rules.lake.read(table, "1").equals(before[table.name]) for table in FEEDBACK_TABLES)


def test_text_that_stays_as_it_is_keeps_its_time_at_a_new_commit(by_rules: ReviewedClass) -> None:
    by_rules.review()
    before = by_rules.feedback()
    by_rules.commit("1", README)
    assert not by_rules.inputs().is_current(by_rules.lake, by_rules.group("1"))
    by_rules.review()
    after = by_rules.feedback()
    assert after["unit_testing"]["snapshot_sha"] != before["unit_testing"]["snapshot_sha"]
    assert after["unit_testing"]["written_at"] == before["unit_testing"]["written_at"]


def test_a_text_is_of_the_moment_at_which_it_can_be_read(
    by_rules: ReviewedClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until then TAs release what was there before.
    answered: list[datetime] = []

    async def slowly(*given: Any) -> AreaResult:
        result = await review_area(*given)
        await anyio.sleep(0.01)
        answered.append(datetime.now(UTC))
        return result

    monkeypatch.setattr(group_feedback, "review_area", slowly)
    by_rules.review()
    assert len(answered) == len(AREAS)
    assert min(row["written_at"] for row in by_rules.feedback().values()) >= max(answered)


def test_a_group_whose_repository_was_never_read_is_left_out(by_rules: ReviewedClass) -> None:
    by_rules.sources["2"] = by_rules.sources["1"]
    assert set(by_rules.review()) == {"1"}


def test_a_group_without_a_commit_has_no_feedback_and_is_done(by_rules: ReviewedClass, tmp_path: Path) -> None:
    by_rules.sources["2"] = Source(tmp_path / "data" / "sources" / "2")
    assert Chain(by_rules.folder, by_rules.group("2")).run().failed_table is None
    result = by_rules.review()["2"]
    assert (result.failed_table, finished(result)) == (None, list(NAMES))
    assert all(part.frame.is_empty() for part in result.finished)


def test_authors_whose_names_are_nothing_but_signs_do_no_harm(by_rules: ReviewedClass) -> None:
    by_rules.sources["1"].commit({b"a.py": b"A = 1\n"}, author=b"... <->")
    assert Chain(by_rules.folder, by_rules.group("1")).run().failed_table is None
    assert by_rules.review()["1"].failed_table is None


@pytest.mark.loopback
def test_a_model_is_asked_once_for_each_area_and_never_again(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    rows = made.feedback()
    assert {row["reviewer"] for row in rows.values()} == {"model"}
    assert all(row["num_citations"] and not row["num_citations_dropped"] for row in rows.values())
    assert len(server.seen) == len(AREAS)
    assert recomputed(made.review()["1"]) == []
    assert len(server.seen) == len(AREAS)


@pytest.mark.loopback
def test_after_a_change_of_the_readme_only_the_areas_that_see_it_are_asked(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    made.commit("1", README)
    made.review()
    assert [call["area"] for call in made.calls().sort("began_at").iter_rows(named=True)][4:] == ["code_quality"]
    rows = made.feedback()
    assert len({row["snapshot_sha"] for row in rows.values()}) == 1
    assert {row["state"] for row in rows.values()} <= {"reviewed", "needs_review"}


@pytest.mark.loopback
def test_every_token_that_is_billed_stands_in_the_calls(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    calls, billed = made.calls(), server.billed
    assert (calls["prompt_tokens"].sum(), calls["completion_tokens"].sum()) == (billed.prompt, billed.completion)
    assert set(calls["outcome"]) == {"answered"} and set(calls["run_id"]) == {"run"}
    rows = made.feedback().values()
    assert sum(row["prompt_tokens"] for row in rows) == billed.prompt


@pytest.mark.loopback
def test_an_answer_of_another_form_is_repaired_once(tmp_path: Path, server: FaultServer) -> None:
    server.script = per_question(WRONG_SCHEMA)
    made = with_model(tmp_path, server)
    made.review()
    # The repair is another question, whose first attempt meets the fault too: then the rules stand in.
    rows = made.feedback()
    assert {row["state"] for row in rows.values()} == {"stand_in"}
    assert sorted(made.calls()["purpose"].unique()) == ["first", "repair"]
    assert all(row["reviewer"] == "rules" and "can be used" in row["reason"] for row in rows.values())
    assert sum(row["prompt_tokens"] for row in rows.values()) == server.billed.prompt
    num_asked = len(server.seen)
    made.review()
    assert len(server.seen) == num_asked, "what was answered is not paid for again"


@pytest.mark.loopback
def test_where_the_model_is_away_the_rules_stand_in_and_it_is_asked_again_later(
    tmp_path: Path, server: FaultServer
) -> None:
    server.script = always(SERVER_ERROR)
    made = with_model(tmp_path, server)
    result = made.review()["1"]
    assert result.failed_table == "feedback" and "500" in str(result.reason)
    assert {row["state"] for row in made.feedback().values()} == {"stand_in"}
    assert not made.inputs().is_current(made.lake, made.group("1"))
    server.script = per_question()
    assert made.review()["1"].failed_table is None
    assert {row["reviewer"] for row in made.feedback().values()} == {"model"}


@pytest.mark.loopback
def test_what_a_model_said_of_an_earlier_state_is_kept_while_it_is_away(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    before = made.feedback()
    server.script = always(SERVER_ERROR)
    made.commit("1", CODE)
    made.review()
    kept = made.feedback()["code_quality"]
    assert kept["state"] == "kept" and "earlier state" in kept["reason"]
    assert (kept["summary"], kept["snapshot_sha"]) == (
        before["code_quality"]["summary"],
        before["code_quality"]["snapshot_sha"],
    )
    server.script = per_question()
    made.review()
    assert made.feedback()["code_quality"]["state"] == "reviewed"


@pytest.mark.loopback
def test_a_budget_that_is_used_up_stops_cleanly_and_a_later_run_goes_on(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server, llm_price="1,1,1", llm_budget_run_usd=0.02, llm_concurrency=1)
    result = made.review()["1"]
    assert result.failed_table is None
    assert "feedback" not in finished(result)
    states = [row["state"] for row in made.feedback().values()]
    assert "stand_in" in states and len(server.seen) == len(AREAS) - states.count("stand_in") > 0
    assert made.calls()["cost_usd"].sum() <= 0.02
    made.options["llm_budget_run_usd"] = 5.0
    assert "feedback" in finished(made.review()["1"])
    assert {row["reviewer"] for row in made.feedback().values()} == {"model"}
    assert max(server.num_bills().values()) == 1


@pytest.mark.loopback
def test_an_answer_that_was_deleted_is_not_paid_for_again(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    before = made.feedback()["unit_testing"]
    shutil.rmtree(made.settings.answers_dir)
    made.commit("1", README)
    made.review()
    after = made.feedback()["unit_testing"]
    assert after["summary"] == before["summary"]
    assert made.calls().filter(pl.col("area") == "unit_testing").height == 1


@pytest.mark.loopback
def test_asking_again_asks_and_pays_again(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server)
    made.review()
    server.answer = lambda asked: honest(asked, score=4)
    made.review(ask_again=True)
    assert len(server.seen) == 2 * len(AREAS)
    assert {row["score"] for row in made.feedback().values()} == {4}
    assert recomputed(made.review()["1"]) == []


@pytest.mark.loopback
def test_two_models_that_disagree_leave_the_score_to_a_ta(tmp_path: Path, server: FaultServer) -> None:
    def answer(asked: Asked) -> str:
        return honest(asked, score=5 if asked.body["model"] == "other" else 2)

    server.answer = answer
    made = with_model(tmp_path, server, second_model="other")
    made.review()
    row = made.feedback()["code_quality"]
    assert (row["score"], row["second_score"], row["state"]) == (2, 5, "needs_review")
    assert "disagree" in row["reason"]
    assert made.lake.read(FEEDBACK_REPORTS, "1")["areas_to_review"].item().to_list()[0] == "code_quality"


@pytest.mark.loopback
def test_a_server_with_a_short_context_is_asked_about_less(tmp_path: Path, server: FaultServer) -> None:
    server.context_tokens = 4_700
    made = with_model(tmp_path, server, llm_max_tokens=1_000)
    made.commit("1", {b"src/digits/long.py": b"".join(b"VALUE_%03d = %d\n" % (i, i) for i in range(700))})
    made.review()
    row = made.feedback()["code_quality"]
    assert row["reviewer"] == "model", row["reason"]
    packs = made.lake.read(REVIEW_PACKS, "1")
    assert row["pack_id"] != packs.filter(area="code_quality")["pack_id"].item()
    assert made.pack(row["pack_id"]) is not None, "what the model saw in the end is kept"
    num_asked = len(server.seen)
    made.review()
    assert len(server.seen) == num_asked


@pytest.mark.loopback
def test_a_model_on_a_server_elsewhere_needs_a_price(tmp_path: Path, server: FaultServer) -> None:
    made = with_model(tmp_path, server, openai_base_url="https://models.example.org/v1", model="nobody-knows")
    with pytest.raises(Exception, match="MENTOR_LLM_PRICE"):
        made.review()


def test_what_a_ta_releases_stays_as_it_was_when_a_newer_draft_is_written(by_rules: ReviewedClass) -> None:
    by_rules.review()
    released_at = datetime.now(UTC)
    row = {"group_id": "1", "row": 2, "area": None, "score": None, "comment": None, "is_released": True,
           "reviewer": "Tina", "reviewed_at": released_at}  # fmt: skip
    by_rules.say(pl.DataFrame([row], schema=REVIEWS.schema))
    assert recomputed(by_rules.review()["1"]) == ["feedback_reports"]
    released = by_rules.lake.read(FEEDBACK_REPORTS, "1").row(0, named=True)
    assert released["state"] == "released" and "DRAFT" not in released["released_markdown"]
    by_rules.commit("1", {b"tests/test_model.py": None, b"src/digits/train.py": b"def f(:\n"})
    by_rules.review()
    changed = by_rules.lake.read(FEEDBACK_REPORTS, "1").row(0, named=True)
    assert changed["state"] == "changed_since_release"
    assert {each["area"]: each["text"] for each in changed["released"]}["unit_testing"] == {
        each["area"]: each["text"] for each in released["released"]
    }["unit_testing"]
    later = row | {"row": 3, "reviewed_at": released_at + timedelta(minutes=1)}
    by_rules.say(pl.DataFrame([row, later], schema=REVIEWS.schema))
    by_rules.review()
    assert by_rules.lake.read(FEEDBACK_REPORTS, "1")["state"].item() == "released"


def test_pages_alone_can_be_renewed(by_rules: ReviewedClass) -> None:
    by_rules.review()
    result = by_rules.review(selected=["feedback_reports"])["1"]
    assert finished(result) == ["feedback_reports"]


def test_a_bug_in_one_group_stops_no_other(by_rules: ReviewedClass, monkeypatch: pytest.MonkeyPatch) -> None:
    by_rules.commit("2", CONTENTS)
    by_rules.lake.write(REVIEW_PACKS, by_rules.lake.read_or_empty(REVIEW_PACKS, "1"), "1", input_key="")
    (by_rules.lake.path(FEEDBACK, "1")).parent.mkdir(parents=True, exist_ok=True)
    by_rules.lake.path(FEEDBACK, "1").write_bytes(b"no table")
    results = by_rules.review()
    assert results["1"].failed_table == "feedback" and results["2"].failed_table is None
    assert by_rules.lake.read(LLM_CALLS, "2").is_empty()
