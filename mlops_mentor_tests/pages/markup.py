"""What HTML really holds, as a browser would take it: tags, attributes and text.

Belongs here: looking at pages in tests.
"""

from html.parser import HTMLParser

_ALLOWED_LINKS = ("#", "./", "../", "group", "definitions", "index.html", "style.css", "table.js", "/", "data:,")
_NAMES = (
    "a article blockquote body br button caption circle code dd details div dl dt em figcaption figure footer h1 h2 h3 "
    "h4 h5 h6 head header html input label li link main meta nav ol option p path polygon polyline pre rect script "
    "section select small span strong summary svg table tbody td text th thead title tr ul"
)
_TAGS = frozenset(_NAMES.split())


class Looked(HTMLParser):
    """Every start tag with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items()]


def faults(html: str, *, num_scripts: int = 0) -> list[str]:
    """What must not be in a page: foreign tags, scripts, handlers, inline styles, links to other places."""
    looked = Looked(html)
    found = [f"tag {tag}" for tag, _ in looked.tags if tag not in _TAGS]
    scripts = looked.all("script")
    found += [f"{len(scripts)} scripts"] if len(scripts) > num_scripts else []
    for tag, attrs in looked.tags:
        found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name in ("style", "srcdoc", "action")]
        found += [
            f"{tag} {name}={attrs[name]}"
            for name in ("href", "src", "xlink:href", "poster", "data")
            if name in attrs and not attrs[name].startswith(_ALLOWED_LINKS)
        ]
        found += [f"{tag} {name}={attrs[name]}" for name in ("href", "src") if attrs.get(name, "").startswith("//")]
    return found
