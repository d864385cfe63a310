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
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _html_text(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return " ".join(parser.parts)
