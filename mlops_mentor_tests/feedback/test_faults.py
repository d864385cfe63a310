"""A class at a server that fails in every way: each group ends with feedback or a reason, and every token is counted.

`MENTOR_TEST_FAULT_GROUPS=130` takes the whole class; by default it is smaller.
"""

import os
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_REPORTS
from mlops_mentor_tests.feedback.classes import CONTENTS, ReviewedClass
from mlops_mentor_tests.feedback.llm.fault_server import (
    DRIP,
    ENDLESS,
    EVERY_FAULT,
    FINE,
    SILENT,
    Asked,
    Behaviour,
    FaultServer,
)
from mlops_mentor_tests.feedback.models import honest

NUM_GROUPS = int(os.environ.get("MENTOR_TEST_FAULT_GROUPS", "8"))
# Each of these costs the whole time that a call may take.
SLOW = (DRIP, ENDLESS, SILENT)


def fault(asked: Asked) -> Behaviour:
    """Every question meets a fault of its own at first; a sixth meets it always."""
    number = int(asked.question, 16)
    own = EVERY_FAULT[number % len(EVERY_FAULT)]
    lasts = number // len(EVERY_FAULT) % 6 == 0 and own not in SLOW
    return own if asked.attempt == 1 or lasts else FINE


@pytest.mark.slow
@pytest.mark.loopback
def test_every_group_ends_with_feedback_or_a_reason_and_every_token_is_counted(tmp_path: Path) -> None:
    with FaultServer(answer=honest, script=fault) as server:
        made = ReviewedClass(
            tmp_path / "data",
            options={"reviewer": "model", "model": "large", "openai_base_url": server.url, "llm_timeout_s": 2.0,
                     "llm_max_wait_s": 3_000.0, "llm_max_tokens": 800},
        )  # fmt: skip
        for number in range(1, NUM_GROUPS + 1):
            code = f'"""Group {number}."""\n\nNUMBER = {number}\n'.encode()
            test = f"def test_it():\n    assert {number} + 1 == {number + 1}\n".encode()
            made.commit(str(number), {**CONTENTS, b"src/digits/number.py": code, b"tests/test_number.py": test})
        results = made.review()
        assert set(results) == set(made.sources)
        rows = made.lake.read_groups(FEEDBACK, made.sources)
        assert rows.height == NUM_GROUPS * len(load_rubric().areas)
        by_model = rows.filter(reviewer="model")
        # Which question meets which fault depends on a secret made anew for each class; about half end well.
        assert by_model.height > rows.height / 8
        assert rows.filter(pl.col("reviewer") == "rules", pl.col("reason").is_null()).is_empty()
        assert made.lake.read_groups(FEEDBACK_REPORTS, made.sources).height == NUM_GROUPS
        calls, billed = made.calls(), server.billed
        assert calls.height == len(server.seen)
        assert calls["prompt_tokens"].sum() >= billed.prompt
        assert calls["completion_tokens"].sum() >= billed.completion
        told = calls.filter(~pl.col("is_estimated"))
        bills = [bill.usage for bill in server.bills if bill.is_told]
        assert told["prompt_tokens"].sum() == sum(usage.prompt for usage in bills)
        assert told["completion_tokens"].sum() == sum(usage.completion for usage in bills)
        answered = set(rows.filter(pl.col("input_key") != "").select("group_id", "area").iter_rows())
        before = made.calls()["call_id"].to_list()
        made.review()
        again = made.calls().filter(~pl.col("call_id").is_in(before))
        assert not answered & set(again.select("group_id", "area").iter_rows()), "nothing is paid twice"
