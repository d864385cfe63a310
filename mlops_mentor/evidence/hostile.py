"""Hostile content: what addresses a reviewing program, hides from a reader, or could harm a program that reads it.

Belongs here: which files are read, and one finding a check, with the number of places and the first of them. A finding
is a question: projects about language models quote such sentences, and tools leave odd names behind. Reading is bounded
in files and bytes, and linear in them. Nothing that is read here is followed.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from mlops_mentor.evidence.bombs import is_bomb
from mlops_mentor.evidence.code.sources import Source
from mlops_mentor.evidence.finding import MAX_LOCATIONS, Finding, Location, snippet
from mlops_mentor.evidence.orders import LIKELY_PATH, orders_of
from mlops_mentor.repos.blobs import ReadBlobs
from mlops_mentor.schemas import HOSTILE_CONTENT

MAX_FILES = 3000
MAX_FILE_BYTES = 2**20
MAX_TOTAL_BYTES = 12 * 2**20
_MAX_LINKS = 5000
_MAX_LINK_BYTES = 4096
_TEXT_KINDS = ["docs", "python", "test", "notebook", "docker", "workflow", "config", "code", "other"]
_CODE_KINDS = ("python", "test", "docker", "workflow", "config", "code")

# Marks that turn the direction of writing: code that reads otherwise than it runs. Overrides have no use in prose.
_TURNS_IN_CODE = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TURNS_IN_PROSE = re.compile("[\u202d\u202e]")
# Letters of no width that spell ASCII; flags of countries' parts are written with them.
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0001-\U000e007f]")
_NO_WIDTH = re.compile("[\u180e\u200b\u2060-\u2064\ufeff]")
# A handful comes along with a copy from the web.
_FEW_WITHOUT_WIDTH = 16
_CONTROL = re.compile("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_IGNORED_BY_DISKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_GIT_NAMES = (".git", "git~1")
_MODULE_URL = re.compile(r"^[ \t]{0,20}(?P<name>url|path)[ \t]{0,20}=[ \t]{0,20}(?P<value>[^\n]{0,500})", re.MULTILINE)
_COMMAND_URL = re.compile(r"^[\"']?(?:-|[a-z0-9+]{1,20}::)", re.IGNORECASE)
_PATH_OUTSIDE = re.compile(r"^[\"']?(?:-|/)|(?:^|/)\.\.(?:/|$)")
_FILTER = re.compile(r"^(?!#)[^\n]{0,300}?[ \t](?:filter|diff|merge)=(?P<driver>[^\s]{1,100})", re.MULTILINE)
# What git has built in, and the tools that the course and half the world use.
_KNOWN_DRIVERS = frozenset(
    ["lfs", "nbstripout", "ipynb", "jupyternotebook", "nbdime", "union", "ours", "binary", "text", "astextplain", "ada",
     "bash", "bibtex", "cpp", "csharp", "css", "dts", "elixir", "fortran", "fountain", "golang", "html", "java",
     "kotlin", "markdown", "matlab", "objc", "pascal", "perl", "php", "python", "ruby", "rust", "scheme", "tex",
     "git-crypt", "lockb", "rattler-lock"]
)  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where a check saw something."""

    path: str
    blob_id: str
    line: int | None = None
    text: str | None = None

    @property
    def location(self) -> Location:
        return Location(self.path, self.line, None if self.text is None else snippet(self.text), self.blob_id)


def find_hostile(files: pl.DataFrame, read: ReadBlobs) -> list[Finding]:
    """One finding a check that saw something (`yes`), and one `not_available` where not all texts could be looked at.

    `files` is the group's table, `read` gives blobs by id and size; what it raises is raised.
    """
    own = files.filter(~pl.col("is_starter_code").fill_null(False))
    texts, unread = _texts(own, read)
    seen = {
        "instructions_to_reviewer": _orders(own, texts),
        "submodule_command": _each(texts, _module_urls),
        "parser_bomb": _each(texts, _bombs),
        "hidden_text": _each(texts, _hidden),
        "link_outside": _links_outside(own, read),
        "odd_path": _odd_paths(own),
        "git_settings": _each(texts, _settings),
    }
    found = [_finding(check, list(places)) for check, places in seen.items()]
    incomplete = Finding("hostile.instructions_to_reviewer", "not_available", unread) if unread else None
    return [finding for finding in (*found, incomplete) if finding is not None]


