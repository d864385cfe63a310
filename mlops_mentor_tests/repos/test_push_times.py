"""Push times: where a branch stood and when commits arrived, whatever order GitHub lists its pushes in."""

import itertools
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mlops_mentor.repos.push_times import TipAt, ordered_pushes, pushed_at_by_commit, tip_at
from mlops_mentor.schemas import PUSHES, empty

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZEROS = "0" * 40
A, B, C, D, E = (letter * 40 for letter in "abcde")
LINE = {A: [], B: [A], C: [B], D: [C], E: [D]}

# before, after, hours after the deadline, branch
Entry = tuple[str, str, float, str]


def pushes(*entries: Entry | tuple[str, str, float]) -> pl.DataFrame:
    rows = []
    for number, (before, after, hours, *branch) in enumerate(entries):
        row = {"group_id": "1", "push_id": 100 + number, "ref": f"refs/heads/{branch[0] if branch else 'main'}"}
        row |= {"kind": "push", "before": before, "after": after, "is_forced": False}
        rows.append(row | {"pushed_at": DEADLINE + hours * HOUR, "actor": "ada"})
    return pl.DataFrame(rows, schema=PUSHES.schema)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([(ZEROS, A, -2), (A, B, -1), (B, C, 1)], TipAt(B)),
        ([(ZEROS, A, -2), (A, B, 0)], TipAt(B)),
        ([(ZEROS, A, -2), (A, B, 1 / 3600)], TipAt(A)),
        ([(A, B, 1), (B, C, 2)], TipAt(A)),
        ([(ZEROS, A, 1), (A, B, 2)], TipAt(is_absent=True)),
        ([(ZEROS, A, -2), (A, ZEROS, -1)], TipAt(is_absent=True)),
        ([(ZEROS, A, -2), (A, ZEROS, -1), (ZEROS, B, 1)], TipAt(is_absent=True)),
        ([(ZEROS, A, -2), (A, ZEROS, 1), (ZEROS, B, 2)], TipAt(A)),
        ([(ZEROS, A, -3), (A, ZEROS, -2), (ZEROS, C, -1)], TipAt(C)),
        ([(ZEROS, A, -2, "other")], TipAt(reason="GitHub's list of pushes does not reach back to main")),
        ([], TipAt(reason="GitHub's list of pushes does not reach back to main")),
    ],
    ids=[
        "between", "at-the-second", "a-second-later", "all-later", "made-after", "deleted", "deleted-and-made-after",
        "deleted-after", "made-again", "another-branch", "no-pushes",
    ],
)  # fmt: skip
def test_the_tip_is_what_the_last_push_until_then_left(entries: list[tuple[str, str, float]], expected: TipAt) -> None:
    frame = pushes(*entries)
    assert tip_at(frame, "main", DEADLINE) == expected
    assert tip_at(pl.concat([frame.reverse(), frame]), "main", DEADLINE) == expected, "order or duplicates matter"


def test_no_rows_of_the_table_are_no_answer() -> None:
    assert tip_at(empty(PUSHES), "main", DEADLINE).reason is not None


def test_pushes_of_the_same_second_follow_each_other_in_any_order() -> None:
    entries = [(ZEROS, A, -5), (A, B, 0), (B, C, 0), (C, D, 0), (D, E, 1)]
    for order in itertools.permutations(range(len(entries))):
        frame = pushes(*(entries[index] for index in order))
        assert tip_at(frame, "main", DEADLINE) == TipAt(D)
        assert [push.after for push in ordered_pushes(frame)["refs/heads/main"]] == [A, B, C, D, E]


def test_pushes_of_the_same_second_follow_each_other_where_the_list_begins_with_them() -> None:
    for order in itertools.permutations([(A, B, 0), (B, C, 0), (C, D, 0)]):
        assert tip_at(pushes(*order), "main", DEADLINE) == TipAt(D)


def test_a_push_back_and_forth_within_a_second_ends_where_it_began() -> None:
    for order in itertools.permutations([(A, B, 0), (B, A, 0)]):
        assert tip_at(pushes((ZEROS, A, -1), *order), "main", DEADLINE) == TipAt(A)


def test_what_is_no_commit_is_left_out() -> None:
    frame = pushes((ZEROS, A, -2), (A, "--output=x", -1))
    assert tip_at(frame, "main", DEADLINE) == TipAt(A)


def test_a_commit_arrives_with_the_first_push_that_has_it() -> None:
    frame = pushes((ZEROS, B, -9, "side"), (ZEROS, A, -5), (A, D, -3), (D, E, -1))
    arrived = pushed_at_by_commit(LINE, frame)
    hours = {sha: (at - DEADLINE) / HOUR for sha, at in arrived.items()}
    assert hours == {A: -9, B: -9, C: -3, D: -3, E: -1}
    assert pushed_at_by_commit(LINE, frame.reverse()) == arrived


def test_both_sides_of_a_merge_arrive_with_it() -> None:
    parents = {A: [], B: [A], C: [A], D: [B, C]}
    arrived = pushed_at_by_commit(parents, pushes((ZEROS, B, -5), (B, D, -1)))
    assert {sha: (at - DEADLINE) / HOUR for sha, at in arrived.items()} == {A: -5, B: -5, C: -1, D: -1}


def test_what_was_there_before_the_list_begins_is_left_out() -> None:
    assert set(pushed_at_by_commit(LINE, pushes((B, C, -5), (C, D, -3)))) == {C, D}
    assert set(pushed_at_by_commit(LINE, pushes((ZEROS, C, -5), (B, D, -1, "side")))) == {C, D}


def test_what_came_between_two_pushes_that_do_not_join_is_left_out() -> None:
    assert set(pushed_at_by_commit(LINE, pushes((ZEROS, A, -5), (C, D, -3)))) == {A, D}


def test_what_may_have_come_with_a_tip_that_was_pushed_over_is_left_out() -> None:
    gone = "f" * 40
    frame = pushes((ZEROS, A, -9), (A, gone, -5), (gone, C, -3), (C, D, -1))
    assert set(pushed_at_by_commit(LINE, frame)) == {A, D}


def test_a_commit_that_no_push_has_is_left_out() -> None:
    assert pushed_at_by_commit(LINE, pushes((ZEROS, A, -1))).keys() == {A}
    assert pushed_at_by_commit(LINE, empty(PUSHES)) == {}


def test_long_histories_are_walked_once() -> None:
    shas = [f"{number:040x}" for number in range(1, 20_001)]
    parents = {sha: [before] if before else [] for before, sha in itertools.pairwise(["", *shas])}
    entries = [
        (ZEROS, shas[0], -3000.0),
        *((a, b, -2000 + i / 100) for i, (a, b) in enumerate(itertools.pairwise(shas))),
    ]
    assert len(pushed_at_by_commit(parents, pushes(*entries))) == 20_000
