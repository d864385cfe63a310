"""Places of facts as citations: path, line and the text that stands there.

Belongs here: choosing the quote. The line comes from the file as a reviewer may see it, or from the evidence's snippet;
a line with a secret, and one that addresses a reviewer, is named and never quoted.
"""

from collections.abc import Sequence
from itertools import islice

import polars as pl

from mlops_mentor.evidence.finding import redacted
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judgement import Citation
from mlops_mentor.feedback.packs.pack import ReadSource
from mlops_mentor.feedback.rules.facts import Place

_MAX_QUOTE = 200
_CUT = "…"


class Quotes:
    """The citations of one group's places."""

    def __init__(self, evidence: GroupEvidence, sources: ReadSource | None) -> None:
        self._sources = sources
        # A path may stand in several trees only once: the snapshot is one.
        self._blobs = dict(evidence.files.select("path", "blob_id").iter_rows())
        unfit = evidence.hostile_content.filter(pl.col("line").is_not_null()).select("path", "line").iter_rows()
        self._unfit = frozenset(unfit) | frozenset(evidence.committed_secrets.select("path", "line").iter_rows())

    def of(self, places: Sequence[Place], most: int) -> tuple[Citation, ...]:
        """Up to `most` citations, one for each line, and of different files first."""
        seen: dict[tuple[str, int | None], Place] = {}
        for place in places:
            seen.setdefault((place.path, place.line), place)
        firsts = {place.path: place for place in reversed(seen.values())}
        leading = [place for place in seen.values() if firsts[place.path] is place]
        others = [place for place in seen.values() if firsts[place.path] is not place]
        citations = (self._citation(place) for place in leading + others)
        return tuple(islice((each for each in citations if each is not None), most))

    def _citation(self, place: Place) -> Citation | None:
        """None for an empty file as a whole: there is no line to be shown."""
        lines = self._lines(place)
        if lines is not None and place.line is None and not any(map(str.strip, lines)):
            return None
        lines = lines or ()
        line = place.line
        if line is None:
            # Of a file as a whole, its first line that says something stands for it.
            line = next((number for number, text in enumerate(lines, start=1) if text.strip()), 1)
        quote = ""
        if place.is_quotable and (place.path, line) not in self._unfit:
            snippet = (place.snippet or "").removesuffix(_CUT).strip() if place.line is not None else ""
            quote = lines[line - 1].strip() if line <= len(lines) else snippet
        blob_id = place.blob_id or self._blobs.get(place.path, "")
        return Citation(place.path, line, line, redacted(quote)[:_MAX_QUOTE].rstrip(), blob_id)

    def _lines(self, place: Place) -> tuple[str, ...] | None:
        source = self._sources(place.path) if self._sources is not None else None
        blob_id = place.blob_id or self._blobs.get(place.path)
        # Of a notebook the source counts the lines of its cells, the evidence those of the file.
        if source is None or source.blob_id != blob_id or place.path.endswith(".ipynb"):
            return None
        return source.lines
