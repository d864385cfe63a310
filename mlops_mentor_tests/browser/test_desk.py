"""The desk in a browser: by keyboard, on a phone, in the dark, without anything from outside."""

import csv
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from selenium.webdriver.common.keys import Keys

from mlops_mentor.desk.server import build_desk
from mlops_mentor_tests.browser.chromium import Browser
from mlops_mentor_tests.feedback.classes import ReviewedClass

pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("browser")]

_PATHS = ("/", "/group/1", "/release", "/identities", "/agreement", "/who", "/group/1/preview?as=all", "/nothing")


@dataclass
class Served:
    """A desk at an address, and the class that it is of."""

    url: str
    reviewed: ReviewedClass

    def rows(self) -> list[dict[str, str]]:
        """The rows of `reviews.csv`."""
        file = self.reviewed.settings.reviews_file
        if not file.exists():
            return []
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def made_class(tmp_path_factory: pytest.TempPathFactory) -> ReviewedClass:
    made = ReviewedClass(tmp_path_factory.mktemp("desk") / "data")
    made.commit("1")
    made.commit("2")
    made.review()
    return made


@pytest.fixture
def desk(made_class: ReviewedClass, tmp_path: Path) -> Iterator[Served]:
    """A desk of a copy of the class, in a thread."""
    shutil.copytree(made_class.folder, tmp_path / "data")
    reviewed = ReviewedClass(tmp_path / "data", dict(made_class.sources))
    server = uvicorn.Server(uvicorn.Config(build_desk(reviewed.settings), port=0, log_level="error", lifespan="off"))
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", reviewed)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def test_a_draft_is_edited_and_released_by_keyboard(browser: Browser, desk: Served) -> None:
    browser.open(f"{desk.url}/who")
    browser.press("Ada", Keys.ENTER)
    browser.wait_for(".done")
    browser.open(f"{desk.url}/group/1")
    browser.press("j")
    assert browser.run("return document.activeElement.textContent") == "Code quality"
    browser.press("e")
    assert browser.run("return document.activeElement.name") == "text"
    # While one types, letters are letters.
    browser.press("Look: jkeanp. ")
    browser.tab_to("#code_quality-comment")
    browser.press("Ask me.")
    browser.tab_to("#code_quality button[value=accept]")
    browser.press(Keys.ENTER)
    assert "Code quality: released" in browser.wait_for(".done").text
    (row,) = desk.rows()
    assert (row["group_id"], row["area"], row["comment"]) == ("1", "code_quality", "Ask me.")
    assert (row["reviewer"], row["released"]) == ("Ada", "yes")
    assert "Look: jkeanp. " in row["text"]
    assert browser.texts("#code_quality .pill.released") == ["released"]
    assert browser.complaints() == []


def test_a_citation_opens_the_quoted_lines(browser: Browser, desk: Served) -> None:
    browser.open(f"{desk.url}/group/1")
    link = browser.one("#code_quality .citation a")
    quote = browser.one("#code_quality .citation .quote").text
    link.send_keys(Keys.ENTER)
    browser.wait_for(".lines")
    assert quote.splitlines()[0].strip() in [text.strip() for text in browser.texts(".lines mark")]
    assert browser.run("return document.querySelector('#quoted').getBoundingClientRect().top < innerHeight")


def test_typed_text_survives_a_name_that_was_missing(browser: Browser, desk: Served) -> None:
    browser.open(f"{desk.url}/group/1")
    browser.press("j", "e")
    browser.tab_to("#code_quality-comment")
    browser.press("Typed with care.")
    browser.tab_to("#code_quality button[value=accept]")
    browser.press(Keys.ENTER)
    assert browser.wait_for("#who").is_displayed()
    assert desk.rows() == []
    browser.press("Cy", Keys.ENTER)
    browser.wait_for(".done")
    assert [(row["comment"], row["reviewer"]) for row in desk.rows()] == [("Typed with care.", "Cy")]


@pytest.mark.parametrize("path", _PATHS)
def test_every_page_fits_a_phone_and_is_readable_in_the_dark(browser: Browser, desk: Served, path: str) -> None:
    findings = []
    for width, is_dark in ((1600, False), (390, True)):
        browser.set_size(width)
        browser.set_dark(is_dark)
        browser.open(f"{desk.url}{path}")
        browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert browser.overflow() == 0
        findings += browser.axe()
    assert [str(finding) for finding in findings] == []
    assert browser.outside_requests() == []
    wanted = ["404"] if path == "/nothing" else []
    assert [line for line in browser.complaints() if not any(code in line for code in wanted)] == []


def test_dark_is_dark(browser: Browser, desk: Served) -> None:
    script = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    shades = []
    for is_dark in (False, True):
        browser.set_dark(is_dark)
        browser.open(f"{desk.url}/group/1")
        shades.append(sum(browser.run(script)))
    assert shades[0] > 600
    assert shades[1] < 150
