"""Boxes as they occur are read, and each is matched to the item that its text names."""

import random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.report.templates import course, words_of
from mlops_mentor_tests.evidence.checklist.lists import OLD_LIST, boxes, claimed, claims_of

GIT, GIT_ID = "Create a git repository", "W1-01"
TEXTS = [(item.id, text) for item in checklist().items for text in item.texts]
VERSIONS = [(template.version, template.num_boxes) for template in course().templates]
CONFUSABLE = [
    ("W2-01", "W2-02"),
    ("W2-08", "W2-09"),
    ("W3-07", "W3-08"),
    ("W1-12", "W1-13"),
    ("W2-12", "W2-14"),
    ("W3-01", "W3-03"),
]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("* [x]", "yes"), ("* [X]", "yes"), ("- [ x]", "yes"), ("+ [x ]", "yes"), ("* [ok]", "yes"), ("* [✅]", "yes"),
        ("* [✔\ufe0f]", "yes"), ("* [ v ]", "yes"), ("- [**x**]", "yes"), ("- **[x]**", "yes"), ("1. [x]", "yes"),
        ("2) [x]", "yes"), ("> * [x]", "yes"), ("      * [x]", "yes"), ("*[x]", "yes"), ("[x]", "yes"),
        ("- \\[x\\]", "yes"), ("☑", "yes"), ("- ☒", "yes"), ("- ✅", "yes"), ("| [x] |", "yes"),
        ('<li><input type="checkbox" checked>', "yes"), ("- <input type=checkbox checked='' disabled>", "yes"),
        ("* [ ]", "no"), ("* []", "no"), ("* [  ]", "no"), ("* [\xa0]", "no"), ("* [\t]", "no"), ("☐", "no"),
        ('- <input type="checkbox">', "no"), ("- \\[ \\]", "no"),
        ("* [~]", "unknown"), ("* [-]", "unknown"), ("* [(x)]", "unknown"), ("* [?]", "unknown"), ("- ❌", "no"),
        ("* [✗]", "no"), ("* [✘]", "no"),
        ("* [*]", "unknown"), ("* [n/a]", "unknown"), ("* [50%]", "unknown"),
    ],
)  # fmt: skip
def test_marks_are_read_as_they_occur(box: str, expected: str) -> None:
    assert claimed(f"{box} {GIT} (M5)") == {GIT_ID: expected}


@pytest.mark.parametrize(
    "text",
    [
        f"* [x](https://example.com) {GIT}", f"* [x][1] {GIT}", f"[x]: https://example.com {GIT}",
        f"<!-- * [x] {GIT} -->", f"<!--\n* [x] {GIT}\n-->", f"<input type=text checked> {GIT}", f"x {GIT}",
        "* [x] Something that is no item of any list", "* [x]", "* [1] A book, 2020",
        "* [x] If applicable, consider deploying the model locally using torchserve",
    ],
)  # fmt: skip
def test_what_is_no_box_of_an_item_claims_nothing(text: str) -> None:
    assert claimed(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"* [x] {GIT} (M5) - Not applicable",
        f"* [x] {GIT} - we have two of them, one for the data and one for the code",
        f"* [x] **{GIT}** (M5)",
        f"* [x] ~~{GIT}~~",
        f"* [x] {GIT.upper()}!",
        f"* [x] <b>{GIT}</b>",
        "* [x] Create a\n    git\n  repository (M5)",
        "* [x]\n  Create a git repository (M5)\n* [ ] Load test your application",
        "> * [x] Create a git\n> repository (M5)",
        f"* [x] {GIT}\nand here something follows",
        "* [x] Create the git repositry",
    ],
)
def test_texts_are_known_again_with_remarks_markup_and_over_lines(text: str) -> None:
    assert claimed(text)[GIT_ID] == "yes"


@pytest.mark.parametrize(("version", "number"), VERSIONS)
def test_the_untouched_list_of_each_year_has_all_its_items_and_claims_none(version: str, number: int) -> None:
    found = claims_of(boxes(version), version)
    own = checklist().asked(version)
    assert found.num_boxes == number
    assert found.unmatched == ()
    assert {item_id for item_id, claim in found.of.items() if claim.claimed == "no"} == own == found.asked
    assert {claim.claimed for claim in found.of.values()} <= {"no", "missing"}


@pytest.mark.parametrize(("version", "number"), VERSIONS)
def test_a_list_with_every_box_ticked_claims_all_its_items(version: str, number: int) -> None:
    ticked = claims_of(boxes(version, "[x]"), version)
    assert {item_id for item_id, claim in ticked.of.items() if claim.claimed == "yes"} == checklist().asked(version)


def test_the_line_of_a_claim_is_that_of_its_box() -> None:
    found = claims_of("\n\n" + OLD_LIST.strip(), "27-36")
    assert [found.of[item_id].line for item_id in ("W1-01", "W1-16", "W1-18", "W1-20", "EX-06")] == [3, 17, 19, 21, 40]


