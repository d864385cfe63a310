"""What a linter of configuration found: rule, severity, place.

Belongs here: the shape, and what became of a tool as a whole. What the rules are is for the tools.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.finding import Finding, location

SEVERITIES = ("error", "warning", "info")
MAX_HITS = 1000


@dataclass(frozen=True)
class Hit:
    """One place where a rule does not hold. `tool` is one of `dockerfile|workflow`; `line` is None for a whole file."""

    tool: str
    rule: str
    severity: str
    message: str
    path: str
    line: int | None
    blob_id: str


@dataclass(frozen=True)
class Linted:
    """Hits in so many files; `reason` says what could not be looked at, and then `is_complete` is False."""

    hits: tuple[Hit, ...] = ()
    num_files: int = 0
    reasons: tuple[str, ...] = ()
    is_complete: bool = True


def in_order(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """By place, each once, as many as are kept."""
    unique = dict.fromkeys(sorted(hits, key=lambda hit: (hit.path, hit.line or 0, hit.rule, hit.message)))
    return tuple(unique)[:MAX_HITS]


def as_findings(tool: str, linted: Linted, texts: dict[str, str], check_id: str) -> tuple[Finding, ...]:
    """One finding a rule that is broken, one that says that none is, or one that nobody could look.

    `texts` are the files' contents by path, for the snippets.
    """
    if not linted.is_complete:
        return (Finding(check_id, "not_available", "; ".join(linted.reasons)),)
    if not linted.num_files:
        return (Finding(check_id, "no", f"there is no {tool} of the group's own"),)
    by_rule: dict[str, list[Hit]] = {}
    for hit in linted.hits:
        by_rule.setdefault(hit.rule, []).append(hit)
    if not by_rule:
        return (Finding(check_id, "yes", f"no rule is broken in {linted.num_files} files", "present"),)
    return tuple(
        Finding(
            f"{check_id}.{rule}",
            "no",
            f"{hits[0].message} ({len(hits)} times)" if len(hits) > 1 else hits[0].message,
            locations=tuple(
                location(hit.path, texts.get(hit.path, "").splitlines(), hit.line, hit.blob_id) for hit in hits[:5]
            ),
        )
        for rule, hits in sorted(by_rule.items())
    )
