"""What the tables say about each group of the sample class: a few telling rows of every story."""

import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mlops_mentor.cli.output import Format
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.sample import build_sample_class
from mlops_mentor.sample.average_group import committed_token
from mlops_mentor_tests.cli.test_commands import type_in

pytestmark = pytest.mark.slow

WITH_A_REPORT = ("1", "2", "3", "5", "6", "7", "10")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published tables of the whole class, run once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample-run"
    with FileLock(f"{folder}.lock"):
        if not (folder / "mentor.duckdb").exists():
            sample = build_sample_class(folder)
            said = type_in("run", "--data-dir", str(folder), "--course", str(sample.course))
            assert "10 of 10 groups worked on" in said.out
    return folder / "mentor.duckdb"


def rows(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    return query(warehouse, sql).rows


def row(warehouse: Path, sql: str) -> tuple[Any, ...]:
    (only,) = rows(warehouse, sql)
    return only


def items(warehouse: Path, group: str, condition: str) -> set[str]:
    return {
        item for (item,) in rows(warehouse, f"select item from checklist where group_id = '{group}' and {condition}")
    }


def failed_checks(warehouse: Path, group: str, *, outcome: str = "no") -> set[tuple[str, int]]:
    sql = f"""select "check", question from report_checks where group_id = '{group}' and outcome = '{outcome}'"""
    return {(check, question) for check, question in rows(warehouse, sql) if question}


def answered(warehouse: Path, group: str) -> int:
    (number,) = row(warehouse, f"select count(*) filter (is_answered) from report_answers where group_id = '{group}'")
    return int(number)


def test_nothing_could_not_be_looked_at_but_what_is_broken(warehouse: Path) -> None:
    found = rows(warehouse, "select group_id, item from checklist where shown in ('error', 'not_available')")
    # Group 10's pyproject.toml is no TOML.
    assert set(found) <= {("10", "W1-07")}


def test_reports_are_of_the_newest_template_and_found_by_what_they_say(warehouse: Path) -> None:
    found = rows(warehouse, "select distinct group_id, path, template from report_answers")
    assert {group for group, _, _ in found} == set(WITH_A_REPORT)
    assert {template for _, _, template in found} == {checklist().versions[-1]}
    assert {group: path for group, path, _ in found if path != "reports/README.md"} == {"6": "docs/hand_in.md"}


def test_every_claim_of_group_one_is_supported_and_its_report_keeps_every_rule(warehouse: Path) -> None:
    verdicts = dict(rows(warehouse, "select verdict, count(*) from checklist where group_id = '1' group by verdict"))
    assert verdicts == {"supported": 48, "not_checkable": 3, "not_claimed": 2}
    assert items(warehouse, "1", "verdict = 'not_claimed'") == {"W1-20", "W3-08"}
    assert (answered(warehouse, "1"), failed_checks(warehouse, "1")) == (31, set())
    assert row(warehouse, "select num_warnings, num_flags from leaderboard where group_id = '1'") == (0, 0)


def test_group_two_has_odd_marks_wrong_numbers_and_a_token(warehouse: Path) -> None:
    assert items(warehouse, "2", "verdict = 'unclear'") == {"W1-09", "W2-05", "W2-14"}
    assert items(warehouse, "2", "claimed = 'yes'") >= {"W1-01", "W1-04", "W1-07", "W2-11"}, "[X], [ x], [✅] and [x ]"
    assert items(warehouse, "2", "verdict = 'unsupported'") >= {"W1-10", "W1-15", "W2-11", "W3-01"}
    assert failed_checks(warehouse, "2") >= {("num_tests", 7), ("coverage_figure", 8), ("workflow_link", 11)}
    secrets = rows(warehouse, "select group_id, path, line, kind from committed_secrets")
    assert secrets == [("2", "scripts/fetch_reviews.sh", 3, "github-pat")]


def test_group_three_shows_much_and_ticks_nothing(warehouse: Path) -> None:
    assert items(warehouse, "3", "claimed <> 'no'") == set()
    shown = {"W1-05", "W1-06", "W1-12", "W1-14", "W2-01", "W2-04", "W2-06", "W2-07", "W2-13", "W2-15"}
    assert items(warehouse, "3", "verdict = 'unclaimed'") >= shown
    figures = {check for check in failed_checks(warehouse, "3") if check[0] in ("image_files", "example_figures")}
    assert figures == {("image_files", 14), ("example_figures", 19), ("image_files", 29)}


def test_group_four_has_no_report_and_one_person_who_works(warehouse: Path) -> None:
    assert items(warehouse, "4", "verdict <> 'not_asked'") == set()
    assert row(warehouse, """select "check", outcome from report_checks where group_id = '4'""") == ("found", "no")
    assert row(warehouse, "select num_warnings, balance from leaderboard where group_id = '4'") == (None, 0.0)
    assert items(warehouse, "4", "shown = 'yes'") >= {"W1-01", "W1-05", "W1-06"}, (
        "what is there is looked at all the same"
    )


def test_group_five_ticks_twenty_two_boxes_and_answers_one_question(warehouse: Path) -> None:
    assert len(items(warehouse, "5", "claimed = 'yes'")) == 22
    assert answered(warehouse, "5") == 1
    assert items(warehouse, "5", "verdict = 'unsupported'") >= {"W1-10", "W1-14", "W1-15", "W1-16", "W1-17", "W1-18"}


def test_groups_three_and_five_share_three_files(warehouse: Path) -> None:
    pairs = rows(warehouse, "select group_id, flag, num_files from same_code order by group_id")
    assert pairs == [("3", "same_code", 3), ("5", "same_code", 3)]


def test_the_last_night_is_a_jump_and_steady_work_a_curve(warehouse: Path) -> None:
    curves = {
        group: [
            progress
            for (progress,) in rows(warehouse, f"select progress from progress where group_id = '{group}' order by day")
        ]
        for group in ("1", "5")
    }
    assert len(curves["5"]) == 2
    assert len(curves["1"]) >= 8
    assert curves["1"] == sorted(curves["1"])
    assert curves["1"][-1] > 90
    assert curves["5"][-1] < 50


def test_what_group_six_answered_after_the_deadline_does_not_count(warehouse: Path) -> None:
    assert answered(warehouse, "6") == 2
    assert items(warehouse, "6", "verdict = 'unsupported'") == set()
    assert items(warehouse, "6", "verdict = 'supported'") >= {"W1-05", "W2-01", "W2-02", "W2-06"}


def test_the_untouched_template_and_report_show_next_to_nothing(warehouse: Path) -> None:
    assert items(warehouse, "7", "shown = 'yes'") <= {"W1-01", "W1-04", "W1-07", "W1-08"}
    assert answered(warehouse, "7") == 0
    assert row(warehouse, "select report_answered, tests_and_ci from leaderboard where group_id = '7'") == (0.0, 0.0)


def test_group_ten_ticks_everything_in_its_report_and_its_agents_file_counts_for_nothing(warehouse: Path) -> None:
    assert items(warehouse, "10", "claimed <> 'yes'") == set()
    assert items(warehouse, "10", "claim_path <> 'reports/README.md'") == set()
    assert len(items(warehouse, "10", "verdict = 'unsupported'")) > 30
    assert answered(warehouse, "10") == 1


def test_flags_say_what_is_worth_a_look(warehouse: Path) -> None:
    found = rows(warehouse, "select group_id, flag from flags")
    assert set(found) >= {
        ("2", "secrets"), ("2", "claims_unsupported"), ("4", "one_member_does_nearly_all"), ("4", "member_silent"),
        ("5", "work_at_the_end"), ("5", "claims_unsupported"), ("6", "late_commits"), ("7", "no_commits"),
        ("10", "instructions_to_reviewer"),
    }  # fmt: skip
    assert {group for group, _ in found}.isdisjoint({"1", "3"})


def test_code_quality_tells_the_strong_group_from_the_one_in_a_hurry(warehouse: Path) -> None:
    measured = rows(
        warehouse,
        "select share_documented, num_tests, has_lock_file from code_quality where group_id in ('1', '2')"
        " order by group_id",
    )
    (documented, tests, locked), (less_documented, fewer_tests, unlocked) = measured
    assert documented > less_documented
    assert tests > fewer_tests
    assert (locked, unlocked) == (True, False)
    broken = row(warehouse, "select num_broken_python_files from code_quality where group_id = '10'")
    assert broken[0] >= 2


def test_the_leaderboard_fits_two_hundred_columns_and_has_progress_and_claims(warehouse: Path) -> None:
    said = type_in("leaderboard", "--data-dir", str(warehouse.parent), "--format", Format.TABLE.value)
    lines = said.out.splitlines()
    assert lines[0].split()[-2:] == ["progress", "unsupported"]
    assert len(lines) == 11
    assert max(map(len, lines)) <= 200


def test_the_token_is_in_no_file_of_this_project() -> None:
    token = committed_token()
    root = Path(__file__).parents[2]
    texts = [file for folder in ("mlops_mentor", "mlops_mentor_tests") for file in (root / folder).rglob("*.*")]
    assert not any(token in file.read_text("utf-8", "replace") for file in texts if file.suffix in (".py", ".txt"))
