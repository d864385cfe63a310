"""Printing tables: for people, as CSV, as JSON."""

import csv
import json
import math
import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL = 180


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def console() -> Console:
    """The console; where there is no terminal to measure, wide enough for a leaderboard."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL, highlight=False)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], format: Format, *, title: str | None = None
) -> None:
    """Print rows in the given format; nothing but the data goes to standard output for CSV and JSON."""
    if format is Format.JSON:
        records = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]
        print(json.dumps(records, indent=2, allow_nan=False, ensure_ascii=False))
    elif format is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if value is None else _flat(value) for value in row] for row in rows])
    else:
        console().print(rich_table(columns, rows, title=title))


def rich_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> Table:
    """A table for a terminal: numbers to the right; texts of students are never markup, emoji or control codes."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
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
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


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
    return Text("".join(char if char.isprintable() else " " for char in text))
