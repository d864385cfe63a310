"""The reviewer without a model: what it says follows from the evidence, in the rubric's terms, and cites its places."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.report.templates import course
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judgement import Judgement
from mlops_mentor.feedback.packs.pack import Source
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.feedback.rules import review_by_rules
from mlops_mentor.feedback.rules.facts import code_facts
from mlops_mentor.feedback.rules.report_facts import answer_kinds, report_facts
from mlops_mentor.feedback.rules.rulebook import load_rulebook
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITTED_SECRETS,
    FILES,
    HOSTILE_CONTENT,
    LINT_HITS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    empty,
)

RUBRIC = load_rubric()
MakeEvidence = Callable[..., GroupEvidence]
AREAS = [area.id for area in RUBRIC.areas]
GOOD_QUALITY = {
    "num_own_python_files": 9, "num_broken_python_files": 0, "lines_own_python": 1500, "max_file_lines": 150,
    "longest_file": "src/p/train.py", "num_violations": 3, "violations_per_1000_lines": 2.0,
    "errors_per_1000_lines": 0.5, "security_per_1000_lines": 0.0, "num_functions": 40, "share_functions_typed": 0.95,
    "num_documentable": 60, "share_documented": 0.9, "max_complexity": 6, "max_function_lines": 45,
    "most_complex_function": "src/p/train.py:7 train", "longest_function": "src/p/train.py:7 train",
    "num_test_files": 5, "num_tests": 30, "num_parametrized_tests": 6, "num_assertions": 100,
    "num_tests_without_assertion": 0, "lines_notebook_code": 0, "share_code_in_notebooks": 0.0, "num_dockerfiles": 2,
    "num_dockerfile_hits": 0, "num_workflows": 2, "num_workflow_hits": 0, "num_unpinned_actions": 0, "num_secrets": 0,
}  # fmt: skip
WEAK_QUALITY = GOOD_QUALITY | {
    "max_file_lines": 1900, "num_violations": 200, "violations_per_1000_lines": 130.0, "errors_per_1000_lines": 40.0,
    "security_per_1000_lines": 9.0, "share_functions_typed": 0.02, "share_documented": 0.05, "max_complexity": 50,
    "max_function_lines": 400, "num_test_files": 0, "num_tests": 0, "num_parametrized_tests": 0, "num_assertions": 0,
    "num_dockerfiles": 0, "num_workflows": 0,
}  # fmt: skip
GOOD_STATS = {"snapshot_sha": "a" * 40, "group_size": 4, "readme_length": 600, "lines_python": 1000, "lines_test": 500,
              "actions_passing": "passing"}  # fmt: skip
README = {"path": "README.md", "kind": "docs", "blob_id": "b" * 40, "is_starter_code": False}
ITEMS = [item.id for item in checklist().items]


@pytest.fixture
def evidence(make_frame: Callable[..., pl.DataFrame]) -> MakeEvidence:
    """`evidence(quality=..., stats=..., items={id: outcome or row}, ...)`: a strong group but for what is said."""

    def make(
        quality: Mapping[str, Any] | None = GOOD_QUALITY,
        stats: Mapping[str, Any] | None = GOOD_STATS,
        items: Mapping[str, str | Mapping[str, Any]] | None = None,
        shown: str = "yes",
        answers: Sequence[Mapping[str, Any]] | None = None,
        checks: Sequence[Mapping[str, Any]] | None = None,
        **tables: Sequence[Mapping[str, Any]],
    ) -> GroupEvidence:
        tables = {"files": [README]} | tables
        given = {item: {"shown": outcome} if isinstance(outcome, str) else dict(outcome)
                 for item, outcome in (items or {}).items()}  # fmt: skip
        default = {"group_id": "1", "shown": shown, "path": "src/p/train.py", "line": 7, "snippet": "def train():",
                   "blob_id": "b" * 40, "reason": "It is seen.", "remedy": "Do it.", "claimed": "yes",
                   "verdict": "supported", "claim_path": "reports/README.md", "claim_line": 9}  # fmt: skip
        rows = [default | {"item": item} | dict(given.get(item, {})) for item in ITEMS]
        frames = {
            name: make_frame(table, *({"group_id": "1"} | dict(row) for row in tables.get(name, ())))
            if tables.get(name)
            else empty(table)
            for name, table in (
                ("files", FILES),
                ("lint_hits", LINT_HITS),
                ("committed_secrets", COMMITTED_SECRETS),
                ("hostile_content", HOSTILE_CONTENT),
            )
        }
        found = {"topic": "report", "check": "found", "outcome": "yes", "reason": "All answered."}
        return GroupEvidence(
            group_id="1",
            snapshot_sha="a" * 40,
            group_size=4,
            code_quality=make_frame(CODE_QUALITY, {"group_id": "1", **quality}) if quality else empty(CODE_QUALITY),
            repo_stats=make_frame(REPO_STATS, {"group_id": "1", **stats}) if stats else empty(REPO_STATS),
            checklist=make_frame(CHECKLIST, *rows),
            report_answers=make_frame(
                REPORT_ANSWERS, *({"group_id": "1"} | dict(row) for row in (_answers() if answers is None else answers))
            ),
            report_checks=make_frame(
                REPORT_CHECKS, *({"group_id": "1"} | dict(row) for row in ([found] if checks is None else checks))
            ),
            **frames,
        )

    return make


def _answers(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Every question of the newest template, answered with as many words as are asked for at the least."""
    template = course().templates[-1]
    return [
        {"question": each.number, "topic": each.topic, "title": each.title, "is_answered": True,
         "num_words": each.limits.words[0] if each.limits.words else 1, "num_images": 1, "path": "reports/README.md",
         "line": 10 * each.number, "template": template.version} | dict(changes.get(each.topic, {}))
        for each in template.questions
    ]  # fmt: skip


