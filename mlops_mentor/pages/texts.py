"""Texts of others as HTML.

Belongs here: short texts with code between backticks, and Markdown. Nothing of theirs becomes a link, an image or
HTML: what comes out holds paragraphs, headings, lists, quotes, tables and code.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

# What controls a terminal, turns the direction of writing or has no width; joiners belong to scripts and to emoji.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff"
    r"\U000e0000-\U000e007f]"
)
_CODE = re.compile(r"`([^`\n]+)`")
_HIGHEST, _LOWEST = 4, 6


def visible(text: str | None) -> str:
    """The text with what cannot be seen, or would turn what follows it, written out: `\\u202e`."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text or "")


@lru_cache(maxsize=8192)
def ticked(text: str | None) -> Markup:
    """One line or several: escaped, with code where backticks are. Kept: the same advice stands on many pages."""
    parts = _CODE.split(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def markdown(text: str) -> Markup:
    """Markdown as HTML, headings from `<h4>` on; links are their text alone, images are gone."""
    # What markdown-it writes is escaped by it: HTML is off, and links and images are not written at all.
    return Markup(_parser().render(text))  # noqa: S704


def inline(text: str) -> Markup:
    """One line of Markdown, without a paragraph around it."""
    return Markup(_parser().renderInline(text))  # noqa: S704


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    for kind in ("link_open", "link_close", "image"):
        parser.add_render_rule(kind, _nothing)
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.core.ruler.push("no_attributes", _no_attributes)
    return parser


def _nothing(_self: Any, _tokens: Sequence[Token], _place: int, _options: Any, _env: Any) -> str:
    return ""


def _lower_headings(state: Any) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1]) + 1, _HIGHEST), _LOWEST)}"


def _no_attributes(state: Any) -> None:
    """Columns of tables are aligned with `style`, which the pages' policy forbids; a fence's word names a class."""
    for token in state.tokens:
        token.attrs = {name: value for name, value in token.attrs.items() if name == "start"}
        if token.type == "fence":
            token.info = ""