@pytest.mark.parametrize(("item_id", "text"), TEXTS)
def test_every_wording_is_its_item(item_id: str, text: str) -> None:
    assert claimed(f"* [x] {text}") == {item_id: "yes"}


@pytest.mark.parametrize(("first", "second"), CONFUSABLE)
def test_items_that_differ_in_a_few_words_are_not_confused(first: str, second: str) -> None:
    texts = {item.id: item.texts[0] for item in checklist().items}
    text = f"* [x] {texts[first]}\n* [ ] {texts[second]}\n"
    assert claimed(text) == {first: "yes", second: "no"}
    shared = [word for word in texts[first].split() if word in texts[second].split()]
    assert claimed(f"* [x] {' '.join(shared)}") == {}


def _edited(text: str, seed: int) -> str:
    """Up to three words left out, added, or with a letter changed."""
    chance, words = random.Random(seed), text.split()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(words))
        kind = chance.choice(("drop", "add", "letter"))
        if kind == "drop" and len(words) > 3:
            words.pop(at)
        elif kind == "add":
            words.insert(at, chance.choice(("our", "the", "data", "model", "training", "cloud", "API", "tests")))
        else:
            letter = chance.randrange(len(words[at]))
            words[at] = words[at][:letter] + chance.choice("abcdefghij") + words[at][letter + 1 :]
    return " ".join(words)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(TEXTS), st.integers(0, 10**6))
def test_an_edited_text_is_its_item_or_none(entry: tuple[str, str], seed: int) -> None:
    assert claimed(f"* [x] {_edited(entry[1], seed)}").keys() <= {entry[0]}


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TEXTS), st.data())
def test_texts_may_be_wrapped_anywhere(entry: tuple[str, str], data: st.DataObject) -> None:
    words = entry[1].split()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(words)), max_size=3)))
    parts = [" ".join(words[start:end]) for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    indent = data.draw(st.sampled_from(["", "  ", "    ", "\t"]))
    text = f"\n{indent}".join(part for part in parts if part)
    assert claimed(f"* [ ] Load something\n* [x] {text} (M1)\n\nText\n").get(entry[0]) == "yes"


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=14))
def test_any_mark_is_yes_no_unknown_or_no_box(mark: str) -> None:
    found = claimed(f"* [{mark}] {GIT} (M5)")
    assert found in ({}, {GIT_ID: "yes"}, {GIT_ID: "no"}, {GIT_ID: "unknown"})
    if found.get(GIT_ID) == "yes":
        assert words_of(mark) or not mark.isascii()


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("*-+>[]()xX \n\t<!>|\\`~#1.☑✅aCreate"), max_size=300))
def test_no_text_raises(text: str) -> None:
    claims_of(text)


def test_boxes_of_one_item_that_disagree_are_unknown() -> None:
    text = f"* [x] {GIT}\n* [ ] {GIT} (M5)\n* [x] Load test your application\n* [X] Load test your application\n"
    found = claims_of(text)
    assert (found.of[GIT_ID].claimed, found.of[GIT_ID].line, found.of[GIT_ID].is_disputed) == ("unknown", 1, True)
    assert (found.of["W2-16"].claimed, found.of["W2-16"].line) == ("yes", 3)


def test_the_box_whose_text_fits_best_counts() -> None:
    assert claimed(f"* [ ] Create the git repositories\n* [x] {GIT}\n") == {GIT_ID: "yes"}


def test_an_item_without_its_box_is_missing_where_it_stands() -> None:
    found = claims_of(f"* [x] Load test your application\n\n* {GIT} (M5)\n")
    assert (found.of[GIT_ID].claimed, found.of[GIT_ID].line) == ("missing", 3)
    assert found.of["W1-02"].line is None


def test_a_report_without_a_list_asks_for_nothing() -> None:
    assert claims_of("# Report\n\nWe did all of it.\n").asked == frozenset()


def test_boxes_of_no_item_are_counted_and_references_are_not() -> None:
    found = claims_of(f"* [x] {GIT}\n* [x] Call the users by name\n* [12] A paper\n* [see] the figure\n")
    assert [box.text.strip() for box in found.unmatched] == ["Call the users by name"]


@pytest.mark.parametrize(
    "text",
    [
        f"* [x] {GIT} of {{}}\n",
        "* [x] Write tests for the data {} and the models of all of us, in GCP\n",
        "* [x] " + "a " * 190 + "{}\n",
        "- [" * 100 + "{}\n",
        "<li>" * 90 + "[x] {}\n",
    ],
)
def test_many_boxes_take_time_by_their_number(text: str) -> None:
    lines = "".join(text.format(number) for number in range(20_000))
    started = process_time()
    claims_of(lines)
    assert process_time() - started < 15


@pytest.mark.parametrize("text", ["[ ", "* [x] ", "<input ", "<!--", "> ", "word ", "\\[", "- - "])
def test_a_long_line_takes_no_time(text: str) -> None:
    started = process_time()
    claims_of(text * (2 * 2**20 // len(text)))
    assert process_time() - started < 5
