"""Words of students among ours: names of files and what stands in lines, so that neither passes for more.

Belongs here: what may not stand in a line, and quoting. What a line says is for the cleaner.
"""

import json
import re

from mlops_mentor.evidence.finding import redacted

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_PATH = 200
_MAX_WORDS = 280


def one_line(text: str) -> str:
    """The text without what prints as a new line, or cannot be encoded; tabs stay."""
    return _CONTROL.sub("�", text)


def quoted(path: str) -> str:
    """A path as a JSON string, what is not seen in print escaped; short, so that it is no letter."""
    text = json.dumps(path[:_MAX_PATH], ensure_ascii=False)
    return _visible(text)


def in_words(text: str) -> str:
    """A sentence of ours that may name files: one line, short, without secrets and personal data."""
    text = redacted(_visible(" ".join(text.split())))
    return text if len(text) <= _MAX_WORDS else text[: _MAX_WORDS - 1] + "…"


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
