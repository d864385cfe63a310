"""Writing the TAs' word: what is written is read back, nothing else changes, and nobody's row is lost."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.review_sheet import NewReview, append_reviews
from mlops_mentor.feedback.reviews import Reviews, effective, load_reviews
from mlops_mentor.feedback.rubric import load_rubric

ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2027, 2, 1, 12, 0, 7, 500, tzinfo=UTC)
GROUPS = ("1", "2", "Group-B")
HEADER = "group_id,area,score,comment,reviewer,time,released"
OLD = f'{HEADER}\n1,unit_testing,3,"Fine, but short",Kim,2027-01-25T12:00,yes\n'


def _write(file: Path, *rows: NewReview, now: datetime = NOW, **more: Any) -> bool:
    lock = file.parents[more.pop("up", 0)] / "locks" / "reviews.lock"
    known: dict[str, Any] = {"zone": ZONE, "group_ids": GROUPS, "rubric": load_rubric()}
    return append_reviews(file, lock, rows, now=now, **known, **more)


def _read(file: Path, now: datetime = NOW) -> Reviews:
    return load_reviews(file, zone=ZONE, group_ids=GROUPS, rubric=load_rubric(), now=now)


def _file(folder: Path, content: str | bytes) -> Path:
    file = folder / "reviews.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_a_file_is_made_and_the_row_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    assert _write(file, NewReview("1", "ci_cd", "Kim", 4, "Good.", "First.\n\nSecond, “third”; 4.", True))
    assert file.read_text().startswith(f"{HEADER},text\n")
    assert "2027-02-01T13:00:07+01:00" in file.read_text()
    (row,) = _read(file).frame.rows(named=True)
    assert row == {
        "group_id": "1", "row": 2, "area": "ci_cd", "score": 4, "comment": "Good.", "is_released": True,
        "text": "First.\n\nSecond, “third”; 4.", "reviewer": "Kim", "reviewed_at": NOW.replace(microsecond=0),
    }  # fmt: skip


def test_what_was_there_stays_byte_for_byte_and_only_columns_that_are_needed_are_added(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    _write(file, NewReview("2", None, "Bo", is_released=True))
    assert file.read_text() == OLD + "2,,,,Bo,2027-02-01T13:00:07+01:00,yes\n"
    _write(file, NewReview("2", "report", "Bo", text="Mine."))
    first, rest = file.read_text().split("\n", 1)
    assert first == f"{HEADER},text"
    assert rest.startswith(OLD.split("\n", 1)[1])


@pytest.mark.parametrize(
    "content",
    [
        OLD.encode("utf-8-sig"),
        OLD.encode("utf-16"),
        OLD.encode("utf-16-be").join([b"\xfe\xff", b""]),
        OLD.replace("\n", "\r\n").encode(),
        OLD.replace('"Fine, but short"', "Så fin").replace(",", ";").encode("cp1252"),
        OLD.replace('"Fine, but short"', "Så fin").replace(",", "\t").encode(),
        OLD.rstrip("\n").encode(),
        f"\n\n{OLD}\n\n".encode(),
        OLD.replace("group_id,area", "Group_NB, AREA").replace("reviewer", "TA").encode(),
    ],
    ids=["bom", "utf-16", "utf-16-be", "crlf", "code page", "tabs", "no end", "blank lines", "header"],
)
@pytest.mark.parametrize("text", ["Plain; and, simple", "Å ☃\n\n“two”\t\n=1+1"])
def test_whatever_a_spreadsheet_has_saved_keeps_its_ways(tmp_path: Path, content: bytes, text: str) -> None:
    file = _file(tmp_path, content)
    before = _read(file).frame
    _write(file, NewReview("Group-B", "ci_cd", "Bo", text=text))
    after = _read(file)
    assert after.problems == ()
    assert after.frame.head(1).equals(before)
    assert after.frame["text"].to_list() == [None, text.strip()]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb"):
        assert file.read_bytes()[:2] == content[:2]
    if b"\r\n" in content:
        assert file.read_bytes().endswith(b"\r\n")
    if b";Kim;" in content:
        assert b";Bo;" in file.read_bytes()


def test_other_columns_broken_rows_notes_and_bytes_of_no_meaning_stay(tmp_path: Path) -> None:
    content = (
        b"note,group_id,area,score,comment,reviewer,time,released,,\n"
        b"keep \x81\xe5,1,ci_cd,9,secret,Kim,2027-01-25T12:00,,,stray\n"
        b"# a note of ours\n"
        b'x,2,report,2,"two\nlines",Bo,2027-01-25T12:00,no,,,another stray\n'
    )
    file = _file(tmp_path, content)
    _write(file, NewReview("2", "ci_cd", "Bo", text="Mine."))
    after = file.read_bytes()
    assert after.startswith(content.split(b"\n", 1)[0])
    assert content.split(b"\n", 1)[1] in after
    loaded = _read(file)
    assert loaded.frame["text"].to_list() == [None, "Mine."], "what strays behind the last column became a text"
    assert [problem.row for problem in loaded.problems] == [2, 3]


def test_a_code_page_that_lacks_a_character_becomes_utf_8_and_means_the_same(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD.replace("Fine", "Så fin").encode("cp1252"))
    before = _read(file).frame
    _write(file, NewReview("1", "ci_cd", "Bo", comment="☃"))
    assert _read(file).frame.head(1).equals(before)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_quotation_mark_left_open_swallows_nothing(tmp_path: Path) -> None:
    content = OLD + '2,ci_cd,2,"open,Kim,2027-01-25T12:00,\n'
    file = _file(tmp_path, content)
    with pytest.raises(ConfigError, match="quotation mark"):
        _write(file, NewReview("1", "ci_cd", "Bo", score=3))
    assert file.read_text() == content


def test_no_cell_is_a_formula_to_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    cells = ["=1+1", "+1", "- a point", "@me", "'=1", "''-", "'quoted'", '=HYPERLINK("http://evil.example")']
    for cell in cells:
        _write(file, NewReview("1", "ci_cd", "@bo", comment=cell, text=cell))
    lines = file.read_text().splitlines()[1:]
    assert not [line for line in lines for cell in line.split(",") if cell.lstrip('"')[:1] in tuple("=+-@")]
    frame = _read(file).frame
    assert frame["comment"].to_list() == frame["text"].to_list() == cells
    assert set(frame["reviewer"]) == {"@bo"}


ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=60)


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(ANY, min_size=1, max_size=3), comment=ANY, delimiter=st.sampled_from(",;\t"))
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], comment: str, delimiter: str
) -> None:
    file = _file(tmp_path_factory.mktemp("sheet"), HEADER.replace(",", delimiter) + "\n")
    for text in texts:
        _write(file, NewReview("1", "ci_cd", "Kim", score=3, comment=comment, text=text))
    frame = _read(file).frame
    assert frame["text"].to_list() == ["" if text.strip() in ("", "-") else text.strip() for text in texts]
    assert set(frame["comment"]) == {comment.strip() or None}


@pytest.mark.parametrize("begun", [b"", OLD.encode()[:70]])
def test_a_program_that_is_within_saving_it_loses_nothing(tmp_path: Path, begun: bytes) -> None:
    # Spreadsheets empty the file, and then fill it.
    file = _file(tmp_path, OLD)

    def save() -> None:
        with file.open("wb", buffering=0) as saved:
            saved.write(begun)
            is_begun.set()
            time.sleep(0.1)
            saved.write(OLD.encode()[len(begun) :])

    is_begun = threading.Event()
    saving = threading.Thread(target=save)
    saving.start()
    assert is_begun.wait(10)
    _write(file, NewReview("2", None, "Bo", is_released=True))
    saving.join()
    assert file.read_text() == OLD + "2,,,,Bo,2027-02-01T13:00:07+01:00,yes\n"


def test_line_ends_become_ours_and_what_no_file_holds_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    _write(file, NewReview("1", "ci_cd", "Kim", text=" a\r\nb\rc\x00\ud800 "))
    assert _read(file).frame["text"].to_list() == ["a\nb\nc?"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (NewReview("9", "ci_cd", "Kim", 3), "nowhere in the roster"),
        (NewReview("1", "cooking", "Kim", 3), "none of the rubric's"),
        (NewReview("1", "ci_cd", "Kim", 6), "whole number from 1 to 5"),
        (NewReview("1", "ci_cd", "Kim", -1), "whole number from 1 to 5"),
        (NewReview("1", "ci_cd", " ", 3), "the reviewer is missing"),
        (NewReview("1", "ci_cd", "Kim"), "it says nothing"),
        (NewReview("1", None, "Kim", text="words"), "about no area"),
        (NewReview("1", "ci_cd", "Kim", text="x" * 20_001), "more than 20,000 characters"),
        (NewReview("1", "ci_cd", "Kim", comment="x" * 20_001), "more than 20,000 characters"),
    ],
)
def test_a_row_that_could_not_be_used_is_refused_and_none_of_the_others_is_written(
    tmp_path: Path, row: NewReview, said: str
) -> None:
    file = _file(tmp_path, OLD)
    with pytest.raises(ValueError, match=said):
        _write(file, NewReview("1", "ci_cd", "Kim", 3), row)
    assert file.read_text() == OLD


def test_a_header_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    file = _file(tmp_path, "a,b\n1,2\n")
    with pytest.raises(ConfigError, match="the header lacks"):
        _write(file, NewReview("1", "ci_cd", "Kim", 3))
    assert file.read_text() == "a,b\n1,2\n"


def test_whoever_is_not_wanted_any_more_writes_nothing(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    seen: list[int] = []

    def is_wanted(there: pl.DataFrame) -> bool:
        seen.append(there.height)
        return False

    assert not _write(file, NewReview("1", "ci_cd", "Kim", 3), is_wanted=is_wanted)
    assert (file.read_text(), seen) == (OLD, [1])


def test_what_is_said_last_counts_although_another_clock_is_ahead(tmp_path: Path) -> None:
    file = _file(tmp_path, f"{HEADER}\n1,ci_cd,2,,Kim,2027-02-01T13:03:00,\n2,ci_cd,2,,Kim,2027-02-01T13:04,\n")
    _write(file, NewReview("1", "ci_cd", "Bo", 5))
    assert effective(_read(file).frame, "1", "ci_cd").score == 5
    assert _read(file).frame["reviewed_at"][-1] == datetime(2027, 2, 1, 12, 3, tzinfo=UTC)


def test_permissions_stay_and_a_link_is_followed(tmp_path: Path) -> None:
    kept = _file(tmp_path, OLD)
    kept.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(kept)
    _write(link, NewReview("1", "ci_cd", "Kim", 3))
    assert link.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert _read(kept).frame.height == 2


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(ConfigError, match="Nothing was changed"):
        _write(tmp_path / "a file" / "reviews.csv", NewReview("1", "ci_cd", "Kim", 3), up=1)


def test_what_somebody_saves_meanwhile_is_kept(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    saved = OLD + "2,ci_cd,1,by hand,Bo,2027-01-25T12:00,\n"

    def save_by_hand_once(there: pl.DataFrame) -> bool:
        if there.height == 1:
            file.write_text(saved)
        return True

    assert _write(file, NewReview("1", "ci_cd", "Kim", 3), is_wanted=save_by_hand_once)
    assert file.read_text().startswith(saved)
    assert _read(file).frame.height == 3


def test_a_file_that_changes_at_every_moment_is_given_up(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    times: list[int] = []

    def save(there: pl.DataFrame) -> bool:
        times.append(1)
        file.write_text(OLD + "\n" * len(times))
        return True

    with pytest.raises(ConfigError, match="keeps saving it"):
        _write(file, NewReview("1", "ci_cd", "Kim", 3), is_wanted=save)
    assert file.read_text().strip() == OLD.strip()
    assert [each.name for each in tmp_path.glob(".*")] == []


_WRITER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
from mlops_mentor.feedback.review_sheet import NewReview, append_reviews
from mlops_mentor.feedback.rubric import load_rubric

file, name, times, begin = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), datetime.fromisoformat(sys.argv[4])
known = {"zone": ZoneInfo("Europe/Copenhagen"), "group_ids": ("1",), "rubric": load_rubric()}
print("ready", flush=True)
sys.stdin.readline()
for number in range(times):
    row = NewReview("1", "ci_cd", name, text=f"{name} {number}\\n" + "long " * 100)
    append_reviews(file, file.parent / "locks" / "reviews.lock", [row], now=begin + timedelta(seconds=number), **known)
"""


