"""The gate: nothing passes but what is declared, and what still has a hit stays with its whole group."""

import logging
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from mlops_mentor.errors import PrivacyError
from mlops_mentor.feedback.packs.identities import Identities, Person
from mlops_mentor.feedback.packs.names import common_words
from mlops_mentor.publish.privacy import gate
from mlops_mentor.publish.privacy.gate import Hit, pass_gate
from mlops_mentor.publish.privacy.inspection import Inspection
from mlops_mentor.publish.privacy.known import Someone
from mlops_mentor.publish.privacy.redaction import Redacted, Redaction
from mlops_mentor.publish.privacy.repositories import repositories_of
from mlops_mentor.publish.privacy.treatments import check_table
from mlops_mentor.schemas.published import (
    PUBLISHED,
    PUBLISHED_EVIDENCE,
    PUBLISHED_FEEDBACK,
    PUBLISHED_LEADERBOARD,
    Treatment,
)
from mlops_mentor.schemas.table import Column
from mlops_mentor_tests.publish.privacy.a_class import GRACE, KNOWN, OTHER_URL, PINNED, SHA, URL, frame, frames, group

# Whoever adds a column says here what becomes of it, too.
TREATED = {
    "leaderboard": {"group": "group", "state": "word", "actions_passing": "word", "repo_url": "address",
                    "snapshot_sha": "address", "withheld": "word"},
    "history": {"group": "group", "withheld": "word"},
    "statistics": {"group": "group", "withheld": "word"},
    "evidence": {"group": "group", "kind": "word", "item": "text", "check": "word", "title": "text", "module": "text",
                 "claimed": "word", "shown": "word", "verdict": "word", "strength": "word", "path": "path",
                 "reason": "text", "expects": "text", "remedy": "text"},
    "feedback": {"group": "group", "area": "text", "title": "text", "text": "text"},
}  # fmt: skip
AS_NUMBERS = {
    "leaderboard": [
        "group_size",
        "num_contributors",
        "progress",
        "checklist_shown",
        "report_answered",
        "tests_and_ci",
        "reproducibility",
        "balance",
        "num_commits_to_main",
        "total_commits",
        "num_active_days",
        "num_prs",
        "num_prs_merged",
        "share_merged_prs_reviewed",
        "num_python_files",
        "num_docker_files",
        "num_workflow_files",
        "lines_python",
        "lines_test",
        "repo_size",
        "readme_length",
        "average_commit_length_to_main",
        "has_requirements_file",
        "using_dvc",
        "has_cloudbuild",
        "num_warnings",
        "last_commit_on",
    ],
    "history": [
        "day",
        "progress",
        "checklist_shown",
        "report_answered",
        "tests_and_ci",
        "reproducibility",
        "balance",
        "num_commits",
    ],
    "statistics": [
        "num_prs_open",
        "num_prs_reviewed",
        "average_commit_length",
        "num_files",
        "lines_notebook",
        "lines_docker",
        "lines_workflow",
        "lines_config",
        "lines_docs",
        "activity_from",
        "activity",
    ],
    "evidence": ["question", "week", "line", "num_words", "num_images"],
    "feedback": ["place", "score", "released_at"],
}


def test_each_published_column_is_treated_as_is_written_down_here() -> None:
    treated = {table.name: {name: each.value for name, each in table.treatments} for table in PUBLISHED}
    expected = {name: columns | dict.fromkeys(AS_NUMBERS[name], "number") for name, columns in TREATED.items()}
    assert treated == expected


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda each: each.name)
def test_each_published_column_has_a_treatment(table: object) -> None:
    published = next(each for each in PUBLISHED if each is table)
    assert set(published.treatment_of) == set(published.table.schema)


def test_harmless_frames_pass_as_they_are() -> None:
    before = frames()
    gated = pass_gate(before, KNOWN, show_addresses=False)
    assert all(gated.frames[name].equals(before[name]) for name in before)
    assert gated.num_redacted == {}
    assert gated.withheld == ()


