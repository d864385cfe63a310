"""The table `checklist` has every item, whatever a group's list holds, with the claim beside what is shown."""

import polars as pl
import pytest

from mlops_mentor.evidence.checklist.claims import read_claims
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.checklist.tables import checklist_frame
from mlops_mentor.evidence.finding import OUTCOMES, STRENGTHS, Finding, Location
from mlops_mentor.evidence.report.figures import figures
from mlops_mentor.evidence.report.locate import NoReport, Report, find_report
from mlops_mentor.evidence.report.targets import Tree
from mlops_mentor.schemas import evidence
from mlops_mentor.schemas.evidence import CHECKLIST
from mlops_mentor.schemas.table import validate
from mlops_mentor_tests.evidence.checklist.lists import NEWEST, boxes, claims_of
from mlops_mentor_tests.evidence.report.reports import Repo, report

ITEMS = [item.id for item in checklist().items]
LINES = boxes().split("\n")


def findings(outcome: str = "no", **fields: object) -> dict[str, Finding]:
    return {item_id: Finding(f"checklist/{item_id}", outcome, "Seen.", **fields) for item_id in ITEMS}  # type: ignore[arg-type]


def frame_of(repo: Repo, outcome: str = "no") -> pl.DataFrame:
    found = find_report(repo.files, repo.read)
    return validate(CHECKLIST, checklist_frame("1", read_claims(found), findings(outcome)))


def verdict_of(text: str, outcome: str, item_id: str = "W1-01", version: str = NEWEST) -> str:
    frame = validate(CHECKLIST, checklist_frame("1", claims_of(text, version), findings(outcome)))
    assert frame["item"].to_list() == ITEMS
    return str(frame.filter(pl.col("item") == item_id)["verdict"].item())


def test_the_schema_has_the_words_of_findings() -> None:
    assert evidence.OUTCOMES == OUTCOMES
    assert evidence.STRENGTHS == STRENGTHS


@pytest.mark.parametrize(
    ("mark", "outcome", "expected"),
    [
        ("x", "yes", "supported"),
        ("x", "partial", "partly_supported"),
        ("x", "no", "unsupported"),
        ("x", "not_checkable", "not_checkable"),
        ("x", "not_available", "not_available"),
        ("x", "error", "not_available"),
        (" ", "yes", "unclaimed"),
        *((" ", outcome, "not_claimed") for outcome in OUTCOMES if outcome != "yes"),
        *(("~", outcome, "unclear") for outcome in OUTCOMES),
    ],
)
def test_the_verdict_is_the_claim_against_what_is_shown(mark: str, outcome: str, expected: str) -> None:
    assert verdict_of(f"* [{mark}] Create a git repository (M5)", outcome) == expected


def test_items_of_other_years_lists_are_not_asked() -> None:
    assert verdict_of(boxes("31-52"), "yes", "W3-02", "31-52") == "not_asked"
    assert verdict_of(boxes("27-36"), "no", "W1-11", "27-36") == "not_asked"
    assert verdict_of(boxes("31-53"), "yes", "W3-02", "31-53") == "unclaimed"


def test_an_item_that_was_added_to_an_older_list_counts() -> None:
    added = "* [x] Setup collection of input-output data from your deployed application"
    assert verdict_of(f"{boxes('31-52')}{added}", "yes", "W3-02", "31-52") == "supported"


def test_a_dropped_box_is_not_claimed_and_the_reason_says_so() -> None:
    text = "\n".join([*LINES[1:], "* [x] Something of our own"])
    frame = checklist_frame("1", claims_of(text), findings("yes"))
    row = frame.row(0, named=True)
    assert (row["claimed"], row["verdict"], row["claim_line"]) == ("missing", "unclaimed", None)
    assert row["reason"] == "The report has no box of this item. 1 of its boxes names no item. Seen."


def test_a_mark_that_is_not_understood_stands_in_the_reason() -> None:
    frame = checklist_frame("1", claims_of("* [s123456] Create a git repository\n"), findings())
    assert frame["reason"][0] == "The mark [[study number]] in the report is neither a tick nor blank. Seen."
    disputed = checklist_frame("1", claims_of(f"{LINES[0]}\n{LINES[0].replace('[ ]', '[x]')}"), findings())
    assert disputed["reason"][0] == "The report's boxes of this item say different things. Seen."
    assert disputed["verdict"][0] == "unclear"


def test_without_a_report_nothing_is_asked_and_what_is_shown_stays() -> None:
    frame = frame_of(Repo().add("README.md", "# Project\n" * 40), "yes")
    assert frame["item"].to_list() == ITEMS
    assert set(frame.select("claimed", "shown", "verdict", "claim_path").rows()) == {
        ("missing", "yes", "not_asked", None)
    }


def test_a_report_that_cannot_be_read_leaves_every_verdict_open() -> None:
    frame = frame_of(Repo().add("reports/README.md", None), "no")
    assert set(frame.select("claimed", "verdict").rows()) == {("unknown", "not_available")}
    assert frame["reason"][0].startswith("What is claimed is not known: reports/README.md may be the report, but")


