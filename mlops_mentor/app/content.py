"""The content of the app's pages: what there is to read at an address.

Belongs here: which pages there are, the way from one to another, and what is said where there is nothing to show. The
pages themselves are those of `pages`.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from jinja2 import Template
from markupsafe import Markup

from mlops_mentor.errors import PublishError
from mlops_mentor.pages.definitions import definitions_html
from mlops_mentor.pages.group import group_html
from mlops_mentor.pages.leaderboard import leaderboard_html
from mlops_mentor.pages.links import APP_LINKS
from mlops_mentor.pages.published import PublishedClass, PublishedGroup
from mlops_mentor.pages.render import environment

PATHS = ("", "group", "definitions")
TITLE = "The class at a glance"
_WAIT_S = 5

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where the published class comes from."""

    def current(self) -> PublishedClass:
        """The newest export.

        Raises:
            PublishError: there is none yet.
        """


@dataclass(frozen=True)
class Page:
    """What is shown: its title, its body as HTML, the status of the answer, and after how many seconds to ask again.

    `version` is that of the export, empty without one.
    """

    title: str
    body: Markup
    version: str = ""
    status: int = 200
    again_s: int | None = None


class Content:
    """The pages of a source. Any number of threads may ask; a page is made once per export."""

    def __init__(self, source: Source, *, advice: str) -> None:
        """`advice` says what to do as long as there is no export."""
        self._source = source
        self._advice = advice
        self._warned = ""
        self._ahead: PublishedClass | None = None
        self._lock = threading.Lock()

    def page(self, path: str, group: str | None = None) -> Page:
        """The page at one of `PATHS`; without an export one that says so."""
        try:
            cls = self._current()
        except PublishError as error:
            self._warn(str(error))
            body = _template("waiting.html").render(advice=self._advice)
            return Page("No numbers yet", _markup(body), status=503, again_s=_WAIT_S)
        # Hugging Face hands a Space's query on to the start page.
        if path == "group" or (path == "" and group is not None):
            return self._group(cls, group)
        if path == "definitions":
            return _page(cls, path, "How each number is defined", definitions_html(cls))
        return _page(cls, path, TITLE, leaderboard_html(cls))

    def version(self) -> str:
        """That of the newest export: pages of another version are out of date. Empty where there is none."""
        try:
            return _version(self._current())
        except PublishError:
            return ""

    def _current(self) -> PublishedClass:
        """The newest export; whoever sees it first has its pages made ahead: 130 of them take seconds."""
        cls = self._source.current()
        with self._lock:
            is_new, self._ahead = cls is not self._ahead, cls
        if is_new:
            threading.Thread(target=self._make, args=(cls,), name="pages", daemon=True).start()
        return cls

    def _make(self, cls: PublishedClass) -> None:
        for name in cls.groups:
            if cls is not self._ahead:
                return
            self._group(cls, name)
            # Viewers go first.
            time.sleep(0.001)

    def _warn(self, text: str) -> None:
        """Once: a page that waits asks every few seconds."""
        if text != self._warned:
            _log.warning("%s", text)
            self._warned = text

    def _group(self, cls: PublishedClass, name: str | None) -> Page:
        if name is None and cls.groups:
            # The picker alone is of no use to anybody: the first group is as good as any.
            name = next(iter(cls.groups))
        found = cls.groups.get(name or "")
        title = f"Group {found.name}" if found else "No such group"
        fragment = group_html(cls, name or "")
        return _page(cls, "group", title, fragment, found, 200 if found else 404)


def _page(
    cls: PublishedClass, path: str, title: str, fragment: Markup,
    group: PublishedGroup | None = None, status: int = 200,
) -> Page:  # fmt: skip
    def made() -> Markup:
        return _markup(
            _template("page.html").render(
                path=path, fragment=fragment, group=group, groups=cls.groups, links=APP_LINKS, manifest=cls.manifest,
                **_neighbours(group, tuple(cls.groups.values())),
            )
        )  # fmt: skip

    # What anybody can make up is not kept.
    body = cls.kept(("app", path, group.name if group else None), made) if status == 200 else made()
    return Page(f"{title} · {cls.manifest.course}", body, _version(cls), status)


def _version(cls: PublishedClass) -> str:
    """Of the manifest, which names files by their content."""

    def made() -> Markup:
        return Markup("{}").format(hashlib.sha256(cls.manifest.model_dump_json().encode()).hexdigest()[:16])

    return str(cls.kept(("app", "version"), made))


def _neighbours(group: PublishedGroup | None, groups: Sequence[PublishedGroup]) -> dict[str, PublishedGroup | None]:
    """The groups before and after, in the roster's order; None at its ends."""
    if group is None:
        return {"before": None, "after": None}
    return {
        "before": groups[group.place - 1] if group.place > 0 else None,
        "after": groups[group.place + 1] if group.place + 1 < len(groups) else None,
    }


@cache
def _template(name: str) -> Template:
    return environment(Path(__file__).parent / "templates").get_template(name)


def _markup(rendered: str) -> Markup:
    # The environment escapes whatever is no Markup.
    return Markup(rendered)  # noqa: S704
