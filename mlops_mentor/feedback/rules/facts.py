"""Named facts: what the tables of evidence say of a group, each under a name that rules ask for.

Belongs here: names, values, places. What a value is worth stands in `rules.yaml`; the report's facts in `report_facts`.

A fact is `num_tests` and every other number of `code_quality` and `repo_stats`; `W1-04` and every other item of the
checklist (1 shown, 0.5 in part, 0 not); `lint.workflow.artipacked` and the like (places where a rule is broken, not
there where none is); and what is made below. What is not known has no value, or is not there at all.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from mlops_mentor.feedback.evidence import GroupEvidence

_SHOWN = {"yes": 1.0, "partial": 0.5, "no": 0.0}
_RUNS = {"passing": 1.0, "failing": 0.0, "never_ran": 0.0}
# `path:line name` and `path:line: error`; a path may hold colons and blanks.
_PLACE = re.compile(r"^(?P<path>.+?):(?P<line>\d+)[: ]\s*(?P<name>.*)$")
# `distribution (path:line)`.
_IMPORT = re.compile(r"^(?P<name>\S+) \((?P<path>.+):(?P<line>\d+)\)$")
_SECRETS = {"secrets": ("high", "medium"), "secrets_certain": ("high",)}


@dataclass(frozen=True)
class Place:
    """Where a fact stands: `line` None for the file as a whole; `snippet` that line as the evidence has it.

    `is_quotable` is false where the line must not be shown: a secret stands on it.
    """

    path: str
    line: int | None = None
    snippet: str | None = None
    blob_id: str | None = None
    is_quotable: bool = True


@dataclass(frozen=True)
class Fact:
    """A number (booleans are 1 and 0; None: not known), where it stands, and names that belong to it."""

    value: float | None
    places: tuple[Place, ...] = ()
    names: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""


def code_facts(evidence: GroupEvidence) -> dict[str, Fact]:
    """Everything but the report's facts."""
    facts = _numbers(evidence.stats) | _numbers(evidence.quality)
    facts |= {item: _item(row) for item, row in evidence.items.items()}
    facts |= _lint(evidence)
    facts |= _placed(evidence)
    facts |= _ratios(facts)
    facts |= {name: _secrets(evidence, confidences) for name, confidences in _SECRETS.items()}
    facts["actions_passing"] = Fact(_RUNS.get(str(evidence.stats.get("actions_passing"))))
    facts["own_readme_length"] = _own_readme(evidence)
    return facts


def _numbers(row: Mapping[str, Any]) -> dict[str, Fact]:
    return {name: Fact(float(value)) for name, value in row.items() if isinstance(value, int | float)}


def _item(row: Mapping[str, Any]) -> Fact:
    places = (Place(row["path"], row["line"], row["snippet"], row["blob_id"]),) if row["path"] is not None else ()
    return Fact(_SHOWN.get(row["shown"]), places, reason=row["reason"], remedy=row["remedy"] or "")


def _lint(evidence: GroupEvidence) -> dict[str, Fact]:
    """By tool and rule, places of errors first; none of a rule without a hit. What zizmor only mentions is no hit."""
    facts = {}
    order = pl.col("severity").replace_strict({"error": 0, "warning": 1, "info": 2}, default=3)
    hits = evidence.lint_hits.filter((pl.col("tool") != "workflow") | (pl.col("severity") != "info"))
    hits = hits.sort(order, "path", "line", "rule", nulls_last=True)
    for (tool, rule), rows in hits.group_by(["tool", "rule"], maintain_order=True):
        places = tuple(_places(rows.iter_rows(named=True)))
        facts[f"lint.{tool}.{rule}"] = Fact(float(len(places)), places)
    return facts


def _places(rows: Iterable[Mapping[str, Any]]) -> Iterable[Place]:
    for row in rows:
        yield Place(row["path"], row["line"], row.get("snippet"), row["blob_id"])


def _placed(evidence: GroupEvidence) -> dict[str, Fact]:
    """What `code_quality` says with its place in one text."""
    quality, facts = evidence.quality, {}
    for name, column in (("max_complexity", "most_complex_function"), ("max_function_lines", "longest_function")):
        if quality.get(name) is not None:
            facts[name] = _listed(float(quality[name]), [quality[column] or ""], _PLACE)
    if quality.get("max_file_lines") is not None:
        path = quality["longest_file"]
        facts["max_file_lines"] = Fact(float(quality["max_file_lines"]), (Place(path),) if path else ())
    if quality.get("num_broken_python_files") is not None:
        broken = quality["broken_python_files"] or []
        facts["num_broken_python_files"] = _listed(float(quality["num_broken_python_files"]), broken, _PLACE)
    if quality.get("undeclared_imports") is not None:
        undeclared = quality["undeclared_imports"]
        facts["undeclared_imports"] = _listed(float(len(undeclared)), undeclared, _IMPORT)
    return facts


def _listed(value: float, texts: Iterable[str], form: re.Pattern[str]) -> Fact:
    found = [match for text in texts if (match := form.match(text))]
    places = tuple(Place(match["path"], int(match["line"])) for match in found)
    return Fact(value, places, tuple(match["name"] for match in found))


def _ratios(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    wanted = {
        "test_lines_per_line": ("lines_test", "lines_python"),
        "assertions_per_test": ("num_assertions", "num_tests"),
        "share_tests_without_assertion": ("num_tests_without_assertion", "num_tests"),
        "dockerfile_hits_per_file": ("num_dockerfile_hits", "num_dockerfiles"),
    }
    found = {}
    for name, (above, below) in wanted.items():
        over, under = facts.get(above), facts.get(below)
        if over and under and over.value is not None and under.value:
            found[name] = Fact(over.value / under.value)
    return found


def _secrets(evidence: GroupEvidence, confidences: Sequence[str]) -> Fact:
    if evidence.quality.get("num_secrets") is None:
        return Fact(None)
    rows = evidence.committed_secrets.filter(pl.col("confidence").is_in(confidences)).sort("confidence", "path", "line")
    places = tuple(
        Place(row["path"], row["line"], None, row["blob_id"], is_quotable=False) for row in rows.iter_rows(named=True)
    )
    return Fact(float(len(places)), places)


def _own_readme(evidence: GroupEvidence) -> Fact:
    """Words of the README, 0 where it is the starter code's as it came."""
    length = evidence.stats.get("readme_length")
    if length is None:
        return Fact(None)
    row = evidence.files.filter(pl.col("path").str.to_lowercase() == "readme.md").sort("path").head(1)
    if not row.height:
        return Fact(0.0)
    is_own = not row["is_starter_code"][0]
    return Fact(float(length) if is_own else 0.0, (Place(row["path"][0], None, None, row["blob_id"][0]),))
