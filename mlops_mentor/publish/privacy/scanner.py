"""The scanner for secrets: betterleaks, within this process.

Belongs here: asking it about many texts at once. It has no wheel for every Python; without it the shapes of
`evidence.private` have to do.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec

from mlops_mentor.errors import PrivacyError
from mlops_mentor.publish.privacy.places import LABEL

# It stops at a NUL, and does not look at lines on which somebody asks it not to.
_HIDES = re.compile(r"(?i)\0|(?:leaks|leak)\s{0,4}:\s{0,4}allow")


@dataclass(frozen=True)
class Scanned:
    """What looks like a secret, by text: the scanner's names of its rules, and the values."""

    kinds: dict[str, frozenset[str]] = field(repr=False)
    values: dict[str, frozenset[str]] = field(repr=False)


def is_there() -> bool:
    """Whether the scanner is installed."""
    return find_spec("betterleaks") is not None


def scan(texts: Iterable[str]) -> Scanned:
    """The texts in which it sees something; none without the scanner.

    Raises:
        PrivacyError: it failed; what it says of that may quote a text, and is not repeated.
    """
    ordered = sorted(set(texts))
    if not ordered or not is_there():
        return Scanned({}, {})
    from betterleaks import BetterleaksError, scan_string

    lines, line = [], 1
    for text in ordered:
        lines.append(line)
        # One line is left free: what stands in one text is no context of the next.
        line += text.count("\n") + 2
    shown = "\n\n".join(_HIDES.sub(lambda match: " " * len(match.group()), text) for text in ordered)
    kinds: dict[str, set[str]] = defaultdict(set)
    values: dict[str, set[str]] = defaultdict(set)
    try:
        findings = scan_string(shown.encode("utf-8", "replace").decode("utf-8"))
    except BetterleaksError:
        raise PrivacyError("the scanner for secrets (betterleaks) failed. Install it anew, and export again.") from None
    for finding in findings:
        if len(LABEL.sub("", finding.match.value)) < 3:
            continue
        first = bisect_right(lines, max(1, finding.location.start_line)) - 1
        last = bisect_right(lines, max(1, finding.location.end_line)) - 1
        for text in ordered[first : last + 1]:
            kinds[text].add(finding.rule_id)
            values[text].update(value for value in (finding.match.value,) if value)
    return Scanned(_frozen(kinds), _frozen(values))


def _frozen(sets: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    return {text: frozenset(found) for text, found in sets.items()}
