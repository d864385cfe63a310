"""The export of a class: from a lake through the gate into the folder, and by what one sees that it is current."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.errors import ConfigError, LakeError
from mlops_mentor.publish.class_export import export_class, export_key, is_export_current
from mlops_mentor.publish.manifest import MANIFEST, read_manifest
from mlops_mentor.publish.names import leave_out
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import FEEDBACK_REPORTS, GROUP_OUTCOMES, LEADERBOARD_HISTORY, REPO_STATS
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.publish.class_lake import PERSONAL, RELEASED_AT, Made, store_class

COURSE = """\
course: MLOps
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
"""
MADE = (Made("2", released=("code_quality",)), Made("1", persons=2), Made("3"))
NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
MakeFrame = Callable[..., pl.DataFrame]


def _settings(folder: Path, publish: str = "") -> Settings:
    (folder / "course.yaml").write_text(COURSE + publish, encoding="utf-8")
    return Settings(data_dir=folder, course=folder / "course.yaml")


@pytest.fixture
def settings(tmp_path: Path, make_frame: MakeFrame, make_group: Callable[..., Group]) -> Settings:
    """Settings of a class that is stored."""
    found = _settings(tmp_path)
    lake = Lake(found.lake_dir)
    store_class(lake, found.the_course, MADE, make_frame, make_group)
    for each in MADE:
        row = {"group_id": each.group_id, "finished_at": NOW}
        lake.write(GROUP_OUTCOMES, make_frame(GROUP_OUTCOMES, row), each.group_id, input_key=f"key of {each.group_id}")
    return found


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_config_is_exported_in_the_rosters_order(settings: Settings) -> None:
    exported = export_class(settings)
    manifest = read_manifest(settings.export_dir)
    assert manifest.groups == ("2", "1", "3")
    assert manifest.as_of == RELEASED_AT
    assert exported.num_rows == {name: table.num_rows for name, table in manifest.tables.items()}
    assert list(exported.num_rows) == [each.name for each in PUBLISHED]
    assert exported.num_rows["leaderboard"] == 3
    assert (exported.written.changed, exported.withheld) == (True, ())


def test_a_second_export_of_the_same_class_changes_no_byte(settings: Settings) -> None:
    export_class(settings)
    before = _bytes(settings.export_dir)
    assert not export_class(settings).written.changed
    assert _bytes(settings.export_dir) == before


def test_nothing_personal_is_in_any_exported_byte(settings: Settings) -> None:
    export_class(settings)
    for content in _bytes(settings.export_dir).values():
        assert PERSONAL.encode() not in content
        assert b"uni.example" not in content
    for table in read_manifest(settings.export_dir).tables.values():
        if table.file:
            text = pl.read_parquet(settings.export_dir / table.file).write_json()
            assert not any(word in text for word in (PERSONAL, "uni.example", "github.com", "s00000"))


def test_a_group_that_is_left_out_is_in_no_table_and_not_in_the_manifest(settings: Settings) -> None:
    export_class(settings)
    leave_out(settings.unpublished_file, settings.locks_dir / "unpublished.lock", "2", NOW)
    assert not is_export_current(settings)
    export_class(settings)
    manifest = read_manifest(settings.export_dir)
    assert manifest.groups == ("1", "3")
    assert manifest.as_of != RELEASED_AT, "its release still shows"
    assert manifest.tables["feedback"].num_rows == 0
    for table in manifest.tables.values():
        if table.file:
            assert "2" not in pl.read_parquet(settings.export_dir / table.file)["group"]


def test_groups_are_shown_under_their_aliases(settings: Settings, tmp_path: Path) -> None:
    named = _settings(tmp_path, "publish:\n  groups: alias\n")
    with pytest.raises(ConfigError, match="no alias for group 2, 1, 3"):
        export_class(named)
    assert not settings.export_dir.exists()
    named.aliases_file.write_text("group_id,alias\n1,Heron\n2,Otter\n3,Lynx\n", encoding="utf-8")
    export_class(named)
    assert read_manifest(named.export_dir).groups == ("Otter", "Heron", "Lynx")


def test_an_export_is_current_until_something_that_it_is_made_from_changes(settings: Settings) -> None:
    assert not is_export_current(settings)
    export_class(settings)
    assert is_export_current(settings)
    lake = Lake(settings.lake_dir)
    lake.write(REPO_STATS, lake.read(REPO_STATS, "1"), "1")
    assert is_export_current(settings), "the group's outcome tells of its tables"
    for table in (GROUP_OUTCOMES, FEEDBACK_REPORTS):
        lake.write(table, lake.read(table, "1"), "1", input_key="another")
        assert not is_export_current(settings)
        export_class(settings)
        assert is_export_current(settings)
    lake.write(LEADERBOARD_HISTORY, lake.read(LEADERBOARD_HISTORY).head(1))
    assert not is_export_current(settings)


@pytest.mark.parametrize("publish", ["publish:\n  fewest_persons: 2\n", "publish:\n  contact: Kim\n"])
def test_what_the_course_says_makes_another_export(settings: Settings, tmp_path: Path, publish: str) -> None:
    export_class(settings)
    changed = _settings(tmp_path, publish)
    assert export_key(changed) != export_key(settings)
    assert not is_export_current(changed)
    assert export_class(changed).written.changed


def test_an_export_that_has_lost_a_file_is_not_current(settings: Settings) -> None:
    export_class(settings)
    for name in ("README.md", MANIFEST, str(read_manifest(settings.export_dir).tables["history"].file)):
        (settings.export_dir / name).unlink()
        assert not is_export_current(settings)
        export_class(settings)
        assert is_export_current(settings)


def test_before_there_is_a_class_nothing_is_exported(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert not is_export_current(settings)
    with pytest.raises(LakeError, match="groups"):
        export_class(settings)
    assert not settings.export_dir.exists()
