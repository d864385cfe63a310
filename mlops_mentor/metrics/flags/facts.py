"""What flags are raised from, and what one is before it is a row.

Belongs here: the shapes, and how moments and numbers are written. Nothing of a student's goes into a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Flag:
    """Something to look at: when, or since when; the commit, the file and the line where; in a sentence, what."""

    kind: str
    at: datetime | None
    sha: str
    detail: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a group: its row of `repo_snapshots`, and its parts of other tables.

    A table is None where nobody could look: what is not known raises nothing. `checklist` has the columns `item`,
    `claimed` and `verdict`.
    """

    snapshot: Mapping[str, Any]
    commits: pl.DataFrame
    group_size: int = 0
    pushes: pl.DataFrame | None = None
    workflow_runs: pl.DataFrame | None = None
    report_answers: pl.DataFrame | None = None
    report_checks: pl.DataFrame | None = None
    contributions: pl.DataFrame | None = None
    committed_secrets: pl.DataFrame | None = None
    hostile_content: pl.DataFrame | None = None
    checklist: pl.DataFrame | None = None

    @property
    def sha(self) -> str:
        """The commit that counts; zeros where none does."""
        return self.snapshot["snapshot_sha"] or "0" * 40

    @property
    def deadline(self) -> datetime:
        """The group's deadline, an extension included (UTC)."""
        return self.snapshot["deadline_at"]  # type: ignore[no-any-return]


def number_of(number: int, what: str) -> str:
    """`1 commit`, `2 commits`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def minutes(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def short(sha: str) -> str:
    return sha[:10]


def percent(share: float) -> str:
    """Rounded down, so that nobody is said to have reached a limit that was not reached."""
    return f"{int(share * 100 + 1e-9)} %"
