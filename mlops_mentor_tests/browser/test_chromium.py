"""The harness itself: what it would see if a page were bad."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlops_mentor_tests.browser.chromium import Browser

pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("browser")]

_BAD = b"""<!doctype html><html><head><title>Bad</title></head><body><main>
<img src="http://198.51.100.7/spy.png"><p style="color:#ccc;background:#fff">Hardly to be read</p>
<div style="width:2000px">wide</div><button id="b">Sort</button>
<script>console.error('it went wrong'); new WebSocket('wss://spy.example/s')</script>
</main></body></html>"""


@contextmanager
def served(body: bytes, *headers: tuple[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in (("Content-Type", "text/html; charset=utf-8"), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_bad_page_is_seen_to_be_bad(browser: Browser) -> None:
    with served(_BAD) as url:
        browser.open(url)
        assert {"http://198.51.100.7/spy.png", "wss://spy.example/s"} <= set(browser.outside_requests())
        assert any("it went wrong" in line for line in browser.complaints())
        assert {"image-alt", "html-has-lang", "color-contrast"} <= {finding.rule for finding in browser.axe()}
        browser.set_size(390)
        assert browser.overflow() > 1_000


def test_a_refused_source_is_a_complaint(browser: Browser) -> None:
    with served(_BAD, ("Content-Security-Policy", "default-src 'none'")) as url:
        browser.open(url)
        assert any("Content Security Policy" in line for line in browser.complaints())


def test_a_test_starts_without_what_the_one_before_saw(browser: Browser) -> None:
    assert browser.outside_requests() == []
    assert browser.complaints() == []
    assert browser.run("return window.innerWidth") == 1600


def test_tab_reaches_a_button_or_says_that_it_does_not(browser: Browser) -> None:
    with served(_BAD) as url:
        browser.open(url)
        assert browser.tab_to("#b").text == "Sort"
        with pytest.raises(AssertionError, match="nothing that matches"):
            browser.tab_to("#missing", most=3)


def test_colours_follow_what_the_reader_prefers(browser: Browser) -> None:
    script = "return matchMedia('(prefers-color-scheme: dark)').matches"
    with served(b"<main>x</main>") as url:
        browser.set_dark(True)
        browser.open(url)
        assert browser.run(script)
        browser.set_dark(False)
        assert not browser.run(script)
