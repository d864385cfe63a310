"""The static site under its own policy, from a server that does nothing but hand out files."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.keys import Keys

from mlops_mentor.pages.static_site import write_site
from mlops_mentor_tests.browser.chromium import Browser
from mlops_mentor_tests.pages.exports import Made, write_export

pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("browser")]


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    write_site(write_export(folder / "export", Made(num_groups=9, hostile=True)), folder / "site")
    handler = functools.partial(_Files, directory=str(folder / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        # Spaces and others serve a site below a path, too; links are relative.
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


PAGES = ("index.html", "group/3.html", "definitions.html")


def test_pages_have_a_policy_and_keep_to_it(browser: Browser, site: str) -> None:
    for path in PAGES:
        browser.open(f"{site}/{path}", until="h1")
        policy = browser.one("meta[http-equiv='Content-Security-Policy']").get_attribute("content") or ""
        assert "default-src 'none'" in policy and "unsafe" not in policy
    assert [line for line in browser.complaints() if "favicon" not in line] == []
    assert browser.outside_requests() == []


def test_sorting_by_keyboard_works_under_the_policy(browser: Browser, site: str) -> None:
    browser.open(f"{site}/index.html", until="table")
    head = "th[data-name=num_commits_to_main]"
    browser.tab_to(f"{head} button")
    browser.press(Keys.ENTER)
    assert browser.one(head).get_attribute("aria-sort") == "descending"
    assert "largest first" in browser.one("[aria-live=polite]").text


def test_from_the_table_to_a_group_and_back(browser: Browser, site: str) -> None:
    browser.open(f"{site}/index.html", until="table")
    browser.one("tbody tr[data-group='4'] a").click()
    browser.until(lambda: browser.texts("h1") == ["Group 4"] or None, "the link does not lead to the group")


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_and_a_phone_is_wide_enough(
    browser: Browser, site: str, path: str, is_dark: bool
) -> None:
    browser.set_dark(is_dark)
    browser.set_size(390, 844)
    browser.open(f"{site}/{path}", until="h1")
    assert [str(finding) for finding in browser.axe()] == []
    assert browser.overflow() == 0
