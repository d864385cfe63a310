"""Disguises: a text as somebody reads it who sees through look-alikes, gaps and codes.

Belongs here: other readings of a text, each with as many lines. What the words mean is for `orders`. Another reading is
made only of a text that, squeezed together, says words that it does not say as it stands: ordinary files cost little.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import polars as pl

from mlops_mentor.evidence.order_words import phrases

# Words that an order does not do without, and that ordinary words do not make when they are put together.
_TELLING = ("ignore", "instruction", "disregard", "reviewer", "grader", "previous", "maximumscore", "fullmarks",
            "highestscore", "topscore", "perfectscore")  # fmt: skip
_SQUEEZED = bytes.maketrans(b"013457@$!|", b"oieastasii")
_NO_LETTERS = bytes(
    code for code in range(256) if not (chr(code).isascii() and (chr(code).isalnum() or chr(code) in "@$!|"))
)
_CODED_WORDS = ("ignore", "Ignore", "IGNORE", "instruction", "score", "grade", "reviewer", "full marks", "system")
_TURNED = (
    "vtaber",
    "vafgehpgvba",
    "shyy znex",
    "tenqr",
    "erivrj",
    "cebzcg",
    "erongi",
    "noitcurtsni",
    "skram lluf",
    "weiver",
    "tpmorp",
)
_ESCAPES = ("\\u00", "\\x", "%20", "%69", "%49", "&#")
_LOOK_ALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝгпкмтвнзьАВЕКМНОРСТУХІЈЅαβγδεζηικνορτυχωϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧɪɢɴᴏʀᴇᴀʙᴄᴅꜰʜᴊᴋʟᴍᴘǫꜱᴛᴜᴠᴡʏᴢɑɡıłøðđħŧⅼ",
        "aeopcyxijshdqwrnkmtbh3babekmhopctyxijsabydeznikvoptuxwcabezhikmnoptyxignreoabcdfhjklmpqstuvwyzagiloddhtl",
        strict=True,
    )
)
_LOOK_ALIKES |= {
    "æ": "ae",
    "ß": "ss",
    "œ": "oe",
    "þ": "th",
    "и": "u",
    "л": "l",
    "\u2019": "'",
    "\u2018": "'",
    "“": '"',
    "”": '"',
}
_WITHOUT_SPACES = re.compile("[\u3040-\u9fff]")
_MIN_CODED, _MAX_CODES = 20, 300
_CODED = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/]{20,4000}|[A-Za-z0-9_-]{20,4000})={0,2}")
_ESCAPED = re.compile(r"(?:\\u00|\\x|%|&#x0{0,4})(?P<hex>[2-7][0-9a-fA-F]);?|&#0{0,4}(?P<number>\d{2,3});")
_TAG = re.compile(r"<[^<>\n]{0,80}>")
_IN_A_WORD = re.compile(r"<(?<=[a-z]<)(?:!--|/?[a-z]{1,10}[ >/])[^<>\n]{0,80}>?<?/?[a-z]{0,10}>?[a-z]")
_JOINT = re.compile(r"[\"'][ \t]{0,40}[+\\&.]?[ \t]{0,40}(\n?)[ \t]{0,40}\+?[ \t]{0,40}[frb]?[\"']([^\W_]{0,40})")
_HYPHEN = re.compile(r"(?<=[a-z])-\n[ \t#/*>]{0,40}([a-z]{1,40})")
_SPACED = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[ ._*|/\t-]{1,3}[a-z0-9](?![a-z0-9])){4,400}")
_LEET = str.maketrans("013457@$!|l", "oieastasiii")
_MARKS = str.maketrans("", "", "*_~`^")


def folded(text: str) -> str:
    """The text in small ASCII letters without accents, look-alikes and what is not seen. Lines stay lines."""
    if not text.isascii():
        text = _ascii_lines(text)
    text = text.lower()
    # Line breaks that a string holds are none of the file.
    return text.replace("\\n", "  ") if "\\n" in text else text


def other_readings(texts: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(Number of the text, what else it says), where it is spelled with gaps, numbers or marks, or in a code.

    `plain` are the texts, folded.
    """
    coded = pl.Series(texts, dtype=pl.String).str.contains_any(list(_coded_words())).to_list()
    odd = pl.Series(plain, dtype=pl.String).str.contains_any([*_TURNED, *_ESCAPES]).to_list()
    for i, text in enumerate(plain):
        if coded[i] and (decoded := _decoded(texts[i])) is not None:
            yield i, folded(decoded)
        if odd[i] and sum(word in text for word in _TURNED) > 1:
            yield i, codecs.decode(text, "rot13")
            yield i, "\n".join(line[::-1] for line in text.split("\n"))
        if odd[i] and (said := _unescaped(text)) != text:
            yield i, said
        if words := _squeezed_words(text):
            others = ((make(text)) for make in _READINGS)
            yield from (
                (i, other) for other in others if any(_count(word, other) > _count(word, text) for word in words)
            )


class _Folding(dict[int, str]):
    """What a character of a decomposed text stands for; filled as it is asked."""

    def __missing__(self, code: int) -> str:
        self[code] = meant = _meant(code)
        return meant


