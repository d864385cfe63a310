"""Printing: tables for people, as CSV, as JSON; and lines.

Texts of students and of servers pass `printable` on their way to a terminal, whatever prints them.
"""

import csv
import io
import json
import logging
import math
import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL = 200
_SIGNIFICANT_DIGITS = 4


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def console() -> Console:
    """The console; where there is no terminal to measure, wide enough for a leaderboard."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL, highlight=False)


def printable(text: str, *, keep: str = "") -> str:
    """`text` with a space for each control code, direction mark and the like, other than those in `keep`."""
    return "".join(char if char.isprintable() or char in keep else " " for char in text)


class PrintableFormatter(logging.Formatter):
    """What is logged, tracebacks with it, without control codes."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record), keep="\n\t")


def say(text: str, *, err: bool = False, fg: str | None = None, keep: str = "") -> None:
    """Print `text` as one line; of what is not printable only `keep` stays."""
    typer.secho(printable(text, keep=keep), err=err, fg=fg)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], format: Format, *, title: str | None = None
) -> None:
    """Print rows in the given format; nothing but the data goes to standard output for CSV and JSON.

    JSON escapes what is not printable. CSV cannot: it has the values as they are, except on a terminal.
    """
    if format is Format.JSON:
        records = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]
        text = json.dumps(records, indent=2, allow_nan=False, ensure_ascii=False)
        print("".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text))
    elif format is Format.CSV:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if value is None else _flat(value) for value in row] for row in rows])
        sys.stdout.write(printable(out.getvalue(), keep="\n\t") if sys.stdout.isatty() else out.getvalue())
    else:
        console().print(rich_table(columns, rows, title=title))


def rich_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> Table:
    """A table for a terminal: numbers to the right; texts of students are never markup, emoji or control codes."""
    table = Table(
        title=None if title is None else _shown(title),
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for index, name in enumerate(columns):
        is_number = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in rows)
        table.add_column(_shown(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_shown(_text(value)) for value in row))
    return table


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    """Four significant digits, and all digits before the point; an exponent for the very small and very large alone."""
    if value == 0:
        return "0"
    if not math.isfinite(value) or not 1e-4 <= abs(value) < 1e15:
        return f"{value:.{_SIGNIFICANT_DIGITS}g}"
    num_decimals = max(0, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{num_decimals}f}"
    return text.rstrip("0").rstrip(".") if num_decimals else text


def _flat(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _plain(value: Any) -> Any:
    """`value` as JSON has it: moments in ISO 8601, null for NaN and infinity, text for what else JSON lacks."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _shown(text: str) -> Text:
    return Text(printable(text))
