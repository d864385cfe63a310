"""Escaping: no text of others becomes a link, an image, a heading, a list or HTML, and what is quoted stays whole."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mlops_mentor.feedback.markdown import blob_url, cited, code, code_block, plain, prose

# What Markdown is made of, more often than chance has it.
_NASTY = st.text(st.one_of(st.sampled_from("`*_[]()<>!#|~$&\\@:/.-+=1 \n\t"), st.characters()), max_size=60)
_INNOCENT = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "code_inline"}


def _tokens(markdown: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        yield token
        yield from token.children or ()


def _shown(markdown: str) -> str:
    kept = ("text", "text_special", "code_inline")
    return "".join(token.content for token in _tokens(markdown) if token.type in kept)


@given(_NASTY)
def test_plain_text_is_shown_as_it_is_written_and_makes_nothing_else(text: str) -> None:
    markdown = plain(text)
    assert {token.type for token in _tokens(markdown)} <= _INNOCENT
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    assert _shown(markdown) == shown.encode("utf-8", "replace").decode("utf-8")


@given(_NASTY)
def test_prose_makes_paragraphs_and_code_and_nothing_else(text: str) -> None:
    assert {token.type for token in _tokens(prose(text))} <= _INNOCENT


@given(_NASTY)
def test_prose_after_a_bullet_stays_one_item(text: str) -> None:
    tokens = [token.type for token in _tokens(f"- **minor**: {prose(text)}")]
    assert tokens.count("list_item_open") == 1
    assert not {"link_open", "image", "html_inline", "html_block", "heading_open", "blockquote_open"} & set(tokens)


@given(_NASTY)
def test_a_code_span_holds_any_line(text: str) -> None:
    markdown = code(text)
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    spans = [token.content for token in _tokens(f"x {markdown} y") if token.type == "code_inline"]
    assert [span.strip() for span in spans] == ([shown.encode("utf-8", "replace").decode("utf-8")] if shown else [])


@given(_NASTY)
def test_a_fence_ends_where_it_should_whatever_is_in_it(text: str) -> None:
    tokens = list(_tokens(f"- place\n\n{code_block(text, '  ')}\n\nafter"))
    assert sum(token.type == "fence" for token in tokens) == 1
    assert tokens[-2].content == "after"


@example("]")
@example("]: http://evil.example")
@example("a`]@b")
@example("[id]/(x).tsx")
@given(_NASTY)
def test_a_citation_is_one_link_to_its_file_or_none_whatever_the_path(path: str) -> None:
    markdown = f"- {cited(path, 3, 3, 'https://github.com/o/r/blob/' + 'a' * 40)}: `quoted`"
    links = [token for token in _tokens(markdown) if token.type == "link_open"]
    assert [token.content for token in _tokens(markdown) if token.type == "code_inline"][-1] == "quoted"
    if "]" in path:
        assert links == []
        assert "quoted" in _shown(markdown)
        return
    assert len(links) == 1
    assert str(links[0].attrs["href"]).startswith("https://github.com/o/r/blob/" + "a" * 40 + "/")
    assert str(links[0].attrs["href"]).endswith("#L3")


@pytest.mark.parametrize("text", ["see https://x.example/a?b=1 now", "www.x.example", "ask a@b.example", "@lecturer"])
def test_addresses_and_names_stand_in_code_where_no_reader_makes_links_of_them(text: str) -> None:
    outside = "".join(token.content for token in _tokens(plain(text)) if token.type == "text")
    assert not {"://", "www.", "@"} & {mark for mark in ("://", "www.", "@") if mark in outside}


def test_backticks_of_a_writer_are_code_and_what_is_in_them_is_literal() -> None:
    assert prose("Run `ruff check --fix` on *all*") == r"Run `ruff check --fix` on \*all\*"
    assert prose("an odd ` stays") == r"an odd \` stays"


def test_marks_that_turn_writing_or_hide_become_blanks() -> None:
    assert plain("a\u202eb\u200bc\x1bd") == "a b c d"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://github.com/o/r", "https://github.com/o/r/blob/"),
        ("https://gitlab.com/o/g/r", "https://gitlab.com/o/g/r/-/blob/"),
        ("https://git.example:8443/o/r", "https://git.example:8443/o/r/blob/"),
        ("http://github.com/o/r", None),
        ("/home/x/repo", None),
        ("git@host:o/r", None),
        ("https://github.com/o/r)](javascript:x", None),
        ("https://github.com/o/r?x=1", None),
    ],
)
def test_only_plain_https_repositories_have_pages(url: str, wanted: str | None) -> None:
    assert blob_url(url, "a" * 40) == (None if wanted is None else wanted + "a" * 40)
    assert blob_url(url, "main") is None


def test_lines_of_a_citation_are_in_its_link() -> None:
    assert cited("a b.py", 2, 5, "https://h.example/o/r/blob/x") == (
        "[`a b.py:2-5`](https://h.example/o/r/blob/x/a%20b.py#L2-L5)"
    )
    assert cited("a.py", 2, 2, None) == "`a.py:2`"
