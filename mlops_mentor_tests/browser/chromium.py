"""A headless Chromium for tests, and what is asked of it: pages, what they requested, what it complains of, axe.

It reaches 127.0.0.1 and nothing else, and everything that it writes is in a folder of the test's.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common import utils
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OUR_HOST = "127.0.0.1"
# Chromium on its own account asks for its start page and the like; no server hears of these.
_LOCAL_SCHEMES = ("data", "blob", "about", "chrome", "chrome-extension", "devtools")
_WORST = ("serious", "critical")

T = TypeVar("T")


@dataclass(frozen=True)
class Programs:
    """Where Chromium and its driver are."""

    browser: str
    driver: str


@dataclass(frozen=True)
class Finding:
    """What axe found: its rule, how bad it is, and the first places, as selectors and HTML."""

    rule: str
    impact: str
    help: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.impact} {self.rule} ({self.help}): " + " | ".join(self.places)


def find_programs() -> Programs | None:
    """Debian's Chromium, or the Chrome of a CI runner, each with its driver; None where one is missing."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    # Runners of GitHub say where the driver of their Chrome is.
    driver = shutil.which("chromedriver") or shutil.which("chromedriver", path=os.environ.get("CHROMEWEBDRIVER", ""))
    return Programs(browser, driver) if browser and driver else None


class Browser:
    """One Chromium. `driver` is Selenium's, for what is not wrapped here."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        self._requested: list[str] = []
        self._complaints: list[str] = []

    def open(self, url: str, *, until: str = "main, .mentor") -> None:
        """Go there, and wait for an element that matches the selector `until`."""
        self.driver.get(url)
        self.wait_for(until)

    def wait_for(self, selector: str, *, timeout_s: float = 30.0) -> WebElement:
        """The first element that matches, once one is seen."""
        return self.until(
            lambda: next((each for each in self.all(selector) if each.is_displayed()), None),
            f"nothing matches {selector}",
            timeout_s=timeout_s,
        )

    def until(self, found: Callable[[], T | None], otherwise: str, *, timeout_s: float = 30.0) -> T:
        """What `found` returns once it is neither None nor false; elements may vanish meanwhile."""
        wait = WebDriverWait(self.driver, timeout_s, 0.05, [StaleElementReferenceException])
        result = wait.until(lambda _: found(), otherwise)
        assert result is not None
        return result

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The seen text of each that matches, in one call."""
        script = "return [...document.querySelectorAll(arguments[0])].map(each => each.innerText.trim())"
        return list(self.driver.execute_script(script, selector))

    def run(self, script: str, *arguments: Any) -> Any:
        """What JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, selector: str, *, most: int = 60) -> WebElement:
        """Press Tab until an element that matches has the focus.

        Raises:
            AssertionError: it does not get there.
        """
        for _ in range(most):
            self.press(Keys.TAB)
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return self.driver.switch_to.active_element
        raise AssertionError(f"{most} times Tab, and nothing that matches {selector} has the focus")

    def set_size(self, width: int, height: int = 900) -> None:
        """The size of the window in CSS pixels; a phone's is smaller than a window can be made."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def set_dark(self, is_dark: bool) -> None:
        """What `prefers-color-scheme` says from the next page on."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def overflow(self) -> int:
        """Pixels that the page is wider than the window; 0 where it does not scroll sideways."""
        root = "document.documentElement"
        return int(self.run(f"return Math.max(0, {root}.scrollWidth - {root}.clientWidth)"))

    def requests(self) -> list[str]:
        """Addresses that pages asked for since `forget`; those that Chromium blocked too."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requested.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self._requested.append(message["params"]["url"])
        return list(self._requested)

    def outside_requests(self) -> list[str]:
        """Those of them that left this machine, or would have."""
        return [url for url in self.requests() if not _is_ours(url)]

    def complaints(self) -> list[str]:
        """What Chromium's console said since `forget`: errors of scripts, refused sources, missing files."""
        self._complaints += [entry["message"] for entry in self.driver.get_log("browser")]
        return list(self._complaints)

    def forget(self) -> None:
        """Requests and complaints so far, cookies, size and colours of the window."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.set_size(1600)
        self.requests()
        self.complaints()
        self._requested.clear()
        self._complaints.clear()

    def axe(self, scope: str | None = None) -> list[Finding]:
        """Serious and critical findings on the page, or within what matches `scope`."""
        if not self.run("return typeof window.axe === 'object'"):
            self.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        script = (
            "const done = arguments[arguments.length - 1];"
            "axe.run(arguments[0] || document, {resultTypes: ['violations']})"
            ".then(found => done(found.violations), error => done(String(error)));"
        )
        found = self.driver.execute_async_script(script, scope)
        assert isinstance(found, list), found
        return [_finding(each) for each in found if each["impact"] in _WORST]


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in _LOCAL_SCHEMES or parts.hostname == _OUR_HOST


def _finding(violation: dict[str, Any]) -> Finding:
    nodes = violation["nodes"][:5]
    places = tuple(f"{each['target'][0]} {each['html'][:160]} {each.get('failureSummary', '')}" for each in nodes)
    return Finding(violation["id"], violation["impact"], violation["help"], places)


class _Driver(ChromeService):
    """chromedriver by address: `localhost` may be ::1, which tests may not connect to."""

    @property
    def service_url(self) -> str:
        return f"http://{_OUR_HOST}:{self.port}"

    def is_connectable(self) -> bool:
        return utils.is_url_connectable(self.port, _OUR_HOST)


@contextmanager
def started(programs: Programs, folder: Path, *, is_eager: bool = False) -> Iterator[Browser]:
    """A fresh Chromium that writes into `folder`; an eager one does not wait for pictures and the like."""
    options = ChromeOptions()
    options.page_load_strategy = "eager" if is_eager else "normal"
    options.binary_location = programs.browser
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for argument in _arguments(folder):
        options.add_argument(argument)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH")}
    # With the paths given, Selenium's own manager has nothing to find or to fetch; this keeps it from telling.
    service = _Driver(programs.driver, env=kept | {"HOME": str(folder), "SE_AVOID_STATS": "true", "SE_OFFLINE": "true"})
    driver = Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(60)
        driver.set_script_timeout(60)
        yield Browser(driver)
    finally:
        driver.quit()


def _arguments(folder: Path) -> Iterator[str]:
    yield from ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update")
    yield from ("--disable-background-networking", "--disable-default-apps", "--disable-dev-shm-usage")
    yield from ("--disable-quic", "--force-prefers-reduced-motion", "--hide-scrollbars", "--lang=en-GB")
    # A request to elsewhere fails at once, and is seen among the requests.
    yield f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {_OUR_HOST}"
    yield "--no-proxy-server"
    yield f"--user-data-dir={folder / 'profile'}"
    if os.geteuid() == 0:
        # Chromium's sandbox refuses root; CI runs in a container of its own.
        yield "--no-sandbox"
