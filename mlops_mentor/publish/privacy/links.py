"""Links: addresses of repositories, commits and images in a text.

Belongs here: where they stand. A link to a group's repository says who the group is, and so does a commit's id to
whoever searches for it; an image that a browser fetches tells its server who reads the page.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.places import (
    COMMIT,
    COMMIT_LABEL,
    IMAGE,
    LINK,
    MEMBER,
    PERSON,
    REPOSITORY,
    REPOSITORY_LABEL,
    Place,
)
from mlops_mentor.publish.privacy.views import View

# In what packs have cleaned, a target may have a label with a blank in it.
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]\\\n]|\\.|\n(?!\n)){0,1000})\]"
    r"\(\s{0,4}<?(?P<target>(?>\[[a-z]{1,10} [A-Za-z]{1,10}\]|[^()\s<>]){1,2000})>?"
    r"(?:\s{1,4}[\"'(][^\"'()\n]{0,300}[\"')])?\s{0,4}\)"
)
_DEFINITION = re.compile(r"(?m)^[ >\t]{0,8}\[[^\[\]\n]{1,300}\]:[ \t]{0,8}(?P<target>\S{1,2000}).{0,300}$")
_IMAGE_TAG = re.compile(r"(?i)(?<!\\)<\s{0,4}(?:img|image|picture|source|video|audio|iframe|svg)\b[^<>]{0,2000}>?")
_PAIR = re.compile(r"(?<![\w.-])(?=(?P<owner>[\w.+-]{1,100})[/:](?P<name>[\w.+-]{1,100}))")
_PAGES = re.compile(r"(?i)(?<![\w.-])(?P<owner>[\w-]{1,64})\.(?:github|gitlab)\.io(?![\w-])")
_HEAD = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{1,15}://)?(?:[\w.+%-]{1,64}@)?[\w.:~/-]{0,300}[/:]$")
_TAIL = re.compile(r"[^\s<>\"'`|()\[\]{}]*")
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{7,64}(?![0-9A-Za-z])")
_SHORT = 7
_REMOTE = re.compile(r"(?i)[a-z][a-z0-9+.-]{1,15}:|[/\\]{2}|www\.")
# Addresses at servers of repositories, and pages there that one links to of one's own repository alone.
_AT_HOST = re.compile(
    r"(?i)(?:[a-z][a-z0-9+.-]{1,15}://)?(?:[\w.+%-]{1,64}@)?(?<![\w.-])(?:[\w-]{1,64}\.){0,3}"
    r"(?:github\.com|github\.io|gitlab\.com|gitlab\.io|bitbucket\.org|githubusercontent\.com|ghcr\.io)"
    r"(?:[/:][^\s<>\"'`|()]{0,2000})?"
)
_OWN_PAGE = re.compile(r"(?i)[/:][\w.-]{1,100}/[\w.-]{1,100}/(?:actions|pulls?|commits?|compare|settings)(?:/|$)")
_SAYS_WHO = frozenset([REPOSITORY, COMMIT, MEMBER, PERSON])


class Links:
    """The repositories and commits of a class, made once."""

    def __init__(self, known: KnownPeople) -> None:
        self._pairs: dict[tuple[str, str], str] = {}
        self._owners: set[str] = set()
        for each in known.repositories:
            segments = (*each.owners, each.name) if each.owners else tuple(each.url.rstrip("/").split("/")[-2:])
            if len(segments) > 1:
                self._pairs[(segments[-2].casefold(), segments[-1].casefold())] = "" if each.owners else each.url
            self._owners.update(owner.casefold() for owner in each.owners)
        self._commits: dict[str, list[str]] = defaultdict(list)
        for sha in known.commits:
            self._commits[sha[:_SHORT]].append(sha)

    def found(self, text: str, view: View) -> Iterator[Place]:
        """Repositories and commits in the text, and links that lead to one."""
        for start, end in (*self._repositories(view.text), *self._pages(view.text)):
            yield Place(*view.original(start, end), REPOSITORY_LABEL, REPOSITORY)
        for match in _HEX.finditer(view.text):
            if self._is_commit(match.group()):
                yield Place(*view.original(*match.span()), COMMIT_LABEL, COMMIT)
        for match in _LINK.finditer(text):
            if not match["image"] and self._leads_there(match["target"]):
                yield Place(match.start(), match.start("text"), "", LINK)
                yield Place(match.end("text"), match.end(), "", "")
        for match in _DEFINITION.finditer(text):
            if self._leads_there(match["target"]):
                yield Place(*match.span(), "", LINK)

    def protected(self, view: View) -> Iterator[tuple[int, int]]:
        """Where repositories of the class stand, in the original text: what may be shown stays whole."""
        for start, end in self._repositories(view.text, is_whole=False):
            yield view.original(start, end)

    def _repositories(self, text: str, *, is_whole: bool = True) -> Iterator[tuple[int, int]]:
        for match in _PAIR.finditer(text) if "/" in text or ":" in text else ():
            owner, name = match["owner"].casefold(), match["name"].casefold()
            # A sentence may end behind the name.
            names = dict.fromkeys((name, name.rstrip("."), name.rstrip(".").removesuffix(".git")))
            path = next((self._pairs[(owner, each)] for each in names if (owner, each) in self._pairs), None)
            if path is None:
                continue
            head = _HEAD.search(text, max(0, match.start() - 400), match.start())
            start = head.start() if head is not None else match.start()
            end = match.end("name")
            if path and not text[start:end].removesuffix(".git").rstrip(".").endswith(path):
                continue
            tail = _TAIL.match(text, end)
            if is_whole and tail is not None:
                end = tail.end()
            yield start, max(match.end("name") - 1, end - len(text[start:end]) + len(text[start:end].rstrip(".,;:!?")))

    def _pages(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _PAGES.finditer(text):
            if match["owner"].casefold() in self._owners:
                tail = _TAIL.match(text, match.end())
                yield match.start(), tail.end() if tail is not None else match.end()

    def _is_commit(self, text: str) -> bool:
        small = text.lower()
        return any(sha.startswith(small) for sha in self._commits.get(small[:_SHORT], ()))

    def _leads_there(self, target: str) -> bool:
        target = unquote(target).replace("\\", "")
        return (
            any(self._repositories(target))
            or any(self._pages(target))
            or any(self._is_commit(match.group()) for match in _HEX.finditer(target))
        )


def whole_addresses(view: View, places: Sequence[Place]) -> Iterator[Place]:
    """Addresses at servers of repositories that have one of `places` within, or are of one's own repository.

    What is left of `github.com/[person]/scan-of-leaves` would still lead there.
    """
    for match in _AT_HOST.finditer(view.text):
        start, end = view.original(match.start(), match.start() + len(match.group().rstrip(".,;:!?")))
        if _OWN_PAGE.search(match.group()) or any(
            place.kind in _SAYS_WHO and place.start < end and start < place.end for place in places
        ):
            yield Place(start, end, REPOSITORY_LABEL, REPOSITORY)


def images(text: str) -> Iterator[Place]:
    """Images elsewhere, which keep their description and lose the address; elements that fetch something, whole."""
    for match in _LINK.finditer(text):
        if match["image"] and _REMOTE.match(match["target"]):
            yield Place(match.start(), match.start("text"), "", IMAGE)
            yield Place(match.end("text"), match.end(), "", "")
    for match in _IMAGE_TAG.finditer(text):
        yield Place(*match.span(), "[image]", IMAGE)
    if "![" in text:
        for match in _DEFINITION.finditer(text):
            if _REMOTE.match(match["target"]):
                yield Place(*match.span(), "", IMAGE)
