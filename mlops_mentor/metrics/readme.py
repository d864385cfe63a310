"""Length of a README, in words as rendered.

Belongs here: from Markdown to the words that a reader sees.
"""

import re
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

_WORD = re.compile(r"\w+(?:['’\-./:@]\w+)*")  # noqa: RUF001 - the typographic apostrophe is what people type
# Markdown has pathological inputs: what is longer than this (a book's chapter) is cut, so that none takes minutes.
MAX_CHARACTERS = 100_000
# Tags that may stand within a word; all others part words.
_WITHIN_WORDS = re.compile(
    r"a|abbr|b|bd[io]|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|su[bp]|time|tt|u"
    r"|var|wbr",
    re.IGNORECASE,
)
# An unclosed quotation goes on to the end, as all markup here does: what has been read is never given back or read
# twice, so that the time grows with the length alone, whatever somebody opens and never closes.
_ATTRIBUTES = r"""(?:[^>=]|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+)*+(?:>|\Z)"""
_MARKUP = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<hidden>script|style)(?=[\s/>]){_ATTRIBUTES}.*?(?=</(?P=hidden)[\s/>]|\Z)"
    rf"|</?(?P<tag>[a-z][^\s/>]*+){_ATTRIBUTES}"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# Bounded, because Python refuses numbers of thousands of digits.
_ENTITY = re.compile(r"&#?\w{1,31};?")


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


def _html_text(html: str) -> str:
    """The text that a browser shows, in one pass (`html.parser` is quadratic in what is opened and never closed)."""
    return _ENTITY.sub(lambda match: unescape(match[0]), _MARKUP.sub(_between, html))


def _between(markup: re.Match[str]) -> str:
    """What stands between the words in the markup's place."""
    if markup["hidden"] or (markup["tag"] and not _WITHIN_WORDS.fullmatch(markup["tag"])):
        return " "
    return ""
