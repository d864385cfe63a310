"""A roster that names another repository: nothing of the one before is shown as the new one's."""

from collections.abc import Callable

import polars as pl

from mlops_mentor.schemas import COMMITS, LEADERBOARD, LEADERBOARD_HISTORY, REPO_STATS
from mlops_mentor_tests.defs.classroom import Classroom


def readdress(room: Classroom, group_id: str, address: str) -> None:
    roster = room.folder / "group_info.csv"
    roster.write_text(roster.read_text().replace(str(room.repository(group_id)), address))


def test_where_the_new_address_answers_nothing_no_numbers_are_shown(make_room: Callable[..., Classroom]) -> None:
    room = make_room(["1", "2"])
    room.refresh(["1", "2"])
    readdress(room, "2", str(room.folder / "nowhere"))
    room.refresh(["2"])
    board = room.lake.read(LEADERBOARD).filter(pl.col("group_id") == "2")
    assert board.select("state", "total_commits", "snapshot_sha").rows() == [("failed", None, None)]
    assert room.lake.read(COMMITS, "2").is_empty()
    assert room.lake.read(LEADERBOARD_HISTORY)["group_id"].to_list() == ["1", "2"], "what was shown stays"


def test_where_the_same_address_answers_nothing_any_more_the_numbers_stay(make_room: Callable[..., Classroom]) -> None:
    room = make_room(["1", "2"])
    room.refresh(["1", "2"])
    room.repository("2").rename(room.folder / "away")
    room.refresh(["2"])
    board = room.lake.read(LEADERBOARD).filter(pl.col("group_id") == "2")
    assert board.select("state", "total_commits").rows() == [("failed", 3)]
    assert room.lake.read(REPO_STATS, "2")["snapshot_sha"].item() is not None
