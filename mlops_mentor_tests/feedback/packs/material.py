"""Packs for the tests: made of texts by path, with tables that are empty but for what a test puts there."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from mlops_mentor.evidence.report.locate import NoReport, Report, find_report
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.packs.build import build_packs
from mlops_mentor.feedback.packs.pack import Cleaned, Cleaner, Pack
from mlops_mentor.feedback.packs.shelf import Shelf
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITTED_SECRETS,
    FILES,
    HOSTILE_CONTENT,
    LINT_HITS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    Table,
    empty,
)
from mlops_mentor_tests.evidence.checklist.projects import Contents, project_of

TABLES = {
    "files": FILES,
    "code_quality": CODE_QUALITY,
    "lint_hits": LINT_HITS,
    "committed_secrets": COMMITTED_SECRETS,
    "hostile_content": HOSTILE_CONTENT,
    "report_answers": REPORT_ANSWERS,
    "report_checks": REPORT_CHECKS,
    "checklist": CHECKLIST,
    "repo_stats": REPO_STATS,
}


class AsItIs:
    """A cleaner that lets everything through, or replaces and withholds what a test names."""

    def __init__(self, replaces: str = "\0", withholds: str = "\0") -> None:
        self.replaces, self.withholds = replaces, withholds
        self.asked: list[str] = []

    def clean(self, path: str, lines: Sequence[str]) -> Cleaned:
        self.asked.append(path)
        replaced = frozenset(n for n, line in enumerate(lines, 1) if self.replaces in line)
        withheld = frozenset(n for n, line in enumerate(lines, 1) if self.withholds in line)
        kept = tuple(
            "[withheld]" if n in withheld else line.replace(self.replaces, "[replaced]")
            for n, line in enumerate(lines, 1)
        )
        return Cleaned(kept, len(replaced), len(withheld), replaced, withheld)

    def clean_path(self, path: str) -> str | None:
        return None if self.withholds in path else path.replace(self.replaces, "[replaced]")


def rows(table: Table, *values: Mapping[str, Any]) -> pl.DataFrame:
    """A frame of the table; columns that are not named are null, or empty lists."""
    filled = [
        {name: ([] if isinstance(kind, pl.List) else None) for name, kind in table.schema.items()} | dict(each)
        for each in values
    ]
    return pl.DataFrame(filled, schema=table.schema)


def evidence(files: pl.DataFrame | None = None, **tables: Any) -> GroupEvidence:
    """What was found of a group: nothing, but for the tables that are given."""
    frames = {name: empty(table) for name, table in TABLES.items()}
    if files is not None:
        frames["files"] = files
    return GroupEvidence("1", "c0ffee", 4, **(frames | tables))


def shelf_of(contents: Contents, cleaner: Cleaner | None = None, **options: Any) -> Shelf:
    own = project_of(contents, **options).own
    return Shelf(own, NoReport("no", "None."), cleaner or AsItIs(), empty(COMMITTED_SECRETS))


def packs_of(
    contents: Contents,
    max_tokens: int = 12_000,
    cleaner: Cleaner | None = None,
    starter: Collection[str] = (),
    **tables: Any,
) -> dict[str, Pack]:
    """Packs by area; the report is found among the contents."""
    own = project_of(contents, starter=starter).own
    report = find_report(own.files, own.read)
    if isinstance(report, Report):
        own = project_of(contents, starter=starter, report_path=report.path).own
    found = evidence(own.files, **tables)
    packs = build_packs(found, own, report, load_rubric(), cleaner or AsItIs(), max_tokens)
    return {pack.area: pack for pack in packs}


def shown_paths(pack: Pack) -> list[str]:
    return [excerpt.path for excerpt in pack.excerpts]


def shown_text(pack: Pack) -> str:
    return "\n".join(text for excerpt in pack.excerpts for _, text in excerpt.lines)
