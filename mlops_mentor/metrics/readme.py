"""Length of a README, in words as rendered.

Belongs here: from Markdown to the words that a reader sees.
"""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

_WORD = re.compile(r"\w+(?:['’\-./:@]\w+)*")  # noqa: RUF001 - the typographic apostrophe is what people type
# Markdown has pathological inputs: what is longer than this is cut, and no README is.
MAX_CHARACTERS = 300_000
_HIDDEN = ("script", "style")
# Tags that may stand within a word; all others part words.
_WITHIN_WORDS = re.compile(
    r"a|abbr|b|bd[io]|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|su[bp]|time|tt|u"
    r"|var|wbr"
)


def num_words(markdown: str) -> int:
    """Words of the rendered text: markup, link targets, images, HTML tags and comments are none."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown[:MAX_CHARACTERS])
    return sum(len(_WORD.findall(text)) for token in tokens for text in _texts(token))


def _texts(token: Token) -> list[str]:
    if token.type == "inline":
        joined = "".join(_inline_text(child) for child in token.children or [])
        return [joined]
    if token.type in ("fence", "code_block"):
        return [token.content]
    if token.type == "html_block":
        return [_html_text(token.content)]
    return []


def _inline_text(token: Token) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return ""


class _Text(HTMLParser):
    """Collects the text that a browser shows; `hidden` is the element whose text it does not."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden: str | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._part(tag)
        self.hidden = self.hidden or (tag if tag in _HIDDEN else None)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._part(tag)
        self.hidden = None if tag == self.hidden else self.hidden

    def handle_data(self, data: str) -> None:
        if self.hidden is None:
            self.parts.append(data)

    def _part(self, tag: str) -> None:
        if not _WITHIN_WORDS.fullmatch(tag):
            self.parts.append(" ")


def _html_text(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)
