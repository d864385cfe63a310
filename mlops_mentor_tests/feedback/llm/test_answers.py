"""Stored answers: whole or not at all, for nobody else's eyes, and tolerant of damage."""

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.feedback.llm.calls import Answer, Usage

ANSWER = Answer("0123456789abcdef", "Well\u2028 done.", "tiny", "stop", Usage(10, 5, 3, True), 0.001, 2, False)


@pytest.fixture
def store(tmp_path: Path) -> AnswerStore:
    return AnswerStore(tmp_path / "answers")


def test_an_answer_comes_back_as_it_was(store: AnswerStore) -> None:
    store.write(ANSWER)
    found = store.read(ANSWER.answer_id)
    assert found is not None
    assert found.is_stored
    assert (found.text, found.usage, found.cost_usd, found.num_calls) == (ANSWER.text, ANSWER.usage, 0.001, 2)
    assert store.read("fedcba9876543210") is None


def test_nobody_else_may_read_it_and_nothing_is_left_beside_it(store: AnswerStore, tmp_path: Path) -> None:
    store.write(ANSWER)
    store.write(ANSWER)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\0" * 100, b'{"version": 2}', b"\xff"])
def test_a_damaged_file_counts_as_none_and_is_kept_aside(store: AnswerStore, damage: bytes) -> None:
    store.write(ANSWER)
    path = store.path(ANSWER.answer_id)
    path.write_bytes(damage)
    assert store.read(ANSWER.answer_id) is None
    [aside] = path.parent.iterdir()
    assert aside.read_bytes() == damage
    store.write(ANSWER)
    assert store.read(ANSWER.answer_id) is not None


def test_a_file_under_another_answers_name_is_not_believed(store: AnswerStore) -> None:
    store.write(ANSWER)
    other = store.path("01ffffffffffffff")
    other.parent.mkdir(exist_ok=True)
    store.path(ANSWER.answer_id).rename(other)
    assert store.read("01ffffffffffffff") is None


@pytest.mark.parametrize("answer_id", ["", "short", "../../../../etc/passwd", "a/b/c/d/e/f", "a" * 129, ".hidden.name"])
def test_what_could_lead_elsewhere_is_no_id(store: AnswerStore, answer_id: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        store.read(answer_id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=300))
def test_no_content_of_a_file_is_an_exception(store: AnswerStore, content: bytes) -> None:
    path = store.path(ANSWER.answer_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert store.read(ANSWER.answer_id) is None