def _writer(file: Path, name: str, times: int) -> subprocess.Popen[str]:
    """A process that has begun, and waits for a line to write rows."""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    arguments = [sys.executable, "-c", _WRITER, str(file), name, str(times), NOW.isoformat()]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    processes = [_writer(file, name, 50) for name in ("Bo", "Ida")]
    for process in processes:
        _go(process)
    for process in processes:
        process.communicate(timeout=30)
    assert [process.returncode for process in processes] == [0, 0]
    loaded = _read(file, NOW + timedelta(hours=1))
    assert loaded.problems == ()
    texts = [text.splitlines()[0] for text in loaded.frame["text"].drop_nulls()]
    assert sorted(texts) == sorted(f"{name} {number}" for name in ("Bo", "Ida") for number in range(50))


def test_a_process_killed_at_any_moment_leaves_a_whole_file_and_the_next_goes_on(tmp_path: Path) -> None:
    file = _file(tmp_path, OLD)
    num_before = 1
    for number in range(4):
        with _writer(file, "Bo", 10_000) as process:
            _go(process)
            time.sleep(0.05 + 0.017 * number)
            process.kill()
        loaded = _read(file, NOW + timedelta(days=1))
        assert loaded.problems == ()
        assert loaded.frame.height >= num_before
        assert all(text.endswith("long") for text in loaded.frame["text"].drop_nulls())
        num_before = loaded.frame.height
    assert num_before > 1
    assert _write(file, NewReview("1", "ci_cd", "Kim", 3), now=NOW + timedelta(days=1))


@pytest.mark.parametrize("step", ["fsync", "chown", "replace"])
def test_a_write_that_ends_at_any_step_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = _file(tmp_path, OLD)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path if step == "replace" else os, step, end)
    with pytest.raises(KeyboardInterrupt):
        _write(file, NewReview("1", "ci_cd", "Kim", 3))
    assert file.read_text() == OLD
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["reviews.csv"]
