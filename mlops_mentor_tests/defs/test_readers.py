"""Several runs at once, and somebody who reads the warehouse all the while: neither disturbs the other."""

from collections.abc import Callable

import pytest

from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor_tests.defs.classroom import Classroom
from mlops_mentor_tests.defs.programs import finish, start

pytestmark = pytest.mark.slow

GROUPS = ["1", "2"]
SUM = (
    "select (select count(*) from commits), (select sum(total_commits) from leaderboard), "
    "(select count(*) from group_status)"
)


def test_a_reader_sees_whole_tables_while_runs_work_on_groups(make_room: Callable[..., Classroom]) -> None:
    room = make_room(GROUPS)
    finish([start(room)])
    for number, group_id in enumerate(GROUPS, start=1):
        room.make_group(group_id, num_commits=number)
    seen = set()
    runs = [start(room, "--group", group_id) for group_id in GROUPS]
    while any(run.poll() is None for run in runs):
        seen.add(query(room.settings.warehouse_file, SUM).rows[0])
    finish(runs)
    seen.add(query(room.settings.warehouse_file, SUM).rows[0])
    assert (6, 6, 2) in seen, "the reader came too late"
    assert (9, 9, 2) in seen, "what a run stored is not in the warehouse"
    assert all(6 <= num_commits <= 9 and num_groups == 2 for num_commits, _, num_groups in seen)
    assert {row["state"] for row in room.status().values()} == {"ok"}


def test_two_runs_over_the_same_groups_at_once_give_what_one_gives(make_room: Callable[..., Classroom]) -> None:
    room = make_room(GROUPS)
    finish([start(room), start(room)])
    tables = room.warehouse_tables()
    assert len(tables["commits"]) == len({row["sha"] for row in tables["commits"]}) == 6
    assert len(tables["leaderboard_history"]) == 2
    assert [row["state"] for row in tables["group_status"]] == ["ok"] * 2
