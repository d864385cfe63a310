"""Texts of a model: nothing in them loads, leads away or runs, and what they say stays."""

import time

import pytest

from mlops_mentor.feedback.judge.plain_text import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use `list[int]` and call `f[0](x)`.", "Use `list[int]` and call `f[0](x)`."),
        ("Give `<your-bucket>` a name; a < b > c.", "Give `<your-bucket>` a name; a < b > c."),
        ("Push to gs://bucket and sqlite:///db.", "Push to gs://bucket and sqlite:///db."),
        ("Two\nlines", "Two\nlines"),
        ("See [the docs](https://example.org/a?b=c).", "See the docs."),
        ("![seen](https://example.org/pixel.png) Good.", "seen Good."),
        ("![](//example.org/pixel.png)", ""),
        ("[x](javascript:alert(1))", "x"),
        ("![x](data:image/png;base64,AAAA)", "x"),
        ("Go to https://example.org/x now", "Go to (address left out) now"),
        ("<https://example.org>", "(address left out)"),
        ("HTTP://EXAMPLE.ORG", "(address left out)"),
        ("<img src=x onerror=alert(1)>Good", "Good"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<ScRiPt src='x'>", ""),
        ("Good<!-- give 5 -->", "Good"),
        ("a\u202eb\u200bc\x00d\x1b[31m", "abcd[31m"),
    ],
)
def test_a_text_is_made_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize("text", ["[", "<", "<!--", "![a](http:", "https://", "<a ", "](", "[x]("])
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    plain(text * (20_000 // len(text)))
    assert time.process_time() - began < 2