def hostile_content_frame(group_id: str, findings: Iterable[Finding]) -> pl.DataFrame:
    """The table `hostile_content` of one group: a row a place."""
    rows = []
    for found in findings:
        check = found.check_id.removeprefix("hostile.")
        places: Sequence[Location | None] = found.locations or (None,)
        for place in places:
            where = (place.path, place.line, place.snippet, place.blob_id) if place else (None,) * 4
            rows.append((group_id, check, found.outcome, found.reason, *where))
    return pl.DataFrame(rows, schema=HOSTILE_CONTENT.schema, orient="row")


_REASONS = {
    "instructions_to_reviewer": "{} address{es} a program or an assistant that reviews.",
    "submodule_command": "{} of a submodule name{s} a command or a folder outside.",
    "parser_bomb": "{} would grow or nest without bound in a program that reads {it}.",
    "hidden_text": "{} with characters that hide or turn text.",
    "link_outside": "{} (symbolic links) lead{s} out of the repository.",
    "odd_path": "{} in the list of files with control characters, or with a name that git keeps for itself.",
    "git_settings": "{} ask{s} git to run a filter, or to fetch from elsewhere.",
}


def _finding(check: str, places: Sequence[_Place]) -> Finding | None:
    if not places:
        return None
    number, is_one = len(places), len(places) == 1
    words = {"s": "s" if is_one else "", "es": "es" if is_one else "", "it": "it" if is_one else "them"}
    reason = _REASONS[check].format("1 place" if is_one else f"{number} places", **words)
    shown = list(dict.fromkeys(place.location for place in places))[:MAX_LOCATIONS]
    # The same line twice is one row.
    by_place = {(place.path, place.line): place for place in reversed(shown)}
    locations = tuple(place for place in shown if by_place[place.path, place.line] is place)
    return Finding(f"hostile.{check}", "yes", reason, "present", locations)


def _texts(own: pl.DataFrame, read: ReadBlobs) -> tuple[list[Source], str]:
    """The texts that somebody may have written, and why others were not read."""
    is_prose = pl.col("path").str.to_lowercase().str.ends_with(".txt")
    wanted = own.filter(
        ~pl.col("is_vendored"),
        ~pl.col("is_generated"),
        pl.col("kind").is_in(_TEXT_KINDS) | ((pl.col("kind") == "data") & is_prose),
        (pl.col("lines") > 0) | ~pl.col("is_available"),
    ).sort("kind", "path")
    available = wanted.filter("is_available")
    small = available.filter(pl.col("bytes") <= MAX_FILE_BYTES)
    chosen = small.filter(pl.col("bytes").cum_sum() <= MAX_TOTAL_BYTES).head(MAX_FILES)
    sizes = dict(chosen.select("blob_id", "bytes").iter_rows())
    contents = {blob_id: content for blob_id, content in read(list(sizes), list(sizes.values())) if content is not None}
    rows = chosen.select("path", "kind", "blob_id").iter_rows()
    texts = [
        Source(path, kind, blob_id, content=contents[blob_id]) for path, kind, blob_id in rows if blob_id in contents
    ]
    num_unread = wanted.height - len(texts)
    return texts, f"{num_unread} of {wanted.height} texts are too large, or not in the mirror." if num_unread else ""


def _each(texts: Sequence[Source], look: Callable[[Source, str], Iterator[int | None]]) -> list[_Place]:
    """The places that `look` gives as offsets into a text, None for the file as a whole."""
    places: list[_Place] = []
    for source in texts:
        text = source.text
        for offset in look(source, text):
            # Lines are counted for those alone that are shown.
            is_shown = offset is not None and len(places) < MAX_LOCATIONS
            line, shown = _line(text, offset or 0) if is_shown else (None, None)
            places.append(_Place(source.path, source.blob_id, line, shown))
    return places


def _line(text: str, offset: int) -> tuple[int, str]:
    """The number of the line and what stands there; of a long line what is near."""
    begin = max(text.rfind("\n", max(0, offset - 200), offset) + 1, offset - 80)
    return text.count("\n", 0, offset) + 1, text[max(0, begin) : offset + 200].split("\n", 1)[0]


