"""The same code: by ids of files and commits, in both directions, without what everybody has."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import FlagThresholds
from mlops_mentor.errors import ConfigError
from mlops_mentor.metrics.earlier_years import (
    COLUMNS,
    earlier_years_frame,
    earlier_years_key,
    read_earlier_years,
)
from mlops_mentor.metrics.same_code import ClassContent, compared_files, same_code_frame
from mlops_mentor.schemas import COMMITS, FILES, SAME_CODE, empty, validate

MakeFrame = Callable[..., pl.DataFrame]
LIMITS = FlagThresholds()
NONE = pl.DataFrame(schema=COLUMNS)
Same = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def same(make_files: MakeFrame, make_commits: MakeFrame) -> Same:
    """`same({group: {blob: lines}}, {group: [sha]}, ...)`: the rows of `same_code`; files are Python unless said."""

    def rows(
        files: Mapping[str, Mapping[str, int]],
        commits: Mapping[str, list[str]] | None = None,
        earlier: pl.DataFrame = NONE,
        handed_out: tuple[str, ...] = (),
        **more: Any,
    ) -> list[dict[str, Any]]:
        default = {"kind": "python", "is_vendored": False, "is_generated": False} | more
        tracked = [
            default | {"group_id": group, "path": f"{group}/{blob}.py", "blob_id": blob, "lines": lines}
            for group, blobs in files.items()
            for blob, lines in blobs.items()
        ]
        made = [
            make_commits(*({"group_id": group, "sha": sha} for sha in shas)) for group, shas in (commits or {}).items()
        ]
        content = ClassContent(
            list(dict.fromkeys([*files, *(commits or {})])),
            make_files(*tracked) if tracked else empty(FILES),
            pl.concat([empty(COMMITS), *made]),
            handed_out,
        )
        return validate(SAME_CODE, same_code_frame(content, earlier, LIMITS)).to_dicts()

    return rows


def test_two_groups_with_the_same_files_stand_there_in_both_directions(same: Same) -> None:
    found = same({"1": {"a": 80, "b": 20, "own": 100}, "2": {"a": 80, "b": 20}, "3": {"c": 500}})
    assert [(row["group_id"], row["other_group"], row["num_files"], row["num_lines"]) for row in found] == [
        ("1", "2", 2, 100), ("2", "1", 2, 100)
    ]  # fmt: skip
    assert [row["share_of_own_lines"] for row in found] == [0.5, 1.0]
    assert (found[0]["path"], found[0]["other_path"], found[0]["year"]) == ("1/a.py", "2/a.py", "now")
    assert found[0]["detail"].startswith("2 files with 100 lines (50 % of the lines compared) are also in group 2. ")
    assert {row["severity"] for row in found} == {"serious"}


@pytest.mark.parametrize(("lines", "is_there"), [(60, True), (59, False)])
def test_few_lines_are_no_question(same: Same, lines: int, is_there: bool) -> None:
    assert bool(same({"1": {"a": lines}, "2": {"a": lines}})) is is_there


def test_short_files_are_not_compared_however_many(same: Same) -> None:
    short = {f"b{i}": 19 for i in range(50)}
    assert same({"1": short, "2": short}) == []
    assert same({"1": {"e": 0}, "2": {"e": 0}}) == []


def test_a_small_share_is_a_notice(same: Same) -> None:
    found = same({"1": {"a": 100, "own": 301}, "2": {"a": 100, "other": 300}})
    assert [(row["group_id"], row["flag"], row["severity"]) for row in found] == [
        ("1", "same_files", "notice"), ("2", "same_code", "serious")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [{"is_starter_code": True}, {"is_vendored": True}, {"is_generated": True}, {"kind": "data"}, {"kind": "config"}],
)
def test_what_is_not_the_groups_own_code_is_not_compared(same: Same, more: dict[str, Any]) -> None:
    assert same({"1": {"a": 500}, "2": {"a": 500}}, **more) == []


def test_what_many_groups_have_was_handed_out(same: Same) -> None:
    assert len(same({str(i): {"a": 500} for i in range(4)})) == 12
    assert same({str(i): {"a": 500} for i in range(5)}, {str(i): ["c"] for i in range(5)}) == []


def test_the_same_content_twice_in_a_group_counts_once(make_files: MakeFrame) -> None:
    rows = [{"path": path, "blob_id": "a", "lines": 50, "kind": "test"} for path in ("z.py", "a.py")]
    frame = compared_files(make_files(*({**row, "is_vendored": False, "is_generated": False} for row in rows)), LIMITS)
    assert frame["path"].to_list() == ["a.py"]


def test_commits_of_two_groups_are_the_same_history_but_for_those_of_the_starter_code(same: Same) -> None:
    history = {"1": ["s", "x", "y"], "2": ["s", "x"], "3": ["s"]}
    found = same({"1": {"a": 500}}, history, handed_out=("s",))
    assert [(row["group_id"], row["other_group"], row["num_commits"], row["flag"]) for row in found] == [
        ("1", "2", 1, "same_history"), ("2", "1", 1, "same_history")
    ]  # fmt: skip
    assert (found[0]["sha"], found[0]["num_files"], found[0]["path"]) == ("x", 0, None)
    assert found[0]["detail"].startswith("1 commit, the newest x is also in group 2.")


def test_an_earlier_year_is_compared_by_what_was_kept_of_it(
    same: Same, make_files: MakeFrame, make_commits: MakeFrame, tmp_path: Path
) -> None:
    row = {"kind": "python", "is_vendored": False, "is_generated": False, "lines": 90}
    files = make_files(*({**row, "group_id": "7", "path": f"{blob}.py", "blob_id": blob} for blob in "ab"))
    commits = make_commits({"group_id": "7", "sha": "x"})
    kept = earlier_years_frame("2026", compared_files(files, LIMITS), commits)
    assert kept.columns == list(COLUMNS)
    assert earlier_years_key(tmp_path / "years") == ""
    assert read_earlier_years(tmp_path / "years").equals(NONE)
    (tmp_path / "years").mkdir()
    kept.write_csv(tmp_path / "years" / "2026.csv")
    earlier = read_earlier_years(tmp_path / "years")
    assert earlier.equals(kept)
    found = same({"1": {"a": 90}, "2": {"c": 90}}, {"2": ["x"]}, earlier)
    assert [(row["group_id"], row["year"], row["other_group"], row["flag"]) for row in found] == [
        ("1", "2026", "7", "same_code"), ("2", "2026", "7", "same_history")
    ]  # fmt: skip
    assert "are also in group 7 of 2026." in found[0]["detail"] or "is also in group 7 of 2026." in found[0]["detail"]
    assert found[0]["other_path"] is None
    before = earlier_years_key(tmp_path / "years")
    kept.head(1).write_csv(tmp_path / "years" / "2026.csv")
    assert earlier_years_key(tmp_path / "years") != before


@pytest.mark.parametrize("content", [b"", b"year,blob\n1,2\n", b"\xff\xfe\x00", b"year,group_id,blob_id\n1,2,3\n"])
def test_a_file_of_another_form_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2026.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=r"2026\.csv: cannot be used"):
        read_earlier_years(tmp_path)


def test_a_class_without_groups_has_none(same: Same) -> None:
    assert same({}) == []


def test_the_newest_commit_is_named(make_commits: MakeFrame) -> None:
    at = datetime(2027, 1, 5, tzinfo=UTC)
    days = {"x": 1, "y": 9, "z": 2}
    made = [
        make_commits(
            *(
                {"group_id": group, "sha": sha, "committed_at": at + timedelta(days=later)}
                for sha, later in days.items()
            )
        )
        for group in "12"
    ]
    frame = same_code_frame(ClassContent("12", empty(FILES), pl.concat(made)), NONE, LIMITS)
    assert frame["sha"].to_list() == ["y", "y"]
    assert frame["num_commits"].to_list() == [3, 3]
