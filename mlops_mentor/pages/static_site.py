"""The static site: the same pages as plain files, for a static Space or any other server of files.

Belongs here: which files there are and how they are replaced. What is on the pages is the other modules'.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from mlops_mentor.pages.definitions import definitions_html
from mlops_mentor.pages.group import group_html
from mlops_mentor.pages.leaderboard import leaderboard_html
from mlops_mentor.pages.links import SiteLinks, slug
from mlops_mentor.pages.page import ASSETS, filled
from mlops_mentor.pages.published import PublishedClass, PublishedFolder
from mlops_mentor.storage.whole_files import replace_whole, sweep_temporary

LIST = "site.json"
# Names that the site gives its files: nothing else is ever deleted, whatever the list says.
_OURS = re.compile(r"group/[a-z0-9-]+\.html|[a-z0-9]+\.(?:html|css|js|json)|README\.md")
_LEFT_BEHIND = re.compile(r"\.(?:[a-z0-9-]+\.(?:html|css|js|json)|README\.md)\.\d+\.[0-9a-f]{8}\.tmp")


@dataclass(frozen=True)
class Site:
    """What is there now: pages, bytes of all files, and whether any file changed."""

    num_pages: int
    num_bytes: int
    changed: bool


def write_site(folder: Path, site_dir: Path) -> Site:
    """The pages of an exported folder as files in `site_dir`; files that are as they should be are not touched.

    Pages of groups that are gone are deleted: of what lies there only what an earlier call wrote, by its list.

    Raises:
        PublishError: there is no export that can be read.
        OSError: a file cannot be written.
    """
    sweep_temporary(file for file in site_dir.rglob(".*.tmp") if _LEFT_BEHIND.fullmatch(file.name))
    files = {name: text.encode("utf-8") for name, text in _files(PublishedFolder(folder).current())}
    files[LIST] = (json.dumps(sorted({*files, LIST}), indent=0) + "\n").encode("utf-8")
    old = _listed(site_dir)
    # The list names old and new files until the old ones are gone: a run that is cut short leaves none unlisted.
    both = (json.dumps(sorted({*files, *old}), indent=0) + "\n").encode("utf-8")
    if old - files.keys():
        _replace(site_dir / LIST, both)
    changed = [_replace(site_dir / name, content) for name, content in files.items() if name != LIST]
    gone = [site_dir / name for name in old - files.keys()]
    for file in gone:
        file.unlink(missing_ok=True)
    changed.append(_replace(site_dir / LIST, files[LIST]))
    num_pages = sum(name.endswith(".html") for name in files)
    return Site(num_pages, sum(map(len, files.values())), any(changed) or bool(gone))


def _files(cls: PublishedClass) -> Iterator[tuple[str, str]]:
    top, below = SiteLinks(), SiteLinks("../")
    course = f"{cls.manifest.course}, {cls.manifest.term}"
    yield "index.html", _page(f"The class at a glance · {course}", leaderboard_html(cls, top), "", has_table=True)
    yield "definitions.html", _page(f"How each number is defined · {course}", definitions_html(cls, top), "")
    for name in cls.groups:
        yield f"group/{slug(name)}.html", _page(f"Group {name} · {course}", group_html(cls, name, below), "../")
    # Served for any address, so that only links from the root up fit.
    yield "404.html", _page(f"No such page · {course}", filled("no_page.html", manifest=cls.manifest), "/")
    for asset in ("style.css", "table.js"):
        yield asset, (ASSETS / asset).read_text(encoding="utf-8")
    yield "README.md", _readme(cls)


def _page(title: str, body: Markup, up: str, *, has_table: bool = False) -> str:
    return str(filled("site.html", title=title, body=body, up=up, has_table=has_table))


def _readme(cls: PublishedClass) -> str:
    """What a static Space wants to know. JSON's strings are YAML's, too."""
    title = json.dumps(f"{cls.manifest.course}, {cls.manifest.term}"[:100])
    return (
        f"---\ntitle: {title}\nemoji: 📈\ncolorFrom: blue\ncolorTo: gray\nsdk: static\napp_file: index.html\n"
        "pinned: false\n---\n\nThe class at a glance, as plain files. Written by `mlops-mentor`; do not edit.\n"
    )


def _listed(site_dir: Path) -> set[str]:
    """Files that an earlier call wrote; none if its list is not understood, and nothing but names that it gives."""
    try:
        names = json.loads((site_dir / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(names, list):
        return set()
    return {name for name in names if isinstance(name, str) and _OURS.fullmatch(name)}


def _replace(file: Path, content: bytes) -> bool:
    """Whether the file was another one: readers find the old one or the new one, whole."""
    if file.is_file() and file.read_bytes() == content:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(file, content)
    return True