def _meant(code: int) -> str:
    char = chr(code)
    if char in _LOOK_ALIKES:
        return _LOOK_ALIKES[char]
    if 0xE0020 <= code <= 0xE007E:
        return chr(code - 0xE0000)
    for first in (0x1F1E6, 0x1F130, 0x1F150, 0x1F170):
        if first <= code < first + 26:
            return chr(code - first + ord("a"))
    # Marks upon letters, and what has no width or turns the direction.
    is_nothing = unicodedata.category(char) in ("Mn", "Me", "Cf") or code in (0x115F, 0x1160, 0x3164, 0x2800)
    return "" if is_nothing else "?"


_FOLDED = _Folding({code: chr(code) for code in range(128)})


def _ascii_lines(text: str) -> str:
    lines = text.split("\n")
    # Together, and none that is ASCII as it is.
    odd = [number for number, line in enumerate(lines) if not line.isascii()]
    for number, line in zip(odd, _ascii("\n".join(lines[number] for number in odd)).split("\n"), strict=True):
        lines[number] = line
    return "\n".join(lines)


def _ascii(text: str) -> str:
    if _WITHOUT_SPACES.search(text):
        for phrase, meaning in phrases():
            text = text.replace(phrase, f" {meaning} ")
    return unicodedata.normalize("NFKD", text).translate(_FOLDED)


def _squeezed_words(plain: str) -> list[str]:
    """The telling words that the text says without what stands between its letters, and not as it stands."""
    # What parts a word may have letters of its own.
    joined = _TAG.sub("", plain) if "<" in plain and _IN_A_WORD.search(plain) else plain
    squeezed = joined.encode().translate(_SQUEEZED, _NO_LETTERS).decode()
    return [word for word in _TELLING if word in squeezed and squeezed.count(word) > _count(word, plain)]


_PAIRS = {"maximumscore": "maximum score", "fullmarks": "full marks", "highestscore": "highest score",
          "topscore": "top score", "perfectscore": "perfect score"}  # fmt: skip


def _count(word: str, text: str) -> int:
    pair = _PAIRS.get(word)
    return text.count(word) + (sum(text.count(pair.replace(" ", gap)) for gap in " _-") if pair else 0)


def _unescaped(plain: str) -> str:
    said = _ESCAPED.sub(lambda found: chr(int(found["hex"], 16) if found["hex"] else int(found["number"]) % 128), plain)
    return said.replace("\n", " ").lower() if said.count("\n") != plain.count("\n") else said.lower()


def _without_marks(plain: str) -> str:
    text = _TAG.sub("", plain) if "<" in plain else plain
    text = _HYPHEN.sub(r"\1\n", text) if "-\n" in text else text
    return _JOINT.sub(r"\2\1", text).translate(_MARKS)


def _without_gaps(plain: str) -> str:
    """Words spelled letter by letter; where all gaps are alike, one long word, which `order_words` takes apart."""
    return _SPACED.sub(lambda found: _closed(found.group()), plain)


def _closed(spaced: str) -> str:
    words = re.split(r"[ ._*|/\t-]{2,3}", spaced)
    return " ".join(re.sub(r"[ ._*|/\t-]", "", word) for word in words) + " "


def _without_numbers(plain: str) -> str:
    """Numbers and signs as the letters that they look like; `l` is read as `i`, which `1` may be, too."""
    return plain.translate(_LEET)


_READINGS: Sequence[Callable[[str], str]] = (_without_marks, _without_gaps, _without_numbers)


@cache
def _coded_words() -> tuple[str, ...]:
    """What those words look like in base 64, at whichever of three places they stand, and in base 16."""
    found = []
    for word in map(str.encode, _CODED_WORDS):
        found += [word.hex(), word.hex().upper()]
        for shift in range(3):
            code = base64.b64encode(b"\0" * shift + word).decode().rstrip("=")
            # The letters at both ends depend on what stands beside the word.
            found.append(
                code[
                    (0, 2, 3)[shift] : len(code)
                    - (len(code) * 6 > 8 * (shift + len(word)) or (shift + len(word)) % 3 != 0)
                ]
            )
    return tuple(dict.fromkeys(found))


def _decoded(text: str) -> str | None:
    """Long words of base 64 or 16 that are sentences, read; None where there is none."""
    left, is_found = _MAX_CODES, False

    def read(match: re.Match[str]) -> str:
        nonlocal left, is_found
        if left <= 0 or (sentence := _sentence(match.group())) is None:
            return match.group()
        left, is_found = left - 1, True
        return f" {sentence} "

    lines = [_CODED.sub(read, line) if len(line) >= _MIN_CODED else line for line in text.split("\n")]
    return "\n".join(lines) if is_found else None


def _sentence(word: str) -> str | None:
    """What the word says where it is text of several words in a code, on one line; else None."""
    try:
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word):
            content = bytes.fromhex(word)
        else:
            bare = word.rstrip("=").replace("-", "+").replace("_", "/")
            content = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        said = content.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    single = " ".join(said.split())
    return single if " " in single and single.isprintable() else None
