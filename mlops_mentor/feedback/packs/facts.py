"""Facts: what was measured and found of a group, as sentences of ours, for the areas about code.

Belongs here: which numbers and findings an area needs. No commit, no time and nothing that changes with other files
than those that the area is about: an unchanged pack costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.packs.choose import is_aside, tested_paths
from mlops_mentor.feedback.packs.findings import hit_sentences, item_sentences, run_sentences, secret_sentences
from mlops_mentor.feedback.packs.quoting import in_words, quoted
from mlops_mentor.feedback.packs.shelf import Shelf

_QUALITY_ITEMS = ("W1-03", "W1-04", "W1-05", "W1-06", "W1-07", "W1-08", "W1-09", "W1-11", "W1-14", "W1-15", "W1-17",
                  "EX-01", "EX-02")  # fmt: skip
_TESTING_ITEMS = ("W2-01", "W2-02", "W2-03", "W2-04", "W2-15", "W2-16")
_AUTOMATION_ITEMS = ("W1-03", "W1-10", "W1-12", "W2-04", "W2-05", "W2-06", "W2-07", "W2-08", "W2-09", "W2-10", "W2-11",
                     "W2-12", "W2-13", "W2-14", "W2-15", "W3-03", "W3-04", "W3-05", "W3-06")  # fmt: skip
# The items of the checklist that bear on an area.
ITEMS: Mapping[str, tuple[str, ...]] = {
    "code_quality": _QUALITY_ITEMS, "unit_testing": _TESTING_ITEMS, "ci_cd": _AUTOMATION_ITEMS
}  # fmt: skip
_MAX_NAMED = 12


def facts_of_code(area: str, evidence: GroupEvidence, shelf: Shelf) -> list[str]:
    """Sentences for an area that is not the report; an area that is not known is treated as `code_quality`."""
    say = _SAYING.get(area, _of_quality)
    return list(say(evidence, shelf))


def numbers_of(area: str, quality: Mapping[str, Any]) -> list[str]:
    """The sentences with numbers of the row of `code_quality`; an area that is not known is as `code_quality`."""
    sentences = {"unit_testing": _TESTING_NUMBERS, "ci_cd": _AUTOMATION_NUMBERS}.get(area, _QUALITY_NUMBERS)
    return list(_numbers(quality, sentences))


def _of_quality(evidence: GroupEvidence, shelf: Shelf) -> Iterator[str]:
    row = evidence.quality
    yield from _numbers(row, _QUALITY_NUMBERS)
    for path in (row.get("broken_python_files") or [])[:_MAX_NAMED]:
        yield f"No valid Python: {in_words(path)}."
    if rules := row.get("most_broken_rules"):
        yield f"Rules of ruff that are broken most: {in_words('; '.join(rules))}."
    for name, words in (("undeclared_imports", "Imported, and not declared directly"),
                        ("unused_dependencies", "Declared, and imported nowhere")):  # fmt: skip
        if found := row.get(name):
            yield f"{words}: {in_words(', '.join(found[:_MAX_NAMED]))}{_more(found)}."
    if row.get("has_lock_file") is not None:
        yield f"There is {'a' if row['has_lock_file'] else 'no'} lock file of dependencies."
    yield from item_sentences(evidence.items, _QUALITY_ITEMS)


def _of_testing(evidence: GroupEvidence, shelf: Shelf) -> Iterator[str]:
    yield "Of own modules that are no tests signatures alone are shown here, whatever room there is."
    yield from _numbers(evidence.quality, _TESTING_NUMBERS)
    tested = tested_paths(shelf)
    modules = [
        file
        for file in shelf.own.all_python
        if not file.is_test and file.definitions and not is_aside(file.path, shelf)
    ]
    if modules:
        untested = [file.path for file in modules if file.path not in tested]
        yield f"Tests import {len(modules) - len(untested)} of the {len(modules)} own modules that define anything."
        if untested:
            named = ", ".join(map(quoted, untested[:_MAX_NAMED]))
            yield f"No test imports: {named}{_more(untested)}."
    yield from item_sentences(evidence.items, _TESTING_ITEMS)


def _of_automation(evidence: GroupEvidence, shelf: Shelf) -> Iterator[str]:
    yield from _numbers(evidence.quality, _AUTOMATION_NUMBERS)
    handed_out = evidence.files.filter(
        pl.col("is_starter_code").fill_null(False), pl.col("kind").is_in(["workflow", "docker"]), ~pl.col("is_vendored")
    )["path"].sort()
    if handed_out.len():
        named = ", ".join(map(quoted, handed_out.to_list()[:_MAX_NAMED]))
        yield f"These are the course's own, unchanged, and count for nobody: {named}."
    yield from secret_sentences(evidence.committed_secrets)
    yield from item_sentences(evidence.items, _AUTOMATION_ITEMS)
    yield from run_sentences(evidence.workflow_runs)
    yield from hit_sentences(evidence.lint_hits, leave_out=("unpinned-uses",))


_SAYING: Mapping[str, Callable[[GroupEvidence, Shelf], Iterator[str]]] = {
    "code_quality": _of_quality,
    "unit_testing": _of_testing,
    "ci_cd": _of_automation,
}

_RARE = ("num_broken_python_files", "num_complex_functions", "num_notebooks", "num_unpinned_actions")
# (columns of `code_quality` that the sentence needs, the sentence).
_Numbers = tuple[tuple[tuple[str, ...], str], ...]
_QUALITY_NUMBERS: _Numbers = (
    (("num_own_python_files", "lines_own_python"), "{0} own Python files have {1} lines, tests included."),
    (("num_broken_python_files",), "{0} of them are no valid Python."),
    (("median_file_lines", "max_file_lines", "longest_file"), "A file has {0} lines (median); the longest, {2}, {1}."),
    (("num_violations", "violations_per_1000_lines"), "Ruff finds {0} violations of the course's rules, {1} in 1,000 "
     "lines."),
    (("num_functions", "share_functions_typed"), "Of {0} functions outside of tests, {1} % have a type for every "
     "parameter and the result."),
    (("num_documentable", "share_documented"), "Of {0} modules, classes and functions outside of tests, {1} % have a "
     "docstring."),
    (("median_complexity", "max_complexity", "most_complex_function"), "Cyclomatic complexity of a function: {0} "
     "(median), at most {1}, at {2}."),
    (("num_complex_functions",), "{0} functions have a complexity above 10."),
    (("median_function_lines", "max_function_lines", "longest_function"), "A function has {0} lines (median), at most "
     "{1}, at {2}."),
    (("num_notebooks", "lines_notebook_code"), "{0} own notebooks hold {1} lines of code."),
    (("num_declared", "share_pinned"), "{0} dependencies are declared, {1} % of them with an exact version."),
)  # fmt: skip
_TESTING_NUMBERS: _Numbers = (
    (("num_tests", "num_test_files"), "{0} tests stand in {1} test files; a parametrized test counts once."),
    (("num_parametrized_tests",), "{0} of them are parametrized."),
    (("num_assertions",), "They hold {0} assertions."),
    (("num_tests_without_assertion",), "{0} tests hold no assertion of their own."),
    (("lines_own_python",), "All own Python has {0} lines, tests included."),
)
_AUTOMATION_NUMBERS: _Numbers = (
    (("num_workflows", "num_workflow_hits"), "{0} workflows are the group's own; an audit finds {1} places in them."),
    (("num_unpinned_actions",), "{0} uses of an action are not pinned to a commit."),
    (("num_dockerfiles", "num_dockerfile_hits"), "{0} Docker files are the group's own; a linter finds {1} places in "
     "them."),
    (("num_declared", "share_pinned"), "{0} dependencies are declared, {1} % of them with an exact version."),
)  # fmt: skip


def _numbers(row: Mapping[str, Any], sentences: _Numbers) -> Iterator[str]:
    """The sentences of which every number is known; without those that say of something rare that there is none."""
    for names, sentence in sentences:
        values = [_value(name, row.get(name)) for name in names]
        if None not in values and not (names[0] in _RARE and values[0] == "0"):
            yield sentence.format(*values)


def _value(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name.startswith("share_"):
        return f"{100 * value:.0f}"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return quoted(value) if isinstance(value, str) else f"{value:,}"


def _more(found: list[str]) -> str:
    return f", and {len(found) - _MAX_NAMED} more" if len(found) > _MAX_NAMED else ""
