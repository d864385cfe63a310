"""Printing tables: people get a table, programs get data, and nobody gets control codes of students."""

import csv
import io
import json
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mlops_mentor.cli.output import Format, print_table, say

COLUMNS = ("group", "commits", "share", "ok", "at", "note")
MOMENT = datetime(2027, 1, 5, 12, 30, 59, tzinfo=UTC)
ROWS = [("1", 1200, 0.5, True, MOMENT, "fine"), ("2", None, None, False, None, 'æ, "quoted"\nline')]
HOSTILE = ["[red]free money[/red]", "[/]", "[link=https://x.example]here[/link]", "\\[bold]", "[bold"]
CODES = ["\x1b[31mred\x1b[0m", "\x1b]8;;https://x.example\x07here\x1b]8;;\x07", "a\rb", "a\x00b", "\x9b2J", "a\u202eb"]


def _printed(
    capsys: pytest.CaptureFixture[str], format: Format, rows: list[tuple[Any, ...]], columns: tuple[str, ...] = COLUMNS
) -> str:
    print_table(columns, rows, format)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_json_is_a_list_of_records(capsys: pytest.CaptureFixture[str]) -> None:
    records = json.loads(_printed(capsys, Format.JSON, ROWS))
    assert [list(record) for record in records] == [list(COLUMNS)] * 2
    assert (records[0]["commits"], records[0]["share"], records[0]["ok"]) == (1200, 0.5, True)
    assert (records[1]["commits"], records[1]["at"]) == (None, None)
    assert records[1]["note"] == ROWS[1][5]


def test_json_without_rows_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_printed(capsys, Format.JSON, [])) == []


def test_csv_comes_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.reader(io.StringIO(_printed(capsys, Format.CSV, ROWS), newline="")))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == ["1", "1200", "0.5", "True", "2027-01-05T12:30:59+00:00", "fine"]
    assert rows[2] == ["2", "", "", "False", "", 'æ, "quoted"\nline']


def test_csv_without_rows_has_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(capsys, Format.CSV, []) == ",".join(COLUMNS) + "\n"


def test_lists_are_json_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(capsys, Format.CSV, [(["a", "æ"], {"x": date(2027, 1, 5)})], ("tags", "more"))
    assert list(csv.reader(io.StringIO(out)))[1] == ['["a", "æ"]', '{"x": "2027-01-05"}']


def test_a_moment_is_the_same_in_json_and_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_printed(capsys, Format.JSON, ROWS))[0]["at"] == MOMENT.isoformat()


def test_json_has_no_value_that_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(capsys, Format.JSON, [(float("nan"),)], ("x",))
    assert json.loads(out, parse_constant=str) == [{"x": None}]


def test_a_table_shows_values_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(capsys, Format.TABLE, ROWS)
    header, first, second = out.splitlines()[:3]
    assert header.split() == list(COLUMNS)
    assert first.split() == ["1", "1200", "0.5", "yes", "2027-01-05", "12:30+00:00", "fine"]
    assert second.split() == ["2", "no", "æ,", '"quoted"', "line"]


def test_numbers_stand_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _printed(capsys, Format.TABLE, [(5, "a"), (123456, "b")], ("n", "name")).splitlines()
    assert lines[0].startswith("     n")
    assert lines[1].startswith("     5")


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_of_students_is_shown_as_it_stands(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert text in _printed(capsys, Format.TABLE, [(text,)], ("name",))


@pytest.mark.parametrize("text", CODES)
def test_control_codes_of_students_never_reach_the_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    out = _printed(capsys, Format.TABLE, [(text,)], ("name",))
    assert all(char.isprintable() or char == "\n" for char in out)


def test_emoji_codes_of_students_are_shown_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    assert ":smile:" in _printed(capsys, Format.TABLE, [(":smile:",)], ("name",))


@pytest.mark.parametrize("text", ["[red]Ada", "[/]", ":smile:", "[link=https://x.example]here[/link]"])
def test_markup_in_names_of_columns_is_shown_as_it_stands(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert text in _printed(capsys, Format.TABLE, [("x",)], (text,))


@pytest.mark.parametrize("text", CODES[:2])
def test_control_codes_in_names_of_columns_never_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    out = _printed(capsys, Format.TABLE, [("x",)], (text,))
    assert all(char.isprintable() or char == "\n" for char in out)


@pytest.mark.parametrize("text", CODES[:2])
def test_control_codes_are_escaped_in_json(capsys: pytest.CaptureFixture[str], text: str) -> None:
    out = _printed(capsys, Format.JSON, [(text,)], ("name",))
    assert "\x1b" not in out
    assert json.loads(out) == [{"name": text}]


@pytest.mark.parametrize("text", CODES)
def test_json_has_no_control_codes_and_comes_back_as_it_was(capsys: pytest.CaptureFixture[str], text: str) -> None:
    out = _printed(capsys, Format.JSON, [(text + "\U000e0001",)], ("name",))
    assert all(char.isprintable() or char == "\n" for char in out)
    assert json.loads(out) == [{"name": text + "\U000e0001"}]


@pytest.mark.parametrize("text", CODES)
def test_csv_on_a_terminal_has_no_control_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = _printed(capsys, Format.CSV, [(text + "\t\nend",)], ("name",))
    assert all(char.isprintable() or char in "\n\t" for char in out)
    assert "\t\nend" in out


@pytest.mark.parametrize("text", CODES)
def test_csv_in_a_file_has_the_values_as_they_are(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert text in _printed(capsys, Format.CSV, [(text,)], ("name",))


@pytest.mark.parametrize("text", [*CODES, "two\nlines"])
def test_a_line_is_one_line_without_control_codes(capsys: pytest.CaptureFixture[str], text: str) -> None:
    say(text, err=True)
    assert capsys.readouterr().err.removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.04, "0.04"),
        (0.325, "0.325"),
        (0.5, "0.5"),
        (2.0, "2"),
        (0.0, "0"),
        (-0.25, "-0.25"),
        (2 / 3, "0.6667"),
        (12.345, "12.35"),
        (1234.56, "1,235"),
        (1234567.8, "1,234,568"),
        (9999.96, "10,000"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_float_has_four_significant_digits(capsys: pytest.CaptureFixture[str], value: float, shown: str) -> None:
    assert _printed(capsys, Format.TABLE, [(value,)], ("x",)).split() == ["x", shown]