def test_a_table_that_is_not_published_is_refused_without_its_name() -> None:
    with pytest.raises(PrivacyError, match="not in PUBLISHED") as caught:
        pass_gate({"contributions of ada": frames()["feedback"]}, KNOWN, show_addresses=False)
    assert "ada" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda each: each.with_columns(pl.lit("ada").alias("member")),
        lambda each: each.with_columns(pl.lit(3).alias("num_ada")),
        lambda each: each.drop("title"),
        lambda each: each.with_columns(pl.col("place").cast(pl.String)),
        lambda each: each.with_columns(pl.col("text").cast(pl.Categorical)),
        lambda each: each.select(reversed(each.columns)),
        lambda each: each.with_columns(group=pl.lit(None, dtype=pl.String)),
        lambda each: each.with_columns(group=pl.lit("9")),
        lambda each: each.with_columns(group=pl.lit("s123456")),
    ],
)
def test_a_frame_that_is_not_as_declared_is_refused(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    with pytest.raises(PrivacyError, match=r"^feedback") as caught:
        pass_gate({"feedback": change(frame(PUBLISHED_FEEDBACK))}, KNOWN, show_addresses=False)
    assert "ada" not in str(caught.value)
    assert "s123456" not in str(caught.value)


def test_a_declared_column_without_treatment_is_refused() -> None:
    table = replace(
        PUBLISHED_FEEDBACK.table, columns=(*PUBLISHED_FEEDBACK.table.columns, Column("member", pl.String, ""))
    )
    published = replace(PUBLISHED_FEEDBACK, table=table)
    with pytest.raises(PrivacyError, match="member"):
        check_table(published, frame(PUBLISHED_FEEDBACK).with_columns(pl.lit("x").alias("member")), ("7",))


@pytest.mark.parametrize("dtype", [pl.String, pl.List(pl.String), pl.Struct({"a": pl.List(pl.String)}), pl.Binary])
def test_a_number_that_holds_strings_is_refused(dtype: pl.DataType) -> None:
    column = Column("num_words", dtype, "")
    columns = tuple(column if each.name == "num_words" else each for each in PUBLISHED_EVIDENCE.table.columns)
    published = replace(PUBLISHED_EVIDENCE, table=replace(PUBLISHED_EVIDENCE.table, columns=columns))
    given = frame(PUBLISHED_EVIDENCE).with_columns(pl.lit(None, dtype=dtype).alias("num_words"))
    with pytest.raises(PrivacyError, match=r"evidence\.num_words"):
        check_table(published, given, ("7",))


def test_text_in_a_form_that_cannot_be_redacted_is_refused() -> None:
    column = Column("text", pl.Struct({"said": pl.String}), "")
    columns = tuple(column if each.name == "text" else each for each in PUBLISHED_FEEDBACK.table.columns)
    published = replace(PUBLISHED_FEEDBACK, table=replace(PUBLISHED_FEEDBACK.table, columns=columns))
    given = frame(PUBLISHED_FEEDBACK).with_columns(pl.struct(pl.lit("x").alias("said")).alias("text"))
    with pytest.raises(PrivacyError, match=r"feedback\.text"):
        check_table(published, given, ("7",))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("leaderboard", "state", "Ada Lovelace"),
        ("leaderboard", "withheld", ["num_prs", "Ada Lovelace"]),
        ("leaderboard", "withheld", ["text"]),
        ("evidence", "check", "ada1815x"),
    ],
)
def test_a_word_that_is_not_declared_is_refused(table: str, column: str, value: object) -> None:
    with pytest.raises(PrivacyError, match=rf"^{table}\.{column}") as caught:
        pass_gate(frames(**{table: {column: value}}), KNOWN, show_addresses=False)
    assert "Ada" not in str(caught.value)


