"""The web app as a student meets it: in Chromium, by keyboard, on a phone, in the dark, and with hostile texts."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium.webdriver.common.keys import Keys

from mlops_mentor_tests.app.processes import App, serving
from mlops_mentor_tests.browser.chromium import Browser
from mlops_mentor_tests.pages.exports import Made, write_export

pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("browser")]

CLASS = Made(num_groups=12)
ROWS = "table.mentor-table tbody tr"
PAGES = ("", "group?group=3", "definitions")
# The page is in Gradio's component: its scripts have run.
ADOPTED = "gradio-app #mentor-page"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "export"


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    write_export(folder, CLASS)
    with serving(folder) as app:
        yield app


@pytest.fixture
def show(browser: Browser, app: App, folder: Path) -> Iterator["Show"]:
    """The class as it was made, whatever a test before wrote."""
    write_export(folder, CLASS)
    yield Show(browser, app.url)


class Show:
    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def __call__(self, path: str) -> None:
        """Open a page of the app, and wait until Gradio has taken it in."""
        self.browser.open(f"{self.url}/{path}", until="h1")
        self.browser.wait_for(ADOPTED)


def groups_shown(browser: Browser) -> list[str]:
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(row => !row.hidden).map(row => row.dataset.group)"
    )
    return list(browser.run(script, ROWS))


def test_all_groups_are_there_in_the_rosters_order(show: Show) -> None:
    show("")
    assert groups_shown(show.browser) == [str(number) for number in range(1, 13)]
    assert show.browser.run("return document.title").startswith("The class at a glance · ")


def test_the_page_can_be_read_before_gradio_has_started(show: Show) -> None:
    """Were it put in by Gradio's scripts, a page without scripts would be empty."""
    show.browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show.browser.driver.get(f"{show.url}/group?group=3")
        assert "Group 3" in show.browser.wait_for("h1").text
        assert show.browser.all(ADOPTED) == []
    finally:
        show.browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_sorting_by_keyboard_says_what_it_did(show: Show) -> None:
    show("")
    browser, head = show.browser, "th[data-name=num_commits_to_main]"
    before = groups_shown(browser)
    browser.tab_to(f"{head} button")
    browser.press(Keys.ENTER)
    assert browser.one(head).get_attribute("aria-sort") == "descending"
    values = browser.run(
        "const place = document.querySelector(arguments[1]).cellIndex;"
        "return [...document.querySelectorAll(arguments[0])].map(row => row.cells[place].dataset.v)", ROWS, head,
    )  # fmt: skip
    numbers = [float(value) for value in values if value is not None]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 11
    # The group without a commit comes last.
    assert values[-1] is None
    live = browser.one("[aria-live=polite]").text
    assert "12 groups" in live and "sorted by" in live and "largest first" in live
    assert browser.run("return document.activeElement.closest('th').dataset.name") == "num_commits_to_main"
    browser.press(Keys.ENTER)
    assert browser.one(head).get_attribute("aria-sort") == "ascending"
    browser.press(Keys.ENTER)
    assert browser.one(head).get_attribute("aria-sort") == "none"
    assert groups_shown(browser) == before


def test_filtering_by_keyboard_leaves_the_groups_that_fit(show: Show) -> None:
    show("")
    show.browser.tab_to("input.mentor-filter")
    show.browser.press("11")
    assert groups_shown(show.browser) == ["11"]
    assert "1 of 12 groups" in show.browser.one("[aria-live=polite]").text
    show.browser.press("7")
    assert groups_shown(show.browser) == []
    assert show.browser.one(".none-left").is_displayed()


