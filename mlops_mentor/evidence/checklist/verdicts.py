"""What a claim is worth beside what the repository shows.

Belongs here: the one table of verdicts. They inform, and never accuse: what is not shown may be there all the same.
"""

from mlops_mentor.evidence.checklist.claims import Claims

# What is said of an item that is claimed, by what is shown of it.
_CLAIMED = {
    "yes": "supported",
    "partial": "partly_supported",
    "no": "unsupported",
    "not_checkable": "not_checkable",
    "not_available": "not_available",
    "error": "not_available",
}


def verdict(claims: Claims, item_id: str, outcome: str) -> str:
    """The verdict on one item: a word of `VERDICTS`."""
    claimed = claims.of[item_id].claimed
    if claims.unread:
        return "not_available"
    if claimed == "unknown":
        return "unclear"
    if claimed == "yes":
        return _CLAIMED[outcome]
    if claimed == "missing" and item_id not in claims.asked:
        return "not_asked"
    return "unclaimed" if outcome == "yes" else "not_claimed"


def note(claims: Claims, item_id: str) -> str | None:
    """What there is to say of the claim itself; None where it is a plain box."""
    claim = claims.of[item_id]
    if claims.unread:
        return f"What is claimed is not known: {claims.unread}"
    if claim.claimed == "unknown" and claim.is_disputed:
        return "The report's boxes of this item say different things."
    if claim.claimed == "unknown":
        return f"The mark [{claim.mark}] in the report is neither a tick nor blank."
    if claim.claimed == "missing" and item_id in claims.asked:
        number = len(claims.unmatched)
        others = f" {number} of its boxes {'names' if number == 1 else 'name'} no item." if number else ""
        return f"The report has no box of this item.{others}"
    return None
