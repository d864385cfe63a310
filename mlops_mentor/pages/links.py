"""Links from page to page: they differ between the app and the plain files.

Belongs here: both kinds. All are relative, so that a page works wherever it is put.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

_UNSAFE = re.compile(r"[^a-z0-9-]+")
_MAX_SLUG = 60


class Links(Protocol):
    """Where pages are, as seen from the page that is rendered. Hashable: rendered pages are kept by it."""

    @property
    def home(self) -> str: ...

    @property
    def definitions(self) -> str: ...

    def group(self, name: str) -> str: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class AppLinks:
    """The app's pages: `./`, `group?group=17`, `definitions`, all on one level."""

    home: str = "./"
    definitions: str = "definitions"

    def group(self, name: str) -> str:
        return f"group?group={quote(name, safe='')}"


@dataclass(frozen=True)
class SiteLinks:
    """Plain files: `index.html`, `group/17.html`, `definitions.html`; `up` is `../` for pages in a folder."""

    up: str = ""

    @property
    def home(self) -> str:
        return f"{self.up}index.html"

    @property
    def definitions(self) -> str:
        return f"{self.up}definitions.html"

    def group(self, name: str) -> str:
        return f"{self.up}group/{slug(name)}.html"


APP_LINKS = AppLinks()


def slug(name: str) -> str:
    """A file's name for a group: itself if it is plain; else with a hash, so that no two groups share one.

    Upper case counts as not plain: some file systems do not tell `Ada` from `ada`.
    """
    plain = _UNSAFE.sub("-", name.lower()).strip("-")[:_MAX_SLUG].strip("-")
    if plain == name:
        return plain
    return f"{plain or 'group'}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
