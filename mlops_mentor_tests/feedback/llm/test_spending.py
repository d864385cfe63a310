"""The ledger: exact sums, hard limits between processes, and what a killed one leaves."""

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.spending import Budget, Reservation

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


class Days:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


def make_budget(
    tmp_path: Path, run_id: str = "run", *, run_usd: float = 1.0, day_usd: float = 2.0, days: Days | None = None
) -> Budget:
    return Budget(tmp_path / "spending", run_id, run_usd=run_usd, day_usd=day_usd, now=(days or Days()).now)


def num_that_fit(budget: Budget, usd: float) -> int:
    num = 0
    while True:
        try:
            budget.reserve(usd)
        except LLMError as error:
            assert error.outcome == "over_budget"
            return num
        num += 1


def test_what_is_reserved_counts_until_it_is_settled(tmp_path: Path) -> None:
    budget = make_budget(tmp_path)
    reservation = budget.reserve(0.6)
    assert budget.left().run_usd == pytest.approx(0.4)
    with pytest.raises(LLMError):
        budget.reserve(0.6)
    budget.settle(reservation, 0.1)
    assert budget.left().run_usd == pytest.approx(0.9)
    assert budget.left().day_usd == pytest.approx(1.9)


def test_ten_tenths_are_one(tmp_path: Path) -> None:
    assert num_that_fit(make_budget(tmp_path), 0.1) == 10


def test_a_run_has_its_own_limit_and_the_day_has_one_for_all(tmp_path: Path) -> None:
    assert num_that_fit(make_budget(tmp_path, "first"), 0.25) == 4
    assert num_that_fit(make_budget(tmp_path, "second"), 0.25) == 4
    third = make_budget(tmp_path, "third")
    with pytest.raises(LLMError, match="MENTOR_LLM_BUDGET_DAY_USD"):
        third.reserve(0.25)


def test_the_day_begins_anew_and_the_run_does_not(tmp_path: Path) -> None:
    days = Days()
    budget = make_budget(tmp_path, days=days)
    reservation = budget.reserve(0.7)
    days.time += timedelta(hours=13)
    assert budget.left().day_usd == pytest.approx(2.0)
    assert budget.left().run_usd == pytest.approx(0.3)
    budget.settle(reservation, 0.2)
    assert budget.left().run_usd == pytest.approx(0.8)
    assert make_budget(tmp_path, "other", days=Days()).left().day_usd == pytest.approx(1.8), "in the book of its day"


def test_more_than_was_reserved_is_written_down_and_nothing_more_is_given(tmp_path: Path) -> None:
    budget = make_budget(tmp_path)
    budget.settle(budget.reserve(0.1), 1.5)
    assert budget.left().run_usd == pytest.approx(-0.5)
    with pytest.raises(LLMError):
        budget.reserve(0.000001)


def test_what_costs_nothing_needs_no_book(tmp_path: Path) -> None:
    budget = make_budget(tmp_path, run_usd=0.0)
    budget.settle(budget.reserve(0.0), 0.0)
    assert budget.left().day_usd == 2.0
    assert not (tmp_path / "spending").exists()


def test_a_torn_line_is_no_entry_and_spoils_none(tmp_path: Path) -> None:
    budget = make_budget(tmp_path)
    budget.reserve(0.5)
    [file] = (tmp_path / "spending").glob("*.jsonl")
    with file.open("ab") as book:
        book.write(b'{"kind": "settle", "id": "')
    fresh = make_budget(tmp_path)
    assert fresh.left().run_usd == pytest.approx(0.5)
    fresh.settle(fresh.reserve(0.25), 0.1)
    for each in (budget, fresh, make_budget(tmp_path)):
        assert each.left().run_usd == pytest.approx(0.4)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        "nonsense",
        '{"kind": "reserve", "id": "x", "nano_usd": -5}',
        "\0\0",
        '{"kind": "settle", "id": "none", "nano_usd": 5}',
    ],
)
def test_lines_that_are_no_entries_do_not_count(tmp_path: Path, line: str) -> None:
    budget = make_budget(tmp_path)
    budget.reserve(0.5)
    [file] = (tmp_path / "spending").glob("*.jsonl")
    file.write_text(line + "\n" + file.read_text())
    assert make_budget(tmp_path).left().run_usd == pytest.approx(0.5)


