"""The report among a group's files: by what it says, wherever it is and whatever it is called.

Belongs here: which files are read, and which of them is the report. What a report looks like is for `split`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from mlops_mentor.evidence.finding import Location, location
from mlops_mentor.evidence.report.split import SplitReport, split
from mlops_mentor.evidence.report.templates import course
from mlops_mentor.evidence.report.text import MAX_BYTES, is_pointer, lines_of
from mlops_mentor.repos.blobs import ReadBlobs

# So much is read of a group's files: no repository has more Markdown that somebody wrote.
MAX_FILES = 400
MAX_TOTAL_BYTES = 32 * 2**20
_BATCH_BYTES = 16 * 2**20
_NO_MODE = ("120000", "160000")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?![0-9A-Za-z])")
_LIKELY = re.compile(r"report|(^|[/_. -])(exam|hand-?in)([/_. -]|$)")
# Formats of which no text is read, whatever they are called.
_OTHER_FORMATS = r"\.(pdf|docx?|odt|rtf)$"


@dataclass(frozen=True)
class Report:
    """The report: where it is, its lines, and what was read out of it."""

    path: str
    blob_id: str
    lines: tuple[str, ...]
    content: SplitReport

    @cached_property
    def folder(self) -> str:
        """Where relative links begin."""
        return self.path.rpartition("/")[0]

    def at(self, line: int | None) -> Location:
        """A place in the report, with its line fit to be shown."""
        place = location(self.path, self.lines, line, self.blob_id)
        # Study numbers are written without their letter too, in reports as nowhere else.
        return replace(place, snippet=place.snippet and _NUMBER.sub("[study number]", place.snippet))


@dataclass(frozen=True)
class NoReport:
    """No report: `outcome` is `no` or, where a file that may be one cannot be read, `not_available`."""

    outcome: str
    reason: str
    path: str | None = None


def find_report(files: pl.DataFrame, read: ReadBlobs) -> Report | NoReport:
    """The report among the `files` of a group; of several the one with the most answers.

    An untouched template is a report with no answers. Agents' files are none, whatever they hold.
    """
    found: list[Report] = []
    unread: list[NoReport] = []
    for suffixes in (course().suffixes, course().other_suffixes):
        for candidates in _batches(_candidates(files, suffixes)):
            reports, failed = _read(candidates, read)
            found += reports
            unread += failed
        if found:
            break
    best = min(found, key=_preference) if found else None
    if best is not None and (best.content.num_answered or not unread):
        return best
    if unread:
        return unread[0]
    reason = "No file holds the questions of the course's report template."
    if other := _other_format(files):
        reason += f" {other} was not read: the course asks for Markdown."
    return NoReport("no", reason)


def _other_format(files: pl.DataFrame) -> str | None:
    """A report that is no text, as far as its name tells."""
    lowered = pl.col("path").str.to_lowercase()
    is_meant = lowered.str.contains(_LIKELY.pattern) & lowered.str.contains(_OTHER_FORMATS)
    paths = files.filter(is_meant, ~pl.col("is_vendored"), ~pl.col("is_generated"))["path"].to_list()
    return paths[0] if paths else None


def _preference(report: Report) -> tuple[int, int, bool, int, str]:
    content = report.content
    is_named = bool(_LIKELY.search(report.path.lower()))
    return -content.num_answered, -content.num_found, not is_named, report.path.count("/"), report.path


def _candidates(files: pl.DataFrame, suffixes: frozenset[str]) -> pl.DataFrame:
    lowered = pl.col("path").str.to_lowercase()
    suffix = lowered.str.extract(r"[^/](\.[^./]*)$").fill_null("")
    return (
        files.filter(
            ~pl.col("mode").is_in(_NO_MODE),
            ~pl.col("is_vendored"),
            ~pl.col("is_generated"),
            suffix.is_in(list(suffixes)),
            ~lowered.str.contains(course().agent_files),
            # A template has more, in every encoding; pointers have less, and they are told about.
            (pl.col("bytes").fill_null(MAX_BYTES) >= 100),
        )
        .with_columns(
            is_likely=lowered.str.contains(_LIKELY.pattern),
            is_readme=lowered.str.contains(r"(^|/)readme[^/]*$"),
            depth=pl.col("path").str.count_matches("/"),
        )
        .sort("is_likely", "is_readme", "depth", "path", descending=[True, True, False, False])
        .head(MAX_FILES)
        .filter(pl.col("bytes").fill_null(0).clip(0, MAX_BYTES).cum_sum() <= MAX_TOTAL_BYTES)
    )


def _batches(candidates: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """So many at a time as may be held together."""
    sizes = candidates["bytes"].fill_null(0).clip(0, MAX_BYTES)
    parts = candidates.with_columns(part=sizes.cum_sum() // _BATCH_BYTES)
    return parts.partition_by("part", maintain_order=True) if parts.height else []


def _read(candidates: pl.DataFrame, read: ReadBlobs) -> tuple[list[Report], list[NoReport]]:
    """The reports among them, and those that may be the report and cannot be read."""
    is_readable = (
        pl.col("is_available") & (pl.col("kind") != "lfs_pointer") & (pl.col("bytes").fill_null(0) <= MAX_BYTES)
    )
    wanted = candidates.filter(is_readable).unique("blob_id", maintain_order=True)
    contents = dict(read(wanted["blob_id"].to_list(), wanted["bytes"].to_list()))
    reports, unread = [], []
    for row in candidates.iter_rows(named=True):
        content = contents.get(row["blob_id"])
        reason = _unreadable(row, content)
        if reason:
            if row["is_likely"]:
                unread.append(NoReport("not_available", f"{row['path']} may be the report, but {reason}.", row["path"]))
            continue
        lines = lines_of(content or b"")
        parts = split(lines) if lines else None
        if lines and parts:
            reports.append(Report(row["path"], row["blob_id"], tuple(lines), parts))
    return reports, unread


def _unreadable(row: dict[str, object], content: bytes | None) -> str | None:
    if row["kind"] == "lfs_pointer" or (content is not None and is_pointer(content)):
        return "its text is kept by Git LFS, and not in the repository"
    if isinstance(row["bytes"], int) and row["bytes"] > MAX_BYTES:
        return f"it is larger than {MAX_BYTES // 2**20} MiB"
    return "its content is not in the mirror" if content is None else None