def test_columns_that_are_withheld_may_be_named() -> None:
    gated = pass_gate(frames(leaderboard={"withheld": ["num_prs"]}), KNOWN, show_addresses=False)
    assert gated.frames["leaderboard"]["withheld"].to_list() == [["num_prs"]]


def test_addresses_are_null_unless_the_class_agreed() -> None:
    given = frames(leaderboard={"repo_url": URL, "snapshot_sha": SHA})
    hidden = pass_gate(given, KNOWN, show_addresses=False)
    shown = pass_gate(given, KNOWN, show_addresses=True)
    assert hidden.frames["leaderboard"].select("repo_url", "snapshot_sha").row(0) == (None, None)
    assert hidden.num_redacted == {"address": 2}
    assert shown.frames["leaderboard"].select("repo_url", "snapshot_sha").row(0) == (URL, SHA)


@pytest.mark.parametrize("value", [OTHER_URL, f"{URL}/settings", "Ada Lovelace", "https://evil.example/x"])
def test_no_address_is_shown_but_the_groups_own(value: str) -> None:
    with pytest.raises(PrivacyError, match="repo_url") as caught:
        pass_gate(frames(leaderboard={"repo_url": value}), KNOWN, show_addresses=True)
    assert value not in str(caught.value)


def test_links_stay_where_addresses_may_be_shown_and_people_do_not() -> None:
    text = f"About commit `{SHA[:12]}`: [a.py:3]({URL}/blob/{SHA}/src/a.py#L3), by Ada Lovelace of leaf_disease_scan"
    shown = pass_gate(frames(feedback={"text": text}), KNOWN, show_addresses=True)
    assert shown.frames["feedback"]["text"].to_list() == [text.replace("Ada Lovelace", "[member A]")]
    assert shown.withheld == ()


@pytest.mark.parametrize(
    "written", [URL, URL.replace("_", "\\_"), URL.upper(), "ada1815x/leaf_disease_scan", f"{URL}.git"]
)
def test_an_address_that_may_be_shown_withholds_nothing_however_it_is_written(written: str) -> None:
    shown = pass_gate(frames(feedback={"text": f"See {written} and tell."}), KNOWN, show_addresses=True)
    assert shown.withheld == ()
    assert shown.frames["feedback"]["text"].to_list() == [f"See {written} and tell."]


@pytest.mark.parametrize(
    "url", ["https://github.com/lblumenthal77/exam-project", "/srv/class/lblumenthal77/exam-project"]
)
def test_who_is_left_out_and_folders_of_this_machine_are_not_shown_where_the_class_agreed(url: str) -> None:
    hidden = repositories_of([group("9", url)], {}, common_words())
    known = replace(KNOWN, repositories=(*KNOWN.repositories[:2], *hidden))
    shown = pass_gate(frames(feedback={"text": f"As {url} does."}), known, show_addresses=True)
    assert shown.withheld == ()
    assert "exam-project" not in str(shown.frames["feedback"]["text"].to_list())


def test_links_lose_their_target_and_commits_their_id() -> None:
    text = f"About commit `{SHA[:12]}`: [`a.py:3`]({URL}/blob/{SHA}/src/a.py#L3); uses: actions/checkout@{PINNED}"
    hidden = pass_gate(frames(feedback={"text": text}), KNOWN, show_addresses=False)
    expected = f"About commit `[commit]`: `a.py:3`; uses: actions/checkout@{PINNED}"
    assert hidden.frames["feedback"]["text"].to_list() == [expected]


