"""The commands as a user types them: what they print, and the exit codes."""

import contextlib
import csv
import io
import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import filelock
import pytest

import mlops_mentor
from mlops_mentor.cli import main
from mlops_mentor.cli.publish import say_export
from mlops_mentor.publish.class_export import export_class
from mlops_mentor.publish.dataset.facts import Facts
from mlops_mentor.publish.dataset.folder import write_folder
from mlops_mentor.publish.manifest import read_manifest
from mlops_mentor.schemas import empty
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.settings import Settings
from mlops_mentor_tests.chains import COURSE
from mlops_mentor_tests.defs.classroom import Classroom, make_classroom


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


def type_in(*arguments: str) -> Said:
    """`mlops-mentor ...` in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with pytest.MonkeyPatch.context() as monkeypatch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        monkeypatch.setattr(sys, "argv", ["mlops-mentor", *arguments])
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Said(code, out.getvalue(), err.getvalue())


def of(room: Classroom) -> list[str]:
    return ["--data-dir", str(room.data), "--course", str(room.folder / "course.yaml")]


@dataclass(frozen=True)
class Ran:
    room: Classroom
    said: Said


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A class that was run once; group 3 has no repository."""
    room = make_classroom(tmp_path_factory.mktemp("class"), ["1", "2"], missing=["3"])
    return Ran(room, type_in("run", *of(room)))


def test_a_run_succeeds_where_a_group_fails_and_names_it_with_the_reason(ran: Ran) -> None:
    assert ran.said.code == 0
    assert "3 of 3 groups worked on" in ran.said.out
    assert f"group 3: {ran.room.repository('3')} does not exist. Correct the roster" in ran.said.out
    assert str(ran.room.settings.warehouse_file) in ran.said.out


def test_a_second_run_works_on_what_failed_alone(ran: Ran) -> None:
    said = type_in("run", *of(ran.room))
    assert (said.code, "1 of 3 groups worked on" in said.out) == (0, True)


def test_one_group_can_be_run(ran: Ran) -> None:
    said = type_in("run", *of(ran.room), "--group", "2")
    assert (said.code, "1 of 1 groups worked on" in said.out) == (0, True)


def test_an_unknown_group_is_a_wrong_call(ran: Ran) -> None:
    said = type_in("run", *of(ran.room), "--group", "2", "--group", "nope")
    assert said.code == 2
    assert "--group: nope not in" in said.err
    assert "Traceback" not in said.err


def test_a_missing_roster_is_a_wrong_call_with_a_remedy(ran: Ran, tmp_path: Path) -> None:
    said = type_in("run", *of(ran.room), "--roster", str(tmp_path / "nowhere.csv"))
    assert said.code == 2
    assert "nowhere.csv" in said.err
    assert "Set MENTOR_ROSTER or --roster" in said.err


def test_a_missing_course_file_is_a_wrong_call_with_a_remedy(tmp_path: Path) -> None:
    said = type_in("run", "--data-dir", str(tmp_path / "data"))
    assert said.code == 2
    assert "Set MENTOR_COURSE" in said.err


def test_a_setting_that_cannot_be_used_is_a_wrong_call_that_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTOR_WORKERS", "many")
    said = type_in("leaderboard", "--data-dir", str(tmp_path))
    assert said.code == 2
    assert "MENTOR_WORKERS" in said.err


def test_the_leaderboard_as_json_has_every_group_in_the_rosters_order(ran: Ran) -> None:
    said = type_in("leaderboard", "--data-dir", str(ran.room.data), "--format", "json")
    rows = json.loads(said.out)
    assert said.code == 0
    shown = [(row["group_id"], row["state"], row["total_commits"]) for row in rows]
    assert shown == [("1", "ok", 3), ("2", "ok", 3), ("3", "failed", None)]


