"""Normal forms of texts and names, in which inspection compares them.

Belongs here: one form whatever the spelling, the encoding or the alphabet. Places are lost: inspection names none.
"""

import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from mlops_mentor.publish.privacy.views import ALIKE

_MAX_DECODED = 3
_UNSEEN = frozenset(["Mn", "Me", "Cf", "Co", "Cn", "Cs"])
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ł": "l", "\u0131": "i", "œ": "oe", "ð": "d"})
# Letters that stand for one which a keyboard lacks, and the others that such a letter is written with.
_DOUBLE = re.compile(r"aa|oe|ae|ue|dj|ss")
_MARKUP = re.compile(r"[\\*`~]|<[^<>]{0,200}>")
_WORD = re.compile(r"[a-z]+|\d+")


def flat(text: str) -> str:
    """The text decoded, in small Latin letters without accents and without what cannot be seen."""
    for _ in range(_MAX_DECODED):
        decoded = html.unescape(unquote(text)) if "%" in text or "&" in text else text
        if decoded == text:
            break
        text = decoded
    if text.isascii():
        return text.lower()
    seen = (char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in _UNSEEN)
    return "".join(seen).translate(ALIKE).casefold().translate(_LETTERS)


def bare(flat_text: str) -> str:
    """The same without Markdown's marks and elements of HTML."""
    return _MARKUP.sub("", flat_text)


@lru_cache(maxsize=100_000)
def key(word: str) -> str:
    """What a word is compared by: `Søren`, `Soeren` and `Soren` have one."""
    return _DOUBLE.sub(lambda match: match.group()[0], flat(word))


def words(flat_text: str) -> list[str]:
    """The words and numbers of a text in normal form, as they are compared."""
    return [key(word) for word in _WORD.findall(flat_text)]
