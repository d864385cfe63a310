"""The gate: frames as they were made in, frames that may leave out.

Belongs here: what becomes of each column, and of groups of which something would still get out. A column that nothing
is said of stops the export; so does a value that its column may not have.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from mlops_mentor.errors import PrivacyError
from mlops_mentor.publish.privacy import scanner
from mlops_mentor.publish.privacy.inspection import Inspection, strings
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.redaction import Redaction
from mlops_mentor.publish.privacy.treatments import check_table, with_addresses
from mlops_mentor.schemas.published import PUBLISHED, Published, Treatment

# What stands in these was compared with all that may stand there.
_COMPARED = (Treatment.NUMBER, Treatment.WORD, Treatment.GROUP, Treatment.ADDRESS)
_WRITTEN = (Treatment.TEXT, Treatment.PATH)


@dataclass(frozen=True, order=True)
class Hit:
    """Where something stands that must not get out, and of what kind it is. Never what it is."""

    table: str
    group: str
    column: str
    kind: str


@dataclass(frozen=True)
class Gated:
    """Frames that may leave, by table; `num_redacted` by kind; `withheld`: what still had a hit, in order.

    A group with a hit in a table has no row left in that table. `is_scanned`: a scanner for secrets looked, too.
    """

    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    num_redacted: Mapping[str, int]
    withheld: tuple[Hit, ...]
    is_scanned: bool


def pass_gate(frames: Mapping[str, pl.DataFrame], known: KnownPeople, *, show_addresses: bool) -> Gated:
    """The frames, by the names of `PUBLISHED`, without what must not leave.

    Raises:
        PrivacyError: a table or column that nothing is said of, one that differs from what is declared, a value that
            its column may not have, an unknown public name. The text names table and column, never a value.
    """
    published = {each.name: each for each in PUBLISHED}
    if unknown := sorted(frames.keys() - published.keys()):
        raise PrivacyError(f"{len(unknown)} of the tables are not in PUBLISHED, which says what may leave.")
    named = [(published[name], frames[name]) for name in published if name in frames]
    for table, frame in named:
        check_table(table, frame, known.groups)
    counts: Counter[str] = Counter()
    redacted = _redacted(named, known, counts, show_addresses=show_addresses)
    return _inspected(redacted, known, counts, show_addresses=show_addresses)


def _redacted(
    named: list[tuple[Published, pl.DataFrame]], known: KnownPeople, counts: Counter[str], *, show_addresses: bool
) -> list[tuple[Published, pl.DataFrame]]:
    texts = {text for table, frame in named for _, _, text in _written(table, frame)}
    redaction = Redaction(known, show_addresses=show_addresses, secrets=scanner.scan(texts).values)
    found = []
    for table, given in named:
        frame = given
        for name, treatment in table.treatments:
            if treatment in _WRITTEN:
                column = _redacted_column(frame, name, redaction, counts, is_path=treatment is Treatment.PATH)
                frame = frame.with_columns(column)
            elif treatment is Treatment.ADDRESS:
                frame = with_addresses(frame, name, known, counts, show_addresses=show_addresses)
        found.append((table, frame))
    return found


def _redacted_column(
    frame: pl.DataFrame, name: str, redaction: Redaction, counts: Counter[str], *, is_path: bool
) -> pl.Series:
    """The column, which holds text or lists of texts, with every text redacted as its group's."""
    groups = frame["group"].to_list()

    def one(group: str, text: str | None) -> str | None:
        if text is None:
            return None
        done = redaction.redact(group, text, is_path=is_path)
        counts.update(done.counts)
        return done.text

    values: list[object] = []
    for group, value in zip(groups, frame[name].to_list(), strict=True):
        values.append([one(group, each) for each in value] if isinstance(value, list) else one(group, value))
    return pl.Series(name, values, dtype=frame.schema[name])


def _inspected(
    named: list[tuple[Published, pl.DataFrame]], known: KnownPeople, counts: Counter[str], *, show_addresses: bool
) -> Gated:
    inspection = Inspection(known, show_addresses=show_addresses)
    looked_at = [(table.name, *each) for table, frame in named for each in _written(table, frame)]
    inspection.scan(text for *_, text in looked_at)
    hits: set[Hit] = set()
    paths = {(table.name, name) for table, _ in named for name, each in table.treatments if each is Treatment.PATH}
    for table_name, column, group, text in looked_at:
        for kind in inspection.kinds(text, group, is_path=(table_name, column) in paths):
            hits.add(Hit(table_name, group, column, kind))
    frames = {}
    for table, frame in named:
        withheld = sorted({hit.group for hit in hits if hit.table == table.name})
        frames[table.name] = frame.filter(~pl.col("group").is_in(withheld)) if withheld else frame
    return Gated(frames, dict(sorted(counts.items())), tuple(sorted(hits)), scanner.is_there())


def _written(table: Published, frame: pl.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Every string of every column that was not compared with what may stand there: (column, group, string)."""
    for name in frame.columns:
        if table.treatment_of[name] not in _COMPARED:
            yield from ((name, group, text) for group, text in strings(frame, name))
