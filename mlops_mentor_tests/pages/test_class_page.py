"""The class at a glance: the roster's order, reasons for what is missing, no ranks."""

import re
from pathlib import Path

from mlops_mentor.pages.leaderboard import leaderboard_html
from mlops_mentor.pages.links import SiteLinks
from mlops_mentor.pages.published import PublishedFolder
from mlops_mentor_tests.pages.exports import Made, write_export
from mlops_mentor_tests.pages.markup import Looked


def page(folder: Path, made: Made | None = None) -> str:
    return leaderboard_html(PublishedFolder(write_export(folder, made)).current())


def test_rows_stand_in_the_rosters_order_and_link_to_their_pages(tmp_path: Path) -> None:
    looked = Looked(page(tmp_path, Made(names=("9", "10", "blue whales & co"))))
    assert [attrs["data-group"] for attrs in looked.all("tr") if "data-group" in attrs] == [
        "9",
        "10",
        "blue whales & co",
    ]
    links = [attrs["href"] for attrs in looked.all("a") if attrs["href"].startswith("group")]
    assert links == ["group?group=9", "group?group=10", "group?group=blue%20whales%20%26%20co"]


def test_the_link_builder_decides_where_links_go(tmp_path: Path) -> None:
    cls = PublishedFolder(write_export(tmp_path)).current()
    links = [attrs["href"] for attrs in Looked(leaderboard_html(cls, SiteLinks())).all("a")]
    assert "group/1.html" in links
    assert "group?group=1" not in links
    assert "group?group=1" in [attrs["href"] for attrs in Looked(leaderboard_html(cls)).all("a")]


def test_every_head_is_a_button_that_says_how_it_sorts(tmp_path: Path) -> None:
    looked = Looked(page(tmp_path))
    heads = looked.all("th", scope="col")
    assert len(heads) == len(looked.all("button", type="button"))
    assert {attrs["aria-sort"] for attrs in heads} == {"none"}


def test_what_is_missing_is_a_dash_with_its_reason(tmp_path: Path) -> None:
    text = Looked(page(tmp_path, Made(nulls=("num_prs_merged",), withheld_columns=("balance",)))).text
    assert "withheld: it would single out a person" in text
    assert "not known" in text
    assert "not known: no commit yet" in text


def test_a_missing_number_has_nothing_to_sort_by(tmp_path: Path) -> None:
    html = page(tmp_path, Made(num_groups=1, nulls=("lines_test",), empty=("history",)))
    cells = re.findall(r"<td[^>]*>", html)
    heads = re.findall(r'data-name="(\w+)"', html)[1:]
    assert "data-v" not in cells[heads.index("lines_test")]
    assert "data-v" not in cells[heads.index("history")]
    assert 'data-v="20"' in cells[heads.index("num_commits_to_main")]


def test_a_group_of_which_nothing_got_out_still_has_its_row(tmp_path: Path) -> None:
    made = Made(num_groups=2, empty=("leaderboard",), withheld={"1": ("leaderboard",)})
    looked = Looked(page(tmp_path, made))
    assert len([attrs for attrs in looked.all("tr") if "data-group" in attrs]) == 2
    assert "withheld to protect persons" in looked.text


def test_no_ranks_and_no_medals(tmp_path: Path) -> None:
    text = Looked(page(tmp_path, Made(num_groups=20))).text
    assert "never grade and never rank" in text
    assert not re.search(r"(?i)\btop\b|winner|#1|🥇|\bbest\b|\bworst\b|\bplace\b", text)


def test_only_states_that_occur_can_be_asked_for(tmp_path: Path) -> None:
    values = [attrs["value"] for attrs in Looked(page(tmp_path, Made(num_groups=8))).all("option")]
    assert values == ["", "ok", "empty"]