def _review(area: str, of: GroupEvidence, **more: Any) -> Judgement:
    return review_by_rules(RUBRIC.area(area), of, **more)


def _texts(judgement: Judgement) -> str:
    return "\n".join(remark.text for remark in judgement.improvements)


# --- Labels, scores, order ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", AREAS)
def test_it_says_that_rules_wrote_it_and_what_rules_cannot_see(area: str, evidence: MakeEvidence) -> None:
    judgement = _review(area, evidence())
    assert judgement.reviewer == "rules"
    assert judgement.model is None
    assert judgement.confidence is None
    assert "Fixed rules wrote this" in judgement.summary
    assert load_rulebook().areas[area].cannot_see in judgement.summary
    assert 2 <= judgement.summary.count(". ") + 1 <= 6


@pytest.mark.parametrize("area", AREAS)
def test_a_strong_group_and_a_weak_one_are_far_apart(area: str, evidence: MakeEvidence) -> None:
    strong = _review(area, evidence())
    bare = _answers(**{row["topic"]: {"is_answered": False, "num_words": 0} for row in _answers()})
    weak = _review(area, evidence(WEAK_QUALITY, GOOD_STATS | {"readme_length": 0}, shown="no", answers=bare))
    assert strong.score is not None
    assert weak.score is not None
    assert strong.score >= 4
    assert weak.score <= 2
    assert len(weak.improvements) > len(strong.improvements)
    assert strong.strengths


@pytest.mark.parametrize("area", AREAS)
def test_scores_are_on_the_rubrics_scale_and_remarks_are_few(area: str, evidence: MakeEvidence) -> None:
    for of in (evidence(), evidence(WEAK_QUALITY, shown="no"), evidence(shown="partial")):
        judgement = _review(area, of)
        scores = [judgement.score, *(score for _, score in judgement.criteria)]
        assert all(score in (1, 2, 3, 4, 5) for score in scores)
        assert len(judgement.improvements) <= load_rulebook().improvements
        assert len(judgement.strengths) <= load_rulebook().strengths
        assert all(remark.advice and remark.severity for remark in judgement.improvements)
        assert all(remark.advice is remark.severity is None for remark in judgement.strengths)
        severities = [("critical", "major", "minor").index(remark.severity or "") for remark in judgement.improvements]
        assert severities == sorted(severities)


