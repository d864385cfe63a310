"""The cleaner: takes out what must not leave the machine, and what speaks to whoever reads.

Belongs here: both together, in the order that lets neither undo the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.feedback.packs.neutralise import WITHHELD, addresses_reviewer, harmless, withheld_lines
from mlops_mentor.feedback.packs.pack import Cleaned
from mlops_mentor.feedback.packs.redaction import Redactor


@dataclass(frozen=True)
class TextCleaner:
    """A `Cleaner` of one group. It keeps nothing, so that the order of the files does not matter."""

    redactor: Redactor

    def clean(self, path: str, lines: Sequence[str]) -> Cleaned:
        """The lines of the file at `path` as they may be shown, as many as came in."""
        if not lines:
            return Cleaned(())
        # As it stands: what was replaced or made harmless might hide an order.
        single = [line.replace("\n", " ") for line in lines]
        withheld = withheld_lines(single)
        redacted = self.redactor.redact(path, single)
        shown = harmless("\n".join(redacted.lines)).split("\n")
        kept = tuple(WITHHELD if number in withheld else line for number, line in enumerate(shown, start=1))
        return Cleaned(kept, redacted.num_replaced, len(withheld), redacted.replaced - withheld, withheld)

    def clean_path(self, path: str) -> str | None:
        """The path as it may be shown; None where the path itself addresses a reviewer."""
        return None if addresses_reviewer(path) else harmless(self.redactor.redact_path(path))
