"""The export and the site: the lake's numbers, and nothing that must not be seen, in any byte.

Belongs here: reading what leaves the machine as a stranger would, and searching it for what was planted.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor_tests.rehearsal.world import World

# As course.yaml has them where it says nothing, without `balance`.
_WEIGHTS = {"checklist_shown": 40, "report_answered": 20, "tests_and_ci": 20, "reproducibility": 10}
_EXPORT_STEPS = ("dataset_export", "static_site")


def check_export(world: World, data: Path) -> Iterator[str]:
    """Groups, numbers, released feedback, pages."""
    export = data / "export"
    manifest = json.loads((export / "export.json").read_text())
    named = {"README.md", "export.json", *(each["file"] for each in manifest["tables"].values() if each["file"])}
    there = {str(file.relative_to(export)) for file in export.rglob("*") if file.is_file()}
    if there != named:
        yield f"the export holds what it does not name: {sorted(there ^ named)[:5]}"
    board = pl.read_parquet(data / "lake" / "leaderboard.parquet")
    if list(manifest["groups"]) != board["group_id"].to_list():
        yield "the export has other groups than the leaderboard"
    yield from _numbers(export, manifest, board)
    yield from _feedback(export, manifest, data / "lake", world)
    pages = {file.stem for file in (data / "site" / "group").glob("*.html")}
    if pages != set(manifest["groups"]):
        yield f"the site has pages of other groups: {sorted(pages ^ set(manifest['groups']))[:5]}"


def _rows(export: Path, manifest: dict[str, Any], table: str) -> list[dict[str, Any]]:
    file = manifest["tables"][table]["file"]
    return pl.read_parquet(export / file).rows(named=True) if file else []


def _numbers(export: Path, manifest: dict[str, Any], board: pl.DataFrame) -> Iterator[str]:
    stored = {row["group_id"]: row for row in board.iter_rows(named=True)}
    rows = _rows(export, manifest, "leaderboard")
    if [row["group"] for row in rows] != list(stored):
        yield f"the exported leaderboard has {len(rows)} groups, the lake {len(stored)}"
    for row in rows:
        wanted = stored[row["group"]]
        # Null unless the class agreed to show them; and progress goes without the part that tells of persons.
        for name in sorted(row.keys() & wanted.keys() - {"repo_url", "snapshot_sha", "progress"}):
            is_withheld = row[name] is None and name in row["withheld"]
            if row[name] != wanted[name] and not is_withheld:
                yield f"exported {name} of group {row['group']} is {row[name]}, in the lake {wanted[name]}"
        parts = [(wanted[name], weight) for name, weight in _WEIGHTS.items() if wanted[name] is not None]
        progress = 100 * sum(a * b for a, b in parts) / sum(b for _, b in parts) if parts else None
        if progress != row["progress"] and abs((progress or 0) - (row["progress"] or 0)) > 1e-9:
            yield f"exported progress of group {row['group']} is {row['progress']} in place of {progress}"


def _feedback(export: Path, manifest: dict[str, Any], lake: Path, world: World) -> Iterator[str]:
    shown = {(row["group"], row["area"]): row["released_at"] for row in _rows(export, manifest, "feedback")}
    released: dict[tuple[str, str], Any] = {}
    for group_id in world.teams:
        file = lake / "feedback_reports" / f"{group_id}.parquet"
        for row in pl.read_parquet(file).iter_rows(named=True) if file.exists() else ():
            released |= {(group_id, entry["area"]): entry["released_at"] for entry in row["released"]}
    if withheld := manifest["withheld"]:
        yield f"the gate withheld {withheld}"
    if shown != released:
        lost, many = released.keys() - shown.keys(), shown.keys() - released.keys()
        yield f"exported feedback: {len(lost)} areas are lost, {len(many)} too many"


def check_leaks(world: World, data: Path, secrets: set[str]) -> Iterator[str]:
    """Every word that was planted, in every byte that leaves the machine and in what Dagster noted of the export."""
    words = {word.casefold() for word in world.planted}
    for folder in ("export", "site"):
        for file in sorted((data / folder).rglob("*")):
            if file.is_file():
                text = _text(file).casefold()
                if found := sorted(word for word in words if word in text):
                    yield f"{file.relative_to(data)} holds {len(found)} planted words, such as {found[0]}"
    for file in sorted((data / "dagster").rglob("*.db")):
        yield from _events(data, file, words, {word.casefold() for word in secrets})


def _text(file: Path) -> str:
    raw = file.read_bytes().decode(errors="replace")
    if file.suffix != ".parquet":
        return raw
    # Compressed: its cells are what a reader sees.
    return raw + json.dumps(pl.read_parquet(file).rows(), default=str, ensure_ascii=False)


def _events(data: Path, file: Path, words: set[str], secrets: set[str]) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        if "event_logs" not in tables:
            return
        for step, event in connection.execute("select step_key, event from event_logs"):
            text = str(event).casefold()
            if step in _EXPORT_STEPS and (found := sorted(word for word in words if word in text)):
                yield f"{file.relative_to(data)}: an event of {step} holds {found[0]}"
            if found := sorted(word for word in secrets if word in text):
                yield f"{file.relative_to(data)}: an event of {step} holds a secret"
