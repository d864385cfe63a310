"""The site is plain files: the same pages, nothing more touched than has changed."""

import os
from pathlib import Path

import pytest

from mlops_mentor.errors import PublishError
from mlops_mentor.pages.links import slug
from mlops_mentor.pages.static_site import write_site
from mlops_mentor_tests.pages.exports import Made, write_export
from mlops_mentor_tests.pages.markup import Looked


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "export")


def test_every_page_is_there_and_every_link_leads_somewhere(export: Path, tmp_path: Path) -> None:
    site = write_site(export, tmp_path / "site")
    assert site.num_pages == 8 + 3
    assert site.changed
    assert site.num_bytes == sum(len(content) for content in contents(tmp_path / "site").values())
    for file in (tmp_path / "site").rglob("*.html"):
        looked = Looked(file.read_text(encoding="utf-8"))
        ids = {attrs["id"] for _, attrs in looked.tags if "id" in attrs}
        for attrs in looked.all("a") + looked.all("link", rel="stylesheet"):
            path, _, anchor = attrs["href"].partition("#")
            target = (tmp_path / "site" / path[1:]) if path.startswith("/") else (file.parent / path)
            if path:
                assert target.is_file(), (file, attrs)
                ids_there = {each["id"] for _, each in Looked(target.read_text()).tags if "id" in each}
                assert not anchor or anchor in ids_there, (file, attrs)
            else:
                assert anchor in ids, (file, attrs)


def test_nothing_is_touched_when_nothing_changed(export: Path, tmp_path: Path) -> None:
    write_site(export, tmp_path / "site")
    before, times = contents(tmp_path / "site"), {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.html")}
    again = write_site(export, tmp_path / "site")
    assert not again.changed
    assert contents(tmp_path / "site") == before
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.html")} == times


def test_another_folder_gets_the_same_bytes(export: Path, tmp_path: Path) -> None:
    write_site(export, tmp_path / "one")
    write_site(write_export(tmp_path / "other"), tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_pages_of_groups_that_are_gone_go_and_nothing_else(export: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_site(export, site)
    (site / "CNAME").write_text("class.example")
    (site / "group" / "notes.txt").write_text("mine")
    write_export(export, Made(num_groups=3))
    assert write_site(export, site).changed
    assert sorted(file.name for file in (site / "group").iterdir()) == ["1.html", "2.html", "3.html", "notes.txt"]
    assert (site / "CNAME").is_file()


@pytest.mark.parametrize(
    "listed",
    ['["../precious"]', '["/precious", 7]', "not json", '{"a": 1}', '["group/../../precious", "..", ".", "group", ""]'],
)
def test_a_list_that_was_tampered_with_deletes_nothing_outside(export: Path, tmp_path: Path, listed: str) -> None:
    (tmp_path / "precious").write_text("precious")
    site = tmp_path / "site"
    write_site(export, site)
    (site / "site.json").write_text(listed)
    write_site(export, site)
    assert (tmp_path / "precious").read_text() == "precious"


def test_what_a_killed_process_left_goes_and_nothing_else(export: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "group").mkdir(parents=True)
    left = [site / ".index.html.17.0123abcd.tmp", site / "group" / ".1.html.17.0123abcd.tmp"]
    foreign = site / ".their.own.tmp"
    for file in (*left, foreign):
        file.touch()
        os.utime(file, (0, 0))
    write_site(export, site)
    assert [file.exists() for file in (*left, foreign)] == [False, False, True]


def test_no_export_is_said_and_the_old_site_stays(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="mlops-mentor run"):
        write_site(tmp_path / "nowhere", tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_aliases_get_names_that_are_safe_and_their_own() -> None:
    names = ["17", "blue-whales", "Blue Whales", "blue whales", "BLUE-WHALES", "../up", "", "é", "ø", "a" * 300, "CON"]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert slugs[:2] == ["17", "blue-whales"]
    assert all(len(each) < 80 and set(each) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for each in slugs)


def test_a_static_space_can_be_made_of_it(export: Path, tmp_path: Path) -> None:
    write_site(export, tmp_path / "site")
    readme = (tmp_path / "site" / "README.md").read_text(encoding="utf-8")
    assert readme.startswith('---\ntitle: "Machine learning operations, January 2026"\n')
    assert "\nsdk: static\napp_file: index.html\n" in readme
