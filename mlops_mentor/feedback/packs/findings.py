"""Findings in words: items of the checklist, places that linters name, secrets, runs of workflows.

Belongs here: sentences about rows of those tables. Which of them an area needs is for `facts`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from mlops_mentor.feedback.packs.quoting import in_words, quoted

_DOCS = re.compile(r"(?i)\.(md|markdown|rst|txt|adoc)$|(^|/)readme[^/]*$")
_SHOWN: Mapping[str, str] = {
    "yes": "shown",
    "partial": "shown in part",
    "no": "not shown",
    "not_checkable": "cannot be seen in a repository",
    "not_available": "could not be looked at",
    "error": "could not be looked at",
}
# What `verdicts.note` says of the claim before it says what is shown.
_ABOUT_THE_CLAIM = re.compile(
    r"^(The mark \[.{0,200}?\] in the report is neither a tick nor blank\."
    r"|The report's boxes of this item say different things\."
    r"|The report has no box of this item\.(?: \d+ of its boxes names? no item\.)?"
    r"|What is claimed is not known: .{0,400}?\.(?= |$)) ?"
)
_MAX_RULES, _MAX_PLACES = 20, 3
_UNSURE = "low"


def place(path: str | None, line: int | None = None) -> str:
    """`"src/train.py", line 3`; of prose no line, which moves with every word that is added above it."""
    if path is None:
        return ""
    return quoted(path) if line is None or _DOCS.search(path) else f"{quoted(path)}, line {line}"


def is_told_by_prose(row: Mapping[str, Any]) -> bool:
    """Whether an item stands on documentation alone."""
    return row["path"] is not None and _DOCS.search(row["path"]) is not None


def item_sentences(items: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]) -> Iterator[str]:
    """What the repository shows of these items of the checklist, whatever was claimed."""
    for item in wanted:
        row = items.get(item)
        if row is None:
            continue
        where = f" See {place(row['path'], row['line'])}." if row["path"] else ""
        reason = in_words(_ABOUT_THE_CLAIM.sub("", row["reason"]))
        yield f"Checklist {item}, {row['title']}: {_SHOWN[row['shown']]}. {reason}{where}"


def hit_sentences(hits: pl.DataFrame, leave_out: Collection[str] = ()) -> Iterator[str]:
    """What linters found, a sentence a rule: worst and most frequent first."""
    rank = pl.col("severity").replace_strict({"error": 0, "warning": 1, "info": 2}, default=3)
    rules = (
        hits.filter(~pl.col("rule").is_in(list(leave_out)))
        .sort("path", "line", nulls_last=True)
        .group_by("tool", "rule", "severity", maintain_order=True)
        .agg(pl.len(), pl.col("message").first(), pl.col("path"), pl.col("line"))
        .with_columns(rank=rank)
        .sort(["rank", "len", "tool", "rule"], descending=[False, True, False, False])
    )
    for row in rules.head(_MAX_RULES).iter_rows(named=True):
        places = [place(path, line) for path, line in zip(row["path"], row["line"], strict=True)][:_MAX_PLACES]
        times = "once" if row["len"] == 1 else f"{row['len']} times"
        yield (
            f"Linter, {row['severity']}, {row['rule']}: {in_words(row['message']).rstrip('.')} ({times}, at "
            f"{'; '.join(places)})."
        )
    if (more := rules.height - _MAX_RULES) > 0:
        yield f"{more} more rules of linters are broken."


def secret_sentences(secrets: pl.DataFrame) -> Iterator[str]:
    """Secrets by kind, with their places; those that a scanner is unsure of in one sentence."""
    sure = secrets.filter(pl.col("confidence") != _UNSURE).sort("kind", "path", "line")
    if sure.is_empty():
        yield "No secret was found in the files of this commit."
    for (kind,), rows in sure.group_by("kind", maintain_order=True):
        places = [place(path, line) for path, line in rows.select("path", "line").iter_rows()]
        listed = "; ".join(places[:_MAX_PLACES]) + ("; and elsewhere" if len(places) > _MAX_PLACES else "")
        yield f"{rows.height} of the kind {kind} {'was' if rows.height == 1 else 'were'} committed: {listed}."
    if unsure := secrets.height - sure.height:
        yield f"{unsure} {'place' if unsure == 1 else 'places'} more may hold a secret; the scanner is unsure."


def run_sentences(runs: pl.DataFrame | None) -> Iterator[str]:
    """How the newest completed run of each workflow ended. No numbers and no times: they change with every push."""
    if runs is None:
        yield "Whether any workflow ran is not known."
        return
    ended = runs.filter(pl.col("conclusion").is_not_null()).sort("created_at", "run_id")
    if ended.is_empty():
        yield "No run of a workflow has ended."
    newest = ended.group_by("workflow").agg(
        pl.col("conclusion").last(), succeeded=(pl.col("conclusion") == "success").any()
    )
    for name, conclusion, succeeded in newest.sort("workflow").head(_MAX_RULES).iter_rows():
        before = (
            "" if conclusion == "success" else (", an earlier one with success" if succeeded else ", none with success")
        )
        yield f"The newest run of the workflow {quoted(name)} ended with {conclusion}{before}."
