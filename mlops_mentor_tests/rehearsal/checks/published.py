"""Published tables row by row, and what nobody has released: it must be nowhere outside.

Belongs here: history, statistics, evidence and drafts. Names and addresses of people are for `exported`.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from mlops_mentor_tests.rehearsal.checks.repositories import part
from mlops_mentor_tests.rehearsal.world import World

_ZONE = ZoneInfo("Europe/Copenhagen")
_PARTS = ("checklist_shown", "report_answered", "tests_and_ci", "reproducibility")
# Words that TAs and the model write, each once: see `TAs` and `draft_word`.
_SAID = re.compile(r"word (\d{5})|\b(draft[b-z]{12})\b")


def check_published(world: World, data: Path) -> Iterator[str]:
    """Of every group in the export."""
    manifest = json.loads((data / "export" / "export.json").read_text())
    for table, check in (("history", _history), ("statistics", _statistics), ("evidence", _evidence)):
        by_group: dict[str, list[dict[str, Any]]] = {group: [] for group in manifest["groups"]}
        file = manifest["tables"][table]["file"]
        for row in pl.read_parquet(data / "export" / file).iter_rows(named=True) if file else ():
            by_group.setdefault(row["group"], []).append(row)
        if table == "history" and len({tuple(row["day"] for row in rows) for rows in by_group.values() if rows}) > 1:
            yield "history: groups have other days than others"
        for group, rows in by_group.items():
            yield from (f"{table} of group {group}: {problem}" for problem in check(data / "lake", group, rows))
    yield from _unreleased(world, data)


def _history(lake: Path, group: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    progress = part(lake, "progress", group)
    if bool(progress) != bool(rows):
        yield f"{len(rows)} rows, {len(progress)} of progress"
    days = [row["day"] for row in rows]
    if any((second - first).days != 1 for first, second in pairwise(days)):
        yield "a day is missing or doubled"
    counted = _commits_by_day(part(lake, "commits", group))
    for row in rows:
        standing = [each for each in progress if each["day"] <= row["day"]]
        for name in _PARTS:
            if row[name] != (standing[-1][name] if standing else None):
                yield f"{name} of {row['day']} is {row[name]}"
        if "num_commits" not in row["withheld"] and row["num_commits"] != counted[row["day"]]:
            yield f"{row['num_commits']} commits on {row['day']} in place of {counted[row['day']]}"


def _commits_by_day(commits: list[dict[str, Any]]) -> Counter[date]:
    kept = (row for row in commits if row["is_on_default"] and not row["is_merge"] and row["authored_at"] is not None)
    return Counter(row["authored_at"].astimezone(_ZONE).date() for row in kept)


def _statistics(lake: Path, group: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    stats = part(lake, "repo_stats", group)
    has_commits = bool(stats) and (stats[0]["total_commits"] or 0) > 0
    if len(rows) != has_commits:
        yield f"{len(rows)} rows"
    for row in rows if has_commits else ():
        told = stats[0] | {"activity": stats[0]["activity_matrix"]}
        for name in sorted(row.keys() & told.keys()):
            if row[name] != told[name] and not (row[name] is None and name in row["withheld"]):
                yield f"{name} is {row[name]}, in the lake {told[name]}"


def _evidence(lake: Path, group: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    wanted = Counter(("checklist", row["item"], "") for row in part(lake, "checklist", group))
    wanted += Counter(("report_answer", row["topic"], "") for row in part(lake, "report_answers", group))
    wanted += Counter(("report_check", row["topic"], row["check"]) for row in part(lake, "report_checks", group))
    found = Counter((row["kind"], row["item"], row["check"]) for row in rows)
    if found != wanted:
        yield f"{(wanted - found).total()} rows are lost, {(found - wanted).total()} too many"
    shown = {row["item"]: row["shown"] for row in part(lake, "checklist", group)}
    for row in rows:
        is_hidden = row["shown"] == "not_checkable"
        if row["kind"] == "checklist" and row["shown"] != shown.get(row["item"]) and not is_hidden:
            yield f"{row['item']} is {row['shown']}, in the lake {shown.get(row['item'])}"


def _unreleased(world: World, data: Path) -> Iterator[str]:
    """Texts of TAs and drafts of the model that no group may read."""
    texts: list[str] = []
    if world.reviews.exists():
        with world.reviews.open(newline="") as sheet:
            texts += [row["text"] or "" for row in csv.DictReader(sheet)]
    released: set[str] = set()
    for file in (data / "lake" / "feedback").glob("[!.]*.parquet"):
        texts += [row["summary"] for row in pl.read_parquet(file).iter_rows(named=True)]
    for group_id in world.teams:
        for row in part(data / "lake", "feedback_reports", group_id):
            released |= _said(" ".join(entry["text"] for entry in row["released"]))
    hidden = {word for text in texts for word in _said(text)} - released
    for folder in ("export", "site"):
        for path in sorted((data / folder).rglob("*")):
            if path.is_file() and (found := _said(_text(path)) & hidden):
                yield f"{path.relative_to(data)} holds {len(found)} texts that nobody released"


def _said(text: str) -> set[str]:
    return {first or second for first, second in _SAID.findall(text)}


def _text(file: Path) -> str:
    if file.suffix == ".parquet":
        return json.dumps(pl.read_parquet(file).rows(), default=str, ensure_ascii=False)
    return file.read_bytes().decode(errors="replace")