@pytest.mark.parametrize("area", AREAS)
def test_the_same_evidence_gives_the_same_words_whatever_order_its_rows_stand_in(
    area: str, evidence: MakeEvidence
) -> None:
    hits = [{"tool": "workflow", "rule": "excessive-permissions", "severity": "warning", "path": f"{n}.yml", "line": n,
             "blob_id": "c", "message": "m"} for n in (3, 1, 2)]  # fmt: skip
    assert _review(area, evidence(lint_hits=hits)) == _review(area, evidence(lint_hits=hits[::-1]))


@pytest.mark.parametrize("area", ["code_quality", "unit_testing", "ci_cd"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(item=st.sampled_from(ITEMS))
def test_an_item_that_is_shown_never_gives_a_lower_score_than_one_that_is_not(
    area: str, item: str, evidence: MakeEvidence
) -> None:
    shown, absent = (_review(area, evidence(shown="partial", items={item: each})).score for each in ("yes", "no"))
    # An application that is there is asked for its tests, its deployment and its metrics.
    if item not in ("W2-13", "W1-12"):
        assert (shown or 0) >= (absent or 0)


# --- What is not known, and what is not there -----------------------------------------------------------------------


def test_what_is_not_known_counts_neither_way(evidence: MakeEvidence) -> None:
    unknown = {"W1-14": "not_available", "W1-15": "error"}
    judgement = _review("code_quality", evidence(items=unknown))
    assert "configuration" not in dict(judgement.criteria)
    assert "Not measured, and counted neither way: Configuration." in judgement.summary


def test_without_any_evidence_there_is_no_score_and_a_ta_should_look(evidence: MakeEvidence) -> None:
    judgement = _review("code_quality", evidence(None, None, shown="not_available"))
    assert judgement.score is None
    assert judgement.review_reasons
    assert judgement.improvements == ()


@pytest.mark.parametrize("area", ["code_quality", "unit_testing", "ci_cd"])
def test_an_empty_repository_has_nothing_to_review_and_a_next_step(area: str, evidence: MakeEvidence) -> None:
    nothing = dict.fromkeys(GOOD_QUALITY, 0) | {"longest_file": None, "most_complex_function": None,
                                                "longest_function": None}  # fmt: skip
    judgement = _review(area, evidence(nothing, shown="no"))
    assert judgement.score is None
    assert judgement.review_reasons == ()
    assert len(judgement.improvements) == 1
    assert judgement.improvements[0].advice


def test_without_a_report_there_is_nothing_to_review(evidence: MakeEvidence) -> None:
    missing = [{"topic": "report", "check": "found", "outcome": "no", "reason": "No file."}]
    judgement = _review("report", evidence(answers=[], checks=missing))
    assert judgement.score is None
    assert "reports/README.md" in (judgement.improvements[0].advice or "")


def test_a_report_that_could_not_be_read_is_none_that_is_missing(evidence: MakeEvidence) -> None:
    unread = [{"topic": "report", "check": "found", "outcome": "not_available", "reason": "Too large."}]
    judgement = _review("report", evidence(answers=[], checks=unread))
    assert judgement.score is not None or judgement.review_reasons
    assert judgement.improvements == ()


def test_an_area_that_the_rules_do_not_know_has_no_score(evidence: MakeEvidence) -> None:
    area = RUBRIC.area("ci_cd").model_copy(update={"id": "elegance"})
    judgement = review_by_rules(area, evidence())
    assert judgement.score is None
    assert judgement.review_reasons


# --- What the rubric's scores mean ----------------------------------------------------------------------------------


def test_no_test_is_1_of_5_whatever_else_is_there(evidence: MakeEvidence) -> None:
    judgement = _review("unit_testing", evidence(GOOD_QUALITY | {"num_tests": 0, "num_assertions": 0}))
    assert judgement.score == 1
    assert [remark.severity for remark in judgement.improvements] == ["critical"]
    assert judgement.strengths == ()


def test_tests_that_assert_nothing_are_1_of_5(evidence: MakeEvidence) -> None:
    quality = GOOD_QUALITY | {"num_assertions": 0, "num_tests_without_assertion": 30}
    assert _review("unit_testing", evidence(quality)).score == 1


def test_neither_data_nor_model_tested_is_2_of_5_at_most(evidence: MakeEvidence) -> None:
    assert _review("unit_testing", evidence(items={"W2-01": "no", "W2-02": "no"})).score == 2


def test_few_tests_are_3_of_5_at_most(evidence: MakeEvidence) -> None:
    assert _review("unit_testing", evidence(GOOD_QUALITY | {"num_tests": 4, "num_assertions": 20})).score == 3


def test_no_automation_is_1_of_5(evidence: MakeEvidence) -> None:
    items = {"W2-04": "no", "W1-12": "no", "W2-11": "no"}
    judgement = _review("ci_cd", evidence(items=items))
    assert judgement.score == 1
    assert "there is no automation of your own" in judgement.summary


def test_workflows_that_never_run_are_2_of_5_at_most(evidence: MakeEvidence) -> None:
    assert _review("ci_cd", evidence(items={"W2-04": "partial"})).score == 2


def test_a_cap_that_holds_nothing_down_is_not_spoken_of(evidence: MakeEvidence) -> None:
    weak = _review("code_quality", evidence(WEAK_QUALITY | {"num_broken_python_files": 3}, shown="no"))
    assert weak.score is not None
    assert weak.score < 3
    assert "goes no higher" not in weak.summary


def test_a_reports_score_is_the_mean_of_its_criteria_as_the_rubric_says(evidence: MakeEvidence) -> None:
    short: dict[str, dict[str, Any]] = {
        "cloud_services": {"is_answered": False, "num_words": 0},
        "bucket": {"is_answered": False},
    }
    judgement = _review("report", evidence(answers=_answers(**short)))
    area = RUBRIC.area("report")
    assert judgement.score == round(area.mean(dict(judgement.criteria)) or 0)
    assert dict(judgement.criteria)["cloud"] < dict(judgement.criteria)["coding_environment"]


def test_rules_never_call_an_answer_exemplary(evidence: MakeEvidence) -> None:
    assert max(score for _, score in _review("report", evidence()).criteria) == 4


# --- Citations ------------------------------------------------------------------------------------------------------


def test_a_remark_quotes_the_snippet_of_its_evidence(evidence: MakeEvidence) -> None:
    judgement = _review("ci_cd", evidence())
    cited = {citation for remark in judgement.strengths for citation in remark.citations}
    assert {(each.path, each.start_line, each.quote, each.blob_id) for each in cited} == {
        ("src/p/train.py", 7, "def train():", "b" * 40)
    }


def test_the_source_is_quoted_rather_than_the_snippet(evidence: MakeEvidence) -> None:
    source = Source("src/p/train.py", "b" * 40, ("",) * 6 + ("    def train(seed: int) -> None:",))
    judgement = _review("ci_cd", evidence(), sources={"src/p/train.py": source}.get)
    assert judgement.strengths[0].citations[0].quote == "def train(seed: int) -> None:"


def test_a_source_of_another_content_is_not_quoted(evidence: MakeEvidence) -> None:
    source = Source("src/p/train.py", "c" * 40, ("other",) * 9)
    judgement = _review("ci_cd", evidence(), sources={"src/p/train.py": source}.get)
    assert judgement.strengths[0].citations[0].quote == "def train():"


def test_the_longest_function_is_cited_where_it_begins(evidence: MakeEvidence) -> None:
    quality = GOOD_QUALITY | {"max_function_lines": 300, "longest_function": "src/a b:c.py:12 run"}
    (remark,) = _review("code_quality", evidence(quality)).improvements
    assert "300 lines" in remark.text
    assert [(each.path, each.start_line) for each in remark.citations] == [("src/a b:c.py", 12)]


def test_of_a_file_as_a_whole_its_first_line_that_says_something_stands_for_it(evidence: MakeEvidence) -> None:
    files = [README, {"path": "src/p/train.py", "blob_id": "b" * 40, "kind": "python"}]
    source = Source("src/p/train.py", "b" * 40, ("", "import torch"))
    of = evidence(GOOD_QUALITY | {"max_file_lines": 1900}, files=files)
    (remark,) = _review("code_quality", of, sources={"src/p/train.py": source}.get).improvements
    assert [(each.start_line, each.quote) for each in remark.citations] == [(2, "import torch")]


def test_an_empty_file_as_a_whole_is_not_cited(evidence: MakeEvidence) -> None:
    source = Source("src/p/__init__.py", "b" * 40, ())
    item = {"path": "src/p/__init__.py", "line": None, "snippet": None}
    judgement = _review("ci_cd", evidence(items={"W1-12": item}), sources={"src/p/__init__.py": source}.get)
    (remark,) = (each for each in judgement.strengths if "Dockerfiles copy" in each.text)
    assert remark.citations == ()


@pytest.mark.parametrize(("confidence", "severity"), [("high", "critical"), ("medium", "major")])
def test_a_secret_is_named_with_its_place_and_its_line_is_never_quoted(
    confidence: str, severity: str, evidence: MakeEvidence
) -> None:
    secret = {"path": "src/p/train.py", "line": 7, "kind": "token", "confidence": confidence, "blob_id": "b" * 40}
    source = Source("src/p/train.py", "b" * 40, ("",) * 6 + ("KEY = 'the key itself'",))
    of = evidence(GOOD_QUALITY | {"num_secrets": 1}, committed_secrets=[secret])
    judgement = _review("ci_cd", of, sources={"src/p/train.py": source}.get)
    assert judgement.improvements[0].severity == severity
    assert [(each.start_line, each.quote) for each in judgement.improvements[0].citations] == [(7, "")]
    # Other evidence that stands on that line does not show it either.
    assert "the key itself" not in repr(judgement)


def test_a_line_that_addresses_a_reviewer_is_not_quoted_and_a_ta_is_told(evidence: MakeEvidence) -> None:
    order = {"path": "src/p/train.py", "line": 7, "check": "instructions_to_reviewer", "outcome": "yes", "reason": "r"}
    of = evidence(hostile_content=[order])
    judgement = _review("code_quality", of)
    assert "def train():" not in repr(judgement)
    assert judgement.review_reasons == ("Text that addresses a reviewer stands in src/p/train.py:7.",)
    assert judgement.score == _review("code_quality", evidence()).score
    assert _review("report", of).review_reasons == ()


def test_places_of_different_files_come_first_and_no_line_twice(evidence: MakeEvidence) -> None:
    places = [("a.yml", 1), ("a.yml", 1), ("a.yml", 4), ("b.yml", 2)]
    hits = [{"tool": "workflow", "rule": "excessive-permissions", "severity": "warning", "path": path, "line": line,
             "blob_id": "c", "message": "m"} for path, line in places]  # fmt: skip
    (remark,) = _review("ci_cd", evidence(lint_hits=hits)).improvements
    assert [f"{each.path}:{each.start_line}" for each in remark.citations] == ["a.yml:1", "b.yml:2", "a.yml:4"]


# --- The report -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "changes", "kind"),
    [
        ("integration", {"num_words": 250}, "fine"),
        ("integration", {"num_words": 199}, "short"),
        ("integration", {"num_words": 99}, "far_too_short"),
        ("integration", {"num_words": 301}, "long"),
        ("integration", {"is_answered": False, "num_words": 0}, "missing"),
        ("integration", {"is_answered": False, "num_words": None, "line": None}, "missing"),
        ("bucket", {"num_words": 0}, "fine"),
        ("group_number", {"num_words": 1}, "fine"),
    ],
)
def test_an_answer_is_of_one_kind(topic: str, changes: dict[str, Any], kind: str, evidence: MakeEvidence) -> None:
    assert answer_kinds(evidence(answers=_answers(**{topic: changes})))[topic] == kind


def test_an_answer_whose_figure_does_not_show_is_flawed(evidence: MakeEvidence) -> None:
    checks = [
        {"topic": "report", "check": "found", "outcome": "yes", "reason": "r"},
        {"topic": "bucket", "check": "image_files", "outcome": "no", "reason": "r", "path": "reports/README.md",
         "line": 170, "snippet": "![x](y.png)"},
    ]  # fmt: skip
    of = evidence(checks=checks)
    assert answer_kinds(of)["bucket"] == "flawed"
    (remark,) = (each for each in _review("report", of).improvements if "Figures do not show" in each.text)
    assert "Bucket" in remark.text
    assert [(each.start_line, each.quote) for each in remark.citations] == [(170, "![x](y.png)")]


def test_ticked_and_not_found_is_said_with_the_line_of_the_box(evidence: MakeEvidence) -> None:
    items = {item: {"verdict": "unsupported", "claim_line": line} for line, item in enumerate(ITEMS[:8], start=20)}
    judgement = _review("report", evidence(items=items))
    (remark,) = (each for each in judgement.improvements if "Ticked" in each.text)
    assert remark.severity == "major"
    assert [each.start_line for each in remark.citations] == [20, 21, 22]
    assert "and 4 more" in remark.text


def test_questions_that_are_missing_are_not_named_again_for_their_figures(evidence: MakeEvidence) -> None:
    checks = [
        {"topic": "report", "check": "found", "outcome": "yes", "reason": "r"},
        {"topic": "bucket", "check": "image_count", "outcome": "no", "reason": "r", "path": "reports/README.md"},
    ]
    of = evidence(checks=checks, answers=_answers(bucket={"is_answered": False, "num_words": 0}))
    text = _texts(_review("report", of))
    assert text.count("Bucket") == 1
    assert not any("Every question that asks for figures" in each.text for each in _review("report", of).strengths)


# --- The rules themselves -------------------------------------------------------------------------------------------


def test_every_fact_that_a_rule_names_is_one_that_there_is(evidence: MakeEvidence) -> None:
    of = evidence()
    known = set(code_facts(of)) | set(report_facts(of)) | set(CODE_QUALITY.schema) | set(REPO_STATS.schema)
    asked = {fact for rule in load_rulebook().rules for fact in rule.facts}
    assert {fact for fact in asked - known if not fact.startswith("lint.")} == set()


def test_every_rule_is_about_an_area_and_a_criterion_of_the_courses_rubric() -> None:
    known = {(area.id, criterion.id) for area in RUBRIC.areas for criterion in area.criteria}
    assert {(rule.area, rule.criterion) for rule in load_rulebook().rules} <= known
    assert set(load_rulebook().areas) == set(AREAS)


def test_every_text_can_be_said_and_leaves_no_blank(evidence: MakeEvidence) -> None:
    for quality in (GOOD_QUALITY, WEAK_QUALITY):
        for shown in ("yes", "partial", "no"):
            for area in AREAS:
                judgement = _review(area, evidence(quality, shown=shown))
                said = [judgement.summary, *(each.text + (each.advice or "")
                        for each in (*judgement.strengths, *judgement.improvements))]  # fmt: skip
                assert not any("{" in text and "}" in text for text in said)
                assert not any(".." in text or "None" in text for text in said)


def test_a_readme_of_the_starter_code_says_nothing_of_the_group(evidence: MakeEvidence) -> None:
    own = _review("code_quality", evidence())
    starter = _review("code_quality", evidence(files=[README | {"is_starter_code": True}]))
    assert "The README says nothing" not in _texts(own)
    assert "The README says nothing" in _texts(starter)
