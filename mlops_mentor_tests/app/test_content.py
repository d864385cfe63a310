"""What there is to read at an address."""

import time
from pathlib import Path

import pytest

from mlops_mentor.app.content import Content
from mlops_mentor.pages.published import PublishedFolder
from mlops_mentor_tests.pages.exports import HOSTILE, Made, write_export


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_export(tmp_path / "export", Made(num_groups=5))


def content_of(folder: Path) -> Content:
    return Content(PublishedFolder(folder), advice="Run it & see.")


def test_each_address_has_a_page_of_its_own(folder: Path) -> None:
    content = content_of(folder)
    titles = [content.page(path, group).title for path, group in (("", None), ("group", "3"), ("definitions", None))]
    assert [title.split(" · ")[0] for title in titles] == [
        "The class at a glance",
        "Group 3",
        "How each number is defined",
    ]


def test_a_group_has_a_way_to_the_one_before_and_the_one_after(folder: Path) -> None:
    content = content_of(folder)
    middle, first, last = (content.page("group", name).body for name in ("3", "1", "5"))
    assert 'rel="prev" href="group?group=2"' in middle and 'rel="next" href="group?group=4"' in middle
    assert 'rel="prev"' not in first and 'rel="next"' not in last
    assert "<option selected>3</option>" in middle


def test_without_a_choice_the_first_group_is_shown(folder: Path) -> None:
    assert content_of(folder).page("group").title.startswith("Group 1 ")


def test_a_group_in_the_query_of_the_start_page_is_its_page(folder: Path) -> None:
    """Hugging Face hands on a Space's query to the start page alone."""
    assert content_of(folder).page("", "4").title.startswith("Group 4 ")


@pytest.mark.parametrize("name", ["99", "", "<script>alert(1)</script>", "../etc", "1\x00"])  # fmt: skip
def test_an_unknown_group_gets_a_friendly_page(folder: Path, name: str) -> None:
    page = content_of(folder).page("group", name)
    assert page.status == 404
    assert "No such group" in page.body and "<select" in page.body
    assert "<script" not in page.body


def test_without_an_export_the_page_says_what_to_do_and_asks_again(tmp_path: Path) -> None:
    content = content_of(tmp_path / "export")
    for path in ("", "group", "definitions"):
        page = content.page(path)
        assert (page.status, page.again_s) == (503, 5)
        assert "Run it &amp; see." in page.body
        assert str(tmp_path) not in page.body
    write_export(tmp_path / "export")
    assert content.page("").status == 200


def test_a_new_export_is_seen_at_the_next_page(folder: Path) -> None:
    content = content_of(folder)
    assert 'data-group="9"' not in content.page("").body
    write_export(folder, Made(num_groups=9))
    assert 'data-group="9"' in content.page("").body
    assert content.page("group", "9").status == 200


def test_an_export_that_becomes_unreadable_leaves_the_last_good_one(folder: Path) -> None:
    content = content_of(folder)
    before = content.page("").body
    (folder / "export.json").write_text("{", encoding="utf-8")
    assert content.page("").body == before


def test_hostile_names_and_texts_are_text(tmp_path: Path) -> None:
    write_export(tmp_path, Made(names=(*HOSTILE[:7], "a&b"), hostile=True))
    content = content_of(tmp_path)
    names = list(PublishedFolder(tmp_path).current().groups)
    bodies = [content.page("").body, content.page("definitions").body]
    bodies += [content.page("group", name).body for name in names]
    for body in bodies:
        lowered = body.lower()
        assert "<script" not in lowered and "<img" not in lowered and "<iframe" not in lowered
        assert 'href="javascript' not in lowered and 'href="http' not in lowered


def test_a_page_is_made_once_for_an_export(folder: Path) -> None:
    content = content_of(folder)
    assert content.page("group", "2").body is content.page("group", "2").body
    before = content.page("group", "2").body
    write_export(folder, Made(num_groups=5, offset=3))
    assert content.page("group", "2").body is not before


def test_pages_are_made_before_they_are_asked_for(folder: Path) -> None:
    """Else fifty viewers of a new export wait for fifty pages to be made."""
    source = PublishedFolder(folder)
    content = Content(source, advice="")
    for made in (Made(num_groups=5), Made(num_groups=7)):
        write_export(folder, made)
        content.page("")
        cls = source.current()
        deadline = time.monotonic() + 10
        while not all(("app", "group", name) in cls._kept for name in cls.groups):
            assert time.monotonic() < deadline
            time.sleep(0.01)
