"""Whatever students, models or TAs write, it is text in the pages: no tag, handler, style or address comes of it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.pages.definitions import definitions_html
from mlops_mentor.pages.group import group_html
from mlops_mentor.pages.leaderboard import leaderboard_html
from mlops_mentor.pages.links import SiteLinks
from mlops_mentor.pages.published import PublishedClass, PublishedFolder
from mlops_mentor.pages.static_site import write_site
from mlops_mentor.pages.texts import inline, markdown, ticked
from mlops_mentor_tests.pages.exports import HOSTILE, Made, write_export
from mlops_mentor_tests.pages.markup import Looked, faults

NAMES = ("1", *(f"{text[:40]} {number}" for number, text in enumerate(HOSTILE)), "../../etc/passwd", "a/b?c=d#e&f", "é")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> PublishedClass:
    return PublishedFolder(write_export(tmp_path_factory.mktemp("export"), Made(names=NAMES, hostile=True))).current()


def pages(cls: PublishedClass) -> dict[str, str]:
    found = {"class": leaderboard_html(cls), "definitions": definitions_html(cls), "none": group_html(cls, HOSTILE[1])}
    return {**found, **{f"group {name}": group_html(cls, name) for name in cls.groups}}


def test_no_page_holds_a_foreign_tag_handler_style_or_link(hostile: PublishedClass) -> None:
    found = {name: faults(page) for name, page in pages(hostile).items()}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_texts_themselves_are_shown(hostile: PublishedClass) -> None:
    text = Looked(group_html(hostile, "1")).text
    assert "<script>alert(1)</script>" in text
    assert '"><img src=x onerror=alert(1)>' in text
    assert "{{ 7 * 7 }}" in text


def test_nothing_is_written_raw_anywhere(hostile: PublishedClass) -> None:
    for page in pages(hostile).values():
        assert not re.search(r"<(script|img|iframe|style|base)\b", page)


def test_the_site_holds_no_outside_address_and_fits_its_policy(tmp_path: Path) -> None:
    write_export(tmp_path / "export", Made(names=NAMES, hostile=True))
    write_site(tmp_path / "export", tmp_path / "site")
    files = list((tmp_path / "site").rglob("*.html"))
    assert len(files) == len(NAMES) + 3
    for file in files:
        page = file.read_text(encoding="utf-8")
        assert faults(page, num_scripts=1) == [], file
        looked = Looked(page)
        assert [attrs.get("src", "") for attrs in looked.all("script")] in ([], ["table.js"])
        (policy,) = looked.all("meta", http_equiv="Content-Security-Policy")
        assert policy["content"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")


@pytest.mark.parametrize("asset", ["style.css", "table.js"])
def test_assets_ask_nobody_outside(tmp_path: Path, asset: str) -> None:
    write_export(tmp_path / "export")
    write_site(tmp_path / "export", tmp_path / "site")
    text = (tmp_path / "site" / asset).read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttpRequest|eval\(|innerHTML", text)


def test_links_of_markdown_are_their_text_and_images_are_gone() -> None:
    html = markdown("[click](javascript:alert(1)) ![beacon](https://evil.example/b.png) <https://evil.example>\n\n"
                    "[ref]\n\n[ref]: https://evil.example/ref 'title'")  # fmt: skip
    assert faults(html) == []
    assert Looked(html).all("a") == []
    assert "click" in html
    assert "beacon.png" not in html


def test_headings_of_markdown_stand_below_the_pages_own() -> None:
    assert [tag for tag, _ in Looked(markdown("# a\n\n## b\n\n### c\n\n###### d")).tags] == ["h4", "h4", "h4", "h6"]


def test_tables_and_fences_of_markdown_carry_no_attributes() -> None:
    html = markdown("| a |\n|:-:|\n| b |\n\n```python hello\nx\n```\n\n3. three")
    assert [attrs for _, attrs in Looked(html).tags if attrs] == [{"start": "3"}]


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!#|\\\n -:;=/ahrefonsrcjvtp"), max_size=80))
def test_no_text_becomes_a_link_image_or_handler(text: str) -> None:
    for html in (markdown(text), inline(text), ticked(text)):
        looked = Looked(html)
        assert not {tag for tag, _ in looked.tags} & {"a", "img", "script", "iframe", "style"}
        assert all(not attrs or list(attrs) == ["start"] for _, attrs in looked.tags)


def test_only_a_plain_address_that_the_class_agreed_to_show_is_a_link(tmp_path: Path) -> None:
    for address, is_link in (
        ("https://github.com/class/group-1", True),
        ("javascript:alert(1)", False),
        ('https://github.com/a" onclick="x', False),
        ("http://github.com/a/b", False),
    ):
        write_export(tmp_path, Made(num_groups=1, repo_url=address))
        looked = Looked(group_html(PublishedFolder(tmp_path).current(), "1", SiteLinks("../")))
        links = [attrs for attrs in looked.all("a") if not attrs["href"].startswith(("#", "../"))]
        assert bool(links) is is_link
        assert all(each["href"] == address and "noopener" in each["rel"] for each in links)
