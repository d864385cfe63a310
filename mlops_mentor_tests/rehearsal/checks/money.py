"""What the model's answers cost: never paid twice for the same, never more than allowed, and no less than it bills.

Belongs here: the ledger's files, the stored answers and the table of calls, against the books of the server.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from mlops_mentor_tests.rehearsal.model import Books

_NANO = 1_000_000_000
# By `Product.settings`: US dollars per million tokens sent and received.
PRICE_IN, PRICE_OUT = 1.0, 4.0
BUDGET_DAY_USD = 20.0


def check_money(data: Path, books: Books, may_be_lost: int) -> Iterator[str]:
    """An answer on its way when a process is killed is lost, and has to be paid again: so many may be, and no more."""
    twice = sum(number - 1 for number in books.answered.values() if number > 1)
    if twice > may_be_lost:
        yield f"{twice} whole answers were paid for again, {may_be_lost} may have been lost by kills"
    entries = _entries(data / "spending")
    spent = sum(entries.values()) / _NANO
    if (lost := num_unlisted(data)) > may_be_lost:
        yield f"{lost} calls of the ledger are not in llm_calls, {may_be_lost} may have been lost by kills"
    billed = books.billed
    cost = (billed.prompt * PRICE_IN + billed.completion * PRICE_OUT) / 1e6
    if spent + 1e-6 < cost - _rounding(books):
        yield f"the ledger has {spent:.4f} US dollars, the server bills {cost:.4f}"
    if spent > BUDGET_DAY_USD:
        yield f"{spent:.4f} US dollars were spent, {BUDGET_DAY_USD} were allowed"
    yield from _calls(data, books)


def _rounding(books: Books) -> float:
    """What estimates may be off where nobody says what a call cost."""
    untold = [bill for bill in books.bills if not bill.is_told]
    return sum(bill.usage.prompt * PRICE_IN + bill.usage.completion * PRICE_OUT for bill in untold) / 1e6


def num_unlisted(data: Path) -> int:
    """How many calls the ledger has that are not in llm_calls."""
    files = (data / "lake" / "llm_calls").glob("[!.]*.parquet")
    return len(_entries(data / "spending")) - sum(pl.read_parquet(file).height for file in files)


def _entries(folder: Path) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for file in sorted(folder.glob("*")) if folder.is_dir() else ():
        for line in file.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("kind") in ("reserve", "settle"):
                amounts[entry["id"]] = entry["nano_usd"]
    return amounts


def _calls(data: Path, books: Books) -> Iterator[str]:
    answered: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for file in sorted((data / "lake" / "llm_calls").glob("[!.]*.parquet")):
        for row in pl.read_parquet(file).iter_rows(named=True):
            called[row["call_id"]] += 1
            cost = ((row["prompt_tokens"] or 0) * PRICE_IN + (row["completion_tokens"] or 0) * PRICE_OUT) / 1e6
            if row["answer_id"] is not None and abs((row["cost_usd"] or 0) - cost) > 1e-9:
                yield f"a call of group {file.stem} cost {row['cost_usd']} in place of {cost}"
            if row["answer_id"] is not None:
                answered[row["answer_id"]] += 1
    if doubled := [call_id for call_id, number in called.items() if number > 1]:
        yield f"{len(doubled)} calls stand in llm_calls more than once"
    if called.total() > books.num_requests:
        yield f"llm_calls has {called.total()} calls, the server has seen {books.num_requests}"
    if twice := {answer_id for answer_id, number in answered.items() if number > 1}:
        yield f"{len(twice)} answers stand in llm_calls more than once"
    stored = {file.stem for file in (data / "answers").rglob("[!.]*.json")}
    if lost := set(answered) - stored:
        yield f"{len(lost)} answers that were paid for are not stored"