def test_the_untouched_template_claims_nothing() -> None:
    frame = frame_of(Repo().add("reports/README.md", report(boxes=boxes())))
    assert set(frame["claimed"]) == {"no"}
    assert set(frame["verdict"]) == {"not_claimed"}
    assert frame["claim_line"].is_sorted() and frame["claim_line"].null_count() == 0


@pytest.mark.parametrize("path", ["AGENTS.md", ".github/agents/dtu_mlops_agent.md", "CLAUDE.md", ".cursor/rules/x.md"])
def test_an_agents_file_with_a_ticked_list_changes_nothing(path: str) -> None:
    repo = Repo().add("reports/README.md", report(boxes=boxes()))
    before = frame_of(repo)
    assert frame_of(repo.add(path, report({4: "word " * 150}, boxes=boxes(mark="[x]")))).equals(before)
    alone = Repo().add(path, report(boxes=boxes(mark="[x]")))
    assert set(frame_of(alone)["claimed"]) == {"missing"}


def test_places_come_with_the_best_first_and_four_more() -> None:
    places = [Location(f"src/{number}.py", number or None, "import wandb", "a" * 40) for number in range(9)]
    frame = checklist_frame("1", claims_of(boxes()), findings("yes", strength="wired", locations=tuple(places)))
    row = validate(CHECKLIST, frame).row(0, named=True)
    assert (row["path"], row["line"], row["snippet"], row["blob_id"]) == ("src/0.py", None, "import wandb", "a" * 40)
    assert row["other_places"] == ["src/1.py:1", "src/2.py:2", "src/3.py:3", "src/4.py:4"]
    assert (row["claim_path"], row["claim_line"], row["strength"], row["remedy"]) == (
        "reports/README.md",
        1,
        "wired",
        None,
    )


def test_what_is_not_shown_has_a_remedy() -> None:
    assert checklist_frame("1", claims_of(boxes()), findings("partial"))["remedy"].null_count() == 0
    assert checklist_frame("1", claims_of(boxes()), findings("no", remedy="Do this."))["remedy"][0] == "Do this."
    assert checklist_frame("1", claims_of(boxes()), findings("error"))["remedy"].null_count() == 53


def test_nothing_personal_and_no_half_character_gets_into_the_table() -> None:
    place = Location("a.py", 1, "by s123456 \ud800 me@dtu.dk", "a" * 40)
    reason = "Says password = hunter22 of s123456 \udc80, me@example.com."
    found = {item_id: Finding(f"checklist/{item_id}", "yes", reason, locations=(place,)) for item_id in ITEMS}
    frame = validate(CHECKLIST, checklist_frame("1", claims_of(boxes()), found))
    text = frame.write_json()
    assert not any(secret in text for secret in ("hunter22", "s123456", "@dtu", "@example"))
    assert frame["snippet"][0] == "by [study number] ? [e-mail]"


def test_the_figures_of_the_answers_are_found() -> None:
    repo = Repo().add("reports/figures/own.png", b"own").add("docs/other.png", b"other")
    text = "word " * 200 + "![a](figures/own.png) ![b](figures/none.png) ![c](/docs/other.png) ![a](figures/own.png)"
    repo.add("reports/README.md", report({29: text, 14: "![x](figures/own.png)"}))
    found = find_report(repo.files, repo.read)
    assert isinstance(found, Report)
    shown = [each for each in figures(found, Tree(repo.files), None) if each.topic == "architecture"]
    own, other = "reports/figures/own.png", "docs/other.png"
    assert [each.path for each in shown if each.is_image] == [own, other, own]
    assert [each.status for each in shown] == ["found", "missing", "found", "found"]
    assert {str(each.place).rpartition(":")[0] for each in shown} == {"reports/README.md"}


def test_a_figure_that_the_course_handed_out_is_known() -> None:
    repo = Repo().add("reports/figures/own.png", b"own")
    repo.add("reports/README.md", report({29: "word " * 200 + "![a](figures/own.png)"}))
    blob_id = repo.files.row(by_predicate=pl.col("path") == "reports/figures/own.png", named=True)["blob_id"]
    found = find_report(repo.files, repo.read)
    assert [each.is_starter for each in figures(found, Tree(repo.files), frozenset([blob_id]))] == [True]
    assert [each.is_starter for each in figures(found, Tree(repo.files), frozenset(["0" * 40]))] == [False]


def test_a_diagram_drawn_in_an_answer_is_a_figure_and_no_report_has_none() -> None:
    repo = Repo().add("reports/README.md", report({29: "See.\n\n```mermaid\nflowchart LR\n  a --> b\n```"}))
    found = find_report(repo.files, repo.read)
    assert [(each.status, each.path) for each in figures(found, Tree(repo.files), None)] == [("drawn", None)]
    assert figures(NoReport("no", "None."), Tree(repo.files), None) == ()


def test_two_looks_give_the_same_rows() -> None:
    claims = claims_of(boxes(mark="[x]"))
    assert checklist_frame("1", claims, findings()).equals(checklist_frame("1", claims, findings()))
    assert read_claims(NoReport("no", "None.")) == read_claims(NoReport("no", "None."))
