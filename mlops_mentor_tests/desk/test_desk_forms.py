"""What TAs send: it stands in `reviews.csv` and `identities.csv` as it was meant, and nothing of it is lost."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mlops_mentor.chain.inputs import identities_of
from mlops_mentor.desk.area_forms import text_id
from mlops_mentor.desk.server import build_desk
from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.schemas import CONTRIBUTORS, FEEDBACK, UNMAPPED_IDENTITIES
from mlops_mentor_tests.conftest import MakeFrame
from mlops_mentor_tests.desk.visitors import Form, Visitor, forms_in
from mlops_mentor_tests.feedback.classes import ReviewedClass

AREA = "/group/1/area/code_quality"
Visit = Callable[[str], Visitor]


def written(reviewed: ReviewedClass) -> list[dict[str, str]]:
    """The rows of `reviews.csv` as they stand in the file; each can be used."""
    file = reviewed.settings.reviews_file
    if not file.exists():
        return []
    assert reviews_of(reviewed.settings, list(reviewed.sources)).problems == ()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def said(reviewed: ReviewedClass) -> list[tuple[str, ...]]:
    names = ("group_id", "area", "score", "comment", "reviewer", "released")
    return [tuple(row[name] for name in names) for row in written(reviewed)]


def area_form(visitor: Visitor, area: str = "code_quality") -> Form:
    return visitor.form("/group/1", f"/group/1/area/{area}")


def redraft(reviewed: ReviewedClass, summary: str = "Written anew.") -> None:
    """A newer draft of every area of group 1."""
    later = datetime.now(UTC) - timedelta(seconds=2)
    frame = reviewed.lake.read(FEEDBACK, "1")
    frame = frame.with_columns(
        pl.lit(summary).alias("summary"), pl.lit(later).cast(frame.schema["written_at"]).alias("written_at")
    )
    reviewed.lake.write(FEEDBACK, frame, "1")


def test_one_click_accepts_and_releases(ada: Visitor, reviewed: ReviewedClass) -> None:
    page = ada.follow(ada.send(area_form(ada), do="accept"))
    assert said(reviewed) == [("1", "code_quality", "", "", "Ada", "yes")]
    assert "Groups read it after the next refresh" in page.text
    assert "released</span>" in page.text


def test_a_score_a_text_and_a_comment_are_one_row(ada: Visitor, reviewed: ReviewedClass) -> None:
    machine = reviewed.feedback()["code_quality"]["score"]
    other = str(machine % 5 + 1)
    answer = ada.send(
        area_form(ada), do="save", score=other, text="My own words.\r\n\r\nTwo lines.", comment=" Ask me. "
    )
    assert "My own words." in ada.follow(answer).text
    assert said(reviewed) == [("1", "code_quality", other, "Ask me.", "Ada", "")]
    assert written(reviewed)[0]["text"] == "My own words.\n\nTwo lines."


def test_a_text_that_was_not_touched_is_not_written(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = area_form(ada)
    assert form["text"].strip()
    ada.send(form, do="accept", comment="x", text=form["text"].replace("\n", "\r\n") + " ")
    assert written(reviewed)[0]["text"] == ""


def test_the_form_holds_what_stands(ada: Visitor) -> None:
    ada.send(area_form(ada), do="save", text="My own words.", score="2")
    form = area_form(ada)
    assert (form["text"], form["score"]) == ("My own words.", "2")
    assert form["text_was"] == text_id("My own words.")


def test_a_release_is_taken_back(ada: Visitor, reviewed: ReviewedClass) -> None:
    ada.send(area_form(ada), do="accept")
    page = ada.follow(ada.send(area_form(ada), do="take_back"))
    assert [row[-1] for row in said(reviewed)] == ["yes", "no"]
    assert "Accept and release" in page.text


def test_what_is_said_is_when_the_group_reads_it(ada: Visitor) -> None:
    """A group reads a score or comment on what is released at once, a text only when that is released."""

    def told(**changes: str) -> str:
        return ada.follow(ada.send(area_form(ada), **changes)).text.split('role="status">')[1].split("</p>")[0]

    assert told(do="save", comment="x").endswith("The group reads it once the area is released.")
    assert told(do="accept").endswith("released. Groups read it after the next refresh.")
    assert "Save, release later</button>" not in ada.get("/group/1").text.split('id="unit_testing"')[0]
    assert "Score and comment are read after the next refresh, a new text once you" in told(do="save", comment="y")
    ada.send(area_form(ada), do="save", text="Mine.")
    assert "Until you release it the group reads what it had." in told(do="restore")
    assert told(do="take_back").endswith("After the next refresh the group reads nothing of it.")


def test_the_reviewers_text_can_stand_again(ada: Visitor) -> None:
    draft = area_form(ada)["text"]
    ada.send(area_form(ada), do="save", text="My own words.")
    form = area_form(ada)
    assert "restore" in form.buttons
    ada.send(form, do="restore")
    assert area_form(ada)["text"] == draft


def test_what_says_nothing_is_not_written(ada: Visitor, reviewed: ReviewedClass) -> None:
    answer = ada.send(area_form(ada), do="save")
    assert answer.status_code == 422
    assert "nothing new" in answer.text
    assert said(reviewed) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"do": "save", "text": "x" * 20_001},
        {"do": "save", "comment": "x" * 4_001},
        {"do": "save", "score": "9"},
        {"do": "save", "score": "four"},
        {"do": "save", "text": "   "},
        {"do": "nothing"},
    ],
)
def test_what_cannot_be_taken_is_kept_beside_the_problem(
    ada: Visitor, reviewed: ReviewedClass, changes: dict[str, str]
) -> None:
    answer = ada.send(area_form(ada), **({"comment": "Typed with care."} | changes))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert changes.get("comment", "Typed with care.") in answer.text
    assert said(reviewed) == []


def test_nobody_writes_without_a_name_and_nothing_typed_is_lost(visit: Visit, reviewed: ReviewedClass) -> None:
    stranger = Visitor(reviewed.settings, who=None)
    answer = stranger.send(area_form(stranger), do="accept", comment="Typed with care.")
    assert answer.status_code == 422
    assert said(reviewed) == []
    again = next(form for form in forms_in(answer.text) if form.action == AREA)
    assert again["comment"] == "Typed with care."
    assert stranger.send(again, who="Cy").status_code == 303
    assert said(reviewed) == [("1", "code_quality", "", "Typed with care.", "Cy", "yes")]
    assert "<strong>Cy</strong>" in stranger.get("/").text


def test_a_form_from_before_a_restart_is_sent_again_with_one_click(visit: Visit, reviewed: ReviewedClass) -> None:
    before = visit("Ada")
    form = area_form(before)
    before.client = Visitor(reviewed.settings, app=build_desk(reviewed.settings)).client
    answer = before.send(form, do="save", comment="Typed with care.")
    assert answer.status_code == 409
    assert said(reviewed) == []
    before.send(next(each for each in forms_in(answer.text) if each.action == AREA))
    assert [row[3] for row in said(reviewed)] == ["Typed with care."]


def test_a_newer_draft_is_shown_before_the_old_one_is_released(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = area_form(ada)
    redraft(reviewed)
    answer = ada.send(form, do="accept", comment="Typed with care.")
    assert answer.status_code == 409
    assert "Not saved yet" in answer.text
    assert "Written anew." in answer.text
    assert said(reviewed) == []
    again = next(each for each in forms_in(answer.text) if each.action == AREA)
    assert again["comment"] == "Typed with care."
    assert "Written anew." in again["text"]
    assert ada.send(again, do="accept").status_code == 303
    assert said(reviewed) == [("1", "code_quality", "", "Typed with care.", "Ada", "yes")]
    assert written(reviewed)[0]["text"] == ""


def test_another_tas_word_is_shown_before_mine_is_added(visit: Visit, reviewed: ReviewedClass) -> None:
    ada, bo = visit("Ada"), visit("Bo")
    mine = area_form(ada)
    bo.send(area_form(bo), do="save", score="1", comment="Look at the tests.")
    answer = ada.send(mine, do="accept", text="My own words.")
    assert answer.status_code == 409
    assert "Look at the tests." in answer.text
    again = next(each for each in forms_in(answer.text) if each.action == AREA)
    assert again["text"] == "My own words."
    ada.send(again, do="accept")
    assert [row[4] for row in said(reviewed)] == ["Bo", "Ada"]
    assert written(reviewed)[1]["text"] == "My own words."


def test_a_word_on_one_area_does_not_hold_up_another(visit: Visit, reviewed: ReviewedClass) -> None:
    ada, bo = visit("Ada"), visit("Bo")
    mine = area_form(ada)
    bo.send(area_form(bo, "unit_testing"), do="accept")
    assert ada.send(mine, do="accept").status_code == 303
    assert len(said(reviewed)) == 2


def test_two_tas_at_once_lose_nothing(reviewed: ReviewedClass) -> None:
    app = build_desk(reviewed.settings)

    def write(who: str) -> list[int]:
        visitor, codes = Visitor(reviewed.settings, who=who, app=app), []
        for number in range(10):
            form = visitor.form("/group/2", "/group/2/comment")
            codes.append(visitor.send(form, comment=f"{who} {number}").status_code)
        return codes

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(write, ["Ada", "Bo"]))
    assert codes == [[303] * 10] * 2
    assert sorted(row[3] for row in said(reviewed)) == sorted(f"{who} {n}" for who in ("Ada", "Bo") for n in range(10))


def test_two_tas_who_release_the_same_draft_at_once_are_told_apart(reviewed: ReviewedClass) -> None:
    app = build_desk(reviewed.settings)
    visitors = [Visitor(reviewed.settings, who=who, app=app) for who in ("Ada", "Bo")]
    forms = [area_form(visitor) for visitor in visitors]

    def accept(place: int) -> int:
        return visitors[place].send(forms[place], do="accept", comment=f"of {place}").status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(accept, [0, 1]))
    assert codes == [303, 409]
    assert len(said(reviewed)) == 1


def test_a_comment_about_the_whole_group_has_no_area(ada: Visitor, reviewed: ReviewedClass) -> None:
    page = ada.follow(
        ada.send(ada.form("/group/1", "/group/1/comment"), comment='A "good" group, all in all;\nreally.')
    )
    assert said(reviewed) == [("1", "", "", 'A "good" group, all in all;\nreally.', "Ada", "")]
    assert "really." in page.text
    assert ada.send(ada.form("/group/1", "/group/1/comment"), comment="  ").status_code == 422


def test_all_of_a_group_that_passes_is_released_at_once(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = ada.form("/group/1", "/group/1/release")
    num_picked = sum(name == "pick" for name, _ in form.fields)
    assert num_picked >= 2
    ada.follow(ada.send(form))
    rows = said(reviewed)
    assert len(rows) == num_picked
    assert {(row[0], row[4], row[5]) for row in rows} == {("1", "Ada", "yes")}
    assert ada.forms("/group/1", "/group/1/release") == []


def test_a_draft_that_changed_is_not_released_with_the_rest(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = ada.form("/group/1", "/group/1/release")
    redraft(reviewed)
    answer = ada.send(form)
    assert answer.status_code == 409
    assert "Not saved yet" in answer.text
    assert said(reviewed) == []


def test_all_that_passes_is_listed_confirmed_and_released(ada: Visitor, reviewed: ReviewedClass) -> None:
    assert 'href="/release"' in ada.get("/").text
    form = ada.form("/release", "/release")
    picks = [value for name, value in form.fields if name == "pick"]
    page = ada.follow(ada.send(form))
    assert {(row[0], row[1]) for row in said(reviewed)} == {(p.split(":")[2], p.split(":")[0]) for p in picks}
    assert {row[0] for row in said(reviewed)} == {"1", "2"}
    assert f"Released: {len(picks)} areas of 2 groups" in page.text
    assert "Nothing passes" in ada.get("/release").text


def test_only_what_is_ticked_is_released(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = ada.form("/release", "/release")
    picks = [value for name, value in form.fields if name == "pick"]
    ada.send(form, pick=picks[-1])
    assert [(row[1], row[0]) for row in said(reviewed)] == [(picks[-1].split(":")[0], picks[-1].split(":")[2])]
    form.fields = [(name, value) for name, value in form.fields if name != "pick"]
    assert ada.send(form).status_code == 422


def test_a_list_that_is_no_longer_true_releases_nothing_and_is_shown_anew(
    visit: Visit, reviewed: ReviewedClass
) -> None:
    ada, bo = visit("Ada"), visit("Bo")
    form = ada.form("/release", "/release")
    bo.send(area_form(bo), do="accept")
    answer = ada.send(form)
    assert answer.status_code == 409
    assert len(said(reviewed)) == 1
    again = next(each for each in forms_in(answer.text) if each.action == "/release")
    assert sum(name == "pick" for name, _ in again.fields) == sum(name == "pick" for name, _ in form.fields) - 1
    assert ada.send(again).status_code == 303


@pytest.mark.parametrize("pick", ["", "x", "code_quality:x", "code_quality::1", "nothing:x:1", "code_quality:x:99"])
def test_a_made_up_pick_releases_nothing(ada: Visitor, reviewed: ReviewedClass, pick: str) -> None:
    for path in ("/release", "/group/1"):
        form = ada.form(path, "/release" if path == "/release" else "/group/1/release")
        assert ada.send(form, pick=pick).status_code in (409, 422)
    assert said(reviewed) == []


def test_an_identity_is_mapped_by_picking_the_member(
    ada: Visitor, reviewed: ReviewedClass, make_frame: MakeFrame
) -> None:
    rows = [
        {"group_id": "1", "name": 'Kit; "K"', "email": "kit@uni.example", "num_commits": 3},
        {"group_id": "1", "name": "=cmd", "email": "=cmd@uni.example", "num_commits": 1},
    ]
    reviewed.lake.write(UNMAPPED_IDENTITIES, make_frame(UNMAPPED_IDENTITIES, *rows), "1")
    for form in ada.forms("/identities", "/group/1/identity"):
        page = ada.follow(ada.send(form, member="s000001"))
    group = reviewed.group("1")
    found = identities_of(reviewed.settings, [group])
    assert found.problems == ()
    assert {(rule.name, rule.member) for rule in found.of("1")} == {('kit; "k"', "s000001"), ("=cmd", "s000001")}
    assert "mapped" in page.text
    assert "Already mapped" in page.text


def test_nobody_can_be_the_same_as_himself(ada: Visitor, reviewed: ReviewedClass, make_frame: MakeFrame) -> None:
    people = [
        {"group_id": "1", "kind": "person", "contributor_id": key, "name": key, "emails": [f"{key}@uni.example"]}
        for key in ("kit", "bo")
    ]
    reviewed.lake.write(CONTRIBUTORS, make_frame(CONTRIBUTORS, *people), "1")
    row = {"group_id": "1", "name": "kit", "email": "kit@uni.example", "num_commits": 3, "contributor_id": "kit"}
    reviewed.lake.write(UNMAPPED_IDENTITIES, make_frame(UNMAPPED_IDENTITIES, row), "1")
    page = ada.get("/identities").text
    assert "the same person as bo" in page
    assert "the same person as kit" not in page


@pytest.mark.parametrize("member", ["", "s999999", "*"])
def test_a_member_that_cannot_be_is_told_beside_the_form(
    ada: Visitor, reviewed: ReviewedClass, make_frame: MakeFrame, member: str
) -> None:
    row = {"group_id": "1", "name": "Kit", "email": "kit@uni.example", "num_commits": 3}
    reviewed.lake.write(UNMAPPED_IDENTITIES, make_frame(UNMAPPED_IDENTITIES, row), "1")
    answer = ada.send(ada.form("/identities", "/group/1/identity"), member=member)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not reviewed.settings.identities_file.exists()


def test_a_name_that_a_spreadsheet_would_take_for_a_formula_is_no_trouble(reviewed: ReviewedClass) -> None:
    visitor = Visitor(reviewed.settings, who="Ada")
    ada_form = area_form(visitor)
    assert visitor.send(ada_form, do="save", comment="=1+1", who="@Ada").status_code == 303
    row = reviews_of(reviewed.settings, ["1", "2"]).frame.row(0, named=True)
    assert row["comment"].lstrip("'") == "=1+1"