def test_what_a_reader_typed_before_gradio_had_started_stays(show: Show) -> None:
    """The component takes the page in as it stands: text, focus and all."""
    browser = show.browser
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/assets/*"]})
    try:
        browser.open(f"{show.url}/", until="h1")
        browser.one("input.mentor-filter").send_keys("5")
        assert browser.all(ADOPTED) == []
    finally:
        browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    script = Path(__file__).parents[2] / "mlops_mentor" / "app" / "assets" / "adopt.js"
    browser.run(
        "const element = document.createElement('div'); document.querySelector('gradio-app').append(element);"
        + script.read_text(encoding="utf-8")
    )
    browser.wait_for(ADOPTED)
    assert groups_shown(browser) == ["5"]
    assert browser.run("return document.activeElement.matches('.mentor-filter')")
    browser.press("x")
    assert groups_shown(browser) == []


def test_a_deep_link_leads_to_a_group(show: Show) -> None:
    show("group?group=3")
    browser = show.browser
    assert browser.texts("h1") == ["Group 3"]
    assert browser.run("return document.title").startswith("Group 3 · ")
    for heading in ("What to do next", "Checklist", "Report", "Feedback"):
        assert any(heading in text for text in browser.texts("h2")), heading
    assert "Commit a lock file such as uv.lock." in browser.one("#mentor-page").text
    assert "Nice work, [member A]." in browser.one("#mentor-page").text
    shown = browser.one("#mentor-page").text
    assert not [number for number in range(5, 13) if f"Group {number}" in shown]


def test_from_the_table_to_a_group_to_the_next_and_to_any(show: Show) -> None:
    show("")
    browser = show.browser
    browser.tab_to("tbody a[href='group?group=2']")
    browser.press(Keys.ENTER)
    browser.until(lambda: browser.texts("h1") == ["Group 2"] or None, "the link does not lead to the group")
    browser.wait_for(ADOPTED)
    browser.one("a[rel=next]").click()
    browser.until(lambda: browser.texts("h1") == ["Group 3"] or None, "next does not lead to the next group")
    browser.wait_for(ADOPTED)
    browser.tab_to(".ways select")
    browser.press("1", "2")
    browser.press(Keys.TAB)
    browser.press(Keys.ENTER)
    browser.until(lambda: browser.texts("h1") == ["Group 12"] or None, "the picker does not lead to the group")


def test_a_link_to_a_place_on_the_page_stays_on_the_page(show: Show) -> None:
    show("group?group=3")
    show.browser.one("a[href='#mentor-checklist']").click()
    assert show.browser.run("return location.pathname + location.search + location.hash") == (
        "/group?group=3#mentor-checklist"
    )
    assert show.browser.texts("h1") == ["Group 3"]
    assert show.browser.run("return window.scrollY") > 0


def test_each_number_is_defined(show: Show) -> None:
    show("definitions")
    assert show.browser.texts("h1") == ["How each number is defined"]
    assert show.browser.texts("#def-leaderboard-num_commits_to_main")
    assert len(show.browser.all("dt")) > 60


def test_an_unknown_group_gets_a_friendly_page(show: Show) -> None:
    show(f"group?group={quote('<b>no</b>')}")
    assert show.browser.texts("h1") == ["No such group"]
    assert "<b>no</b>" in show.browser.one("#mentor-page").text


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(show: Show, path: str) -> None:
    show.browser.set_size(390, 844)
    show(path)
    assert show.browser.overflow() == 0
    if path == "":
        assert show.browser.run("const t = document.querySelector('.scroll'); return t.scrollWidth > t.clientWidth")


@pytest.mark.parametrize("path", PAGES)
def test_the_dark_is_dark_and_can_be_read(show: Show, path: str) -> None:
    show.browser.set_dark(True)
    show(path)
    script = (
        "const parts = colour => colour.match(/[\\d.]+/g).map(Number);"
        "const light = ([r, g, b]) => (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;"
        "const page = getComputedStyle(document.querySelector('#mentor-page'));"
        "const body = getComputedStyle(document.body);"
        "return [light(parts(body.backgroundColor)), light(parts(page.backgroundColor)), light(parts(page.color))]"
    )
    body, paper, ink = show.browser.run(script)
    assert body < 0.15 and paper < 0.15 and ink > 0.8
    assert show.browser.axe() == []


@pytest.mark.parametrize("width", [1600, 390])
@pytest.mark.parametrize("path", [*PAGES, "group?group=none"])
def test_axe_finds_nothing_serious(show: Show, path: str, width: int) -> None:
    """The whole page, Gradio's frame with it."""
    show.browser.set_size(width)
    show(path)
    for details in show.browser.all("details"):
        show.browser.run("arguments[0].open = true", details)
    assert [str(finding) for finding in show.browser.axe()] == []


def test_no_page_asks_anything_of_anybody_else(show: Show) -> None:
    for path in (*PAGES, "group?group=none"):
        show(path)
    assert len(show.browser.requests()) > 40
    assert show.browser.outside_requests() == []
    assert [line for line in show.browser.complaints() if "status of 404" not in line] == []


def test_hostile_texts_run_no_script_and_load_nothing(show: Show, folder: Path) -> None:
    hostile = Made(
        num_groups=3, hostile=True, names=("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "3")
    )
    write_export(folder, hostile)
    browser = show.browser
    browser.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": "window.ran = []; for (const f of ['alert', 'confirm', 'prompt']) window[f] = x => ran.push(x)"},
    )
    handlers = (
        "return [...document.querySelectorAll('#mentor-page *')].flatMap(each => each.getAttributeNames())"
        ".filter(name => name.startsWith('on'))"
    )
    for path in ("", "definitions", *(f"group?group={quote(name, safe='')}" for name in hostile.names)):
        show(path)
        assert browser.run("return window.ran") == []
        assert browser.all("#mentor-page :is(script, img, iframe, style, base, object, embed, link, meta)") == []
        assert browser.run(handlers) == []
    assert browser.outside_requests() == []
    assert browser.complaints() == []


def test_while_exports_are_written_pages_are_served_and_show_the_new_numbers(show: Show, folder: Path) -> None:
    browser, stop = show.browser, threading.Event()
    written: list[int] = []

    def write() -> None:
        while not stop.is_set():
            written.append(len(written) + 1)
            write_export(folder, replace(CLASS, offset=len(written), num_groups=12 + len(written) % 3))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(12):
            show(PAGES[number % 3])
            assert "No numbers yet" not in browser.texts("h1")
    finally:
        stop.set()
        writer.join()
    assert len(written) > 10
    began = time.monotonic()
    write_export(folder, replace(CLASS, num_groups=40))
    while len(groups_shown(browser)) != 40:
        assert time.monotonic() - began < 60
        show("")
    assert not [line for line in browser.complaints() if "status of 5" in line]


def test_an_open_page_says_that_there_are_newer_numbers(show: Show, folder: Path) -> None:
    show("group?group=3")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    show.browser.run(look)
    show.browser.until(
        lambda: any(url.endswith("/mentor/version") for url in show.browser.requests()) or None, "it does not look"
    )
    time.sleep(0.5)
    assert show.browser.all(".newer") == []
    write_export(folder, replace(CLASS, offset=7))
    show.browser.run(look)
    assert "newer numbers" in show.browser.wait_for(".newer").text
    assert show.browser.axe() == []
    show.browser.one(".newer a").click()
    show.browser.until(lambda: not show.browser.all(".newer") or None, "the page is not loaded again")
    show.browser.wait_for(ADOPTED)
    assert show.browser.texts("h1") == ["Group 3"]


def test_a_page_that_waits_for_an_export_goes_on_by_itself(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "export") as app:
        browser.open(app.url, until="h1")
        assert browser.texts("h1") == ["No numbers yet"]
        assert browser.axe() == []
        write_export(tmp_path / "export", CLASS)
        browser.until(lambda: groups_shown(browser) or None, "the page did not look again", timeout_s=20)
