"""The same code: files and commits that another group has too, of this year or of an earlier one.

Belongs here: which files are compared, joining groups by ids of files and commits, and the table `same_code`. What the
course handed out is left out, and so is what more than a few groups have: that came from a tutorial, or was handed out
in a way that nobody told us. Files that were edited are not found: ids say the same, or nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from mlops_mentor.course import FlagThresholds
from mlops_mentor.metrics.flags.facts import number_of, percent, short
from mlops_mentor.metrics.flags.words import INNOCENT
from mlops_mentor.schemas import SAME_CODE, SAME_CODE_SEVERITIES

THIS_YEAR = "now"
_PAIR = ["group_id", "year", "other_group"]


@dataclass(frozen=True)
class ClassContent:
    """The groups in their order, their tables `files` and `commits`, and ids of commits that the course handed out."""

    group_ids: Sequence[str]
    files: pl.DataFrame
    commits: pl.DataFrame
    starter_commits: Collection[str] = ()


def compared_files(files: pl.DataFrame, limits: FlagThresholds) -> pl.DataFrame:
    """Files that are compared: `group_id`, `blob_id`, `lines`, `path`, each content of a group once.

    Python and notebooks of some length: short ones are the same everywhere, an empty `__init__.py` above all.
    """
    return (
        files.filter(
            pl.col("kind").is_in(["python", "test", "notebook"]),
            ~pl.col("is_vendored"),
            ~pl.col("is_generated"),
            ~pl.col("is_starter_code").fill_null(False),
            pl.col("lines") >= limits.same_code_file_lines,
        )
        .select("group_id", "blob_id", "lines", "path")
        .sort("group_id", "blob_id", "path")
        .unique(["group_id", "blob_id"], keep="first", maintain_order=True)
    )


def same_code_frame(content: ClassContent, earlier: pl.DataFrame, limits: FlagThresholds) -> pl.DataFrame:
    """The table `same_code`: groups in their order, whom they share most with first; earlier years as in `earlier`."""
    compared = compared_files(content.files, limits)
    own = compared.group_by("group_id").agg(own_lines=pl.col("lines").sum())
    pairs = (
        _shared_files(compared, earlier, limits)
        .join(_shared_commits(content, earlier, limits), _PAIR, "full", coalesce=True)
        .with_columns(pl.col("num_files", "num_lines", "num_commits").fill_null(0))
        .join(own, "group_id", "left")
        .with_columns(share_of_own_lines=pl.col("num_lines") / pl.col("own_lines"))
        .filter((pl.col("num_lines") >= limits.same_code_lines) | (pl.col("num_commits") > 0))
    )
    order = pl.DataFrame({"group_id": content.group_ids}, schema={"group_id": pl.String}).with_row_index("place")
    ordered = pairs.join(order, "group_id", "left").sort(
        "place", "num_commits", "num_lines", "year", "other_group", descending=[False, True, True, True, False]
    )
    rows = [_row(pair, limits) for pair in ordered.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=SAME_CODE.schema, orient="row")


def _shared_files(compared: pl.DataFrame, earlier: pl.DataFrame, limits: FlagThresholds) -> pl.DataFrame:
    """By pair: how many files and lines, and where the longest of them is."""
    this_year = compared.select("blob_id", year=pl.lit(THIS_YEAR), other_group="group_id", other_path="path")
    former = (
        earlier.filter(pl.col("blob_id").is_not_null())
        .select("blob_id", "year", other_group="group_id", other_path=pl.lit(None, pl.String))
        .unique(["blob_id", "year", "other_group"])
    )
    return (
        _of_few(compared, "blob_id", limits)
        .join(pl.concat([this_year, former]), "blob_id")
        .filter((pl.col("year") != THIS_YEAR) | (pl.col("group_id") != pl.col("other_group")))
        .sort("lines", "path", "other_path", descending=[True, False, False])
        .group_by(_PAIR, maintain_order=True)
        .agg(
            num_files=pl.len().cast(pl.Int64),
            num_lines=pl.col("lines").sum(),
            path=pl.col("path").first(),
            other_path=pl.col("other_path").first(),
        )
    )


def _shared_commits(content: ClassContent, earlier: pl.DataFrame, limits: FlagThresholds) -> pl.DataFrame:
    """By pair: how many commits, and the newest of them."""
    handed_out = pl.Series("sha", list(content.starter_commits), pl.String)
    own = content.commits.select("group_id", "sha", "committed_at").filter(~pl.col("sha").is_in(handed_out.implode()))
    this_year = own.select("sha", year=pl.lit(THIS_YEAR), other_group="group_id")
    former = (
        earlier.filter(pl.col("commit_sha").is_not_null())
        .select("year", sha="commit_sha", other_group="group_id")
        .unique()
        .select("sha", "year", "other_group")
    )
    return (
        _of_few(own, "sha", limits)
        .join(pl.concat([this_year, former]), "sha")
        .filter((pl.col("year") != THIS_YEAR) | (pl.col("group_id") != pl.col("other_group")))
        .sort("committed_at", "sha", descending=True, nulls_last=True)
        .group_by(_PAIR, maintain_order=True)
        .agg(num_commits=pl.len().cast(pl.Int64), sha=pl.col("sha").first())
    )


def _of_few(frame: pl.DataFrame, name: str, limits: FlagThresholds) -> pl.DataFrame:
    """Without what more groups of this year have than is possible by chance or friendship."""
    return frame.filter(pl.col("group_id").n_unique().over(name) <= limits.same_code_groups)


def _row(pair: dict[str, object], limits: FlagThresholds) -> tuple[object, ...]:
    share, num_commits = pair["share_of_own_lines"], pair["num_commits"]
    is_large = isinstance(share, float) and share >= limits.same_code_share
    kind = "same_history" if num_commits else "same_code" if is_large else "same_files"
    row = {**pair, "flag": kind, "severity": SAME_CODE_SEVERITIES[kind], "detail": f"{_said(pair)} {INNOCENT[kind]}"}
    return tuple(row[name] for name in SAME_CODE.schema)


def _said(pair: dict[str, object]) -> str:
    """`12 files with 800 lines (40 % of the lines compared) are also in group 7.`"""
    parts = []
    if isinstance(num_commits := pair["num_commits"], int) and num_commits:
        parts.append(f"{number_of(num_commits, 'commit')}, the newest {short(str(pair['sha']))},")
    if isinstance(num_files := pair["num_files"], int) and num_files:
        share = pair["share_of_own_lines"]
        of_all = f" ({percent(share)} of the lines compared)" if isinstance(share, float) else ""
        parts.append(f"{number_of(num_files, 'file')} with {pair['num_lines']} lines{of_all}")
    is_one = len(parts) == 1 and 1 in (pair["num_commits"], pair["num_files"])
    of_year = "" if pair["year"] == THIS_YEAR else f" of {pair['year']}"
    text = " and ".join(parts).rstrip(",")
    return f"{text} {'is' if is_one else 'are'} also in group {pair['other_group']}{of_year}."
