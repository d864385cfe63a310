"""Erasing what is stored here of a group that has left the roster.

Belongs here: which files are a group's. What is published of it is for `publish`; what people keep in their sheets, and
what Dagster notes of runs, is theirs.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from filelock import FileLock

from mlops_mentor.chain.group_work import mirror_stem
from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.llm.answers import AnswerStore
from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_TABLES,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    GROUPS,
    LEADERBOARD_HISTORY,
    LLM_CALLS,
    REVIEW_PACKS,
    Table,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

_BY_GROUP = (*GROUP_TABLES, *FEEDBACK_TABLES, GROUP_OUTCOMES)


@dataclass(frozen=True)
class Erased:
    """How much was deleted, and the sheets in which people have written of the group."""

    num_files: int
    num_history_rows: int
    sheets: tuple[Path, ...]


def erase_stored(settings: Settings, group_id: str) -> Erased:
    """Delete the group's tables, mirrors, packs, answers and history; may be called again.

    Packs that no group's tables name are deleted as well: older ones of this group are among them. So is what is
    remembered of GitHub's answers, which is asked again.

    Raises:
        ConfigError: the group is in the stored roster; the next run would make everything again.
        LakeError: a part that says which answers and packs are whose cannot be read; nothing was deleted yet.
    """
    lake = Lake(settings.lake_dir)
    ids = lake.read_or_empty(GROUPS)["group_id"].to_list()
    if group_id in ids:
        raise ConfigError(
            f"group {group_id}: is in the roster, and the next run would read it again. Delete its row in "
            f"{settings.roster_file}, run `mlops-mentor run`, then erase it."
        )
    answer_ids = _named(lake, [group_id], LLM_CALLS, "answer_id")
    kept = {*_named(lake, ids, REVIEW_PACKS, "pack_id"), *_named(lake, ids, FEEDBACK, "pack_id")}
    num_files = 0
    answers = AnswerStore(settings.answers_dir)
    for answer in map(answers.path, answer_ids):
        # Beside it what was set aside while a TA asked again, or was damaged.
        num_files += sum(_delete(path) for path in [answer, *answer.parent.glob(f".{answer.name}.*")])
    for table in _BY_GROUP:
        num_files += lake.has(table, group_id)
        lake.remove(table, group_id)
    for pack in settings.packs_dir.glob("*.json.gz"):
        num_files += _delete(pack) if pack.name.removesuffix(".json.gz") not in kept else 0
    for path in [*_of_group(settings, group_id), settings.root / "github"]:
        num_files += _delete(path)
    num_rows = _shorten_history(lake, settings.locks_dir, group_id)
    return Erased(num_files, num_rows, tuple(_sheets_with(settings, group_id)))


def _named(lake: Lake, group_ids: list[str], table: Table, column: str) -> set[str]:
    # Also from parts of an older version: a group that has left is never written again.
    parts = [lake.read_or_empty(table, group_id) for group_id in group_ids]
    return {value for part in parts for value in part[column].drop_nulls()}


def _of_group(settings: Settings, group_id: str) -> Iterator[Path]:
    """Mirrors at all addresses that the group has had, also those set aside, and the locks that bear its name."""
    name = re.compile(rf"\.?{re.escape(mirror_stem(group_id))}-[0-9a-f]{{10}}\..+")
    for folder in (settings.mirrors_dir, settings.locks_dir):
        yield from (path for path in folder.glob("*") if name.fullmatch(path.name))
        yield from (path for path in folder.glob(".*") if name.fullmatch(path.name))


def _delete(path: Path) -> int:
    if path.is_dir():
        shutil.rmtree(path)
        return 1
    is_there = path.exists()
    path.unlink(missing_ok=True)
    return int(is_there)


def _shorten_history(lake: Lake, locks_dir: Path, group_id: str) -> int:
    # The lock of the assets that write it.
    with FileLock(locks_dir / "class.lock", timeout=600):
        history = lake.read_or_empty(LEADERBOARD_HISTORY)
        kept = history.filter(pl.col("group_id") != group_id)
        if kept.height != history.height:
            lake.write(LEADERBOARD_HISTORY, kept)
    return history.height - kept.height


def _sheets_with(settings: Settings, group_id: str) -> Iterator[Path]:
    row = re.compile(rf"^\W*{re.escape(group_id)}\W*[,;\t]", re.MULTILINE)
    for sheet in (settings.reviews_file, settings.identities_file, settings.extensions_file, settings.aliases_file):
        if sheet.is_file() and row.search(sheet.read_text(encoding="utf-8", errors="replace")):
            yield sheet