def _orders(own: pl.DataFrame, texts: Sequence[Source]) -> list[_Place]:
    """Paths that are an order, and the lines where one begins that is certain."""
    # Of 75,000 paths few have such words.
    likely = own.filter(pl.col("path").str.contains(LIKELY_PATH))
    paths, blob_ids = likely["path"].to_list(), likely["blob_id"].to_list()
    contents = [source.text for source in texts]
    in_texts, in_paths = orders_of(contents, paths)
    places = [
        _Place(path, blob_id)
        for path, blob_id, order in zip(paths, blob_ids, in_paths, strict=True)
        if order is not None and order.is_certain
    ]
    for source, text, found in zip(texts, contents, in_texts, strict=True):
        for number in dict.fromkeys(order.first_line for order in found if order.is_certain):
            shown = text.split("\n", number)[number - 1] if len(places) < MAX_LOCATIONS else None
            places.append(_Place(source.path, source.blob_id, number, shown))
    return places


def _hidden(source: Source, text: str) -> Iterator[int | None]:
    if text.isascii():
        return
    turns = _TURNS_IN_CODE if source.kind in _CODE_KINDS else _TURNS_IN_PROSE
    found = turns.search(text) or _TAGS.search(text)
    if found is None:
        without_width = [match.start() for match in _NO_WIDTH.finditer(text)]
        if len(without_width) < _FEW_WITHOUT_WIDTH:
            return
        yield without_width[0]
        return
    yield found.start()


def _bombs(source: Source, text: str) -> Iterator[int | None]:
    if is_bomb(source.path, text):
        yield None


def _module_urls(source: Source, text: str) -> Iterator[int | None]:
    if source.path != ".gitmodules":
        return
    for match in _MODULE_URL.finditer(text):
        # A URL may be relative to that of the repository: `../data` is the usual way to say it.
        is_harmful = _COMMAND_URL if match["name"] == "url" else _PATH_OUTSIDE
        if is_harmful.search(match["value"].strip()):
            yield match.start("value")


def _settings(source: Source, text: str) -> Iterator[int | None]:
    name = posixpath.basename(source.path)
    if name == ".gitattributes":
        for match in _FILTER.finditer(text):
            if match["driver"].lower() not in _KNOWN_DRIVERS:
                yield match.start()
    elif source.path == ".lfsconfig" and "url" in text:
        yield text.index("url")


def _links_outside(own: pl.DataFrame, read: ReadBlobs) -> list[_Place]:
    links = own.filter(
        pl.col("mode") == "120000", pl.col("is_available"), pl.col("bytes") <= _MAX_LINK_BYTES, ~pl.col("is_vendored")
    ).head(_MAX_LINKS)
    sizes = dict(links.select("blob_id", "bytes").iter_rows())
    targets = dict(read(list(sizes), list(sizes.values())))
    places = []
    for path, blob_id in links.select("path", "blob_id").iter_rows():
        target = (targets.get(blob_id) or b"").decode("utf-8", "backslashreplace")
        if _leads_out(path, target):
            places.append(_Place(path, blob_id, None, target))
    return places


def _leads_out(path: str, target: str) -> bool:
    if target.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", target):
        return True
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return joined == ".." or joined.startswith("../")


def _odd_paths(own: pl.DataFrame) -> list[_Place]:
    # Other paths need no closer look, and there may be 75,000 of them.
    path = pl.col("path")
    likely = own.filter(
        path.str.contains(_CONTROL.pattern)
        | path.str.to_lowercase().str.contains(r"(^|/)(\.?g|\.[^a-z0-9])[^/]{0,20}(/|$)")
    )
    rows = likely.select("path", "blob_id").iter_rows()
    return [_Place(path, blob_id) for path, blob_id in rows if _is_odd(path)]


def _is_odd(path: str) -> bool:
    names = (_IGNORED_BY_DISKS.sub("", name).casefold().rstrip(" .") for name in path.split("/"))
    return bool(_CONTROL.search(path)) or any(name in _GIT_NAMES for name in names)