def test_nobody_else_reads_the_book(tmp_path: Path) -> None:
    make_budget(tmp_path).reserve(0.1)
    [file] = (tmp_path / "spending").glob("*.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_settling_twice_counts_the_last(tmp_path: Path) -> None:
    budget = make_budget(tmp_path)
    reservation = budget.reserve(0.5)
    budget.settle(reservation, 0.2)
    budget.settle(reservation, 0.3)
    assert budget.left().run_usd == pytest.approx(0.7)


def test_settling_what_was_never_reserved_changes_nothing(tmp_path: Path) -> None:
    budget = make_budget(tmp_path)
    budget.reserve(0.1)
    budget.settle(Reservation("unknown", NOON.date(), 5), 0.9)
    assert budget.left().run_usd == pytest.approx(0.9)


_SPENDER = """
import random, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from mlops_mentor.errors import LLMError
from mlops_mentor.feedback.llm.spending import Budget

budget = Budget(Path(sys.argv[1]), sys.argv[2], run_usd=0.2, day_usd=0.3)
underway, done, refused = [], 0, 0
chance = random.Random(sys.argv[3])
# 64 calls under way, in no order; each costs less than was set aside for it.
while refused < 200:
    if underway and (len(underway) >= 64 or chance.random() < 0.4):
        budget.settle(underway.pop(chance.randrange(len(underway))), 0.0007)
        done += 1
    try:
        underway.append(budget.reserve(0.001))
    except LLMError:
        refused += 1
        if underway:
            budget.settle(underway.pop(), 0.0007)
            done += 1
for each in underway:
    budget.settle(each, 0.0007)
    done += 1
print(done)
"""


def spender(tmp_path: Path, run_id: str, number: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _SPENDER, str(tmp_path / "spending"), run_id, str(number)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)


def peak_usd(directory: Path, run_id: str | None) -> float:
    """The most that was ever spent and set aside together, going through the book line by line."""
    amounts: dict[str, int] = {}
    total = peak = 0
    for file in sorted(directory.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            if entry["kind"] == "reserve" and run_id in (None, entry["run"]):
                amounts[entry["id"]] = 0
            if entry["id"] in amounts:
                total += entry["nano_usd"] - amounts[entry["id"]]
                amounts[entry["id"]] = entry["nano_usd"]
                peak = max(peak, total)
    return peak / 1e9


@pytest.mark.slow
def test_four_processes_with_64_calls_each_keep_to_both_limits(tmp_path: Path) -> None:
    processes = [spender(tmp_path, "one" if number < 2 else "two", number) for number in range(4)]
    done = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    directory = tmp_path / "spending"
    assert peak_usd(directory, None) <= 0.3
    assert max(peak_usd(directory, "one"), peak_usd(directory, "two")) <= 0.2
    # To the end: less is left than one call may cost.
    assert sum(done) * 0.0007 > 0.3 - 0.001 - 1e-9
    assert Budget(directory, "x", run_usd=1, day_usd=0.3).spent().day_usd == pytest.approx(sum(done) * 0.0007)


def test_what_a_killed_process_has_reserved_stays_counted_and_the_lock_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from mlops_mentor.feedback.llm.spending import Budget\n"
        "budget = Budget(Path(sys.argv[1]), 'killed', run_usd=1, day_usd=1)\n"
        "budget.settle(budget.reserve(0.2), 0.1); budget.reserve(0.3); budget._lock.acquire(); print('x', flush=True)\n"
        "time.sleep(60)"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    arguments = [sys.executable, "-c", code, str(tmp_path / "spending")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    later = Budget(tmp_path / "spending", "later", run_usd=1, day_usd=1)
    assert later.left().day_usd == pytest.approx(0.6)
    assert later.left().run_usd == pytest.approx(1.0)
