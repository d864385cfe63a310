"""The length of a README: what a reader sees counts."""

import time

import pytest

from mlops_mentor.metrics.readme import MAX_CHARACTERS, _html_text, num_words

_HOSTILE_CHARACTERS = 300_000
# Seconds of the processor, so that a busy machine does not count. Time, because it is spent inside of regular
# expressions, where nothing else can be counted; far more than is needed, far less than a quadratic scan takes.
_PLENTY_S = 20.0


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("", 0),
        ("# Bird calls\n\nWe classify them.", 5),
        ("a *bold* **move** and `x = 1`", 6),
        ("one\ntwo\n\nthree", 3),
        ("see [the docs](https://docs.example/a/b/c)", 3),
        ("![a chart](figures/chart.png)", 0),
        ("<!-- todo: write this -->\n\nhello", 1),
        ("hello <!-- and\nmore --> world", 2),
        ("<p align='center'>two words</p>", 2),
        ("a <b>bold</b> word", 3),
        ("- one\n- two\n  - three\n", 3),
        ("> quoted words", 2),
        ("| a | b |\n|---|---|\n| c d | e |\n", 5),
        ("```bash\npip install mentor\n```", 3),
        ("    indented code here", 3),
        ("---\n\n***\n", 0),
        ("don't state-of-the-art v1.2 a/b", 4),
        ("æøå 李明 Ünïcode", 3),
        ("&amp; &copy; text", 1),
        ("[x]: https://x.example 'title'\n\nwords", 1),
        ("**bo**ld", 1),
        ("title\n=====\n", 1),
    ],
)
def test_words_are_counted_as_rendered(markdown: str, words: int) -> None:
    assert num_words(markdown) == words


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("<style>p { color: red }</style>\n\nhello", 1),
        ("<p>bo<b>ld</b></p>", 1),
        ("<ul><li>one</li><li>two<br/>three</li></ul>", 3),
        ("<script>\nvar a = 1\n</script>\n\nhello", 1),
        ("<SCRIPT type='x>y'>var a</Script >hello", 1),
        ("<style>a</styles>b</style>hello", 1),
        ("<scripts>two words</scripts>", 2),
        ("<div>one<!-- two --> three<!-->four<!-- x --!> five</div>", 3),
        ("<div>one<!-- never closed", 1),
        ("<div title='a > b' class=\"c > d\">one</div>", 1),
        ("<div title=it's>one</div>", 1),
        ("<div don't>one</div>", 1),
        ("<div>one<span title='never closed", 1),
        ("<div>bo<B>ld</B> 1 < 2 <br>two</3> three</>", 5),
        ("<!DOCTYPE html>\none", 1),
        ("<?php two words ?>", 0),
        ("<div>caf&eacute; &copy; &lt;b&gt; R&D &amp</div>", 4),
        ("<div>&#" + "9" * 5_000 + ";</div>", 1),
    ],
)
def test_html_blocks_are_counted_as_rendered_too(markdown: str, words: int) -> None:
    assert num_words(markdown) == words


def test_what_comes_after_the_limit_is_not_counted() -> None:
    assert num_words("word " * (MAX_CHARACTERS // 5) + "more " * 10) == MAX_CHARACTERS // 5


@pytest.mark.parametrize("markdown", ["[" * 5_000, "*a " * 5_000, "> " * 2_000 + "a", "`" * 5_000, "<" * 5_000, "\0a"])
def test_hostile_markdown_is_counted_without_an_error(markdown: str) -> None:
    assert num_words(markdown) >= 0


def _long(piece: str) -> str:
    return piece * (_HOSTILE_CHARACTERS // len(piece))


@pytest.mark.parametrize("begin", ["", "<div>\n", "<script>", "<!--", "<a b='", "<div "])
def test_hostile_html_is_read_in_one_pass(begin: str) -> None:
    pieces = ("<a ", "<a", "<!--", "<!", "<?", "</", "<", "<script>", "<script ", "</script ", "<style", "<a b='")
    began = time.process_time()
    for piece in (*pieces, '<a b="', "<a =", "= '", "&", "&#", "&#9", "9", "-", "--", "-->", "<div>\n", ">", "<a>"):
        _html_text(begin + _long(piece))
    assert time.process_time() - began < _PLENTY_S


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *("<div>\n<a ", "<div>\n\n", "<!--", "x <!--", "<a ", "<", "x <![CDATA[", "x <?", "<a b='"),
        *("[", "![", "[a](", "![a](", "[a][", "[a]: b\n", "](", "[^"),
        *("`", "``a`", "*", "_", "a*", "*_", "**a", "a **b*"),
        *(">", "> ", ">\n", "> - ", "- ", "- a\n", "> - a\n", "a\n", "a\n=\n"),
        *("|", "|a", "|a|\n|-|\n", "| a\n", "&", "&#", "&amp", "\\[", "#", "~~~\n", "\t", "\n", "\0"),
    ],
)
def test_hostile_markdown_takes_no_minutes(piece: str) -> None:
    began = time.process_time()
    num_words(_long(piece))
    assert time.process_time() - began < _PLENTY_S


@pytest.mark.slow
@pytest.mark.parametrize("depth", [20, 200, 100_000])
@pytest.mark.parametrize(
    ("piece", "last"), [("  ", "- a\n"), ("> ", "a\n"), ("- ", "a\n"), ("|a", "|\n|-|\n"), ("[", "]")]
)
def test_hostile_nesting_takes_no_minutes(piece: str, last: str, depth: int) -> None:
    began = time.process_time()
    num_words(_long(piece * depth + last))
    assert time.process_time() - began < _PLENTY_S


@pytest.mark.slow
@pytest.mark.parametrize("columns", [2, 50, 500, 5_000])
def test_hostile_tables_take_no_minutes(columns: int) -> None:
    began = time.process_time()
    num_words("|a" * columns + "\n" + "|-" * columns + "\n" + _long("|\n"))
    assert time.process_time() - began < _PLENTY_S