def test_the_leaderboard_as_csv_has_the_same_columns_as_json(ran: Ran) -> None:
    said = type_in("leaderboard", "-d", str(ran.room.data), "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    columns = json.loads(type_in("leaderboard", "-d", str(ran.room.data), "-f", "json").out)[0].keys()
    assert list(rows[0]) == list(columns)
    assert [row["total_commits"] for row in rows] == ["3", "3", ""]


def test_the_leaderboard_as_a_table_is_for_people(ran: Ran) -> None:
    said = type_in("leaderboard", "-d", str(ran.room.data))
    assert said.code == 0
    assert "on_main" in said.out.splitlines()[0]


def test_a_query_is_answered(ran: Ran) -> None:
    query = "select group_id, count(*) as n from commits group by all order by 1"
    said = type_in("sql", query, "-d", str(ran.room.data), "-f", "json")
    assert json.loads(said.out) == [{"group_id": "1", "n": 3}, {"group_id": "2", "n": 3}]


@pytest.mark.parametrize("query", ["selec 1", "from nowhere", "drop table commits", "from read_text('/etc/passwd')"])
def test_a_query_that_is_wrong_or_not_allowed_fails_with_a_message(ran: Ran, query: str) -> None:
    said = type_in("sql", query, "-d", str(ran.room.data))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


@pytest.mark.parametrize("command", [["leaderboard"], ["sql", "from commits"]])
def test_before_the_first_run_a_reader_is_told_what_to_do(tmp_path: Path, command: list[str]) -> None:
    said = type_in(*command, "--data-dir", str(tmp_path))
    assert said.code == 1
    assert "Run `mlops-mentor run`" in said.err


def test_doctor_says_what_cannot_be_reached(ran: Ran) -> None:
    said = type_in("doctor", *of(ran.room))
    assert said.code == 1
    assert "2 of 3 answer" in said.out
    assert "group 3" in said.out


def test_doctor_is_content_with_a_class_that_is_in_order(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    said = type_in("doctor", *of(room))
    assert (said.code, "LOOK" in said.out) == (0, False), said.out


def test_doctor_says_who_reviews_and_what_a_model_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "rules, without a model" in type_in("doctor", "--data-dir", str(tmp_path)).out
    monkeypatch.setenv("MENTOR_REVIEWER", "model")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody")
    said = type_in("doctor", "--data-dir", str(tmp_path))
    assert "set MENTOR_MODEL" in said.out
    assert "sk-of-nobody" not in said.out


def test_doctor_without_a_course_file_says_so_and_goes_on(tmp_path: Path) -> None:
    said = type_in("doctor", "--data-dir", str(tmp_path))
    assert said.code == 1
    assert "MENTOR_COURSE" in said.out
    assert "git" in said.out


def test_doctor_says_whether_a_warehouse_is_published_and_an_env_file_is_read(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MENTOR_GROUPS_PER_RUN=7\n")
    out = type_in("doctor", *of(ran.room)).out
    assert "published 20" in out
    assert "read: " in out
    (tmp_path / ".env").unlink()
    out = type_in("doctor", "--data-dir", str(tmp_path)).out
    assert "not published yet" in out
    assert "none in " in out


def test_doctor_finds_a_file_in_place_of_the_data_directory(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    said = type_in("doctor", "-d", str(tmp_path / "data"), "--course", str(ran.room.folder / "course.yaml"))
    # What was found goes on in the next row where the path is long: the remedy stands first in its column.
    assert (said.code, "LOOK  data directory" in said.out, "set MENTOR_DATA_DIR" in said.out) == (1, True, True)


def test_doctor_counts_the_roster_problems_that_it_does_not_list(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    with (room.folder / "group_info.csv").open("a") as file:
        file.writelines(f"{number},s1,s2,ftp://x.example/y\n" for number in range(2, 15))
    out = type_in("doctor", *of(room)).out
    assert out.count("correct the row") == 10
    assert "3 more rows cannot be used" in out


def test_doctor_and_run_name_rows_of_the_identities_that_cannot_be_used_and_no_person(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    room.settings.identities_file.write_text(
        "group_id,name,email,member\n1,Ada,,outsider\n1,Kilroy,,s123456\n*,,kilroy@*,bot\n"
    )
    said = type_in("doctor", *of(room))
    assert said.code == 1
    assert "2 rows;" in said.out
    assert "correct the row" in said.out
    told = type_in("run", *of(room))
    assert told.code == 0, "the other rows count, and no group waits for it"
    assert "identities: " in told.err
    assert "identities.csv, row 3: its study number is none of this group's in the roster" in told.err
    assert "Kilroy" not in said.out + told.err


def test_doctor_without_a_usable_header_of_the_identities_says_what_it_must_be(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    room.settings.identities_file.write_text("who,what\n")
    assert "correct identities.csv" in type_in("doctor", *of(room)).out
    said = type_in("run", *of(room))
    assert said.code == 2
    assert "The first row must be: group_id,name,email,member." in said.err


def test_doctor_keeps_what_a_check_found_before_it_failed(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    course = room.folder / "course.yaml"
    course.write_text(course.read_text().replace("[repos/starter]", '[repos/gone, "http://[x"]'))
    out = type_in("doctor", *of(room)).out
    assert "repos/gone" in out
    assert "see there" not in out


@pytest.mark.parametrize("command", [["doctor"], ["run"], ["sample", "made"]])
def test_without_git_a_command_says_so(tmp_path: Path, command: list[str]) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    # A process of its own: GitPython looks for git when it is imported.
    environment = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": str(Path(mlops_mentor.__file__).parents[1])}
    program = [sys.executable, "-c", "from mlops_mentor.cli import main; main()"]
    options = of(room) if command[0] != "sample" else []
    done = subprocess.run([*program, *command, *options], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nstall git 2.36 or newer" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (0 if command == ["doctor"] else 1)


def test_a_data_directory_that_cannot_be_made_is_one_line(ran: Ran) -> None:
    said = type_in("run", "-d", "/dev/null/x", "--course", str(ran.room.folder / "course.yaml"))
    assert said.code == 1
    assert [line[:7] for line in said.err.splitlines()] == ["error: "]


def test_a_lock_that_is_held_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def held() -> None:
        raise filelock.Timeout("/data/locks/\x1b[31mgroup.lock")

    monkeypatch.setattr("mlops_mentor.cli.app", held)
    said = type_in()
    assert (said.code, len(said.err.splitlines()), said.err.strip().isprintable()) == (1, 1, True)


def test_control_codes_in_what_is_logged_never_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        try:
            raise ValueError("\x1b[31mfile.py")
        except ValueError:
            logging.getLogger("nobody.listens").exception("group %s", "\x9b2J")

    monkeypatch.setattr("mlops_mentor.cli.app", fail)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    said = type_in()
    assert "file.py" in said.err
    assert all(char.isprintable() or char == "\n" for char in said.err)


def test_control_codes_of_the_roster_never_reach_the_terminal(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1"])
    with (room.folder / "group_info.csv").open("a") as file:
        file.write("2,s1,s2,\x1b[31mno\x9b2Jaddress\n")
    said = type_in("run", *of(room), "--group", "\x1b[31m2")
    assert said.code == 2
    assert "row 3" in said.err
    assert all(char.isprintable() or char == "\n" for char in said.err)


def test_a_much_shorter_roster_is_refused_named_and_can_be_accepted_later(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", [str(number) for number in range(1, 11)])
    assert "10 of 10 groups" in type_in("run", *of(room)).out
    room.write_roster(["1", "2", "3", "4", "5"])
    for _ in range(2):
        said = type_in("run", *of(room))
        assert said.code == 0
        assert "kept: 6, 7, 8, 9, 10." in said.err
        assert "--accept-shorter-roster" in said.err
        assert "nothing changed in 10 groups" in said.out
    assert "1 of 1 groups" in type_in("run", *of(room), "--group", "9").out
    said = type_in("run", *of(room), "--accept-shorter-roster")
    assert (said.code, said.err) == (0, "")
    assert "in 5 groups" in said.out
    listed = json.loads(type_in("leaderboard", "-d", str(room.data), "-f", "json").out)
    assert [row["group_id"] for row in listed] == ["1", "2", "3", "4", "5"]
    assert type_in("run", *of(room), "--group", "9").code == 2


def test_a_group_whose_row_cannot_be_read_any_more_is_named_as_kept(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1", "2"])
    type_in("run", *of(room))
    roster = room.folder / "group_info.csv"
    roster.write_text(roster.read_text().replace(str(room.repository("2")), "ftp://x.example/y"))
    said = type_in("run", *of(room))
    assert "kept as before, until their rows are corrected: 2." in said.err
    assert "--accept-shorter-roster" not in said.err
    assert "nothing changed in 2 groups" in said.out


def test_the_sample_class_can_be_made_and_is_named(tmp_path: Path) -> None:
    said = type_in("sample", str(tmp_path / "sample"))
    assert said.code == 0
    assert str(tmp_path / "sample" / "group_info.csv") in said.out
    assert (tmp_path / "sample" / "course.yaml").exists()


@pytest.mark.parametrize("command", [[], ["run"], ["leaderboard"], ["sql"], ["ui"], ["doctor"], ["sample"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    said = type_in(*command, "--help")
    assert said.code == 0
    assert "Usage: " in said.out
    assert said.out.count("\n") > 5


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["run", "--nonsense"], ["leaderboard", "--format", "xml"], ["sql"]]
)
def test_what_is_no_command_is_a_wrong_call(arguments: list[str]) -> None:
    assert type_in(*arguments).code == 2


def test_the_version_is_printed() -> None:
    said = type_in("--version")
    assert said.code == 0
    assert said.out.startswith("mlops-mentor ")


def test_a_group_that_is_to_be_left_out_and_has_left_is_said_and_stops_no_export(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1", "2"])
    (room.folder / "unpublished.csv").write_text("group_id,since\n2,\n77,2027-01-20\n", encoding="utf-8")

    said = type_in("run", *of(room))

    assert "publishing: " in said.err
    assert "unpublished.csv, row 3" in said.err
    assert "not exported" not in said.err
    assert read_manifest(room.settings.export_dir).groups == ("1",)
    assert not list(room.folder.glob(".*.lock"))
    told = type_in("doctor", *of(room)).out
    assert "1 of 2 groups, by their numbers" in told
    assert re.search(r"LOOK\s+publishing", told)


def test_a_sheet_of_aliases_that_cannot_be_used_stops_the_export_alone(ran: Ran) -> None:
    course = ran.room.folder / "by_alias.yaml"
    course.write_text((ran.room.folder / "course.yaml").read_text("utf-8") + "publish: {groups: alias}\n", "utf-8")
    arguments = ["--data-dir", str(ran.room.data), "--course", str(course)]

    said = type_in("run", *arguments)

    assert said.code == 0
    assert "no alias for group 1, 2, 3" in said.err
    assert "warehouse" in said.out.lower()
    assert re.search(r"LOOK\s+publishing", type_in("doctor", *arguments).out)


def test_what_the_privacy_gate_withheld_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path)
    facts = Facts(course=COURSE, groups=("7", "8"), as_of=None, most=5, withheld={"7": ("evidence", "feedback")})
    write_folder(settings.export_dir, {each.name: empty(each.table) for each in PUBLISHED}, facts)

    say_export(settings)

    assert "group 7: withheld from evidence, feedback" in capsys.readouterr().out


def test_a_group_that_has_left_the_roster_can_be_erased_from_what_was_pushed(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1", "2"])
    type_in("run", *of(room))
    roster = room.folder / "group_info.csv"
    rows = roster.read_text("utf-8").splitlines()
    roster.write_text("\n".join(row for row in rows if not row.startswith("2,")) + "\n", "utf-8")
    type_in("run", "--accept-shorter-roster", *of(room))
    assert read_manifest(room.settings.export_dir).groups == ("1",)

    said = type_in("erase", "2", *of(room))

    assert (said.code, "Nothing was erased on the Hub" in said.out) == (0, True), said.err
    unknown = type_in("erase", "77", *of(room))
    assert "group 77: was never in" in unknown.err


def test_a_site_that_was_not_made_of_the_stored_export_is_made_by_the_next_run(tmp_path: Path) -> None:
    room = make_classroom(tmp_path / "class", ["1", "2"])
    type_in("run", *of(room))
    page = room.settings.site_dir / "group" / "2.html"
    (room.folder / "unpublished.csv").write_text("group_id,since\n2,\n", encoding="utf-8")
    # As a process leaves it that is killed before the site is written.
    export_class(room.settings)
    assert page.exists()

    type_in("run", *of(room))

    assert not page.exists()
