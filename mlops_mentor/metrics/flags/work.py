"""Flags about what is in the repository: secrets, hostile content, claims that nothing supports.

Belongs here: turning tables of places into one flag a kind. The places themselves stand in these tables.
"""

from collections.abc import Iterator

import polars as pl

from mlops_mentor.course import FlagThresholds
from mlops_mentor.metrics.flags.facts import Facts, Flag, number_of

_MAX_NAMED = 10


def work_flags(facts: Facts, limits: FlagThresholds) -> Iterator[Flag]:
    """One flag a kind, with the number of places and the first of them."""
    yield from _secrets(facts)
    yield from _hostile(facts)
    yield from _claims(facts, limits)


def _secrets(facts: Facts) -> Iterator[Flag]:
    if facts.committed_secrets is None:
        return
    certain = facts.committed_secrets.filter(pl.col("confidence") != "low")
    if certain.is_empty():
        return
    kinds = ", ".join(certain["kind"].unique().sort().head(_MAX_NAMED))
    detail = (
        f"{_places(certain.height)} in {number_of(certain['path'].n_unique(), 'file')} look{_s(certain.height)} like "
        f"a secret: {kinds}. `committed_secrets` has the place of each."
    )
    path, line = certain.select("path", "line").row(0)
    yield Flag("secrets", None, facts.sha, detail, path, line)


def _hostile(facts: Facts) -> Iterator[Flag]:
    if facts.hostile_content is None:
        return
    seen = facts.hostile_content.filter(pl.col("outcome") == "yes").unique("check", keep="first", maintain_order=True)
    for check, reason, path, line in seen.select("check", "reason", "path", "line").iter_rows():
        yield Flag(check, None, facts.sha, reason, path, line)


def _claims(facts: Facts, limits: FlagThresholds) -> Iterator[Flag]:
    if facts.checklist is None:
        return
    claimed = facts.checklist.filter(pl.col("claimed") == "yes")
    unsupported = claimed.filter(pl.col("verdict") == "unsupported")["item"].to_list()
    if len(unsupported) < limits.unsupported_claims:
        return
    named = ", ".join(unsupported[:_MAX_NAMED]) + (", ..." if len(unsupported) > _MAX_NAMED else "")
    detail = f"{len(unsupported)} of {claimed.height} items that are ticked are not seen in the repository: {named}."
    has_report = facts.report_answers is not None and facts.report_answers.height
    path = facts.report_answers["path"][0] if has_report and facts.report_answers is not None else None
    yield Flag("claims_unsupported", None, facts.sha, detail, path)


def _places(number: int) -> str:
    return number_of(number, "place")


def _s(number: int) -> str:
    return "s" if number == 1 else ""
