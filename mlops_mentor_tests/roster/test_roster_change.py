"""What a new roster makes of the groups that were known: nobody is lost by accident."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mlops_mentor.roster.roster import Group, Roster, roster_change
from mlops_mentor.sheets.reading import RowProblem

MakeGroup = Callable[..., Group]


def _problem(group_id: str | None) -> RowProblem:
    return RowProblem(Path("group_info.csv"), 9, "the repository is missing", group_id)


def _class(make_group: MakeGroup, count: int) -> list[Group]:
    return [make_group(str(number)) for number in range(1, count + 1)]


def _ids(groups: Sequence[Group]) -> list[str]:
    return [group.group_id for group in groups]


def test_the_first_roster_adds_every_group(make_group: MakeGroup) -> None:
    groups = tuple(_class(make_group, 3))
    change = roster_change((), Roster(groups))
    assert (change.groups, change.added, change.removed, change.kept) == (groups, ("1", "2", "3"), (), ())


def test_the_same_roster_changes_nothing(make_group: MakeGroup) -> None:
    groups = tuple(_class(make_group, 3))
    change = roster_change(groups, Roster(groups))
    assert (change.groups, change.added, change.removed, change.kept) == (groups, (), (), ())


def test_a_corrected_row_replaces_the_group_and_the_order_is_the_roster_s(make_group: MakeGroup) -> None:
    known = _class(make_group, 2)
    moved = make_group("1", url="https://github.com/class/moved")
    change = roster_change(known, Roster((known[1], moved)))
    assert change.groups == (known[1], moved)
    assert (change.added, change.removed) == ((), ())


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_a_single_group_may_go(make_group: MakeGroup, count: int) -> None:
    known = _class(make_group, count)
    rest = (*known[1:], make_group("new"))
    change = roster_change(known, Roster(rest))
    assert (change.groups, change.added, change.removed) == (rest, ("new",), ("1",))


@pytest.mark.parametrize(("count", "num_gone"), [(10, 2), (40, 8)])
def test_a_fifth_may_go(make_group: MakeGroup, count: int, num_gone: int) -> None:
    known = _class(make_group, count)
    change = roster_change(known, Roster(tuple(known[num_gone:])))
    assert list(change.removed) == _ids(known[:num_gone])
    assert change.kept == ()


@pytest.mark.parametrize(("count", "num_gone"), [(3, 2), (9, 2), (10, 3), (40, 9), (40, 39)])
def test_when_more_than_a_fifth_is_gone_all_are_kept(make_group: MakeGroup, count: int, num_gone: int) -> None:
    known = _class(make_group, count)
    change = roster_change(known, Roster(tuple(known[num_gone:])))
    assert change.removed == ()
    assert list(change.kept) == _ids(known[:num_gone])
    assert sorted(_ids(change.groups)) == sorted(_ids(known))
    assert set(change.groups) == set(known)


def test_half_the_groups_go_when_that_is_meant(make_group: MakeGroup) -> None:
    known = _class(make_group, 10)
    change = roster_change(known, Roster(tuple(known[5:])), accept_shorter=True)
    assert list(change.removed) == _ids(known[:5])
    assert change.groups == tuple(known[5:])


def test_a_group_whose_row_is_broken_stays_as_it_was(make_group: MakeGroup) -> None:
    known = _class(make_group, 3)
    change = roster_change(known, Roster(tuple(known[1:]), (_problem("1"),)))
    assert known[0] in change.groups
    assert (change.removed, change.kept) == ((), ("1",))


def test_broken_rows_stay_even_when_a_shorter_roster_is_meant(make_group: MakeGroup) -> None:
    known = _class(make_group, 4)
    roster = Roster(tuple(known[3:]), (_problem("1"), _problem("2")))
    change = roster_change(known, roster, accept_shorter=True)
    assert (change.removed, change.kept) == (("3",), ("1", "2"))


def test_broken_rows_do_not_count_as_gone(make_group: MakeGroup) -> None:
    known = _class(make_group, 5)
    roster = Roster(tuple(known[4:]), (_problem("1"), _problem("2"), _problem("3")))
    change = roster_change(known, roster)
    assert (change.removed, change.kept) == (("4",), ("1", "2", "3"))


def test_a_broken_row_without_a_group_keeps_nobody(make_group: MakeGroup) -> None:
    known = _class(make_group, 6)
    change = roster_change(known, Roster(tuple(known[1:]), (_problem(None),)))
    assert change.removed == ("1",)


def test_a_group_that_changes_its_case_stays_one_group(make_group: MakeGroup) -> None:
    known = [make_group("A"), make_group("B"), make_group("C"), make_group("D")]
    roster = Roster((make_group("a"), make_group("b"), *known[2:]))
    change = roster_change(known, roster)
    assert _ids(change.groups) == ["a", "b", "C", "D"]
    assert (change.added, change.removed, change.kept) == ((), (), ())
