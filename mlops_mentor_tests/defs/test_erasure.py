"""Erasing what is stored of a group: nothing that names it stays, and nothing of the others goes."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.defs.launch import launcher
from mlops_mentor.erasure import erase_stored
from mlops_mentor.errors import ConfigError, LakeError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.schemas import LEADERBOARD, LEADERBOARD_HISTORY, LLM_CALLS
from mlops_mentor_tests.defs.classroom import Classroom, refresh

pytestmark = pytest.mark.slow
MakeRoom = Callable[..., Classroom]


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def worked_on(room: Classroom) -> None:
    with launcher(room.settings) as started:
        refresh(started, ["7", "7-x", "8"])
        started.run_feedback(["7", "7-x", "8"])


def test_nothing_of_the_group_stays_and_nothing_of_others_goes(make_room: MakeRoom) -> None:
    room = make_room(["7", "7-x", "8"])
    worked_on(room)
    (room.folder / "reviews.csv").write_text("group_id,area,score\n7,report,4\n8,report,3\n")
    (room.folder / "identities.csv").write_text("group_id,name,email,member\n8,Bo,,s990001\n")
    room.write_roster(["7-x", "8"])
    with launcher(room.settings) as started:
        started.run_roster(accept_shorter=True)
    before = files(room.data)

    erased = erase_stored(room.settings, "7")
    gone = {str(path.relative_to(room.data)) for path in before - files(room.data)}
    assert {name for name in gone if name.startswith("lake/")} == {
        str(path.relative_to(room.data)) for path in before if path.name == "7.parquet"
    }
    assert not list(room.settings.mirrors_dir.glob("*7-[0-9a-f]*"))
    assert list(room.settings.mirrors_dir.glob("7-x-*.git"))
    others = [name for name in gone if name.startswith(("lake/", "locks/"))]
    assert not [name for name in others if "/7-x" in name or "/8" in name]
    # Others are shared with groups that have the same code.
    assert [name for name in gone if name.startswith("packs/")]
    assert erased.sheets == (room.folder / "reviews.csv",)
    assert erased.num_history_rows == 1
    assert room.lake.read(LEADERBOARD_HISTORY)["group_id"].to_list() == ["7-x", "8"]
    assert erase_stored(room.settings, "7").num_files == 0

    kept = {path: path.read_bytes() for path in files(room.settings.packs_dir)}
    with launcher(room.settings) as started:
        started.run_class()
        started.run_feedback(["7-x", "8"])
    assert room.lake.read(LEADERBOARD)["group_id"].to_list() == ["7-x", "8"]
    assert {path: path.read_bytes() for path in files(room.settings.packs_dir)} == kept


def test_a_group_of_the_roster_is_not_erased(make_room: MakeRoom) -> None:
    room = make_room(["7"])
    with launcher(room.settings) as started:
        started.run_roster()
    with pytest.raises(ConfigError, match="Delete its row in"):
        erase_stored(room.settings, "7")


def test_answers_go_also_where_an_older_version_has_named_them(make_room: MakeRoom) -> None:
    room = make_room(["7"])
    answer = AnswerStore(room.settings.answers_dir).path("answer-of-group-7")
    answer.parent.mkdir(parents=True)
    for path in (answer, answer.with_name(f".{answer.name}.0a1b2c3d.aside")):
        path.write_text("{}")
    calls = Path(str(room.lake.path(LLM_CALLS, "7")))
    calls.parent.mkdir(parents=True)
    pl.DataFrame({"group_id": ["7"], "answer_id": ["answer-of-group-7"]}).write_parquet(calls)
    assert erase_stored(room.settings, "7").num_files == 3
    assert files(room.settings.answers_dir) == set()


def test_nothing_is_deleted_while_it_cannot_be_known_whose_it_is(make_room: MakeRoom) -> None:
    room = make_room(["7"])
    calls = Path(str(room.lake.path(LLM_CALLS, "7")))
    calls.parent.mkdir(parents=True)
    calls.write_bytes(b"damaged")
    with pytest.raises(LakeError, match="cannot be read"):
        erase_stored(room.settings, "7")
    assert calls.exists()
