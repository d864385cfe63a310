"""`identities.csv` on its way through: what a TA writes there is told when it is wrong, and counts when it is right."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from mlops_mentor.chain.changes import changed_groups
from mlops_mentor.defs.instance import open_instance
from mlops_mentor.defs.launch import launcher
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import CONTRIBUTIONS, GROUPS, REPO_STATS, UNMAPPED_IDENTITIES
from mlops_mentor_tests.defs.classroom import Classroom, refresh

MakeRoom = Callable[..., Classroom]
HEADER = "group_id,name,email,member\n"
# Of group 1, whose members are s000000 and s900000.
GOOD = "1,Student 0,,s000000\n"
BAD = "1,Student 1,,s123456\nnowhere,Kilroy,,outsider\n"


def write(room: Classroom, rows: str) -> None:
    room.settings.identities_file.write_text(HEADER + rows)


def changed(room: Classroom) -> list[str]:
    groups = groups_from_frame(room.lake.read(GROUPS))
    return [group.group_id for group in changed_groups(room.settings, groups)]


def members(room: Classroom, group_id: str) -> dict[str, Any]:
    return dict(room.lake.read(CONTRIBUTIONS, group_id).select("name", "member").iter_rows())


def last_check(instance: dg.DagsterInstance) -> tuple[bool, str]:
    """Whether `identities_are_good` passed when it was evaluated last, and what it says."""
    for run in instance.get_runs():
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
            said = entry.get_dagster_event().asset_check_evaluation_data
            if (said.asset_key.to_user_string(), said.check_name) == ("groups", "identities_are_good"):
                return said.passed, said.description or ""
    raise AssertionError("it was never evaluated")


def test_the_asset_check_names_rows_that_cannot_be_used_and_no_person(make_room: MakeRoom) -> None:
    room = make_room(["1"])
    with launcher(room.settings) as started, open_instance(room.settings) as instance:
        started.run_roster()
        assert last_check(instance) == (True, ""), "the file may be absent"
        write(room, GOOD + BAD)
        started.run_roster()
        passed, said = last_check(instance)
        assert not passed
        assert [line.split(": ")[0].split(", ")[-1] for line in said.splitlines()] == ["row 3", "row 4"]
        assert "Kilroy" not in said
        write(room, GOOD)
        started.run_roster()
        assert last_check(instance) == (True, "")


def test_a_row_has_its_group_worked_on_and_no_other_and_counts(make_room: MakeRoom) -> None:
    room = make_room(["1", "2"])
    with launcher(room.settings) as started:
        refresh(started, ["1", "2"])
        assert changed(room) == []
        assert members(room, "1") == {"Student 0": None, "Student 1": None}
        write(room, GOOD)
        assert changed(room) == ["1"]
        started.run_groups({"1"})
        assert changed(room) == []
    assert members(room, "1") == {"Student 0": "s000000", "Student 1": None}
    assert members(room, "2") == {"Student 0": None, "Student 1": None}
    assert room.lake.read(UNMAPPED_IDENTITIES, "1")["name"].to_list() == ["Student 1"]
    assert room.lake.read(REPO_STATS, "1")["num_members_known"].item() == 1
