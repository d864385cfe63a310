"""What groups may read, against reviews.csv: read here anew, from its rows alone.

Belongs here: the rule of releases in a few lines. The newest row that speaks of release counts; it holds for a draft
that was written before it; a TA's own text counts where it was written between the two.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor_tests.rehearsal.checks.repositories import part
from mlops_mentor_tests.rehearsal.world import World


def check_words(world: World, data: Path) -> Iterator[str]:
    """Every area of every group that has feedback."""
    lake = data / "lake"
    rows = list(csv.DictReader(world.reviews.read_text().splitlines(keepends=True))) if world.reviews.exists() else []
    num_stored = pl.read_parquet(lake / "reviews.parquet").height
    usable = [row for row in rows if row["group_id"] in world.teams]
    if num_stored != len(usable):
        yield f"reviews has {num_stored} rows, reviews.csv {len(usable)} of groups in the roster"
    yield from _sheet(usable, pl.read_parquet(lake / "reviews.parquet").rows(named=True))
    for group_id in world.teams:
        yield from (f"group {group_id}: {problem}" for problem in _drafts(lake, group_id))
        reports = part(lake, "feedback_reports", group_id)
        told = {entry["area"]: entry for report in reports for entry in report["released"]}
        said = [row for row in usable if row["group_id"] == group_id]
        for draft in part(lake, "feedback", group_id):
            mine = [row for row in said if row["area"] in ("", draft["area"])]
            for problem in _area(draft, mine, told.get(draft["area"])):
                yield f"group {group_id}, {draft['area']}: {problem}"


def _sheet(said: list[dict[str, str]], stored: list[dict[str, Any]]) -> Iterator[str]:
    for mine, row in zip(said, stored, strict=False):
        wanted = {
            "group_id": mine["group_id"],
            "area": mine["area"] or None,
            "score": int(mine["score"]) if mine.get("score") else None,
            "comment": mine.get("comment") or None,
            "text": mine.get("text") or None,
            "is_released": {"yes": True, "no": False}.get(mine.get("released") or ""),
            "reviewer": mine["reviewer"],
            "reviewed_at": _at(mine),
        }
        for name, value in wanted.items():
            if row[name] != value:
                yield f"row {row['row']} of reviews: {name} is {row[name]!r} in place of {value!r}"


def _drafts(lake: Path, group_id: str) -> Iterator[str]:
    """Feedback is of the packs, and packs are of the snapshot; none is lost, doubled or stale."""
    snapshots = part(lake, "repo_snapshots", group_id)
    packs = {row["area"]: row for row in part(lake, "review_packs", group_id)}
    drafts = part(lake, "feedback", group_id)
    if not snapshots or snapshots[0]["status"] != "ok":
        return
    sha = snapshots[0]["snapshot_sha"]
    if not drafts or sorted(row["area"] for row in drafts) != sorted(packs):
        yield f"feedback has {sorted(row['area'] for row in drafts)}, review_packs {sorted(packs)}"
    for row in (*packs.values(), *drafts, *part(lake, "feedback_reports", group_id)):
        # What the model said of an earlier state may be kept where it has said nothing usable since.
        if row["snapshot_sha"] != sha and row.get("state") != "kept":
            yield f"feedback of {row['snapshot_sha']} in place of {sha}"
    for row in drafts:
        wanted = packs.get(row["area"], {}).get("pack_id")
        if row["state"] not in ("nothing_to_review", "kept") and row["pack_id"] != wanted:
            yield f"feedback on {row['area']} ({row['state']}) is about another pack"
    if not part(lake, "feedback_reports", group_id):
        yield "no feedback_reports"


def _area(draft: dict[str, Any], said: list[dict[str, str]], entry: dict[str, Any] | None) -> Iterator[str]:
    speaking = [row for row in said if row.get("released")]
    # Python's sort keeps the file's order among rows of the same second.
    newest = sorted(speaking, key=_at)[-1] if speaking else None
    if newest is None or newest["released"] == "no":
        if entry is not None:
            yield "is shown and was not released"
        return
    if _at(newest) < draft["written_at"]:
        # What an earlier draft said may stay; nobody has released this one.
        if entry is not None and entry["released_at"] != _at(newest):
            yield f"shows what was released at {entry['released_at']}, and the newest release is of {_at(newest)}"
        return
    if entry is None:
        yield "was released and is not shown"
        return
    until = said[: said.index(newest) + 1]
    texts = [row for row in sorted(until, key=_at) if row.get("text")]
    own = texts[-1] if texts and _at(texts[-1]) >= draft["written_at"] else None
    wanted = own["text"] if own is not None and own["text"] != "-" else None
    if wanted is not None and _words(wanted) not in _words(entry["text"]):
        yield f"does not have the TA's text {wanted[:40]!r}"
    scores = [row for row in sorted(said, key=_at) if row.get("score")]
    score = int(scores[-1]["score"]) if scores else draft["score"]
    if entry["score"] != score:
        yield f"has score {entry['score']} in place of {score}"


def _at(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["time"])


def _words(text: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in text).split())
