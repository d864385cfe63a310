"""The step that makes feedback, in Dagster: which partitions it reports as made, and what is made alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest

from mlops_mentor.defs.feedback_step import group_feedback
from mlops_mentor.defs.partitions import NAME, range_tags
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS, FEEDBACK_TABLES, REVIEW_PACKS
from mlops_mentor_tests.feedback.classes import ReviewedClass
from mlops_mentor_tests.feedback.llm.fault_server import SERVER_ERROR, FaultServer, always, per_question
from mlops_mentor_tests.feedback.models import honest

GROUPS = ["1", "2", "3"]


@pytest.fixture
def made(tmp_path: Path) -> ReviewedClass:
    found = ReviewedClass(tmp_path / "data")
    for group_id in GROUPS:
        number = group_id.encode()
        readme, code = b"# Group %s\n\nTrains a model of digits.\n" % number, b'"""It."""\n\nNUMBER = %s\n' % number
        found.commit(group_id, {b"README.md": readme, b"src/a.py": code})
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        found.add_dynamic_partitions(NAME, GROUPS)
        yield found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    with FaultServer(answer=honest) as server:
        for name, value in {"MENTOR_REVIEWER": "model", "MENTOR_MODEL": "large", "OPENAI_BASE_URL": server.url,
                            "MENTOR_LLM_PRICE": "1,1,1"}.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield server


def materialize(
    made: ReviewedClass, instance: dg.DagsterInstance, *names: str, only: Sequence[str] = ()
) -> dg.ExecuteInProcessResult:
    mentor = Mentor(data_dir=str(made.folder), course=str(made.folder / "course.yaml"))
    return dg.materialize(
        [group_feedback],
        selection=list(names) or None,
        instance=instance,
        resources={"mentor": mentor},
        tags=range_tags(GROUPS),
        run_config={"ops": {"group_feedback": {"config": {"only": list(only)}}}},
        raise_on_error=False,
    )


def partitions(result: dg.ExecuteInProcessResult, table: str) -> set[str | None]:
    events = result.get_asset_materialization_events()
    return {event.partition for event in events if event.asset_key == dg.AssetKey(table)}


def test_every_group_is_reported_and_a_group_that_fails_is_not(
    made: ReviewedClass, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")
    path = made.lake.path(FEEDBACK, "2")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no table")
    result = materialize(made, instance)
    assert not result.success
    assert partitions(result, "feedback") == {"1", "3"} == partitions(result, "feedback_reports")
    assert partitions(result, "review_packs") == set(GROUPS)
    path.unlink()
    again = materialize(made, instance)
    assert again.success and partitions(again, "feedback") == set(GROUPS)


@pytest.mark.loopback
def test_where_the_model_is_away_or_the_budget_used_up_no_feedback_is_reported(
    made: ReviewedClass, instance: dg.DagsterInstance, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = always(SERVER_ERROR)
    away = materialize(made, instance)
    assert (away.success, partitions(away, "feedback")) == (False, set())
    server.script = per_question()
    monkeypatch.setenv("MENTOR_LLM_BUDGET_RUN_USD", "0")
    over = materialize(made, instance)
    assert (over.success, partitions(over, "feedback")) == (True, set())
    assert partitions(over, "feedback_reports") == set(GROUPS)
    monkeypatch.setenv("MENTOR_LLM_BUDGET_RUN_USD", "5")
    assert partitions(materialize(made, instance), "feedback") == set(GROUPS)


def test_each_table_can_be_made_alone_and_makes_no_other(
    made: ReviewedClass, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")
    for table in FEEDBACK_TABLES:
        result = materialize(made, instance, table.name)
        assert result.success and partitions(result, table.name) == set(GROUPS)
        assert all(not partitions(result, other.name) for other in FEEDBACK_TABLES if other is not table)
    assert all(made.lake.has(table, "1") for table in (REVIEW_PACKS, FEEDBACK, FEEDBACK_REPORTS))


def test_groups_between_those_of_a_run_that_fails_do_not_show_as_failed(
    made: ReviewedClass, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTOR_REVIEWER", "rules")
    materialize(made, instance)
    made.lake.path(FEEDBACK, "1").write_bytes(b"no table")
    result = materialize(made, instance, only=["1", "3"])
    assert not result.success
    assert partitions(result, "feedback") == {"2", "3"}


@pytest.mark.loopback
def test_a_run_says_what_it_has_spent(made: ReviewedClass, instance: dg.DagsterInstance, server: FaultServer) -> None:
    result = materialize(made, instance)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    billed = server.billed
    assert run.tags["mentor/llm_calls"] == str(len(server.seen))
    assert run.tags["mentor/llm_tokens"] == str(billed.prompt + billed.completion)
    assert float(run.tags["mentor/llm_usd"]) == pytest.approx((billed.prompt + billed.completion) / 1e6, abs=1e-4)
