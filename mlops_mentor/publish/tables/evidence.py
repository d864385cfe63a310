"""The published evidence: checklist, answers of the report and checks of them, in one table.

Belongs here: bringing the three together, and what they may say of persons. Answers, quoted lines and blobs stay in the
lake.

Four places speak of how many did something, or of which member, and are told by the rule of `small_counts`:

- who has write access: of a small group neither reason nor outcome, which follows from the number of persons;
- shared understanding: never in how many areas how many of them worked;
- members named in the answer about contributions: never which or how many; only whether it is all of them;
- study numbers in the report: never how many.
"""

from collections.abc import Mapping
from functools import cache

import polars as pl

from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.publish.tables.small_counts import IS_SMALL, hides
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.schemas import CHECKLIST, REPORT_ANSWERS, REPORT_CHECKS
from mlops_mentor.schemas.evidence import WHOLE_REPORT
from mlops_mentor.schemas.published import EVIDENCE_KINDS, PUBLISHED_EVIDENCE

WITHHELD_REASON = "Not shown: it would single out a person."
WITHOUT_HINT = "What members understand cannot be seen."
# Detectors of the checklist that look at persons.
COUNTS_PERSONS, HINTS_AT_PERSONS = "write_access", "shared_understanding"
_ITEM, _ANSWER, _CHECK = EVIDENCE_KINDS


def evidence_frame(source: Source) -> pl.DataFrame:
    """The published table `evidence`: of each group its items, answers and checks, each in the lake's order."""
    answers = source.lake.read_groups(REPORT_ANSWERS, source.names)
    parts = [
        _items(source.lake.read_groups(CHECKLIST, source.names)),
        _answers(answers),
        _checks(source.lake.read_groups(REPORT_CHECKS, source.names), answers),
    ]
    frame = pl.concat(parts, how="diagonal")
    if hides(source.fewest):
        frame = _without_persons(frame.join(source.persons, "group_id", "left", maintain_order="left"))
    return source.finish(PUBLISHED_EVIDENCE, frame)


def _items(items: pl.DataFrame) -> pl.DataFrame:
    kept = items.select(
        "group_id", "item", "title", "module", "week", "claimed", "shown", "verdict", "strength", "path", "line",
        "reason", "expects", "remedy",
    )  # fmt: skip
    return kept.with_columns(kind=pl.lit(_ITEM), check=pl.lit(""))


def _answers(answers: pl.DataFrame) -> pl.DataFrame:
    is_there = pl.when("is_answered").then(pl.lit("yes")).otherwise(pl.lit("no"))
    return answers.select(
        "group_id", "question", "title", "num_words", "num_images", "path", "line",
        item="topic", kind=pl.lit(_ANSWER), check=pl.lit(""), shown=is_there,
    )  # fmt: skip


def _checks(checks: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    titles = answers.select("group_id", "topic", "title")
    whole = pl.when(pl.col("topic") == WHOLE_REPORT).then(pl.lit("The report"))
    in_words = pl.col("topic").str.replace_all("_", " ")
    return checks.join(titles, ["group_id", "topic"], "left", maintain_order="left").select(
        "group_id", "question", "check", "reason", "path", "line", "remedy",
        item="topic", kind=pl.lit(_CHECK), shown="outcome", title=pl.coalesce("title", whole, in_words),
    )  # fmt: skip


def _without_persons(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame`, which has `is_small`, without what singles out a person."""
    detector = pl.col("item").replace_strict(_detectors(), default=None, return_dtype=pl.String)
    is_item = pl.col("kind") == _ITEM
    is_counted = is_item & (detector == COUNTS_PERSONS).fill_null(value=False) & IS_SMALL.fill_null(value=True)
    is_hint = is_item & (detector == HINTS_AT_PERSONS).fill_null(value=False)
    is_named = (pl.col("check") == "members_named") & ~pl.col("shown").is_in(["yes", "not_available"])
    is_numbered = (pl.col("check") == "study_numbers") & (pl.col("shown") != "not_available")
    without_outcome = is_counted | is_named
    hidden = pl.lit("not_checkable")
    return frame.with_columns(
        reason=pl.when(without_outcome | is_numbered)
        .then(pl.lit(WITHHELD_REASON))
        .when(is_hint)
        .then(pl.lit(WITHOUT_HINT))
        .otherwise("reason"),
        shown=pl.when(without_outcome).then(hidden).otherwise("shown"),
        verdict=pl.when(is_counted).then(hidden).otherwise("verdict"),
        strength=pl.when(~is_counted).then("strength"),
        remedy=pl.when(~without_outcome).then("remedy"),
    )


@cache
def _detectors() -> Mapping[str, str]:
    """By item of the checklist, what looks for it."""
    return {item.id: item.detector for item in checklist().items}
