"""The length of a README: what a reader sees counts."""

import pytest

from mlops_mentor.metrics.readme import MAX_CHARACTERS, num_words


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
    ],
)
def test_html_blocks_are_counted_as_rendered_too(markdown: str, words: int) -> None:
    assert num_words(markdown) == words


def test_what_comes_after_the_limit_is_not_counted() -> None:
    assert num_words("word " * (MAX_CHARACTERS // 5) + "more " * 10) == MAX_CHARACTERS // 5


@pytest.mark.parametrize("markdown", ["[" * 5_000, "*a " * 5_000, "> " * 2_000 + "a", "`" * 5_000, "<" * 5_000, "\0a"])
def test_hostile_markdown_is_counted_without_an_error(markdown: str) -> None:
    assert num_words(markdown) >= 0
