"""The table `checklist` of one group.

Belongs here: claims and findings put side by side, a row an item.
"""

from collections.abc import Mapping

import polars as pl

from mlops_mentor.evidence.checklist.claims import Claims
from mlops_mentor.evidence.checklist.items import Item, checklist
from mlops_mentor.evidence.checklist.verdicts import note, verdict
from mlops_mentor.evidence.finding import Finding, redacted
from mlops_mentor.schemas.evidence import CHECKLIST


def checklist_frame(group_id: str, claims: Claims, findings: Mapping[str, Finding]) -> pl.DataFrame:
    """The table `checklist`: every item of the course's list in its order. `findings` has one for each, by its id."""
    rows = [_row(group_id, item, claims, findings[item.id]) for item in checklist().items]
    return pl.DataFrame(rows, schema=CHECKLIST.schema, orient="row")


def _row(group_id: str, item: Item, claims: Claims, finding: Finding) -> tuple[object, ...]:
    claim = claims.of[item.id]
    first, *others = finding.locations or (None,)
    remedy = finding.remedy or (item.remedy if finding.outcome in ("partial", "no") else None)
    return (
        group_id,
        item.id,
        item.title,
        item.module,
        item.week,
        claim.claimed,
        finding.outcome,
        verdict(claims, item.id, finding.outcome),
        finding.strength,
        first.path if first else None,
        first.line if first else None,
        redacted(" ".join(filter(None, [note(claims, item.id), finding.reason]))),
        redacted(first.snippet) if first and first.snippet is not None else None,
        first.blob_id if first else None,
        [str(place) for place in others],
        claims.path,
        claim.line,
        item.expects,
        remedy,
    )
