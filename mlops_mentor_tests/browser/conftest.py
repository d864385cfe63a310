"""A headless Chromium for the tests here: one a module, clean for each test.

`pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("browser")]` stands in each module: its server and its
browser are on 127.0.0.1, and modules of one group run one after the other, so that two cores are not asked for four
browsers.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from mlops_mentor_tests.browser.chromium import Browser, Finding, find_programs, started

Axe = Callable[..., list[Finding]]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Skips where there is no Chromium, but in CI that is a failure: it would be the end of these tests unseen."""
    programs = find_programs()
    if programs is None:
        reason = "no Chromium with its driver: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with started(programs, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The module's Chromium at 1600 pixels, light, without cookies, requests or complaints of the tests before."""
    chromium.forget()
    return chromium


@pytest.fixture
def axe(browser: Browser) -> Axe:
    """`axe(scope=None)`: serious and critical findings on the page that is open."""
    return browser.axe


@pytest.fixture
def requests_of(browser: Browser) -> Callable[[], list[str]]:
    """`requests_of()`: every address that the pages of this test asked for."""
    return browser.requests
