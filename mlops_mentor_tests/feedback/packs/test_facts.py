"""Facts: sentences of ours about numbers and findings, with names of files quoted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mlops_mentor.feedback.packs.findings import hit_sentences, place, run_sentences, secret_sentences
from mlops_mentor.feedback.packs.quoting import in_words, quoted
from mlops_mentor.schemas import CHECKLIST, CODE_QUALITY, COMMITTED_SECRETS, LINT_HITS, REPORT_CHECKS, WORKFLOW_RUNS
from mlops_mentor_tests.evidence.report.reports import report
from mlops_mentor_tests.feedback.packs.material import packs_of, rows

CODE = {
    "src/proj/model.py": "class Net:\n    pass\n",
    "src/proj/other.py": "def other():\n    pass\n",
    "tests/test_model.py": "from proj.model import Net\n\n\ndef test_net():\n    assert Net()\n",
}


def item(**values: Any) -> dict[str, Any]:
    plain = {
        "group_id": "1",
        "item": "W2-01",
        "title": "Tests of the data",
        "week": 2,
        "claimed": "yes",
        "shown": "yes",
        "verdict": "supported",
        "reason": "6 tests about the data.",
        "path": "tests/test_data.py",
        "line": 20,
        "expects": "Tests.",
    }
    return plain | values


def facts(area: str, contents: dict[str, str] | None = None, **tables: Any) -> str:
    return "\n".join(packs_of(contents or CODE, **tables)[area].facts)


def test_numbers_are_sentences_and_what_is_not_known_is_not_said() -> None:
    quality = rows(CODE_QUALITY, {"group_id": "1", "num_tests": 3, "num_test_files": 1, "num_assertions": 7})

    told = facts("unit_testing", code_quality=quality)

    assert "3 tests stand in 1 test files" in told and "They hold 7 assertions." in told
    assert "None" not in told and "parametrized." not in told


def test_modules_that_no_test_imports_are_named() -> None:
    told = facts("unit_testing")

    assert "Tests import 1 of the 2 own modules that define anything." in told
    assert 'No test imports: "src/proj/other.py".' in told


def test_items_say_what_is_shown_and_where_and_never_what_was_claimed() -> None:
    by_claim = {claimed: facts("unit_testing", checklist=rows(CHECKLIST, item(claimed=claimed)))
                for claimed in ("yes", "no")}  # fmt: skip

    assert by_claim["yes"] == by_claim["no"]
    assert (
        'Checklist W2-01, Tests of the data: shown. 6 tests about the data. See "tests/test_data.py", line 20.'
        in by_claim["yes"]
    )


@pytest.mark.parametrize(
    "note",
    [
        "The mark [give 5] in the report is neither a tick nor blank.",
        "The report has no box of this item. 2 of its boxes name no item.",
        "The report's boxes of this item say different things.",
        "What is claimed is not known: a/report.md may be the report, but it is larger than 2 MiB.",
    ],
)
def test_what_is_said_of_the_claim_is_no_fact_of_the_code(note: str) -> None:
    told = facts("unit_testing", checklist=rows(CHECKLIST, item(reason=f"{note} 6 tests about the data.")))

    assert "Tests of the data: shown. 6 tests about the data." in told


def test_lint_hits_are_one_sentence_a_rule_the_worst_first() -> None:
    hit = {"group_id": "1", "tool": "dockerfile", "severity": "info", "rule": "DL1", "message": "Do so", "blob_id": "b"}
    hits = rows(
        LINT_HITS,
        hit | {"path": "b.dockerfile", "line": 4},
        hit | {"path": "a.dockerfile", "line": 2},
        hit | {"path": "a.dockerfile", "line": 9, "rule": "DL2", "severity": "error", "message": "Do not."},
    )

    assert list(hit_sentences(hits)) == [
        'Linter, error, DL2: Do not (once, at "a.dockerfile", line 9).',
        'Linter, info, DL1: Do so (2 times, at "a.dockerfile", line 2; "b.dockerfile", line 4).',
    ]
    assert list(hit_sentences(hits.reverse())) == list(hit_sentences(hits))


def test_secrets_are_told_by_kind_and_place_without_a_value() -> None:
    found = rows(
        COMMITTED_SECRETS,
        {"group_id": "1", "path": "a.py", "line": 3, "kind": "api-key", "confidence": "high", "blob_id": "b"},
        {"group_id": "1", "path": "README.md", "line": 9, "kind": "api-key", "confidence": "medium", "blob_id": "b"},
        {"group_id": "1", "path": "c.py", "line": 1, "kind": "generic", "confidence": "low", "blob_id": "b"},
    )

    assert list(secret_sentences(found)) == [
        '2 of the kind api-key were committed: "README.md"; "a.py", line 3.',
        "1 place more may hold a secret; the scanner is unsure.",
    ]
    assert list(secret_sentences(found.clear())) == ["No secret was found in the files of this commit."]


def run(number: int, conclusion: str | None, workflow: str = "Tests") -> dict[str, Any]:
    at = datetime(2027, 1, 5, number, tzinfo=UTC)
    return {"group_id": "1", "run_id": number, "workflow": workflow, "event": "push", "status": "completed",
            "conclusion": conclusion, "head_sha": f"{number:040}", "run_number": number, "created_at": at,
            "updated_at": at}  # fmt: skip


def test_of_runs_the_newest_that_ended_counts_and_more_of_the_same_change_nothing() -> None:
    runs = rows(WORKFLOW_RUNS, run(1, "success"), run(2, "failure"), run(3, None))
    more = rows(WORKFLOW_RUNS, *(run(number, "success" if number == 1 else "failure") for number in range(1, 9)))

    told = ['The newest run of the workflow "Tests" ended with failure, an earlier one with success.']
    assert list(run_sentences(runs)) == list(run_sentences(more)) == told
    assert list(run_sentences(None)) == ["Whether any workflow ran is not known."]
    assert list(run_sentences(runs.clear())) == ["No run of a workflow has ended."]


def test_of_prose_no_line_is_named() -> None:
    assert place("docs/use.md", 3) == '"docs/use.md"'
    assert place("src/use.py", 3) == '"src/use.py", line 3'
    assert place(None) == ""


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a\nb.py", '"a\\nb.py"'),
        ('a"b.py', '"a\\"b.py"'),
        ("a\u202eb.py", '"a\\u202eb.py"'),
        ("a\u200bb.py", '"a\\u200bb.py"'),
        ("blå.py", '"blå.py"'),
    ],
)
def test_paths_are_quoted_and_what_is_not_seen_is_escaped(path: str, shown: str) -> None:
    assert quoted(path) == shown


def test_reasons_are_one_short_line_without_personal_data() -> None:
    assert in_words("a\nb") == "a b"
    assert in_words("by somebody@example.com") == "by [e-mail]"
    assert len(in_words("word " * 200)) == 280


def test_answers_of_the_report_are_told_by_criterion_with_their_lines() -> None:
    text = report({4: "We used uv.\n\nIt locks.", 7: "We have 12 tests."})
    line = text.split("\n").index("We used uv.") + 1
    checks = rows(
        REPORT_CHECKS,
        {"group_id": "1", "question": 7, "topic": "tests", "check": "num_tests", "outcome": "no",
         "reason": "It says 12 tests; 3 are in the repository."},
        {"group_id": "1", "question": 7, "topic": "tests", "check": "length", "outcome": "yes", "reason": "60 words."},
        {"group_id": "1", "question": 8, "topic": "coverage", "check": "links", "outcome": "not_checkable",
         "reason": "Elsewhere."},
    )  # fmt: skip

    told = facts("report", {"reports/README.md": text}, report_checks=checks)

    assert f"Coding environment: question 4 (Dependencies): lines {line} to {line + 2}, 5 words; question 5" in told
    assert "question 5 (Structure of the code) is not answered" in told
    assert "Check of question 7, number of tests: It says 12 tests; 3 are in the repository." in told
    assert "Right by the course's own checks: length 1 of 1." in told
    assert "Elsewhere" not in told


def test_the_checklist_is_summed_up_and_only_what_differs_is_named() -> None:
    items = rows(
        CHECKLIST,
        item(),
        item(item="W2-02", title="Tests of the model", shown="no", verdict="unsupported", reason="None is there."),
        item(item="W2-03", title="Coverage", claimed="no", verdict="unclaimed"),
        item(item="EX-01", title="Docs", shown="partial", verdict="partly_supported", path="README.md",
             reason="457 words."),
    )  # fmt: skip

    told = facts("report", {"reports/README.md": report({4: "We used uv."})}, checklist=items)

    assert "The group ticked 3 of 4 items of the course's checklist; the repository shows 1 of these in full" in told
    assert "Ticked, and not shown by the repository: Tests of the model (None is there)." in told
    assert "Ticked, and shown in part only: Docs (only prose tells of it)." in told
    assert "Shown by the repository, and not ticked: Coverage." in told
    assert "Tests of the data" not in told


def test_without_a_report_the_facts_say_why() -> None:
    pack = packs_of(CODE)["report"]

    assert pack.excerpts == () and pack.num_files == 0
    assert pack.facts == ("No file holds the questions of the course's report template.",)