def test_a_group_of_which_something_is_left_has_no_row_in_that_table(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A redaction that overlooks everything: the inspection does not need it."""
    monkeypatch.setattr(gate, "Redaction", _Blind)
    caplog.set_level(logging.DEBUG)
    given = frames(evidence={"remedy": "Ask Ada Lovelace"})
    given["feedback"] = frame(
        PUBLISHED_FEEDBACK,
        {"text": "Fine work, ada1815x", "area": "one"},
        {"text": "harmless", "area": "two"},
        {"group": "8", "text": "harmless", "area": "one"},
    )
    gated = pass_gate(given, KNOWN, show_addresses=False)
    assert gated.withheld == (Hit("evidence", "7", "remedy", "name"), Hit("feedback", "7", "text", "account"))
    assert gated.frames["feedback"]["group"].to_list() == ["8"]
    assert gated.frames["evidence"].height == 0
    assert gated.frames["leaderboard"].height == 1
    assert "ada" not in f"{gated!r}{gated.withheld}{caplog.text}".lower()


def test_the_same_frames_give_the_same_whatever_passed_before() -> None:
    given = frames(feedback={"text": "Ada Lovelace, Søren Møller and Grace Hopper; Tobias agrees. " * 3})
    first = pass_gate(given, KNOWN, show_addresses=False)
    second = pass_gate(given, KNOWN, show_addresses=False)
    third = pass_gate(first.frames, KNOWN, show_addresses=False)
    assert first.frames["feedback"].equals(second.frames["feedback"])
    assert first.num_redacted == second.num_redacted == {"member": 6, "person": 3, "teaching assistant": 3}
    assert third.num_redacted == {}
    assert third.frames["feedback"].equals(first.frames["feedback"])


def test_frames_without_rows_pass() -> None:
    empty = {table.name: frame(table).clear() for table in PUBLISHED}
    gated = pass_gate(empty, KNOWN, show_addresses=False)
    assert {name: each.height for name, each in gated.frames.items()} == dict.fromkeys(empty, 0)
    assert pass_gate({}, KNOWN, show_addresses=False).frames == {}


def test_addresses_are_the_only_columns_that_the_leaderboard_hides() -> None:
    hidden = [name for name, each in PUBLISHED_LEADERBOARD.treatments if each is Treatment.ADDRESS]
    assert hidden == ["repo_url", "snapshot_sha"]


class _Blind(Redaction):
    def redact(self, group: str, text: str, *, is_path: bool = False) -> Redacted:
        return Redacted(text)


LELE = Person("[member A]", ("leleblom", "Lele Å. B. Blom"), (), ("blomst",), ())


@pytest.mark.parametrize(
    "text",
    ["done by leleblom", "see src/leleblom/main.py", "Leleblom, blomst", "`blomst2` ran it", "by Lele Å. B. Blom",
     "Blom, Lele", "lele_a_blom.py"],
)  # fmt: skip
@pytest.mark.parametrize("group", ["7", "8"])
def test_an_account_that_is_a_word_and_a_name_with_initials_are_somebodys_wherever_they_stand(
    text: str, group: str
) -> None:
    known = replace(
        KNOWN,
        identities={"7": Identities((LELE,)), "8": Identities((GRACE,))},
        everyone=(Someone("7", LELE), Someone("8", GRACE)),
    )
    assert Inspection(known, show_addresses=False).kinds(text, group) != []

    gated = pass_gate(frames(feedback={"group": group, "text": text}), known, show_addresses=False)

    assert gated.withheld == ()
    (read,) = gated.frames["feedback"]["text"]
    assert not [part for part in ("lele", "blom", "Å") if part.casefold() in read.casefold()]


def test_an_account_that_is_a_word_of_everybodys_is_no_ones() -> None:
    person = replace(LELE, names=("docker", "checklist"), logins=("readme",))
    known = replace(KNOWN, everyone=(*KNOWN.everyone, Someone("7", person)))
    text = "The docker image of the checklist is in the readme."

    gated = pass_gate(frames(feedback={"group": "8", "text": text}), known, show_addresses=False)

    assert gated.frames["feedback"]["text"].to_list() == [text]


def test_a_teaching_assistant_of_a_short_name_is_not_named() -> None:
    known = replace(KNOWN, teachers=("Kim",))

    gated = pass_gate(frames(feedback={"group": "8", "text": "Ask Kim!"}), known, show_addresses=False)

    assert gated.frames["feedback"]["text"].to_list() == ["Ask [teaching assistant]!"]
